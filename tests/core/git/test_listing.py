"""Listing refs by what changed says at every moment what libgit2 says."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pygit2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evogit.git.listing import Listing
from evogit.git.repository import GitRepository
from evogit.ids import CommitId

NAMES = ["refs/heads/a", "refs/heads/b", "refs/heads/x/y", "refs/evogit/journal/w1", "refs/tags/t"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[pygit2.Repository, list[CommitId]]:
    path = tmp_path_factory.mktemp("listing") / "bare.git"
    handle = pygit2.init_repository(str(path), bare=True)
    git = GitRepository(path)
    tree = git.build_tree([])
    commits = [git.write_commit(tree, [], f"{n}\n", author="me", time=n) for n in range(5)]
    return handle, commits


def expected(handle: pygit2.Repository) -> dict[str, CommitId]:
    """What libgit2 lists."""
    found = pygit2.Repository(handle.path).references.iterator()
    direct = (ref for ref in found if isinstance(ref.target, pygit2.Oid))
    return {ref.name: CommitId(str(ref.target)) for ref in direct}


def clear(handle: pygit2.Repository) -> None:
    for name in list(handle.references):
        handle.references.delete(name)


Move = tuple[str, int]
MOVES = st.lists(
    st.tuples(st.sampled_from([*NAMES, "pack", "symbolic", "look"]), st.integers(0, 5)), max_size=40
)


@settings(max_examples=40)
@given(moves=MOVES)
def test_whatever_moved_and_however_fast_both_say_the_same(
    moves: list[Move], shared: tuple[pygit2.Repository, list[CommitId]]
) -> None:
    handle, commits = shared
    clear(handle)
    listing = Listing(Path(handle.path))
    for name, number in moves:
        if name == "pack":
            subprocess.run(["git", "-C", handle.path, "pack-refs", "--all"], check=True)
        elif name == "symbolic":
            handle.references.create("refs/heads/symbolic", "refs/heads/a", force=True)
        elif name == "look":
            assert listing.read() == expected(handle)
        elif number == 5:
            if name in handle.references:
                handle.references.delete(name)
        else:
            handle.references.create(name, commits[number], force=True)
    assert listing.read() == expected(handle)


@pytest.fixture
def bare(tmp_path: Path) -> GitRepository:
    pygit2.init_repository(str(tmp_path / "bare.git"), bare=True)
    return GitRepository(tmp_path / "bare.git")


def commits(git: GitRepository, count: int) -> list[CommitId]:
    tree = git.build_tree([])
    return [git.write_commit(tree, [], f"{n}\n", author="me", time=n) for n in range(count)]


def test_what_is_no_ref_is_left_out(bare: GitRepository) -> None:
    (commit,) = commits(bare, 1)
    bare.move_ref("refs/heads/good", old=None, new=commit)
    heads = bare.path / "refs" / "heads"
    (heads / "empty").touch()
    (heads / "short").write_text(commit[:39])
    (heads / "long").write_text(f"{commit}0\n")
    (heads / "binary").write_bytes(b"\xff" * 41)
    (heads / "good.lock").write_text(f"{commit}\n")
    os.mkfifo(heads / "pipe")
    (heads / "elsewhere").symlink_to("/")
    assert bare.refs_under("refs/") == {"refs/heads/good": commit}
    assert bare.refs_under("refs/tags/") == {}


def test_a_ref_may_become_a_folder_and_a_ref_again(bare: GitRepository) -> None:
    first, second = commits(bare, 2)
    for _ in range(5):
        bare.move_ref(
            "refs/heads/a",
            old=None,
            new=first,
        )
        assert bare.refs_under("refs/") == {"refs/heads/a": first}
        bare.move_ref("refs/heads/a", old=first, new=None)
        bare.move_ref("refs/heads/a/b", old=None, new=second)
        assert bare.refs_under("refs/") == {"refs/heads/a/b": second}
        bare.move_ref("refs/heads/a/b", old=second, new=None)
        if (bare.path / "refs/heads/a").is_dir():
            (bare.path / "refs/heads/a").rmdir()


def racing(git: GitRepository, order: list[CommitId], look: Callable[[], None]) -> None:
    """Move a ref through ``order`` in one thread while ``look`` is called in this one."""

    def move() -> None:
        for old, new in zip([None, *order], order, strict=False):
            git.move_refs({"refs/heads/a": (old, new)}, durable=False)

    thread = threading.Thread(target=move)
    thread.start()
    while thread.is_alive():
        look()
    thread.join()


def test_beside_a_writer_nobody_sees_a_ref_go_back_or_away(bare: GitRepository) -> None:
    order = commits(bare, 400)
    seen: list[int] = []

    def look() -> None:
        found = bare.refs_under("refs/").get("refs/heads/a")
        if found is not None:
            seen.append(order.index(found))
        else:
            assert not seen

    racing(bare, order, look)
    assert seen == sorted(seen)
    assert bare.refs_under("refs/") == {"refs/heads/a": order[-1]}


def test_moves_within_one_tick_of_the_clock_are_all_seen(bare: GitRepository) -> None:
    order, random = commits(bare, 300), Random(1)
    old: CommitId | None = None
    for new in order:
        bare.move_refs({"refs/heads/a": (old, new)}, durable=False)
        old = new
        if random.random() < 0.7:
            assert bare.refs_under("refs/") == {"refs/heads/a": new}
