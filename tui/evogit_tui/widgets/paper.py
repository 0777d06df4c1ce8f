"""Any number of lines of text that wrap to the width there is; only visible ones are drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar, Final

from rich.console import Console
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

_TAB: Final = 4
_HANG: Final = 2


class Paper(ScrollView, can_focus=False):
    """Shows lines of text. All methods are called on the UI thread."""

    DEFAULT_CSS = """
    Paper { width: 1fr; height: 1fr; overflow-x: hidden; background: $background; color: $foreground; scrollbar-size-vertical: 1; }
    Paper > .paper--marked { text-style: bold reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"paper--marked"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._texts: Sequence[Text] = ()
        self._lines: list[Text] = []
        self._starts: list[int] = []
        self._width = 0
        self._sheet = Console(width=80, color_system="truecolor", legacy_windows=False)
        self.marked = -1
        """Number of the line of text to point out, or -1."""

    @property
    def texts(self) -> Sequence[Text]:
        """The lines as they were given."""
        return self._texts

    def write(self, texts: Sequence[Text], *, keep_place: bool = False) -> None:
        """Show these lines, from the top unless the place is to be kept."""
        top = self.scroll_offset.y if keep_place else 0
        self._texts = texts
        self._width = 0
        self._wrap()
        self.scroll_to(y=top, animate=False)

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width
        if width == self._width or width <= 0:
            return
        self._width = width
        self._lines, self._starts = [], []
        for text in self._texts:
            self._starts.append(len(self._lines))
            if text.cell_len <= width:
                self._lines.append(text)
            else:
                self._lines += self._folded(text, width)
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def _folded(self, text: Text, width: int) -> list[Text]:
        """A long line as several; those after the first stand a little to the right of it."""
        plain = text.plain
        hang = min(len(plain) - len(plain.lstrip(" ")) + _HANG, width // 2)
        first, *rest = text.wrap(self._sheet, width - hang, tab_size=_TAB)
        return [first, *(Text(" " * hang).append_text(line) for line in rest)]

    def on_resize(self, _: events.Resize) -> None:
        """Lines break elsewhere now."""
        self._wrap()

    def scroll_lines(self, by: int) -> None:
        """Scroll by lines of the screen."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False)

    def scroll_pages(self, by: float) -> None:
        """Scroll by pages."""
        self.scroll_lines(round(by * max(self.scrollable_content_region.height - 1, 1)))

    def point_out(self, number: int) -> None:
        """Mark a line of text and bring it into sight; -1 marks none."""
        self.marked = number
        if 0 <= number < len(self._starts):
            height = self.scrollable_content_region.height
            self.scroll_to(y=max(self._starts[number] - height // 3, 0), animate=False)
        self.refresh()

    def text_at(self, y: int) -> int:
        """Number of the line of text that is drawn on a line of the widget, or -1."""
        place = self.scroll_offset.y + y
        if not 0 <= place < len(self._lines):
            return -1
        return bisect_right(self._starts, place) - 1

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        width = self.scrollable_content_region.width
        place = self.scroll_offset.y + y
        base = self.rich_style
        if place >= len(self._lines):
            return Strip.blank(width, base)
        if self.text_at(y) == self.marked:
            base += self.get_component_rich_style("paper--marked", partial=True)
        strip = Strip(self._lines[place].render(self._sheet, end=""))
        return strip.crop(0, width).extend_cell_length(width).apply_style(base)
