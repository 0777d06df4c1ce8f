"""The population view: one line for each agent's lineage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from textual import work
from textual.app import ComposeResult
from textual.message import Message

from evogit.ids import CommitId
from evogit_tui.exchange import ago
from evogit_tui.fleet import SIGNS
from evogit_tui.model import Facts
from evogit_tui.numerals import short, signed
from evogit_tui.overlap import Overlap, Overlaps
from evogit_tui.standing import GENERATIONS, ORDERS, Choice, Order, Row, chosen, ordered, rows
from evogit_tui.views.listing import (
    NAME,
    Caption,
    Listing,
    cancelled,
    joined,
    named,
)
from evogit_tui.widgets.columns import Cell, Column
from evogit_tui.widgets.table import Table

_TELL: Final = 0.2
"""Seconds between drawings while pairs are looked up."""
_MAX_PAIRS: Final = 100
"""Lines whose overlap is looked up at once; more are never visible."""
_SCORE: Final = 10
_GAIN: Final = 9
_COLUMNS: Final = (
    Column("lineage", NAME + 1),
    Column("state", 12, yields=1),
    Column("tip", 7, yields=2),
    Column("score", _SCORE, right=True),
    Column(f"+{GENERATIONS} gen", _GAIN, right=True),
    Column("gen", 5, right=True, yields=3),
    Column("made", 6, right=True, yields=6),
    Column("pass", 5, right=True, yields=4),
    Column("cost $", 8, right=True, yields=8),
    Column("$/gain", 8, right=True, yields=9),
    Column("merge with chosen", 20, flexible=True, yields=7),
    Column("agent/model", 14, yields=10),
    Column("host", 8, yields=11),
    Column("last", 5, right=True, yields=5),
)
_EMPTY: Final = "no agent has a lineage yet: evogit run starts some"
_FILTERS: Final[dict[Choice, str]] = {
    "all": "all (!running @review #dead &failed)",
    "running": "! running (0 all)",
    "review": "@ to review (0 all)",
    "dead": "# dead (0 all)",
    "failed": "& failed (0 all)",
}


class OverlapsFound(Message):
    """A thread found out about some pairs."""

    def can_replace(self, message: Message) -> bool:
        """A burst of them is drawn once."""
        return isinstance(message, OverlapsFound)


class PopulationView(Listing):
    """Agents with their scores, gains and costs, and what would conflict with the one chosen."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._order: Order = "lineage"
        self._choice: Choice = "all"
        self._overlaps: Overlaps | None = None
        self._facts: Facts | None = None
        self._table: Table[Row] = Table(
            _COLUMNS, lambda row: row.member.name, self._cells, empty=_EMPTY
        )

    def compose(self) -> ComposeResult:
        """The table and a line that says what is shown."""
        yield self._table
        yield Caption()

    @property
    def table(self) -> Table[Row]:
        """The lineages."""
        return self._table

    # ------------------------------------------------------------------ content

    def show(self, facts: Facts) -> None:
        """Draw what is new."""
        self._facts = facts
        members = self.evogit.sentinel.watch.members
        found = rows(self.model.phylogeny, facts, members, self.model.marks)
        picked = ordered(chosen(found, self._choice), self._order, maximize=facts.maximize)
        self.table.fill(picked)
        self.table.change_empty(f"none is {self._choice}; 0 shows all" if found else _EMPTY)
        cost = facts.spent.cost_usd
        self.query_one(Caption).say(
            f"{len(picked)} of {len(found)} lineages",
            f"sort: {self._order} (s)",
            f"filter: {_FILTERS[self._choice]}",
            f"${cost:,.2f} in all" if cost else "",
        )
        self._look_for_overlaps()

    def survey(self) -> None:
        """Agents do something else now."""
        if self.model.facts is not None:
            self.show(self.model.facts)

    def point_at(self, commit: CommitId) -> None:
        """Put the cursor on the lineage whose tip that is, or whose agent made it."""
        phylogeny, row = self.model.phylogeny, self.model.row(commit)
        here = self.table.current
        if row is None or (here is not None and here.commit == commit):
            return
        names = self._facts.names.get(row, ()) if self._facts else ()
        for name in (*names, phylogeny.agent(row)):
            if self.table.select(name):
                break
        self._look_for_overlaps()

    def sort(self) -> None:
        """Order by the next column."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self.survey()

    def filter(self, choice: Choice) -> None:
        """Show only some."""
        self._choice = choice
        self.survey()

    def on_table_moved(self, _: Table.Moved) -> None:
        """All views are about the tip of this lineage now."""
        here = self.table.current
        if here is not None and here.commit:
            self.evogit.point_at(CommitId(here.commit))
            self.table.refresh()  # what conflicts, does so with the line under the cursor
            self._look_for_overlaps()

    def on_table_fitted(self, _: Table.Fitted) -> None:
        """There may be room for overlaps now."""
        self._look_for_overlaps()

    def open(self) -> None:
        """Show the lineage."""
        here = self.table.current
        if here is not None and here.commit:
            self.evogit.point_at(CommitId(here.commit))
            self.evogit.show_view("lineage")

    # ------------------------------------------------------------------ overlaps

    def _look_for_overlaps(self) -> None:
        """Find out what is not known yet of the pairs on the screen."""
        here, width = self.table.current, self.table.widths
        if here is None or not here.commit or not width or not width[_OVERLAP]:
            return
        phylogeny = self.model.phylogeny
        if self._overlaps is None or self._overlaps.phylogeny is not phylogeny:
            self._overlaps = Overlaps(self.model.session.swarm.git, phylogeny)
        others = [CommitId(row.commit) for row in self.table.visible_lines if row.commit]
        mine = CommitId(here.commit)
        pairs = [(mine, other) for other in others if other != mine][:_MAX_PAIRS]
        missing = [pair for pair in pairs if self._overlaps.known(*pair) is None]
        if missing:
            self._find(self._overlaps, missing)

    @work(thread=True, exclusive=True, group="overlaps", exit_on_error=False)
    def _find(self, overlaps: Overlaps, pairs: Sequence[tuple[CommitId, CommitId]]) -> None:
        told = time.monotonic()
        for pair in pairs:
            if cancelled():
                return
            overlaps.find(*pair)
            if time.monotonic() - told > _TELL:
                told = time.monotonic()
                self.post_message(OverlapsFound())
        self.post_message(OverlapsFound())

    def on_overlaps_found(self, _: OverlapsFound) -> None:
        """Draw what is known by now."""
        self.table.refresh()

    # ------------------------------------------------------------------ drawing

    def _cells(self, row: Row) -> Sequence[Cell]:
        member, plain = row.member, self.evogit.options.ascii
        sign = SIGNS[member.doing]
        totals = member.totals
        best = ("* " if plain else "◆ ") if row.is_best else ""
        mark = (">" if plain else "▸") if row.marked else ""
        gain = "success" if row.gain and row.gain > 0 else "error" if row.gain else "dim"
        rate = row.pass_rate
        now = self.model.session.clock()
        return (
            Cell(mark + named(member.name, ascii_only=plain), "strong" if row.marked else ""),
            Cell(f"{sign.ascii if plain else sign.glyph} {member.doing}", sign.role),
            Cell(row.commit[:7], "dim"),
            Cell(
                best + short(row.score, _SCORE - len(best)), "warning" if row.is_best else "strong"
            ),
            Cell(signed(row.gain, _GAIN), gain),
            Cell(str(row.generation)),
            Cell(f"{totals.offspring:,}"),
            Cell("" if rate is None else f"{rate:.0%}"),
            Cell(f"{totals.cost_usd:.2f}" if totals.cost_usd else "-"),
            Cell(_per_gain(row.cost_per_gain, plain)),
            self._overlap(row),
            Cell(self._kind(row)),
            Cell(member.host or "here"),
            Cell(ago(now - member.last) if member.last else "-"),
        )

    def _overlap(self, row: Row) -> Cell:
        here = self.table.current
        if here is None or not row.commit or not here.commit or self._overlaps is None:
            return Cell("")
        if here.member.name == row.member.name:
            return Cell("-", "dim")
        if here.commit == row.commit:
            return Cell("same individual", "dim")
        found = self._overlaps.known(CommitId(here.commit), CommitId(row.commit))
        return Cell("") if found is None else overlap_cell(found, ascii_only=self._plain)

    @property
    def _plain(self) -> bool:
        return self.evogit.options.ascii

    def _kind(self, row: Row) -> str:
        """Its model; without one the kind of agent, if the spec knows one kind only."""
        kinds = self._facts.settings.search.agents if self._facts else ()
        return row.member.model or (kinds[0] if len(kinds) == 1 else "")


_OVERLAP: Final = next(i for i, column in enumerate(_COLUMNS) if column.flexible)


def overlap_cell(found: Overlap, *, ascii_only: bool) -> Cell:
    """What a merge would meet, in few words."""
    if found.trouble:
        return Cell(f"? {found.trouble}", "dim")
    if found.related:
        return Cell("descends: no merge", "dim")
    if found.conflicts:
        sign = "!" if ascii_only else "⚠"
        return Cell(f"{sign} conflict {joined([*found.conflicts], 1)}", "warning")
    if found.files:
        return Cell(f"clean, both {joined([*found.files], 1)}")
    return Cell("clean, apart", "dim")


def _per_gain(number: float | None, plain: bool) -> str:
    if number is None:
        return "-"
    if number == float("inf"):
        return "inf" if plain else "∞"
    return f"{number:.3g}"
