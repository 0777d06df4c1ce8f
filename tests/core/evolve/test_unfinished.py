"""Which offspring a worker looks at again when it starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.core.phylogeny.conftest import Swarm

from evogit.evolve.unfinished import unfinished


@pytest.fixture
def swarm(tmp_path: Path) -> Swarm:
    return Swarm(tmp_path / "swarm.git")


def test_an_unjudged_offspring_is_seen_behind_one_whose_tree_another_agent_had_judged(
    swarm: Swarm,
) -> None:
    older = swarm.individual("a1")
    newer = swarm.individual("a1", [older], text="a twin")
    twin = swarm.individual("a2", text="a twin")
    swarm.journal(
        "w1",
        swarm.attempt("a1", 1, offspring=older),
        swarm.attempt("a1", 2, offspring=newer),
        swarm.attempt("a2", 1, offspring=twin),
        swarm.evaluation(twin, 1.0),
        keep=[older, newer, twin],
    )
    left = unfinished(swarm.phylogeny(), "a1", ahead=1)
    assert [attempt.step for attempt in left] == [1, 2]


def test_what_was_judged_before_the_newest_judged_offspring_is_decided_on(swarm: Swarm) -> None:
    made = [swarm.individual("a1") for _ in range(3)]
    attempts = [swarm.attempt("a1", k, offspring=one) for k, one in enumerate(made, 1)]
    verdicts = [swarm.evaluation(one, 1.0) for one in made]
    swarm.journal("w1", *attempts, *verdicts, keep=made)
    left = unfinished(swarm.phylogeny(), "a1", ahead=2)
    assert [attempt.step for attempt in left] == [3]
