"""The details pane: everything known about the individual under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rich.style import Style
from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer

from evogit.errors import EvoGitError
from evogit.ids import CommitId
from evogit.text import clean
from evogit_tui.model import Facts
from evogit_tui.states import STATES
from evogit_tui.widgets.details_reading import About, Line, Section, read_about
from evogit_tui.widgets.paper import Paper

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_DEBOUNCE: Final = 0.08


class AboutRead(Message):
    """An individual was read; ``about`` is ``None`` if it could not be, for the reason given."""

    def __init__(self, commit: CommitId, about: About | None, trouble: str = "") -> None:
        super().__init__()
        self.commit = commit
        self.about = about
        self.trouble = trouble


class Details(Vertical):
    """One individual at a time, in sections that fold. Methods are called on the UI thread."""

    DEFAULT_CSS = """
    Details { width: 1fr; height: 1fr; padding: 0 0 0 1; background: $background; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._commit: CommitId | None = None
        self._waiting: Timer | None = None
        self._headings: dict[int, str] = {}
        self._folded: set[str] = set()
        self._paper = Paper()
        self.about: About | None = None
        """What is shown."""

    def compose(self) -> ComposeResult:
        """One sheet of text."""
        yield self._paper

    @property
    def _evogit(self) -> EvoGitApp:
        return cast("EvoGitApp", self.app)

    # ------------------------------------------------------------------ which individual

    def show(self, commit: CommitId | None) -> None:
        """Show an individual as soon as the cursor rests; the same one only if there is news."""
        facts = self._evogit.model.facts
        self._commit = commit
        if self._waiting is not None:
            self._waiting.stop()
        if commit is None or facts is None:
            self.about = None
            self._draw()
        elif self.about is None or (self.about.commit, self.about.version) != (
            commit,
            facts.version,
        ):
            self._waiting = self.set_timer(_DEBOUNCE, lambda: self._read(facts, commit))

    @work(thread=True, exclusive=True, group="details", exit_on_error=False)
    def _read(self, facts: Facts, commit: CommitId) -> None:
        if commit != self._commit:  # the cursor went on while this waited for a thread
            return
        try:
            message = AboutRead(commit, read_about(self._evogit.model, facts, commit))
        except EvoGitError as error:
            message = AboutRead(commit, None, clean(f"{error.message}\n{error.hint}"))
        self.post_message(message)

    def on_about_read(self, message: AboutRead) -> None:
        """Show what was read, if it is still wanted."""
        message.stop()
        if message.commit != self._commit:
            return
        same = self.about is not None and self.about.commit == message.commit
        self.about = message.about
        self._draw(message.trouble, keep_place=same)

    # ------------------------------------------------------------------ scrolling and folding

    def scroll_lines(self, by: int) -> None:
        """Scroll by lines."""
        self._paper.scroll_lines(by)

    @property
    def sections(self) -> list[tuple[str, bool]]:
        """Names of the sections shown, and whether each is folded."""
        about = self.about
        return [] if about is None else [(s.name, s.name in self._folded) for s in about.sections]

    def fold(self, name: str) -> None:
        """Fold a section, or unfold it; so it stays for other individuals too."""
        self._folded ^= {name}
        self._draw(keep_place=True)

    def on_click(self, event: events.Click) -> None:
        """A click on a heading folds."""
        name = self._headings.get(self._paper.text_at(event.y))
        if name is not None:
            self.fold(name)

    # ------------------------------------------------------------------ drawing

    def _draw(self, trouble: str = "", *, keep_place: bool = False) -> None:
        texts: list[Text] = []
        self._headings = {}
        if self.about is None:
            texts.append(Text(trouble or "no individual is chosen"))
        else:
            texts += self._title(self.about)
            for section in self.about.sections:
                texts.append(Text())
                self._headings[len(texts)] = section.name
                texts.append(self._heading(section))
                if section.name not in self._folded:
                    texts += [self._text(line) for line in section.lines]
        self._paper.write(texts, keep_place=keep_place)

    def _title(self, about: About) -> list[Text]:
        state = STATES[about.state]
        glyph = state.ascii if self._evogit.options.ascii else state.glyph
        first = Text().append(f"{glyph} {state.word}  ", style=self._style(state.role))
        first.append(about.commit[:12], style=self._style("primary"))
        return [first, Text().append(about.title, style=Style(bold=True))]

    def _heading(self, section: Section) -> Text:
        folded = section.name in self._folded
        mark = ("+" if folded else "-") if self._evogit.options.ascii else ("▸" if folded else "▾")
        text = Text().append(
            f"{mark} {section.name}", style=self._style("accent") + Style(bold=True)
        )
        return text.append(f"  {section.note}") if section.note else text

    def _text(self, line: Line) -> Text:
        text = Text("  ")
        for part in line:
            text.append(part.text, style=self._style(part.role) if part.role else "")
        return text

    def _style(self, role: str) -> Style:
        if role == "strong":
            return Style(bold=True)
        variables = self._evogit.theme_variables
        name = {"dim": "foreground-darken-2"}.get(role, role)
        color = variables.get(name, "")
        return Style(color=color) if color.startswith("#") else Style()
