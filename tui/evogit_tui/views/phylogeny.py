"""The phylogeny: every individual on a line of its own, newest first, and the details of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Static

from evogit.ids import CommitId
from evogit.phylogeny.newest import Newest
from evogit_tui.filters import Filter
from evogit_tui.lanes import Lanes
from evogit_tui.model import Facts
from evogit_tui.rows import Arrangement, Fold, Shape
from evogit_tui.search import Search
from evogit_tui.source import Source
from evogit_tui.states import StateName, state_of
from evogit_tui.views.base import View
from evogit_tui.widgets.arranger import Arranged, Arranger, Rooted
from evogit_tui.widgets.details import Details
from evogit_tui.widgets.graph import Graph
from evogit_tui.widgets.graph_line import Pen
from evogit_tui.widgets.graph_look import Colouring, Scale, columns, hint, palette, remarks

_WIDE: Final = 130
"""From this width on the details stand beside the graph ..."""
_TALL: Final = 36
"""... and from this height on below it; on less they are shown when asked for."""
_AGES: Final = 30.0


class PhylogenyView(View):
    """The graph at the left or above, details at the right or below."""

    DEFAULT_CSS = """
    PhylogenyView #graph-side { width: 1fr; height: 1fr; }
    PhylogenyView #graph-heading {
        height: 1; padding: 0; background: $surface; color: $foreground;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    PhylogenyView Details { display: none; width: 1fr; height: 1fr; }
    PhylogenyView.-beside #graph-side { width: 3fr; }
    PhylogenyView.-beside Details { display: block; width: 2fr; border-left: solid $panel; }
    PhylogenyView.-below #graph-and-details { layout: vertical; }
    PhylogenyView.-below #graph-side { height: 3fr; }
    PhylogenyView.-below Details { display: block; height: 2fr; border-top: solid $panel; }
    PhylogenyView.-instead #graph-side { display: none; }
    PhylogenyView.-instead Details { display: block; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as every widget has it
        super().__init__(id=id)
        self.shape = Shape()
        self.colouring: Colouring = "lineage"
        self._wanted: bool | None = None
        """Whether the human wants details; ``None`` if there was no word about it."""
        self._source: Source | None = None
        self._lanes = Lanes()
        self._facts: Facts | None = None
        self._scale = Scale(0.0, 0.0)
        self._arrangement = Arrangement(range(0))
        self._arranger = Arranger(self)
        self._names = ""
        self._reshaped = False
        """Whether the human asked for other lines and has not seen them yet."""
        self._search: Search | None = None

    def compose(self) -> ComposeResult:
        """The heading, the graph, the details."""
        with Horizontal(id="graph-and-details"):
            with Vertical(id="graph-side"):
                yield Static("", id="graph-heading", markup=False)
                yield Graph(self._mark)
            yield Details()

    def on_mount(self) -> None:
        """Keep ages right; nothing is read for that."""
        self.set_interval(_AGES, self._draw)
        self.evogit.theme_changed_signal.subscribe(self, lambda _: self._draw())

    @property
    def graph(self) -> Graph:
        """The lines."""
        return self.query_one(Graph)

    # ------------------------------------------------------------------ what is shown

    def visible_rows(self) -> Sequence[int]:
        """Individuals in the order of their lines, after filter and folds; of a fold its newest."""
        return self._arrangement.items

    @property
    def fold(self) -> Fold | None:
        """The dead lineage under the cursor, if it is folded."""
        row = self.graph.row
        return None if row is None else self._arrangement.folds.get(row)

    def fold_lineage(self, commit: CommitId) -> None:
        """Fold the dead lineage that an individual belongs to; say so if it is alive."""
        if self._facts is not None:
            self._arranger.find_root(self._facts, commit)

    @on(Rooted)
    def take_root(self, message: Rooted) -> None:
        """Fold what was found."""
        if message.root is not None:
            self.reshape(self.shape.fold(message.root))
        else:
            self.evogit.say_note("only dead lineages fold, and this one is alive")

    def set_filter(self, chosen: Filter | None) -> None:
        """Show only some individuals, or all again."""
        self.reshape(replace(self.shape, filter=chosen))

    def reshape(self, shape: Shape) -> None:
        """Show other lines, or the same in another order."""
        self.shape = shape
        self._reshaped = True
        if self._facts is not None:
            self.show(self._facts)

    def recolour(self, colouring: Colouring) -> None:
        """Let colours mean something else."""
        self.colouring = colouring
        self._draw()

    def show_part(self, newest: Newest) -> None:
        """Show the newest individuals while the rest is still being read."""
        if self._facts is None:
            self._source, self._lanes = newest, Lanes()
            self._lanes.extend(newest, len(newest), set(newest.tips.values()))
            self._arrange(Arrangement(range(len(newest) - 1, -1, -1)))

    def show(self, facts: Facts) -> None:
        """Draw what is new: at once if every individual has a line, else when that is arranged."""
        first = self._facts is None
        self._facts = facts
        self._source, self._lanes = self.model.phylogeny, self.model.lanes
        self._scale = self._measure(facts)
        plain = self.shape.plain(facts)
        if plain or first:
            self._arrange(Arrangement(range(facts.individuals - 1, -1, -1)))
        if not plain:
            self._draw()
            self._arranger.wish(facts, self.shape)

    @on(Arranged)
    def take_arranged(self, message: Arranged) -> None:
        """Show lines that were arranged in the background, if they are still what is wanted."""
        if self._arranger.done(message) and message.arrangement is not None:
            self._arrange(message.arrangement)

    def _measure(self, facts: Facts) -> Scale:
        phylogeny = self.model.phylogeny
        if facts.best is None:
            return Scale(0.0, 0.0)
        low, high = phylogeny.fitness(0), phylogeny.fitness(facts.best)
        return Scale(low if low < high else high - (abs(high) or 1.0), high)

    def _arrange(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement
        self._draw()
        row, lost = self.graph.row, self.graph.row is None and self._reshaped
        self._reshaped = False
        if lost and len(arrangement.items):
            self.move(0)  # who hides a line knows it; when news do, the cursor stays unseen
        elif row is not None and (self.graph.follow or self.model.cursor is None):
            self._choose(row)

    def _draw(self) -> None:
        if self._source is None or not self.is_mounted:
            return
        graph, source = self.graph, self._source
        pen = Pen(
            source=source,
            facts=self._facts,
            lanes=self._lanes,
            columns=columns(graph.size.width, self._lanes.widest),
            palette=palette(self.evogit.get_css_variables()),
            scale=self._scale,
            state=self._state,
            order=self.shape.order,
            colouring=self.colouring,
            ascii=self.evogit.options.ascii,
            now=self.model.session.clock(),
        )
        cursor = self.model.cursor
        row = source.index(cursor) if cursor is not None and cursor in source else None
        graph.hint = hint(len(self._arrangement.items), self._total)
        graph.show(pen, self._arrangement, row)
        self._head()

    @property
    def _total(self) -> int | None:
        return None if self._facts is None else self._facts.individuals

    def _head(self) -> None:
        graph, lines = self.graph, len(self._arrangement.items)
        said = remarks(self.shape, lines, self._total, self.colouring, follow=graph.follow)
        names = columns(graph.size.width, self._lanes.widest).heading(self.shape.order, said)
        if names != self._names:
            self._names = names
            self.query_one("#graph-heading", Static).update(names)

    def _state(self, row: int) -> StateName:
        if self._facts is not None:
            return state_of(self.model.phylogeny, self._facts, row)
        merged = self._source is not None and len(self._source.parents(row)) > 1
        return "merge" if merged else "evaluated"

    def _mark(self, row: int) -> str:
        marks, source = self.model.marks, self._source
        if source is None or not marks or source.commit(row) not in marks:
            return "/" if self._search is not None and self._search.matches(row) else " "
        return str(marks.index(source.commit(row)) + 1)

    def findable(self) -> None:
        """A search is for individuals here."""

    def show_found(self, search: Search) -> None:
        """Mark the lines of individuals that match."""
        self._search = search if search.active else None
        self.graph.repaint()

    # ------------------------------------------------------------------ moving

    def point_at(self, commit: CommitId) -> None:
        """Put the cursor on an individual; if it has no line, say why."""
        source = self._source
        if source is None or commit not in source:
            return
        if not self.graph.point_at(source.index(commit)):
            self.evogit.say_note(f"{commit[:7]} is not among the lines shown; 0 shows all")
        self.query_one(Details).show(commit)

    def move(self, by: int) -> None:
        """Move the cursor by lines."""
        self.graph.move(by)
        self._follow_cursor()

    def page(self, by: float) -> None:
        """Move by pages."""
        self.graph.page(by)
        self._follow_cursor()

    def to_edge(self, *, top: bool) -> None:
        """Move to the first or last line."""
        self.graph.to_edge(top=top)
        self._follow_cursor()

    def open(self) -> None:
        """Compare the individual under the cursor with its parent; unfold a lineage."""
        if self.fold is not None:
            self.reshape(self.shape.unfold(self.model.phylogeny.commit(self.fold.root)))
        else:
            self.evogit.show_view("diff")

    def close(self) -> bool:
        """Close the details if they are all that is seen, else drop the filter."""
        if self.has_class("-instead"):
            self.toggle_details()
        elif self.shape.filter is not None:
            self.set_filter(None)
        else:
            return False
        return True

    @on(Graph.Pointed)
    def choose_clicked(self, message: Graph.Pointed) -> None:
        """A click chooses, a second one opens."""
        self._follow_cursor()
        if message.again:
            self.open()

    def _follow_cursor(self) -> None:
        self._head()
        if self.graph.row is not None:
            self._choose(self.graph.row)

    def _choose(self, row: int) -> None:
        commit = None if self._source is None else self._source.commit(row)
        if commit is not None and commit != self.model.cursor:
            self.evogit.point_at(commit)

    def toggle_follow(self) -> None:
        """Stay on the newest individual from now on, or stop doing so."""
        self.graph.follow = not self.graph.follow
        self._arrange(self._arrangement)

    # ------------------------------------------------------------------ details

    def on_resize(self, event: Resize) -> None:
        """Give the details a place that suits the terminal."""
        self._place_details(event.size.width, event.size.height)
        self.call_after_refresh(self._draw)

    def toggle_details(self) -> None:
        """Show the details, or hide them."""
        self._wanted = not self.query_one(Details).display
        self._place_details(self.size.width, self.size.height)
        self.call_after_refresh(self._draw)

    def _place_details(self, width: int, height: int) -> None:
        place = "-beside" if width >= _WIDE else "-below" if height >= _TALL else "-instead"
        wanted = place != "-instead" if self._wanted is None else self._wanted
        for name in ("-beside", "-below", "-instead"):
            self.set_class(wanted and name == place, name)
