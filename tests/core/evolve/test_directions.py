"""What humans say reaches those who read, once, and only in prompts made after it was said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evogit.evolve.directions import Directions
from evogit.records import Attempt, Decision, Spend
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Garden


def test_words_wait_for_a_prompt_that_was_begun_after_them(garden: Garden) -> None:
    git, base = garden.swarm.git, garden.swarm.base
    human, worker = Journal(git, "someone"), Journal(git, "w1")
    said = Decision("feedback", "someone", selects=(base,), text="try a heap", time=100.0)
    human.append(said).result(10)

    def waiting() -> list[str]:
        phylogeny = garden.phylogeny()
        phylogeny.refresh()
        return Directions(git, phylogeny, 0.0).feedback([base])

    paid = Spend(5, 5)
    asked = Attempt("a1", "rewrite", 1, (base,), model="m", spend=paid, seconds=60.0, time=150.0)
    without = (
        asked,  # begun at 90
        Attempt("a2", "nudge", 1, (base,), seconds=1.0, time=160.0),
        Attempt("a1-judge", "judge", 1, (base,), spend=paid, seconds=1.0, time=161.0),
    )
    for attempt in without:
        worker.append(attempt).result(10)
        assert waiting() == ["try a heap"]
    worker.append(replace(asked, step=2, seconds=10.0, time=170.0)).result(10)
    assert waiting() == []
    human.close()
    worker.close()


def test_a_decision_is_heard_of_once_and_an_old_one_never(garden: Garden) -> None:
    git, base = garden.swarm.git, garden.swarm.base
    human = Journal(git, "someone")
    human.append(Decision("pin", "someone", selects=(base,), time=100.0)).result(10)
    phylogeny = garden.phylogeny()
    directions = Directions(git, phylogeny, 0.0)
    assert directions.heard() == []
    # Of an earlier time: from a host that was away.
    late = Decision("pause", "someone", target="a1", time=50.0)
    human.append(late).result(10)
    human.close()
    phylogeny.refresh()
    assert directions.heard() == [late]
    assert directions.heard() == []
