"""Leave a loop as soon as what it sought is found."""

from __future__ import annotations

import ast

from evogit_agents.genetic.edit import Edited, indent, line_span
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.index import Statement
from evogit_agents.genetic.speed.splicing import spliced


def leave_early(ground: Ground) -> Edited | None:
    """Put a ``break`` after the last statement under a condition in a loop."""
    conditions = [s.node for s in ground.index.statements if isinstance(s.node, ast.If)]
    blocks = {id(block) for node in conditions for block in (node.body, node.orelse)}
    found = [s for s in ground.index.statements if id(s.siblings) in blocks and _ends_block(s)]
    at = ground.random.choice(found) if found else None
    source = ground.index.source
    span = line_span(source, at.node, at.node) if at is not None else None
    if at is None or span is None:
        return None
    gap = "" if source.text[: span[1]].endswith(("\n", "\r")) else source.newline()
    line = gap + indent(source, at.node) + "break" + source.newline()
    note = f"leave the loop after `{source.line(at.node.lineno).strip()[:48]}`"
    return spliced(ground.index, at, [(span[1], span[1], line)], note)


def _ends_block(at: Statement) -> bool:
    """Whether it is an ordinary last statement of a block within a loop."""
    if not at.editable or not at.in_loop or at.place + 1 < len(at.siblings):
        return False
    return isinstance(at.node, (ast.Assign, ast.AugAssign, ast.Expr))
