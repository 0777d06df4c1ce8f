"""The agents view: what each agent does, what all of it costs, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.widgets import Static

from evogit.ids import CommitId
from evogit.phylogeny.tail import Happening
from evogit.text import clean
from evogit_tui.chronicle import Line, about_agent, clock, tell, worth_telling
from evogit_tui.costs import costs, lines
from evogit_tui.exchange import ago
from evogit_tui.fleet import SIGNS, STATED, Member
from evogit_tui.model import Facts
from evogit_tui.views.listing import NAME, Caption, Listing, named
from evogit_tui.widgets.columns import Cell, Column
from evogit_tui.widgets.table import Table

_WIDE: Final = 130
_AGENTS: Final = (
    Column("agent", NAME),
    Column("state", 12),
    Column("step", 6, right=True, yields=3),
    Column("last", 5, right=True),
    Column("tokens", 9, right=True, yields=6),
    Column("cost $", 8, right=True, yields=5),
    Column("pass", 5, right=True, yields=4),
    Column("gain", 5, right=True, yields=2),
    Column("model", 12, yields=7),
    Column("why", 16, flexible=True, yields=1),
)
_LOG: Final = (
    Column("time", 9),
    Column("who", NAME),
    Column("what", 12),
    Column("about", 7, yields=1),
    Column("result", 20, flexible=True),
)


class AgentsView(Listing):
    """Agents above, costs beside them or below, the log at the bottom; enter goes into the log."""

    DEFAULT_CSS = """
    AgentsView { layout: vertical; }
    AgentsView #agents-top { layout: vertical; height: auto; max-height: 60%; }
    AgentsView #agents-list { height: auto; max-height: 14; }
    AgentsView #agents-costs { height: auto; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    AgentsView.-wide #agents-top { layout: horizontal; }
    AgentsView.-wide #agents-list { width: 1fr; }
    AgentsView.-wide #agents-costs { width: 70; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._filter = ""
        self._in_log = False
        self._records: frozenset[CommitId] = frozenset()
        self.agents: Table[Member] = Table(
            _AGENTS,
            lambda member: member.name,
            self._agent_cells,
            empty="no agent yet: evogit run starts some",
            id="agents-list",
        )
        self.log_table: Table[Happening] = Table(
            _LOG, lambda one: one.entry, self._log_cells, empty="nothing happened yet"
        )
        self.log_table.active = False

    def compose(self) -> ComposeResult:
        """Agents, costs, log."""
        with Container(id="agents-top"):
            yield self.agents
            yield Static("", id="agents-costs", markup=False)
        yield Caption()
        yield self.log_table

    def on_resize(self, event: Resize) -> None:
        """Put the costs beside the agents when there is room."""
        self.set_class(event.size.width >= _WIDE, "-wide")

    @property
    def table(self) -> Table[Member] | Table[Happening]:
        """Where keys move: the agents, or the log."""
        return self.log_table if self._in_log else self.agents

    # ------------------------------------------------------------------ content

    def show(self, facts: Facts) -> None:
        """Draw what is new."""
        watch = self.evogit.sentinel.watch
        self.agents.fill(watch.members)
        self._show_log()
        now, plain = self.model.session.clock(), self.evogit.options.ascii
        found = costs(self.model.phylogeny.activity, now)
        said = [clean(line, 300) for line in lines(found, facts, ascii_only=plain)]
        self.query_one("#agents-costs", Static).update(Text("\n".join(said), no_wrap=True))
        states = [f"{name} {state}" for name, state in watch.workers]
        self.query_one(Caption).say(
            f"log of {self._filter}" if self._filter else "log of all",
            "(escape: back to agents)" if self._in_log else "(enter: log of this agent)",
            f"workers: {', '.join(states)}" if states else "no worker ran here",
            f"{facts.problems} problems: evogit doctor" if facts.problems else "",
        )

    def _show_log(self) -> None:
        tail = self.evogit.sentinel.fleet.tail
        found = worth_telling(tail.newest) if tail is not None else []
        if self._filter:
            found = [one for one in found if about_agent(one, self._filter)]
        self._records = self.evogit.sentinel.fleet.records
        self.log_table.fill(found)

    def survey(self) -> None:
        """Agents do something else now, or time went by."""
        if self.model.facts is not None:
            self.show(self.model.facts)

    # ------------------------------------------------------------------ moving

    def on_table_moved(self, message: Table.Moved) -> None:
        """All views are about what is under the cursor."""
        if message.table is self.log_table and not self._in_log:
            self._enter_log("")
        commit = self._here()
        if commit is not None:
            self.evogit.point_at(commit)

    def _here(self) -> CommitId | None:
        if self._in_log:
            happening = self.log_table.current
            about = self._tell(happening).about if happening is not None else None
            return about if about is not None and about in self.model.phylogeny else None
        member = self.agents.current
        if member is None or member.tip is None:
            return None
        return self.model.phylogeny.commit(member.tip)

    def point_at(self, commit: CommitId) -> None:
        """Put the cursor on the agent whose tip that is, or who made it."""
        row = self.model.row(commit)
        if self._in_log or row is None:
            return
        here = self.agents.current
        if here is None or here.tip != row:
            names = self.model.facts.names.get(row, ()) if self.model.facts else ()
            any(self.agents.select(name) for name in (*names, self.model.phylogeny.agent(row)))

    def open(self) -> None:
        """Look into the log of this agent; from there, see the individual in the graph."""
        if self._in_log:
            commit = self._here()
            if commit is not None:
                self.evogit.point_at(commit)
                self.evogit.show_view("phylogeny")
        elif self.agents.current is not None:
            self._enter_log(self.agents.current.name)

    def close(self) -> bool:
        """Go back from the log to the agents."""
        was = self._in_log
        if was:
            self._filter, self._in_log = "", False
            self._activate()
        return was

    def _enter_log(self, agent: str) -> None:
        self._filter, self._in_log = agent, True
        self._activate()

    def _activate(self) -> None:
        self.agents.set_active(not self._in_log)
        self.log_table.set_active(self._in_log)
        self.survey()

    # ------------------------------------------------------------------ drawing

    def _agent_cells(self, member: Member) -> Sequence[Cell]:
        plain = self.evogit.options.ascii
        sign, totals = SIGNS[member.doing], member.totals
        judged = totals.judged
        return (
            Cell(named(member.name, ascii_only=plain), "strong"),
            Cell(f"{sign.ascii if plain else sign.glyph} {member.doing}", sign.role),
            Cell(f"{member.step:,}" if member.step else "-"),
            Cell(ago(self.model.session.clock() - member.last) if member.last else "-"),
            Cell(f"{totals.tokens:,}" if totals.tokens else "-"),
            Cell(f"{totals.cost_usd:.2f}" if totals.cost_usd else "-"),
            Cell(f"{totals.scored / judged:.0%}" if judged else ""),
            Cell(f"{totals.improved / judged:.0%}" if judged else ""),
            Cell(member.model),
            Cell(_why(member)),
        )

    def _log_cells(self, happening: Happening) -> Sequence[Cell]:
        line = self._tell(happening)
        now = self.model.session.clock()
        return (
            Cell(clock(happening.record.time, now), "dim"),
            Cell(named(line.who, ascii_only=self.evogit.options.ascii), "strong"),
            Cell(line.what, line.role),
            Cell((line.about or "")[:7], "dim"),
            Cell(line.text),
        )

    def _tell(self, happening: Happening) -> Line:
        return tell(happening, self._records, self._agent_of)

    def _agent_of(self, commit: CommitId) -> str:
        row = self.model.row(commit)
        return "" if row is None else self.model.phylogeny.agent(row)


def _why(member: Member) -> str:
    if member.failure[0]:
        return f"{member.failure[0]}x {member.failure[1]}"
    if member.waiting is not None and member.doing == "evaluating":
        return f"judging {member.waiting[:7]}"
    return STATED[member.doing]
