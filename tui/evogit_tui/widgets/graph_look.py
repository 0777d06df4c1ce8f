"""How a line of the graph is laid out and coloured: columns, styles, the bar's scale, ages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from rich.style import Style
from textual.color import Color

from evogit.text import clean_line
from evogit_tui.rows import Order, Shape
from evogit_tui.states import STATES
from evogit_tui.themes import DEEP_LANES, LANES

Colouring = Literal["lineage", "agent", "fitness"]
COLOURINGS: Final[tuple[Colouring, ...]] = ("lineage", "agent", "fitness")
MAX_LANES: Final = 12
ID: Final = 7
_MIN_SUBJECT: Final = 26
_STEPS: Final = ((60.0, "s"), (3600.0, "m"), (86400.0, "h"), (86400.0 * 365, "d"))


_HEADED: Final = 2
"""Lanes that leave room for the name of their column."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns there is room for, and how many lanes."""

    width: int
    lanes: int
    delta: bool
    bar: bool
    agent: bool
    age: bool

    @property
    def graph(self) -> int:
        """Cells of the graph."""
        return 2 * self.lanes + 2

    def heading(self, order: Order, said: str) -> str:
        """Names of the columns, each above its own; what else is said stands at the right."""
        graph = "graph" if order == "date" else "state"
        parts = [f"  {graph:<{self.graph}}"[: self.graph + 2], f"{'id':<{ID}}", f"{'score':>10}"]
        parts += [f"{'change':>10}"] if self.delta else []
        parts += ["  "] if self.bar else []
        parts += [f" {'agent':<8}"] if self.agent else []
        parts += [f" {'age':>4}"] if self.age else []
        names = "".join(parts) + "  what"
        space = max(self.width - len(said) - 1, 0)
        return f"{names[: max(space - 1, 0)]:<{space}}{said}"


def columns(width: int, widest: int) -> Columns:
    """The columns for a width, leaving out the least useful first.

    Args:
        width: cells of a line.
        widest: lanes in use at once.
    """
    lanes = max(min(widest, MAX_LANES, max(width // 8, 3)), _HEADED)
    room = width - 4 - (2 * lanes + 2) - ID - 10 - _MIN_SUBJECT
    kept: dict[str, bool] = {}
    for name, cells in (("agent", 9), ("delta", 10), ("age", 5), ("bar", 2)):
        room -= cells
        kept[name] = room >= 0
    return Columns(width, lanes, **kept)


@dataclass(frozen=True, slots=True)
class Palette:
    """Styles of one theme: by role of a state, and for lanes and agents in turn."""

    roles: Mapping[str, Style]
    lanes: tuple[Style, ...]
    plain: Style
    faint: Style
    strong: Style
    names: Style


def palette(colours: Mapping[str, str]) -> Palette:
    """The styles of a theme.

    Args:
        colours: the theme's variables.
    """

    def styled(name: str, *, bold: bool = False) -> Style:
        return Style(color=Color.parse(colours[name]).rich_color, bold=bold)

    roles = {state.role: styled(state.role) for state in STATES.values()}
    plain = styled("foreground")
    background = Color.parse(colours["background"])
    lanes = tuple(roles.values())
    if background.ansi is None:  # else the terminal's own colours are wanted, not ours
        named = LANES if background.brightness < 0.5 else DEEP_LANES
        lanes = tuple(Style(color=Color.parse(lane).rich_color) for lane in named)
    return Palette(
        roles=roles,
        lanes=lanes,
        plain=plain,
        faint=plain + Style(dim=True),
        strong=plain + Style(bold=True),
        names=styled("secondary", bold=True),
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """What the bar measures: from the base's fitness (or the worst seen) to the best."""

    low: float
    high: float

    def level(self, fitness: float) -> int | None:
        """0 to 7; ``None`` without a fitness or a scale."""
        if math.isnan(fitness) or not math.isfinite(self.high - self.low) or self.high <= self.low:
            return None
        return max(0, min(7, int(8 * (fitness - self.low) / (self.high - self.low))))


def remarks(
    shape: Shape, lines: int, total: int | None, colouring: Colouring, *, follow: bool
) -> str:
    """What is unusual about the lines shown.

    Args:
        shape: what was asked for.
        lines: how many there are.
        total: how many individuals there are, if that is known.
        colouring: what colours mean.
        follow: whether the cursor stays on the newest.
    """
    said = [f"{lines:,} lines"] if lines != total else []
    said += [f"order: {shape.order}"] if shape.order != "date" else []
    said += [f"filter: {shape.filter}"] if shape.filter is not None else []
    said += [] if shape.dead else ["dead hidden"]
    said += [f"colour: {colouring}"] if colouring != "lineage" else []
    said += ["follow"] if follow else []
    return clean_line("  ".join(said), 200)


def hint(lines: int, total: int | None) -> tuple[str, ...]:
    """What to say below the lines if there are few; ``total`` is ``None`` while it is unknown."""
    if total is None:
        return ("", "Reading the rest of the history; esc stops waiting.")
    if total == 1:
        return ("", "Nothing has evolved yet.", "evogit run starts agents here.")
    return () if lines else ("", "No individual is like that.", "0 shows all again.")


def age(seconds: float) -> str:
    """A duration in at most four characters: the largest whole unit."""
    seconds = max(seconds, 0.0)
    unit = 1.0
    for limit, letter in _STEPS:
        if seconds < limit:
            return f"{int(seconds / unit)}{letter}"
        unit = limit
    return f"{min(int(seconds / unit), 999)}y"
