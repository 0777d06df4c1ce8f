"""Detection on small repositories, and the evogit.toml written for them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evogit.config.detect import Detected, commands, detect, render
from evogit.config.load import parse
from evogit.config.model import Settings
from evogit.paths import matches

Make = Callable[..., Detected]

BENCH = "from shop import price\n\nfor n in range(100):\n    print(price(n))\n"
CLOCKED = "import time\nstart = time.perf_counter()\nprint(time.perf_counter() - start)\n"
PLAIN_TEST = "from shop import price\n\ndef test_price():\n    assert price(1) == 2\n"
UNIT_TEST = "import unittest\n\nclass T(unittest.TestCase):\n    def test_x(self): pass\n"


@pytest.fixture
def repository(tmp_path: Path) -> Make:
    def make(**files: str) -> Detected:
        return written(tmp_path, files)

    return make


def written(root: Path, files: dict[str, str]) -> Detected:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return detect(root, list(files))


def virtual_environment(root: Path, name: str) -> None:
    (root / name / "bin").mkdir(parents=True)
    (root / name / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (root / name / "bin" / "python").symlink_to("/usr/bin/python3")


def configured(found: Detected) -> Settings:
    text = render(found)
    assert all(len(line) <= 110 for line in text.splitlines())
    return parse(text)


def test_a_src_layout_with_pytest_and_a_benchmark(tmp_path: Path) -> None:
    virtual_environment(tmp_path, ".venv")
    found = written(
        tmp_path,
        {
            "pyproject.toml": "[project]\nname='shop'\n[tool.pytest.ini_options]\n",
            "src/shop/__init__.py": "",
            "src/shop/core/__init__.py": "",
            "src/shop/core/price.py": "def price(n): return n + 1",
            "tests/test_price.py": PLAIN_TEST,
            "docs/conf.py": "",
            "bench.py": BENCH,
            "uv.lock": "",
        },
    )
    made = configured(found)

    assert found.language == "python"
    assert found.python == made.environment.python == ".venv/bin/python"
    assert made.environment.lock == ("uv.lock",)
    assert made.environment.variables["PYTHONPATH"] == "/candidate/src"
    assert made.evaluate.files.run == ("bench.py",)
    [stage] = made.evaluate.stages
    assert stage.run == ("python", "/eval/bench.py")
    assert (stage.score, stage.repeats, stage.writable) == ("speed", 9, False)
    assert made.evaluate.direction == "maximize"
    [gate] = made.evaluate.gates
    assert gate.command[:3] == ("python", "-m", "pytest")
    assert made.search.editable == ("src/shop/**/*.py",)
    assert any("pytest" in line for line in commands(made))


def test_a_flat_layout_with_unittest_and_no_benchmark_times_its_tests(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        {
            "setup.py": "",
            "shop/__init__.py": "",
            "shop/price.py": "",
            "helper.py": "",
            "tests/test_price.py": UNIT_TEST,
        },
    )
    made = configured(found)

    unit = ("python", "-m", "unittest", "discover", "-s", "tests")
    assert made.evaluate.gates[0].command == unit
    assert made.evaluate.stages[0].run == unit
    assert made.evaluate.stages[0].writable
    assert made.evaluate.files.run == ()
    assert made.environment.python is None
    assert made.environment.variables["PYTHONPATH"] == "/candidate"
    assert set(made.search.editable) == {"shop/**/*.py", "/helper.py"}


def test_several_packages_in_roots_of_their_own(repository: Make) -> None:
    found = repository(
        **{"core/shop/__init__.py": "", "web/site/__init__.py": "", "core/shop/a.py": ""}
    )

    assert found.roots == ("core", "web")
    assert found.editable == ("core/shop/**/*.py", "web/site/**/*.py")
    assert configured(found).environment.variables["PYTHONPATH"] == "/candidate/core:/candidate/web"


def test_packages_without_init_files_are_found(repository: Make) -> None:
    assert repository(**{"src/shop/a.py": ""}).editable == ("src/**/*.py",)


def test_a_loose_script_is_editable_only_at_the_top(repository: Make) -> None:
    found = repository(**{"main.py": "", "sub/deep/main.txt": ""})

    assert found.editable == ("/main.py",)
    assert matches("main.py", found.editable)
    assert not matches("sub/main.py", found.editable)


def test_without_tests_and_benchmark_the_text_says_what_to_write(repository: Make) -> None:
    found = repository(**{"shop.py": "x = 1"})
    made = configured(found)

    assert found.tests is None
    assert made.evaluate.gates == ()
    assert made.evaluate.files.run == ("bench.py",)
    assert "Write bench.py" in render(found)


def test_timed_tests_print_nothing_that_differs_between_runs(repository: Make) -> None:
    made = configured(repository(**{"shop.py": "", "test_shop.py": PLAIN_TEST}))

    assert "-qq" in made.evaluate.stages[0].run


def test_a_benchmark_that_prints_times_is_named_but_not_used(repository: Make) -> None:
    found = repository(**{"shop.py": "", "test_shop.py": PLAIN_TEST, "bench.py": CLOCKED})

    assert found.benchmark is None
    assert found.ignored_benchmarks == ("bench.py",)
    assert "bench.py: seems to print times" in render(found)
    assert matches("bench.py", found.protected)


@pytest.mark.parametrize(
    ("path", "pinned", "inside"),
    [
        ("bench.py", "bench.py", "/eval/bench.py"),
        ("perf_sort.py", "perf_sort.py", "/eval/perf_sort.py"),
        ("shop_bench.py", "shop_bench.py", "/eval/shop_bench.py"),
        ("tools/bench.py", "tools/bench.py", "/eval/bench.py"),
        ("benchmarks/sort.py", "benchmarks", "/eval/benchmarks/sort.py"),
        ("perf/a/bench.py", "perf", "/eval/perf/a/bench.py"),
    ],
)
def test_benchmarks_are_known_by_their_names_and_found_where_they_are_pinned(
    repository: Make, path: str, pinned: str, inside: str
) -> None:
    found = repository(**{"shop.py": "", path: BENCH})
    made = configured(found)

    assert found.benchmark == path
    assert matches(path, found.protected)
    assert made.evaluate.files.run == (pinned,)
    assert made.evaluate.stages[0].run == ("python", inside)


@pytest.mark.parametrize(
    "text", ["def bench_x():\n    pass\n", "import shop\n", "broken(", "\0", "(" * 9000]
)
def test_a_file_that_does_nothing_when_run_is_no_benchmark(repository: Make, text: str) -> None:
    assert repository(**{"shop.py": "", "bench.py": text}).benchmark is None


@pytest.mark.parametrize(
    ("files", "language", "tests"),
    [
        ({"package.json": '{"scripts": {"test": "node --test"}}', "a.js": ""}, "javascript", "npm"),
        ({"Cargo.toml": "", "src/lib.rs": ""}, "rust", "cargo"),
        ({"go.mod": "", "main.go": ""}, "go", "go"),
        ({"Makefile": "all:\n\ntest: all\n\t./t\n", "a.c": ""}, "c", "make"),
        ({"main.tcl": "", "Makefile": "test:\n\ttrue\n"}, "other", "make"),
    ],
)
def test_other_languages(tmp_path: Path, files: dict[str, str], language: str, tests: str) -> None:
    found = written(tmp_path, files)
    made = configured(found)

    assert found.language == language
    assert made.evaluate.gates[0].command[0] == tests
    assert made.evaluate.stages[0].run[:2] == ("sh", "-c")
    source = next(name for name in files if name.endswith((".js", ".rs", ".go", ".c", ".tcl")))
    assert matches(source, made.search.editable)
    assert not matches(source, made.search.protected)
    assert "PYTHONPATH" not in made.environment.variables


@pytest.mark.parametrize(
    "package",
    [
        '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}',
        "{}",
        "[",
        "[" * 9999,
    ],
)
def test_npm_without_tests_has_none(repository: Make, package: str) -> None:
    assert repository(**{"package.json": package, "a.js": ""}).tests is None


def test_whatever_could_forge_a_score_is_protected(repository: Make) -> None:
    protected = repository(**{"shop/__init__.py": "", "tests/test_a.py": PLAIN_TEST}).protected

    for path in (
        "tests/test_a.py",
        "tests/data/x.json",
        "conftest.py",
        "shop/conftest.py",
        "shop/tests/test_b.py",
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "pytest.ini",
        "sitecustomize.py",
        "src/usercustomize.py",
        "evil.pth",
        ".github/workflows/ci.yml",
        "evogit.toml",
        "uv.lock",
    ):
        assert matches(path, protected), path
    assert not matches("shop/price.py", protected)


def test_an_interpreter_that_came_with_the_repository_is_not_used(tmp_path: Path) -> None:
    virtual_environment(tmp_path, ".venv")

    assert detect(tmp_path, ["a.py", ".venv/bin/python"]).python is None
    assert detect(tmp_path, ["a.py"]).python == ".venv/bin/python"


@pytest.mark.parametrize("name", ["venv", "env"])
def test_virtual_environments_of_other_names(tmp_path: Path, name: str) -> None:
    virtual_environment(tmp_path, name)

    assert detect(tmp_path, ["a.py"]).python == f"{name}/bin/python"


def test_links_are_not_followed_out_of_the_repository(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("[tool.pytest.ini_options]")
    inside = tmp_path / "r"
    inside.mkdir()
    (inside / "pyproject.toml").symlink_to(outside)
    (inside / "tests").mkdir()
    (inside / "tests" / "test_a.py").write_text(UNIT_TEST)

    found = detect(inside, ["pyproject.toml", "tests/test_a.py"])
    assert found.tests is not None
    assert "unittest" in found.tests


@settings(max_examples=150)
@given(
    st.lists(
        st.text(max_size=20)
        | st.from_regex(
            r"(src/|tests/|bench/|a\"b/|\[x\]/)?[a-z'\"\\\n]{0,5}(\.py|\.rs|\.js)", fullmatch=True
        ),
        max_size=12,
    )
)
def test_any_file_names_give_text_that_parses(files: list[str]) -> None:
    text = render(detect(Path("/nonexistent"), files))

    assert parse(text).evaluate.stages[0].score == "speed"


def test_tests_and_benchmarks_beside_javascript_code_are_protected(repository: Make) -> None:
    scripts = '{"scripts": {"test": "node ./checks/run-all.js", "bench": "node bench.js"}}'
    found = repository(
        **{
            "package.json": scripts,
            "lib/sum.js": "",
            "test.js": "",
            "bench.js": "",
            "checks/run-all.js": "",
        }
    )
    search = configured(found).search
    guarded = {"test.js", "bench.js", "checks/run-all.js", "package.json"}
    assert all(matches(path, search.protected) for path in guarded)
    assert not matches("lib/sum.js", search.protected)
