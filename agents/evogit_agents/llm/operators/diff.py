"""``diff``: a few search/replace blocks in one file."""

from __future__ import annotations

from evogit_agents.llm.answers import UnusableError, blocks_beside, summary, swaps
from evogit_agents.llm.ground import Edit, Ground, Order
from evogit_agents.llm.operators.anew import read_otherwise
from evogit_agents.llm.operators.excerpt import example, excerpt
from evogit_agents.llm.source import NO_CHANGE, Source


def prepare(ground: Ground) -> Order | str:
    """Show a file, or as much of it as fits, and take replacements of lines."""
    sources = ground.sources()
    if not sources:
        return "the parent has no editable text file"
    source = sources[0]
    data = {"code": excerpt(ground, source), "example": example(ground, source)}
    prompt = ground.prompt("diff", {"path": source.path}, data, source)
    return Order("diff", prompt, lambda answer: _read(answer, source))


def _read(answer: str, source: Source) -> Edit:
    given = swaps(answer)
    # One that changes nothing is the prompt's example.
    found = [one for one in given if one.search != one.replace]
    if given and not found and not blocks_beside(answer):
        raise UnusableError(NO_CHANGE)
    if not found:
        return read_otherwise(answer, source)
    strange = next((one.path for one in found if one.path not in ("", source.path)), None)
    if strange is not None:
        raise UnusableError(f"change {source.path} alone, not {strange[:100]}")
    return Edit({source.path: source.become(source.swapped(found).text)}, summary(answer))
