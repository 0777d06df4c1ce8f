"""What a finished run came to, read from records as its workers would have left them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.core.conftest import Garden

from evogit.compare.arms import Arm, Cell
from evogit.compare.cell import CHOSEN
from evogit.compare.result import Result, read
from evogit.ids import CommitId
from evogit.outcome import Crashed, Outcome, Scored
from evogit.records import Evaluation
from evogit.swarm.journal import Journal

SECONDS = 0.5


def _judge(garden: Garden, journal: Journal, commit: CommitId, *outcomes: Outcome) -> None:
    """The first outcome was the search's, the others those of repeats."""
    tree, evaluator = garden.swarm.git.commit(commit).tree, garden.swarm.spec().evaluator
    for seed, outcome in enumerate(outcomes):
        purpose = "repeat" if seed else "search"
        one = Evaluation(commit, tree, evaluator, "", seed, outcome, purpose=purpose)
        journal.append(replace(one, seconds=SECONDS))


def _run(garden: Garden, *individuals: tuple[Outcome, ...]) -> Result:
    """A finished run: the base at 0, then individuals judged in turn; the last one was chosen."""
    journal = Journal(garden.swarm.git, "w1")
    _judge(garden, journal, garden.swarm.base, Scored(0.0))
    last = garden.swarm.base
    for number, outcomes in enumerate(individuals, 1):
        last = garden.grow("a1", {"pkg/x.py": f"x = {number}\n"})
        _judge(garden, journal, last, *outcomes)
    journal.close()
    garden.swarm.git.move_ref(CHOSEN, old=None, new=last)
    (garden.swarm.private / "environment").write_text("")
    found = read(Cell("p", Arm("evogit", "evogit"), 1), garden.swarm.path.parent)
    assert found is not None
    return found


def test_a_lucky_score_is_no_record_once_repeats_disagree(garden: Garden) -> None:
    lucky = (Scored(9.0), Scored(1.0), Scored(2.0))
    better = (Scored(5.0), Scored(5.0), Scored(5.0))
    found = _run(garden, lucky, better)
    assert found.curve == ((0, 0.0), (1, 4.0), (2, 5.0))
    assert found.chosen.training == found.curve[-1][1]


@pytest.mark.parametrize("end", [Crashed("main", "boom"), Scored(-3.0)])
def test_what_a_repeat_spoiled_is_no_record_at_all(garden: Garden, end: Outcome) -> None:
    found = _run(garden, (Scored(3.0), end), (Scored(1.0),))
    assert found.curve == ((0, 0.0), (2, 1.0))


def test_without_noise_records_are_what_single_evaluations_said(garden: Garden) -> None:
    found = _run(garden, (Scored(2.0),), (Scored(1.0),), (Crashed("main", "boom"),), (Scored(3.0),))
    assert (found.curve, found.evaluations) == (((0, 0.0), (1, 2.0), (4, 3.0)), 4)


def test_repeats_are_counted_and_their_time_is_too_but_not_that_of_the_base(garden: Garden) -> None:
    found = _run(garden, (Scored(2.0), Scored(2.5), Scored(3.0)), (Scored(4.0), Scored(4.0)))
    assert (found.evaluations, found.repeats) == (2, 3)
    assert found.seconds == 5 * SECONDS
