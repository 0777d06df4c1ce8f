"""Edits of whole statements, and of functions that another individual has."""

from __future__ import annotations

from typing import Final

from evogit_agents.genetic.trees.grammar import BLOCKS, FILES, FUNCTIONS, NAMES, STATEMENTS
from evogit_agents.genetic.trees.ground import MAX_GRAFT, Edited, Ground
from evogit_agents.genetic.trees.source import Node, Source

_KEPT: Final = frozenset(
    {"import_statement", "export_statement", "package_clause", "empty_statement"}
)


def delete(ground: Ground) -> Edited | None:
    """Remove a statement, with its line if it has that alone."""
    at = ground.pick(_plain(ground.source))
    if at is None:
        return None
    return ground.done(at, [(*whole(ground.source, at), b"")], f"delete {ground.shown(at)}")


def duplicate(ground: Ground) -> Edited | None:
    """Repeat a statement right after itself."""
    source = ground.source
    at = ground.pick(
        [n for n in _plain(source) if n.kind not in STATEMENTS and n.size <= MAX_GRAFT]
    )
    lines = _lines(source, at) if at is not None else None
    if at is None or lines is None:
        return None
    end = whole(source, at)[1]
    return ground.done(at, [(end, end, lines)], f"repeat {ground.shown(at)}")


def move(ground: Ground) -> Edited | None:
    """Exchange a statement with the next one."""
    source = ground.source
    found = [(a, b) for a in _plain(source) if (b := _next(source, a)) is not None]
    pair = ground.pick(found)
    if pair is None:
        return None
    one, two = pair
    splices = [(one.start, one.end, source.text(two)), (two.start, two.end, source.text(one))]
    return ground.done(one, splices, f"move {ground.shown(one)} down")


def unguard(ground: Ground) -> Edited | None:
    """Replace an ``if`` by what stands under it, or by its ``else``."""
    source = ground.source
    kinds = ("if_statement", "if_expression")
    at = ground.pick([n for n in source.editable if n.kind in kinds])
    if at is None:
        return None
    branches = [n for n in at.children if n.role in ("consequence", "alternative")]
    kept = ground.pick(branches)
    inner = next((n for n in kept.walk() if n.kind in BLOCKS), kept) if kept is not None else None
    if inner is None or inner is at:
        return None
    note = f"drop the condition of {ground.shown(at)}"
    return ground.done(at, [(at.start, at.end, source.text(inner))], note)


def transplant(ground: Ground) -> Edited | None:
    """Insert a statement of a donor, or of this file, before another one, or in its place."""
    source = ground.source
    pool = ground.random.choice(ground.donors or [source])
    at, new = ground.pick(_plain(source)), ground.pick(pool.statements)
    if at is None or new is None or new.size > MAX_GRAFT or pool.text(new) == source.text(at):
        return None
    names = {pool.text(n) for n in new.walk() if n.kind in NAMES}
    if not names <= source.known(at):
        return None
    text = pool.text(new)
    note = f"take over `{text.decode('utf-8', 'replace')[:48]}`"
    if ground.random.random() < 0.5:
        return ground.put(at, text, note)
    indent = source.indent(at)
    gap = b" " if indent is None else source.newline() + indent
    return ground.done(at, [(at.start, at.start, text + gap)], note)


def cross_function(ground: Ground) -> Edited | None:
    """Take over a donor's version of a function both have."""
    source, donor = ground.source, ground.pick(ground.donors)
    if donor is None:
        return None
    theirs = {_head(donor, f): donor.text(f) for f in donor.nodes if f.kind in FUNCTIONS}
    found = [
        (f, text)
        for f in source.functions
        if (text := theirs.get(_head(source, f))) is not None and text != source.text(f)
    ]
    pair = ground.pick(found)
    if pair is None:
        return None
    return ground.put(pair[0], pair[1], f"take over {ground.shown(pair[0])} whole")


def whole(source: Source, node: Node) -> tuple[int, int]:
    """The span of a statement, with its indentation and line end if it has its lines alone."""
    start = source.line_start(node.start)
    newline = source.newline()
    end = source.data.find(newline, node.end)
    end = len(source.data) if end < 0 else end + len(newline)
    alone = not source.data[start : node.start].strip() and not source.data[node.end : end].strip()
    return (start, end) if alone else (node.start, node.end)


def _lines(source: Source, node: Node) -> bytes | None:
    start, end = whole(source, node)
    text = source.data[start:end]
    return text if (start, end) != (node.start, node.end) else b" " + text


def _plain(source: Source) -> list[Node]:
    return [
        n
        for n in source.statements
        if n.kind not in _KEPT
        and (n.parent is None or n.parent.kind not in FILES)
        and n.kind not in BLOCKS
        and not any(c.kind in FUNCTIONS for c in n.walk())
    ]


def _next(source: Source, node: Node) -> Node | None:
    siblings = node.parent.named_children() if node.parent is not None else []
    later = [n for n in siblings if n.start >= node.end]
    return later[0] if later and later[0] in source.statements else None


def _head(source: Source, function: Node) -> bytes:
    """What stands before a function's body: its name, parameters and types."""
    body = next((n for n in function.children if n.role == "body"), function)
    return source.data[function.start : body.start]
