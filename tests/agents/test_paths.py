"""Which files and lines offspring may change: patterns and markers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evogit.paths import editable_ranges, matches, outside_unchanged

NAME = st.text("ab.*-[]!é", min_size=1, max_size=4).filter(lambda n: n not in {".", "..", "**"})
PATH = st.lists(NAME, min_size=1, max_size=5).map("/".join)


def literal(path: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**/*.py", "a.py", True),
        ("**/*.py", "x/y/a.py", True),
        ("**/*.py", "a.pyc", False),
        ("*.py", "x/y/a.py", True),
        ("/a.py", "a.py", True),
        ("/a.py", "x/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/x/a.py", False),
        ("src/**", "src/x/a.py", True),
        ("src/**", "src", False),
        ("src/**/a.py", "src/a.py", True),
        ("src/**/a.py", "src/x/y/a.py", True),
        ("src/**/a.py", "lib/src/a.py", False),
        ("tests", "tests/deep/a.py", True),
        ("tests", "x/tests/a.py", True),
        ("tests/", "tests/a.py", True),
        ("tests/", "tests", False),
        ("tests", "tests2/a.py", False),
        ("x/tests", "x/tests/a.py", True),
        ("x/tests", "y/x/tests/a.py", False),
        ("**", "any/thing", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("A.py", "a.py", False),
        ("", "a.py", False),
        ("/", "a.py", False),
        ("src/a", "src/a\n", False),
    ],
)
def test_patterns_mean_what_gitignore_made_people_expect(
    pattern: str, path: str, expected: bool
) -> None:
    assert matches(path, [pattern]) is expected


def test_the_last_pattern_that_applies_decides() -> None:
    patterns = ["src/**", "!src/keep.py", "!vendor"]
    assert matches("src/a.py", patterns)
    assert not matches("src/keep.py", patterns)
    assert matches("src/keep.py", [*patterns, "keep.py"])
    assert not matches("a.py", [])


@given(path=PATH)
def test_a_path_matches_itself_its_folders_and_double_star(path: str) -> None:
    assert matches(path, ["/" + literal(path)])
    assert matches(path, ["**"])
    for depth in range(1, path.count("/") + 1):
        folder = "/".join(path.split("/")[:depth])
        assert matches(path, ["/" + literal(folder)])
        assert matches(path, ["/" + literal(folder) + "/**"])
    assert matches("deep/" + path, ["**/" + literal(path)])


@given(path=PATH, other=PATH)
def test_a_literal_pattern_matches_nothing_else(path: str, other: str) -> None:
    expected = other == path or other.startswith(path + "/")
    assert matches(other, ["/" + literal(path)]) is expected


@given(path=PATH, patterns=st.lists(PATH, max_size=4))
def test_adding_an_exclusion_never_includes(path: str, patterns: list[str]) -> None:
    assert not matches(path, [*patterns, "!**"])
    if not matches(path, patterns):
        assert not matches(path, [*patterns, "!x"])


def test_a_hostile_path_costs_no_time() -> None:
    start = time.perf_counter()
    assert not matches("a" * 4000 + "/" + "a/" * 2000, ["*a*a*a*a*a*b", "**/a/**/a/**/a/**/b"])
    assert time.perf_counter() - start < 2


TEXT = """head
# EVOLVE-BLOCK-START
one
two
// EVOLVE-BLOCK-END
middle = "# EVOLVE-BLOCK-START"
  <!-- EVOLVE-BLOCK-START -->
three
  <!-- EVOLVE-BLOCK-END -->
tail
"""


def test_ranges_are_the_lines_between_markers_in_any_comment_syntax() -> None:
    assert editable_ranges(TEXT) == [(3, 4), (8, 8)]
    assert editable_ranges(TEXT.replace("\n", "\r\n")) == [(3, 4), (8, 8)]
    assert editable_ranges("plain\n") is None
    assert editable_ranges('x = "EVOLVE-BLOCK-START"') is None


def test_an_unfinished_empty_or_nested_block_opens_nothing_more() -> None:
    assert editable_ranges("# EVOLVE-BLOCK-START\nx\n") == []
    assert editable_ranges("# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n") == []
    assert editable_ranges("# EVOLVE-BLOCK-END\nx\n") == []
    nested = "# EVOLVE-BLOCK-START\na\n# EVOLVE-BLOCK-START\nb\n# EVOLVE-BLOCK-END\nc\n"
    assert editable_ranges(nested) == [(2, 4)]


def test_only_changes_between_markers_leave_the_outside_unchanged() -> None:
    assert outside_unchanged(TEXT, TEXT.replace("one", "1\n2\n3"))
    assert outside_unchanged(TEXT, TEXT.replace("three\n", ""))
    assert not outside_unchanged(TEXT, TEXT.replace("middle", "MIDDLE"))
    assert not outside_unchanged(TEXT, TEXT.replace("tail", "tail "))
    assert not outside_unchanged(TEXT, TEXT.replace("# EVOLVE-BLOCK-START\n", "", 1))
    assert not outside_unchanged(TEXT, "")
    assert outside_unchanged("no marker", "anything")


def test_a_child_can_not_widen_a_block_by_markers_of_its_own() -> None:
    assert not outside_unchanged(TEXT, TEXT.replace("two\n", "# EVOLVE-BLOCK-END\nx\n"))
    moved = TEXT.replace("// EVOLVE-BLOCK-END\n", "").replace("tail", "// EVOLVE-BLOCK-END\ntail")
    assert not outside_unchanged(TEXT, moved)


@given(inner=st.lists(st.sampled_from(["a", "b = 1", "", "# c"]), max_size=5))
@settings(max_examples=30)
def test_any_lines_without_markers_may_stand_in_a_block(inner: list[str]) -> None:
    body = "".join(line + "\n" for line in inner)
    assert outside_unchanged(TEXT, TEXT.replace("one\ntwo\n", body))
