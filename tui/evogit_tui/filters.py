"""Which individuals the graph shows: a few words such as ``alive a3 0.8..0.9``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from evogit.errors import UserError
from evogit.ids import is_name
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

Kind = Literal["alive", "dead", "failed", "merges", "pending", "held"]
KINDS: Final[tuple[Kind, ...]] = ("alive", "dead", "failed", "merges", "pending", "held")
MEANINGS: Final[dict[Kind, str]] = {
    "alive": "the population and what it descends from",
    "dead": "what nothing in the population descends from",
    "failed": "judged, without a score",
    "merges": "with two or more parents",
    "pending": "not judged yet",
    "held": "in quarantine",
}
_HINT: Final = f"use {', '.join(KINDS)}, an agent's name, or a range of scores such as 0.8..0.9"


@dataclass(frozen=True, slots=True)
class Filter:
    """What an individual must be to be shown; everything that is set has to hold.

    Args:
        kinds: all of these.
        agent: made by this agent; empty for any.
        low: a score of at least this.
        high: a score of at most this.
    """

    kinds: frozenset[Kind] = field(default_factory=frozenset[Kind])
    agent: str = ""
    low: float = -math.inf
    high: float = math.inf

    def __str__(self) -> str:
        words: list[str] = [kind for kind in KINDS if kind in self.kinds]
        if self.agent:
            words.append(self.agent)
        if self.bounded:
            low = "" if self.low == -math.inf else f"{self.low:.12g}"
            high = "" if self.high == math.inf else f"{self.high:.12g}"
            words.append(f"{low}..{high}")
        return " ".join(words)

    @property
    def bounded(self) -> bool:
        """Whether it says anything about scores."""
        return self.low != -math.inf or self.high != math.inf

    def accepts(self, phylogeny: Phylogeny, row: int, *, alive: bool) -> bool:
        """Whether an individual is shown; ``alive`` says whether it is an ancestor of the population."""
        kinds = self.kinds
        if ("alive" in kinds and not alive) or ("dead" in kinds and alive):
            return False
        if "merges" in kinds and len(phylogeny.parents(row)) < 2:
            return False
        if self.agent and phylogeny.agent(row) != self.agent:
            return False
        standing = phylogeny.standing(row)
        if any(kind in kinds and standing != kind for kind in ("failed", "pending", "held")):
            return False
        if not self.bounded:
            return True
        score = phylogeny.score(row)
        return score is not None and self.low <= score <= self.high


def parse(text: str) -> Filter | None:
    """The filter that words describe; ``None`` for no words: everything.

    Raises:
        UserError: a word is none of those that are known.
    """
    kinds: set[Kind] = set()
    agent, low, high = "", -math.inf, math.inf
    for word in text.split():
        if word in KINDS:
            kinds.add(word)
        elif ".." in word:
            low, high = _range(word)
        elif is_name(word):
            agent = word
        else:
            raise UserError(f"{clean_line(word, 40)!r} is no filter", hint=_HINT)
    found = Filter(frozenset(kinds), agent, low, high)
    return None if found == Filter() else found


def _range(word: str) -> tuple[float, float]:
    first, _, last = word.partition("..")
    try:
        low = float(first) if first else -math.inf
        high = float(last) if last else math.inf
    except ValueError:
        raise UserError(f"{clean_line(word, 40)!r} is no range of scores", hint=_HINT) from None
    if not low <= high:
        raise UserError(f"{clean_line(word, 40)!r} is an empty range", hint=_HINT)
    return low, high
