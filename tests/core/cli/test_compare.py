"""``compare`` as a process: it runs, is killed, goes on, and reads everything back from git."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.core.cli.json_page import differences

from evogit.compare.cell import CHOSEN
from evogit.git.repository import GitRepository
from evogit.ids import JOURNALS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ARGUMENTS = ("symbolic-regression", "--strategies", "evogit", "-n", "1", "--evaluations", "8")
_STEPS = 7
"""Entries of a journal once a worker has started, judged the base and made a step or two."""
ARMS = ("evogit", "best-of-n", "sequential")
Compare = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="module")
def compare(home: Path) -> Iterator[Compare]:
    """Start ``evogit compare`` with a home of its own; what still runs at the end is killed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home / "home"), "LANG": "C.UTF-8"}
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "evogit.cli", "compare", *arguments],
            cwd=home,
            env=environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            kill_all(process)
        process.communicate()


def kill_all(process: subprocess.Popen[str]) -> None:
    """SIGKILL for it and all it started, at once, as an out-of-memory killer or a power cut would."""
    victims = [psutil.Process(process.pid)]
    victims += victims[0].children(recursive=True)
    for victim in victims:
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait(60)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def swarms(folder: Path) -> dict[str, GitRepository]:
    """Each run's swarm by "arm seed"."""
    return {
        f"{path.parent.parent.name} {path.parent.name}": GitRepository(path)
        for path in sorted((folder / "cells").glob("*/*/*/swarm.git"))
    }


def chosen(folder: Path) -> dict[str, str | None]:
    return {name: git.ref(CHOSEN) for name, git in swarms(folder).items()}


def journals(folder: Path) -> dict[str, dict[str, str]]:
    """The tips of the journals of finished runs."""
    return {
        name: dict(git.refs_under("refs/evogit/journal/"))
        for name, git in swarms(folder).items()
        if git.ref(CHOSEN) is not None
    }


def wait_until(what: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 200
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def undisturbed(home: Path, compare: Compare) -> Path:
    """A comparison of three arms with two seeds that nobody interrupted."""
    status, _, err = ended(compare(*ARGUMENTS, "--seeds", "2", "--out", "quiet", "-j", "2"))
    assert status == 0, err
    return home / "quiet"


def results(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())


def test_every_arm_runs_every_seed_with_the_same_number_of_evaluations(undisturbed: Path) -> None:
    data = results(undisturbed)
    assert {(run["arm"], run["seed"]) for run in data["runs"]} == {
        (arm, seed) for arm in ARMS for seed in (1, 2)
    }
    assert {run["evaluations"] for run in data["runs"]} == {8}
    assert (data["cells"], data["finished"]) == (6, 6)


def test_the_chosen_individual_and_the_base_are_judged_on_the_holdout(undisturbed: Path) -> None:
    for run in results(undisturbed)["runs"]:
        assert run["holdout"]
        assert run["chosen"]["held_out"] is not None
        assert run["base"]["held_out"] is not None
    assert "hold-out, lower is better" in (undisturbed / "table.md").read_text()


def test_the_page_names_the_pictures_and_says_that_two_seeds_can_show_nothing(
    undisturbed: Path,
) -> None:
    page = (undisturbed / "table.md").read_text()
    assert "symbolic-regression.svg" in page
    assert (undisturbed / "symbolic-regression.svg").read_text().startswith("<svg")
    assert "nothing can be separated" in page
    verdicts = {row["verdict"] for row in results(undisturbed)["rows"]}
    assert verdicts == {"reference", "not separated"}


def test_a_finished_comparison_is_only_read_again_and_from_git_alone(
    undisturbed: Path, compare: Compare
) -> None:
    before, known = journals(undisturbed), results(undisturbed)
    (undisturbed / "results.json").unlink()
    again = compare(*ARGUMENTS, "--seeds", "2", "--out", "quiet", "--json")
    status, out, err = ended(again)
    assert status == 0, err
    assert journals(undisturbed) == before
    assert results(undisturbed) == known
    assert [row["arm"] for row in json.loads(out)["rows"]] == list(ARMS)


def test_other_settings_in_the_same_folder_are_refused(undisturbed: Path, compare: Compare) -> None:
    before = journals(undisturbed)
    changed = [*ARGUMENTS[:-1], "9", "--seeds", "2", "--out", "quiet"]
    status, _, err = ended(compare(*changed))
    assert status == 4
    assert '{"symbolic-regression": 8} there' in err
    assert journals(undisturbed) == before


def test_what_is_finished_so_far_is_shown_without_running_or_writing_anything(
    undisturbed: Path, home: Path, compare: Compare
) -> None:
    folder = home / "half"
    shutil.copytree(undisturbed, folder)
    shutil.rmtree(folder / "cells" / "symbolic-regression" / "evogit" / "2")
    (folder / "results.json").unlink()
    arguments = (*ARGUMENTS, "--seeds", "2", "--so-far")
    status, out, err = ended(compare(*arguments, "--out", "half"))
    assert status == 0, err
    assert "unfinished" in out
    assert "5 of 6 runs are finished" in err
    assert not (folder / "results.json").exists()
    assert len(journals(folder)) == 5
    status, _, err = ended(compare(*arguments, "--out", "nowhere"))
    assert status == 4
    assert "nowhere holds no comparison" in err
    assert not (home / "nowhere").exists()


def test_another_reference_afterwards_is_told_as_exploratory(
    undisturbed: Path, home: Path, compare: Compare
) -> None:
    folder = home / "afterwards"
    shutil.copytree(undisturbed, folder)
    arguments = (*ARGUMENTS, "--seeds", "2", "--out", "afterwards", "--against", "best-of-n")
    status, _, err = ended(compare(*arguments))
    assert status == 0, err
    told = "exploratory: this comparison began against evogit, best-of-n was chosen afterwards"
    assert told in err
    assert told in (folder / "table.md").read_text()
    assert (results(folder)["against"], results(folder)["begun_against"]) == ("best-of-n", "evogit")


def test_killed_in_the_middle_it_goes_on_and_finds_what_an_undisturbed_one_found(
    undisturbed: Path, home: Path, compare: Compare
) -> None:
    folder, arguments = home / "killed", (*ARGUMENTS, "--seeds", "2", "--out", "killed")
    victim = compare(*arguments)
    wait_until(lambda: len(journals(folder)) >= 1 and begun(folder) >= 1, victim)
    kill_all(victim)
    done = journals(folder)
    status, _, err = ended(compare(*arguments, "-j", "2"))
    assert status == 0, err
    assert journals(folder).items() >= done.items()
    assert f"{len(done) + 1} of 6" in err
    assert "1 of 6" not in err
    assert {run["evaluations"] for run in results(folder)["runs"]} == {8}
    assert chosen(folder) == chosen(undisturbed)


def begun(folder: Path) -> int:
    """How many runs are in the middle: some steps are in the journal, and not the last."""
    journals = [git for git in swarms(folder).values() if git.ref(CHOSEN) is None]
    tips = [(git, git.ref(JOURNALS + "w1")) for git in journals]
    return sum(tip is not None and len(list(git.handle.walk(tip))) > _STEPS for git, tip in tips)


def test_a_run_does_not_outlive_the_comparison_that_started_it(
    home: Path, compare: Compare
) -> None:
    process = compare(*ARGUMENTS, "--seeds", "2", "--out", "orphans")
    wait_until(lambda: begun(home / "orphans") >= 1, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    gone, alive = psutil.wait_procs(children, timeout=120)
    assert gone
    assert not alive


def test_ctrl_c_ends_it_with_130_its_children_too_and_it_says_how_to_go_on(
    home: Path, compare: Compare
) -> None:
    process = compare(*ARGUMENTS, "--seeds", "2", "--out", "interrupted")
    wait_until(lambda: begun(home / "interrupted") >= 1, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    status, _, err = ended(process)
    assert status == 130
    assert "the same command goes on" in err
    assert not (home / "interrupted" / "results.json").exists()
    done = len(journals(home / "interrupted"))
    more = ("--seeds", "2", "--out", "interrupted", "--so-far", "--json")
    status, out, err = ended(compare(*ARGUMENTS, *more))
    assert (status, json.loads(out)["finished"]) == (0, done), err
    assert f"{done} of 6 runs are finished" in err
    assert not (home / "interrupted" / "results.json").exists()
    assert not [child for child in children if child.is_running()]


def test_a_folder_with_a_swarm_is_a_problem_too_and_stays_as_it_is(
    home: Path, compare: Compare
) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home / "home")}
    subprocess.run(
        [sys.executable, "-m", "evogit.cli", "init", "--problem", "sorting-network", "own"],
        cwd=home,
        env=environment,
        check=True,
    )
    before = GitRepository(home / "own/.git/evogit/swarm.git").refs_under("refs/")
    status, _, err = ended(
        compare("./own", *ARGUMENTS[1:-1], "3", "--seed-list", "7", "--out", "of-own", "-q")
    )
    assert status == 0, err
    assert {run["problem"] for run in results(home / "of-own")["runs"]} == {"own"}
    assert {run["seed"] for run in results(home / "of-own")["runs"]} == {7}
    assert GitRepository(home / "own/.git/evogit/swarm.git").refs_under("refs/") == before
    assert "no hold-out" in (home / "of-own" / "table.md").read_text()


def test_options_of_a_folder_are_used_by_its_strategy_and_shown_and_arms_may_have_names(
    home: Path, compare: Compare
) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home / "home")}
    subprocess.run(
        [sys.executable, "-m", "evogit.cli", "init", "--problem", "sorting-network", "mine"],
        cwd=home,
        env=environment,
        check=True,
    )
    settings = home / "mine" / "evogit.toml"
    settings.write_text(settings.read_text() + "\n[search.options]\nmerge_every = 2\n")
    named = ("--arm", "front=pareto+objectives=+score,-seconds")
    more = ("--evaluations", "1", "--seeds", "1", "-n", "1", "--out", "of-mine")
    status, _, err = ended(compare("./mine", "--strategies", "evogit", *named, *more))
    assert status == 0, err
    assert "its options for evogit (merge_every = 2) are used by evogit; other arms" in err
    options = {run["arm"]: run["options"] for run in results(home / "of-mine")["runs"]}
    assert options["evogit"] == {"merge_every": 2}
    assert options["front"] == {"objectives": "+score,-seconds"}
    assert options["best-of-n"] == {}
    assert "evogit with merge_every = 2" in (home / "of-mine" / "table.md").read_text()
    same = ("--strategies", "evogit,evogit+merge_every=2", "--out", "twice")
    status, _, err = ended(compare("./mine", *same))
    assert status == 2
    assert "evogit and evogit+merge_every=2 share runs" in err


def test_runs_that_fail_are_told_in_one_line_and_in_the_one_json_object(
    home: Path, compare: Compare, undisturbed: Path
) -> None:
    shutil.copytree(undisturbed, home / "broken")
    run = home / "broken" / "cells" / "symbolic-regression" / "evogit" / "1"
    shutil.rmtree(run)
    (run / "lock").mkdir(parents=True)
    arguments = (*ARGUMENTS, "--seeds", "2", "--out", "broken")
    status, out, err = ended(compare(*arguments, "--json"))
    data = json.loads(out)
    assert differences("evogit compare", [data]) == []
    assert (status, data["finished"], data["cells"]) == (1, 5, 6), err
    (failed,) = data["failed"]
    assert (failed["arm"], failed["seed"]) == ("evogit", 1)
    assert "IsADirectoryError" in failed["why"]
    assert "Traceback" not in err
    assert f"evogit seed 1 failed: {failed['why']}" in err
    status, _, err = ended(compare(*arguments, "--debug"))
    assert status == 1
    assert "Traceback" in err
    assert "error: 1 run failed\n" in err


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("tspp",), 3, "did you mean 'tsp'"),
        (("tsp", "--strategies", "evogitt"), 3, "did you mean 'evogit'"),
        (("tsp", "--against", "islands", "--strategies", "evogit"), 2, "called 'islands'"),
        (("tsp", "--seed-list", "1,x"), 2, "--seed-list"),
        (("tsp", "--seed-list", "3,03,003"), 2, "--seed-list"),
        (("tsp", "--strategies", "evogit,evogit@1"), 2, "evogit and evogit@1 share runs"),
        (
            ("tsp", "--strategies", "map-elites+measures=size,branches"),
            2,
            "write --arm 'map-elites+measures=size,branches'",
        ),
        (("tsp", "--strategies", "evogit", "--arm", "evogit=islands"), 2, "two arms are called"),
        (("tsp", "--target", "tsp=fast"), 2, "--target"),
        (("tsp", "--target", "tsp=nan"), 2, "--target"),
        (("tsp", "tsp"), 2, "twice"),
        (("tsp", "--agent", "genetics"), 3, "did you mean 'genetic'"),
        (("tsp", "--evaluations", "0"), 2, "--evaluations"),
        (("tsp", "--evaluations", "tps=5"), 2, "called 'tps'"),
    ],
)
def test_what_is_typed_wrongly_is_said_before_anything_runs(
    compare: Compare, home: Path, arguments: tuple[str, ...], status: int, told: str
) -> None:
    found, _, err = ended(compare(*arguments, "--out", "never"))
    assert (found, told in err) == (status, True), err
    assert not (home / "never").exists()
