"""Who gets the work: operators and models are chosen by what they gained for what they cost.

A multi-armed bandit whose state is the journals: any worker, killed or new, on any host, chooses
as every other would that has read the same.

- *Credit* of an attempt is the rank of its gain among the gains in view, 0 without a gain (Fialho,
  Schoenauer and Sebag, "Toward comparison-based adaptive operator selection", GECCO 2010). Ranks
  make it independent of the score's scale, sign and direction.
- *Choice* is Thompson sampling per unit of cost (Xia, Li, Qin, Yu and Liu, "Thompson sampling for
  budgeted multi-armed bandits", IJCAI 2015), because many agents choose before they hear how
  others fared: chance spreads them, where an upper confidence bound sends all to one arm.
- Only the newest attempts are in view, since what helps early rarely helps late (Trovò et al.,
  "Sliding-window Thompson sampling for non-stationary settings", JAIR 2020).
- An arm without attempts in view is expected to do as all do on average, so that a new arm gets
  its tries without pushing aside what works where most attempts gain nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from random import Random
from typing import Final, Literal

from evogit.phylogeny.arms import Pull
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Arm

VIEW: Final = 100
"""How many of the newest attempts count, ..."""
VIEW_PER_ARM: Final = 20
"""... or so many for each arm if that is more."""
PRIOR: Final = 4.0
"""How many average attempts an arm is believed to have made before its first."""
_TINY: Final = 1e-9


class Credit:
    """Chooses among arms. Thread-safe.

    Args:
        phylogeny: knows every attempt; refreshed by whoever owns it.
        scheme: ``bandit``, or ``uniform``: all arms alike.
        noise: gains up to this much are no gains: the evaluator's noise floor.
    """

    def __init__(
        self,
        phylogeny: Phylogeny,
        scheme: Literal["bandit", "uniform"] = "bandit",
        noise: float = 0.0,
    ) -> None:
        self._phylogeny = phylogeny
        self._scheme = scheme
        self._noise = noise

    def choose(self, arms: Sequence[Arm], random: Random) -> Arm:
        """One of ``arms``, which is not empty; the same for the same phylogeny and ``random``."""
        if self._scheme == "uniform" or len(arms) == 1:
            return random.choice(arms)
        names = [(arm.operator, arm.model) for arm in arms]
        pulls = self._phylogeny.arms.newest(names, max(VIEW, VIEW_PER_ARM * len(arms)))
        worth = expected(pulls, len(arms), self._noise, random)
        return arms[max(range(len(arms)), key=worth.__getitem__)]


def expected(pulls: Sequence[Pull], arms: int, noise: float, random: Random) -> list[float]:
    """A draw of what each arm will earn per unit of cost, from what it is known to have earned."""
    prices = _prices(pulls, arms)
    earned, tries = [0.0] * arms, [0] * arms
    for pull, credit in zip(pulls, _credits(pulls, noise), strict=True):
        earned[pull.arm] += credit
        tries[pull.arm] += 1
    average = (sum(earned) + 1) / (len(pulls) + 2)
    return [
        random.betavariate(PRIOR * average + won, max(PRIOR * (1 - average) + tried - won, _TINY))
        / price
        for won, tried, price in zip(earned, tries, prices, strict=True)
    ]


def _credits(pulls: Sequence[Pull], noise: float) -> list[float]:
    """From 0 for no gain to 1 for the largest gain in view."""
    gains = sorted(pull.gain for pull in pulls if pull.gain > noise)
    return [
        bisect_right(gains, pull.gain) / len(gains) if pull.gain > noise else 0.0 for pull in pulls
    ]


def _prices(pulls: Sequence[Pull], arms: int) -> list[float]:
    """What an attempt costs by each arm; 1 is the average.

    Money if any was paid, else tokens if any were used, else every attempt costs the same: never
    seconds, which would not repeat. Half of the average is what judging the offspring is taken to
    cost, or an arm that costs nothing would get all the work, however little it gains.
    """
    paid = any(pull.cost_usd for pull in pulls)
    total, tries = [0.0] * arms, [0] * arms
    for pull in pulls:
        total[pull.arm] += pull.cost_usd if paid else pull.tokens
        tries[pull.arm] += 1
    average = sum(total) / len(pulls) if pulls else 0.0
    if not average:
        return [1.0] * arms
    return [
        (1 + spent / tried / average) / 2 if tried else 1.0
        for spent, tried in zip(total, tries, strict=True)
    ]
