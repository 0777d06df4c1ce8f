"""Literals in Python code: tables of answers, and values that only the evaluator's data holds."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from evogit.quarantine.names import Nodes, constant

_LONG: Final = 1000
"""A text this long with hardly a blank in it is data, not words."""
_PER_PIECE: Final = 16
_NUMBER: Final = re.compile(rb"(?<![\w.])\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?")
_STRING: Final = re.compile(rb"\"([^\"\\\n]{6,80})\"|'([^'\\\n]{6,80})'")
_DIGITS: Final = 4
_LETTERS: Final = 8
_ORDINARY: Final = frozenset({3600.0, 86400.0, 1e-9, 3.14159, 2.71828, 1.41421, 31536000.0})
_KEPT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Literals:
    """What a module holds: constant pairs of tables and comparisons, leaves of displays, operands.

    ``pairs`` counts entries ``key: value`` and comparisons with a constant, ``leaves`` constants in
    lists, sets, tuples and long texts; ``asked`` holds what input may be compared with.
    """

    pairs: Counter[str] = field(default_factory=Counter[str])
    leaves: Counter[str] = field(default_factory=Counter[str])
    asked: dict[str, int] = field(default_factory=dict[str, int])


def literals(nodes: Nodes, documentation: frozenset[int]) -> Literals:
    """The literals of a module.

    Args:
        nodes: all its nodes.
        documentation: ids of constants that are docstrings.
    """
    found = Literals()
    for node in nodes:
        match node:
            case ast.Dict():
                _entries(found, node)
            case ast.Compare(left=left, comparators=others):
                for part in (left, *others):
                    _compared(found, part)
            case ast.MatchValue(value=value):
                _compared(found, value)
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
                found.leaves.update(_text(e) for e in elts if isinstance(e, ast.Constant))
            case ast.Constant(value=str() | bytes() as value):
                if id(node) not in documentation:
                    found.leaves.update(_pieces(value))
            case _:
                pass
    return found


def _entries(found: Literals, node: ast.Dict) -> None:
    for key, value in zip(node.keys, node.values, strict=True):
        if key is not None and constant(key):
            _ask(found, key)
            if constant(value):
                found.pairs[f"{_text(key)}: {_text(value)}"] += 1


def _pieces(value: str | bytes) -> Iterator[str]:
    """A long text without words as so many literals."""
    if len(value) >= _LONG and _dense(value):
        for at in range(0, len(value), _PER_PIECE):
            yield repr(value[at : at + _PER_PIECE])


def _dense(value: str | bytes) -> bool:
    """Words have a blank every few characters."""
    blanks = value.count(" ") if isinstance(value, str) else value.count(b" ")
    return blanks * 25 < len(value)


def _compared(found: Literals, node: ast.expr) -> None:
    if isinstance(node, ast.Set | ast.List | ast.Tuple) and not constant(node):
        return
    parts = node.elts if isinstance(node, ast.Set | ast.List | ast.Tuple) else [node]
    for part in parts:
        if constant(part):
            _ask(found, part)
            found.pairs[f"== {_text(part)}"] += 1


def _ask(found: Literals, node: ast.expr) -> None:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant):
            name = telling(inner.value)
            if name:
                found.asked.setdefault(name, inner.lineno)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return repr(node.value)[:80] if not isinstance(node.value, int) else hex(node.value)[:80]
    parts = [n for n in ast.walk(node) if isinstance(n, ast.Constant | ast.USub)]
    return " ".join(_text(n) if isinstance(n, ast.Constant) else "-" for n in parts)[:200]


def telling(value: object) -> str:
    """``value`` as text, if it is one that nobody writes by chance; else empty.

    Numbers have four digits that count and are no power of two (or next to one); texts have eight
    characters.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    if isinstance(value, str):
        return value if _LETTERS <= len(value) <= 80 else ""
    if isinstance(value, int) and abs(value) > 10**15:
        return str(hash(value))
    number = abs(float(value))
    digits = f"{number:.15g}".partition("e")[0].replace(".", "").strip("0")
    if (
        len(digits) < _DIGITS
        or math.isinf(number)
        or math.isnan(number)
        or f"{number:.6g}" in _CHECKED
    ):
        return ""
    return "" if _near_power(number) else f"{number:.15g}"


def _near_power(number: float) -> bool:
    """Whether it is a power of two, one more or one less: sizes, masks, moduli."""
    if number != int(number) or number < 1:
        return False
    whole = int(number)
    return any(n > 0 and n & (n - 1) == 0 for n in (whole - 1, whole, whole + 1))


_CHECKED: Final = frozenset(f"{number:.6g}" for number in _ORDINARY)


def data_tokens(contents: Iterable[bytes]) -> frozenset[str]:
    """Telling numbers and texts in files of any kind, at most 100,000."""
    found: set[str] = set()
    for content in contents:
        for match in _NUMBER.finditer(content):
            if len(match[0]) <= 30:
                _add(found, _parsed(match[0]))
        for match in _STRING.finditer(content):
            _add(found, (match[1] or match[2]).decode("utf-8", "replace"))
        if len(found) > _KEPT:
            break
    return frozenset(found)


def _parsed(text: bytes) -> object:
    plain = text.decode().replace("_", "")
    try:
        return int(plain)
    except ValueError:
        return float(plain)


def _add(found: set[str], value: object) -> None:
    name = telling(value)
    if name:
        found.add(name)
