"""The phylogeny as a list of lines: scrolls over any number of them and draws only what is visible."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from evogit_tui.rows import Arrangement
from evogit_tui.widgets.graph_line import Pen

_KEPT: Final = 4096
_EMPTY: Final = Arrangement(range(0))


class Graph(ScrollView, can_focus=False):
    """Lines of individuals, one of them under the cursor.

    Moving the cursor redraws two lines; lines that are added on top do not move what is seen.

    Args:
        mark: one cell for the left of an individual's line.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"graph--cursor"}
    DEFAULT_CSS = """
    Graph {
        width: 1fr; height: 1fr; background: $background; color: $foreground;
        scrollbar-size-horizontal: 0; scrollbar-size-vertical: 1; overflow-x: hidden;
    }
    Graph > .graph--cursor { background: $primary 30%; text-style: bold; }
    """
    ALLOW_SELECT = False

    class Pointed(Message):
        """The human chose a line with the mouse.

        Args:
            again: it was a double click.
        """

        def __init__(self, *, again: bool) -> None:
            super().__init__()
            self.again = again

    def __init__(self, mark: Callable[[int], str]) -> None:
        super().__init__()
        self.follow = True
        """Whether the cursor stays on the first line when lines are added."""
        self.hint: Sequence[str] = ()
        """Shown below the last line."""
        self._mark = mark
        self._pen: Pen | None = None
        self._arrangement = _EMPTY
        self._place = 0
        self._hidden = False
        self._strips: OrderedDict[tuple[int, bool], Strip] = OrderedDict()
        self._base: Style | None = None

    # ------------------------------------------------------------------ what is shown

    @property
    def arrangement(self) -> Arrangement:
        """The lines."""
        return self._arrangement

    @property
    def row(self) -> int | None:
        """The individual under the cursor (of a fold its newest), if that is shown."""
        items = self._arrangement.items
        return None if self._hidden or self._place >= len(items) else items[self._place]

    def show(self, pen: Pen, arrangement: Arrangement, row: int | None) -> None:
        """Draw anew, with the cursor's line in the same place of the screen.

        Args:
            pen: what to draw with.
            arrangement: the lines.
            row: the individual under the cursor; without a line of its own nothing is highlighted.
                If the graph follows, the cursor goes to the first line instead.
        """
        on_screen = self._place - self.scroll_offset.y
        self._pen = pen
        self._arrangement = arrangement
        self._strips.clear()
        self.virtual_size = Size(self.size.width, len(arrangement.items) + len(self.hint))
        place = 0 if self.follow or row is None else arrangement.place(row)
        self._hidden = place is None
        self._place = min(self._place, len(arrangement.items)) if place is None else place
        self._scroll(0 if self.follow else self._place - on_screen)
        self.refresh()

    def repaint(self) -> None:
        """Draw every visible line anew, for instance because marks changed."""
        self._strips.clear()
        self.refresh()

    # ------------------------------------------------------------------ moving

    def point_at(self, row: int) -> bool:
        """Put the cursor on an individual and make it visible; false if it has no line."""
        if row == self.row:
            return True
        place = self._arrangement.place(row)
        self.follow = False
        if place is None:
            self._hidden = True
            self.refresh_line(self._place)
        else:
            self._go(place)
        return place is not None

    def move(self, by: int) -> None:
        """Move the cursor by lines."""
        self._go(self._place + by)

    def page(self, by: float) -> None:
        """Move cursor and view by pages."""
        lines = round(by * max(self.size.height - 1, 1))
        self._scroll(self.scroll_offset.y + lines)
        self._go(self._place + lines)

    def to_edge(self, *, top: bool) -> None:
        """Move the cursor to the first or last line."""
        self._go(0 if top else len(self._arrangement.items) - 1)

    def _go(self, place: int) -> None:
        place = max(0, min(place, len(self._arrangement.items) - 1))
        old, self._place = self._place, place
        self._hidden = self.follow = False
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if place < top:
            self._scroll(place)
        elif place >= top + height:
            self._scroll(place - height + 1)
        self.refresh_line(old)
        self.refresh_line(place)

    def _scroll(self, top: int) -> None:
        self.scroll_to(y=max(top, 0), animate=False, immediate=True, force=True)

    def on_click(self, event: Click) -> None:
        """Point at the line that was clicked."""
        offset = event.get_content_offset(self)
        place = None if offset is None else self.scroll_offset.y + offset.y
        if place is not None and place < len(self._arrangement.items):
            self._go(place)
            self.post_message(self.Pointed(again=event.chain == 2))

    # ------------------------------------------------------------------ drawing

    def notify_style_update(self) -> None:
        """Another theme: nothing that was drawn is right any more."""
        super().notify_style_update()
        self._strips.clear()
        self._base = None

    @property
    def _style(self) -> Style:
        if self._base is None:  # finding it out takes as long as drawing the line
            self._base = self.rich_style
        return self._base

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        place, width = self.scroll_offset.y + y, self.size.width
        items = self._arrangement.items
        if self._pen is None or place >= len(items):
            return self._hint(place - len(items), width)
        key = items[place], place == self._place and not self._hidden
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._draw(self._pen, *key, width)
            if len(self._strips) > _KEPT:
                self._strips.popitem(last=False)
        else:
            self._strips.move_to_end(key)
        return strip

    def _draw(self, pen: Pen, row: int, cursor: bool, width: int) -> Strip:
        fold = self._arrangement.folds.get(row)
        mark = self._mark(row)
        segments = pen.individual(row, mark) if fold is None else pen.fold(fold, mark)
        style = self._style
        if cursor:
            style += self.get_component_rich_style("graph--cursor")
            pointer = ">" if pen.ascii else "▌"
            first = segments[0]
            segments[0] = Segment(first.text[0] + pointer + first.text[2:], first.style)
        return Strip(segments).adjust_cell_length(width).apply_style(style)

    def _hint(self, line: int, width: int) -> Strip:
        text = self.hint[line] if 0 <= line < len(self.hint) else ""
        style = self._style + Style(dim=True)
        return Strip([Segment(f"  {text}", style)]).adjust_cell_length(width, style)
