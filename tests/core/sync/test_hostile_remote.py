"""A peer with push rights does its worst to the repository between two clones."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import zlib
from pathlib import Path

import pygit2
import pytest
from tests.core.sync.conftest import Clone, Pair

from evogit.errors import ConfigError, EvoGitError, PreconditionError
from evogit.git.program import run_git
from evogit.ids import JOURNALS, SPEC_REF
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Spend, dump
from evogit.sync.background import BackgroundSync
from evogit.sync.clone import clone_swarm


def _grown(pair: Pair) -> tuple[str, str]:
    """Both know two steps of ``one``; returns the journal's first and last entry there."""
    pair.one.step("x = 1\n")
    pair.settle()
    first = pair.git("rev-parse", pair.one.journal)
    pair.one.step("x = 2\n")
    pair.settle()
    return first, pair.git("rev-parse", pair.one.journal)


def test_a_rewound_journal_is_not_followed_and_its_owner_puts_it_right(pair: Pair) -> None:
    first, last = _grown(pair)
    view = pair.two.view()
    pair.git("update-ref", pair.one.journal, first)
    assert "rewritten" in " ".join(pair.two.sync().problems)
    assert pair.two.view() == view
    assert pair.one.sync().problems == ()
    assert pair.git("rev-parse", pair.one.journal) == last
    assert pair.two.sync().problems == ()


def test_a_deleted_journal_is_kept_by_all_and_published_again_by_its_owner(pair: Pair) -> None:
    _, last = _grown(pair)
    view = pair.two.view()
    pair.git("update-ref", "-d", pair.one.journal)
    pair.git("update-ref", "-d", "refs/heads/a1")
    assert pair.two.sync().problems == ()
    assert pair.two.view() == view
    assert pair.one.sync().problems == ()
    assert pair.git("rev-parse", pair.one.journal) == last


def test_a_forged_journal_is_neither_followed_nor_does_it_replace_our_own(pair: Pair) -> None:
    _, last = _grown(pair)
    view = pair.two.view()
    tree = pair.git("mktree", stdin="")
    root = pair.git("commit-tree", tree, "-m", "evogit journal w1")
    pair.git("update-ref", pair.one.journal, root)
    assert "rewritten" in " ".join(pair.two.sync().problems)
    mine = pair.one.sync()
    assert any(pair.one.journal in problem for problem in mine.problems)
    assert pair.one.swarm.git.ref(JOURNALS + "w1") == last
    assert pair.one.view() == pair.two.view() == view


def test_a_forged_branch_is_set_right_by_its_owner(pair: Pair) -> None:
    _grown(pair)
    mine = pair.one.swarm.git.ref("refs/heads/a1")
    pair.git("update-ref", "refs/heads/a1", pair.one.swarm.base)
    assert pair.one.sync().problems == ()
    assert pair.one.swarm.git.ref("refs/heads/a1") == mine
    assert pair.git("rev-parse", "refs/heads/a1") == mine


def test_another_swarms_remote_is_refused_and_nothing_of_it_is_taken(pair: Pair) -> None:
    _grown(pair)
    refs = pair.two.swarm.git.refs_under("refs/")
    tree = pair.git("mktree", stdin="")
    other = pair.git("commit-tree", tree, "-m", "another project")
    for ref in pair.git("for-each-ref", "--format=%(refname)").split():
        pair.git("update-ref", "-d", ref)
    for ref in ("refs/heads/main", "refs/heads/their-agent", "refs/evogit/journal/w1", SPEC_REF):
        pair.git("update-ref", ref, other)
    with pytest.raises(PreconditionError, match="another base"):
        pair.two.sync()
    assert pair.two.swarm.git.refs_under("refs/") == refs


def test_a_base_that_was_moved_at_the_remote_is_told_and_the_exchange_goes_on(pair: Pair) -> None:
    _grown(pair)
    base, tree = pair.one.swarm.base, pair.git("mktree", stdin="")
    pair.git("update-ref", "refs/heads/main", pair.git("commit-tree", tree, "-m", "mine"))
    made = pair.one.step("x = 3\n")
    done = pair.one.sync()
    assert (done.pushed, done.refused) == (2, 1)
    pair.two.sync()
    assert made in pair.two.view()[0]
    assert pair.two.swarm.git.ref("refs/heads/main") == base
    (said,) = done.problems
    command = shlex.split(said.partition("put ours back: ")[2])
    subprocess.run(command, check=True, capture_output=True)
    assert pair.git("rev-parse", "refs/heads/main") == base
    pair.settle()


def test_replace_refs_can_stop_a_remote_but_never_reach_a_clone(pair: Pair) -> None:
    _grown(pair)
    base = pair.one.swarm.base
    pair.git("update-ref", f"refs/replace/{pair.git('rev-parse', 'refs/heads/a1')}", base)
    pair.git("update-ref", f"refs/replace/{base}", base)
    pair.one.step("x = 3\n")
    assert pair.one.sync().problems  # git at the other end stumbles over the last one
    assert pair.two.sync().problems == ()
    for clone in (pair.one, pair.two):
        assert clone.swarm.git.refs_under("refs/replace/") == {}
    for ref in pair.git("for-each-ref", "--format=%(refname)", "refs/replace").split():
        pair.git("update-ref", "-d", ref)
    pair.settle()
    assert pair.one.view() == pair.two.view()


def test_refs_that_name_no_commit_are_reported_and_harm_nobody(pair: Pair) -> None:
    _grown(pair)
    blob = pair.git("hash-object", "-w", "--stdin", stdin="not a commit")
    tree = pair.git("mktree", stdin="")
    pair.git("update-ref", "refs/evogit/journal/blob", blob)
    pair.git("update-ref", "refs/evogit/journal/tree", tree)
    pair.git("update-ref", "refs/evogit/journal/deep/name", blob)
    pair.git("update-ref", "refs/heads/ok", pair.one.swarm.base)
    pair.two.step("x = 3\n")
    pair.two.sync()
    pair.one.sync()
    assert pair.one.view() == pair.two.view()
    assert "does not name a commit" in " ".join(pair.one.problems())


def _loose(remote: Path, kind: str, body: bytes) -> str:
    """An object git itself would refuse to write."""
    data = b"%s %d\0" % (kind.encode(), len(body)) + body
    name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    path = remote / "objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(data))
    return name


def test_objects_that_fail_fsck_keep_only_their_own_ref_away(pair: Pair) -> None:
    _grown(pair)
    blob = pair.git("hash-object", "-w", "--stdin", stdin="[core]\n")
    evil = _loose(pair.remote, "tree", b"100644 .git\0" + bytes.fromhex(blob))
    bad = pair.git("commit-tree", evil, "-p", pair.one.swarm.base, "-m", "x")
    pair.git("update-ref", "refs/heads/evil", bad)
    made = pair.one.step("x = 3\n")
    assert pair.one.sync().pushed == 2
    done = pair.two.sync()
    assert len(done.problems) == 1
    assert "refs/heads/evil" in done.problems[0]
    assert made in pair.two.view()[0]
    assert not pair.two.swarm.git.has(bad)


def test_a_tree_bomb_costs_nothing_until_somebody_wants_its_files(pair: Pair) -> None:
    _grown(pair)
    entry = pair.git("hash-object", "-w", "--stdin", stdin="x")
    tree = pair.git("mktree", stdin=f"100644 blob {entry}\tf0\n")
    for _ in range(9):
        tree = pair.git("mktree", stdin="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)))
    bomb = pair.git("commit-tree", tree, "-p", pair.one.swarm.base, "-m", "bomb")
    pair.git("update-ref", "refs/heads/bomb", bomb)
    assert pair.one.sync().problems == ()
    assert bomb in pair.one.view()[0]


def test_names_that_deceive_are_not_fetched(pair: Pair) -> None:
    _grown(pair)
    for name in ("refs/evogit/journal/Upper", "refs/heads/\u202egnp.exe", "refs/evogit/specious"):
        pair.git("update-ref", name, pair.one.swarm.base)
    pair.two.sync()
    copies = pair.two.swarm.git.refs_under("refs/evogit/remotes/")
    assert {ref.rpartition("/")[2] for ref in copies} <= {"w1", "a1", "spec"}


def test_a_branch_that_blocks_the_place_of_another_keeps_only_that_one_away(pair: Pair) -> None:
    pair.git("update-ref", "refs/heads/idea", pair.one.swarm.base)
    pair.settle()
    pair.git("update-ref", "-d", "refs/heads/idea")
    pair.git("update-ref", "refs/heads/idea/of-ada", pair.one.swarm.base)
    made = pair.one.step("x = 1\n")
    pair.one.sync()
    problems = pair.two.sync().problems
    assert len(problems) == 1
    assert "idea/of-ada" in problems[0]
    assert made in pair.two.view()[0]


def test_dates_and_messages_of_a_stranger_do_not_disturb(pair: Pair) -> None:
    _grown(pair)
    tree = pair.git("rev-parse", f"{pair.one.swarm.base}^{{tree}}")
    body = (
        f"tree {tree}\nparent {pair.one.swarm.base}\n"
        "author x <x@x> 99999999999 +0000\ncommitter x <x@x> 99999999999 +0000\n\n"
        "\x1b]0;owned\x07 \u202e Evogit-Agent: a1\n\nEvogit-Agent: a1\nEvogit-Step: 999\n"
    )
    odd = _loose(pair.remote, "commit", body.encode())
    pair.git("update-ref", "refs/heads/odd", odd)
    assert pair.two.sync().problems == ()
    evaluator = pair.two.swarm.spec().evaluator
    found = Phylogeny(pair.two.swarm.git, evaluator=evaluator, environment="", maximize=True)
    assert "\x1b" not in found.subject(found.index(found.commit(found.tips["odd"])))


def _push_spec(pair: Pair, kind: str) -> str:
    """Put something at the remote's spec that descends from ours and is no spec, or is no commit."""
    tree = pair.git("mktree", stdin="")
    if kind == "tree":
        made = tree
    elif kind == "blob":
        made = pair.git("hash-object", "-w", "--stdin", stdin="no spec")
    elif kind == "tag":
        pair.git("tag", "-a", "-m", "x", "v1", SPEC_REF)
        made = pair.git("rev-parse", "refs/tags/v1")
    else:
        if kind == "garbage":
            blob = pair.git("hash-object", "-w", "--stdin", stdin="= not toml")
            tree = pair.git("mktree", stdin=f"100644 blob {blob}\tevogit.toml\n")
        made = pair.git("commit-tree", tree, "-p", SPEC_REF, "-m", "evil")
    pair.git("update-ref", SPEC_REF, made)
    return made


@pytest.mark.parametrize("kind", ["empty", "garbage", "blob", "tree", "tag"])
def test_a_spec_that_can_not_be_read_is_reported_and_not_adopted(pair: Pair, kind: str) -> None:
    _grown(pair)
    good = pair.two.swarm.git.ref(SPEC_REF)
    _push_spec(pair, kind)
    made = pair.one.step("x = 3\n")
    for clone in (pair.one, pair.two):
        problems = clone.sync().problems
        assert len(problems) == 1
        assert "is not adopted" in problems[0]
        assert clone.swarm.git.ref(SPEC_REF) == good
        assert clone.swarm.spec().settings.evaluate.stages
    assert made in pair.two.view()[0]


def test_a_spec_set_right_at_the_remote_is_followed_again(pair: Pair) -> None:
    good = pair.git("rev-parse", SPEC_REF)
    _push_spec(pair, "empty")
    assert pair.two.sync().problems
    pair.git("update-ref", SPEC_REF, good)
    pair.settle()


def test_a_remote_whose_spec_can_not_be_read_can_not_be_joined(pair: Pair, tmp_path: Path) -> None:
    _push_spec(pair, "empty")
    with pytest.raises(ConfigError, match=r"holds no evogit\.toml"):
        clone_swarm(str(pair.remote), tmp_path / "three", hostname="three")
    _push_spec(pair, "blob")
    with pytest.raises(EvoGitError):
        clone_swarm(str(pair.remote), tmp_path / "three", hostname="three")
    assert not (tmp_path / "three" / "swarm.git").exists()


def test_what_libgit2_stumbles_over_does_not_end_a_background_exchange(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise pygit2.GitError("odd object")

    told: list[str] = []
    monkeypatch.setattr("evogit.sync.background.sync", stumble)
    BackgroundSync(pair.one.swarm, told.append, every=0).finish()
    assert told == ["sync: odd object"]


def test_what_a_bad_teammate_wrote_is_forgotten_with_the_refs_that_hold_it(pair: Pair) -> None:
    _grown(pair)
    path = pair.one.swarm.private / "phylogeny.cache"
    before = _opened(pair.one, path).spent
    tree = pair.git("mktree", stdin="")
    root = pair.git("commit-tree", tree, "-m", "evogit journal mallory-w1")
    forged = dump(Attempt("mallory-a1", "mutate", 1, (), spend=Spend(cost_usd=1e6)))
    entry = pair.git("commit-tree", tree, "-p", root, "-m", f"attempt\n\n{forged}")
    pair.git("update-ref", "refs/evogit/journal/mallory-w1", entry)
    pair.settle()
    known = _opened(pair.one, path)
    assert known.spent.cost_usd == 1e6
    known.save()
    pair.git("update-ref", "-d", "refs/evogit/journal/mallory-w1")
    for clone in (pair.one, pair.two):
        refs = clone.swarm.git.refs_under("refs/evogit/remotes/origin/journal/mallory")
        run_git(clone.swarm.path, "update-ref", "-d", *refs)
    pair.settle()
    assert _opened(pair.one, path).spent == before
    assert "mallory" not in pair.git("for-each-ref")


def _opened(clone: Clone, cache: Path) -> Phylogeny:
    evaluator = clone.swarm.spec().evaluator
    git = clone.swarm.git
    return Phylogeny(git, evaluator=evaluator, environment="", maximize=True, cache=cache)


def _push_into(pair: Pair, ref: str) -> None:
    """What a teammate does who adds to another one's journal or branch."""
    made = pair.git("commit-tree", f"{ref}^{{tree}}", "-p", ref, "-m", "not from there")
    pair.git("update-ref", ref, made)


@pytest.mark.parametrize("ref", ["refs/evogit/journal/w1", "refs/heads/a1"])
def test_what_was_pushed_into_a_ref_of_ours_is_put_back_as_the_message_says(
    pair: Pair, ref: str
) -> None:
    _grown(pair)
    view, mine = pair.two.view(), pair.one.swarm.git.ref(ref)
    _push_into(pair, ref)
    pair.two.sync()
    _opened(pair.two, pair.two.swarm.private / "cache").save()
    pair.one.step("x = 3\n")
    (said,) = [text for text in pair.one.sync().problems if "put ours back: " in text]
    command = shlex.split(said.partition("put ours back: ")[2])
    subprocess.run(command, check=True, capture_output=True)
    assert pair.one.sync().problems == ()
    assert pair.git("merge-base", "--is-ancestor", str(mine), ref) == ""
    tracking = ref.replace("evogit/", "").replace("refs/", "refs/evogit/remotes/origin/")
    run_git(pair.two.swarm.path, "update-ref", "-d", tracking)
    assert pair.two.sync().problems == ()
    assert _opened(pair.two, pair.two.swarm.private / "cache").problems == []
    assert pair.two.view()[1:] == pair.one.view()[1:] != view[1:]
