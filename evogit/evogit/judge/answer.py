"""Reading a scorer's answer: one JSON object, strictly."""

from __future__ import annotations

import json
from typing import cast

from evogit.errors import UserError
from evogit.outcome import Crashed, Failed, Outcome, Quarantined, Scored, finite
from evogit.text import clean, clean_line

_MAX_METRICS = 200


def read_answer(stage: str, data: bytes, plausible: tuple[float, float] | None) -> Outcome:
    """The outcome a scorer's output means.

    ``{"score": number, "metrics": {name: number}}`` scores, ``{"failed": "reason"}`` fails, and
    anything else is a crash of the scorer, because an unreadable answer must never count.
    A score outside ``plausible`` is quarantined for a human.
    """
    name = f"score of {stage}"
    try:
        parsed: object = json.loads(
            data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once
        )
    except (ValueError, RecursionError):
        return Crashed(name, f"the scorer's answer is not JSON: {clean_line(repr(data[:80]), 120)}")
    if not isinstance(parsed, dict):
        return Crashed(name, "the scorer's answer is not a JSON object")
    answer = cast("dict[str, object]", parsed)
    failed = answer.get("failed")
    if isinstance(failed, str):
        return Failed(stage, clean(failed, 2000))
    try:
        scored = Scored(finite(answer.get("score")), _metrics(answer.get("metrics", {})))
    except UserError as error:
        return Crashed(name, error.message)
    if plausible is not None and not plausible[0] <= scored.score <= plausible[1]:
        low, high = plausible
        reason = f"score {scored.score:g} is outside the plausible {low:g} to {high:g}"
        return Quarantined(reason, scored)
    return scored


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not a finite number")


def _metrics(value: object) -> dict[str, float]:
    if not isinstance(value, dict) or len(cast("dict[str, object]", value)) > _MAX_METRICS:
        raise UserError(f"metrics is not an object of at most {_MAX_METRICS} numbers")
    pairs = cast("dict[str, object]", value)
    return {
        clean_line(key, 60): finite(item, f"metric {clean_line(key, 60)}")
        for key, item in pairs.items()
    }
