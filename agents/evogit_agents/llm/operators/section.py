"""``section``: a random window of one file, with what a linter says; optionally one new file.

After Huang et al., "EvoGit", arXiv 2506.02049, section 3.
"""

from __future__ import annotations

from typing import Final

from evogit_agents.llm.answers import Block, UnusableError, blocks, hunks, summary
from evogit_agents.llm.ground import Edit, Ground, Order
from evogit_agents.llm.operators.whole import reach, within_markers
from evogit_agents.llm.patch import Range, put
from evogit_agents.llm.python import runs, with_head
from evogit_agents.llm.source import Source, check_new

_AROUND: Final = 30
"""Lines shown before and after the window."""
_LONGEST: Final = 40
_STATEMENTS: Final = 8
_TRIED: Final = 32


def prepare(ground: Ground) -> Order | str:
    """Show some lines of a file and take new ones for them."""
    for source in ground.sources(most=8):
        window = _window(ground, source)
        if window is not None:
            break
    else:
        return "no editable file has lines that fit into an answer"
    first, last = window
    facts = {"path": source.path, "lines": f"{first}-{last}"}
    data = {
        "before": source.part((max(first - _AROUND, 1), first - 1)) if first > 1 else "",
        "code": source.part(window),
        "after": source.part((last + 1, last + _AROUND)),
    }
    prompt = ground.prompt("section", facts, data, source)
    return Order("section", prompt, lambda answer: _read(answer, ground, source, window))


def _window(ground: Ground, source: Source) -> Range | None:
    """One of the windows that an answer can hold, by chance; a few are looked at."""
    found = _runs(source) or _stretches(ground, source)
    for window in ground.task.random.sample(found, min(len(found), _TRIED)):
        short = window[1] - window[0] < _LONGEST
        if short and ground.answer_fits(source.part(window)):
            return window
    return None


def _runs(source: Source) -> list[Range]:
    found = runs(source.text, _STATEMENTS) if source.path.endswith(".py") else []
    return [window for window in found if source.may_change(window)]


def _stretches(ground: Ground, source: Source) -> list[Range]:
    """One random stretch of lines in each range that may change."""
    found: list[Range] = []
    for first, last in source.ranges:
        start = ground.task.random.randint(first, last)
        found.append((start, min(start + ground.task.random.randrange(_LONGEST), last)))
    return found


def _read(answer: str, ground: Ground, source: Source, window: Range) -> Edit:
    found = [block for block in blocks(answer) if block.text.strip()]
    own = [block for block in found if block.path in ("", source.path)]
    new = [block for block in found if block not in own]
    if len(own) != 1 or len(new) > 1:
        raise UnusableError(
            "give exactly one ``` block with the new lines"
            + (", and at most one more with a new file" if new else "")
        )
    changes: dict[str, bytes | None] = {
        source.path: source.become(_changed(source, window, own[0].text))
    }
    for block in new:
        changes[_new_path(block, ground)] = (block.text.rstrip() + "\n").encode()
    return Edit(changes, summary(answer))


def _changed(source: Source, window: Range, block: str) -> str:
    found = hunks(block)
    if found:
        return source.swapped(found).text
    if source.framed:
        block = within_markers(block, 0, 1)
    lines = with_head(block, source.part(window)) if source.path.endswith(".py") else block
    return put(source.text, reach(source, window, lines), lines)


def _new_path(block: Block, ground: Ground) -> str:
    return check_new(block.path, ground.parent, ground.task.search)
