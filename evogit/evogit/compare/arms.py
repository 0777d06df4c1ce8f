"""What is compared: arms, each a strategy with options, and the cells they give."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from evogit.errors import ConfigError
from evogit.evolve.strategy import make_strategy
from evogit.plugins import load

Value = bool | int | float | str
BASELINES: Final = ("best-of-n", "sequential")
"""In every table: what does not beat them is not worth its complexity."""

_ARM: Final = re.compile(
    r"(?P<strategy>[A-Za-z0-9_-]+)(?P<options>(\+[a-z_]+=[A-Za-z0-9_.-]+)*)(@(?P<shift>[0-9]{1,9}))?"
)
_MERGE_OPTIONS: Final = ("merge_every", "merge")
"""What strategies call the option for how often they merge; 0 turns it off."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to search. ``name`` is how it is written, shown, and called on disk.

    ``shift`` is added to every seed, so that a strategy can be compared with itself.
    """

    name: str
    strategy: str
    options: tuple[tuple[str, Value], ...] = ()
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of the comparison."""

    problem: str
    arm: Arm
    seed: int


def parse_arm(text: str) -> Arm:
    """Read ``strategy``, ``strategy+option=value`` or ``strategy@shift``.

    Raises:
        ConfigError: it is written wrongly, or the strategy does not take the options.
        NotFoundError: the strategy is not installed.
    """
    match = _ARM.fullmatch(text)
    if match is None:
        raise ConfigError(
            f"{text!r} names no strategy", hint="write evogit, evogit+merge_every=0 or evogit@1000"
        )
    pairs = [part.split("=", 1) for part in match["options"].split("+")[1:]]
    options = tuple((name, _value(value)) for name, value in pairs)
    make_strategy(match["strategy"], dict(options))
    return Arm(text, match["strategy"], options, int(match["shift"] or 0))


def _value(text: str) -> Value:
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def choose_arms(named: Sequence[str], *, ablate_merge: bool) -> list[Arm]:
    """The arms of a table: those named, the baselines, and for an ablation those without merges.

    Raises:
        ConfigError: an arm is written wrongly, or nothing that is named merges.
        NotFoundError: a strategy is not installed.
    """
    arms = [parse_arm(text) for text in dict.fromkeys([*named, *BASELINES])]
    if ablate_merge:
        more = [other for arm in arms for other in _without_merges(arm)]
        if not more:
            raise ConfigError("no strategy named here merges", hint="add evogit to --strategies")
        arms += [arm for arm in more if arm not in arms]
    return arms


def _without_merges(arm: Arm) -> Iterator[Arm]:
    """Merging turned off, and a fork of equal cost in its place; nothing for other seeds."""
    name = merge_option(arm.strategy)
    if name is None or arm.shift or (name, 0) in arm.options:
        return
    kept = "".join(f"+{key}={value}" for key, value in arm.options if key != name)
    yield parse_arm(f"{arm.strategy}{kept}+{name}=0")
    every = "".join(f"+{key}={value}" for key, value in arm.options)
    yield parse_arm(f"fork+of={arm.strategy}{every}")


def merge_option(strategy: str) -> str | None:
    """The option that says how often a strategy merges; ``None`` if it never does.

    Raises:
        NotFoundError: the strategy is not installed.
    """
    taken = inspect.signature(cast("Callable[..., object]", load("evogit.strategies", strategy)))
    return next((name for name in _MERGE_OPTIONS if name in taken.parameters), None)


def cells(problems: Sequence[str], arms: Sequence[Arm], seeds: Sequence[int]) -> list[Cell]:
    """Every run, all arms of one seed after each other: a drifting machine then favours none."""
    return [Cell(p, arm, seed) for seed in seeds for p in problems for arm in arms]
