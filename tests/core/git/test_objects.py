"""Objects that are written without libgit2 are those that git itself would write."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygit2.enums import FileMode

from evogit.errors import InternalError, UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, FILE, Entry
from evogit.ids import BlobId, CommitId
from evogit.swarm.repository import init_bare

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)
# Beside a folder "a", "a.b" comes before it and "a0" behind it: "/" sorts between them.
NAMES = st.sampled_from(["a", "a.b", "a0", "b", "é", "c d"])
FILES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    st.tuples(st.sampled_from([FILE, EXECUTABLE]), st.binary(max_size=9)),
    max_size=8,
)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    return init_bare(tmp_path_factory.mktemp("objects") / "swarm.git")


def run_git(git: GitRepository, *arguments: str) -> str:
    command = ["git", "-C", str(git.path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def index_of(entries: dict[str, Entry]) -> pygit2.Index:
    index = pygit2.Index()
    for path, entry in entries.items():
        index.add(pygit2.IndexEntry(path, pygit2.Oid(hex=entry.blob), FileMode(entry.mode)))
    return index


@given(st.binary(max_size=5000))
def test_a_blob_has_the_id_and_the_content_that_libgit2_gives_it(
    git: GitRepository, data: bytes
) -> None:
    blob = git.write_blob(data)
    assert blob == str(git.handle.create_blob(data))
    assert git.read_blob(blob) == data


@given(FILES)
def test_a_tree_from_nothing_is_the_one_that_git_makes_of_an_index(
    git: GitRepository, files: dict[str, tuple[int, bytes]]
) -> None:
    whole = {p: f for p, f in files.items() if not any(q.startswith(p + "/") for q in files)}
    entries = {path: Entry(mode, git.write_blob(data)) for path, (mode, data) in whole.items()}
    tree = git.build_tree(entries.items())
    assert git.files(tree) == entries
    assert tree == str(index_of(entries).write_tree(git.handle))


@given(TEXTS, st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_a_commit_is_the_one_that_libgit2_makes(
    git: GitRepository, message: str, time: int, parents: int
) -> None:
    tree = git.build_tree([])
    above = [git.write_commit(tree, [], f"{n}\n", author="a1", time=n) for n in range(parents)]
    who = pygit2.Signature("w1-a2", "w1-a2@evogit", time, 0, "utf-8")
    theirs = git.handle.create_commit(None, who, who, message, tree, list(above))
    assert git.write_commit(tree, above, message, author="w1-a2", time=time) == str(theirs)


def test_git_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    git = init_bare(tmp_path / "swarm.git")
    blob = git.write_blob(b"x" * 100_000)
    tree = git.build_tree([("a/b/c.py", Entry(FILE, blob)), ("a.b", Entry(EXECUTABLE, blob))])
    first = git.write_commit(tree, [], "first\n", author="w1", time=1)
    second = git.write_commit(tree, [first], "späť\n\n{}\n", author="w1", time=2)
    git.move_ref("refs/heads/main", old=None, new=second)
    assert run_git(git, "fsck", "--strict", "--full", "--no-dangling") == ""
    assert run_git(git, "log", "--format=%an %ae %at %s").splitlines() == [
        "w1 w1@evogit 2 späť",
        "w1 w1@evogit 1 first",
    ]


def test_what_is_stored_already_is_marked_as_new_and_not_written_again(git: GitRepository) -> None:
    name = git.write_blob(b"again")
    path = git.path / "objects" / name[:2] / name[2:]
    os.utime(path, (1, 1))
    inode = path.stat().st_ino
    assert git.write_blob(b"again") == name
    assert path.stat().st_ino == inode
    assert path.stat().st_mtime > 1


def test_nothing_is_lost_when_empty_folders_are_removed_beside_several_writers(
    tmp_path: Path,
) -> None:
    git, done = init_bare(tmp_path / "swarm.git"), threading.Event()

    def remove_empty_folders() -> None:
        while not done.is_set():
            for folder in (git.path / "objects").glob("??"):
                with suppress(OSError):
                    folder.rmdir()

    def store(number: int) -> BlobId:
        blob = git.write_blob(str(number).encode())
        # So that its folder is mostly empty when the next one is written.
        path = git.path / "objects" / blob[:2] / blob[2:]
        path.rename(tmp_path / blob)
        return blob

    remover = threading.Thread(target=remove_empty_folders)
    remover.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            blobs = list(pool.map(store, range(1000)))
    finally:
        done.set()
        remover.join()
    assert {path.name for path in tmp_path.iterdir()} >= set(blobs)
    assert not list((git.path / "objects").rglob("tmp_*"))


def test_a_full_disk_leaves_neither_the_object_nor_a_part_of_it(tmp_path: Path) -> None:
    git = init_bare(tmp_path / "swarm.git")
    call = (
        "import os, pathlib, resource, signal, sys; from evogit.git.objects import write;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "write(pathlib.Path(sys.argv[1]), 'blob', os.urandom(5000))"
    )
    command = [sys.executable, "-c", call, str(git.path / "objects")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "OSError: [Errno 27] File too large" in done.stderr
    assert not [path for path in (git.path / "objects").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("parents", "message", "author", "time"),
    [
        ([CommitId("HEAD")], "x", "a1", 1),
        ([], "x\0y", "a1", 1),
        ([], "x", "a1 <b@c> 1 +0000\n", 1),
        ([], "x", "", 1),
        ([], "x", "a1", -1),
    ],
)
def test_what_would_become_another_commit_is_refused(
    git: GitRepository, parents: list[CommitId], message: str, author: str, time: int
) -> None:
    tree = git.build_tree([])
    with pytest.raises(InternalError):
        git.write_commit(tree, parents, message, author=author, time=time)


def test_a_path_is_not_both_a_file_and_a_folder(git: GitRepository) -> None:
    entry = Entry(FILE, git.write_blob(b""))
    for paths in (["a", "a/b"], ["a/b", "a"]):
        with pytest.raises(UserError, match="'a' is a f"):
            git.build_tree((path, entry) for path in paths)
    with pytest.raises(UserError, match="not allowed"):
        git.build_tree([("../x", entry)])


def test_a_repository_has_an_object_by_its_whole_id_only(git: GitRepository) -> None:
    blob = git.write_blob(b"has")
    assert git.has(blob)
    assert not git.has(blob[:7])
    assert not git.has("")
    assert not git.has("0" * 40)
