"""What a tool says that it used, read leniently from its output: hostile text with luck in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, cast

from evogit.records import Spend
from evogit_agents.command.record import Usage
from evogit_agents.models.prices import Price

Source = Literal["free", "native", "tokens x price", "unknown"]
_MOST: Final = 10**12
_LONGEST: Final = 30
_ABSURD: Final = 100
"""So many times the cap nobody spent: the figures are somebody else's, in code that a tool shows."""
_FACTORS: Final = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6}


@dataclass(frozen=True, slots=True)
class Said:
    """The figures of a tool; ``None`` for what it does not say."""

    tokens_in: float | None = None
    tokens_out: float | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What a step cost, and how that is known.

    ``native``: the tool named dollars. ``unknown``: nobody knows, so the step counts as its cap.
    """

    spend: Spend
    source: Source


def read(usage: Usage, text: str) -> Said:
    """The figures in ``text``; what can not be read is left out. Never raises."""
    total = Said()
    for said in _found(usage, text):
        total = said if usage.lines == "last" else _sum(total, said)
    return total


def bill(said: Said, price: Price | None, cap: Spend, *, free: bool) -> Bill:
    """What to record: dollars as the tool says, else tokens times price, else the whole cap.

    Figures of more than a hundred times the cap are not believed, as if nothing were said.
    """
    if free:
        return Bill(Spend(), "free")
    said = Said() if _absurd(said, cap) else said
    known = said.tokens_in is not None or said.tokens_out is not None
    tokens_in, tokens_out = int(said.tokens_in or 0), int(said.tokens_out or 0)
    source: Source
    if said.cost_usd is not None and (said.cost_usd > 0 or (known and not tokens_in + tokens_out)):
        cost, source = said.cost_usd, "native"
    elif known and price is not None:
        cost, source = price.usd(tokens_in, tokens_out), "tokens x price"
    else:
        cost, source = cap.cost_usd, "unknown"
    if not known:
        tokens_in, tokens_out = cap.tokens_in, cap.tokens_out
    return Bill(Spend(tokens_in, tokens_out, cost), source)


def _absurd(said: Said, cap: Spend) -> bool:
    tokens = (said.tokens_in or 0) + (said.tokens_out or 0)
    most = cap.tokens_in + cap.tokens_out
    return 0 < most * _ABSURD < tokens or 0 < cap.cost_usd * _ABSURD < (said.cost_usd or 0)


def _found(usage: Usage, text: str) -> Iterator[Said]:
    if usage.form == "text":
        for match in re.finditer(usage.pattern or "", text):
            groups = match.groupdict()
            yield Said(
                *(_number(groups.get(key)) for key in ("tokens_in", "tokens_out", "cost_usd"))
            )
        return
    lines = [text] if usage.form == "json" else text.splitlines()
    for line in lines:
        document = _document(line)
        if document is not None and all(
            _texts(document, path) == [wanted] for path, wanted in usage.when.items()
        ):
            yield Said(
                *(_added(document, p) for p in (usage.tokens_in, usage.tokens_out, usage.cost_usd))
            )


def _document(text: str) -> dict[str, object] | None:
    if "{" not in text:
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", found) if isinstance(found, dict) else None


def _added(document: object, paths: tuple[str, ...]) -> float | None:
    numbers = [
        n
        for path in paths
        for value in _values(document, path)
        if (n := _number(value)) is not None
    ]
    return sum(numbers) if numbers else None


def _texts(document: object, path: str) -> list[str]:
    """The plain values there, as JSON has them; a table or list is none, however deep it is."""
    return [
        value if isinstance(value, str) else json.dumps(value)
        for value in _values(document, path)
        if value is None or isinstance(value, str | int | float)
    ]


def _values(value: object, path: str) -> list[object]:
    found = [value]
    for key in path.split("."):
        found = [inner for one in found for inner in _step(one, key)]
    return found


def _step(value: object, key: str) -> list[object]:
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return list(table.values()) if key == "*" else [table[key]] if key in table else []
    if isinstance(value, list) and key == "*":
        return cast("list[object]", value)
    return []


def _number(value: object) -> float | None:
    """A plausible amount; anything else, ``NaN`` and negative numbers included, is none."""
    if isinstance(value, str):
        short = value.strip() if len(value) <= _LONGEST else ""
        match = re.fullmatch(r"([\d,]*\.?\d+)([kKmM]?)", short, re.ASCII)
        if match is None:
            return None
        value = float(match[1].replace(",", "")) * _FACTORS.get(match[2], 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _MOST else None


def _sum(a: Said, b: Said) -> Said:
    def add(x: float | None, y: float | None) -> float | None:
        return y if x is None else x if y is None else x + y

    return Said(
        add(a.tokens_in, b.tokens_in), add(a.tokens_out, b.tokens_out), add(a.cost_usd, b.cost_usd)
    )
