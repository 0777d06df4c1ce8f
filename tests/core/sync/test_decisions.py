"""Humans of two clones decide about the same thing, and agree on what holds once both exchanged."""

from __future__ import annotations

import pytest
from tests.core.sync.conftest import Clone, Pair

from evogit.errors import NotFoundError, PreconditionError
from evogit.ids import CommitId
from evogit.phylogeny.index import Phylogeny
from evogit.steering.desk import Desk
from evogit.swarm.repository import Swarm


def _desk(clone: Clone, user: str, now: float) -> Desk:
    evaluator = clone.swarm.spec().evaluator
    phylogeny = Phylogeny(clone.swarm.git, evaluator=evaluator, environment="", maximize=True)
    phylogeny.refresh()
    return Desk(clone.swarm, phylogeny, user, lambda: now)


def _tags(clone: Clone) -> dict[str, CommitId]:
    phylogeny = _desk(clone, "nobody", 0).phylogeny
    return {name: phylogeny.commit(row) for name, row in phylogeny.tags.items()}


@pytest.fixture
def grown(pair: Pair) -> tuple[CommitId, CommitId]:
    found = pair.one.step("x = 1\n"), pair.two.step("x = 2\n")
    pair.settle()
    return found


def test_a_tag_given_twice_at_the_same_time_names_on_both_what_was_said_later(
    pair: Pair, grown: tuple[CommitId, CommitId]
) -> None:
    _desk(pair.one, "ada", 100).tag(grown[0], "record")
    _desk(pair.two, "bob", 200).tag(grown[1], "record")
    pair.settle()
    assert _tags(pair.one) == _tags(pair.two) == {"record": grown[1]}


def test_a_name_that_another_host_gave_is_taken(
    pair: Pair, grown: tuple[CommitId, CommitId]
) -> None:
    _desk(pair.one, "ada", 100).tag(grown[0], "record")
    pair.settle()
    with pytest.raises(PreconditionError, match="already"):
        _desk(pair.two, "bob", 200).tag(grown[1], "record")


def test_a_tag_of_another_host_can_be_taken_away_and_given_anew(
    pair: Pair, grown: tuple[CommitId, CommitId]
) -> None:
    _desk(pair.one, "ada", 100).tag(grown[0], "record")
    pair.settle()
    _desk(pair.two, "bob", 200).untag("record")
    pair.settle()
    assert _tags(pair.one) == _tags(pair.two) == {}
    with pytest.raises(NotFoundError):
        _desk(pair.two, "bob", 300).untag("record")
    _desk(pair.one, "ada", 400).tag(grown[1], "record")
    assert pair.one.swarm.git.ref("refs/tags/record") == grown[1]
    pair.settle()
    assert _tags(pair.one) == _tags(pair.two) == {"record": grown[1]}


def test_a_tag_can_be_undone_and_redone_on_a_host_that_did_not_give_it(
    pair: Pair, grown: tuple[CommitId, CommitId]
) -> None:
    entry = _desk(pair.one, "ada", 100).tag(grown[0], "record")
    pair.settle()
    _desk(pair.two, "bob", 200).undo(entry)
    pair.settle()
    assert _tags(pair.one) == _tags(pair.two) == {}
    _desk(pair.two, "bob", 300).redo(entry)
    pair.settle()
    assert _tags(pair.one) == _tags(pair.two) == {"record": grown[0]}


def test_a_tag_made_by_hand_is_this_clones_own(
    pair: Pair, grown: tuple[CommitId, CommitId]
) -> None:
    pair.one.swarm.git.move_ref("refs/tags/mine", old=None, new=grown[0])
    pair.settle()
    assert (_tags(pair.one), _tags(pair.two)) == ({"mine": grown[0]}, {})


def test_two_hosts_that_undo_one_decision_need_one_redo(
    pair: Pair, grown: tuple[CommitId, CommitId]
) -> None:
    entry = _desk(pair.one, "ada", 100).pin([grown[0]])
    pair.settle()
    _desk(pair.one, "ada", 200).undo(entry)
    _desk(pair.two, "bob", 300).undo(entry)
    pair.settle()
    _desk(pair.one, "ada", 400).redo(entry)
    pair.settle()
    for clone in (pair.one, pair.two):
        assert _desk(clone, "x", 0).steering.pinned == {grown[0]}


def test_an_undo_and_a_redo_at_the_same_time_come_to_what_was_said_later(
    pair: Pair, grown: tuple[CommitId, CommitId]
) -> None:
    entry = _desk(pair.one, "ada", 100).pin([grown[0]])
    _desk(pair.one, "ada", 150).undo(entry)
    pair.settle()
    _desk(pair.two, "bob", 200).redo(entry)
    other = _desk(pair.one, "ada", 300)
    other.pin([grown[1]])
    pair.settle()
    for clone in (pair.one, pair.two):
        assert _desk(clone, "x", 0).steering.pinned == set(grown)


def test_a_goal_of_one_host_is_undone_by_another_and_both_follow(
    pair: Pair, grown: tuple[CommitId, CommitId]
) -> None:
    def goal(swarm: Swarm) -> str:
        return swarm.spec().settings.goal.text

    entry = _desk(pair.one, "ada", 100).goal("use fewer bins")
    pair.settle()
    _desk(pair.two, "bob", 200).undo(entry)
    _desk(pair.one, "ada", 300).undo(entry)
    pair.settle()
    assert (goal(pair.one.swarm), goal(pair.two.swarm)) == ("", "")
    assert grown[0] != grown[1]
