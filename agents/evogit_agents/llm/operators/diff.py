"""``diff``: a few search/replace blocks in one file."""

from __future__ import annotations

from evogit_agents.llm.answers import UnusableError, summary, swaps
from evogit_agents.llm.ground import Edit, Ground, Order
from evogit_agents.llm.operators.excerpt import excerpt
from evogit_agents.llm.patch import swap
from evogit_agents.llm.source import Source


def prepare(ground: Ground) -> Order | str:
    """Show a file, or as much of it as fits, and take replacements of lines."""
    sources = ground.sources()
    if not sources:
        return "the parent has no editable text file"
    source = sources[0]
    data = {"code": excerpt(ground, source)}
    prompt = ground.prompt("diff", {"path": source.path}, data, source)
    return Order("diff", prompt, lambda answer: _read(answer, source))


def _read(answer: str, source: Source) -> Edit:
    found = swaps(answer)
    if not found:
        raise UnusableError("there is no SEARCH/REPLACE block")
    strange = next((one.path for one in found if one.path not in ("", source.path)), None)
    if strange is not None:
        raise UnusableError(f"change {source.path} alone, not {strange[:100]}")
    now = source
    for one in found:
        now = now.changed(swap(now.text, one.search, one.replace, now.ranges))
    return Edit({source.path: source.become(now.text)}, summary(answer))
