"""``run``, ``eval``, ``merge`` and ``demo`` as a person or a script meets them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.core.cli.json_page import differences

Evogit = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def evogit(folder: Path) -> Evogit:
    """Run the command line in a process of its own, with a home of its own and no terminal."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
    }

    def run(
        *arguments: str, cwd: Path | None = None, prefix: tuple[str, ...] = (), **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, sys.executable, "-m", "evogit.cli", *arguments],
            cwd=cwd or folder,
            env=environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    return run


@pytest.fixture
def packing(evogit: Evogit, folder: Path) -> Path:
    done = evogit("init", "--problem", "online-bin-packing", "p")
    assert done.returncode == 0, done.stderr
    return folder / "p"


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_ends_at_its_limit_with_success_and_says_what_it_found(
    evogit: Evogit, packing: Path
) -> None:
    done = evogit("run", "-n", "2", "--max-evaluations", "6", "--seed", "1", cwd=packing)
    assert done.returncode == 0, done.stderr
    assert "6 evaluations" in done.stderr
    assert done.stdout.startswith(("best ", "no separation"))


def test_a_problem_named_to_run_gets_its_folder_and_goes_on_there_the_next_time(
    evogit: Evogit, folder: Path
) -> None:
    arguments = ("run", "heilbronn-triangle", "-n", "1", "--max-evaluations", "4")
    for _ in range(2):
        done = evogit(*arguments)
        assert done.returncode == 0, done.stderr
    log = evogit("log", "--all", "-n", "0", "--jsonl", cwd=folder / "heilbronn-triangle")
    assert len(events(log.stdout)) > 5
    assert evogit("run", "heilbron-triangle").returncode == 3
    (folder / "tsp").mkdir()
    assert evogit("run", "tsp").returncode == 4


def test_events_for_machines_are_one_json_object_a_line(evogit: Evogit, packing: Path) -> None:
    done = evogit("run", "-n", "1", "--max-evaluations", "3", "--seed", "1", "--json", cwd=packing)
    assert done.returncode == 0, done.stderr
    found = events(done.stdout)
    first = ["calibrating", "calibrating", "calibrated", "started"]
    assert [e["event"] for e in found][:4] == first
    judged = [e for e in found if e["event"] == "evaluated"]
    assert len(judged) == 3
    assert all(len(str(e["entry"])) == 40 and e["schema"] == 1 for e in judged)
    assert differences("evogit run", events(done.stdout)) == []


def test_a_missed_target_has_an_exit_code_of_its_own(evogit: Evogit, packing: Path) -> None:
    done = evogit("run", "-n", "1", "--max-evaluations", "2", "--until", "0.02", cwd=packing)
    assert done.returncode == 5
    assert "hint:" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--max-time", "soon"),
        ("run", "--max-evaluations", "0"),
        ("run", "--strategy", "evogti", "--max-evaluations", "1"),
        ("run", "--agent", "genetics", "--max-evaluations", "1"),
        ("init", "--problem", "bin-packing", "q"),
        ("eval", "nobody"),
        ("merge", "base", "nobody"),
        ("init",),
    ],
)
def test_a_mistake_is_one_clear_error_and_never_a_traceback(
    evogit: Evogit, packing: Path, arguments: tuple[str, ...]
) -> None:
    done = evogit(*arguments, cwd=packing)
    assert done.returncode in {2, 3, 4}
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_an_edited_configuration_needs_consent_again_before_it_runs(
    evogit: Evogit, packing: Path
) -> None:
    config = packing / "evogit.toml"
    config.write_text(
        config.read_text().replace('"/eval/bins_run.py"', '"-I", "/eval/bins_run.py"', 1)
    )
    refused = evogit("run", "--max-evaluations", "1", cwd=packing)
    assert refused.returncode == 4
    assert "evogit trust" in refused.stderr
    assert evogit("trust", cwd=packing).returncode == 2
    assert evogit("trust", "--yes", cwd=packing).returncode == 0
    assert evogit("run", "--max-evaluations", "1", "-n", "1", cwd=packing).returncode == 0


def test_one_interrupt_finishes_the_step_and_the_next_run_goes_on(
    evogit: Evogit, packing: Path, folder: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder / "home")}
    command = [sys.executable, "-m", "evogit.cli", "run", "-n", "2", "--json"]
    with subprocess.Popen(
        command, cwd=packing, env=environment, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if json.loads(line)["event"] == "evaluated":
                run.send_signal(signal.SIGINT)
                break
        rest = run.stdout.read()
        assert run.wait(60) == 130
    assert "stopped" in [event.get("event") for event in events(rest)]
    again = evogit("run", "-n", "2", "--max-evaluations", "2", cwd=packing)
    assert again.returncode == 0, again.stderr


def test_a_verdict_that_was_known_is_not_told_as_if_it_were_new(
    evogit: Evogit, packing: Path
) -> None:
    first = evogit("eval", "base", "--json", cwd=packing)
    assert differences("evogit eval", [json.loads(first.stdout)]) == []
    assert first.returncode == 0, first.stderr
    again = evogit("eval", "base", "--json", cwd=packing)
    assert json.loads(first.stdout)["known"] is False
    assert json.loads(again.stdout) == json.loads(first.stdout) | {"known": True}
    assert "judged before: 20" in evogit("eval", "base", cwd=packing).stdout


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare(1)")
def test_where_no_sandbox_can_start_it_says_why_and_what_helps(
    evogit: Evogit, packing: Path
) -> None:
    closed = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    prefix = ("unshare", "-Ur", "sh", "-c", closed, "sh")
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("user namespaces can not be made here")
    for arguments in (
        ("doctor",),
        ("run", "--max-evaluations", "1"),
        ("demo", "x", "--time", "1s"),
    ):
        done = evogit(*arguments, cwd=packing, prefix=prefix)
        assert done.returncode == 6, (arguments, done.stderr)
        assert "bubblewrap" in done.stdout + done.stderr
    done = evogit("run", "--max-evaluations", "1", cwd=packing, prefix=prefix)
    assert "--unsafe-no-sandbox" in done.stderr


@pytest.mark.slow
def test_the_demo_ends_with_a_table_on_training_and_held_out_instances(evogit: Evogit) -> None:
    done = evogit("demo", "d", "--time", "4s", "-n", "2", "--json")
    assert done.returncode == 0, done.stderr
    rows = events(done.stdout)[-3:]
    assert [row["program"] for row in rows] == ["seed (best fit)", "best-of-n", "evogit"]
    assert all(0.02 < row["held_out"] < 0.06 for row in rows)
