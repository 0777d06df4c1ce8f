"""The operator ``tune``: all constants of a file changed at once, as the trials before suggest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from evogit.proposals import Genome, Past
from evogit_agents.genetic.tuning.cma import Distribution
from evogit_agents.genetic.tuning.constants import Scale, Tunable, scale
from evogit_agents.genetic.tuning.history import OPERATOR, replayed, samples

__all__ = ["OPERATOR", "Tuned", "tuned"]

_ATTEMPTS: Final = 8

_AGAIN: Final = 0.25
"""How far tuning goes at first where curves were there before: their heights are noise no more."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A file with other constants."""

    data: bytes
    constants: int
    changed: int
    generation: int
    first: tuple[str, str]
    """The change that is largest for its scale, as the texts before and after."""


def tuned(
    tunable: Tunable,
    parent: Genome,
    path: str,
    past: Past,
    sign: float,
    random: Random,
    read: Callable[[bytes], Tunable | None],
) -> Tuned | None:
    """A sample that neither the parent nor a trial is; ``None`` if there is none.

    Args:
        tunable: the parent's file at ``path``.
        parent: the individual to vary.
        path: of the file.
        past: asked for the lineage's trials.
        sign: -1 if a lower score is better, else 1.
        random: the only source of chance.
        read: the constants of another version of the file.
    """
    origin, tried, before = samples(past, parent, path, tunable, sign)
    older = read(before) if before and tunable.curved else None
    sigma = _AGAIN if older is not None and older.curved else 1.0
    scales = scale(tunable.places, origin)
    found = replayed(scales, origin, tried, sigma) if scales is not None else None
    if scales is None or found is None:
        return None
    own = tunable.texts(tunable.data) or ()
    known = {own, *(sample.texts for sample in tried)}
    for _ in range(_ATTEMPTS):
        texts = _sample(scales, found, random)
        if texts not in known:
            return _described(tunable, own, texts, scales, found)
    return None


def _sample(scales: Scale, found: Distribution, random: Random) -> tuple[str, ...]:
    """Constants drawn from the distribution; now and then a whole one moves by one all the same.

    A whole constant whose deviation is below one would else never change again.
    """
    texts = [*scales.texts(found.sample(random), found.deviations())]
    whole = [i for i, form in enumerate(scales.forms) if form.whole]
    if whole and random.random() < 1 / (len(whole) + 1):
        place = random.choice(whole)
        texts[place] = scales.stepped(place, texts[place], random.choice((-1, 1)))
    return tuple(texts)


def _described(
    tunable: Tunable,
    own: Sequence[str],
    texts: Sequence[str],
    scales: Scale,
    found: Distribution,
) -> Tuned:
    before, after = scales.coordinates(own), scales.coordinates(texts)
    moved = [abs(a - b) for a, b in zip(before or (), after or (), strict=False)]
    largest = moved.index(max(moved)) if moved else 0
    return Tuned(
        data=tunable.with_texts(texts),
        constants=len(texts),
        changed=sum(a != b for a, b in zip(own, texts, strict=True)),
        generation=found.generation,
        first=(own[largest], texts[largest]),
    )
