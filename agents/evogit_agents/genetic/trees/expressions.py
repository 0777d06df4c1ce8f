"""Edits of one expression: constants, operators, grafts, parts."""

from __future__ import annotations

from random import Random
from typing import Final

from evogit_agents.genetic.numerals import Numeral, read, write
from evogit_agents.genetic.trees.grammar import BINARY, NAMES, NUMBERS, is_value
from evogit_agents.genetic.trees.ground import MAX_GRAFT, Edited, Ground
from evogit_agents.genetic.trees.source import Node, Source

_CLASSES: Final = (
    (b"+", b"-", b"*", b"/"),
    (b"/", b"%"),
    (b"&", b"|", b"^"),
    (b"<<", b">>"),
    (b"<", b"<=", b">", b">="),
    (b"==", b"!="),
    (b"===", b"!=="),
    (b"&&", b"||"),
    (b"=", b"+=", b"-="),
    (b"+=", b"-=", b"*=", b"/="),
    (b"&=", b"|=", b"^="),
    (b"<<=", b">>="),
    (b"++", b"--"),
)
_TRUTHS: Final = frozenset({b"<", b"<=", b">", b">=", b"==", b"!=", b"===", b"!==", b"&&", b"||"})
_COMPUTING: Final = frozenset(
    {
        "assignment_expression", "augmented_assignment_expression", "compound_assignment_expr",
        "assignment_statement", "update_expression", "inc_statement", "dec_statement", *BINARY,
    }
)  # fmt: skip
_HOLDERS: Final = frozenset(
    {
        "parenthesized_expression", "arguments", "argument_list", "return_statement",
        "return_expression", "subscript_expression", "index_expression", "array_access",
        "subscript_argument_list", "unary_expression", "conditional_expression", "ternary_expression",
        "assignment_expression", "augmented_assignment_expression", "compound_assignment_expr",
        "assignment_statement", "expression_list", "variable_declarator", "init_declarator",
        "let_declaration", "short_var_declaration", "range_expression", "if_expression",
        "while_expression", "for_statement", "while_statement", "if_statement", "for_clause",
        "array", "initializer_list", "array_expression", "cast_expression", "type_cast_expression",
        "condition_clause", *BINARY,
    }
)  # fmt: skip
"""Where a value may be replaced by another one."""

_FIXED_FIELDS: Final = frozenset(
    {"name", "declarator", "pattern", "function", "property", "type", "label", "object", "array",
     "body", "consequence", "alternative", "initializer", "update", "increment", "init"}
)  # fmt: skip
_LOOSE: Final = frozenset(
    {"binary_expression", "conditional_expression", "ternary_expression", "range_expression",
     "unary_expression", "cast_expression", "type_cast_expression", "assignment_expression"}
)  # fmt: skip
"""What needs brackets within another one of these."""


def nudge(ground: Ground) -> Edited | None:
    """Change a constant a little, sometimes much."""
    at = ground.pick([n for n in ground.source.editable if n.kind in NUMBERS])
    form = read(ground.source.text(at).decode("ascii", "replace")) if at is not None else None
    if at is None or form is None:
        return None
    return ground.put(at, write(form, _nudged(form, ground.random), 0).encode())


def _nudged(form: Numeral, random: Random) -> float:
    roll = random.random()
    if form.whole:
        if roll < 0.65:
            return max(0, form.value + random.choice((-2, -1, -1, 1, 1, 2)))
        if roll < 0.75:
            return random.choice((0, 1, 2))
        return round(min(form.value, 10**9) * random.choice((0.25, 0.5, 2, 4)))
    if roll < 0.1:
        return random.choice((0.0, 0.5, 1.0, 2.0))
    if roll < 0.5:
        return form.value * random.choice((0.1, 0.5, 2.0, 10.0))
    return float(f"{form.value * random.lognormvariate(0, 0.3):.4g}")


def swap_operator(ground: Ground) -> Edited | None:
    """Change an operator within its class; where a value is computed, compared or assigned."""
    source = ground.source
    found = [
        n
        for n in source.editable
        if not n.named
        and n.parent is not None
        and n.parent.kind in _COMPUTING
        and any(source.text(n) in family for family in _CLASSES)
    ]
    at = ground.pick(found)
    if at is None:
        return None
    own = source.text(at)
    others = [o for family in _CLASSES if own in family for o in family if o != own]
    return ground.put(at, ground.random.choice(others))


def graft(ground: Ground) -> Edited | None:
    """Replace a value by another one of this file or of a donor, of the same sort if that is known."""
    pool = ground.random.choice([ground.source, *ground.donors])
    return _grafted(ground, pool)


def cross_expression(ground: Ground) -> Edited | None:
    """Replace a value by one of a donor."""
    donor = ground.pick(ground.donors)
    return _grafted(ground, donor) if donor is not None else None


def _grafted(ground: Ground, pool: Source) -> Edited | None:
    source = ground.source
    at = ground.pick([n for n in source.editable if replaceable(n)])
    if at is None:
        return None
    sort, own = _sort(source, at), source.text(at)
    found = [
        n
        for n in pool.nodes
        if replaceable(n) and n.size <= MAX_GRAFT and _alike(sort, _sort(pool, n))
    ]
    other = ground.pick(found)
    if other is None or pool.text(other) == own:
        return None
    names = {pool.text(n) for n in other.walk() if n.kind in NAMES}
    if not names <= source.known(at):
        return None
    return ground.put(at, bracketed(other, at, pool.text(other)))


def hoist(ground: Ground) -> Edited | None:
    """Replace a value by a part of it."""
    at = ground.pick([n for n in ground.source.editable if replaceable(n) and n.children])
    if at is None:
        return None
    sort = _sort(ground.source, at)
    parts = [
        n
        for n in at.walk()
        if n is not at and replaceable(n) and _alike(sort, _sort(ground.source, n))
    ]
    part = ground.pick(parts)
    if part is None:
        return None
    return ground.put(at, bracketed(part, at, ground.source.text(part)))


def swap_parts(ground: Ground) -> Edited | None:
    """Exchange the operands of an operator, or two arguments, or two entries of a list."""
    source = ground.source
    kinds = (*BINARY, "arguments", "argument_list", "array", "initializer_list")
    at = ground.pick([n for n in source.editable if n.kind in kinds])
    parts = at.named_children() if at is not None else []
    if at is None or len(parts) < 2:
        return None
    one, two = sorted(ground.random.sample(parts, 2), key=lambda n: n.start)
    texts = source.text(one), source.text(two)
    splices = [(one.start, one.end, texts[1]), (two.start, two.end, texts[0])]
    return ground.done(at, splices, f"swap parts of {ground.shown(at)}")


def shift(ground: Ground) -> Edited | None:
    """Add or take one: of an index, or of what a comparison asks for."""
    source = ground.source
    found = [
        n
        for n in source.editable
        if replaceable(n) and n.parent is not None and (_is_index(n) or _is_bound(source, n))
    ]
    at = ground.pick(found)
    if at is None:
        return None
    text = source.text(at)
    sign = ground.random.choice((b"+", b"-"))
    inner = b"(" + text + b")" if at.kind in _LOOSE else text
    return ground.put(
        at,
        b"(" + inner + b" " + sign + b" 1)" if not _is_index(at) else inner + b" " + sign + b" 1",
    )


def cheaper(ground: Ground) -> Edited | None:
    """Division, remainder or product by a power of two as a shift or a mask; tests tell if that holds."""
    source = ground.source
    found = [n for n in source.editable if n.kind in BINARY and _power(source, n) is not None]
    at = ground.pick(found)
    power = _power(source, at) if at is not None else None
    if at is None or power is None:
        return None
    left, operator, right = at.children
    suffix = _suffix(source.text(right))
    head = source.text(left) if left.kind not in _LOOSE else b"(" + source.text(left) + b")"
    how = {
        b"%": b" & %d%s" % ((1 << power) - 1, suffix),
        b"/": b" >> %d" % power,
        b"*": b" << %d" % power,
    }
    return ground.put(at, b"(" + head + how[source.text(operator)] + b")")


def negate(ground: Ground) -> Edited | None:
    """Turn a condition into its opposite."""
    source = ground.source
    found = [n for n in source.editable if replaceable(n) and _sort(source, n) == "truth"]
    at = ground.pick(found)
    return ground.put(at, b"!(" + source.text(at) + b")") if at is not None else None


def replaceable(node: Node) -> bool:
    """Whether another value may stand in its place."""
    parent = node.parent
    if parent is None or not node.named or not is_value(node.kind) or parent.kind not in _HOLDERS:
        return False
    if node.role in _FIXED_FIELDS or (node.role == "left" and parent.kind not in BINARY):
        return False
    if parent.kind == "expression_list" and parent.role == "left":
        return False
    if parent.kind in ("subscript_expression", "index_expression", "array_access"):
        return node.place > 0
    return True


def bracketed(node: Node, at: Node, text: bytes) -> bytes:
    """``text`` of ``node``, in brackets if it would else mix with what stands around ``at``."""
    mixes = at.parent is not None and at.parent.kind in _LOOSE and node.kind in _LOOSE
    return b"(" + text + b")" if mixes else text


def _sort(source: Source, node: Node) -> str:
    """``truth``, ``number`` or ``any``, as far as its outermost operator tells."""
    if node.kind in NUMBERS:
        return "number"
    if node.kind in ("true", "false", "boolean_literal"):
        return "truth"
    if node.kind in BINARY and len(node.children) == 3:
        return "truth" if source.text(node.children[1]) in _TRUTHS else "number"
    if node.kind == "parenthesized_expression" and node.named_children():
        return _sort(source, node.named_children()[0])
    return "any"


def _alike(one: str, other: str) -> bool:
    return (
        one == other or (one == "any" and other == "number") or (one == "number" and other == "any")
    )


def _is_index(node: Node) -> bool:
    parent = node.parent
    kinds = ("subscript_expression", "index_expression", "array_access", "subscript_argument_list")
    return parent is not None and parent.kind in kinds


def _is_bound(source: Source, node: Node) -> bool:
    parent = node.parent
    if parent is None or node.role != "right" or parent.kind not in BINARY:
        return False
    return len(parent.children) == 3 and source.text(parent.children[1]) in _TRUTHS - {b"&&", b"||"}


def _power(source: Source, node: Node) -> int | None:
    """The exponent if the node is something by a power of two, at least 2."""
    if len(node.children) != 3 or source.text(node.children[1]) not in (b"%", b"/", b"*"):
        return None
    right = node.children[2]
    form = read(source.text(right).decode("ascii", "replace")) if right.kind in NUMBERS else None
    if form is None or not form.whole:
        return None
    value = int(form.value)
    return value.bit_length() - 1 if value > 1 and value & (value - 1) == 0 else None


def _suffix(text: bytes) -> bytes:
    form = read(text.decode("ascii", "replace"))
    return form.suffix.encode() if form is not None else b""
