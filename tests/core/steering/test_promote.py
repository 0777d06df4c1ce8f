"""Promotion writes objects and one ref into the user's repository, and nothing else at all."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pygit2
import pytest
from tests.core.conftest import FILES, SETTINGS, Garden, UserRepository, make_garden

from evogit.cli.promote import by_whom
from evogit.errors import (
    ConflictError,
    NotFoundError,
    NothingToDoError,
    PreconditionError,
    UserError,
)
from evogit.git.trees import Change
from evogit.ids import HEADS, CommitId, TreeId
from evogit.outcome import Failed, Outcome, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.source import find_source
from evogit.steering.desk import Desk
from evogit.steering.promote import Mode, Plan, plan_promotion
from evogit.swarm.individuals import PREFIX, Provenance, compose

Snapshot = dict[str, str]


@pytest.fixture
def desk(garden: Garden) -> Desk:
    garden.grow("a1", {"pkg/x.py": "x = 1\n"}, subject="set x to 1")
    return desk_of(garden)


def desk_of(garden: Garden) -> Desk:
    ticks = count(1_700_000_000)
    return Desk(garden.swarm, garden.phylogeny(), "ada", lambda: float(next(ticks)))


def tip(garden: Garden, agent: str = "a1") -> CommitId:
    found = garden.swarm.git.ref(HEADS + agent)
    assert found is not None
    return found


def plan(
    garden: Garden,
    individual: CommitId | None = None,
    *,
    to: str | None = None,
    mode: Mode = "squash",
    message: str | None = None,
    sign: bool = True,
) -> Plan:
    desk = desk_of(garden)
    return plan_promotion(
        garden.swarm,
        garden.phylogeny(),
        desk.steering,
        individual or tip(garden),
        to=to,
        mode=mode,
        message=message,
        sign=sign,
    )


def no_gates(_: TreeId) -> Outcome | None:
    return None


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(root: Path, files: dict[str, str], message: str = "by hand") -> str:
    for name, text in files.items():
        (root / name).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)
    return git(root, "rev-parse", "HEAD")


def files_of(root: Path) -> Snapshot:
    """Digest of every file below ``root``, the swarm's own folder left out."""
    found: Snapshot = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_file() and not name.startswith(".git/evogit/"):
            found[name] = f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def news(before: Snapshot, after: Snapshot) -> tuple[set[str], set[str]]:
    """(paths that are new, paths that changed or went)."""
    changed = {name for name in before if after.get(name) != before[name]}
    return after.keys() - before.keys(), changed


def test_only_objects_one_ref_and_its_reflog_are_new(garden: Garden, desk: Desk) -> None:
    git(garden.root, "config", "core.hooksPath", ".hooks")
    hook = garden.root / ".hooks" / "reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch '{garden.root}/hook-ran'\n")
    hook.chmod(0o755)
    (garden.root / "pkg/x.py").write_text("dirty = True\n")
    (garden.root / "untracked").write_text("")
    before = files_of(garden.root)
    for verb in (desk.pin, desk.prune, desk.restore):
        verb([tip(garden)])
    desk.tag(tip(garden), "v1")
    desk.goal("another")
    made = plan(garden)
    assert files_of(garden.root) == before
    desk.promote(made, no_gates)
    new, changed = news(before, files_of(garden.root))
    assert not changed
    objects = {name for name in new if name.startswith(".git/objects/")}
    assert new - objects == {".git/refs/heads/evogit/v1", ".git/logs/refs/heads/evogit/v1"}
    assert len(objects) == 4  # commit, two trees, one blob
    git(garden.root, "fsck", "--strict")


def test_a_squash_is_one_commit_by_the_human_with_the_evidence(garden: Garden, desk: Desk) -> None:
    garden.grow("a1", {"run.py": "print(1)\n"}, subject="print more \x1b[31m")
    desk.promote(plan(garden), no_gates)
    branch = "evogit/print-more"
    assert git(garden.root, "rev-parse", f"{branch}~") == git(garden.root, "rev-parse", "main")
    assert git(garden.root, "log", "-1", "--format=%an <%ae> %cn", branch) == (
        "Ada Lovelace <ada@example.org> Ada Lovelace"
    )
    message = git(garden.root, "log", "-1", "--format=%B", branch)
    assert message.startswith("print more\n\n- print more\n- set x to 1\n\nEvolved by EvoGit from")
    assert f"Individual: {tip(garden)}" in message
    assert PREFIX not in message
    assert git(garden.root, "show", f"{branch}:pkg/x.py") == "x = 1"


def test_the_evidence_is_what_repeats_and_held_out_data_say(garden: Garden, desk: Desk) -> None:
    """Under noise the score that chose an individual is mostly luck: it is not what is written down."""
    lucky = garden.grow("a1", {"run.py": "print(1)\n"})
    garden.judge(garden.swarm.base, [1.0, 1.1, 0.9, 1.0, 1.0])
    garden.judge(lucky, [4.0, 2.0, 2.0, 1.1, 1.0, 1.2, 1.1, 1.1])
    for commit, score in ((garden.swarm.base, 0.7), (lucky, 0.8)):
        garden.judge(commit, [score], "holdout")
    desk.promote(plan(garden, to="work"), no_gates)
    message = git(garden.root, "log", "-1", "--format=%B", "work")
    assert "Score: 1 -> 1.1 (maximize, mean of 5 fresh repeats)\nHeld out: 0.7 -> 0.8" in message
    assert "Doubt: its gain over the base, 0.1, is within the noise floor, 0.2\n" in message


def test_the_evidence_names_whoever_came_in_by_a_merge(garden: Garden, desk: Desk) -> None:
    mine = garden.grow("a1", {"run.py": "print(1)\n"})
    theirs = garden.grow("a2", {"pkg/x.py": "x = 2\n"})
    swarm = garden.swarm
    tree = swarm.git.change_tree(
        swarm.git.commit(mine).tree, {"pkg/x.py": Change(swarm.git.write_blob(b"x = 2\n"))}
    )
    text = compose("merge them", "", Provenance("a1", "merge", 2))
    both = swarm.git.write_commit(tree, [mine, theirs], text, author="a1", time=1_700_000_100)
    swarm.git.move_ref("refs/heads/a1", old=mine, new=both)
    message = plan(garden, individual=both).message
    assert "in 4 steps" in message
    assert (
        "- merge them\n- change run.py\n- set x to 1\n- and 1 more, earlier or merged in" in message
    )
    assert "Agents: a1, a2" in message


def test_an_own_message_replaces_ours(garden: Garden, desk: Desk) -> None:
    desk.promote(plan(garden, message="Speed up\n\nWith thanks"), no_gates)
    assert git(garden.root, "log", "-1", "--format=%B", "evogit/set-x-to-1") == (
        "Speed up\n\nWith thanks"
    )


@pytest.mark.parametrize("mode", ["merge", "ff"])
def test_merge_and_fast_forward_bring_the_individual_itself(
    garden: Garden, desk: Desk, mode: Mode
) -> None:
    git(garden.root, "branch", "work")
    desk.promote(plan(garden, to="work", mode=mode), no_gates)
    parents = git(garden.root, "log", "-1", "--format=%P", "work").split()
    base = git(garden.root, "rev-parse", "main")
    assert parents == ([base, tip(garden)] if mode == "merge" else [base])
    assert git(garden.root, "merge-base", "--all", "work", tip(garden)) == tip(garden)


def test_a_branch_that_moved_on_gets_both_changes(garden: Garden, desk: Desk) -> None:
    git(garden.root, "switch", "-q", "-c", "work")
    moved = commit(garden.root, {"run.py": "print('mine')\n", "new \n ü": "n\n"})
    git(garden.root, "switch", "-q", "main")
    seen: list[TreeId] = []
    desk.promote(plan(garden, to="work"), seen.append)
    assert git(garden.root, "rev-parse", "work~") == moved
    assert git(garden.root, "rev-parse", "work^{tree}") == seen[0]
    assert git(garden.root, "show", "work:run.py") == "print('mine')"
    assert git(garden.root, "show", "work:pkg/x.py") == "x = 1"
    with pytest.raises(PreconditionError, match="fast-forwarded"):
        plan(garden, to="work", mode="ff")


def test_conflicts_are_told_with_the_commands_to_type(garden: Garden, desk: Desk) -> None:
    git(garden.root, "switch", "-q", "-c", "work")
    commit(garden.root, {"pkg/x.py": "x = 'mine'\n"})
    git(garden.root, "switch", "-q", "main")
    made = plan(garden, to="work")
    assert made.conflicts == ("pkg/x.py",)
    before = files_of(garden.root)
    with pytest.raises(PreconditionError, match=r"conflicts with work in pkg/x\.py") as refused:
        desk.promote(made, no_gates)
    assert refused.value.hint.endswith("git switch work && git merge evogit/set-x-to-1")
    assert files_of(garden.root) == before


def test_a_lineage_can_be_promoted_again_after_a_squash(garden: Garden, desk: Desk) -> None:
    git(garden.root, "branch", "work")
    desk.promote(plan(garden, to="work"), no_gates)
    with pytest.raises(PreconditionError, match="has the changes"):
        plan(garden, to="work")
    git(garden.root, "switch", "-q", "work")
    commit(garden.root, {"run.py": "print('mine')\n"})
    git(garden.root, "switch", "-q", "main")
    garden.grow("a1", {"pkg/x.py": "x = 2\n"}, subject="set x to 2")
    desk.promote(plan(garden, to="work"), no_gates)
    assert git(garden.root, "show", "work:pkg/x.py") == "x = 2"
    assert git(garden.root, "show", "work:run.py") == "print('mine')"


def test_a_checked_out_branch_is_refused_in_every_work_tree(garden: Garden, desk: Desk) -> None:
    with pytest.raises(PreconditionError, match=r"main is checked out in .*project") as refused:
        plan(garden, to="main")
    assert "git switch main && git merge evogit/" in refused.value.hint
    linked = garden.root.parent / "linked tree"
    git(garden.root, "worktree", "add", "-q", "-b", "work", str(linked))
    with pytest.raises(PreconditionError, match=r"work is checked out in .*linked tree"):
        plan(garden, to="work")
    git(linked, "switch", "-q", "--orphan", "unborn")
    with pytest.raises(PreconditionError, match="unborn is checked out"):
        plan(garden, to="unborn")
    assert plan(garden, to="work").old == tip_of(garden, "work")


def tip_of(garden: Garden, branch: str) -> str:
    return git(garden.root, "rev-parse", branch)


def test_a_branch_in_the_middle_of_a_rebase_is_refused(garden: Garden, desk: Desk) -> None:
    git(garden.root, "switch", "-q", "-c", "work")
    commit(garden.root, {"run.py": "one\n"})
    commit(garden.root, {"run.py": "two\n"})
    command = ["git", "-C", str(garden.root), "rebase", "-q", "--exec", "false", "main"]
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0
    with pytest.raises(PreconditionError, match="work is held by an unfinished rebase"):
        plan(garden, to="work")


def test_a_branch_that_an_unfinished_rebase_will_move_is_refused(
    garden: Garden, desk: Desk
) -> None:
    linked = garden.root.parent / "linked"
    git(garden.root, "worktree", "add", "-q", "-b", "lower", str(linked))
    commit(linked, {"run.py": "one\n"})
    git(linked, "switch", "-q", "-c", "middle")
    commit(linked, {"run.py": "two\n"})
    git(linked, "switch", "-q", "-c", "upper")
    commit(linked, {"run.py": "three\n"})
    rebase = ["rebase", "-q", "--update-refs", "--exec", "false", "--force-rebase", "main"]
    command = ["git", "-C", str(linked), *rebase]
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0
    for branch in ("lower", "middle", "upper"):
        with pytest.raises(PreconditionError, match=f"{branch} is held by an unfinished rebase"):
            plan(garden, to=branch)


def test_a_detached_head_is_no_obstacle(garden: Garden, desk: Desk) -> None:
    git(garden.root, "switch", "-q", "--detach")
    desk.promote(plan(garden, to="main"), no_gates)
    assert git(garden.root, "show", "main:pkg/x.py") == "x = 1"


def test_a_failed_gate_leaves_everything_as_it_was(garden: Garden, desk: Desk) -> None:
    before = files_of(garden.root)
    with pytest.raises(PreconditionError, match="failed tests: no"):
        desk.promote(plan(garden), lambda _: Failed("tests", "no"))
    assert files_of(garden.root) == before
    assert desk.operations() == []
    desk.promote(plan(garden), lambda _: Scored(1.0))


def test_a_branch_that_moves_while_the_gates_run_is_refused(garden: Garden, desk: Desk) -> None:
    git(garden.root, "branch", "work")

    def gates(_: TreeId) -> None:
        git(garden.root, "switch", "-q", "work")
        commit(garden.root, {"run.py": "mine\n"})
        git(garden.root, "switch", "-q", "main")

    with pytest.raises(ConflictError, match="work moved"):
        desk.promote(plan(garden, to="work"), gates)


@pytest.mark.parametrize(
    ("subject", "branch"),
    [
        ("--upload-pack=touch /tmp/x", "evogit/upload-pack-touch-tmp-x"),
        ("../../HEAD", "evogit/head"),
        ("\x1b]0;title\x07 ünïcode\nEvogit-Agent: evil", "evogit/n-code-evogit-agent-evil"),
        ("a.lock/@{1}", "evogit/a-lock-1"),
        ("..", None),
    ],
)
def test_any_subject_becomes_a_valid_new_branch(
    garden: Garden, subject: str, branch: str | None
) -> None:
    grown = garden.grow("a1", {"pkg/x.py": "x = 1\n"}, subject=subject)
    desk = desk_of(garden)
    made = plan(garden)
    assert made.branch == (branch or f"evogit/{grown[:12]}")
    assert pygit2.reference_is_valid_name(made.ref)
    desk.promote(made, no_gates)
    garden.grow("a2", {"run.py": "print(2)\n"}, subject=subject)
    if branch is not None:
        assert plan(garden, tip(garden, "a2")).branch == f"{made.branch}-2"
    git(garden.root, "fsck", "--strict")


def test_what_stands_on_a_branch_of_ours_is_not_promoted_to_another(
    garden: Garden, desk: Desk
) -> None:
    desk.promote(plan(garden), no_gates)
    again = garden.grow("a2", {"pkg/x.py": "x = 1\n"}, subject="the same another way")
    for individual in (tip(garden), again):
        with pytest.raises(NothingToDoError, match="on branch evogit/set-x-to-1 already") as told:
            plan(garden, individual)
        assert told.value.exit_code == 7
        assert plan(garden, individual, to="other").branch == "other"
    git(garden.root, "switch", "-q", "evogit/set-x-to-1")
    git(garden.root, "commit", "-q", "--amend", "-m", "in my words")
    with pytest.raises(NothingToDoError):
        plan(garden)
    commit(garden.root, {"run.py": "print('more')\n"})
    assert plan(garden).branch == "evogit/set-x-to-1-2"


@pytest.mark.parametrize(
    ("settings", "files", "subject", "branch"),
    [
        (
            SETTINGS,
            {"pkg/x.py": "x = 2\n"},
            "Raise the score from 1 to 1.28: 1 change to x.py",
            "raise-the-score-from-1-to-1-28",
        ),
        (
            SETTINGS.replace("[evaluate]", '[evaluate]\ndirection = "minimize"'),
            {"pkg/x.py": "x = 2\n"},
            "set x again and again to what nobody ever asked for, but for somebody w…",
            "set-x-again-and-again-to-what-nobody",
        ),
        (
            SETTINGS.replace('["python", "/eval/score.py"]', '"speed"').replace('"main"', '"time"'),
            {"pkg/x.py": "x = 2\n", "run.py": "print(1)\n"},
            "Make it 1.28 times faster: 2 changes in 2 files",
            "make-it-1-28-times-faster",
        ),
    ],
)
def test_the_subject_and_the_branch_say_what_all_of_the_change_does(
    user_repository: UserRepository, settings: str, files: dict[str, str], subject: str, branch: str
) -> None:
    garden = make_garden(user_repository(), settings)
    garden.grow("a1", {"pkg/x.py": "x = 1\n"}, subject="set x")
    last = "set x again and again to what nobody ever asked for, but for somebody who did"
    best = garden.grow("a1", files, subject=last)
    garden.judge(garden.swarm.base, [1.0])
    garden.judge(best, [1.28])
    made = plan(garden)
    assert made.message.splitlines()[0] == subject
    assert made.branch == f"evogit/{branch}"
    assert f"\n- {last[:68]}" in made.message
    assert all(len(line) <= 72 for line in made.message.splitlines())


def test_a_small_gain_is_told_with_as_many_digits_as_show_it(garden: Garden, desk: Desk) -> None:
    garden.judge(garden.swarm.base, [2.6358301])
    garden.judge(tip(garden), [2.6358312])
    assert plan(garden).message.startswith("Raise the score from 2.63583 to 2.635831: 1 change")


def test_a_merge_says_whose_unsigned_commits_it_brings(garden: Garden, desk: Desk) -> None:
    git(garden.root, "branch", "work")
    garden.grow("a2", {"run.py": "print(2)\n"}, tip(garden))
    made = plan(garden, tip(garden, "a2"), to="work", mode="merge")
    assert (made.brings, made.agents) == (2, ("a1", "a2"))
    assert by_whom(made) == (
        "Ada Lovelace <ada@example.org>, not signed; brings 2 commits by a1, a2 (unsigned)"
    )
    moved = plan(garden, tip(garden, "a2"), to="work", mode="ff")
    assert by_whom(moved) == "brings 2 commits by a1, a2 (unsigned)"
    assert plan(garden, to="work").brings == 0


@pytest.mark.parametrize(
    "name", ["", "-x", "--output=x", "a..b", "a b", "x\x1b", "HEAD", "a.lock", "/a", "a//b", "a\nb"]
)
def test_a_name_that_is_no_branch_is_refused(garden: Garden, desk: Desk, name: str) -> None:
    with pytest.raises(UserError, match="name of a branch"):
        plan(garden, to=name)


def test_a_branch_in_the_way_is_named(garden: Garden, desk: Desk) -> None:
    git(garden.root, "branch", "evogit")
    with pytest.raises(PreconditionError, match="branch evogit leaves no room"):
        plan(garden)
    git(garden.root, "branch", "a/b")
    with pytest.raises(PreconditionError, match="branch a/b leaves no room for a"):
        plan(garden, to="a")


def test_a_symbolic_branch_is_refused(garden: Garden, desk: Desk) -> None:
    git(garden.root, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    with pytest.raises(PreconditionError, match="symbolic"):
        plan(garden, to="alias")


def test_odd_names_of_folders_and_files_survive(user_repository: UserRepository) -> None:
    root = user_repository("päth with\nnewline", {**FILES, "a\tb\n ü": "1\n"})
    garden = make_garden(root)
    garden.grow("a1", {"pkg/ü name.py": "# changed\n"})
    made = plan(garden)
    assert [(f.path, f.added, f.removed) for f in made.files] == [("pkg/ü name.py", 1, 4)]
    desk_of(garden).promote(made, no_gates)
    assert git(root, "show", f"{made.branch}:pkg/ü name.py") == "# changed"
    assert git(root, "show", f"{made.branch}:a\tb\n ü") == "1"


def test_a_promotion_whose_branch_was_deleted_by_hand_can_be_undone(
    garden: Garden, desk: Desk
) -> None:
    before = files_of(garden.root)
    desk.promote(plan(garden), no_gates)
    git(garden.root, "branch", "-q", "-D", "evogit/set-x-to-1")
    desk.undo()
    assert [operation.holds for operation in desk.operations()] == [True, False]
    assert all(name in files_of(garden.root) for name in before)


def test_undoing_a_promotion_takes_the_branch_back_only_if_it_is_still_there(
    garden: Garden, desk: Desk
) -> None:
    before = files_of(garden.root)
    desk.promote(plan(garden), no_gates)
    branch = "evogit/set-x-to-1"
    promoted = tip_of(garden, branch)
    git(garden.root, "switch", "-q", branch)
    with pytest.raises(PreconditionError, match="checked out"):
        desk.undo()
    commit(garden.root, {"run.py": "mine\n"})
    git(garden.root, "switch", "-q", "main")
    with pytest.raises(PreconditionError, match=f"refs/heads/{branch} was moved since"):
        desk.undo()
    assert len(desk.operations()) == 1
    git(garden.root, "branch", "-q", "-f", branch, promoted)
    desk.undo()
    assert not [name for name in files_of(garden.root) if branch in name]
    assert all(name in files_of(garden.root) for name in before)
    desk.redo()
    assert tip_of(garden, branch) == promoted
    desk.undo()
    git(garden.root, "reflog", "expire", "--expire=now", "--all")
    git(garden.root, "gc", "-q", "--prune=now")
    with pytest.raises(PreconditionError, match=r"promote it again|any more"):
        desk.redo()


def population(phylogeny: Phylogeny) -> list[CommitId]:
    return [phylogeny.commit(i) for i in phylogeny.population()]


KILLED = """
import os, signal, sys
from pathlib import Path
from evogit.phylogeny.index import Phylogeny
from evogit.steering import target
from evogit.steering.desk import Desk
from evogit.steering.promote import plan_promotion
from evogit.swarm.repository import Swarm

swarm = Swarm(Path(sys.argv[1]))
phylogeny = Phylogeny(swarm.git, evaluator=swarm.spec().evaluator, environment="", maximize=True)
desk = Desk(swarm, phylogeny, "ada", lambda: 1_700_000_000.0)
plan = plan_promotion(swarm, phylogeny, desk.steering, swarm.git.ref("refs/heads/a1"))
real = target.move_branch
def cut(*a):
    if sys.argv[2] == "after":
        real(*a)
    os.kill(os.getpid(), signal.SIGKILL)
target.move_branch = cut
desk.promote(plan, lambda tree: None)
"""


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_killed_promotion_either_happened_or_is_undone(
    garden: Garden, desk: Desk, cut: str
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, garden.swarm.path, cut], check=False)
    assert done.returncode == -signal.SIGKILL
    desk.pin([tip(garden)])
    branches = git(garden.root, "for-each-ref", "--format=%(refname:short)", "refs/heads/evogit")
    assert branches == ("evogit/set-x-to-1" if cut == "after" else "")
    assert len(desk.steering.promotions) == (1 if cut == "after" else 0)


def test_a_promotion_changes_nothing_in_the_population(garden: Garden, desk: Desk) -> None:
    garden.grow("a2", {"pkg/x.py": "x = 3\n"})
    before = garden.phylogeny()
    desk.promote(plan(garden), no_gates)
    after = garden.phylogeny()
    assert population(after) == population(before)
    assert len(after) == len(before)
    assert garden.swarm.git.refs_under(HEADS).keys() == {
        f"{HEADS}{n}" for n in ("a1", "a2", "main")
    }


def test_from_a_linked_work_tree_and_a_bare_repository(
    garden: Garden, desk: Desk, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    git(garden.root, "worktree", "add", "-q", "--detach", str(linked))
    assert find_source(linked).swarm == garden.swarm.path
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(garden.root), str(bare))
    git(bare, "config", "user.name", "Ada")
    git(bare, "config", "user.email", "ada@example.org")
    other = make_garden(bare)
    other.grow("a1", {"pkg/x.py": "x = 1\n"})
    desk_of(other).promote(plan(other, to="main"), no_gates)
    assert git(bare, "show", "main:pkg/x.py") == "x = 1"


def test_the_base_is_nothing_to_promote(garden: Garden) -> None:
    with pytest.raises(PreconditionError, match="is the base"):
        plan(garden, garden.swarm.base)


def test_after_a_rewritten_history_only_a_branch_of_now_is_promoted_to(
    garden: Garden, desk: Desk
) -> None:
    git(garden.root, "branch", "now", git(garden.root, "commit-tree", "-m", "anew", "main^{tree}"))
    git(garden.root, "commit", "-q", "--amend", "-m", "rewritten")
    git(garden.root, "reflog", "expire", "--expire=now", "--all")
    git(garden.root, "gc", "-q", "--prune=now")
    with pytest.raises(PreconditionError, match="history was rewritten") as error:
        plan(garden)
    assert "--to that branch" in error.value.hint
    with pytest.raises(PreconditionError, match="no history in common"):
        plan(garden, to="now")


def test_without_the_users_repository_nothing_can_be_promoted(
    garden: Garden, desk: Desk, tmp_path: Path
) -> None:
    garden.swarm.path.rename(tmp_path / "alone.git")
    (garden.root / ".git").rename(tmp_path / "gone")
    moved = Garden(garden.root, type(garden.swarm)(tmp_path / "alone.git"))
    with pytest.raises(PreconditionError, match="is not here"):
        plan(moved)
    with pytest.raises(NotFoundError):
        find_source(garden.root)
