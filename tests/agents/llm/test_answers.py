"""Blocks found in what models write."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit_agents.llm.answers import (
    MOST_BLOCKS,
    Block,
    Swap,
    UnusableError,
    blocks,
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
    ],
)
def test_the_line_before_a_block_names_its_file(line: str) -> None:
    assert blocks(f"{line}\n```\nx\n```") == [Block("src/a.py", "x")]
    assert swaps(f"{line}\n{SWAP}") == [Swap("src/a.py", "old", "new")]
    assert swaps(f"{line}\n```python\n{SWAP}```") == [Swap("src/a.py", "old", "new")]


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
