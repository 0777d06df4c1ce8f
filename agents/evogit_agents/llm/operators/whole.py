"""Answers that are a new version of some consecutive lines: a file, a block or a window."""

from __future__ import annotations

from evogit.paths import editable_ranges
from evogit_agents.llm.answers import UnusableError, blocks, summary
from evogit_agents.llm.ground import Edit, Ground
from evogit_agents.llm.patch import Range, put
from evogit_agents.llm.python import defined, definitions
from evogit_agents.llm.source import Source


def choose_window(ground: Ground, source: Source) -> Range | None:
    """One of the ranges that may change, by chance, if an answer can hold it."""
    fitting = [window for window in source.ranges if ground.answer_fits(source.part(window))]
    return ground.task.random.choice(fitting) if fitting else None


def read_whole(answer: str, source: Source, window: Range) -> Edit:
    """The file with the answer's one block in place of the window.

    Raises:
        UnusableError: there is not exactly one block, or the file may not become so.
    """
    text = put(source.text, window, block_for(answer, source, window))
    return Edit({source.path: source.become(text)}, summary(answer))


def block_for(answer: str, source: Source, window: Range) -> str:
    """The lines that an answer gives for a window.

    Models like to repeat what stands around a block, and to add an example of use. A block that
    holds the markers of the very window counts from one to the other; of several blocks the only
    one that defines what the window defines is taken.

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
    inner = editable_ranges(text)
    if source.framed and inner is not None and len(inner) == len(source.ranges):
        first, last = inner[source.ranges.index(window)]
        return "\n".join(text.split("\n")[first - 1 : last])
    return text


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
