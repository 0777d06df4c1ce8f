"""Putting an answer's lines into a text, exactly in one place or not at all."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from evogit_agents.llm.answers import UnusableError

Lines = Sequence[str]
Range = tuple[int, int]
"""First and last line, from 1, both included; as ``evogit.paths.editable_ranges`` has it."""


def swap(text: str, search: str, replace: str, ranges: Sequence[Range]) -> str:
    """``text`` with the one place that reads ``search`` replaced.

    White space at line ends does not count, and both blocks may be indented by the same amount more
    or less than the text. An exact match goes before a tolerant one.

    Args:
        text: with LF at line ends.
        search: whole lines.
        replace: whole lines; empty deletes.
        ranges: lines that may be replaced; a place must lie within one of them.

    Raises:
        UnusableError: there is no such place, or more than one.
    """
    lines, wanted = text.split("\n"), _trimmed(search)
    if not wanted:
        raise UnusableError("a SEARCH block is empty; copy the lines to replace into it")
    new = _trimmed(replace)
    for fits in (_exactly, _but_line_ends, _but_indentation):
        places = _places(lines, wanted, ranges, fits)
        if len(places) > 1:
            raise UnusableError(
                f"the lines after SEARCH occur {len(places)} times; copy more lines around them"
            )
        if places:
            start = places[0]
            old = lines[start : start + len(wanted)]
            fitted = _refitted(old, wanted, new) if fits is _but_indentation else new
            return "\n".join([*lines[:start], *fitted, *lines[start + len(wanted) :]])
    raise UnusableError(_missing(lines, wanted))


def put(text: str, window: Range, new: str) -> str:
    """``text`` with the lines of ``window`` replaced by ``new``, indented as they were.

    Uniform indentation is corrected: a block of lines written from column 0 gets the window's.
    """
    lines = text.split("\n")
    old, fresh = lines[window[0] - 1 : window[1]], _trimmed(new)
    before, after = _margin(old), _margin(fresh)
    fitted = [before + line[len(after) :] if line.strip() else "" for line in fresh]
    return "\n".join([*lines[: window[0] - 1], *fitted, *lines[window[1] :]])


def _trimmed(block: str) -> list[str]:
    """Its lines without blank ones at either end, and without white space at line ends."""
    lines = [line.rstrip() for line in block.split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _places(
    lines: Lines, wanted: Lines, ranges: Sequence[Range], fits: Callable[[Lines, Lines], bool]
) -> list[int]:
    found: list[int] = []
    for first, last in ranges:
        for start in range(first - 1, min(last, len(lines)) - len(wanted) + 1):
            # One cheap look before the whole comparison keeps this near linear.
            same = lines[start].strip() == wanted[0].strip()
            if same and fits(lines[start : start + len(wanted)], wanted):
                found.append(start)
    return found


def _exactly(old: Lines, wanted: Lines) -> bool:
    return list(old) == list(wanted)


def _but_line_ends(old: Lines, wanted: Lines) -> bool:
    return all(a.rstrip() == b for a, b in zip(old, wanted, strict=True))


def _but_indentation(old: Lines, wanted: Lines) -> bool:
    return _dedented(old) == _dedented(wanted)


def _dedented(lines: Lines) -> str:
    return textwrap.dedent("\n".join(line.rstrip() for line in lines))


def _margin(lines: Lines) -> str:
    """The white space that all lines with text begin with."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return ""
    low, high = min(filled), max(filled)
    same = 0
    while same < min(len(low), len(high)) and low[same] == high[same] and low[same] in " \t":
        same += 1
    return low[:same]


def _refitted(old: Lines, wanted: Lines, new: Lines) -> list[str]:
    """``new`` moved by as much as ``wanted`` has to be moved to stand where ``old`` does."""
    there, here = _margin(old), _margin(wanted)
    moved: list[str] = []
    for line in new:
        if line and not line.startswith(here):
            raise UnusableError("the lines after ======= are indented less than those after SEARCH")
        moved.append(there + line[len(here) :] if line else "")
    return moved


def _missing(lines: Lines, wanted: Lines) -> str:
    known = {line.strip() for line in lines}
    strange = next((line for line in wanted if line and line.strip() not in known), None)
    if strange is None:
        return "the lines after SEARCH do not stand together where lines may change"
    return (
        f"no line of the file reads {strange.strip()[:120]!r}; copy the lines after SEARCH exactly"
    )
