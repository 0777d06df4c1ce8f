"""What a model costs, and how much it takes: from litellm's own table, read without importing it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Final, cast

_FILE: Final = "model_prices_and_context_window_backup.json"
_TIER: Final = re.compile(r"(input|output)_cost_per_token_above_(\d+)k_tokens")
_MAX_PRICE: Final = 1.0
"""USD for one token; more is a mistake in the table."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD for a token of prompt and of answer; ``tiers`` for prompts of more than so many tokens."""

    prompt: float
    answer: float
    tiers: tuple[tuple[int, float, float], ...] = ()

    def usd(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost, without discounts for prompts that the provider has cached."""
        prompt, answer = self.prompt, self.answer
        for above, more_prompt, more_answer in self.tiers:
            if tokens_in > above:
                prompt, answer = more_prompt, more_answer
        return tokens_in * prompt + tokens_out * answer


@dataclass(frozen=True, slots=True)
class Listed:
    """What the table says of a model; ``None`` where it says nothing."""

    price: Price | None = None
    context: int | None = None
    max_tokens: int | None = None


def listed(model: str) -> Listed:
    """What litellm's table says of a model that is addressed as litellm writes it.

    A price of 0 counts as not listed: it stands for "unknown" as often as for "free".
    """
    table = _table()
    provider, _, rest = model.partition("/")
    entry = _entry(table, model)
    if entry is None and rest:
        bare = _entry(table, rest)
        entry = bare if bare is not None and bare.get("litellm_provider") == provider else None
    if entry is None:
        return Listed()
    return Listed(
        _price(entry), _count(entry.get("max_input_tokens")), _count(entry.get("max_output_tokens"))
    )


def table_version() -> str:
    """Where prices come from, such as ``litellm 1.106.2``; they are as old as that release."""
    try:
        return f"litellm {version('litellm')}"
    except PackageNotFoundError:
        return "litellm, which is not installed"


@cache
def _table() -> dict[str, object]:
    spec = find_spec("litellm")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    try:
        data: object = json.loads(Path(folders[0], _FILE).read_bytes()) if folders else {}
    except (OSError, ValueError):
        data = {}
    return cast("dict[str, object]", data) if isinstance(data, dict) else {}


def _entry(table: dict[str, object], key: str) -> dict[str, object] | None:
    entry = table.get(key)
    return cast("dict[str, object]", entry) if isinstance(entry, dict) else None


def _price(entry: dict[str, object]) -> Price | None:
    prompt = _number(entry.get("input_cost_per_token"))
    answer = max(
        _number(entry.get("output_cost_per_token")),
        _number(entry.get("output_cost_per_reasoning_token")),
    )
    if prompt <= 0 or answer <= 0:
        return None
    above = sorted({int(found[2]) for key in entry if (found := _TIER.fullmatch(key))})
    tiers: list[tuple[int, float, float]] = []
    for thousands in above:
        prompt_above = _number(entry.get(f"input_cost_per_token_above_{thousands}k_tokens"))
        answer_above = _number(entry.get(f"output_cost_per_token_above_{thousands}k_tokens"))
        tiers.append((thousands * 1000, max(prompt, prompt_above), max(answer, answer_above)))
    return Price(prompt, answer, tuple(tiers))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    return float(value) if isfinite(value) and 0 <= value <= _MAX_PRICE else 0.0


def _count(value: object) -> int | None:
    return value if type(value) is int and value > 0 else None
