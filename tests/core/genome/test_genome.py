"""What a genome says apart from how it is written: fingerprints and measures."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygit2.enums import FileMode

from evogit.errors import UserError
from evogit.genome.changes import Changed, changes
from evogit.genome.fingerprint import Fingerprints, fingerprint
from evogit.genome.measures import NAMES, Measures, measure, squash
from evogit.genome.python import normal_form
from evogit.genome.tokens import tokens
from evogit.git.trees import Change
from evogit.ids import TreeId

if TYPE_CHECKING:
    from conftest import Garden

SAME = {
    "comments and layout": ("x = [1,2]  # two\n", "x = [\n    1,\n    2,\n]\n"),
    "docstrings": (
        'def f():\n    "one"\n    return 1\n',
        'def f():\n    """two"""\n    return 1\n',
    ),
    "locals": (
        "def f(a):\n    total = 0\n    for i in a:\n        total += i\n    return total\n",
        "def f(a):\n    s = 0\n    for k in a:\n        s += k\n    return s\n",
    ),
    "locals seen by a function within": (
        "def f(p):\n    a = p\n    return lambda q: a + q\n",
        "def f(p):\n    z = p\n    return lambda q: z + q\n",
    ),
    "variables of a comprehension": (
        "def f(w):\n    return {x: y for x, y in w if x}\n",
        "def f(w):\n    return {k: v for k, v in w if k}\n",
    ),
    "deleted locals": (
        "def f():\n    a = b = 1\n    del a\n    return b\n",
        "def f():\n    q = b = 1\n    del q\n    return b\n",
    ),
}
DIFFERENT = {
    "what is returned": (
        "def f(x):\n    y = 1\n    return x\n",
        "def f(x):\n    y = 1\n    return y\n",
    ),
    "parameters, which callers name": ("def f(x):\n    return x\n", "def f(y):\n    return y\n"),
    "globals": ("def f():\n    return one\n", "def f():\n    return two\n"),
    "a local and a parameter": (
        "def f(x):\n    y = 1\n    return x\n",
        "def f(y):\n    x = 1\n    return x\n",
    ),
    "a name shadowed within": (
        "def f(p):\n    a = p\n    return lambda a: a\n",
        "def f(p):\n    a = p\n    return lambda b: a\n",
    ),
    "what a comprehension reads": (
        "def f():\n    return [x for x in x]\n",
        "def f():\n    return [x for x in y]\n",
    ),
    "order of operands": (
        "def f():\n    a = 1\n    b = 2\n    return a - b\n",
        "def f():\n    a = 1\n    b = 2\n    return b - a\n",
    ),
    "a statement moved out of a loop": (
        "def f(a):\n    s = 0\n    for i in a:\n        s += i\n        s += 1\n",
        "def f(a):\n    s = 0\n    for i in a:\n        s += i\n    s += 1\n",
    ),
    "names that code asks for": (
        "def f():\n    a = 1\n    return locals()\n",
        "def f():\n    b = 1\n    return locals()\n",
    ),
    "docstrings that code asks for": (
        'def f():\n    "one"\n\nprint(f.__doc__)\n',
        'def f():\n    "two"\n\nprint(f.__doc__)\n',
    ),
    "types of numbers": ("x = 1\n", "x = 1.0\n"),
    "sign of zero": ("x = 0.0\n", "x = -0.0\n"),
    "text and name": ("x = 'a'\n", "x = a\n"),
    "a name that a class keeps": (
        "def f():\n    class C:\n        a = 1\n    return C\n",
        "def f():\n    class C:\n        b = 1\n    return C\n",
    ),
    "global and local": (
        "def f():\n    global a\n    a = 1\n",
        "def f():\n    global b\n    b = 1\n",
    ),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=list(SAME))
def test_python_that_differs_only_in_this_says_the_same(pair: tuple[str, str]) -> None:
    one, other = (normal_form(text.encode()) for text in pair)
    assert one is not None
    assert one == other


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=list(DIFFERENT))
def test_python_that_differs_in_this_does_not_say_the_same(pair: tuple[str, str]) -> None:
    one, other = (normal_form(text.encode()) for text in pair)
    assert one is not None
    assert one != other


_NAME = st.sampled_from(["a", "b", "c", "x"])
_EXPRESSION = st.recursive(
    st.one_of(_NAME, st.integers(0, 2).map(str)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(_NAME, inner).map(lambda p: f"(lambda {p[0]}: {p[1]})({p[0]})"),
        st.tuples(inner, _NAME, inner).map(lambda p: f"sum([{p[0]} for {p[1]} in [{p[2]}]])"),
    ),
    max_leaves=5,
)
_BODY = st.lists(st.tuples(_NAME, _EXPRESSION), min_size=1, max_size=4)


def _outcome(lines: list[tuple[str, str]]) -> tuple[str | None, list[object]]:
    text = "def f(x, a):\n" + "".join(f"    {n} = {e}\n" for n, e in lines)
    source = f"b = 5\n{text}    return {lines[-1][0]}\n"
    names: dict[str, Any] = {}
    exec(compile(source, "case", "exec"), names)  # noqa: S102
    found: list[object] = []
    for x, a in ((2, 3), (5, 7)):
        try:
            found.append(names["f"](x, a))
        except (NameError, TypeError) as error:
            found.append(type(error).__name__)
    return normal_form(source.encode()), found


@given(_BODY, _BODY)
def test_functions_with_one_normal_form_compute_the_same(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    (form, answers), (other_form, other_answers) = _outcome(one), _outcome(other)
    if form == other_form:
        assert answers == other_answers


@given(_BODY)
def test_renaming_the_locals_of_a_function_keeps_its_normal_form(
    lines: list[tuple[str, str]],
) -> None:
    text = "".join(f"    {n} = {e}\n" for n, e in lines)
    source = f"def f():\n    a = b = c = x = 1\n{text}    return a, b, c, x\n"
    renamed = ast.unparse(_Renamed().visit(ast.parse(source)))
    if "lambda" not in source:  # parameters keep their names
        assert normal_form(source.encode()) == normal_form(renamed.encode())


class _Renamed(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        keep = node.id in dir(builtins) or keyword.iskeyword(node.id)
        return node if keep else ast.Name(f"{node.id}_new", node.ctx)


@pytest.mark.parametrize(
    "source", [b"def f(:\n", b"\x00", b"\xff\xfe", b"x = " + b"-" * 100_000 + b"1", b"(" * 10_000]
)
def test_what_is_no_python_is_told_by_its_bytes(source: bytes) -> None:
    assert normal_form(source) is None
    assert fingerprint("a.py", source) == fingerprint("a.py", source)
    assert fingerprint("a.py", source) != fingerprint("a.py", source + b" ")


@pytest.mark.parametrize(
    ("path", "one", "other", "same"),
    [
        ("a.c", "int a; // x\n\n  int  b;\n", "int a;\nint b; /* y */\n", True),
        ("a.go", "x := `a // b`\n", "x := `a // c`\n", False),
        ("a.go", "//go:build linux\npackage a\n", "//go:build darwin\npackage a\n", False),
        ("a.rs", 'let a = r#"x // "y" "#;\n', 'let a = r#"x // "z" "#;\n', False),
        ("a.cpp", 'auto a = R"(// one)";\n', 'auto a = R"(// two)";\n', False),
        ("a.js", "let a = 1; // one\n", "let a = 1;\n", True),
        ("a.js", "return a\n+ b\n", "return a + b\n", False),
        ("a.js", "x = /[//]a/;\n", "x = /[//]b/;\n", False),
        ("a.js", "x = `${`// a`}`;\n", "x = `${`// b`}`;\n", False),
        ("a.txt", "one  two\n", "one two\n", False),
        ("a.yaml", "a:\n  b: 1 # x\n", "a:\n  b: 1\n", False),
    ],
)
def test_other_languages_are_read_only_where_that_is_safe(
    path: str, one: str, other: str, *, same: bool
) -> None:
    assert (fingerprint(path, one.encode()) == fingerprint(path, other.encode())) is same


@given(st.binary(max_size=300))
def test_tokens_and_measures_take_any_bytes(data: bytes) -> None:
    tokens("a.c", data)
    assert set(measure(data)) == set(NAMES)


def _trees(garden: Garden, files: list[Mapping[str, str]]) -> list[TreeId]:
    git, base = garden.swarm.git, garden.swarm.base
    return [git.commit(garden.grow("a1", each, base)).tree for each in files]


def test_genomes_that_say_the_same_have_one_fingerprint(garden: Garden) -> None:
    base = garden.swarm.git.commit(garden.swarm.base).tree
    files: list[Mapping[str, str]] = [
        {"pkg/x.py": "x = 0  # none\n"},
        {"pkg/x.py": "x = 1\n"},
        {"pkg/x.py": "x=1\n", "run.py": "print( 0 )\n"},
        {"pkg/y.py": "x = 1\n"},
    ]
    fingerprints = Fingerprints(garden.swarm.git, base)
    quiet, one, again, elsewhere = (fingerprints.of(tree) for tree in _trees(garden, files))
    assert quiet == fingerprints.of(base)
    assert one == again
    assert len({quiet, one, elsewhere}) == 3


def test_measures_are_differences_from_the_base(garden: Garden) -> None:
    base = garden.swarm.git.commit(garden.swarm.base).tree
    text = "for i in range(9):\n    if i > 3:\n        print(i)\n"
    (tree,) = _trees(garden, [{"pkg/x.py": text}])
    measures = Measures(garden.swarm.git, base)
    found = measures.of(tree)
    assert found["size"] == len(text) - len("x = 0\n")
    wanted = {"loops": 1, "branches": 1, "depth": 2, "calls": 2, "lines": 2, "functions": 0}
    assert {name: found[name] for name in wanted} == wanted
    assert not any(measures.of(base).values())


def _nested(garden: Garden, wide: int, levels: int) -> TreeId:
    """A tree of ``wide ** levels`` files in folders."""
    git, kind = garden.swarm.git, FileMode.BLOB
    below = str(git.write_blob(b"x = 1\n"))
    for _ in range(levels):
        builder = git.handle.TreeBuilder()
        for number in range(wide):
            builder.insert(f"n{number:03}", pygit2.Oid(hex=below), kind)
        below, kind = str(builder.write()), FileMode.TREE
    return TreeId(below)


@pytest.mark.parametrize(("wide", "levels"), [(50, 3), (1, 200)])
def test_what_strangers_made_too_large_or_too_deep_is_not_walked(
    garden: Garden, wide: int, levels: int
) -> None:
    git, base = garden.swarm.git, garden.swarm.git.commit(garden.swarm.base).tree
    bomb, other = _nested(garden, wide, levels), _nested(garden, wide, levels + 1)
    with pytest.raises(UserError):
        changes(git, base, bomb)
    fingerprints = Fingerprints(git, base)
    assert len({fingerprints.of(tree) for tree in (bomb, other, base)}) == 3
    assert not any(Measures(git, base).of(bomb).values())


def test_changes_tell_what_was_there_before_and_what_is_now(garden: Garden) -> None:
    git, base = garden.swarm.git, garden.swarm.git.commit(garden.swarm.base).tree
    files = dict(git.files(base))
    new = git.write_blob(b"new")
    plain, executable = 0o100644, 0o100755
    run = files["run.py"].blob
    without = git.change_tree(base, {"pkg/x.py": None, "pkg/ü name.py": None})
    tree = git.change_tree(without, {"pkg": Change(new), "run.py": Change(run, executable=True)})
    assert changes(git, base, tree) == [
        Changed("pkg", None, new, 0, plain),
        Changed("pkg/x.py", files["pkg/x.py"].blob, None, plain, 0),
        Changed("pkg/ü name.py", files["pkg/ü name.py"].blob, None, plain, 0),
        Changed("run.py", run, run, plain, executable),
    ]
    assert changes(git, base, base) == []


@given(st.sampled_from(NAMES), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_squashed_measures_keep_their_order_between_0_and_1(name: str, a: float, b: float) -> None:
    one, other = squash(name, a), squash(name, b)
    assert 0 <= one <= 1
    if a <= b:
        assert one <= other
