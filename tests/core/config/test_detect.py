"""Detection on small repositories, and the evogit.toml written for them."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evogit.config.detect import Detected, commands, detect, doubts, render
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


def test_files_that_hold_the_tests_of_a_rust_crate_are_protected(tmp_path: Path) -> None:
    declared = "pub fn a() {}\n\n#[cfg(test)]\nmod checks;\nmod code;\n"
    files = {
        "Cargo.toml": "",
        "src/lib.rs": declared,
        "src/checks.rs": "",
        "src/code.rs": declared,
        "src/code/checks/mod.rs": "",
        "src/code/tests.rs": "",
        "src/code/tests/deep.rs": "",
        "src/test_util.rs": "",
        "src/code_tests.rs": "",
    }
    written_there = written(tmp_path, files)
    search = configured(written_there).search
    code = {"src/lib.rs", "src/code.rs"}
    assert {path for path in files if not matches(path, search.protected)} == code
    assert "Nor tests inside source files" in render(written_there)


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


def package(**parts: object) -> str:
    return json.dumps({"scripts": {"test": "node --test", "bench": "node bench.js"}, **parts})


NODE_TEST = "const { test } = require('node:test');\nrequire('LIB');\ntest('one', () => {});\n"
needs_node = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


def timed_output(root: Path, found: Detected, **variables: str) -> str:
    """What the command that is timed prints for the files in ``root``."""
    [stage] = configured(found).evaluate.stages
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), **variables}
    done = subprocess.run(
        stage.run, cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@needs_node
def test_tests_of_node_that_never_ran_are_missing_in_what_is_timed(tmp_path: Path) -> None:
    files = {
        "package.json": package(),
        "lib.js": "module.exports = 1;\n",
        "a.test.js": NODE_TEST.replace("LIB", "./lib.js"),
    }
    found = written(tmp_path, files)
    honest = timed_output(tmp_path, found)
    (tmp_path / "lib.js").write_text("module.exports = 2;\n")

    assert honest == timed_output(tmp_path, found) == "ok 1 - one\n"
    (tmp_path / "lib.js").write_text("process.exit(0);\n")
    assert timed_output(tmp_path, found) != honest
    assert "compared" in " ".join(render(found).split())
    assert not any("exit status" in doubt for doubt in doubts(found))


@needs_node
def test_what_package_json_asks_for_is_installed_once_and_found_by_imports(tmp_path: Path) -> None:
    found = written(
        tmp_path / "project",
        {
            "package.json": package(dependencies={"left": "1"}),
            "package-lock.json": "{}",
            "a.test.mjs": "import left from 'left';\nimport { test } from 'node:test';\n"
            "test('left ' + left, () => {});\n",
        },
    )
    made = configured(found)
    modules = tmp_path / "installed" / "node_modules"
    (modules / "left").mkdir(parents=True)
    (modules / "left" / "index.js").write_text("module.exports = 'is here';\n")

    assert made.environment.setup is not None
    assert "npm ci" in made.environment.setup[2]
    assert set(made.environment.lock) == {"package.json", "package-lock.json"}
    assert made.environment.variables == {"NODE_PATH": "{target}/node_modules"}
    assert made.evaluate.gates[0].command[2].endswith("&& npm test --silent")
    output = timed_output(tmp_path / "project", found, NODE_PATH=str(modules))
    assert output == "ok 1 - left is here\n"
    assert any("npm ci" in doubt for doubt in doubts(found))


def test_packages_without_a_lock_file_are_spoken_of_and_committed_ones_are_not(
    repository: Make,
) -> None:
    asked = {"package.json": package(devDependencies={"left": "1"}), "a.js": ""}
    assert any("commit a package-lock.json" in doubt for doubt in doubts(repository(**asked)))
    assert configured(repository(**asked)).environment.setup is None
    committed = repository(**asked, **{"node_modules/left/index.js": ""})
    assert committed.packages == "there"
    assert not any("package" in doubt for doubt in doubts(committed))


@pytest.mark.parametrize(
    ("files", "bench"),
    [
        ({"package.json": package(), "a.js": ""}, "npm run --silent bench"),
        ({"Makefile": "test:\n\t./t\nbench: t\n\t./b\n", "a.c": ""}, "make bench"),
    ],
)
def test_a_benchmark_that_may_print_times_is_named_with_how_to_time_it(
    tmp_path: Path, files: dict[str, str], bench: str
) -> None:
    found = written(tmp_path, files)

    assert any(f"found the benchmark `{bench}`" in doubt for doubt in doubts(found))
    assert f'# run = ["sh", "-c", "{bench} >/dev/null"]' in render(found).splitlines()
    assert "test" in configured(found).evaluate.stages[0].run[2]


def test_it_is_said_where_only_an_exit_status_is_believed(repository: Make) -> None:
    made = repository(**{"Makefile": "test:\n\t./t\n", "a.c": ""})
    assert any("only the exit status of `make test`" in doubt for doubt in doubts(made))
    assert "Only the exit status is believed here" in render(made)
    watched = repository(**{"shop.py": "", "test_shop.py": PLAIN_TEST})
    assert not any("exit status" in doubt for doubt in doubts(watched))
