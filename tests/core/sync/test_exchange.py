"""Two clones and a remote: what one did the other sees, and nothing is lost on the way."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.sync.conftest import Pair

from evogit.errors import EvoGitError, GitError, NotFoundError, PreconditionError, UserError
from evogit.ids import JOURNALS, SPEC_REF
from evogit.sync.background import BackgroundSync
from evogit.sync.clone import clone_swarm
from evogit.sync.exchange import sync
from evogit.sync.remote import (
    checked_url,
    remote_url,
    set_remote,
    set_sync_timeout,
    sync_timeout,
)


def test_two_clones_end_with_the_same_phylogeny(pair: Pair) -> None:
    for number in range(3):
        pair.one.step(f"x = 1{number}\n", number)
        pair.two.step(f"x = 2{number}\n", -number)
    pair.one.decide("ada", pair.one.step("x = 'pinned here'\n"))
    pair.two.decide(f"ada-{pair.two.swarm.host}", pair.two.step("x = 'pinned there'\n"))
    pair.settle()
    assert pair.one.view() == pair.two.view()
    assert len(pair.one.view()[0]) == 9
    assert pair.one.problems() == pair.two.problems() == []


def test_one_that_was_cut_off_catches_up_and_nothing_is_lost(pair: Pair) -> None:
    away = pair.remote.with_name("away.git")
    pair.remote.rename(away)
    made = [pair.one.step(f"x = 1{n}\n") for n in range(3)]
    with pytest.raises(GitError):
        pair.one.sync()
    made += [pair.two.step(f"x = 2{n}\n") for n in range(3)]
    away.rename(pair.remote)
    pair.settle()
    assert pair.one.view() == pair.two.view()
    assert set(made) <= pair.two.view()[0]


def test_a_second_exchange_in_a_row_moves_nothing(pair: Pair) -> None:
    pair.one.step("x = 1\n")
    pair.settle()
    again = pair.one.sync()
    assert (again.pushed, again.fetched, again.problems) == (0, 0, ())


def test_rejected_offspring_travel_too(pair: Pair) -> None:
    kept = pair.one.step("x = 1\n")
    rejected = pair.one.step("x = 2\n")
    pair.one.swarm.git.move_ref("refs/heads/a1", old=rejected, new=kept)
    pair.settle()
    assert rejected in pair.two.view()[0]


def test_clones_get_names_that_differ(pair: Pair, tmp_path: Path) -> None:
    third = clone_swarm(str(pair.remote), tmp_path / "three", hostname="Host.Two")
    assert third.host != pair.two.swarm.host
    assert third.host.startswith("host-two-")


def test_a_remote_without_a_swarm_can_not_be_joined(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "empty.git")], check=True)
    with pytest.raises(NotFoundError):
        clone_swarm(str(tmp_path / "empty.git"), tmp_path / "clone", hostname="h")
    assert not (tmp_path / "clone" / "swarm.git").exists()


@pytest.mark.parametrize("url", ["", "-x", "ext::sh -c id", "--upload-pack=id", "a\nb", "fd::3"])
def test_a_url_that_could_run_something_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        checked_url(url)
    with pytest.raises(UserError):
        clone_swarm(url, tmp_path / "clone", hostname="h")


def test_without_a_remote_there_is_nothing_to_sync(pair: Pair) -> None:
    del pair.one.swarm.git.handle.config["remote.origin.url"]
    with pytest.raises(PreconditionError):
        sync(pair.one.swarm)


def test_a_stale_lock_of_a_killed_fetch_heals(pair: Pair) -> None:
    pair.one.step("x = 1\n")
    pair.settle()
    lock = pair.two.swarm.path / "refs/evogit/remotes/origin/journal/w1.lock"
    lock.write_text("")
    pair.one.step("x = 2\n")
    pair.one.sync()
    assert pair.two.sync().problems == ()
    assert pair.one.view() == pair.two.view()


def test_a_remote_that_only_takes_some_refs_says_which(pair: Pair) -> None:
    hook = pair.remote / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ncase $1 in refs/heads/*) exit 1;; esac\n")
    hook.chmod(0o755)
    pair.one.step("x = 1\n")
    done = pair.one.sync()
    assert len(done.problems) == 1
    assert "refs/heads/a1" in done.problems[0]
    assert pair.git("rev-parse", pair.one.journal) == pair.one.swarm.git.ref(JOURNALS + "w1")


def test_a_failing_remote_is_told_once_and_again_only_after_it_recovered(pair: Pair) -> None:
    told: list[str] = []
    sync_beside = BackgroundSync(pair.one.swarm, told.append, every=0)
    away = pair.remote.with_name("away.git")
    for expected in (1, 1, 1):
        pair.remote.rename(away) if pair.remote.exists() else None
        sync_beside.finish()
        assert len(told) == expected
    away.rename(pair.remote)
    sync_beside.finish()
    pair.remote.rename(away)
    sync_beside.finish()
    assert len(told) == 2


def test_background_exchanges_never_block_and_share_one_schedule(pair: Pair) -> None:
    pair.one.step("x = 1\n")
    first = BackgroundSync(pair.one.swarm, _fail, every=3600)
    second = BackgroundSync(pair.one.swarm, _fail, every=3600)
    first.tick()
    _until(lambda: pair.git("for-each-ref", pair.one.journal) != "")
    before = pair.git("rev-parse", pair.one.journal)
    pair.one.step("x = 2\n")
    second.tick()
    first.tick()
    second.finish()
    assert pair.git("rev-parse", pair.one.journal) != before


def _fail(problem: str) -> None:
    raise AssertionError(problem)


def _until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_git_daemon_serves_as_well(pair: Pair, tmp_path: Path) -> None:
    (pair.remote / "git-daemon-export-ok").touch()
    port = _free_port()
    daemon = subprocess.Popen(
        [
            "git",
            "daemon",
            "--listen=127.0.0.1",
            f"--port={port}",
            "--enable=receive-pack",
            f"--base-path={tmp_path}",
            "--reuseaddr",
        ],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"git://127.0.0.1:{port}/{pair.remote.name}"
        for clone in (pair.one, pair.two):
            clone.swarm.configure("remote.origin.url", url)
        pair.one.step("x = 1\n")
        pair.two.step("x = 2\n")
        _until(lambda: _succeeds(pair.one.sync))
        pair.settle()
        assert pair.one.view() == pair.two.view()
    finally:
        daemon.terminate()
        daemon.wait()


def _succeeds(action: Callable[[], object]) -> bool:
    try:
        action()
    except EvoGitError:
        return False
    return True


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_clone_that_lost_its_remote_copies_gets_them_back(pair: Pair) -> None:
    pair.one.step("x = 1\n")
    pair.settle()
    shutil.rmtree(pair.two.swarm.path / "refs/evogit/remotes")
    assert pair.two.sync().problems == ()
    assert pair.one.view() == pair.two.view()


def _project(pair: Pair, folder: Path, branch: str) -> tuple[Path, str]:
    """An ordinary bare repository with one branch; returns that branch's tip, too."""
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    project = Pair(pair.one, pair.two, folder)
    tree = project.git("mktree", stdin="")
    tip = project.git("commit-tree", tree, "-m", "a colleague's")
    project.git("update-ref", f"refs/heads/{branch}", tip)
    return folder, tip


@pytest.mark.parametrize("branch", ["a1", "idea", "main", "master"])
def test_a_remote_with_branches_and_no_swarm_is_refused_and_left_alone(
    pair: Pair, tmp_path: Path, branch: str
) -> None:
    pair.one.step("x = 1\n")
    project, tip = _project(pair, tmp_path / "project.git", branch)
    set_remote(pair.one.swarm, str(project))
    with pytest.raises(PreconditionError, match="holds branches and no swarm"):
        pair.one.sync()
    refs = Pair(pair.one, pair.two, project).git(
        "for-each-ref", "--format=%(refname) %(objectname)"
    )
    assert refs == f"refs/heads/{branch} {tip}"


def test_a_first_exchange_that_was_cut_off_can_be_made_again(pair: Pair, tmp_path: Path) -> None:
    pair.one.step("x = 1\n")
    fresh = tmp_path / "fresh.git"
    subprocess.run(["git", "init", "-q", "--bare", str(fresh)], check=True)
    set_remote(pair.one.swarm, str(fresh))
    pair.one.sync()
    there = Pair(pair.one, pair.two, fresh)
    for ref in there.git("for-each-ref", "--format=%(refname)", "refs/evogit").split():
        there.git("update-ref", "-d", ref)
    assert pair.one.sync().problems == ()
    assert there.git("rev-parse", SPEC_REF) == pair.one.swarm.git.ref(SPEC_REF)


def test_what_a_human_pushed_onto_an_agents_branch_is_kept_and_not_overwritten(pair: Pair) -> None:
    pair.one.step("x = 1\n")
    pair.settle()
    tree = pair.git("mktree", stdin="")
    theirs = pair.git("commit-tree", tree, "-p", "refs/heads/a1", "-m", "a human's")
    pair.git("update-ref", "refs/heads/a1", theirs)
    mine = pair.one.step("x = 2\n")
    for _ in range(2):
        (problem,) = pair.one.sync().problems
        assert "refs/heads/a1 was moved at the remote" in problem
        assert pair.git("rev-parse", "refs/heads/a1") == theirs
        assert theirs in pair.one.view()[0]
        assert pair.git("rev-parse", pair.one.journal) == pair.one.swarm.git.ref(pair.one.journal)
    pair.git("branch", "-m", "a1", "by-hand")
    pair.settle()
    assert pair.git("rev-parse", "refs/heads/a1") == mine
    assert theirs in pair.two.view()[0]


def test_an_agent_that_went_back_moves_its_branch_at_the_remote(pair: Pair) -> None:
    first = pair.one.step("x = 1\n")
    second = pair.one.step("x = 2\n")
    pair.settle()
    pair.one.swarm.git.move_ref("refs/heads/a1", old=second, new=first)
    assert pair.one.sync().problems == ()
    assert pair.git("rev-parse", "refs/heads/a1") == first


def test_an_exchange_that_hangs_does_not_hold_up_the_next(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh, began = tmp_path / "ssh", tmp_path / "began"
    # One child in git's own process group, and one that left it, as credential daemons do.
    ssh.write_text(f"#!/bin/sh\nsetsid sleep 7 </dev/null &\ntouch {began}\nsleep 60\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    pair.one.swarm.configure("remote.origin.url", "ssh://nowhere.invalid/x.git")
    with pytest.raises(GitError, match="did not end") as said:
        sync(pair.one.swarm, timeout=1)
    assert "--timeout" in said.value.hint
    assert began.exists()
    set_remote(pair.one.swarm, str(pair.remote))
    since = time.monotonic()
    assert pair.one.sync().problems == ()
    assert time.monotonic() - since < 5


def test_an_exchange_does_not_wait_for_ever_for_the_one_before_it(pair: Pair) -> None:
    set_sync_timeout(pair.one.swarm, 0.1)
    with (pair.one.swarm.private / "sync.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(PreconditionError, match="did not end within"):
            pair.one.sync()
    assert sync(pair.one.swarm, timeout=60).problems == ()


def test_a_remote_that_is_refused_is_not_remembered(pair: Pair, tmp_path: Path) -> None:
    project, _ = _project(pair, tmp_path / "project.git", "master")
    for url in (str(project), str(tmp_path / "nowhere.git"), "ext::sh -c id"):
        with pytest.raises(EvoGitError):
            sync(pair.one.swarm, url=url)
        assert remote_url(pair.one.swarm) == str(pair.remote)
    assert pair.one.sync().problems == ()


def test_a_remote_that_refuses_everything_is_not_remembered_and_its_words_are_told(
    pair: Pair, tmp_path: Path
) -> None:
    pair.one.step("x = 1\n")
    closed = tmp_path / "closed.git"
    subprocess.run(["git", "init", "-q", "--bare", str(closed)], check=True)
    hook = closed / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'no swarms \x1b[31mhere' >&2\nexit 1\n")
    hook.chmod(0o755)
    done = sync(pair.one.swarm, url=str(closed))
    assert (done.pushed, done.refused) == (0, 4)
    rejected, said = done.problems
    assert rejected.startswith("refs/heads/main, ")
    assert " and 1 more: [remote rejected] (pre-receive hook declined)" in rejected
    assert said == "the remote says: no swarms here"
    assert remote_url(pair.one.swarm) == str(pair.remote)


def test_a_remote_that_an_exchange_worked_with_is_remembered(pair: Pair, tmp_path: Path) -> None:
    pair.one.step("x = 1\n")
    fresh = tmp_path / "fresh.git"
    subprocess.run(["git", "init", "-q", "--bare", str(fresh)], check=True)
    assert sync(pair.one.swarm, url=str(fresh)).problems == ()
    assert remote_url(pair.one.swarm) == str(fresh)
    pair.one.step("x = 2\n")
    assert pair.one.sync().problems == ()
    there = Pair(pair.one, pair.two, fresh)
    assert there.git("rev-parse", pair.one.journal) == pair.one.swarm.git.ref(pair.one.journal)
    other = clone_swarm(str(fresh), tmp_path / "three", hostname="three", timeout=900)
    assert sync_timeout(other) == 900


def test_how_long_git_may_take_is_what_a_human_said_last(pair: Pair) -> None:
    assert sync_timeout(pair.one.swarm) == 300
    set_sync_timeout(pair.one.swarm, 7200)
    assert sync_timeout(pair.one.swarm) == 7200
    for nonsense in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(UserError):
            set_sync_timeout(pair.one.swarm, nonsense)
    pair.one.swarm.configure("evogit.syncTimeout", "soon")
    assert sync_timeout(pair.one.swarm) == 300
