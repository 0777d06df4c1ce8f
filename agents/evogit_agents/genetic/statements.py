"""Mutations of whole statements: delete, duplicate, move, guard, unguard, insert, augment."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from evogit_agents.genetic.edit import Edited, indent, line_span, rewrite
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.grow import place_of
from evogit_agents.genetic.index import Index, Statement
from evogit_agents.genetic.kinds import Kind
from evogit_agents.genetic.scope import bindings, ends, loads
from evogit_agents.genetic.source import Source, nodes, same, size

_KEPT: Final = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Global,
    ast.Nonlocal,
)  # fmt: skip
"""Statements that are not deleted, moved or wrapped: without them nothing else works."""

_SIMPLE: Final = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)
_AUGMENTED: Final = (ast.Add, ast.Sub, ast.Mult, ast.Div)


def delete(ground: Ground) -> Edited | None:
    """Remove a statement nothing else depends on; the only one of a block becomes ``pass``."""
    at = _pick(ground, lambda s: not isinstance(s.node, (ast.Return, ast.Pass)))
    span = _span(ground.index, at)
    if at is None or span is None or _needed(at, at.place + 1):
        return None
    text = ""
    new: list[ast.stmt] = []
    if len(at.siblings) == 1:
        text = _line(ground.index.source, at, "pass")
        new = [ast.Pass()]
    return _rewrite(ground, at, span, text, new, f"delete `{_first(ground, at)}`")


def duplicate(ground: Ground) -> Edited | None:
    """Repeat a simple statement right after itself."""
    at = _pick(ground, lambda s: isinstance(s.node, (*_SIMPLE, ast.If)))
    span = _span(ground.index, at)
    if at is None or span is None or not ground.fits(at.function, size(at.node)):
        return None
    text = _lines(ground.index.source, span)
    note = f"repeat `{_first(ground, at)}`"
    return _rewrite(ground, at, span, text + text, [at.node, at.node], note)


def move(ground: Ground) -> Edited | None:
    """Move a statement past its next one or two siblings, if no name goes missing by that."""
    at = _pick(ground, lambda s: s.place + 1 < len(s.siblings))
    if at is None:
        return None
    last = min(at.place + ground.random.choice((1, 1, 2)), len(at.siblings) - 1)
    passed = at.siblings[at.place + 1 : last + 1]
    if any(isinstance(n, _KEPT) or ends([n]) for n in passed) or ends([at.node]):
        return None
    if _bound(at.node) & {n for p in passed for n in loads(p)} - set(at.visible):
        return None
    source = ground.index.source
    first, rest = line_span(source, at.node, at.node), line_span(source, passed[0], passed[-1])
    if first is None or rest is None or first[1] > rest[0]:
        return None
    lines = _lines(source, rest) + source.text[first[1] : rest[0]] + _lines(source, first)
    block = [*at.siblings[: at.place], *passed, at.node, *at.siblings[last + 1 :]]
    note = f"move `{_first(ground, at)}` down"
    return rewrite(ground.index, at, (first[0], rest[1]), lines, block, note)


def guard(ground: Ground) -> Edited | None:
    """Put a statement under a new condition."""
    at = _pick(
        ground, lambda s: isinstance(s.node, (*_SIMPLE, ast.Return, ast.Continue, ast.Break))
    )
    span = _span(ground.index, at)
    if (
        at is None
        or span is None
        or at.node.lineno != at.node.end_lineno
        or _needed(at, at.place + 1)
    ):
        return None
    if isinstance(at.node, ast.Return) and at.place == len(at.siblings) - 1:
        return None
    test = ground.grower.grow(place_of(at), Kind.TRUTH, 1)
    if test is None or not ground.fits(at.function, size(test) + 1):
        return None
    source = ground.index.source
    inner = _step(source) + _lines(source, span)[len(indent(source, at.node)) :]
    head = _line(source, at, f"if {ast.unparse(test)}:")
    new = ast.If(test, [at.node], [])
    note = f"guard `{_first(ground, at)}` by `{ast.unparse(test)[:40]}`"
    return _rewrite(ground, at, span, head + indent(source, at.node) + inner, [new], note)


def unguard(ground: Ground) -> Edited | None:
    """Replace an ``if`` by what stands under it."""
    at = _pick(ground, lambda s: isinstance(s.node, ast.If))
    span = _span(ground.index, at)
    if at is None or span is None or not isinstance(at.node, ast.If):
        return None
    body = at.node.body if ground.random.random() < 0.7 else at.node.orelse
    source = ground.index.source
    inner = line_span(source, body[0], body[-1]) if body else None
    if inner is None or ends(body) or body[0].lineno == at.node.lineno:
        return None
    old, new = indent(source, body[0]), indent(source, at.node)
    lines = _lines(source, inner).splitlines(keepends=True)
    if not old.startswith(new) or not all(
        line.startswith(old) or not line.strip() for line in lines
    ):
        return None
    text = "".join(new + line[len(old) :] if line.strip() else line for line in lines)
    return _rewrite(ground, at, span, text, body, f"drop the condition of `{_first(ground, at)}`")


def insert(ground: Ground) -> Edited | None:
    """Insert a new statement: change a number, perhaps on a condition, or return one early."""
    picks = [_pick(ground, lambda s: s.function is not None) for _ in range(2)]
    # The later of two: more names have a value there.
    at = max((p for p in picks if p is not None), key=lambda p: p.node.lineno, default=None)
    span = _span(ground.index, at)
    new = _new_statement(ground, at) if at is not None else None
    if at is None or span is None or new is None or not ground.fits(at.function, size(new)):
        return None
    source = ground.index.source
    text = "".join(_line(source, at, line) for line in ast.unparse(new).split("\n"))
    first = ast.unparse(new).replace("\n   ", "")
    place = (span[0], span[0])
    block = [*at.siblings[: at.place], new, *at.siblings[at.place :]]
    return rewrite(ground.index, at, place, text, block, f"insert `{first[:60]}`")


def augment(ground: Ground) -> Edited | None:
    """Change the operator of an augmented assignment, or make a numeric one augmented."""
    at = _pick(ground, lambda s: isinstance(s.node, ast.AugAssign))
    span = _span(ground.index, at)
    if at is None or span is None or not isinstance(at.node, ast.AugAssign):
        return None
    old = at.node
    if type(old.op) not in _AUGMENTED or old.lineno != old.end_lineno:
        return None
    operator = ground.random.choice([t for t in _AUGMENTED if t is not type(old.op)])()
    new = ast.AugAssign(old.target, operator, old.value)
    source = ground.index.source
    tail = source.text[source.span(old)[1] : span[1]]
    text = indent(source, old) + ast.unparse(new) + tail
    return _rewrite(ground, at, span, text, [new], f"make it `{ast.unparse(new)[:48]}`")


def transplant(ground: Ground) -> Edited | None:
    """Insert a statement of a donor, or put it in place of one that binds the same names."""
    if not ground.donors:
        return None
    at = _pick(ground, lambda s: s.function is not None)
    span = _span(ground.index, at)
    donor = ground.random.choice(ground.donors)
    found = [s.node for s in donor.statements if at is not None and _fits_at(ground, s, at)]
    if at is None or span is None or not found:
        return None
    new = ground.random.choice(found)
    source = ground.index.source
    text = "".join(_line(source, at, line) for line in ast.unparse(new).split("\n"))
    first = ast.unparse(new).partition("\n")[0][:48]
    alike = type(new) is type(at.node) and _bound(new) == _bound(at.node)
    if alike and not _needed(at, at.place + 1, but=_bound(new)):
        return _rewrite(ground, at, span, text, [new], f"take over `{first}`")
    if isinstance(new, ast.Return) or not ground.fits(at.function, size(new)):
        return None
    block = [*at.siblings[: at.place], new, *at.siblings[at.place :]]
    return rewrite(ground.index, at, (span[0], span[0]), text, block, f"take over `{first}`")


def _fits_at(ground: Ground, donor: Statement, at: Statement) -> bool:
    node = donor.node
    if not isinstance(node, (*_SIMPLE, ast.Return, ast.If, ast.For)) or size(node) > 40:
        return False
    alien = (ast.JoinedStr, ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.AnnAssign)
    inner = [n for n in nodes(node) if isinstance(n, (ast.stmt, *alien))]
    if any(isinstance(n, (*alien, *_KEPT, ast.Continue, ast.Break)) for n in inner):
        return False
    if donor.function is None:
        return False
    own = {n for s in inner if isinstance(s, ast.stmt) for n in bindings(s)}
    inside = at.function.outer if at.function is not None else ()
    return not any(same(node, s) for s in at.siblings) and all(
        name in own or (name not in inside and ground.index.known(name, at.visible, at.function))
        for name in loads(node)
    )


def _new_statement(ground: Ground, at: Statement) -> ast.stmt | None:
    grower, place, random = ground.grower, place_of(at), ground.random
    roll = random.random()
    test = grower.grow(place, Kind.TRUTH, 1)
    if test is None:
        return None
    if roll < 0.75 and _returns_number(at):
        value = grower.alternative(place, random.choice((0, 1, 1, 2)))
        return ast.If(test, [ast.Return(value)], [])
    value = grower.grow(place, Kind.NUMBER, random.choice((1, 1, 2)))
    if value is None:
        return None
    names = [n for n, k in at.visible.items() if k is Kind.NUMBER]
    if not names:
        return None
    target = ast.Name(random.choice(names), ast.Store())
    change = (
        ast.AugAssign(target, random.choice(_AUGMENTED)(), value)
        if random.random() < 0.5
        else ast.Assign([target], value, lineno=0)
    )
    return ast.If(test, [change], []) if random.random() < 0.4 else change


def _returns_number(at: Statement) -> bool:
    """Whether a number may be returned at ``at``: so says the annotation or another return."""
    function = at.function
    if function is None:
        return False
    if function.kinds.get(f"{function.node.name}()") is Kind.NUMBER:
        return True
    last = function.node.body[-1]
    return isinstance(last, ast.Return) and isinstance(last.value, (ast.BinOp, ast.UnaryOp))


def _pick(ground: Ground, wanted: Callable[[Statement], bool]) -> Statement | None:
    found = [
        s
        for s in ground.index.statements
        if s.editable and not isinstance(s.node, _KEPT) and wanted(s)
    ]
    return ground.random.choice(found) if found else None


def _needed(at: Statement, after: int, but: frozenset[str] = frozenset()) -> bool:
    """Whether names that only ``at`` binds are read later on, so that it can not just go."""
    new = _bound(at.node) - set(at.visible) - but
    if not new:
        return False
    if at.function is None:
        return True  # a global or class attribute: other files may read it
    body = at.function.node.body
    later = at.siblings[after:] if body is at.siblings else [s for s in body if s is not at.node]
    return any(name in new for s in later for name in loads(s))


def _bound(node: ast.stmt) -> frozenset[str]:
    return frozenset(n for s in nodes(node) if isinstance(s, ast.stmt) for n in bindings(s))


def _span(index: Index, at: Statement | None) -> tuple[int, int] | None:
    return line_span(index.source, at.node, at.node) if at is not None else None


def _lines(source: Source, span: tuple[int, int]) -> str:
    """The text of whole lines; the last line of a file is given the line end it may lack."""
    text = source.text[span[0] : span[1]]
    return text if text.endswith(("\n", "\r")) else text + source.newline()


def _step(source: Source) -> str:
    """The file's unit of indentation: that of its first indented line, else four spaces."""
    for node in source.tree.body:
        body = getattr(node, "body", None)
        if body and body[0].lineno > node.lineno:
            return indent(source, body[0]) or "    "
    return "    "


def _line(source: Source, at: Statement, text: str) -> str:
    """A generated line (indented by fours) at the depth of ``at``."""
    stripped = text.lstrip(" ")
    levels = (len(text) - len(stripped)) // 4
    return indent(source, at.node) + _step(source) * levels + stripped + source.newline()


def _rewrite(
    ground: Ground,
    at: Statement,
    span: tuple[int, int],
    text: str,
    new: list[ast.stmt],
    note: str,
) -> Edited | None:
    block = [*at.siblings[: at.place], *new, *at.siblings[at.place + 1 :]]
    return rewrite(ground.index, at, span, text, block, note)


def _first(ground: Ground, at: Statement) -> str:
    """The first line of a statement, short enough for a subject."""
    return ground.index.source.line(at.node.lineno).strip()[:48].replace("`", "'")
