"""Blocks found in what models write."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit_agents.llm.answers import (
    MOST_BLOCKS,
    Block,
    Swap,
    UnusableError,
    blocks,
    blocks_beside,
    hunks,
    summary,
    swaps,
    unclosed,
)

SWAP = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n"


def test_a_fenced_block_is_found_whatever_stands_around_it() -> None:
    assert blocks("Idea.\n```python\nx = 1\n```\nDone.") == [Block("", "x = 1")]


@pytest.mark.parametrize(
    "line",
    [
        "FILE: src/a.py",
        "src/a.py",
        "**src/a.py**",
        "### `src/a.py`",
        "New file: src/a.py",
        "# File: src/a.py (new)",
        "src/a.py:",
        "  src/a.py  :  ",
        "File :  src/a.py   (new) -->",
    ],
)
def test_the_line_before_a_block_names_its_file(line: str) -> None:
    assert blocks(f"{line}\n```\nx\n```") == [Block("src/a.py", "x")]
    assert swaps(f"{line}\n{SWAP}") == [Swap("src/a.py", "old", "new")]
    assert swaps(f"{line}\n```python\n{SWAP}```") == [Swap("src/a.py", "old", "new")]


@pytest.mark.parametrize("path", ["file.py", "path.py", "file/a.py"])
def test_a_path_may_begin_with_a_word_that_announces_one(path: str) -> None:
    assert blocks(f"{path}\n```\nx\n```") == [Block(path, "x")]


def test_words_before_a_block_name_no_file() -> None:
    assert blocks("Try a steeper curve\n```\nx\n```") == [Block("", "x")]


def test_a_shorter_fence_inside_a_block_is_text() -> None:
    assert blocks("````\na\n```\nb\n````") == [Block("", "a\n```\nb")]


def test_a_block_that_is_not_closed_ends_with_the_answer() -> None:
    assert blocks("```\nx = 1\n") == [Block("", "x = 1\n")]
    assert unclosed("```\nx = 1\n")
    assert not unclosed("```\nx = 1\n```\nDone.")


def test_several_search_blocks_keep_their_order_and_file() -> None:
    assert swaps(f"a.py\n{SWAP}{SWAP}") == [Swap("a.py", "old", "new")] * 2


@pytest.mark.parametrize(
    ("answer", "missing"),
    [("<<<<<<< SEARCH\nold\n", "======="), ("<<<<<<< SEARCH\nold\n=======\nnew\n", "REPLACE")],
)
def test_a_search_block_without_its_end_is_refused(answer: str, missing: str) -> None:
    with pytest.raises(UnusableError, match=missing):
        swaps(answer)


@pytest.mark.parametrize("length", [5, 7, 9])
def test_runs_of_another_length_than_a_blocks_markers_are_its_text(length: int) -> None:
    heading = "Title\n" + "=" * (length + 1 if length < 9 else 8)
    begin, middle, end = ("<" * length + " SEARCH", "=" * length, ">" * length + " REPLACE")
    answer = f"{begin}\n{heading}\n{middle}\nNew {heading}\n{end}\n"
    assert swaps(answer) == [Swap("", heading, f"New {heading}")]


def test_a_second_middle_in_a_search_block_is_refused() -> None:
    with pytest.raises(UnusableError, match="second line ======="):
        swaps("<<<<<<< SEARCH\nTitle\n=======\nold\n=======\nnew\n>>>>>>> REPLACE\n")


@pytest.mark.parametrize(
    ("first", "missing"),
    [("<<<<<<< SEARCH\nold\n=======\nnew\n", "REPLACE"), ("<<<<<<< SEARCH\nold\n", "=======")],
)
def test_a_search_block_that_goes_on_in_the_next_one_is_refused(first: str, missing: str) -> None:
    with pytest.raises(UnusableError, match=f"{missing} before the next SEARCH"):
        swaps(first + SWAP)


_LONG = 100_000


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(text, id=name)
        for name, text in {
            "spaces": " " * _LONG + "x",
            "tildes": "~" * _LONG + "`",
            "slashes": "/" * _LONG + " x",
            "stars": "*" * _LONG + "!",
            "name and spaces": "a.py" + " " * _LONG + "!",
            "word and spaces": "file" + " " * _LONG + "!",
            "ending": "a." + "a" * _LONG + "/-",
            "fence and spaces": "```" + " " * _LONG + "`",
            "middle and spaces": "=======" + " " * _LONG + "x",
            "end and spaces": ">>>>>>>" + " " * _LONG + "x",
        }.items()
    ],
)
def test_a_very_long_line_is_read_in_linear_time(line: str) -> None:
    before = time.process_time()
    for answer in (f"{line}\n{SWAP}", f"{line}\n```\n{line}\n```", f"a b c {line}"):
        for read in (blocks, swaps, summary, unclosed, blocks_beside):
            assert read(answer) is not None
    assert time.process_time() - before < 3  # in quadratic time: minutes


def test_more_blocks_than_anybody_needs_are_refused() -> None:
    with pytest.raises(UnusableError, match="at most"):
        blocks("```\nx\n```\n" * (MOST_BLOCKS + 1))


def test_the_first_line_of_words_says_what_it_is_about() -> None:
    assert summary("**Idea:** fill tight bins first\n```\nx\n```") == "fill tight bins first"
    assert summary("```\nreturn x y z\n```\nIDEA: a word after it.") == "a word after it."
    assert summary(f"{SWAP}Then a word.") == "Then a word."
    assert summary("```\nreturn x y z\n```\npacker.py") == ""


@given(st.text("ab`~<>=\n #SEARCHPLd./", max_size=300))
def test_no_answer_breaks_the_reader(answer: str) -> None:
    for read in (blocks, swaps, hunks):
        with contextlib.suppress(UnusableError):
            read(answer)
    assert "\n" not in summary(answer)


def test_markers_of_other_lengths_are_taken_where_only_one_reading_is_left() -> None:
    answer = "<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>>> REPLACE\n"
    assert [(swap.search, swap.replace) for swap in swaps(answer)] == [("old", "new")]
