"""Journal records read at twice the speed, for rebuilding a big phylogeny.

Half a rebuild is reading records. Those that are plain in every field (what our own workers write)
are taken straight from the JSON; any other goes the strict way, through ``records.load``, which
alone decides what is acceptable. A test holds both to the same answers.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, cast

from evogit.ids import is_name
from evogit.phylogeny.individuals import ID_BYTES
from evogit.phylogeny.ledger import MAX_TOKENS, AttemptRow, EvaluationRow, Row, row_of
from evogit.records import MAX_RECORD_BYTES, VERSION, load

_IDS: Final = re.compile(r"(?:[0-9a-f]{40} )*")
_WORD: Final = 40
"""No longer than the shortest limit that ``records`` puts on such a text."""
_LARGEST: Final = 1e15
_NO_ID: Final = bytes(ID_BYTES)


def row_from(text: str) -> Row | None:
    """The same as ``row_of(load(text))``.

    Raises:
        UserError: as ``records.load``.
    """
    if len(text) <= MAX_RECORD_BYTES:
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict):
            row = plain_row(cast(dict[str, Any], data))
            if row is not None:
                return row
    return row_of(load(text))


def plain_row(data: dict[str, Any]) -> Row | None:
    """The row of a record that is plain in every field, else ``None``."""
    try:
        if data["v"] != VERSION:
            return None
        if data["kind"] == "evaluation":
            return _evaluation(data)
        return _attempt(data) if data["kind"] == "attempt" else None
    except (KeyError, TypeError, AttributeError):
        return None  # a field is missing or of another type: let the strict reader say


def _evaluation(data: dict[str, Any]) -> EvaluationRow | None:
    outcome: dict[str, Any] = data["outcome"]
    if outcome["status"] != "scored":
        return None
    metrics: dict[str, Any] = outcome["metrics"]
    score, seconds, time = outcome["score"], data["seconds"], data["time"]
    purpose, environment, seed = data["purpose"], data["environment"], data["seed"]
    if not (
        _are_ids([data["commit"], data["tree"], data["evaluator"]])
        and _are_words(purpose, environment, data["sandbox"], *metrics)
        and _are_floats(score, seconds, time, *metrics.values())
        and _are_whole(seed)
        and _is_name(data["agent"])
    ):
        return None
    key = (data["evaluator"], environment)
    return "evaluation", key, bytes.fromhex(data["tree"]), seed, purpose, score, seconds, time


def _attempt(data: dict[str, Any]) -> AttemptRow | None:
    spend: dict[str, Any] = data["spend"]
    tokens_in, tokens_out, cost = spend["in"], spend["out"], spend["usd"]
    agent, operator, step = data["agent"], data["operator"], data["step"]
    offspring, seconds, time = data["offspring"], data["seconds"], data["time"]
    parents, inspirations = data["parents"], data["inspirations"]
    optional = [name for name in (offspring, data["duplicate_of"]) if name is not None]
    if not (
        type(parents) is type(inspirations) is list
        and len(parents) + len(inspirations) < 1000
        and _are_ids([*parents, *inspirations, *optional])
        and _are_words(operator)
        and type(data["reason"]) is type(data["model"]) is str
        and _are_floats(cost, seconds, time)
        and _are_whole(tokens_in, tokens_out, step)
        and _is_name(agent)
    ):
        return None
    made = _NO_ID if offspring is None else bytes.fromhex(offspring)
    tokens = min(max(tokens_in, 0) + max(tokens_out, 0), MAX_TOKENS)
    return "attempt", agent, operator, step, made, tokens, cost, seconds, time


def _are_ids(names: list[Any]) -> bool:
    # ``join`` wants strings; one match is quicker than one for each.
    return _IDS.fullmatch(" ".join([*names, ""])) is not None


def _are_words(*words: Any) -> bool:
    return all(
        type(word) is str
        and len(word) <= _WORD
        and word.isprintable()
        and "  " not in word
        and word == word.strip()
        for word in words
    )


def _are_floats(*values: Any) -> bool:
    return all(type(value) is float and abs(value) <= _LARGEST for value in values)


def _are_whole(*values: Any) -> bool:
    return all(type(value) is int and -(2**63) <= value < 2**63 for value in values)


def _is_name(name: Any) -> bool:
    return type(name) is str and (not name or is_name(name))
