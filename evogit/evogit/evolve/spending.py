"""Arithmetic of tokens and money: sums, caps, and who was told that one is nearly spent."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from evogit.records import Spend

NEARLY: Final = 0.8
"""Whoever watches is told once when so much of a cap is spent."""

FREE: Final = Spend()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step may not start, and what helps.

    Args:
        reason: the cap that it could break, in words.
        remedy: ``wait`` for siblings, which may give some of it back; ``tomorrow``; or nothing
            helps this ``agent``, or the whole ``run``, or any run of this ``swarm``.
        detail: what of the cap is left, and why that is too little; empty if nothing is.
    """

    reason: str
    remedy: Literal["wait", "tomorrow", "agent", "run", "swarm"]
    detail: str = ""

    @property
    def in_words(self) -> str:
        """The reason with its detail."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


@dataclass(frozen=True, slots=True)
class Caps:
    """A limit of tokens and one of US dollars; ``None`` is no limit."""

    tokens: int | None = None
    cost_usd: float | None = None

    def __bool__(self) -> bool:
        return self.tokens is not None or self.cost_usd is not None

    def over(self, used: Spend, worst: Spend) -> str:
        """The cap that ``worst`` on top of ``used`` could break, in words; empty if none.

        For a step that costs nothing a cap that is used up counts too: nothing more may start.
        """
        found, strict = added(used, worst), worst == FREE
        tokens = tokens_of(found)
        if self.tokens is not None and (tokens > self.tokens or (strict and tokens >= self.tokens)):
            return f"{self.tokens} tokens"
        cost = found.cost_usd
        if self.cost_usd is not None and (
            cost > self.cost_usd or (strict and cost >= self.cost_usd)
        ):
            return f"${self.cost_usd:g}"
        return ""

    def shares(self, whose: str, used: Spend) -> list[Share]:
        """How much of each is used."""
        found: list[Share] = []
        if self.tokens is not None:
            found.append(Share(f"{whose} {self.tokens} tokens", tokens_of(used), self.tokens))
        if self.cost_usd is not None:
            found.append(Share(f"{whose} ${self.cost_usd:g}", used.cost_usd, self.cost_usd))
        return found


@dataclass(frozen=True, slots=True)
class Share:
    """A cap in words, what is used of it, and the cap."""

    name: str
    used: float
    limit: float


class Told:
    """Remembers which caps were said to be nearly spent. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names = set[str]()

    def news(self, shares: Iterable[Share]) -> list[str]:
        """In words, those nearly spent that are new here."""
        found: list[str] = []
        with self._lock:
            for share in shares:
                if share.used >= NEARLY * share.limit and share.name not in self._names:
                    self._names.add(share.name)
                    part = f"{share.used / share.limit:.0%}" if share.used <= share.limit else "all"
                    found.append(f"{part} of {share.name} are spent")
        return found


def added(a: Spend, b: Spend) -> Spend:
    """Both together."""
    return Spend(a.tokens_in + b.tokens_in, a.tokens_out + b.tokens_out, a.cost_usd + b.cost_usd)


def total(spends: Iterable[Spend]) -> Spend:
    """All together."""
    found = FREE
    for spend in spends:
        found = added(found, spend)
    return found


def tokens_of(spend: Spend) -> int:
    """Tokens of prompt and answer together."""
    return spend.tokens_in + spend.tokens_out


def in_words(spend: Spend) -> str:
    """Such as ``1,200 tokens and $0.03``."""
    tokens = f"{tokens_of(spend):,} tokens"
    return f"{tokens} and ${spend.cost_usd:.6g}" if spend.cost_usd else tokens


def too_little(caps: Caps, used: Spend, reserved: Spend, worst: Spend) -> str:
    """Why a cap that is not used up forbids a step all the same, in words; empty if it is used up."""
    if caps.over(used, FREE):
        return ""
    held = f", {in_words(reserved)} are reserved" if reserved != FREE else ""
    spent = f"{in_words(used)} are spent" if used != FREE else "nothing is spent"
    return f"{spent}, the next step may cost {in_words(worst)}{held}"


def exceeds(spend: Spend, worst: Spend) -> bool:
    """Whether a step used more tokens or money than was reserved for it."""
    return tokens_of(spend) > tokens_of(worst) or spend.cost_usd > worst.cost_usd * (1 + 1e-9)
