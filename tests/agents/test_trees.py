"""Laws of edits by tree-sitter grammars: what holds for every offspring, whatever the language."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evogit.config.model import Search
from evogit.ids import CommitId, TreeId
from evogit.proposals import Genome, NoProposal, Proposal, Task
from evogit_agents.genetic import GeneticAgent
from evogit_agents.genetic.trees.grammar import GRAMMARS, grammar_of
from evogit_agents.genetic.trees.source import Source, parse

JAVASCRIPT = b"""// head
function distance(a, b) {
  const table = [];
  for (let i = 0; i <= a.length; i++) {
    table.push([i]);
    for (let j = 1; j <= b.length; j++) {
      if (i === 0) table[i].push(j); // first row
      else table[i].push(Math.min(table[i - 1][j] + 1, table[i][j - 1] + 1));
    }
  }
  return table[a.length][b.length] * 2.5;
}
module.exports = { distance };
"""
C = b"""#include <stddef.h>
#define TWICE(x) ((x) + (x))
void product(const double *a, const double *b, double *c, size_t n) {
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            c[i * n + j] += a[i * n + j] * b[j * n + i] - 0x1Fu % 8;
        }
    }
    if (n > 3 && n != 7) n -= 2;
}
"""
RUST = b"""pub fn primes(n: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for i in 2..n {
        let mut prime = true; // so far
        for j in 2..i {
            if i % j == 0 { prime = false; }
        }
        if prime && i > 31usize { found.push(i + found.len() * 2); }
    }
    found
}
"""
GO = b"""package a

func f(a []int) int {
\ts := 0
\tfor i := 0; i < len(a); i++ {
\t\tif a[i] > 3 {
\t\t\ts += a[i] * 8
\t\t}
\t}
\treturn s
}
"""
JAVA = b"""class A {
  int f(int[] a) {
    int s = 0;
    for (int i = 0; i < a.length; i++) { s += a[i] * 3; }
    double[] t = {1.5, -2.5};
    return s / 4;
  }
}
"""
TYPESCRIPT = (
    b"export function f(a: number[]): number {\r\n\tlet s = 0;\r\n\tfor (const x of a) {\r\n"
    b"\t\ts += x * 2.5; // \xc3\xa9\r\n\t}\r\n\treturn s;\r\n}\r\n"
)
CPP = b"""#include <vector>
int f(const std::vector<int>& a) {
  int s = 0;
  for (int x : a) { s += x * 3; }
  return s > 9 ? s : -s;
}
"""
FILES = {
    "f.js": JAVASCRIPT,
    "f.c": C,
    "f.rs": RUST,
    "f.go": GO,
    "F.java": JAVA,
    "f.ts": TYPESCRIPT,
    "f.cpp": CPP,
}
SEARCH = Search(editable=("**",))
SHARED = GeneticAgent()


def genome(files: Mapping[str, bytes]) -> Genome:
    name = TreeId(" ".join(files))
    return Genome(CommitId("c" * 40), name, list(files), files.__getitem__)


def proposed(
    path: str, data: bytes, seed: int, *, other: bytes | None = None, read: bytes | None = None
) -> Proposal | None:
    parents = [genome({path: data})] + ([genome({path: other})] if other else [])
    inspirations = [genome({path: read})] if read else []
    operator = "cross" if other else "mutate"
    made = SHARED.propose(Task(operator, parents, inspirations, SEARCH, "", [], Random(seed)))
    if isinstance(made, NoProposal):
        assert made.reason
        return None
    return made


def child_of(path: str, data: bytes, seed: int, *, other: bytes | None = None) -> bytes:
    made = proposed(path, data, seed, other=other)
    assert made is not None
    return made.changes[path] or b""


def tree(path: str, data: bytes) -> Source:
    grammar = grammar_of(path)
    assert grammar is not None
    found = parse(data, grammar)
    assert found is not None
    return found


@given(seed=st.integers(0, 2**32), path=st.sampled_from(sorted(FILES)))
@settings(max_examples=150)
def test_offspring_parse_without_errors_and_differ_in_more_than_space_and_comments(
    seed: int, path: str
) -> None:
    before = tree(path, FILES[path])
    assert before.broken == 0
    made = proposed(path, FILES[path], seed)
    assume(made is not None)  # now and then nothing that is tried can be used
    assert made is not None
    after = tree(path, made.changes[path] or b"")
    assert after.broken == 0
    assert after.meaning != before.meaning


@pytest.mark.parametrize("path", sorted(FILES))
def test_many_different_offspring_by_many_operators_come_of_every_language(path: str) -> None:
    made = [proposed(path, FILES[path], seed) for seed in range(150)]
    found = [m for m in made if m is not None]
    assert len(found) > 140
    assert len({m.changes[path] for m in found}) > 60
    assert len(Counter(m.operator for m in found)) >= 8


@given(seed=st.integers(0, 2**32), crossing=st.booleans())
@settings(max_examples=60)
def test_only_what_lies_between_markers_changes(seed: int, crossing: bool) -> None:
    head = b"// EVOLVE-BLOCK-START\n"
    tail = b"// EVOLVE-BLOCK-END\nconst fixed = 3 * distance('a', 'b') + 7;\n"
    before = b"const before = 4 + 5;\n" + head + JAVASCRIPT + tail
    other = before.replace(b"2.5", b"a.length / 3").replace(b"7;", b"9;") if crossing else None
    made = proposed("f.js", before, seed, other=other)
    assume(made is not None)  # now and then nothing that is tried can be used
    assert made is not None
    child = made.changes["f.js"] or b""
    assert child.startswith(b"const before = 4 + 5;\n" + head)
    assert child.endswith(tail)


@given(seed=st.integers(0, 2**32), crossing=st.booleans())
@settings(max_examples=60)
def test_tests_inside_a_rust_file_stay(seed: int, crossing: bool) -> None:
    tests = (
        "\n#[cfg(test)]\nmod tests {\n    // ü\n    #[test]\n    fn two() {\n"
        "        let n = 3 + 4;\n        assert_eq!(super::primes(n - 4), vec![2]);\n    }\n}\n"
    ).encode()
    other = RUST.replace(b"31usize", b"n / 2") + tests.replace(b"n - 4", b"n") if crossing else None
    made = proposed("src/lib.rs", RUST + tests, seed, other=other)
    assume(made is not None)
    assert made is not None
    child = made.changes["src/lib.rs"] or b""
    assert child.endswith(tests)
    assert child[: -len(tests)] != RUST


@given(seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_line_ends_tabs_and_a_byte_order_mark_stay(seed: int) -> None:
    child = child_of("f.ts", b"\xef\xbb\xbf" + TYPESCRIPT, seed)
    assert child.startswith(b"\xef\xbb\xbfexport")
    assert child.count(b"\n") == child.count(b"\r\n")
    assert b"    " not in child


def test_lines_that_no_edit_touched_stay_byte_for_byte() -> None:
    for seed in range(60):
        made = proposed("f.js", JAVASCRIPT, seed)
        assert made is not None
        child = made.changes["f.js"] or b""
        if made.operator in ("nudge", "swap-operator") and not made.body:
            pairs = zip(JAVASCRIPT.split(b"\n"), child.split(b"\n"), strict=True)
            assert sum(a != b for a, b in pairs) == 1


@pytest.mark.parametrize("path", sorted(FILES))
def test_the_same_seed_gives_the_same_proposal_from_a_fresh_or_a_used_agent(path: str) -> None:
    for seed in range(8):
        task = Task("mutate", [genome({path: FILES[path]})], [], SEARCH, "", [], Random(seed))
        assert GeneticAgent().propose(task) == proposed(path, FILES[path], seed)


def test_a_crossover_brings_in_code_of_the_second_parent_and_no_name_it_alone_knows() -> None:
    other = JAVASCRIPT.replace(b"* 2.5", b"* 7.25 + secret(b)").replace(
        b"table[i - 1][j] + 1", b"table[i - 1][j] * j"
    )
    found = [proposed("f.js", JAVASCRIPT, seed, other=other) for seed in range(80)]
    made = [m for m in found if m is not None]
    assert {m.operator for m in made} == {"cross"}
    texts = [m.changes["f.js"] or b"" for m in made if "whole" not in m.subject + m.body]
    assert sum(b"table[i - 1][j] * j" in c or b"7.25" in c for c in texts) > 5
    assert not any(b"secret" in c for c in texts)  # only a function taken over whole has it


def test_an_inspiration_is_a_donor_for_mutations() -> None:
    read = RUST.replace(b"31usize", b"i * 17")
    made = [proposed("f.rs", RUST, seed, read=read) for seed in range(200)]
    assert any(b"17" in (m.changes["f.rs"] or b"") for m in made if m is not None)


def test_python_and_other_files_of_one_repository_all_change() -> None:
    files = {**FILES, "a.py": b"def f(a: int) -> int:\n    return a * 3 + 1\n", "x.txt": b"1 + 2\n"}
    changed: set[str] = set()
    for seed in range(150):
        made = SHARED.propose(Task("mutate", [genome(files)], [], SEARCH, "", [], Random(seed)))
        assert isinstance(made, Proposal)
        changed.update(made.changes)
    assert changed == set(files) - {"x.txt"}


def test_what_does_not_change_in_a_loop_is_computed_before_it() -> None:
    wanted = b"  const once1 = a.length;\n  for (let i = 0; i <= once1; i++) {\n"
    children = [child_of("f.js", JAVASCRIPT, seed) for seed in range(300)]
    assert any(wanted in child for child in children)


def test_what_a_loop_writes_is_not_taken_for_constant() -> None:
    data = (
        b"function f(a) {\n  let s = 1;\n  while (s < 99) {\n    s += s * 3;\n  }\n  return s;\n}\n"
    )
    made = [proposed("f.js", data, seed) for seed in range(200)]
    assert not any(m is not None and m.operator == "hoist-invariant" for m in made)


def test_nested_loops_are_exchanged() -> None:
    children = [child_of("f.c", C, seed) for seed in range(200)]
    heads = b"for (size_t j = 0; j < n; j++) {\n        for (size_t i = 0; i < n; i++) {\n"
    assert any(heads in child for child in children)


def test_a_loop_is_left_once_what_it_sought_is_found() -> None:
    children = [child_of("f.rs", RUST, seed) for seed in range(300)]
    assert any(b"{ prime = false;" in c and b"break; }" in c for c in children)
    assert not any(c.count(b"break;") > 2 for c in children)
    children = [child_of("f.go", GO, seed) for seed in range(300)]
    assert any(b"\t\t\ts += a[i] * 8\n\t\t\tbreak\n" in c for c in children)


def test_constants_keep_radix_and_suffix() -> None:
    made = [proposed("f.c", C, seed) for seed in range(300)]
    texts = [m.changes["f.c"] or b"" for m in made if m is not None and m.operator == "nudge"]
    changed = [t for t in texts if b"0x1Fu" not in t and b"0x" in t]
    assert changed
    assert all(b"u % 8" in t for t in changed if b"% 8" in t)


HOSTILE = {
    "empty": b"",
    "NUL": b"int x = 1\0;",
    "not UTF-8": b"int x = 1; // \xff\n",
    "unclosed": b"int f( { { {",
    "garbage": bytes(range(32, 127)) * 20,
    "deep": b"int x = " + b"(" * 3000 + b"1" + b")" * 3000 + b";",
    "wide": b"int x[] = {" + b"1," * 40_000 + b"1};",
    "large": b"int x;\n" * 50_000,
    "many digits": b"int x = " + b"9" * 9000 + b";",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("path", ["f.c", "f.js", "f.rs"])
def test_a_hostile_file_never_raises(path: str, name: str) -> None:
    for seed in range(3):
        made = proposed(path, HOSTILE[name], seed)
        if made is not None:
            before = tree(path, HOSTILE[name]).broken
            assert tree(path, made.changes[path] or b"").broken <= before


@given(data=st.binary(max_size=120), seed=st.integers(0, 9), path=st.sampled_from(sorted(FILES)))
@settings(max_examples=80)
def test_no_bytes_whatsoever_make_it_raise(data: bytes, seed: int, path: str) -> None:
    proposed(path, data, seed)


def test_a_long_lineage_stays_small() -> None:
    data, random = JAVASCRIPT, Random(5)
    for _ in range(120):
        task = Task("mutate", [genome({"f.js": data})], [], SEARCH, "", [], random)
        made = SHARED.propose(task)
        if isinstance(made, Proposal):
            data = made.changes["f.js"] or b""
    assert len(data) < 20 * len(JAVASCRIPT)


def test_no_grammar_is_loaded_until_a_file_needs_it() -> None:
    program = (
        "import sys\nimport evogit.cli.main, evogit_agents.genetic\n"
        "from random import Random\nfrom evogit.config.model import Search\n"
        "from evogit.proposals import Genome, Task\n"
        "def go(path, data):\n"
        "    g = Genome('c', 't', [path], {path: data}.__getitem__)\n"
        "    evogit_agents.genetic.GeneticAgent().propose(\n"
        "        Task('mutate', [g], [], Search(editable=('**',)), '', [], Random(1)))\n"
        "go('a.py', b'def f(a):\\n    return a + 1\\n')\n"
        "print([m for m in sys.modules if m.startswith('tree_sitter')])\n"
        "go('a.go', b'package a\\nvar x = 3 + 4\\n')\n"
        "print(sorted(m for m in sys.modules if m.startswith('tree_sitter') and '.' not in m))\n"
    )
    out = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
    assert out.decode().splitlines() == ["[]", "['tree_sitter', 'tree_sitter_go']"]


@pytest.mark.parametrize("path", [f"a{suffix}" for suffix in GRAMMARS])
def test_every_grammar_loads(path: str) -> None:
    assert tree(path, b"").broken == 0
