"""What a killed process left half done is completed without waiting for the next decision."""

from __future__ import annotations

from pathlib import Path

from tests.core.conftest import Garden

from evogit.ids import HEADS, JOURNALS, CommitId
from evogit.records import Decision, Move
from evogit.steering.desk import Desk
from evogit.swarm.journal import Journal

TIME = 1_700_000_000.0


def desk_of(garden: Garden) -> Desk:
    return Desk(garden.swarm, garden.phylogeny(), "ada", lambda: TIME)


def half_done(garden: Garden, ref: str, new: CommitId) -> Path:
    """A decision that is recorded while its ref has not moved, as after a kill."""
    git = garden.swarm.git
    journal = Journal(git, "ada")
    note = garden.swarm.private / "unfinished" / "ada"
    note.parent.mkdir(exist_ok=True)
    note.write_text(git.ref(JOURNALS + "ada") or "")
    move = Move(ref, None, new)
    decision = Decision("seed", "ada", (new,), target="b7", moves=(move,), time=TIME)
    journal.append(decision, keep=[new]).result(10)
    journal.close()
    return note


def test_healing_completes_the_moves_of_the_last_decision(garden: Garden) -> None:
    note = half_done(garden, HEADS + "b7", garden.swarm.base)
    desk = desk_of(garden)
    desk.heal()
    assert garden.swarm.git.ref(HEADS + "b7") == garden.swarm.base
    assert not note.exists()
    assert [op.holds for op in desk.operations()] == [True]


def test_healing_takes_back_what_somebody_else_was_in_the_way_of(garden: Garden) -> None:
    other = garden.grow("b7", {"pkg/x.py": "x = 1\n"})
    half_done(garden, HEADS + "b7", garden.swarm.base)
    desk = desk_of(garden)
    desk.heal()
    assert garden.swarm.git.ref(HEADS + "b7") == other
    assert [op.decision.verb for op in desk.operations() if op.holds] == ["undo"]


def test_healing_writes_nothing_where_nothing_is_half_done(garden: Garden) -> None:
    before = garden.swarm.git.refs_under("refs/")
    desk_of(garden).heal()
    assert garden.swarm.git.refs_under("refs/") == before


def test_a_desk_says_what_undo_and_redo_would_take(garden: Garden) -> None:
    desk = desk_of(garden)
    assert (desk.last_holding(), desk.last_undone()) == (None, None)
    entry = desk.agents(3)
    assert desk.last_holding() == entry
    undone = desk.undo()
    assert (desk.last_holding(), desk.last_undone()) == (None, undone)
