"""Two clones and a remote: what one did the other sees, and nothing is lost on the way."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.sync.conftest import Pair

from evogit.errors import EvoGitError, GitError, NotFoundError, PreconditionError, UserError
from evogit.ids import JOURNALS, SPEC_REF
from evogit.swarm.spec import PinnedFile, write_spec
from evogit.sync.background import BackgroundSync
from evogit.sync.clone import clone_swarm
from evogit.sync.remote import checked_url, sync


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


def test_a_newer_spec_is_followed_and_a_forked_one_is_left_to_a_human(pair: Pair) -> None:
    first = _new_spec(pair, "one", "one")
    pair.settle()
    assert pair.two.swarm.git.ref(SPEC_REF) == first
    mine, theirs = _new_spec(pair, "one", "left"), _new_spec(pair, "two", "right")
    pair.one.sync()
    assert "differ" in " ".join(pair.two.sync().problems)
    assert pair.one.swarm.git.ref(SPEC_REF) == mine
    assert pair.two.swarm.git.ref(SPEC_REF) == theirs
    pair.two.step("x = 1\n")
    pair.two.sync()
    pair.one.sync()
    assert pair.one.view()[0] == pair.two.view()[0]


def _new_spec(pair: Pair, clone: str, goal: str) -> str:
    swarm = pair.one.swarm if clone == "one" else pair.two.swarm
    settings = swarm.spec().settings
    changed = settings.model_copy(update={"goal": settings.goal.model_copy(update={"text": goal})})
    return write_spec(
        swarm.git,
        changed,
        base=swarm.git.commit(swarm.base).tree,
        files={"score/score.py": PinnedFile(b"print(1)")},
        author="ada",
        time=1,
        subject=goal,
    ).commit


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
