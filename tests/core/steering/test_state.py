"""What decisions add up to, without any repository."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evogit.ids import CommitId
from evogit.records import Decision, Move
from evogit.steering.feedback import pending
from evogit.steering.state import Decisions, Steering, derive

ONE, TWO, THREE = (CommitId(digit * 40) for digit in "123")


def entry(number: int) -> CommitId:
    return CommitId(f"{number:040x}")


def log(*decisions: Decision) -> list[tuple[CommitId, Decision]]:
    return [(entry(n), decision) for n, decision in enumerate(decisions)]


def about(verb: str, *selects: CommitId, target: str = "", text: str = "") -> Decision:
    return Decision(verb, "ada", selects=selects, target=target, text=text)


def undo(number: int, verb: str = "undo") -> Decision:
    return Decision(verb, "ada", undoes=entry(number))


def test_prune_minus_restore_is_what_is_pruned() -> None:
    found = derive(log(about("prune", ONE, TWO), about("restore", TWO)))
    assert found.pruned == {ONE}


def test_two_hosts_that_undo_at_once_agree_and_one_redo_brings_it_back() -> None:
    decided = log(about("pin", ONE), undo(0), undo(0))
    assert derive(decided).pinned == frozenset()
    for redone in (undo(1, "redo"), undo(2, "redo"), undo(0, "redo"), undo(1)):
        assert derive([*decided, (entry(9), redone)]).pinned == {ONE}


def test_an_undo_of_a_redo_undoes_again() -> None:
    assert derive(log(about("pin", ONE), undo(0), undo(1, "redo"), undo(2))).pinned == frozenset()


def test_an_undo_that_names_nothing_or_itself_means_nothing() -> None:
    assert derive(log(about("pin", ONE), undo(7), undo(2), undo(4), undo(3))).pinned == {ONE}


def test_a_tag_goes_with_untag_and_comes_back_when_that_is_undone() -> None:
    decided = log(about("tag", ONE, target="v1"), about("untag", target="v1"))
    assert derive(decided).tags == ()
    assert derive([*decided, (entry(2), undo(1))]).tags == (("v1", ONE),)


def test_a_resume_of_one_agent_exempts_it_from_a_pause_of_all() -> None:
    found = derive(log(about("pause"), about("resume", target="a1,a2")))
    assert found.paused("b1")
    assert not found.paused("a1")
    assert not derive(log(about("pause", target="a1"), about("resume"))).paused("a1")


def test_a_stop_ends_workers_that_were_running_and_not_those_started_later() -> None:
    found = derive([(ONE, Decision("stop", "ada", time=100.0))])
    assert found.stopped("a1", since=50.0)
    assert not found.stopped("a1", since=150.0)


def test_the_last_word_on_the_number_of_agents_counts() -> None:
    assert derive(log(about("agents", text="3"), about("agents", text="8"))).wanted_agents() == 8
    assert (
        derive(log(about("agents", text="-1"), about("agents", text="x"))).wanted_agents() is None
    )


def test_more_agents_than_anybody_may_ask_for_are_not_obeyed() -> None:
    most = derive(log(about("agents", text="10000"), about("agents", text="99999")))
    assert most.wanted_agents() == 10_000


def test_a_number_of_agents_holds_for_workers_that_were_running_and_not_for_those_started_later() -> (
    None
):
    found = derive([(ONE, Decision("agents", "ada", text="3", time=100.0))])
    assert found.wanted_agents(since=50.0) == 3
    assert found.wanted_agents(since=150.0) is None


def test_a_promotion_is_remembered_with_its_branch() -> None:
    move = Move("user:refs/heads/evogit/x", None, TWO)
    found = derive([(THREE, Decision("promote", "ada", selects=(ONE,), moves=(move,)))])
    assert [(p.individual, p.ref, p.commit) for p in found.promotions] == [
        (ONE, "refs/heads/evogit/x", TWO)
    ]


VERBS = st.sampled_from(["prune", "restore", "pin", "unpin", "pause", "stop", "resume", "agents"])


def plain(verb: str, commit: CommitId, target: str) -> Decision:
    return about(verb, commit, target=target, text="3")


PLAIN = st.builds(
    plain, VERBS, st.sampled_from([ONE, TWO, THREE]), st.sampled_from(["", "a1", "a2"])
)
LOGS = st.lists(
    st.one_of(PLAIN, st.builds(undo, st.integers(0, 12), st.sampled_from(["undo", "redo"])))
)


@given(LOGS)
def test_any_log_has_a_state_and_undoing_its_last_plain_decision_is_as_if_it_never_was(
    decisions: list[Decision],
) -> None:
    decided = log(*decisions, about("prune", ONE))
    last = len(decisions)
    before = derive(_without(decided, last))
    undone = derive([*decided, (entry(1000), undo(last))])
    assert undone == before
    redone = derive([*decided, (entry(1000), undo(last)), (entry(1001), undo(1000, "redo"))])
    assert redone.pruned >= {ONE}


def _without(decided: Decisions, number: int) -> Decisions:
    return [(e, d) for e, d in decided if e != entry(number) and d.undoes != entry(number)]


class Line:
    """Individuals in one line of descent: 1 <- 2 <- 3."""

    def index(self, commit: CommitId) -> int:
        return int(commit[0])

    def is_ancestor(self, a: int, b: int) -> bool:
        return a <= b


def test_feedback_waits_for_the_first_attempt_from_its_lineage() -> None:
    said = Decision("feedback", "ada", selects=(TWO,), text="try recursion", time=10.0)
    steering = derive([(entry(0), said)])

    def texts(parents: list[CommitId], *attempts: tuple[float, list[CommitId]]) -> list[str]:
        return [f.text for f in pending(steering, Line(), parents, lambda _: attempts)]

    assert texts([THREE]) == ["try recursion"]
    assert texts([ONE]) == []
    assert texts([THREE], (9.0, [THREE]), (11.0, [ONE])) == ["try recursion"]
    assert texts([TWO], (11.0, [ONE, THREE])) == []


def test_nothing_decided_is_the_empty_steering() -> None:
    assert derive([]) == Steering()
