"""``rewrite``: a whole file anew, or its evolve block."""

from __future__ import annotations

from evogit_agents.llm.ground import Ground, Order
from evogit_agents.llm.operators.whole import choose_window, read_whole


def prepare(ground: Ground) -> Order | str:
    """Show a file, or the block of it that may change, and take the new version of that."""
    for source in ground.sources(most=8):
        window = choose_window(ground, source)
        if window is not None:
            break
    else:
        return "no editable file is short enough to be written anew in one answer"
    facts = {"path": source.path, "what": "block" if source.framed else "file"}
    data = {"code": source.part(window)}
    prompt = ground.prompt("rewrite", facts, data, source)
    return Order("rewrite", prompt, lambda answer: read_whole(answer, source, window))
