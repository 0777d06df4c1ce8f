"""Laws of the genetic agent: what holds for every offspring, whatever the parent."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import evogit.outcome
import evogit.text
import evogit_agents.genetic.ground
from evogit.config.model import Search
from evogit.ids import CommitId, TreeId
from evogit.paths import editable_ranges
from evogit.proposals import Arm, Genome, NoPast, NoProposal, Proposal, Task
from evogit.records import Spend
from evogit_agents.genetic import GeneticAgent

RULE = b'''"""Which bin."""

import math

LIMIT = 20


def helper(x: float) -> float:
    return math.sqrt(abs(x))   # odd   spacing stays


def priority(item: float, remaining: float) -> float:
    """Best fit."""
    left = remaining - item  # what stays free
    if left < LIMIT and left > 0:
        left += helper(left) ** 2
    total = 0
    for step in range(3):
        total += step * (left + 1)
    return -left + total * 0.1
'''
PRIMITIVES = ("math.log(x)", "abs(x)", "min(x, y)", "numpy.tanh(x)", "x if c else y", "((", "")
SOURCES = [
    RULE,
    *(
        Path(module.__file__ or "").read_bytes()
        for module in (
            evogit.text,
            evogit.outcome,
            evogit_agents.genetic.ground,
        )
    ),
]


SHARED = GeneticAgent()
"""One agent for most tests, so that parents are indexed once, as in a worker."""


def genome(files: Mapping[str, bytes], tree: str = "t") -> Genome:
    return Genome(CommitId("c" * 40), TreeId(tree), list(files), files.__getitem__)


def task(
    files: Mapping[str, bytes],
    seed: int,
    *,
    operator: str = "mutate",
    other: Mapping[str, bytes] | None = None,
    search: Search | None = None,
) -> Task:
    parents = [genome(files)] + ([genome(other, "u")] if other is not None else [])
    search = search or Search(primitives=PRIMITIVES)
    return Task(operator, parents, [], search, "", [], Random(seed))


def offspring(data: bytes, seed: int, **more: object) -> bytes | None:
    made = SHARED.propose(task({"a.py": data}, seed, **more))  # type: ignore[arg-type]
    if isinstance(made, NoProposal):
        assert made.reason
        return None
    (content,) = made.changes.values()
    return content


def shape(data: bytes) -> str:
    return ast.dump(ast.parse(data))


def used_names(data: bytes) -> tuple[set[str], set[str], set[str]]:
    """Plain names read that are not assigned to, attributes, and modules imported."""
    nodes = list(ast.walk(ast.parse(data)))
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names = {n.id for n in nodes if isinstance(n, ast.Name)} - bound
    attributes = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    imports = {ast.unparse(n) for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom))}
    return names, attributes, imports


@given(seed=st.integers(0, 2**32), source=st.sampled_from(SOURCES))
@settings(max_examples=80)
def test_offspring_compile_and_differ_from_the_parent_in_more_than_layout(
    seed: int, source: bytes
) -> None:
    child = offspring(source, seed)
    assert child is not None
    compile(child, "child", "exec")
    assert shape(child) != shape(source)


@given(seed=st.integers(0, 2**32), source=st.sampled_from(SOURCES))
@settings(max_examples=60)
def test_no_import_attribute_or_name_appears_but_primitives_and_the_cache_of_functools(
    seed: int, source: bytes
) -> None:
    child = offspring(source, seed)
    assert child is not None
    before, after = used_names(source), used_names(child)
    mine = {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}
    known = {"math", "abs", "min", "max", "any", "all", "functools", "enumerate"}
    assert after[0] - before[0] - mine <= known
    assert after[1] - before[1] <= {"log", "lru_cache"}
    assert after[2] - before[2] <= {"import functools"}
    if b"import math" not in source:
        assert "log" not in after[1] - before[1]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_lines_that_no_edit_touched_stay_byte_for_byte(seed: int) -> None:
    made = GeneticAgent().propose(task({"a.py": RULE}, seed))
    assert isinstance(made, Proposal)
    child = made.changes["a.py"]
    assert child is not None
    edits = 1 if not made.body else made.body.count("\n") + 1
    old, new = RULE.splitlines(), child.splitlines()
    kept = sum(1 for line in old if line in new)
    assert len(old) - kept <= 3 * edits


@given(seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_a_comment_outside_the_edited_statement_survives(seed: int) -> None:
    source = b"# head\n\ndef f(a: int) -> int:\n    # why\n    return a + 1  # tail\n# foot"
    child = offspring(source, seed)
    assert child is not None
    found = [
        t.string
        for t in tokenize.tokenize(io.BytesIO(child).readline)
        if t.type == tokenize.COMMENT
    ]
    assert found[:1] == ["# head"]
    assert "# why" in found
    assert found[-1] == "# foot"
    assert child.endswith(b"# foot")


BLOCK = b"""def fixed(a: float) -> float:
    return a * 2 + 1

# EVOLVE-BLOCK-START
def free(a: float, b: float) -> float:
    c = a - b
    return c * 3
# EVOLVE-BLOCK-END

x = fixed(3) - 1
"""


@given(seed=st.integers(0, 2**32), crossing=st.booleans())
@settings(max_examples=80)
def test_only_what_lies_between_markers_changes(seed: int, crossing: bool) -> None:
    other = {"a.py": BLOCK.replace(b"c * 3", b"b / 7").replace(b"a * 2", b"a * 9")}
    child = offspring(BLOCK, seed, operator="cross" if crossing else "mutate", other=other)
    assert child is not None
    head, tail = BLOCK.split(b"def free")[0], BLOCK.split(b"# EVOLVE-BLOCK-END")[1]
    assert child.startswith(head)
    assert child.endswith(b"# EVOLVE-BLOCK-END" + tail)
    assert editable_ranges(child.decode()) is not None


def test_an_empty_block_leaves_nothing_to_change() -> None:
    assert offspring(b"# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\nx = 1\n", 1) is None


def test_protected_foreign_and_uneditable_files_are_never_touched() -> None:
    files = {
        "src/a.py": RULE,
        "src/deep/b.py": RULE,
        "tests/test_a.py": RULE,
        "src/secret.py": RULE,
        "src/data.json": b"[1]",
    }
    search = Search(editable=("src/**",), protected=("secret.py", "tests"))
    changed: set[str] = set()
    for seed in range(60):
        made = GeneticAgent().propose(task(files, seed, search=search))
        assert isinstance(made, Proposal)
        changed.update(made.changes)
    assert changed == {"src/a.py", "src/deep/b.py"}


def test_without_an_editable_file_of_a_known_language_the_reason_is_given() -> None:
    made = GeneticAgent().propose(task({"notes.txt": b"int x;"}, 1))
    assert isinstance(made, NoProposal)
    assert "known language" in made.reason
    assert made.operator == "mutate"


@pytest.mark.parametrize("operator", ["mutate", "cross"])
def test_the_same_seed_gives_the_same_proposal_from_a_fresh_or_a_used_agent(operator: str) -> None:
    other = {"a.py": RULE.replace(b"0.1", b"left / 3")}
    used = GeneticAgent()
    for seed in range(40):
        fresh = GeneticAgent().propose(task({"a.py": RULE}, seed, operator=operator, other=other))
        assert used.propose(task({"a.py": RULE}, seed, operator=operator, other=other)) == fresh


def test_string_hashing_does_not_reach_the_choices() -> None:
    program = (
        "from random import Random\n"
        "from evogit.config.model import Search\n"
        "from evogit.proposals import Genome, Task\n"
        "from evogit_agents.genetic import GeneticAgent\n"
        f"g = Genome('c', 't', ['a.py'], {{'a.py': {RULE!r}}}.__getitem__)\n"
        "s = Search(primitives=('math.log(x)', 'min(x, y)'))\n"
        "for i in range(60):\n"
        "    print(GeneticAgent().propose(Task('mutate', [g], [], s, '', [], Random(i))))\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            env={"PYTHONHASHSEED": str(number)},
        ).stdout
        for number in (1, 2)
    }
    assert len(runs) == 1


def test_a_crossover_brings_in_code_of_the_second_parent_and_keeps_the_rest() -> None:
    one = b"def f(a: float, b: float) -> float:\n    return a - b\n"
    two = b"def f(a: float, b: float) -> float:\n    c = a * 7.25\n    return c / (b + 3.5)\n"
    children = [offspring(one, seed, operator="cross", other={"a.py": two}) for seed in range(60)]
    assert all(child is not None for child in children)
    grafted = [c for c in children if c is not None and (b"7.25" in c or b"b + 3.5" in c)]
    assert len(grafted) > 20


def test_a_crossover_never_reads_a_name_only_the_second_parent_binds() -> None:
    one = b"def f(a: float) -> float:\n    return a - 1\n"
    two = b"SECRET = 4\n\n\ndef f(a: float) -> float:\n    return a * SECRET + other(a)\n"
    for seed in range(80):
        child = offspring(one, seed, operator="cross", other={"a.py": two})
        assert child is not None
        assert b"SECRET" not in child
        assert b"other" not in child


def test_crossing_with_one_parent_is_a_mutation() -> None:
    made = GeneticAgent().propose(task({"a.py": RULE}, 1, operator="cross"))
    assert isinstance(made, Proposal)
    assert made.operator not in {"mutate", "cross"}
    assert made.subject.startswith(f"{made.operator} ")


def test_a_subject_is_one_clean_bounded_line_that_says_what_changed() -> None:
    for seed in range(100):
        made = GeneticAgent().propose(task({"a.py": RULE + b'bell = "\x07\xe2\x80\xae"\n'}, seed))
        assert isinstance(made, Proposal)
        assert len(made.subject) <= 160
        assert made.subject.isprintable()
        assert "(line " in made.subject or made.operator == "tune"
        assert made.spend == Spend()
    assert GeneticAgent().worst_case() == Spend()


def test_a_lineage_of_many_generations_stays_small_and_sane() -> None:
    data, agent, random = RULE, GeneticAgent(), Random(5)
    for _ in range(250):
        made = agent.propose(
            Task("mutate", [genome({"a.py": data}, str(hash(data)))], [], Search(), "", [], random)
        )
        assert isinstance(made, Proposal)
        data = made.changes["a.py"] or b""
    tree = ast.parse(data)
    assert len(data) < 12 * len(RULE)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            assert abs(node.value) <= 1e9
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            assert isinstance(node.right, ast.Constant)
            assert isinstance(node.right.value, (int, float))
            assert node.right.value <= 4
            assert not any(isinstance(n, ast.Pow) for n in ast.walk(node.left))


HOSTILE = {
    "empty": b"",
    "only a comment": b"# nothing\n",
    "NUL": b"x = 1\0\n",
    "syntax error": b"def (:\n",
    "unknown coding": b"# coding: nonsense\nx = 1\n",
    "slow coding": b"# coding: punycode\nx = 1\n",
    "bad UTF-8": b"x = '\xff'\n",
    "two codings": b"\xef\xbb\xbf# coding: latin-1\nx = 1\n",
    "brackets": b"x = " + b"(" * 5000 + b")" * 5000,
    "unary": b"x = " + b"-" * 20000 + b"1\n",
    "lists": b"x = " + b"[" * 150 + b"]" * 150 + b"\n",
    "sum": b"x = " + b"1+" * 20000 + b"1\n",
    "attributes": b"x = a" + b".b" * 20000 + b"\n",
    "blocks": b"".join(b" " * i + b"if x:\n" for i in range(99)) + b" " * 99 + b"x\n",
    "elifs": b"if x: pass\n" + b"elif x: pass\n" * 5000,
    "large": b"x = 1\n" * 170_000,
    "long line": b"x = [" + b"1, " * 60_000 + b"]\n",
    "huge number": b"x = " + b"9" * 5000 + b"\n",
    "huge hexadecimal": b"def f(a: int) -> int:\n    return a + 0x" + b"f" * 9000 + b"\n",
    "return outside": b"return 1\n",
    "warnings": b"x = '\\d' + str(1 is 1)\ny = 5 - 3\n",
    "surrogates": b"x = '\\ud800' + '\\0'\ny = 'a'\n",
    "infinite": b"def f(a: float) -> float:\n    return a * 1e999 + 1e-999j\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_never_raises(name: str) -> None:
    for seed in range(5):
        child = offspring(HOSTILE[name], seed)
        if child is not None:
            compile(child, "child", "exec")


@given(data=st.binary(max_size=200), seed=st.integers(0, 9))
@settings(max_examples=60)
def test_bytes_of_any_kind_never_raise(data: bytes, seed: int) -> None:
    offspring(data, seed)


LINE = st.sampled_from(
    [
        "x = (1 +\n    2) * y", "y = x if x else (y)", "print(f'{x!r:>{y}} {x + 1}')", "del y",
        "x, *y = 1, 2", "x = lambda a, b=2: a + b - x", "y = [a * 2 for a in x if a > y]",
        "if x: y = 1; z = 2", "if x:\n    y = 1\nelif y:\n    pass\nelse:\n    x -= 1",
        "for i in range(3):\n    if i: continue\n    x += i\nelse:\n    y = 3",
        "while x > 0: x -= 1", "try:\n    x = 1\nexcept ValueError as e:\n    y = e\nfinally:\n    pass",
        "with open(x) as f, y:\n    x = f.read()", "match x:\n    case [1, y] if y > 2:\n        x = y + 1",
        "@x.y(3)\ndef f(a, b: int = 3 * 2, *c, d=None, **e) -> int:\n    '''doc'''\n    return a + b",
        "class A(x):\n    z = 1 + 2\n    def m(self):\n        self.q = self.z * 2 - 1\n        return self.q",
        "x = '\u00e9\U0001f600' + 'b' * 3", "y = x[1:2, ::3] + x[-1]", "assert x, 'no'",
        "global_ = not (x and y) or x in (1, 2)", "x = -(-y) ** -2", "y = (yield_ := 3) + x",
        "def g():\n    nonlocal_ = yield 1\n    return (yield nonlocal_ + 1)", "x: int = 3\\\n  + 4",
        "async def h(a):\n    async with a as b:\n        return await b + 1", "x = 1 < y <= 3 != 4",
        "def k():\n    t = '''a\n  b'''; return t * 2", "x = not not y is not None", "x = 2 ** 3 ** y",
    ]
)  # fmt: skip


@given(
    lines=st.lists(LINE, min_size=1, max_size=8),
    seed=st.integers(0, 2**16),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    tabs=st.booleans(),
    bom=st.booleans(),
    last=st.booleans(),
)
@example(lines=["x = 1"], seed=0, newline="\n", tabs=False, bom=True, last=False)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_mixture_of_syntax_line_ends_tabs_and_bom_gives_sound_offspring(
    lines: list[str], seed: int, newline: str, tabs: bool, bom: bool, last: bool
) -> None:
    text = "\n".join(lines) + ("\n" if last else "")
    text = text.replace("    ", "\t") if tabs else text
    data = (b"\xef\xbb\xbf" if bom else b"") + text.replace("\n", newline).encode()
    child = offspring(data, seed)
    if child is None:
        return
    compile(child, "child", "exec")
    assert shape(child) != shape(data)
    assert child.startswith(b"\xef\xbb\xbf") == bom
    if b"\r\n" in data:
        assert child.count(b"\n") == child.count(b"\r\n")


@pytest.mark.parametrize("seed", range(8))
def test_a_latin_1_file_stays_latin_1(seed: int) -> None:
    data = "# -*- coding: latin-1 -*-\nname = 'h\u00e9llo'; x = 3 + 4  # caf\u00e9\n".encode(
        "latin-1"
    )
    child = offspring(data, seed)
    assert child is not None
    assert child.endswith("# caf\u00e9\n".encode("latin-1"))
    compile(child, "child", "exec")


def test_a_primitive_whose_module_is_not_imported_is_not_used() -> None:
    source = b"def f(a: float, b: float) -> float:\n    return a - b\n"
    for seed in range(200):
        child = offspring(source, seed, search=Search(primitives=("math.log(x)", "numpy.tanh(x)")))
        assert child is not None
        assert b"log" not in child
        assert b"tanh" not in child


def test_primitives_are_filled_with_what_is_in_scope() -> None:
    source = b"import math\n\n\ndef f(item, free):\n    return item - free\n"
    search = Search(primitives=("math.hypot(x, y)",))
    children = [offspring(source, seed, search=search) for seed in range(150)]
    used = [c for c in children if c is not None and b"hypot" in c]
    assert len(used) > 5
    for child in used:
        names: dict[str, object] = {}
        exec(child, names)  # noqa: S102


class Favour(NoPast):
    """A past in which one operator did well."""

    def choose(self, arms: Sequence[Arm], random: Random) -> Arm:
        return next((arm for arm in arms if arm.operator == "wrap"), random.choice(arms))


def test_operators_that_did_well_are_taken_more_often_and_none_is_given_up() -> None:
    def operators(agent: GeneticAgent) -> Counter[str]:
        tasks = (replace(task({"a.py": RULE}, seed), past=Favour()) for seed in range(150))
        return Counter(agent.propose(one).operator for one in tasks)

    usual, adaptive = operators(GeneticAgent()), operators(GeneticAgent(draws=3))
    assert adaptive["wrap"] > 1.5 * usual["wrap"] > 0
    assert len(adaptive) > len(usual) / 2


def test_arguments_that_nothing_reads_yet_come_into_use_as_numbers() -> None:
    source = b"class A:\n    def formula(self, a, b, c=1):\n        return 14.0\n"
    found: set[str] = set()
    for seed in range(60):
        found |= used_names(offspring(source, seed) or source)[0]
    assert {"a", "b", "c"} <= found
    assert "self" not in found


def test_indices_and_ranges_get_no_fractions() -> None:
    source = b"def f(a: list, n: int):\n    return [a[1:n], a[n], range(n)]\n"
    for seed in range(150):
        child = offspring(source, seed)
        assert child is not None
        for node in ast.walk(ast.parse(child)):
            if isinstance(node, ast.Slice):
                assert not isinstance(node.lower, ast.Constant) or isinstance(node.lower.value, int)
