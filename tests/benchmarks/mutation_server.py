"""A model that is none: it changes the program in a prompt at one or two places by chance.

What it answers depends on the program alone, on how often that program was asked about, and on the
number of the run; never on the words around it, so whoever asks gets the same kind of change. A
prompt may hold several programs: the last one that is complete counts.
"""

from __future__ import annotations

import ast
import copy
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, cast

BEGIN, END = "# program: begin\n", "# program: end"
"""The first and last line of every program."""
RULE_BEGIN, RULE_END = "# rule: begin\n", "# rule: end"
"""Only what is between these lines of a program is changed."""

_LARGEST = 1000
_MOST_NODES = 12
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_Slot = tuple[ast.AST, str, int | None]


class Mutator:
    """Answers prompts. Thread-safe.

    Args:
        run: the number of the run: other numbers, other changes.
    """

    def __init__(self, run: int) -> None:
        self.run = run
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, prompt: str) -> str:
        program = last_program(prompt)
        with self._lock:
            self._asked[program] += 1
            count = self._asked[program]
        changed = mutate(program, Random(f"{self.run} {count} {program}"))
        return f"A change at random places.\n\n```python\n{changed}\n```\n"


def last_program(text: str) -> str:
    """The last complete program of a prompt, from its first to its last line.

    Raises:
        ValueError: there is none.
    """
    before, _, rest = text.rpartition(END)
    if not before.count(BEGIN):
        raise ValueError(f"no program in {rest[:80]!r}")
    return BEGIN + before.rpartition(BEGIN)[2] + END


def mutate(program: str, random: Random) -> str:
    """``program`` with one or two changes of its rule; it parses, and is not what it was."""
    head, _, rest = program.partition(RULE_BEGIN)
    rule, _, tail = rest.partition(RULE_END)
    old = ast.unparse(ast.parse(rule))
    new = old
    while new == old:
        tree = ast.parse(rule)
        for _ in range(random.choice((1, 1, 2))):
            unit = random.choice(tree.body)
            random.choices(list(EDITS), list(EDITS.values()))[0](unit, random)
        try:
            new = ast.unparse(tree)
            ast.parse(new)
        except (SyntaxError, ValueError):
            new = old
    return f"{head}{RULE_BEGIN}{new}\n{RULE_END}{tail}"


def _slots(unit: ast.AST) -> Iterator[_Slot]:
    """Where an expression with a value stands, but for names of callees, annotations and texts."""
    for node in ast.walk(unit):
        if isinstance(node, ast.arg | ast.arguments | ast.JoinedStr):
            continue
        for field, value in ast.iter_fields(node):
            if field in {"func", "returns", "decorator_list", "annotation"}:
                continue
            many = isinstance(value, list)
            items = cast("list[object]", value) if many else [value]
            for i, item in enumerate(items):
                if _has_value(item):
                    yield node, field, i if many else None


def _has_value(item: object) -> bool:
    text = isinstance(item, ast.Constant) and isinstance(item.value, str)
    read = isinstance(getattr(item, "ctx", ast.Load()), ast.Load)
    return isinstance(item, ast.expr) and read and not text and not isinstance(item, ast.Starred)


def _get(slot: _Slot) -> ast.expr:
    node, field, i = slot
    value = getattr(node, field)
    return value if i is None else value[i]


def _put(slot: _Slot, new: ast.expr) -> None:
    node, field, i = slot
    if i is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[i] = new


def _nudge(unit: ast.stmt, random: Random) -> None:
    """One number becomes about half to twice as large."""
    found = [
        node
        for node in ast.walk(unit)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    ]
    if not found:
        return
    chosen = random.choice(found)
    old: Any = chosen.value
    new = max(-_LARGEST, min(_LARGEST, old * math.exp(random.gauss(0, 0.5))))
    if isinstance(old, int):
        chosen.value = round(new) if round(new) != old else old + random.choice((-1, 1))
    else:
        chosen.value = float(f"{new:.4g}")


def _replace(unit: ast.stmt, random: Random) -> None:
    """One expression becomes a copy of another one of the function."""
    slots = list(_slots(unit))
    if slots:
        _put(random.choice(slots), _donor(slots, random))


def _combine(unit: ast.stmt, random: Random) -> None:
    """One expression is combined with another one of the function, or with a number."""
    slots = list(_slots(unit))
    if not slots:
        return
    slot = random.choice(slots)
    other = ast.Constant(float(f"{math.exp(random.gauss(0, 1.5)):.3g}"))
    other = other if random.random() < 0.3 else _donor(slots, random)
    _put(slot, ast.BinOp(copy.deepcopy(_get(slot)), random.choice(_OPERATORS)(), other))


def _donor(slots: list[_Slot], random: Random) -> ast.expr:
    small = [one for one in map(_get, slots) if len(list(ast.walk(one))) <= _MOST_NODES]
    return copy.deepcopy(random.choice(small)) if small else ast.Constant(1)


def _statement(unit: ast.stmt, random: Random) -> None:
    """One statement goes away, or stands once more in another place."""
    fields = [getattr(n, field, None) for n in ast.walk(unit) for field in ("body", "orelse")]
    bodies = [cast("list[ast.stmt]", body) for body in fields if isinstance(body, list) and body]
    if not bodies:
        return
    body = random.choice(bodies)
    chosen = random.choice(body)
    if random.random() < 0.5 and len(body) > 1:
        body.remove(chosen)
    else:
        target = random.choice(bodies)
        target.insert(random.randint(0, len(target)), copy.deepcopy(chosen))


EDITS: dict[Callable[[ast.stmt, Random], None], float] = {
    _nudge: 0.4,
    _combine: 0.25,
    _replace: 0.2,
    _statement: 0.15,
}
"""The changes, and how often each is chosen."""
