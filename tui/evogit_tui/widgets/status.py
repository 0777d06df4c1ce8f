"""The line at the top: which swarm, how it stands, what for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from evogit.cli.output import counted
from evogit.text import clean_line
from evogit_tui.fleet import ACTIVE
from evogit_tui.model import Facts
from evogit_tui.sentinel import Watch, shares, used_up

_GAP: Final = "  "
_GOAL_LEAST: Final = 16
_BAR: Final = 6


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the line. ``rank``: the highest gives way first when there is no room."""

    text: str
    rank: int
    style: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the line may say.

    Args:
        name: the swarm's folder.
        facts: ``None`` while it loads.
        watch: what agents and the exchange do.
        note: what goes on besides, such as loading.
        generation: the highest of the population.
        now: seconds since 1970.
        ascii: ASCII characters only.
    """

    name: str
    facts: Facts | None = None
    watch: Watch | None = None
    note: str = ""
    generation: int = 0
    now: float = 0.0
    ascii: bool = False


def parts(standing: Standing) -> list[Part]:
    """The pieces in the order they are shown; those with nothing to say are left out.

    First to go is the goal, then generation, sync, the number of individuals, the budget, the
    agents, and the note; name and best score stay.
    """
    found = [Part(f"evogit {clean_line(standing.name, 40)}", 0, "bold")]
    facts = standing.facts
    if facts is not None:
        found += [
            Part(_running(facts, standing.watch), 3),
            Part(_best(facts, ascii_only=standing.ascii), 1, "bold"),
            Part(counted(facts.individuals, "individual"), 5),
            Part(_budget(facts, ascii_only=standing.ascii), 4),
            Part(f"gen {standing.generation}", 7),
            Part(standing.watch.exchanged.words(standing.now) if standing.watch else "", 6),
        ]
    found.append(Part(clean_line(standing.note, 80), 2, "italic"))
    if facts is not None:
        found.append(Part(clean_line(facts.settings.goal.text, 200), 8))
    return [part for part in found if part.text]


def fit(found: Sequence[Part], width: int) -> list[Part]:
    """Those pieces there is room for; the last to stay are cut. The goal is cut before it goes."""
    kept = list(found)
    while len(kept) > 1 and _length(kept) > width:
        last = max(kept, key=lambda part: part.rank)
        at = kept.index(last)
        spare = width - _length(kept) + cell_len(last.text)
        if last.rank == 8 and spare >= _GOAL_LEAST:
            kept[at] = Part(_cut(last.text, spare), last.rank, last.style)
            break
        del kept[at]
    return kept


def _length(found: Sequence[Part]) -> int:
    return sum(cell_len(part.text) for part in found) + len(_GAP) * (len(found) - 1)


def _cut(text: str, room: int) -> str:
    return set_cell_size(text, room - 3).rstrip() + "..."


def _running(facts: Facts, watch: Watch | None) -> str:
    members = watch.members if watch else ()
    active = sum(member.doing in ACTIVE for member in members)
    if not members:
        return "" if watch is None else "no agents yet"
    if facts.steering.mode("") == "paused":
        return f"{_agents(len(members))} paused"
    return f"{active}/{_agents(len(members))} run" if active else f"{_agents(len(members))} idle"


def _agents(number: int) -> str:
    return "1 agent" if number == 1 else f"{number} agents"


def _best(facts: Facts, *, ascii_only: bool) -> str:
    if facts.best_score is None:
        return "no score yet"
    up, down = "^v" if ascii_only else "▲▼"
    return f"best {facts.best_score:.6g} {up if facts.maximize else down}"


def _budget(facts: Facts, *, ascii_only: bool) -> str:
    """The limit that is nearest, with a bar; without limits the money spent."""
    known = shares(facts)
    if not known:
        return f"${facts.spent.cost_usd:,.2f}" if facts.spent.cost_usd else ""
    name = max(known, key=lambda limit: known[limit])
    limits, reserved = facts.settings.budget, facts.reserved
    used = used_up(facts.spent, reserved.tokens_in + reserved.tokens_out, reserved.cost_usd)[name]
    bar = meter(known[name], _BAR, ascii_only=ascii_only)
    if name == "dollars":
        return f"${used:,.2f}/{limits.cost_usd or 0:,.6g} {bar}"
    limit = {
        "evaluations": limits.evaluations,
        "seconds": limits.seconds,
        "tokens": limits.tokens,
    }[name]
    return f"{used:,.0f}/{limit or 0:,.0f} {name} {bar}"


def meter(share: float, width: int, *, ascii_only: bool) -> str:
    """A bar that is full at 1."""
    full, empty = "#." if ascii_only else "▓░"
    filled = max(0, min(round(share * width), width))
    return full * filled + empty * (width - filled)


class StatusBar(Widget, can_focus=False):
    """One line; what gives way first is said in ``parts``."""

    DEFAULT_CSS = """
    StatusBar { height: 1; width: 1fr; background: $panel; color: $foreground; padding: 0 1; }
    """

    _parts: Sequence[Part] = ()

    def show(self, standing: Standing) -> None:
        """Draw the line, if it says something else now."""
        found = parts(standing)
        if found != self._parts:
            self._parts = found
            self.refresh()

    def render(self) -> Text:
        """The line as wide as it may be."""
        width = self.content_size.width
        line = Text(no_wrap=True, overflow="ellipsis")
        for part in fit(self._parts, width):
            line.append(_GAP if line else "")
            line.append(part.text, Style.parse(part.style) if part.style else Style())
        return line
