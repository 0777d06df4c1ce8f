"""Edits that can make loops faster: compute once what does not change, exchange nested loops."""

from __future__ import annotations

from typing import Final

from evogit_agents.genetic.trees.grammar import (
    ASSIGNMENTS,
    BLOCKS,
    DECLARATORS,
    FILES,
    FUNCTIONS,
    LOOPS,
    NAMES,
    NUMBERS,
    is_value,
)
from evogit_agents.genetic.trees.ground import Edited, Ground
from evogit_agents.genetic.trees.source import Node, Source

_LEAVING: Final = frozenset(
    {
        "break_statement",
        "return_statement",
        "continue_statement",
        "break_expression",
        "return_expression",
    }
)
_WORTH: Final = 5
"""Bytes of an expression that is worth a name of its own."""


def hoist_invariant(ground: Ground) -> Edited | None:
    """Compute before a loop what seems to be the same in each of its rounds.

    Whether it is (a call may have effects, an alias may be written) the tests have to say.
    """
    source = ground.source
    found = [loop for loop in source.editable if loop.kind in LOOPS and _line(source, loop)]
    loop = ground.pick(found)
    if loop is None:
        return None
    changed = _changed(source, loop)
    at = ground.pick([n for n in loop.walk() if _hoistable(source, n, changed)])
    line = _line(source, loop)
    if at is None or line is None:
        return None
    value, name = source.text(at), _fresh(source)
    # Equal texts in the loop read the same variables, none of which the loop writes.
    same = [
        n
        for n in loop.walk()
        if n.kind == at.kind and source.text(n) == value and _hoistable(source, n, changed)
    ]
    local = source.grammar.local.format(name=name, value=value.decode("utf-8")).encode()
    splices = [(line.start, line.start, local + source.newline() + (source.indent(line) or b""))]
    splices += [(n.start, n.end, name.encode()) for n in same]
    return ground.done(loop, splices, f"compute {ground.shown(at)} before the loop")


def exchange_loops(ground: Ground) -> Edited | None:
    """Exchange the heads of two loops, one of which holds nothing but the other."""
    source = ground.source
    pairs = [
        (loop, inner)
        for loop in source.editable
        if loop.kind in LOOPS and (inner := _only_loop(loop)) is not None
    ]
    pair = ground.pick(pairs)
    heads = [_head(loop) for loop in pair] if pair is not None else []
    if pair is None or len(heads) != 2:
        return None
    (a, b), (c, d) = heads
    splices = [(a, b, source.data[c:d]), (c, d, source.data[a:b])]
    return ground.done(pair[0], splices, "exchange two nested loops")


def leave_early(ground: Ground) -> Edited | None:
    """Leave a loop after a statement that a condition in it guards: what was sought is found."""
    source = ground.source
    at = ground.pick([n for n in source.statements if _is_last_guarded(n)])
    indent = source.indent(at) if at is not None else None
    if at is None:
        return None
    gap = b" " if indent is None else source.newline() + indent
    word = b"break" if source.grammar.module == "tree_sitter_go" else b"break;"
    note = f"leave the loop after {ground.shown(at)}"
    return ground.done(at, [(at.end, at.end, gap + word)], note)


def _is_last_guarded(node: Node) -> bool:
    """Whether it is the last statement under a condition within a loop of the same function."""
    block = node.parent
    if block is None or block.kind in FILES or block.named_children()[-1] is not node:
        return False
    around = [n.kind for n in node.up()]
    inner = next((i for i, kind in enumerate(around) if kind in LOOPS or kind in FUNCTIONS), None)
    if inner is None or around[inner] in FUNCTIONS or any(n.kind in _LEAVING for n in node.walk()):
        return False
    return any(kind in ("if_statement", "if_expression") for kind in around[:inner])


def _line(source: Source, loop: Node) -> Node | None:
    """The statement that a loop is or begins, if it begins its line within a block."""
    node = loop
    while node.parent is not None and node.parent.kind not in BLOCKS:
        if node.parent.start != node.start:
            return None
        node = node.parent
    return node if node.parent is not None and source.indent(node) is not None else None


def _changed(source: Source, loop: Node) -> frozenset[bytes]:
    """Names that a loop assigns to, declares or steps."""
    names: set[bytes] = set()
    for node in loop.walk():
        if node.kind in ASSIGNMENTS:
            target = node.children[0] if node.children[0].named else node.children[-1]
            first = next((n for n in target.walk() if n.kind in NAMES), None)
            names |= {source.text(first)} if first is not None else set()
        elif node.kind in DECLARATORS:
            names |= {source.text(n) for n in _declared(node)}
    return frozenset(names)


def _declared(node: Node) -> list[Node]:
    targets = [n for n in node.children if n.role in ("name", "declarator", "pattern", "left")]
    return [n for target in targets for n in target.walk() if n.kind in NAMES]


def _hoistable(source: Source, node: Node, changed: frozenset[bytes]) -> bool:
    if not node.named or not is_value(node.kind) or node.size < _WORTH or not node.children:
        return False
    if (
        node.kind in NUMBERS
        or node.kind in ("parenthesized_expression", "range_expression")
        or node.parent is None
    ):
        return False
    if node.role in ("left", "function", "name") and node.parent.kind != "binary_expression":
        return False
    if node.parent.kind in ASSIGNMENTS and node.place == 0:
        return False
    names = {source.text(n) for n in node.walk() if n.kind in NAMES}
    return bool(names) and not names & changed


def _fresh(source: Source) -> str:
    """A name that the file does not hold yet."""
    number = 1
    while b"once%d" % number in source.data:
        number += 1
    return f"once{number}"


def _only_loop(loop: Node) -> Node | None:
    body = next((n for n in loop.children if n.role == "body"), None)
    while body is not None and body.kind in (*BLOCKS, "expression_statement"):
        inner = body.named_children()
        if len(inner) != 1:
            return None
        body = inner[0]
    return body if body is not None and body.kind in LOOPS and body is not loop else None


def _head(loop: Node) -> tuple[int, int]:
    body = next((n for n in loop.children if n.role == "body"), loop)
    return loop.start, body.start
