"""``draft``: a first version by another approach, from the goal alone."""

from __future__ import annotations

from evogit_agents.llm.ground import Ground, Order
from evogit_agents.llm.operators.whole import choose_window, read_whole
from evogit_agents.llm.source import Source

_SIGNATURES = ("def ", "async def ", "class ", "fn ", "pub fn ", "func ", "function ", "export ")


def prepare(ground: Ground) -> Order | str:
    """Show what a file defines, not how, and take a file written from scratch."""
    for source in ground.sources(most=8):
        window = choose_window(ground, source)
        if window is not None:
            break
    else:
        return "no editable file is short enough to be written anew in one answer"
    facts = {"path": source.path, "what": "block" if source.framed else "file"}
    prompt = ground.prompt("draft", facts, {"code": _interface(source, window)})
    return Order("draft", prompt, lambda answer: read_whole(answer, source, window))


def _interface(source: Source, window: tuple[int, int]) -> str:
    """The lines that define something, or the beginning where none looks like it."""
    lines = source.part(window).split("\n")
    found = [line for line in lines if line.lstrip().startswith(_SIGNATURES)]
    return "\n".join(found or lines[:20])
