"""Reads what an OpenAI-compatible endpoint answers. Every byte of it is hostile until read here."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, cast

from evogit.text import clean_line
from evogit_agents.models.model import Finish
from evogit_agents.models.trouble import Trouble, Usage, from_status

MAX_ANSWER_BYTES: Final = 8 * 2**20
_NO_CHARACTERS: Final = re.compile("[\ud800-\udfff]")
_FINISHES: Final[dict[str, Finish]] = {"stop": "stop", "length": "length", "eos": "stop"}
_QUOTED: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from one call that worked. ``text`` is not blank and valid Unicode."""

    text: str
    finish: Finish
    usage: Usage
    model: str


def read_answer(body: bytes) -> Answer:
    """The answer in the body of a response with status 200.

    Raises:
        Trouble: ``malformed``, ``empty`` or ``refused``, with the tokens it cost where it says so;
            what an error inside the body means.
    """
    data = _object(body)
    if "error" in data and not data.get("choices"):
        raise from_error(data["error"])
    usage = read_usage(data.get("usage"))
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Trouble("malformed", "the answer has no choices", billed=_counted(usage))
    choice = cast("dict[str, object]", choices[0])
    finish = choice.get("finish_reason")
    model = data.get("model")
    return finished(
        choice.get("message"),
        finish if isinstance(finish, str) else "",
        usage,
        model if isinstance(model, str) else "",
    )


def finished(message: object, finish: str, usage: Usage, model: str) -> Answer:
    """The answer in the first choice of a response.

    Raises:
        Trouble: ``malformed``, ``empty`` or ``refused``.
    """
    if not isinstance(message, dict):
        raise Trouble("malformed", "the answer has no message", billed=_counted(usage))
    fields = cast("dict[str, object]", message)
    text = _NO_CHARACTERS.sub("\ufffd", _text(fields.get("content")))
    if text.strip():
        ending: Finish = _FINISHES.get(finish, "other") if finish else "stop"
        return Answer(text, ending, usage, clean_line(model, 100))
    refusal = fields.get("refusal")
    if finish == "content_filter" or isinstance(refusal, str):
        why = str(refusal) if refusal else "its content filter"
        raise Trouble("refused", f"it refused: {why[:_QUOTED]}", billed=_counted(usage))
    if finish == "length":
        hint = "raise max_tokens; it may think before it writes"
        raise Trouble("empty", "no text before max_tokens", billed=_counted(usage), hint=hint)
    raise Trouble("empty", "the answer is empty", billed=_counted(usage))


def read_error(body: bytes) -> str:
    """What the body of a response with another status says, codes included; may be empty."""
    try:
        error = _object(body).get("error")
    except Trouble:
        return body[:_QUOTED].decode("utf-8", "replace")
    return _words(error)


def from_error(error: object) -> Trouble:
    """The meaning of an error object in a response with status 200, as gateways send it."""
    words = _words(error)
    fields = cast("dict[str, object]", error) if isinstance(error, dict) else {}
    code = fields.get("code")
    if isinstance(code, int) and 300 <= code < 600:
        return from_status(code, words)
    return Trouble("malformed", f"an error instead of an answer: {words}", billed=None)


def read_usage(usage: object) -> Usage:
    """Tokens by the provider's count; what is no whole number counts as not said."""
    if not isinstance(usage, dict):
        return Usage()
    fields = cast("dict[str, object]", usage)
    return Usage(_whole(fields.get("prompt_tokens")), _whole(fields.get("completion_tokens")))


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


def _counted(usage: Usage) -> Usage | None:
    """``None``, so that the worst is assumed, unless both figures were named; no prompt takes 0 tokens."""
    return None if not usage.tokens_in or usage.tokens_out is None else usage


def _object(body: bytes) -> dict[str, object]:
    try:
        data: object = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        found = clean_line(body[:_QUOTED].decode("utf-8", "replace"), 60)
        raise Trouble("malformed", f"the answer is not a JSON object: {found!r}", billed=None)
    return cast("dict[str, object]", data)


def _text(content: object) -> str:
    """Text of a message: a string, or the text parts of a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(map(_part, cast("list[object]", content)))


def _part(part: object) -> str:
    text = cast("dict[str, object]", part).get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""


def _words(error: object) -> str:
    if isinstance(error, str):
        return error[:_QUOTED]
    if not isinstance(error, dict):
        return ""
    fields = cast("dict[str, object]", error)
    words = [fields.get(key) for key in ("message", "code", "type")]
    return "; ".join(str(word)[:_QUOTED] for word in words if isinstance(word, (str, int)))
