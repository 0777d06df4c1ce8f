"""Answers that are a new version of some consecutive lines: a file, a block or a window."""

from __future__ import annotations

from evogit.paths import editable_ranges
from evogit_agents.llm.answers import UnusableError, blocks, hunks, summary
from evogit_agents.llm.ground import Edit, Ground
from evogit_agents.llm.patch import Range, put
from evogit_agents.llm.python import defined, definitions, with_head
from evogit_agents.llm.source import Source


def choose_window(ground: Ground, source: Source) -> Range | None:
    """One of the ranges that may change, by chance, if an answer can hold it."""
    fitting = [window for window in source.ranges if ground.answer_fits(source.part(window))]
    return ground.task.random.choice(fitting) if fitting else None


def read_whole(answer: str, source: Source, window: Range) -> Edit:
    """The file with the answer's one block in place of the window, or changed by it if it is a diff.

    Raises:
        UnusableError: there is not exactly one block, or the file may not become so.
    """
    block = block_for(answer, source, window)
    changes = hunks(block)
    text = source.swapped(changes).text if changes else put(source.text, window, block)
    return Edit({source.path: source.become(text)}, summary(answer))


def block_for(answer: str, source: Source, window: Range) -> str:
    """The lines that an answer gives for a window.

    Models like to repeat what stands around a block, and to add an example of use. A block that
    holds the markers of the very window counts from one to the other, and a marker without its
    other half for nothing; of several blocks the only one that defines what the window defines is
    taken. Where the window defines one function and the block is lines of a function alone, they
    are its new body.

    Raises:
        UnusableError: there is no such block, or more than one.
    """
    found = [block.text for block in blocks(answer) if block.text.strip()]
    if not found:
        raise UnusableError("there is no code block; put the new code between ``` lines")
    names = defined(source.part(window))
    alike = [text for text in found if names and names <= defined(text)]
    if len(found) > 1 and len(alike) != 1:
        raise UnusableError(f"there are {len(found)} code blocks; give exactly one")
    text = found[0] if len(found) == 1 else alike[0]
    if source.framed:
        text = within_markers(text, source.ranges.index(window), len(source.ranges))
    return with_head(text, source.part(window)) if source.path.endswith(".py") else text


def within_markers(text: str, number: int, of: int) -> str:
    """What stands between the markers of a block, if it has as many as the file it is for."""
    inner, lines = editable_ranges(text), text.split("\n")
    if inner is not None and len(inner) == of:
        first, last = inner[number]
        return "\n".join(lines[first - 1 : last])
    return text if inner else "\n".join(line for line in lines if "EVOLVE-BLOCK-" not in line)


def reach(source: Source, window: Range, text: str) -> Range:
    """The window; or the definition around it, if an answer gives all of that anew."""
    names = defined(text) if source.path.endswith(".py") else set[str]()
    around = [
        lines
        for name, lines in definitions(source.text)
        if names == {name} and lines[0] <= window[0] and window[1] <= lines[1]
    ]
    fits = len(around) == 1 and source.may_change(around[0])
    return around[0] if fits else window
