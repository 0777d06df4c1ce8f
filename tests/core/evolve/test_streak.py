"""What steps in vain come to: told once, an end, and whether an agent ever was of use."""

from __future__ import annotations

from evogit.evolve.offspring import Made
from evogit.evolve.streak import Streak
from evogit.ids import CommitId
from evogit.proposals import MERGE
from evogit.records import Spend

PAID = Made("rewrite", None, None, "there is no code", spend=Spend(10, 10, 0.01))
WAITS = Made("rewrite", None, None, "HTTP 429", pause=1.0)
FREE = Made("nudge", None, None, "its tree is known", duplicate_of=CommitId("d" * 40))
FAILED = Made("nudge", None, None, "there is nothing to change")
MADE = Made("rewrite", CommitId("c" * 40), None)


def after(*steps: Made) -> Streak:
    streak = Streak("a1")
    for step in steps:
        streak.count(step)
    return streak


def test_trouble_is_told_once_until_there_is_an_offspring_again() -> None:
    streak = after(WAITS)
    assert [streak.news(WAITS), streak.news(WAITS)] == ["HTTP 429", ""]
    streak.count(MADE)
    assert streak.news(WAITS) == "HTTP 429"
    assert after(FREE).news(FREE) == ""


def test_ten_paid_steps_in_vain_are_told_and_fifty_are_the_end() -> None:
    told = after(*[PAID] * 10).news(PAID)
    assert told == "a1 paid for 10 steps in a row without a new tree; the last: there is no code"
    assert not after(*[PAID] * 49).end
    assert after(*[PAID] * 50).end.startswith("a1 paid for 50 steps")
    assert not after(MADE, *[PAID] * 49, MADE, PAID).end


def test_an_agent_that_once_made_something_did_not_give_up() -> None:
    assert after(*[PAID] * 50).gave_up
    assert not after(MADE, *[PAID] * 50).gave_up
    assert not after(*[FREE] * 500).gave_up
    assert after(*[FREE] * 500).end.endswith("in 500 steps, the last: its tree is known")
    assert after(MADE, Made("rewrite", None, None, "HTTP 401", stop=True)).gave_up


def test_an_agent_of_which_no_step_came_to_any_tree_gave_up() -> None:
    assert after(*[FAILED] * 500).gave_up
    assert not after(FREE, *[FAILED] * 499).gave_up
    assert not after(MADE, *[FAILED] * 500, FREE).gave_up
    assert not after(*[FAILED] * 499).gave_up


def test_a_merge_that_comes_to_a_known_tree_does_not_speak_for_an_agent_that_fails() -> None:
    merged = Made(MERGE, None, None, "its tree is known", duplicate_of=CommitId("d" * 40))
    assert after(merged, *[FAILED] * 499).gave_up
    assert after(*[FAILED] * 499, merged).end.endswith("the last: there is nothing to change")
    assert not after(*[merged] * 500).gave_up
