"""Search and replace: exactly in one place, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit_agents.llm.answers import UnusableError
from evogit_agents.llm.patch import put, swap

TEXT = "def f(x):\n    if x:\n        return 1\n    return 2\n\n\ndef g(x):\n    return 2\n"
ALL = [(1, 8)]


def test_the_one_place_that_reads_so_is_replaced() -> None:
    new = swap(TEXT, "        return 1", "        return 3", ALL)
    assert new == TEXT.replace("return 1", "return 3")


def test_a_place_that_occurs_twice_is_refused() -> None:
    with pytest.raises(UnusableError, match="2 times"):
        swap(TEXT, "    return 2", "    return 3", ALL)


def test_a_place_that_occurs_once_where_lines_may_change_is_taken_there() -> None:
    new = swap(TEXT, "    return 2", "    return 3", [(7, 8)])
    assert new == TEXT[:-2] + "3\n"


def test_white_space_at_line_ends_does_not_count() -> None:
    new = swap(TEXT, "    if x:  \n        return 1\t", "    if x:\n        return 3", ALL)
    assert new == TEXT.replace("return 1", "return 3")


def test_blocks_indented_less_than_the_file_are_moved_as_a_whole() -> None:
    new = swap(TEXT, "if x:\n    return 1", "if not x:\n    return 1\nx += 1", ALL)
    expected = "    if not x:\n        return 1\n    x += 1\n    return 2"
    assert new == TEXT.replace("    if x:\n        return 1\n    return 2", expected, 1)


def test_blocks_indented_more_than_the_file_are_moved_as_a_whole() -> None:
    new = swap(TEXT, "        def g(x):\n            return 2", "        def h(x):", ALL)
    assert new == TEXT.replace("def g(x):\n    return 2", "def h(x):")


def test_an_exact_place_goes_before_one_that_differs_in_indentation() -> None:
    text = "a\n    a\n"
    assert swap(text, "    a", "    b", [(1, 2)]) == "a\n    b\n"


def test_different_indentation_inside_a_block_is_another_text() -> None:
    with pytest.raises(UnusableError):
        swap(TEXT, "if x:\nreturn 1", "x", ALL)


def test_lines_that_may_not_change_are_not_found() -> None:
    with pytest.raises(UnusableError, match="where lines may change"):
        swap(TEXT, "        return 1", "        return 3", [(7, 8)])


def test_the_line_that_is_not_in_the_file_is_named() -> None:
    with pytest.raises(UnusableError, match="'return 7'"):
        swap(TEXT, "    return 7", "    return 3", ALL)


def test_an_empty_search_is_refused_and_an_empty_replacement_deletes() -> None:
    with pytest.raises(UnusableError, match="empty"):
        swap(TEXT, " \n", "x", ALL)
    assert swap(TEXT, "        return 1\n    return 2", "", ALL).count("return") == 1


def test_a_block_in_place_of_a_window_takes_its_indentation() -> None:
    new = put(TEXT, (2, 3), "while x:\n    x -= 1\n")
    assert new == TEXT.replace("    if x:\n        return 1", "    while x:\n        x -= 1")


LINES = st.lists(st.sampled_from(["a", "b", "  a", "  b", "", "\ta"]), min_size=1, max_size=12)


@given(LINES, st.data())
def test_what_is_copied_from_the_file_is_replaced_there_or_refused(
    lines: list[str], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    text, search = "\n".join(lines), "\n".join(lines[first : last + 1])
    try:
        new = swap(text, search, "NEW", [(1, len(lines))])
    except UnusableError:
        return
    after = new.split("\n")
    at = next(i for i, line in enumerate(after) if line.strip() == "NEW")
    gone = len(lines) - len(after) + 1
    assert after[:at] == lines[:at]
    assert after[at + 1 :] == lines[at + gone :]
    wanted = [line.strip() for line in search.strip("\n").split("\n")]
    assert [line.strip() for line in lines[at : at + gone]] == wanted
