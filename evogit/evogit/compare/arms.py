"""What is compared: arms, each a strategy with options, and the cells they give."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from evogit.config.model import Search
from evogit.errors import ConfigError
from evogit.evolve.strategy import make_strategy
from evogit.plugins import load

Value = bool | int | float | str
BASELINES: Final = ("best-of-n", "sequential")
"""In every table: what does not beat them is not worth its complexity."""

_ARM: Final = re.compile(
    r"((?P<name>[A-Za-z0-9][A-Za-z0-9_.-]{0,60})=)?(?P<strategy>[A-Za-z0-9_-]+)"
    r"(?P<options>(\+[a-z_]+=[A-Za-z0-9_.,:+ -]+)*)(@(?P<shift>[0-9]{1,9}))?"
)
_NEXT_OPTION: Final = re.compile(r"\+(?=[a-z_]+=)")
_LONGEST: Final = 120
"""Of a name, which is also that of a folder."""
FORK: Final = "fork"
"""The control of an ablation: another strategy, named by its option ``of``, without merges."""
_MERGE_OPTIONS: Final = ("merge_every", "merge")
"""What strategies call the option for how often they merge; 0 turns it off."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to search.

    Args:
        name: how it is shown, and called on disk.
        strategy: its strategy.
        options: of the strategy, as they were written.
        shift: added to every seed, so that a strategy can be compared with itself.
        text: how it was written; ``parse_arm`` reads it back.
    """

    name: str
    strategy: str
    options: tuple[tuple[str, Value], ...] = ()
    shift: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of the comparison."""

    problem: str
    arm: Arm
    seed: int


def options_of(arm: Arm, search: Search) -> dict[str, Value]:
    """What an arm's strategy is run with where a problem comes with options for its own strategy.

    Those count for the strategy they were written for, also as the fork's, with the arm's laid
    over them; to any other strategy they mean nothing, or something else.
    """
    own = dict(arm.options)
    return {**search.options, **own} if is_meant(arm, search) else own


def is_meant(arm: Arm, search: Search) -> bool:
    """Whether a problem's options are for the strategy of this arm."""
    wanted = dict(arm.options).get("of", "evogit") if arm.strategy == FORK else arm.strategy
    return wanted == search.strategy


def parse_arm(text: str) -> Arm:
    """Read ``strategy``, ``strategy+option=value`` or ``strategy@shift``, or ``NAME=`` and one of these.

    A value may hold commas, blanks and signs: it ends where ``+option=`` follows.

    Raises:
        ConfigError: it is written wrongly, or the strategy does not take the options.
        NotFoundError: the strategy is not installed.
    """
    match = _ARM.fullmatch(text)
    if match is None:
        raise ConfigError(
            f"{text!r} names no strategy", hint="write evogit, evogit+merge_every=0 or evogit@1000"
        )
    name = match["name"] or text
    if len(name) > _LONGEST:
        raise ConfigError(f"{text!r} is too long for a name", hint=f"write --arm 'mine={text}'")
    pairs = [part.split("=", 1) for part in _NEXT_OPTION.split(match["options"])[1:]]
    options = tuple((option, _value(value)) for option, value in pairs)
    make_strategy(match["strategy"], dict(options))
    return Arm(name, match["strategy"], options, int(match["shift"] or 0), text)


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
    twice = [name for name, count in Counter(arm.name for arm in arms).items() if count > 1]
    if twice:
        raise ConfigError(f"two arms are called {twice[0]!r}", hint="give one of them another name")
    if ablate_merge:
        more = [other for arm in arms for other in _without_merges(arm)]
        if not more:
            raise ConfigError("no strategy named here merges", hint="add evogit to --strategies")
        arms += [arm for arm in more if arm not in arms]
    return arms


def _without_merges(arm: Arm) -> Iterator[Arm]:
    """Merging turned off, and a fork of equal cost in its place; nothing for other seeds."""
    option = merge_option(arm.strategy)
    if option is None or arm.shift or (option, 0) in arm.options:
        return
    own = [] if arm.name == arm.text else [arm.name]
    kept = _written({key: value for key, value in arm.options if key != option})
    yield parse_arm(
        "=".join([*(f"{name}.unmerged" for name in own), f"{arm.strategy}{kept}+{option}=0"])
    )
    every = _written(dict(arm.options))
    yield parse_arm(
        "=".join([*(f"{name}.fork" for name in own), f"{FORK}+of={arm.strategy}{every}"])
    )


def _written(options: Mapping[str, Value]) -> str:
    """Options as ``parse_arm`` reads them."""
    words = {key: str(v).lower() if isinstance(v, bool) else v for key, v in options.items()}
    return "".join(f"+{key}={word}" for key, word in words.items())


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
