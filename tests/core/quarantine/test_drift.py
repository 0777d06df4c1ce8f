"""The drift report counts what a run did to tests, dependencies and size; it holds nothing."""

from __future__ import annotations

import typing

import pytest

from evogit.quarantine.dependencies import declared
from evogit.quarantine.drift import Drift, Drifts, Size

if typing.TYPE_CHECKING:
    from tests.core.quarantine.conftest import Fields, Files, Lab

TEST = (
    "from solve import solve\n\n\ndef test_four():\n    assert solve(4) == 2\n\n\n"
    "def test_nine():\n    assert solve(9) == 3\n"
)
ONE = TEST[: TEST.index("def test_nine")]


def drift(lab: Lab, changes: Files, protected: tuple[str, ...] = ()) -> Drift:
    return Drifts(lab.git, lab.tree({}), protected).of(lab.tree(changes))


def test_nothing_changed_is_no_drift(lab: Lab) -> None:
    assert drift(lab, {}) == Drift()


def test_tests_and_assertions_that_went_are_named(lab: Lab) -> None:
    found = drift(lab, {"tests/test_solve.py": ONE})
    assert found.tests_removed == ("test_nine is gone",)
    assert found.assertions_lost == ("gone or changed: assert solve(9) == 3",)
    assert found.risky == ("tests/test_solve.py",)
    assert found.tests_added == 0


def test_tests_inside_source_files_that_went_are_named(lab: Lab) -> None:
    crate: Files = {
        "src/lib.rs": "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn b() {\n"
        "        assert!(c());\n    }\n}\n",
        "a.py": 'def a():\n    """Is 1.\n\n    >>> a()\n    1\n    """\n',
    }
    drifts = Drifts(lab.git, lab.tree(crate), ())
    found = drifts.of(lab.tree({**crate, "src/lib.rs": "fn a() { }\n", "a.py": "def a(): 0\n"}))
    assert found.tests_removed == ("b is gone",)
    assert found.assertions_lost == ("gone or changed: assert!(c());",)
    assert "gone or changed: >>> a()" in found.tests_changed
    assert found.risky == ("a.py", "src/lib.rs")
    beside = drifts.of(lab.tree({**crate, "src/lib.rs": f"fn b() {{}}\n{crate['src/lib.rs']}"}))
    assert (beside.tests_removed, beside.assertions_lost, beside.risky) == ((), (), ())


def test_new_tests_and_skips_are_counted(lab: Lab) -> None:
    new = "import pytest\n\n\n@pytest.mark.skip\ndef test_a():\n    pass\n\n\ndef test_b():\n    pass\n"
    found = drift(lab, {"tests/test_new.py": new})
    assert found.tests_added == 2
    assert found.skips_added == ("tests/test_new.py:4 uses pytest.mark.skip",)


def test_size_and_complexity_grow_and_shrink(lab: Lab) -> None:
    code = "def solve(x):\n    if x and x > 1 or x < 0:\n        return [y for y in x if y]\n    return 0\n"
    grown = drift(lab, {"new.py": code})
    assert grown.growth == Size(lines=4, functions=1, complexity=5)
    assert drift(lab, {"helper.py": None}).growth.lines == -3
    assert drift(lab, {"app.js": "a;\nb;\n\nc;\n"}).growth == Size(lines=2)


def test_protected_and_configuration_files_are_risky(lab: Lab) -> None:
    changes: Files = {"app.js": "x\n", "conftest.py": "x = 1\n", "solve.py": "x = 1\n"}
    assert drift(lab, changes, ("*.js",)).risky == ("app.js", "conftest.py")


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("requirements-dev.txt", "# all\nPyTest_Timeout>=2\n-r other.txt\nnumpy==1\n",
         {"pytest-timeout", "numpy"}),
        ("pyproject.toml", '[project]\ndependencies = ["rich>=1"]\noptional-dependencies.x = ["a"]\n'
         '[dependency-groups]\ntest = ["pytest", {include-group = "x"}]\n', {"rich", "a", "pytest"}),
        ("package.json", '{"dependencies": {"left-pad": "1"}, "devDependencies": {"jest": "2"}}',
         {"left-pad", "jest"}),
        ("Cargo.toml", '[dependencies]\nserde = "1"\n[dev-dependencies]\nrand = "0"\n',
         {"serde", "rand"}),
        ("go.mod", "module x\n\nrequire (\n\tgolang.org/x/text v0.3.0\n)\n", {"golang.org/x/text"}),
        ("pyproject.toml", "[project\n", set[str]()),
        ("package.json", "[1]", set[str]()),
        ("notes.txt", "numpy\n", set[str]()),
    ],
)  # fmt: skip
def test_declared_dependencies_are_read(path: str, text: str, names: set[str]) -> None:
    assert declared(path, text.encode()) == names


def test_added_and_removed_dependencies_are_told_apart(lab: Lab) -> None:
    found = drift(lab, {"requirements.txt": "numpy\n"})
    assert (found.dependencies_added, found.dependencies_removed) == (("numpy",), ())


def test_the_command_reports_run_population_and_quarantine(fields: Fields) -> None:
    field = fields.make()
    good = field.push("print(1 if True else 0)\nprint\n")
    field.judge(field.swarm.base)
    field.believe({good: 2.0})
    field.push("import ctypes\nprint(9)\n", branch="bob")
    fields.cli(field, "eval", "bob")
    data: typing.Any = fields.cli(field, "drift", "ada", "--json").data
    assert data["to"] == good
    assert data["drift"]["growth"] == {"lines": 1, "functions": 0, "complexity": 1}
    assert [line["commit"] for line in data["population"]] == [good]
    assert data["quarantine"] == [{"rule": "native-access", "held": 1, "released": 0}]
    assert data["lineages_touching_risky_files"] == 0.0
    fields.cli(field, "release", "bob")
    data = fields.cli(field, "drift", "ada", "--json").data
    assert data["quarantine"] == [{"rule": "native-access", "held": 0, "released": 1}]
    text = fields.cli(field, "drift")
    assert text.status == 0
    assert "lines of code" in text.out
