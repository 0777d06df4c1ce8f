"""The application: owns the model, the views and every change of state.

Background threads never touch widgets: they post messages, and the handlers here act on them.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

import pygit2
from textual import events, work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.command import Provider
from textual.message import Message
from textual.widgets import ContentSwitcher, Footer

from evogit.errors import EvoGitError
from evogit.ids import CommitId
from evogit.phylogeny.newest import Newest
from evogit.text import clean
from evogit_tui.actions.keys import keys_of
from evogit_tui.actions.registry import ACTIONS, in_order
from evogit_tui.alerts import Alert
from evogit_tui.clerk import Clerk, unexpected
from evogit_tui.dialogs.help import HelpDialog, lines
from evogit_tui.dialogs.small import TooSmall, too_small
from evogit_tui.herald import Herald
from evogit_tui.model import Facts, Model
from evogit_tui.options import Options
from evogit_tui.palette import Commands
from evogit_tui.sentinel import Sentinel
from evogit_tui.themes import DARK, LIGHT
from evogit_tui.views.agents import AgentsView
from evogit_tui.views.base import View
from evogit_tui.views.diff import DiffView
from evogit_tui.views.lineage import LineageView
from evogit_tui.views.names import VIEWS
from evogit_tui.views.operations import OperationsView
from evogit_tui.views.phylogeny import PhylogenyView
from evogit_tui.views.population import PopulationView
from evogit_tui.widgets.banner import Banner
from evogit_tui.widgets.plain import draw_scroll_bars, plain_key
from evogit_tui.widgets.search_bar import SearchBar
from evogit_tui.widgets.status import Standing, StatusBar

_SLOWEST_LOOK: Final = 10.0
_TICK: Final = 5.0
"""Seconds after which what says how long ago something was is drawn anew."""


class News(Message):
    """The repository gained something; later news replace earlier ones that nobody saw yet."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts

    def can_replace(self, message: Message) -> bool:
        """A burst of news is drawn once."""
        return isinstance(message, News)


class Patrolled(Message):
    """The watching thread looked after agents, workers and the remote.

    Args:
        changed: whether any of them does something else now.
        noticed: what just became true.
    """

    def __init__(self, *, changed: bool, noticed: Sequence[Alert]) -> None:
        super().__init__()
        self.changed = changed
        self.noticed = noticed


class Loading(Message):
    """A big history is being read; what is newest can be shown meanwhile."""

    def __init__(self, newest: Newest) -> None:
        super().__init__()
        self.newest = newest


class Trouble(Message):
    """A background thread could not do its work."""

    def __init__(self, error: EvoGitError) -> None:
        super().__init__()
        self.error = error


class EvoGitApp(App[None]):
    """The terminal UI of one swarm.

    Args:
        model: the swarm.
        options: how it was started.
    """

    TITLE = "evogit"
    CSS_PATH = "styles/app.tcss"
    ENABLE_COMMAND_PALETTE = True
    PAUSE_GC_ON_SCROLL = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}

    def __init__(self, model: Model, options: Options) -> None:
        super().__init__()
        self.model = model
        self.options = options
        self._hurry = threading.Event()
        self._note = "loading"
        self._trouble = ""
        self._ending = False
        self._mounted = False
        self._possible: list[str] = []
        self.clerk = Clerk(self)
        self.sentinel = Sentinel(model, options.sync)
        self._herald = Herald(options, self)
        self._bind_actions()

    def _bind_actions(self) -> None:
        # Not by Textual's keymaps: those take a key from all actions that share it.
        for action in in_order():
            keys = keys_of(action, self.options.keys)
            if keys:
                act = f"act({action.name!r})"
                self.bind(",".join(keys), act, description=action.label, show=action.footer)

    # ------------------------------------------------------------------ structure

    def compose(self) -> ComposeResult:
        """The status line, the views (one visible), the footer."""
        yield StatusBar()
        yield Banner()
        with ContentSwitcher(initial=VIEWS[0], id="views"):
            yield PhylogenyView(id="phylogeny")
            yield PopulationView(id="population")
            yield LineageView(id="lineage")
            yield DiffView(id="diff")
            yield AgentsView(id="agents")
            yield OperationsView(id="operations")
        yield SearchBar()
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Apply the options and start looking."""
        draw_scroll_bars(ascii_only=self.options.ascii)
        self.set_class(self.options.ascii, "-ascii")
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = self.options.theme
        self._mounted = True
        self.show_status()
        self.set_interval(_TICK, self._tick)
        self.watch_swarm()

    def _tick(self) -> None:
        """Time went by: ages are others; nothing is read."""
        self.show_status()
        self.view.survey()

    def get_key_display(self, binding: Binding) -> str:
        """How a key is called in footer and help."""
        display = super().get_key_display(binding)
        return plain_key(display) if self.options.ascii else display

    @property
    def view_name(self) -> str:
        """The name of the visible view."""
        return str(self.query_one("#views", ContentSwitcher).current)

    @property
    def view(self) -> View:
        """The visible view."""
        return self.query_one(f"#{self.view_name}", View)

    # ------------------------------------------------------------------ actions

    def action_act(self, name: str) -> None:
        """Carry out an action of the registry; what goes wrong is shown, never raised."""
        try:
            ACTIONS[name].run(self)
        except EvoGitError as error:
            self.show_error(error)
        except (OSError, pygit2.GitError) as error:
            self.show_error(unexpected(error))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out of footer and keys what makes no sense in this view right now."""
        if action != "act" or not parameters or not self._mounted:
            return True
        found = ACTIONS[str(parameters[0])]
        if found.unless and self.check_action("act", (found.unless,)):
            return False
        return (not found.views or self.view_name in found.views) and found.available(self)

    def show_view(self, name: str) -> None:
        """Make a view visible and bring it up to date."""
        self.query_one("#views", ContentSwitcher).current = name
        if self.model.facts is not None:
            self.view.show(self.model.facts)
            if self.model.cursor is not None:
                self.view.point_at(self.model.cursor)
        self.refresh_bindings()

    def point_at(self, commit: CommitId) -> None:
        """Let the human point at an individual; the visible view follows."""
        self.model.cursor = commit
        self.view.point_at(commit)
        self._refresh_keys()

    def back(self) -> None:
        """Stop a load, end a search or take a banner away; else close what is open, then the view."""
        if self.model.loader.stop():
            self.say_note("loading stopped; R loads the rest")
            return
        if self.query_one(SearchBar).close() or self.query_one(Banner).hide():
            return
        if not self.view.close() and self.view_name != VIEWS[0]:
            self.show_view(VIEWS[0])

    def leave(self) -> None:
        """From the first view leave the application, from another return to the first."""
        if self.view_name == VIEWS[0]:
            self.exit()
        else:
            self.show_view(VIEWS[0])

    def show_help(self) -> None:
        """Show all actions and their keys; carry out the one that is chosen."""
        known = lines(
            ACTIONS,
            self.options.keys,
            lambda action: self.check_action("act", (action.name,)) is True,
            ascii_only=self.options.ascii,
        )
        self.push_screen(HelpDialog(known, ascii_only=self.options.ascii), self._do_chosen)

    def _do_chosen(self, name: str | None) -> None:
        if name is None:
            return
        if self.check_action("act", (name,)):
            self.action_act(name)
        else:
            self.notify(f"{ACTIONS[name].label} is not possible here and now", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Lose nothing of what is typed at once after the key that begins a search."""
        if not (self.screen.is_modal or self._gone):
            self.query_one(SearchBar).take_stray(event)

    def on_resize(self, event: events.Resize) -> None:
        """Draw nothing rather than garbage where nothing fits."""
        if too_small(event.size) and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())

    # ------------------------------------------------------------------ watching

    def look_now(self) -> None:
        """Look for news without waiting; after every decision."""
        self._hurry.set()

    @work(thread=True, exclusive=True, group="watch", exit_on_error=False)
    def watch_swarm(self) -> None:
        """Look for news until the application ends: soon while things happen, seldom when not."""
        pause = self.options.interval
        while not self._ending:
            facts = None
            try:
                if not self.model.loader.open(self._show_newest):
                    self._hurry.wait()
                    self._hurry.clear()
                    continue
                facts = self.model.look()
                if facts is not None:
                    self.post_message(News(facts))
                self._patrol()
            except Exception as error:  # noqa: BLE001  # nobody would notice that the watch ended
                self.post_message(Trouble(unexpected(error)))
            if facts is not None:
                pause = self.options.interval
            else:
                pause = min(pause * 1.3, 2.0, _SLOWEST_LOOK)
            self._hurry.wait(pause)
            self._hurry.clear()

    def _show_newest(self, newest: Newest) -> None:
        self.post_message(Loading(newest))

    def _patrol(self) -> None:
        """Look after what changes with time alone, too; in the watching thread."""
        if self.model.facts is not None:
            changed, noticed = self.sentinel.look(self.model.facts)
            if changed or noticed:
                self.post_message(Patrolled(changed=changed, noticed=noticed))

    def on_patrolled(self, message: Patrolled) -> None:
        """Draw who does what; say what just became true."""
        if self._gone:
            return
        if message.changed:
            self.show_status()
            self.view.survey()
        if message.noticed:
            self.query_one(Banner).tell(message.noticed, ascii_only=self.options.ascii)
            self._herald.cry(message.noticed)

    def on_unmount(self) -> None:
        """Let the watching thread end."""
        self._ending = True
        self.model.loader.stop()
        self._hurry.set()
        self.clerk.close()
        self._herald.close()

    @property
    def _gone(self) -> bool:
        """Whether the screen is gone while messages still arrive."""
        return not self.query(StatusBar)

    def on_loading(self, message: Loading) -> None:
        """Draw what is newest."""
        if self._gone:
            return
        self.query_one(PhylogenyView).show_part(message.newest)
        self.say_note("loading")

    def on_news(self, message: News) -> None:
        """Draw what is new."""
        if self._gone:
            return
        first = self._note == "loading"
        self._trouble = ""
        if first:
            self._note = ""
        self.show_status()
        self.view.show(message.facts)
        self.query_one(SearchBar).news(message.facts)
        if first:
            gc.freeze()
            self.clerk.beside("opening", self.model.desk.heal, lambda _: None)
        self._refresh_keys()

    def _refresh_keys(self) -> None:
        """Let the footer show what is possible, if that changed: it is made anew each time."""
        footer = [action for action in ACTIONS.values() if action.footer]
        possible = [one.name for one in footer if self.check_action("act", (one.name,))]
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    def on_trouble(self, message: Trouble) -> None:
        """Say what a thread could not do; once, as long as it stays the same."""
        said = message.error.message
        if said != self._trouble:
            self._trouble = said
            self.show_error(message.error)

    # ------------------------------------------------------------------ telling

    def say_note(self, note: str) -> None:
        """Put a short remark into the status line; empty to take it away."""
        self._note = note
        self.show_status()

    def show_status(self) -> None:
        """Draw the status line."""
        facts = self.model.facts
        standing = Standing(
            name=self.model.session.cwd.name,
            facts=facts,
            watch=self.sentinel.watch if facts is not None else None,
            note=self._note,
            generation=self.model.generation,
            now=self.model.session.clock(),
            ascii=self.options.ascii,
        )
        for bar in self.query(StatusBar):  # none on the way out
            bar.show(standing)

    def report_trouble(self, error: EvoGitError) -> None:
        """Say what went wrong; from any thread."""
        self.post_message(Trouble(error))

    def write_terminal(self, sequence: str) -> None:
        """Send the terminal a sequence of our own making, such as a notification."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def show_error(self, error: EvoGitError) -> None:
        """Show what went wrong and what to do next."""
        text = clean(f"{error.message}\n{error.hint}".strip(), 2000)
        self.notify(text, severity="error", timeout=10, markup=False)
