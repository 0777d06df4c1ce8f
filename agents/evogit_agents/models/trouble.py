"""What can go wrong with one call, before it is known what it costs and how long to wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Final

from evogit_agents.models.model import Failure


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as a provider counts them: not checked, ``None`` where it does not say."""

    tokens_in: int | None = None
    tokens_out: int | None = None


NOTHING: Final = Usage(0, 0)


class Trouble(Exception):  # noqa: N818 - never leaves this package; callers get a ModelError
    """One call failed.

    Args:
        kind: see ``Failure``.
        message: what happened, without the model's name; may hold text from outside.
        billed: what the provider counts for it; ``NOTHING`` when it did no work; ``None`` when
            nobody can know.
        after: seconds that the provider asks to wait.
        stop: whether asking again is useless.
        hint: what the reader can do.
    """

    def __init__(
        self,
        kind: Failure,
        message: str,
        *,
        billed: Usage | None = NOTHING,
        after: float | None = None,
        stop: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.kind: Failure = kind
        self.message = message
        self.billed = billed
        self.after = after
        self.stop = stop
        self.hint = hint


_CONTEXT: Final = re.compile(
    r"context.{0,20}(length|window|size)|maximum context|prompt is too long|too many tokens"
    r"|exceed\w* .{0,40}(context|token limit)",
    re.IGNORECASE,
)
_NO_MONEY: Final = re.compile(r"insufficient.{0,3}(quota|balance|credit|funds)", re.IGNORECASE)
_FILTERED: Final = re.compile(
    r"content.{0,3}(filter|policy|management)|safety system", re.IGNORECASE
)


def from_status(status: int, said: str, after: float | None = None) -> Trouble:
    """The meaning of an HTTP status other than 200.

    Args:
        status: of the response.
        said: the provider's own words and codes; from outside.
        after: seconds of a Retry-After.
    """
    text = f"HTTP {status}{': ' if said else ''}{said}"
    if 300 <= status < 400:
        hint = "set base_url to the address it moved to; redirects are not followed"
        return Trouble("refused", text, stop=True, hint=hint)
    if status in {401, 403} or status == 402 or (status == 429 and _NO_MONEY.search(said)):
        return Trouble("auth", text, hint="check the key, its account and the model's name")
    if status == 404:
        hint = "check base_url, which usually ends in /v1, and the model's name"
        return Trouble("refused", text, stop=True, hint=hint)
    if status in {429, 529}:
        return Trouble("busy", text, after=after)
    if status == 413 or (status in {400, 422} and _CONTEXT.search(said)):
        return Trouble("context", text, hint="lower `context` of the model")
    if status == 408:
        return Trouble("timeout", text, after=after)
    if status >= 500:
        return Trouble("down", text, after=after)
    hint = "" if _FILTERED.search(said) else "see `omit` for parameters that a provider refuses"
    return Trouble("refused", text, hint=hint)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that ``Retry-After`` asks for: a number or an HTTP date; ``None`` if it says nothing.

    Args:
        headers: by names in lower case.
        now: seconds since the epoch.
    """
    said = headers.get("retry-after", "").strip()[:100]
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(seconds, 0.0) if isfinite(seconds) else None
