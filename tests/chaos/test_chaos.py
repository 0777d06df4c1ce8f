"""Short versions of the scripts beside this file; the long ones run by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def _script(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HERE / name), *options], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("ahead", ["0", "2"])
def test_workers_killed_at_any_step_lose_nothing_and_judge_nothing_twice(ahead: str) -> None:
    options = ("--workers", "3", "--kills", "14", "--evaluations", "60", "--ahead", ahead)
    done = _script("kill_workers.py", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] >= 14
    assert found["acknowledged"] >= 60


@pytest.mark.slow
def test_every_job_that_many_processes_race_for_has_exactly_one_winner() -> None:
    done = _script("claim_race.py", "--processes", "16", "--jobs", "100")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_hosts_agree_after_one_was_cut_off_and_a_worker_was_killed() -> None:
    done = _script("two_hosts.py", "--workers", "1", "--evaluations", "10")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_hostile_candidates_and_kills_leave_nothing_and_change_no_score() -> None:
    done = _script("soak.py", "100", "--workers", "2", "--kills", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["evaluations"] >= 100
    assert found["kills"] == 2


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("ahead", ["0", "2"])
def test_workers_killed_while_they_spend_forget_no_money_and_never_overdraw(ahead: str) -> None:
    done = _script("spending.py", "--ahead", ahead)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] == 14
    assert found["billed"] <= found["told"] + found["lost at worst"]
