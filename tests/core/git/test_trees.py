"""Trees from outside are bounded before they are walked and checked before they are used."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.errors import NotFoundError, UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import Change, changed, check_offspring, check_path
from evogit.ids import BlobId, TreeId
from evogit.judge.workspace import Workspace
from evogit.swarm.repository import init_bare


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    return init_bare(tmp_path_factory.mktemp("trees") / "swarm.git")


def raw_tree(git: GitRepository, entries: list[tuple[bytes, bytes, str]]) -> TreeId:
    """A tree as an attacker writes it: no check of names, modes or order."""
    data = b"".join(mode + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    return TreeId(str(git.handle.odb.write(pygit2.enums.ObjectType.TREE, data)))


NAMES = st.sampled_from(["a", "b", "c.py", "d e", "é"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATHS, st.binary(max_size=20), max_size=8)


def without_clashes(files: dict[str, bytes]) -> dict[str, bytes]:
    return {p: d for p, d in files.items() if not any(q.startswith(p + "/") for q in files)}


@given(FILES, FILES)
def test_a_tree_after_changes_holds_exactly_what_was_asked_for(
    git: GitRepository, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    before, after = without_clashes(before), without_clashes(after)
    empty = git.build_tree([])
    old = git.change_tree(empty, {p: Change(git.write_blob(d)) for p, d in before.items()})
    gone = git.change_tree(old, dict.fromkeys(before))
    assert gone == empty
    new = git.change_tree(gone, {p: Change(git.write_blob(d)) for p, d in after.items()})
    assert {p: git.read_blob(e.blob) for p, e in git.files(new).items()} == after


@given(FILES, FILES)
def test_what_changed_turns_the_old_tree_into_the_new_one(
    git: GitRepository, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    empty = git.build_tree([])
    trees = [
        git.change_tree(empty, {p: Change(git.write_blob(d)) for p, d in files.items()})
        for files in (without_clashes(before), without_clashes(after))
    ]
    found = changed(git.handle, trees[0], trees[1])
    files = git.files(trees[0])
    for path, entry in found.items():
        if entry is None:
            del files[path]
        else:
            files[path] = entry
    assert files == git.files(trees[1])


@given(st.lists(FILES, min_size=2, max_size=4))
def test_a_workspace_shows_exactly_the_tree_whatever_it_showed_before(
    git: GitRepository, tmp_path_factory: pytest.TempPathFactory, versions: list[dict[str, bytes]]
) -> None:
    workspace = Workspace(git, tmp_path_factory.mktemp("ws") / "slot")
    empty = git.build_tree([])
    for files in map(without_clashes, versions):
        tree = git.change_tree(empty, {p: Change(git.write_blob(d)) for p, d in files.items()})
        folder = workspace.show(tree)
        found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
        assert {name: path.read_bytes() for name, path in found.items()} == files
        assert all(any(d.rglob("*")) for d in folder.rglob("*") if d.is_dir())


def test_a_workspace_whose_export_was_cut_short_starts_afresh(
    git: GitRepository, tmp_path: Path
) -> None:
    tree = git.change_tree(git.build_tree([]), {"a/b": Change(git.write_blob(b"x"))})
    Workspace(git, tmp_path / "slot").show(tree)
    (tmp_path / "slot" / ".tree").unlink()
    (tmp_path / "slot" / "files" / "left-over").touch()
    folder = Workspace(git, tmp_path / "slot").show(tree)
    assert sorted(p.name for p in folder.rglob("*")) == ["a", "b"]


def test_after_an_export_that_failed_midway_the_next_tree_is_shown_exactly(
    git: GitRepository, tmp_path: Path
) -> None:
    good, evil = git.write_blob(b"good"), git.write_blob(b"evil")
    name = git.write_blob(b"x")
    first = raw_tree(git, [(b"100644", b"main.py", good)])
    bad = raw_tree(git, [(b"100644", b"main.py", evil), (b"100644", b"n" * 300, name)])
    after = raw_tree(git, [(b"100644", b"main.py", good), (b"100644", b"more", name)])
    workspace = Workspace(git, tmp_path / "slot")
    workspace.show(first)
    with pytest.raises(UserError, match="255 bytes"):
        workspace.show(bad)
    folder = workspace.show(after)
    assert (folder / "main.py").read_bytes() == b"good"


@pytest.mark.parametrize("written", [b"", b"half", b"\0" * 40, b"\xff\xfe", b"f" * 40])
def test_a_workspace_whose_owner_was_killed_while_it_noted_its_tree_starts_afresh(
    git: GitRepository, tmp_path: Path, written: bytes
) -> None:
    blob = git.write_blob(b"new")
    tree = raw_tree(git, [(b"100644", b"main.py", blob)])
    Workspace(git, tmp_path / "slot").show(tree)
    (tmp_path / "slot" / ".tree").write_bytes(tree[:20].encode() if written == b"half" else written)
    (tmp_path / "slot" / "files" / "main.py").write_bytes(b"of another individual")
    folder = Workspace(git, tmp_path / "slot").show(tree)
    assert (folder / "main.py").read_bytes() == b"new"


def test_two_large_trees_in_turn_count_each_on_its_own(git: GitRepository, tmp_path: Path) -> None:
    blob = git.write_blob(b"x")
    inner = raw_tree(git, [(b"100644", f"f{n:05}".encode(), blob) for n in range(10_500)])
    other = raw_tree(git, [(b"100644", f"g{n:05}".encode(), blob) for n in range(10_500)])
    workspace = Workspace(git, tmp_path / "slot")
    for tree in (inner, other):
        workspace.show(raw_tree(git, [(b"40000", b"z", tree)]))
    assert len(list((workspace.folder / "z").iterdir())) == 10_500


def test_an_export_never_writes_through_a_link_of_an_earlier_individual(
    git: GitRepository, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = git.write_blob(str(outside).encode())
    linked = raw_tree(git, [(b"120000", b"d", link)])
    file = git.write_blob(b"secret overwritten")
    inner = raw_tree(git, [(b"100644", b"f", file)])
    folder = raw_tree(git, [(b"40000", b"d", inner)])
    workspace = Workspace(git, tmp_path / "slot")
    workspace.show(linked)
    workspace.show(folder)
    assert list(outside.iterdir()) == []
    assert (workspace.folder / "d" / "f").read_bytes() == b"secret overwritten"


@pytest.mark.parametrize(
    "path",
    [
        "../x", "/etc/passwd", "a//b", "a/./b", "", ".git/config", ".GIT/config", "a/.Git/x", "git~1/x",
        ".git /x", ".git./x", ".g\u200cit/config", "a\\b", "a\nb", "a\x1b[31mb", "a\u202eb", "x" * 5000,
        "a/" + "é" * 128 + "/b", "a/" * 1200 + "b",
    ],
)  # fmt: skip
def test_a_dangerous_path_is_refused(git: GitRepository, path: str) -> None:
    with pytest.raises(UserError):
        check_path(path)
    with pytest.raises(UserError):
        git.change_tree(git.build_tree([]), {path: Change(git.write_blob(b"x"))})


@pytest.mark.parametrize("path", ["a b.py", ".gitignore", ".github/x", "ünï/cödé", "-dash", "con"])
def test_an_unusual_but_harmless_path_is_fine(path: str) -> None:
    assert check_path(path) == path


def test_a_bomb_of_a_hundred_million_files_is_refused_quickly(git: GitRepository) -> None:
    tree = raw_tree(
        git, [(b"100644", f"f{n:03}".encode(), git.write_blob(b"x")) for n in range(100)]
    )
    for _ in range(3):
        tree = raw_tree(git, [(b"40000", f"d{n:03}".encode(), tree) for n in range(100)])
    with pytest.raises(UserError, match="too many entries"):
        git.files(tree)


def test_a_tree_five_thousand_folders_deep_is_refused(git: GitRepository) -> None:
    tree = raw_tree(git, [(b"100644", b"f", git.write_blob(b"x"))])
    for _ in range(5000):
        tree = raw_tree(git, [(b"40000", b"d", tree)])
    with pytest.raises(UserError, match="deep"):
        git.files(tree)


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"a\nb"])
def test_a_crafted_name_is_refused_in_an_offspring(git: GitRepository, name: bytes) -> None:
    tree = raw_tree(git, [(b"100644", name, git.write_blob(b"x"))])
    with pytest.raises(UserError):
        check_offspring(git.handle, git.build_tree([]), tree)


def test_an_offspring_may_keep_links_and_submodules_of_its_base_but_add_none(
    git: GitRepository, tmp_path: Path
) -> None:
    link = git.write_blob(b"target")
    tree = raw_tree(git, [(b"120000", b"link", link), (b"160000", b"sub", "c" * 40)])
    check_offspring(git.handle, tree, tree)
    for missing in ("link", "sub"):
        builder = git.handle.TreeBuilder(git.handle[tree].peel(pygit2.Tree))
        builder.remove(missing)
        with pytest.raises(UserError, match="may not add"):
            check_offspring(git.handle, TreeId(str(builder.write())), tree)
    folder = Workspace(git, tmp_path / "slot").show(tree)
    assert (folder / "link").is_symlink()
    assert list((folder / "sub").iterdir()) == []


def test_paths_that_differ_only_in_case_are_refused(git: GitRepository) -> None:
    blob = git.write_blob(b"x")
    tree = raw_tree(git, [(b"100644", b"A.py", blob), (b"100644", b"a.py", blob)])
    with pytest.raises(UserError, match="differ only in case"):
        check_offspring(git.handle, git.build_tree([]), tree)


def test_what_is_missing_is_an_error_that_names_it(git: GitRepository) -> None:
    with pytest.raises(NotFoundError, match="dddd"):
        git.read_blob(BlobId("d" * 40))


@given(FILES)
def test_what_is_found_at_a_path_is_what_walking_the_tree_finds(
    git: GitRepository, files: dict[str, bytes]
) -> None:
    files = without_clashes(files)
    made = {path: Change(git.write_blob(data)) for path, data in files.items()}
    tree = git.change_tree(git.build_tree([]), made)
    assert {path: git.entry(tree, path) for path in files} == git.files(tree)
    assert git.entry(tree, "nothing/here") is None
    assert all(git.entry(tree, path.rpartition("/")[0]) is None for path in files)


def test_a_name_that_is_no_utf8_is_found_as_it_is_listed(git: GitRepository) -> None:
    blob = git.write_blob(b"x")
    tree = raw_tree(git, [(b"100644", b"caf\xe9.py", blob)])
    [(path, entry)] = git.files(tree).items()
    assert git.entry(tree, path) == entry
