"""The lineage view: how the lineage of the current individual got where it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.message import Message
from textual.widgets import Static
from textual.worker import Worker

from evogit.cli.stamps import stamp
from evogit.errors import EvoGitError
from evogit.ids import CommitId
from evogit.text import clean_line
from evogit_tui.descent import MAX_STEPS, SCORE, Axis, Descent, Question, trace
from evogit_tui.exchange import ago
from evogit_tui.model import Facts
from evogit_tui.numerals import short, signed
from evogit_tui.plotting import Manner, legend
from evogit_tui.states import STATES, state_of
from evogit_tui.views.listing import Caption, Listing
from evogit_tui.widgets.columns import Cell, Column
from evogit_tui.widgets.plot import BestSoFar
from evogit_tui.widgets.table import Table

_WIDE: Final = 130
_SCORE: Final = 10
_GAIN: Final = 9
_COLUMNS: Final = (
    Column("step", 11, yields=4),
    Column("id", 7, yields=5),
    Column("score", _SCORE, right=True),
    Column("gain", _GAIN, right=True),
    Column("gen", 5, right=True, yields=2),
    Column("operator", 9, yields=1),
    Column("age", 5, right=True, yields=3),
    Column("what", 10, flexible=True),
)


class Traced(Message):
    """A thread followed a lineage."""

    def __init__(self, descent: Descent) -> None:
        super().__init__()
        self.descent = descent


class LineageView(Listing):
    """A plot of an objective with the best so far, and the steps of the lineage."""

    DEFAULT_CSS = """
    LineageView { layout: vertical; }
    LineageView #lineage-heading { height: 2; padding: 0 1; background: $background; text-wrap: nowrap; text-overflow: ellipsis; }
    LineageView #lineage-body { layout: vertical; height: 1fr; }
    LineageView BestSoFar { height: 3fr; min-height: 7; }
    LineageView Table { height: 2fr; }
    LineageView.-wide #lineage-body { layout: horizontal; }
    LineageView.-wide BestSoFar { height: 1fr; width: 1fr; margin: 0 1 0 0; }
    LineageView.-wide Table { height: 1fr; width: 50%; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._objective = SCORE
        self._axis: Axis = "evaluations"
        self._log = False
        self._facts: Facts | None = None
        self._commit: CommitId | None = None
        self._descent: Descent | None = None
        self._worker: Worker[None] | None = None
        empty = "point at an individual to see its lineage: 1 shows all"
        self._table: Table[int] = Table(_COLUMNS, str, self._cells, empty=empty)

    def compose(self) -> ComposeResult:
        """Heading, plot, steps, and a line of what can be changed."""
        yield Static("", id="lineage-heading", markup=False)
        with Container(id="lineage-body"):
            yield BestSoFar()
            yield self._table
        yield Caption()

    def on_resize(self, event: Resize) -> None:
        """Put the steps beside the plot when there is room."""
        self.set_class(event.size.width >= _WIDE, "-wide")

    @property
    def table(self) -> Table[int]:
        """The steps."""
        return self._table

    # ------------------------------------------------------------------ content

    def show(self, facts: Facts) -> None:
        """Draw what is new."""
        self._facts = facts
        if self._commit is None:
            best = None if facts.best is None else self.model.phylogeny.commit(facts.best)
            self._commit = self.model.cursor or best
        self._ask()

    def survey(self) -> None:
        """Time went by: ages are others."""
        self.table.refresh()

    def point_at(self, commit: CommitId) -> None:
        """Show the lineage of this individual; a step of the one shown gets the cursor only."""
        row = self.model.row(commit)
        if row is None or row == self.table.current:
            return
        self._commit = commit
        if not self.table.select(str(row)):
            self._ask()

    def _ask(self) -> None:
        """Have the lineage followed, unless that is under way or known."""
        row = self.model.row(self._commit)
        if self._facts is None or row is None:
            self._say()
            return
        question = Question(row, self._facts.version, self._objective, self._axis)
        busy = self._worker is not None and not self._worker.is_finished
        if not busy and (self._descent is None or self._descent.question != question):
            self._worker = self._trace(self._facts, question)
        self._draw()

    @work(thread=True, group="lineage", exit_on_error=False)
    def _trace(self, facts: Facts, question: Question) -> None:
        try:
            self.post_message(Traced(trace(self.model, facts, question)))
        except EvoGitError as error:
            self.evogit.report_trouble(error)

    def on_traced(self, message: Traced) -> None:
        """Draw it; ask again if something else is wanted by now."""
        self._worker = None
        self._descent = message.descent
        self.table.fill(message.descent.steps)
        row = self.model.row(self._commit)
        if row is not None:
            self.table.select(str(row))
        self._draw()
        if self.evogit.view is self:
            self._ask()

    # ------------------------------------------------------------------ choosing

    def next_objective(self) -> None:
        """Plot the next metric."""
        known = self._descent.objectives if self._descent else (SCORE,)
        at = known.index(self._objective) if self._objective in known else -1
        self._objective = known[(at + 1) % len(known)]
        self._ask()

    def next_axis(self) -> None:
        """Count evaluations or generations."""
        self._axis = "generations" if self._axis == "evaluations" else "evaluations"
        self._ask()

    def toggle_log(self) -> None:
        """Logarithmic or not."""
        self._log = not self._log
        self._draw()

    def on_table_moved(self, _: Table.Moved) -> None:
        """All views are about this step now."""
        row = self.table.current
        if row is not None:
            self._commit = self.model.phylogeny.commit(row)
            self.evogit.point_at(self._commit)

    def open(self) -> None:
        """Show what this step changed."""
        if self.table.current is not None:
            self.evogit.point_at(self.model.phylogeny.commit(self.table.current))
            self.evogit.show_view("diff")

    # ------------------------------------------------------------------ drawing

    def _draw(self) -> None:
        found, facts = self._descent, self._facts
        if found is not None and facts is not None:
            maximize = facts.maximize if found.question.objective == SCORE else None
            manner = Manner(maximize, self._log, self.evogit.options.ascii)
            self.query_one(BestSoFar).show(found.dots, manner, found.question.axis)
        self._say()

    def _say(self) -> None:
        self.query_one("#lineage-heading", Static).update(self._heading())
        objective = self._objective
        if objective == SCORE and self._facts is not None:
            objective += ", maximize" if self._facts.maximize else ", minimize"
        self.query_one(Caption).say(
            f"{objective} (o)",
            f"{'log' if self._log else 'linear'} (l)",
            f"over {self._axis} (a)",
            legend(ascii_only=self.evogit.options.ascii),
        )

    def _heading(self) -> Text:
        found, facts = self._descent, self._facts
        if found is None or facts is None:
            return Text("")
        phylogeny, born = self.model.phylogeny, found.steps[-1]
        parts = [
            f"lineage {found.agent or 'of a human'}",
            f"{found.length:,} steps" + (" (newest 3,000)" if found.length > MAX_STEPS else ""),
            f"from {phylogeny.commit(born)[:7]}",
            f"{found.crossovers_in} crossovers in, {found.crossovers_out} out",
        ]
        if found.waiting or found.delivered:
            parts.append(f"feedback: {found.waiting} pending, {found.delivered} delivered (f)")
        first = clean_line(" - ".join(parts), 300)
        return Text(f"{first}\n{clean_line(goal_line(facts), 300)}", no_wrap=True)

    def _cells(self, row: int) -> Sequence[Cell]:
        phylogeny, facts = self.model.phylogeny, self._facts
        if facts is None:
            return [Cell("")] * len(_COLUMNS)
        state = STATES[state_of(phylogeny, facts, row)]
        parents = phylogeny.parents(row)
        gain = phylogeny.fitness(row) - phylogeny.fitness(parents[0]) if parents else None
        gain = None if gain is None or gain != gain else gain
        glyph = state.ascii if self.evogit.options.ascii else state.glyph
        names = ", ".join(facts.names.get(row, ()))
        judged = phylogeny.judged_at(row)
        return (
            Cell(f"{glyph} {state.word}", "" if state.role == "foreground" else state.role),
            Cell(phylogeny.commit(row)[:7], "dim"),
            Cell(short(phylogeny.score(row), _SCORE), "strong"),
            Cell(
                signed(gain, _GAIN), "success" if gain and gain > 0 else "error" if gain else "dim"
            ),
            Cell(str(phylogeny.generation(row))),
            Cell(phylogeny.operator(row)),
            Cell(ago(self.model.session.clock() - judged) if judged else ""),
            Cell(f"[{names}] {phylogeny.subject(row)}" if names else phylogeny.subject(row)),
        )


def goal_line(facts: Facts) -> str:
    """The goal, which version it is and who said so when."""
    versions = [found for _, found in facts.steering.active if found.verb == "goal"]
    goal = facts.settings.goal.text.strip() or "none yet: e sets one"
    if not versions:
        return f"goal v1: {goal}"
    last = versions[-1]
    return f"goal v{len(versions) + 1} (by {last.by} {stamp(last.time)[11:]}): {goal}"
