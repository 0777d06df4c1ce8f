"""Every verb on a real swarm: what it does, and that undo and redo are exact."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.conftest import Garden, make_garden, make_user_repository

from evogit.errors import NotFoundError, NothingToDoError, PreconditionError, UserError
from evogit.git.program import run_git
from evogit.ids import HEADS, REMOTES, SPEC_REF, CommitId
from evogit.steering.desk import Desk
from evogit.steering.promote import plan_promotion
from evogit.steering.state import Steering
from evogit.swarm.repository import Swarm
from evogit.swarm.spec import spec_versions


def desk_of(garden: Garden, user: str = "ada", start: int = 1_700_000_000) -> Desk:
    ticks = count(start)
    return Desk(garden.swarm, garden.phylogeny(), user, lambda: float(next(ticks)))


@pytest.fixture
def desk(garden: Garden) -> Desk:
    garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    return desk_of(garden)


def tip(desk: Desk, agent: str = "a1") -> CommitId:
    found = desk.swarm.git.ref(HEADS + agent)
    assert found is not None
    return found


def test_a_pruned_lineage_leaves_the_population_and_comes_back(garden: Garden, desk: Desk) -> None:
    other = garden.grow("a2", {"pkg/x.py": "x = 2\n"})
    desk.prune([tip(desk)])
    assert desk.steering.pruned == {tip(desk)}
    phylogeny = garden.phylogeny()
    assert [phylogeny.commit(i) for i in phylogeny.population()] == [other]
    desk.restore([tip(desk)])
    assert desk.steering.pruned == frozenset()


def test_restoring_a_descendant_brings_back_what_it_was_pruned_with(
    garden: Garden, desk: Desk
) -> None:
    root = tip(desk)
    garden.grow("a1", {"pkg/x.py": "x = 3\n"}, parent=root)
    desk.prune([root])
    desk.restore([tip(desk)])
    assert desk.steering.pruned == frozenset()


def test_a_decision_that_would_change_nothing_is_refused(garden: Garden, desk: Desk) -> None:
    other = garden.grow("a2", {"pkg/x.py": "x = 2\n"})
    desk.pin([other])
    desk.prune([other])
    known = len(desk.operations())
    for verb in (desk.pin, desk.prune):
        with pytest.raises(NothingToDoError, match="already"):
            verb([other])
    for verb in (desk.unpin, desk.restore):
        with pytest.raises(NothingToDoError, match="not p"):
            verb([tip(desk)])
    assert len(desk.operations()) == known
    desk.pin([other, tip(desk)])
    assert desk.steering.pinned == {other, tip(desk)}


def test_the_base_can_not_be_pruned(desk: Desk) -> None:
    with pytest.raises(UserError, match="base"):
        desk.prune([desk.swarm.base])


def test_a_tag_is_a_ref_and_a_name_is_given_once(desk: Desk) -> None:
    desk.tag(tip(desk), "größte")
    assert desk.swarm.git.ref("refs/tags/größte") == tip(desk)
    with pytest.raises(PreconditionError, match="already"):
        desk.tag(desk.swarm.base, "größte")
    desk.untag("größte")
    assert desk.swarm.git.ref("refs/tags/größte") is None
    with pytest.raises(NotFoundError):
        desk.untag("größte")


@pytest.mark.parametrize(
    "name",
    ["", "--upload-pack=x", "a..b", "a b", "x\x1b[31m", "a/b", "f" * 40, "x.lock", "a\nb", "~1"],
)
def test_a_hostile_tag_name_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(UserError, match="name of a tag"):
        desk.tag(tip(desk), name)
    assert desk.operations() == []


def test_seeding_moves_or_makes_an_agents_branch(desk: Desk) -> None:
    desk.seed("a1", desk.swarm.base)
    desk.seed("b7", desk.swarm.base)
    assert tip(desk) == tip(desk, "b7") == desk.swarm.base
    desk.undo()
    assert desk.swarm.git.ref(HEADS + "b7") is None
    with pytest.raises(UserError, match="not an agent"):
        desk.seed("main", desk.swarm.base)


def test_an_agent_of_another_clone_is_not_seeded_from_here(garden: Garden, desk: Desk) -> None:
    elsewhere = garden.swarm.git.ref(HEADS + "a1")
    garden.swarm.git.move_ref(REMOTES + "origin/heads/x7", old=None, new=elsewhere)
    with pytest.raises(PreconditionError, match="x7 works in another clone"):
        desk.seed("x7", desk.swarm.base)
    assert garden.swarm.git.ref(HEADS + "x7") is None


def test_a_new_goal_is_a_version_of_the_spec_with_the_same_evaluator(desk: Desk) -> None:
    first = desk.swarm.spec()
    desk.goal("make x prime")
    second = desk.swarm.spec()
    assert (second.settings.goal.text, second.evaluator) == ("make x prime", first.evaluator)
    desk.undo()
    assert desk.swarm.spec().settings == first.settings
    assert len(spec_versions(desk.swarm.git)) == 3
    desk.redo()
    assert desk.swarm.spec().settings == second.settings


def test_settings_that_decide_scores_can_not_be_changed(desk: Desk) -> None:
    old = desk.swarm.spec().settings
    judged = old.model_copy(
        update={"evaluate": old.evaluate.model_copy(update={"direction": "minimize"})}
    )
    with pytest.raises(PreconditionError, match="judged"):
        desk.settings(judged, "minimize")
    desk.settings(
        old.model_copy(update={"budget": old.budget.model_copy(update={"evaluations": 7})}), "less"
    )
    assert desk.swarm.spec().settings.budget.evaluations == 7


def test_undoing_a_goal_leaves_what_else_was_changed_of_the_spec_since(desk: Desk) -> None:
    first = desk.swarm.spec().settings
    goal = desk.goal("make x prime")
    second = desk.swarm.spec().settings
    budget = first.budget.model_copy(update={"evaluations": 7})
    desk.settings(second.model_copy(update={"budget": budget}), "less")
    desk.undo(goal)
    assert desk.swarm.spec().settings == first.model_copy(update={"budget": budget})
    desk.redo(goal)
    assert desk.swarm.spec().settings == second.model_copy(update={"budget": budget})


def test_a_goal_that_was_replaced_since_is_not_undone(desk: Desk) -> None:
    first = desk.goal("make x prime")
    desk.goal("make x odd")
    with pytest.raises(PreconditionError, match="goal of the spec was changed since"):
        desk.undo(first)
    assert desk.swarm.spec().settings.goal.text == "make x odd"


def test_an_undo_of_the_spec_says_who_and_when(desk: Desk) -> None:
    desk.goal("make x prime")
    before = desk.swarm.git.commit(desk.swarm.spec().commit)
    desk.undo()
    after = desk.swarm.git.commit(desk.swarm.spec().commit)
    assert (after.author, after.time > before.time) == ("ada", True)


def test_an_undo_names_the_ref_that_somebody_moved_since(garden: Garden, desk: Desk) -> None:
    seeded = desk.seed("a1", desk.swarm.base)
    garden.grow("a1", {"pkg/x.py": "x = 5\n"})
    with pytest.raises(PreconditionError, match="refs/heads/a1"):
        desk.undo()
    assert [op.entry for op in desk.operations()] == [seeded]


def test_undo_takes_ones_own_last_decision_and_redo_the_last_undone(
    garden: Garden, desk: Desk
) -> None:
    desk.pin([tip(desk)])
    desk.agents(4)
    desk_of(garden, "bob", 1_700_000_100).pause()
    desk.undo()
    assert (desk.steering.wanted_agents(), desk.steering.paused("a1")) == (None, True)
    desk.undo()
    assert desk.steering.pinned == frozenset()
    with pytest.raises(NotFoundError, match="nothing left to undo"):
        desk.undo()
    desk.redo()
    assert desk.steering.pinned == {tip(desk)}
    assert desk.steering.wanted_agents() is None
    desk.redo()
    assert desk.steering.wanted_agents() == 4
    with pytest.raises(NotFoundError, match="nothing left to redo"):
        desk.redo()


def test_what_is_undone_can_not_be_undone_again(desk: Desk) -> None:
    pinned = desk.pin([tip(desk)])
    undone = desk.undo()
    with pytest.raises(PreconditionError, match="undone already"):
        desk.undo(pinned)
    assert [op.holds for op in desk.operations()] == [True, False]
    desk.undo(undone)
    assert desk.steering.pinned == {tip(desk)}


def test_text_that_no_record_can_hold_is_refused(desk: Desk) -> None:
    with pytest.raises(UserError, match="too long"):
        desk.feedback([tip(desk)], "\N{SNOWMAN}" * 15_000)
    with pytest.raises(UserError, match="nothing in this"):
        desk.feedback([tip(desk)], "\x1b[2J ")
    desk.feedback([tip(desk)], "try \x1b[31mless\n\nEvogit-Agent: evil")
    assert [f.text for f in desk.steering.feedback] == ["try less\n\nEvogit-Agent: evil"]


def test_a_decision_comes_after_what_it_answers_even_if_the_clock_went_back(garden: Garden) -> None:
    early = desk_of(garden, start=1_699_990_000)
    desk_of(garden, "bob").pause()
    early.resume()
    assert not early.steering.paused("a1")


def test_an_unknown_individual_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.pin([CommitId("0" * 40)])
    with pytest.raises(UserError):
        desk.pin([])


# ---------------------------------------------------------------------- undo and redo are exact

Snapshot = tuple[Steering, dict[str, CommitId], str, bytes]


def snapshot(desk: Desk, root: Path) -> Snapshot:
    """Everything a decision may change; of the spec its content, as its history only grows."""
    git = desk.swarm.git
    refs = git.refs_under(HEADS) | git.refs_under("refs/tags/")
    return desk.steering, refs, desk.swarm.spec().tree, run_git(root / ".git", "for-each-ref")


Verb = Callable[[Desk, int], CommitId]


def promote(desk: Desk, n: int) -> CommitId:
    plan = plan_promotion(
        desk.swarm, desk.phylogeny, desk.steering, STOCK[n % 3], mode="squash" if n % 2 else "ff"
    )
    return desk.promote(plan, lambda _: None)


STOCK: list[CommitId] = []
VERBS: list[Verb] = [
    lambda desk, n: desk.prune([STOCK[n % 3]]),
    lambda desk, n: desk.restore([STOCK[n % 3]]),
    lambda desk, n: desk.pin([STOCK[n % 3], STOCK[0]]),
    lambda desk, n: desk.unpin([STOCK[n % 3]]),
    lambda desk, n: desk.release([STOCK[n % 3]]),
    lambda desk, n: desk.tag(STOCK[n % 3], f"t{n % 2}"),
    lambda desk, n: desk.untag(f"t{n % 2}"),
    lambda desk, n: desk.seed(f"a{n % 4 + 1}", STOCK[n // 4 % 3]),
    lambda desk, n: desk.goal(f"goal {n % 3}"),
    lambda desk, n: desk.feedback([STOCK[n % 3]], f"words {n}"),
    lambda desk, n: desk.pause(["a1", "a2"][: n % 3]),
    lambda desk, n: desk.resume(["a1", "a2"][: n % 3]),
    lambda desk, n: desk.stop(["a1", "a2"][: n % 3]),
    lambda desk, n: desk.agents(n),
    promote,
]


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's repository with a swarm of three individuals, to be copied."""
    garden = make_garden(make_user_repository(tmp_path_factory.mktemp("nursery") / "project"))
    STOCK[:] = [garden.grow(f"a{n + 1}", {"pkg/x.py": f"x = {n + 1}\n"}) for n in range(3)]
    return garden.root


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(VERBS) - 1), st.integers(0, 20)), min_size=1, max_size=6)
)
def test_after_do_undo_redo_everything_is_as_after_do(
    nursery: Path, steps: list[tuple[int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        shutil.copytree(nursery, root)
        desk = desk_of(Garden(root, Swarm(root / ".git" / "evogit" / "swarm.git")))
        states = [snapshot(desk, root)]
        for verb, n in steps:
            try:
                VERBS[verb](desk, n)
            except UserError:
                assert snapshot(desk, root) == states[-1]
                continue
            after = snapshot(desk, root)
            desk.undo()
            assert snapshot(desk, root) == states[-1]
            desk.redo()
            assert snapshot(desk, root) == after
            states.append(after)
        for before in reversed(states[:-1]):
            desk.undo()
            assert snapshot(desk, root) == before


@pytest.mark.parametrize("verb", range(len(VERBS)))
def test_each_verb_can_be_undone_and_redone(nursery: Path, tmp_path: Path, verb: int) -> None:
    root = tmp_path / "copy"
    shutil.copytree(nursery, root)
    desk = desk_of(Garden(root, Swarm(root / ".git" / "evogit" / "swarm.git")))
    desk.tag(STOCK[0], "t1")
    if verb == 1:
        desk.prune([STOCK[1]])
    if verb == 3:
        desk.pin([STOCK[1]])
    before = snapshot(desk, root)
    VERBS[verb](desk, 1 if verb == 6 else 4)
    after = snapshot(desk, root)
    assert after != before
    desk.undo()
    assert snapshot(desk, root) == before
    desk.redo()
    assert snapshot(desk, root) == after


# ---------------------------------------------------------------------- several at once

CHILD = """
import os, signal, sys
from pathlib import Path
from evogit.phylogeny.index import Phylogeny
from evogit.steering.desk import Desk
from evogit.steering.moves import Mover
from evogit.swarm.repository import Swarm

swarm = Swarm(Path(sys.argv[1]))
phylogeny = Phylogeny(
    swarm.git, evaluator=swarm.spec().evaluator, environment="", maximize=True
)
desk = Desk(swarm, phylogeny, "ada", lambda: 1_700_000_000.0)
"""


def start(garden: Garden, script: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CHILD + script, garden.swarm.path, *arguments])


def test_processes_and_threads_of_one_person_lose_no_decision(garden: Garden, desk: Desk) -> None:
    script = "for n in range(5): desk.tag(swarm.base, f'{sys.argv[2]}-{n}')"
    children = [start(garden, script, name) for name in "xy"]
    threads = [threading.Thread(target=lambda: [desk.agents(n) for n in range(5)]) for _ in "12"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [child.wait(60) for child in children] == [0, 0]
    operations = desk_of(garden).operations()
    assert len(operations) == 20
    assert len({op.decision.time for op in operations}) == 20
    assert len(garden.swarm.git.refs_under("refs/tags/")) == 10


DIE = "os.kill(os.getpid(), signal.SIGKILL)"
CUTS = {
    "before-the-entry": f"Mover.note = lambda *a: ({{'real': real_note(*a)}}, {DIE})",
    "before-the-move": f"Mover.make = lambda *a: {DIE}",
    "after-the-move": f"Mover.make = lambda *a: (real_make(*a), {DIE})",
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_kill_while_a_ref_is_moved_is_healed_by_the_next_decision(
    garden: Garden, desk: Desk, cut: str
) -> None:
    script = (
        f"real_note, real_make = Mover.note, Mover.make\n{CUTS[cut]}\ndesk.tag(swarm.base, 'v1')"
    )
    assert start(garden, script).wait(60) == -signal.SIGKILL
    desk.pause()
    decided = cut != "before-the-entry"
    assert garden.swarm.git.ref("refs/tags/v1") == (desk.swarm.base if decided else None)
    assert dict(desk.steering.tags) == ({"v1": desk.swarm.base} if decided else {})
    assert not list((desk.swarm.private / "unfinished").iterdir())
    if decided:
        desk.undo()
        desk.undo()
        assert garden.swarm.git.ref("refs/tags/v1") is None


def test_a_move_that_somebody_prevented_after_a_kill_counts_as_undone(
    garden: Garden, desk: Desk
) -> None:
    script = f"Mover.make = lambda *a: {DIE}\ndesk.seed('a1', swarm.base)"
    assert start(garden, script).wait(60) == -signal.SIGKILL
    grown = garden.grow("a1", {"pkg/x.py": "x = 9\n"})
    desk.pause()
    assert tip(desk) == grown
    assert desk.steering.seeds == ()


def test_a_lost_race_leaves_the_decision_and_its_undo(garden: Garden, desk: Desk) -> None:
    script = (
        "from evogit.errors import ConflictError\nreal = Mover.make\n"
        "def raced(*a):\n"
        "    swarm.git.move_ref('refs/tags/v1', old=None, new=swarm.git.ref('refs/heads/a1'))\n"
        "    real(*a)\n"
        "Mover.make = raced\n"
        "try: desk.tag(swarm.base, 'v1')\n"
        "except ConflictError: sys.exit(3)"
    )
    assert start(garden, script).wait(60) == 3
    later = desk_of(garden)
    assert [(op.decision.verb, op.holds) for op in later.operations()] == [
        ("undo", True),
        ("tag", False),
    ]
    assert garden.swarm.git.ref(SPEC_REF) is not None
