"""Deciding conflicting hunks."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from evogit.git.merge import Merge, merge
from evogit.git.merge_resolve import Choice, at_random, by_fitness, combinations, resolve
from evogit.git.merge_text import Hunk
from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import TreeId

MIDDLE = "".join(f"this is line number {i}\n" for i in range(20)).encode()


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path)], check=True)
    return GitRepository(tmp_path)


def make(git: GitRepository, files: Mapping[str, bytes]) -> TreeId:
    empty = TreeId(str(git.handle.TreeBuilder().write()))
    return git.change_tree(
        empty, {path: Change(git.write_blob(data)) for path, data in files.items()}
    )


def content(git: GitRepository, tree: TreeId) -> dict[str, bytes]:
    return {path: git.read_blob(entry.blob) for path, entry in git.files(tree).items()}


def versions(first: bytes, last: bytes) -> dict[str, bytes]:
    return {"src/f.py": first + MIDDLE + last, "src/other.py": b"o\n"}


@pytest.fixture
def two_hunks(git: GitRepository) -> Merge:
    sides = ((b"a\n", b"z\n"), (b"A\n", b"Z\n"), (b"1\n", b"9\n"))
    base, ours, theirs = (make(git, versions(*side)) for side in sides)
    return merge(git, base, ours, theirs)


@pytest.mark.parametrize(
    ("choices", "first", "last"),
    [
        (("ours", "theirs"), b"A\n", b"9\n"),
        (("theirs", "ours"), b"1\n", b"Z\n"),
        (("both", "base"), b"A\n1\n", b"z\n"),
    ],
)
def test_every_hunk_is_decided_on_its_own(
    git: GitRepository, two_hunks: Merge, choices: tuple[Choice, ...], first: bytes, last: bytes
) -> None:
    order = iter(choices)
    tree = resolve(git, two_hunks, lambda _hunk: next(order))
    assert content(git, tree) == versions(first, last)


def test_a_clean_merge_needs_no_decisions(git: GitRepository) -> None:
    base = make(git, versions(b"a\n", b"z\n"))
    result = merge(git, base, make(git, versions(b"b\n", b"z\n")), base)

    def never(_hunk: Hunk) -> Choice:
        raise AssertionError

    assert resolve(git, result, never) == result.tree


def test_the_fitter_side_wins_and_no_fitness_loses(git: GitRepository, two_hunks: Merge) -> None:
    ours, theirs = versions(b"A\n", b"Z\n"), versions(b"1\n", b"9\n")
    for fitness, expected in [
        ((1.0, 2.0), theirs),
        ((2.0, 1.0), ours),
        ((1.0, 1.0), ours),
        ((math.nan, 1.0), theirs),
        ((1.0, math.nan), ours),
    ]:
        assert content(git, resolve(git, two_hunks, by_fitness(*fitness))) == expected


def test_random_choices_repeat_with_the_seed(git: GitRepository, two_hunks: Merge) -> None:
    trees = [resolve(git, two_hunks, at_random(Random(seed))) for seed in (1, 2, 3, 4, 5, 6)]
    again = [resolve(git, two_hunks, at_random(Random(seed))) for seed in (1, 2, 3, 4, 5, 6)]
    assert trees == again
    assert len(set(trees)) > 1


def test_combinations_are_distinct_and_complete_when_they_are_few(
    git: GitRepository, two_hunks: Merge
) -> None:
    trees = list(combinations(git, two_hunks, 100, Random(0)))
    assert len(trees) == len(set(trees)) == 9
    assert len(list(combinations(git, two_hunks, 4, Random(0)))) == 4


def test_many_combinations_are_sampled(git: GitRepository) -> None:
    sides = [make(git, {f"f{i}": f"{side} {i}\n".encode() for i in range(40)}) for side in "bot"]
    trees = list(combinations(git, merge(git, sides[0], sides[1], sides[2]), 5, Random(0)))
    assert len(trees) == len(set(trees)) == 5


def test_deletion_and_file_against_folder_resolve_to_either_side(git: GitRepository) -> None:
    base = make(git, {"gone": b"1\n", "shape": b"1\n", "kept": b"k\n"})
    ours = make(git, {"shape": b"2\n", "kept": b"k\n"})
    theirs = make(git, {"gone": b"2\n", "shape/in": b"3\n", "kept": b"k\n"})
    result = merge(git, base, ours, theirs)
    expected: dict[Choice, TreeId] = {"ours": ours, "theirs": theirs, "base": base}
    for choice, tree in expected.items():
        assert resolve(git, result, lambda _hunk, choice=choice: choice) == tree
    assert content(git, resolve(git, result, lambda _hunk: "both")) == {
        "gone": b"2\n",
        "shape": b"2\n",
        "kept": b"k\n",
    }


def test_a_resolved_rename_has_one_name_and_the_chosen_lines(git: GitRepository) -> None:
    base = make(git, {"old": MIDDLE + b"x\n"})
    result = merge(
        git, base, make(git, {"new": MIDDLE + b"o\n"}), make(git, {"old": MIDDLE + b"t\n"})
    )
    assert content(git, resolve(git, result, lambda _hunk: "theirs")) == {"new": MIDDLE + b"t\n"}
