"""Three-way merges against git's own, and the laws they keep."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygit2.enums import FileMode

from evogit.errors import UserError
from evogit.git.merge import MAX_OPENED, Merge, merge
from evogit.git.repository import GitRepository
from evogit.git.trees import Change, Entry
from evogit.ids import CommitId, TreeId

LAWS = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path)], check=True, env=ENVIRONMENT)
    return GitRepository(tmp_path)


def make(git: GitRepository, files: Mapping[str, bytes]) -> TreeId:
    empty = TreeId(str(git.handle.TreeBuilder().write()))
    return git.change_tree(
        empty, {path: Change(git.write_blob(data)) for path, data in files.items()}
    )


def content(git: GitRepository, tree: TreeId) -> dict[str, bytes]:
    return {path: git.read_blob(entry.blob) for path, entry in git.files(tree).items()}


def by_git(git: GitRepository, base: TreeId, ours: TreeId, theirs: TreeId) -> TreeId | None:
    """What ``git merge-tree`` says, with commits made so that the base is the only one."""
    root = git.write_commit(base, [], "base", author="a", time=1)
    sides: list[CommitId] = [
        git.write_commit(tree, [root], uuid.uuid4().hex, author="a", time=2)
        for tree in (ours, theirs)
    ]
    done = subprocess.run(
        ["git", f"--git-dir={git.path}", "merge-tree", "--write-tree", *sides],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return TreeId(done.stdout.split()[0]) if done.returncode == 0 else None


def text(*lines: str) -> bytes:
    return "".join(line + "\n" for line in lines).encode()


BASE = {"a.py": text(*"abcdefgh"), "lib/b.py": text("1", "2"), "lib/c.py": text("x")}


def merged(git: GitRepository, ours: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> Merge:
    return merge(git, make(git, BASE), make(git, ours), make(git, theirs))


def test_changes_to_different_lines_of_a_file_are_both_kept(git: GitRepository) -> None:
    ours = BASE | {"a.py": text("A", *"bcdefgh")}
    theirs = BASE | {"a.py": text(*"abcdefg", "H"), "lib/new.py": b"n"}
    result = merged(git, ours, theirs)
    assert result.tree is not None
    assert content(git, result.tree) == BASE | {
        "a.py": text("A", *"bcdefg", "H"),
        "lib/new.py": b"n",
    }
    assert result.tree == by_git(git, make(git, BASE), make(git, ours), make(git, theirs))


def test_a_conflict_names_its_hunk_and_keeps_the_clean_rest(git: GitRepository) -> None:
    ours = BASE | {"a.py": text("A", *"bcdefg", "H")}
    theirs = BASE | {"a.py": text("Z", *"bcdefgh"), "lib/b.py": text("1")}
    result = merged(git, ours, theirs)
    assert result.tree is None
    (conflict,) = result.conflicts
    (hunk,) = conflict.hunks
    assert (hunk.base, hunk.ours, hunk.theirs) == (b"a\n", b"A\n", b"Z\n")
    assert content(git, result.partial)["lib/b.py"] == text("1")
    assert b"H\n" in conflict.pieces[-1] if isinstance(conflict.pieces[-1], bytes) else False


def test_a_file_deleted_here_and_changed_there_is_one_whole_conflict(git: GitRepository) -> None:
    ours = {path: data for path, data in BASE.items() if path != "lib/c.py"}
    result = merged(git, ours, BASE | {"lib/c.py": text("y", "z", "w")})
    (conflict,) = result.conflicts
    assert conflict.path == "lib/c.py"
    assert conflict.ours is None
    assert conflict.hunks[0].whole


def test_a_submodule_gone_here_and_moved_there_is_a_conflict_without_lines(
    git: GitRepository,
) -> None:
    def with_module(commit: str) -> TreeId:
        builder = git.handle.TreeBuilder(str(make(git, BASE)))
        builder.insert("sub", commit, FileMode.COMMIT)
        return TreeId(str(builder.write()))

    ours = make(git, BASE | {"new.py": text("x")})
    result = merge(git, with_module("1" * 40), ours, with_module("2" * 40))
    assert [one.path for one in result.conflicts] == ["sub"]
    both = merge(git, make(git, BASE), with_module("1" * 40), with_module("2" * 40))
    assert [one.path for one in both.conflicts] == ["sub"]


def test_a_renamed_file_takes_the_change_made_under_its_old_name(git: GitRepository) -> None:
    ours = {"moved.py" if path == "a.py" else path: data for path, data in BASE.items()}
    theirs = BASE | {"a.py": text(*"abcdefg", "H")}
    result = merged(git, ours, theirs)
    assert result.tree is not None
    assert content(git, result.tree)["moved.py"] == text(*"abcdefg", "H")
    assert result.tree == by_git(git, make(git, BASE), make(git, ours), make(git, theirs))


def test_a_rename_with_a_conflict_inside_is_offered_line_by_line(git: GitRepository) -> None:
    body = [f"this is line number {i} of a longer file" for i in range(20)]
    base, ours, theirs = (
        make(git, {name: text(*body, last)})
        for name, last in (("a.py", "b"), ("moved.py", "O"), ("a.py", "T"))
    )
    result = merge(git, base, ours, theirs)
    (conflict,) = result.conflicts
    assert conflict.path == "moved.py"
    assert conflict.also == ("a.py",)
    assert [(h.ours, h.theirs, h.whole) for h in conflict.hunks] == [(b"O\n", b"T\n", False)]


def test_a_file_against_a_folder_is_a_conflict_of_both(git: GitRepository) -> None:
    theirs = {"a.py/inner.py": b"i"} | {path: BASE[path] for path in BASE if path != "a.py"}
    result = merged(git, BASE | {"a.py": b"changed\n"}, theirs)
    (conflict,) = result.conflicts
    assert conflict.theirs is not None
    assert conflict.theirs.mode == 0o040000


def test_binary_files_are_never_merged_line_by_line(git: GitRepository) -> None:
    base = make(git, {"b": b"\0\n1\n2\n3\n"})
    result = merge(
        git, base, make(git, {"b": b"\0\n0\n2\n3\n"}), make(git, {"b": b"\0\n1\n2\n4\n"})
    )
    assert result.conflicts[0].hunks[0].whole


@pytest.mark.parametrize("attribute", ["merge=union", "merge=ours", "merge=binary", "-merge"])
def test_attributes_in_the_trees_have_no_effect(git: GitRepository, attribute: str) -> None:
    rules = {".gitattributes": f"* {attribute}\n".encode()}
    base, ours, theirs = (rules | BASE | {"a.py": text(x)} for x in ("a", "b", "c"))
    for extra in ({}, {"lib/c.py": text("x", "y")}):
        changed = {k: v for k, v in (theirs | extra).items() if extra or k != "lib/c.py"}
        result = merge(git, make(git, base), make(git, ours), make(git, changed))
        assert [conflict.path for conflict in result.conflicts] == ["a.py"]


def test_modes_merge_like_content(git: GitRepository) -> None:
    base = make(git, BASE)
    blob = git.files(base)["a.py"].blob
    ours = git.change_tree(base, {"a.py": Change(blob, executable=True)})
    theirs = make(git, BASE | {"a.py": text("A", *"bcdefgh")})
    result = merge(git, base, ours, theirs)
    assert result.tree is not None
    assert git.files(result.tree)["a.py"] == Entry(0o100755, git.files(theirs)["a.py"].blob)
    assert result.tree == by_git(git, base, ours, theirs)


def test_a_bomb_of_folders_is_refused(git: GitRepository) -> None:
    def bomb(seed: bytes) -> TreeId:
        node, mode = str(git.write_blob(seed)), 0o100644
        for _ in range(5):
            builder = git.handle.TreeBuilder()
            for i in range(20):
                builder.insert(f"f{i}", node, mode)
            node, mode = str(builder.write()), 0o040000
        return TreeId(node)

    assert MAX_OPENED < 3 * 20**4
    with pytest.raises(UserError, match="too many"):
        merge(git, bomb(b"1\n"), bomb(b"2\n"), bomb(b"3\n"))


def test_lines_end_at_line_feeds_only(git: GitRepository) -> None:
    base, ours, theirs = (
        make(git, {"f": data})
        for data in (b"a\r\nb\x0b\nc\nd", b"A\r\nb\x0b\nc\nd", b"a\r\nb\x0b\nc\nd\n")
    )
    result = merge(git, base, ours, theirs)
    assert result.tree is not None
    assert content(git, result.tree) == {"f": b"A\r\nb\x0b\nc\nd\n"}
    assert result.tree == by_git(git, base, ours, theirs)


NAMES = ("a", "b", "d/a", "d/b", "d/e/a")


@st.composite
def variants(draw: st.DrawFn) -> list[dict[str, bytes]]:
    """A base and two trees that edit, delete and add files with lines that do not repeat."""
    base = {
        name: [f"{name} {i}" for i in range(draw(st.integers(1, 12)))]
        for name in draw(st.sets(st.sampled_from(NAMES), min_size=1))
    }
    found = [{name: text(*lines) for name, lines in base.items()}]
    for side in "xy":
        files: dict[str, bytes] = {}
        for name in NAMES:
            lines = list(base.get(name, ()))
            deed = draw(st.sampled_from(["keep", "keep", "edit", "edit", "same", "drop"]))
            if deed == "drop" or (not lines and deed == "keep"):
                continue
            mark = "same" if deed == "same" else side
            if deed != "keep":
                at = draw(st.integers(0, len(lines)))
                end = draw(st.integers(at, min(len(lines), at + 2)))
                lines[at:end] = [f"{mark} {name} {at}" for _ in range(draw(st.integers(0, 1)))]
            files[name] = text(*lines)
        found.append(files)
    return found


@given(files=variants())
@LAWS
def test_clean_merges_have_the_tree_that_git_makes(
    git: GitRepository, files: list[dict[str, bytes]]
) -> None:
    base, ours, theirs = (make(git, each) for each in files)
    result = merge(git, base, ours, theirs)
    assert (result.tree is None) == bool(result.conflicts)
    expected = by_git(git, base, ours, theirs)
    if result.tree is not None and expected is not None:
        assert result.tree == expected
    else:
        assert result.tree == expected or renames_are_in_play(files)


def renames_are_in_play(files: list[dict[str, bytes]]) -> bool:
    """Whether a side both lost and gained a file: then git may guess a rename."""
    base = files[0].keys()
    return any(base - side.keys() and side.keys() - base for side in files[1:])


@given(files=variants())
@LAWS
def test_merging_what_is_the_same_changes_nothing(
    git: GitRepository, files: list[dict[str, bytes]]
) -> None:
    base, ours, _ = (make(git, each) for each in files)
    assert merge(git, base, ours, ours).tree == ours
    assert merge(git, base, base, ours).tree == ours
    assert merge(git, base, ours, base).tree == ours


@given(files=variants())
@LAWS
def test_clean_merges_do_not_depend_on_whose_side_is_first(
    git: GitRepository, files: list[dict[str, bytes]]
) -> None:
    base, ours, theirs = (make(git, each) for each in files)
    one, other = merge(git, base, ours, theirs), merge(git, base, theirs, ours)
    assert one.tree == other.tree
    assert {c.path for c in one.conflicts} == {c.path for c in other.conflicts}


@given(files=variants())
@LAWS
def test_a_change_made_on_one_side_only_is_never_lost(
    git: GitRepository, files: list[dict[str, bytes]]
) -> None:
    base, ours, theirs = files
    result = merge(git, *(make(git, each) for each in files))
    if renames_are_in_play(files):
        return
    got = content(git, result.partial)
    for path in base.keys() | ours.keys() | theirs.keys():
        if ours.get(path) == base.get(path):
            assert got.get(path) == theirs.get(path)
        elif theirs.get(path) == base.get(path):
            assert got.get(path) == ours.get(path)
