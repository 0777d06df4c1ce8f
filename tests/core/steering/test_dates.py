"""Decisions that say they were made long from now: forged, or of a host with a broken clock."""

from __future__ import annotations

import time

import pytest
from tests.core.conftest import Garden

from evogit.records import Decision
from evogit.steering.desk import Desk
from evogit.swarm.journal import Journal


def forge(garden: Garden, decision: Decision) -> Desk:
    journal = Journal(garden.swarm.git, "mallory")
    journal.append(decision).result()
    journal.close()
    return Desk(garden.swarm, garden.phylogeny(), "ada", time.time)


@pytest.mark.parametrize("ahead", [3600.0, 1e9])
def test_a_pause_dated_ahead_ends_when_a_human_resumes(garden: Garden, ahead: float) -> None:
    desk = forge(garden, Decision("pause", "ada", time=time.time() + ahead))
    assert desk.steering.paused("a1")
    desk.resume()
    assert not desk.steering.paused("a1")


@pytest.mark.parametrize("ahead", [3600.0, 1e9])
def test_a_prune_dated_ahead_is_taken_back_by_a_restore(garden: Garden, ahead: float) -> None:
    made = garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    desk = forge(garden, Decision("prune", "ada", (made,), time=time.time() + ahead))
    assert desk.steering.pruned == {made}
    desk.restore([made])
    assert desk.steering.pruned == frozenset()
    assert not desk.phylogeny.pruned(desk.phylogeny.index(made))


def test_a_stop_dated_far_ahead_ends_no_run(garden: Garden) -> None:
    began = time.time()
    desk = forge(garden, Decision("stop", "ada", time=4e9))
    assert not desk.steering.stopped("a1", since=began)
