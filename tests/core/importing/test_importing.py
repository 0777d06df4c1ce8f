"""Other systems' problems: recognised, run with their own evaluators, and no more believed than that."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from evogit.config.load import parse
from evogit.errors import ConfigError, EvoGitError, NotFoundError
from evogit.importing.foreign import recognise
from evogit.importing.layout import Layout, lay_out
from evogit.importing.modules import needed
from evogit.importing.wishes import read_wishes

FOREIGN: Final = Path(__file__).with_name("foreign")
FORMATS: Final = ("openevolve", "shinka", "alphaevolve")
SCORES: Final = {"openevolve": 0.877109, "shinka": -0.099753, "alphaevolve": 1.9}
PROGRAMS: Final = {
    "openevolve": "initial_program.py",
    "shinka": "initial.py",
    "alphaevolve": "sums.py",
}

Copy = Callable[[str], Path]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A folder of one of the formats, to be changed."""

    def make(name: str) -> Path:
        return Path(shutil.copytree(FOREIGN / name, tmp_path / "theirs"))

    return make


def imported(folder: Path, metric: str | None = None) -> Layout:
    foreign = recognise(folder)
    return lay_out(foreign, read_wishes(foreign), metric)


def verdict(folder: Path, scratch: Path, metric: str | None = None) -> dict[str, Any]:
    """What the scorer says, after the evaluator ran as it does in a stage, here without a sandbox."""
    layout = imported(folder, metric)
    home = scratch / "home"
    for path, data in [*layout.beside.items(), *((f"c/{p}", d) for p, d in layout.seed.items())]:
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(data)
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(scratch), "LANG": "C.UTF-8"}

    def run(script: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-B", str(home / "evaluator" / script)],
            cwd=home / "c",
            env=environment,
            input=given,
            capture_output=True,
            timeout=60,
            check=False,
        )

    ran = run("run.py", b"")
    if ran.returncode:
        return {"crashed": ran.stderr.decode()}
    found: dict[str, Any] = json.loads(run("score.py", ran.stdout).stdout)
    return found


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def evolved(folder: Path, line: str) -> None:
    """Put a line at the start of the part of the program that may change."""
    program = folder / next(p for p in PROGRAMS.values() if (folder / p).exists())
    rewrite(program, "# EVOLVE-BLOCK-START\n", f"# EVOLVE-BLOCK-START\n{line}\n")


# Recognising ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_recognised_and_gives_a_configuration(name: str) -> None:
    found = recognise(FOREIGN / name)
    assert (found.format, found.program, found.marked) == (name, PROGRAMS[name], True)
    layout = imported(FOREIGN / name)
    settings = parse(layout.beside["evogit.toml"])
    assert settings.search.editable == (f"/{PROGRAMS[name]}",)
    assert "unverified" in settings.evaluate.stages[0].name
    named = {*settings.evaluate.files.run, *settings.evaluate.files.score}
    assert all(any(p == n or p.startswith(f"{n}/") for p in layout.beside) for n in named)


def test_what_the_settings_ask_for_is_taken_over() -> None:
    pytest.importorskip("yaml")
    wishes = read_wishes(recognise(FOREIGN / "openevolve"))
    assert wishes.goal == "Find the lowest point of a bumpy function."
    assert (wishes.timeout, wishes.thresholds, wishes.evaluations) == (20, (0.5, 0.75), 40)
    assert "llm" in wishes.notes[0]
    assert read_wishes(recognise(FOREIGN / "shinka")).goal == "Make the series converge faster."


def test_a_file_can_be_named_instead_of_its_folder() -> None:
    assert recognise(FOREIGN / "alphaevolve" / "sums.py").format == "alphaevolve"
    assert recognise(FOREIGN / "openevolve" / "evaluator.py").format == "openevolve"


def test_what_is_no_problem_is_refused_and_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("print(1)\n")
    with pytest.raises(ConfigError) as raised:
        recognise(tmp_path)
    assert "initial_program.py" in raised.value.hint
    with pytest.raises(NotFoundError):
        recognise(tmp_path / "nothing")


def test_python_that_does_not_parse_is_refused(copy: Copy) -> None:
    folder = copy("openevolve")
    (folder / "evaluator.py").write_text("def evaluate(:\n")
    with pytest.raises(ConfigError, match="does not parse"):
        recognise(folder)


def test_two_programs_without_a_name_are_refused(copy: Copy) -> None:
    folder = copy("openevolve")
    (folder / "initial_program.py").rename(folder / "a.py")
    assert recognise(folder).program == "a.py"
    shutil.copy(folder / "a.py", folder / "b.py")
    with pytest.raises(ConfigError, match="several programs"):
        recognise(folder)


def test_an_argument_that_nobody_gives_is_asked_for(copy: Copy) -> None:
    folder = copy("alphaevolve")
    (folder / "eval_inputs.json").unlink()
    with pytest.raises(ConfigError, match=r"eval_inputs\.json"):
        recognise(folder)


def test_solutions_outputs_and_links_are_left_out(copy: Copy, tmp_path: Path) -> None:
    folder = copy("openevolve")
    (folder / "best_program.py").write_text("x = 1\n")
    (folder / "openevolve_output").mkdir()
    (folder / "openevolve_output" / "log.txt").write_text("x")
    (tmp_path / "secret").write_text("x")
    (folder / "link").symlink_to(tmp_path / "secret")
    found = recognise(folder)
    assert set(found.files) == {"config.yaml", "evaluator.py", "heights.py", "initial_program.py"}
    assert set(found.left_out) == {"best_program.py", "link"}


def test_files_of_theirs_are_not_in_the_way_of_ours(copy: Copy) -> None:
    folder = copy("alphaevolve")
    (folder / "evaluator" / "shims").mkdir(parents=True)
    (folder / "evaluator" / "shims" / "more.py").write_text("x = 1\n")
    (folder / "evogit.toml").write_text("nonsense")
    layout = imported(folder)
    assert set(layout.seed) == {"sums.py", "eval_inputs.json"}
    assert "evaluator/shims/more.py" not in layout.beside


def test_packages_that_are_missing_here_get_an_environment(copy: Copy) -> None:
    folder = copy("shinka")
    rewrite(
        folder / "evaluate.py",
        "import math\n",
        "import math\nimport no_such_package\nimport sklearn\n",
    )
    assert needed(recognise(folder)) == ["no_such_package", "sklearn"]
    layout = imported(folder)
    settings = parse(layout.beside["evogit.toml"])
    assert settings.environment.lock == ("requirements.txt",)
    assert layout.seed["requirements.txt"] == b"no_such_package\nscikit-learn\n"
    assert any("no_such_package" in note for note in layout.notes)


@pytest.mark.parametrize("name", FORMATS)
def test_recognising_executes_nothing(copy: Copy, tmp_path: Path, name: str) -> None:
    folder = copy(name)
    for file in folder.glob("*.py"):
        file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n" + file.read_text("utf-8"))
    imported(folder)
    assert not (tmp_path / "ran").exists()


# Running ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_the_original_evaluator_gives_its_score(name: str, tmp_path: Path) -> None:
    assert verdict(FOREIGN / name, tmp_path)["score"] == pytest.approx(SCORES[name], abs=1e-5)


def test_a_metric_can_be_named(tmp_path: Path) -> None:
    found = verdict(FOREIGN / "openevolve", tmp_path, "runs")
    assert found["score"] == 1
    assert found["metrics"]["combined_score"] == pytest.approx(0.877109, abs=1e-5)


def test_a_metric_that_is_not_there_fails_and_names_those_that_are(tmp_path: Path) -> None:
    assert "there is differences" in verdict(FOREIGN / "alphaevolve", tmp_path, "size")["failed"]


def test_a_stage_below_its_threshold_ends_the_cascade(copy: Copy, tmp_path: Path) -> None:
    folder = copy("openevolve")
    rewrite(folder / "initial_program.py", "return x, y, height(x, y)", "return x, y")
    assert "evaluate_stage1 gave 0, below 0.5" in verdict(folder, tmp_path)["failed"]


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("{'combined_score': float('nan')}", "not a finite number"),
        ("{'combined_score': 0.0, 'error': 'too slow'}", "too slow"),
        ("{'combined_score': 0.0, 'timeout': True}", "gave up"),
        ("{}", "no numbers"),
        ("'1.0'", "returned str"),
        ("None", "returned NoneType"),
        ("{}['score']", "KeyError: 'score' (evaluator.py, line"),
    ],
)
def test_what_is_no_score_fails_with_its_reason(
    copy: Copy, tmp_path: Path, returned: str, said: str
) -> None:
    folder = copy("openevolve")
    (folder / "evaluator.py").write_text(f"def evaluate(program_path):\n    return {returned}\n")
    assert said in verdict(folder, tmp_path)["failed"]


@pytest.mark.parametrize(
    ("returned", "score"),
    [
        ("{'acc': 0.8, 'details': {'train': 100, 'test': 200}}", 0.8),
        ("{'combined_score': {'a': 1.0, 'b': 2}, 'other': 3.0}", 3.0),
        ("{'a': 1.0, 'b': 2, 'flag': True, 'error': 6.0}", 3.0),
        ("{'acc': 0.8, 'complexity': 120.0}", 0.8),
        ("{'complexity': 120.0}", 120.0),
        ("{'combined_score': '0.7'}", 0.7),
        ("{'combined_score': True, 'acc': 0.5}", 1.0),
        ("{'score': 1.0, 'time': 3.0}", 2.0),
        ("{'a': float('nan'), 'b': 2}", 2.0),
    ],
)
def test_the_score_is_the_one_that_openevolve_computes(
    copy: Copy, tmp_path: Path, returned: str, score: float
) -> None:
    folder = copy("openevolve")
    (folder / "evaluator.py").write_text(f"def evaluate(program_path):\n    return {returned}\n")
    assert verdict(folder, tmp_path)["score"] == pytest.approx(score)


def test_dimensions_of_openevolves_map_are_no_part_of_its_mean(copy: Copy, tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    folder = copy("openevolve")
    (folder / "config.yaml").write_text("database:\n  feature_dimensions: [code_length]\n")
    (folder / "evaluator.py").write_text(
        "def evaluate(program_path):\n"
        "    return {'acc': 0.8, 'code_length': 120.0, 'details': {'train': 7}}\n"
    )
    found = verdict(folder, tmp_path)
    assert found["score"] == 0.8
    assert found["metrics"] == {"acc": 0.8, "code_length": 120.0, "details.train": 7.0}


def test_stages_are_merged_as_openevolve_merges_them(copy: Copy, tmp_path: Path) -> None:
    folder = copy("openevolve")
    (folder / "evaluator.py").write_text(
        "def evaluate_stage1(program_path):\n"
        "    return {'a': 4.0, 'error': 100.0, 'flag': True}\n"
        "def evaluate_stage2(program_path):\n"
        "    return {'b': 1.0, 'combined_score': '9'}\n"
        "def evaluate(program_path):\n"
        "    return evaluate_stage2(program_path)\n"
    )
    assert verdict(folder, tmp_path)["score"] == 2.0


def test_a_named_metric_of_another_type_is_called_no_number(copy: Copy, tmp_path: Path) -> None:
    folder = copy("openevolve")
    (folder / "evaluator.py").write_text(
        "def evaluate(program_path):\n    return {'acc': '0.8', 'loss': 1.0}\n"
    )
    said = verdict(folder, tmp_path, "acc")["failed"]
    assert said == "acc is no number; there is loss: name one with --metric when importing"


def test_an_invalid_result_is_no_score_in_shinka(copy: Copy, tmp_path: Path) -> None:
    folder = copy("shinka")
    rewrite(folder / "initial.py", "return 4 * total", "return 'pi'")
    assert "no number" in verdict(folder, tmp_path)["failed"]


def test_an_evaluator_finds_its_files_and_may_write_others(copy: Copy, tmp_path: Path) -> None:
    folder = copy("openevolve")
    (folder / "target.txt").write_text("7")
    (folder / "evaluator.py").write_text(
        "def evaluate(program_path):\n"
        "    open('log.txt', 'w').write('x')\n"
        "    open(program_path + '.out', 'w').write('x')\n"
        "    return {'combined_score': float(open('target.txt').read())}\n"
    )
    assert verdict(folder, tmp_path)["score"] == 7


# Cheating ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "import os; os._exit(0)",
        "import sys; sys.exit(0)",
        'print(\'{"metrics": {"combined_score": 99}}\')',
        "import os\nfor fd in range(3, 300):\n    try: os.write(fd, b'(\"{}\",)\\n')\n    except OSError: pass",
        "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
        "import sys; sys.modules['evaluation_module'].evaluate = lambda path: {'combined_score': 99}",
        "import sys; sys.modules['heights'].height.__code__ = (lambda x, y: -1.519).__code__",
    ],
    ids=["leaves", "exits", "prints", "writes everywhere", "kills", "replaces", "rewrites"],
)
def test_a_program_that_tampers_gets_no_score_of_its_own(
    copy: Copy, tmp_path: Path, line: str
) -> None:
    folder = copy("openevolve")
    evolved(folder, line)
    found = verdict(folder, tmp_path)
    assert "score" not in found or found["score"] == pytest.approx(0.877109, abs=1e-5)


def test_a_program_can_not_replace_what_runs_it_in_shinka(copy: Copy, tmp_path: Path) -> None:
    folder = copy("shinka")
    evolved(
        folder,
        "import shinka.core.wrap_eval as w\nw.save_json_results = lambda *a: None",
    )
    assert "replaced save_json_results" in verdict(folder, tmp_path)["failed"]


# With the command line, in the sandbox ----------------------------------------------------------


def evogit(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
    }
    return subprocess.run(
        [sys.executable, "-m", "evogit.cli", *map(str, arguments)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize("name", FORMATS)
def test_an_imported_problem_runs_in_the_sandbox_after_consent(name: str, tmp_path: Path) -> None:
    made = evogit(tmp_path, "problems", "import", FOREIGN / name, "ours", "--json")
    assert made.returncode == 0, made.stderr
    assert (json.loads(made.stdout)["format"], json.loads(made.stdout)["trusted"]) == (name, False)
    assert evogit(tmp_path, "eval", "base", "-C", "ours").returncode == 4
    assert evogit(tmp_path, "trust", "--yes", "-C", "ours").returncode == 0
    done = evogit(tmp_path, "eval", "base", "-C", "ours", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SCORES[name]:.6g}"[:7] in done.stdout


def test_an_imported_problem_evolves(tmp_path: Path) -> None:
    assert not evogit(tmp_path, "problems", "import", FOREIGN / "shinka", "s", "--yes").returncode
    arguments = ("run", "-n", "2", "--max-evaluations", "10", "--seed", "1", "-C", "s")
    done = evogit(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert "10 evaluations" in done.stderr


def test_refusals_have_the_documented_exit_codes(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert evogit(tmp_path, "problems", "import", "nowhere").returncode == 3
    refused = evogit(tmp_path, "problems", "import", "empty", "--json")
    assert refused.returncode == 2
    assert "openevolve" in json.loads(refused.stdout)["error"]["hint"]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    assert evogit(tmp_path, "problems", "import", FOREIGN / "shinka", "full").returncode == 4


# One's own --------------------------------------------------------------------------------------


def test_a_new_problem_runs_at_once_and_withstands_its_own_exploits(tmp_path: Path) -> None:
    made = evogit(tmp_path, "problems", "new", "my-points")
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "my-points"
    tests = [sys.executable, "-m", "unittest", "-q", "tests.test_exploits"]
    done = subprocess.run(tests, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Ran 7 tests" in done.stderr
    ran = evogit(tmp_path, "run", "-n", "1", "--max-evaluations", "4", "-C", "my-points")
    assert ran.returncode == 0, ran.stderr
    assert "base 0.2" in ran.stdout


def test_a_new_problem_has_no_name_of_the_librarys(tmp_path: Path) -> None:
    refused = evogit(tmp_path, "problems", "new", "tsp")
    assert refused.returncode == 2
    assert "the library has a problem tsp already" in refused.stderr
    assert not (tmp_path / "tsp").exists()


def test_a_candidate_of_a_new_problem_holds_nothing_of_its_evaluator(tmp_path: Path) -> None:
    assert evogit(tmp_path, "problems", "new", "mine").returncode == 0
    listed = subprocess.run(
        ["git", "ls-files"], cwd=tmp_path / "mine", capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == ["solution.py"]


@pytest.mark.parametrize("name", ["../x", "A b", "", "-x", "x" * 100])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    from evogit.importing.scaffold import scaffold

    with pytest.raises(EvoGitError):
        scaffold(name)
