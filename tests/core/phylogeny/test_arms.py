"""What attempts by an operator and a model gained, as their credit is counted from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from evogit.outcome import Crashed
from evogit.phylogeny.arms import Pull
from evogit.records import Spend

ARMS = [("rewrite", "small"), ("diff", "small")]


def _tried(swarm: Any, arm: int, offspring: Any = None, **fields: Any) -> Any:
    operator, model = ARMS[arm]
    made = swarm.attempt("a1", swarm.clock, offspring=offspring)
    return replace(made, operator=operator, model=model, **fields)


def _gains(pulls: list[Pull]) -> list[tuple[int, float]]:
    return [(pull.arm, pull.gain) for pull in pulls]


def test_a_gain_is_counted_over_the_first_parent_and_a_failure_as_none(swarm: Any) -> None:
    better, worse, broken = (swarm.individual(name, text=name) for name in ("x", "y", "z"))
    swarm.journal(
        "w1",
        swarm.evaluation(swarm.base, 1.0),
        _tried(swarm, 0, better, spend=Spend(7, 3, 0.5)),
        swarm.evaluation(better, 4.0),
        _tried(swarm, 1, worse),
        swarm.evaluation(worse, -2.0),
        _tried(swarm, 1, broken),
        swarm.evaluation(broken, Crashed("main", "no")),
        _tried(swarm, 0),
    )
    found = swarm.phylogeny().arms.newest(ARMS, 10)
    assert _gains(found) == [(0, 0.0), (1, 0.0), (1, 0.0), (0, 3.0)]
    assert (found[-1].tokens, found[-1].cost_usd) == (10, 0.5)
    downhill = swarm.phylogeny(maximize=False).arms.newest(ARMS, 10)
    assert _gains(downhill) == [(0, 0.0), (1, 0.0), (1, 3.0), (0, 0.0)]


def test_what_repairs_an_unscored_parent_is_measured_against_what_that_came_from(
    swarm: Any,
) -> None:
    broken = swarm.individual("a1", text="broken")
    mended = swarm.individual("a1", [broken], text="mended")
    worse = swarm.individual("a2", [broken], text="worse")
    swarm.journal(
        "w1",
        swarm.evaluation(swarm.base, 1.0),
        swarm.evaluation(broken, Crashed("main", "no")),
        _tried(swarm, 0, mended),
        swarm.evaluation(mended, 1.5),
        _tried(swarm, 0, worse),
        swarm.evaluation(worse, 0.5),
    )
    assert _gains(swarm.phylogeny().arms.newest(ARMS, 10)) == [(0, 0.0), (0, 0.5)]


def test_an_offspring_counts_once_it_is_judged(swarm: Any) -> None:
    made = swarm.individual("a1")
    swarm.journal("w1", swarm.evaluation(swarm.base, 1.0), _tried(swarm, 0, made))
    phylogeny = swarm.phylogeny()
    assert phylogeny.arms.newest(ARMS, 10) == []
    swarm.journal("w2", swarm.evaluation(made, 2.0))
    phylogeny.refresh()
    assert _gains(phylogeny.arms.newest(ARMS, 10)) == [(0, 1.0)]


def test_the_newest_are_taken_whichever_journal_was_read_first(swarm: Any, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    late = [_tried(swarm, 0, spend=Spend(i, 0, 0.0), time=1000.0 + i) for i in (2, 4, 6)]
    swarm.journal("w1", *late)
    phylogeny = swarm.phylogeny(cache=cache)
    assert [pull.tokens for pull in phylogeny.arms.newest(ARMS, 2)] == [6, 4]
    swarm.journal("w2", *(replace(r, time=r.time + 1, spend=Spend(9, 0, 0.0)) for r in late))
    phylogeny.refresh()
    seen = phylogeny.arms.newest(ARMS, 10)
    assert [pull.tokens for pull in seen] == [9, 6, 9, 4, 9, 2]
    assert swarm.phylogeny().arms.newest(ARMS, 10) == seen
    phylogeny.save()
    assert swarm.phylogeny(cache=cache).arms.newest(ARMS, 10) == seen
    assert len(phylogeny.arms.newest(ARMS, 3)) == 3
