"""The line at the bottom in which a search is typed, and which says what it found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from evogit.errors import EvoGitError
from evogit.ids import CommitId
from evogit.text import clean_line
from evogit_tui.model import Facts
from evogit_tui.search import Findable, Query, Search, find_line, looker
from evogit_tui.views.phylogeny import PhylogenyView

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_PAUSE: Final = 0.05
"""Seconds between two reports of a search that goes on."""


class Searched(Message):
    """A search went on; later ones replace earlier ones that nobody saw yet."""

    def __init__(self, query: Query, *, done: bool) -> None:
        super().__init__()
        self.query = query
        self.done = done

    def can_replace(self, message: Message) -> bool:
        """A burst is drawn once."""
        return isinstance(message, Searched)


class SearchBar(Horizontal):
    """Hidden until somebody searches. Methods are called on the UI thread."""

    DEFAULT_CSS = """
    SearchBar { height: 1; width: 1fr; display: none; background: $panel; }
    SearchBar #search-sign { width: 2; text-style: bold; }
    SearchBar Input { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    SearchBar #search-count { width: auto; min-width: 20; padding: 0 1; text-align: right; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", priority=True),
        Binding("ctrl+x", "fuzzy", "Fuzzy", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.search = Search()
        self.fuzzy = False
        self._started_at: CommitId | None = None
        self._hurried = False

    def compose(self) -> ComposeResult:
        """The sign, the text, the count."""
        yield Static("/", id="search-sign", markup=False)
        yield Input(
            select_on_focus=False, compact=True, disabled=True
        )  # no key is for it until it is opened
        yield Static(id="search-count", markup=False)

    @property
    def _evogit(self) -> EvoGitApp:
        return cast("EvoGitApp", self.app)

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    @property
    def _place(self) -> Findable | None:
        """Where plain find looks; ``None`` if individuals are searched."""
        return self._evogit.view.findable()

    # ------------------------------------------------------------------ starting and ending

    def open(self) -> None:
        """Let the human type."""
        self._started_at = self._evogit.model.cursor
        self.display = True
        self._input.disabled = False
        self.screen.set_focus(self._input)  # at once, or keys typed fast would be commands
        self._input.action_select_all()
        self._say()

    def take_stray(self, event: events.Key) -> None:
        """Take a character that was on its way to the screen when the field got the focus."""
        field = self._input
        if self.screen.focused is field and event.is_printable and event.character is not None:
            field.replace(event.character, *field.selection)

    def close(self) -> bool:
        """Forget the search; false if there is none."""
        if not self.display:
            return False
        self.display = False
        self._input.value = ""
        self._leave_input()
        self._begin("")
        return True

    def action_cancel(self) -> None:
        """Forget the search and go back to where it began."""
        self.close()
        if self._started_at is not None and self._evogit.model.cursor != self._started_at:
            self._evogit.point_at(self._started_at)

    def action_fuzzy(self) -> None:
        """Let other characters stand between those looked for, or do not."""
        self.fuzzy = not self.fuzzy
        self._begin(self._input.value)

    def _leave_input(self) -> None:
        self._input.disabled = True
        self.screen.set_focus(None)

    # ------------------------------------------------------------------ searching

    def on_input_changed(self, message: Input.Changed) -> None:
        """Search while the human types."""
        message.stop()
        self._begin(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Keep the matches and give the keys back to the view."""
        message.stop()
        self._leave_input()
        if not self.search.active:
            self.close()
        elif self._place is None:
            self._say(done=self.search.scanned == self._known)

    @property
    def _known(self) -> int:
        """How many individuals there are to look at."""
        facts = self._evogit.model.facts
        return 0 if facts is None else facts.individuals

    def _begin(self, text: str) -> None:
        query = Query(text, self.fuzzy)
        if query == self.search.query:
            return
        self.search.begin(query)
        self._hurried = True
        place = self._place
        if place is not None:
            self._find(place, forward=True, here=True)
        else:
            self._go_on(self._evogit.model.facts)
        self._say()
        self._evogit.view.show_found(self.search)

    def news(self, facts: Facts) -> None:
        """Look at individuals that came since."""
        if self.search.active and self._place is None and facts.individuals > self.search.scanned:
            self._go_on(facts)

    def _go_on(self, facts: Facts | None) -> None:
        if facts is not None and self.search.active:
            self._scan(facts, self.search.query)

    @work(thread=True, exclusive=True, group="search", exit_on_error=False)
    def _scan(self, facts: Facts, query: Query) -> None:
        model, search = self._evogit.model, self.search
        look = looker(model.phylogeny, facts.names, model.session.swarm.git)
        last = time.monotonic()
        try:
            while search.scan(look, facts.individuals, lambda: search.query is query):
                if time.monotonic() - last > _PAUSE:
                    last = time.monotonic()
                    self.post_message(Searched(query, done=False))
                time.sleep(0.0005)
        except EvoGitError as error:
            self._evogit.report_trouble(error)
        self.post_message(Searched(query, done=True))

    def on_searched(self, message: Searched) -> None:
        """Say how many were found; go to the first as soon as there is one."""
        message.stop()
        if message.query is not self.search.query:
            return
        self._say(done=message.done)
        self._evogit.view.show_found(self.search)
        if self._hurried and self.search.count:
            self._hurried = False
            self._go_to_first()

    # ------------------------------------------------------------------ going there

    def go(self, *, forward: bool) -> None:
        """To the next match, or the one before."""
        if not self.search.active:
            self.notify("nothing is searched for: / begins a search", markup=False)
            return
        place = self._place
        if place is not None:
            self._find(place, forward=forward)
        else:
            self._go_to(self._evogit.model.current, forward=forward)

    def _go_to_first(self) -> None:
        row = self._evogit.model.row(self._started_at)
        if row is None or not self.search.matches(row):
            self._go_to(row, forward=True)

    def _go_to(self, here: int | None, *, forward: bool) -> None:
        rows = self._evogit.query_one(PhylogenyView).visible_rows()
        found = self.search.next(rows, here, forward=forward)
        if found is not None:
            self._evogit.point_at(self._evogit.model.phylogeny.commit(found))
        elif self.search.count:
            self.notify("no match is among the lines shown; 0 shows all", markup=False)

    def _find(self, place: Findable, *, forward: bool, here: bool = False) -> None:
        if not self.search.active:
            return
        line = find_line(place, self.search.query, forward=forward, here=here)
        if line is not None:
            place.find_show(line)
        self._tell("found" if line is not None else "not found")

    # ------------------------------------------------------------------ saying

    def _say(self, *, done: bool = True) -> None:
        search = self.search
        if not search.active:
            self._tell("type to search; msg: searches messages")
        elif self._place is None:
            more = "" if done else (" ..." if self._evogit.options.ascii else " …")
            self._tell(f"{search.count:,} of {search.scanned:,}{more}")

    def _tell(self, text: str) -> None:
        kind = "fuzzy  " if self.fuzzy else ""
        keys = "" if self.screen.focused is self._input else "  n next  N previous  esc ends"
        self.query_one("#search-count", Static).update(Text(clean_line(kind + text + keys)))
