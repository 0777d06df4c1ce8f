"""The newest records of all journals as one sequence."""

from __future__ import annotations

from typing import Any

from evogit.phylogeny.tail import Tail
from evogit.records import Attempt


def _steps(tail: Tail) -> list[tuple[str, int]]:
    return [(h.writer, h.record.step) for h in tail.newest if isinstance(h.record, Attempt)]


def test_journals_are_told_together_newest_first(swarm: Any) -> None:
    for step in range(1, 4):
        swarm.journal("w1", swarm.attempt("a1", step))
        swarm.journal("w2", swarm.attempt("b1", step))
    tail = Tail(swarm.git)
    assert tail.follow(swarm.phylogeny().activity.heads()) is True
    assert _steps(tail) == [("w2", 3), ("w1", 3), ("w2", 2), ("w1", 2), ("w2", 1), ("w1", 1)]


def test_only_what_is_new_is_read(swarm: Any) -> None:
    swarm.journal("w1", swarm.attempt("a1", 1))
    phylogeny = swarm.phylogeny()
    tail = Tail(swarm.git)
    tail.follow(phylogeny.activity.heads())
    before = tail.newest
    assert tail.follow(phylogeny.activity.heads()) is False
    assert tail.newest is before
    swarm.journal("w1", swarm.attempt("a1", 2))
    phylogeny.refresh()
    assert tail.follow(phylogeny.activity.heads()) is True
    assert _steps(tail) == [("w1", 2), ("w1", 1)]
    assert tail.newest[1] is before[0]


def test_no_more_than_the_limit_is_kept(swarm: Any) -> None:
    for step in range(1, 9):
        swarm.journal("w1" if step % 2 else "w2", swarm.attempt("a1", step))
    phylogeny = swarm.phylogeny()
    tail = Tail(swarm.git, limit=3)
    tail.follow(phylogeny.activity.heads())
    assert [step for _, step in _steps(tail)] == [8, 7, 6]
    swarm.journal("w1", swarm.attempt("a1", 9))
    phylogeny.refresh()
    tail.follow(phylogeny.activity.heads())
    assert [step for _, step in _steps(tail)] == [9, 8, 7]


def test_what_can_not_be_read_is_left_out(swarm: Any) -> None:
    swarm.journal("w1", swarm.attempt("a1", 1), "nonsense\n\n{]\n", swarm.attempt("a1", 2))
    tail = Tail(swarm.git)
    tail.follow(swarm.phylogeny().activity.heads())
    assert [step for _, step in _steps(tail)] == [2, 1]
