"""A table of any length: only what is visible is made into text, and columns give way when narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar, cast

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from evogit.text import clean_line
from evogit_tui.widgets.columns import GAP, ROLES, Cell, Column, fit

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_CELL_LIMIT: Final = 400
_T = TypeVar("_T")


Draw = Callable[[_T], Sequence[Cell]]


class Table(ScrollView, Generic[_T], can_focus=False):
    """Lines with a cursor that stays on its line when others come and go.

    The cursor on the first line stays on the first line: so a log is followed. Text of cells may be
    anything; it is cleaned here.

    Args:
        columns: from left to right.
        key: what a line is recognised by when the table is filled anew.
        draw: a line's cells, one for each column; called for visible lines only.
        empty: what to say when there is nothing to show.
    """

    DEFAULT_CSS = """
    Table { height: 1fr; width: 1fr; background: $background; color: $foreground; overflow-x: hidden; scrollbar-size-vertical: 1; }
    Table > .table--header { color: $foreground; text-style: bold; background: $panel; }
    Table > .table--cursor { text-style: bold; background: $panel; }
    Table > .table--dim { color: $foreground 75%; }
    Table > .table--strong { text-style: bold; }
    Table > .table--primary { color: $primary; }
    Table > .table--secondary { color: $secondary; }
    Table > .table--accent { color: $accent; }
    Table > .table--success { color: $success; }
    Table > .table--warning { color: $warning; }
    Table > .table--error { color: $error; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--cursor",
        *(f"table--{role}" for role in ROLES),
    }

    class Moved(Message):
        """The cursor is on another line, put there by a human."""

        def __init__(self, table: Table[object]) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> Table[object]:
            """The table."""
            return self.table

    class Fitted(Moved):
        """Which columns there is room for is known, anew."""

    class Opened(Moved):
        """A line was double-clicked."""

    def __init__(
        self,
        columns: Sequence[Column],
        key: Callable[[_T], str],
        draw: Draw[_T],
        *,
        empty: str = "",
        id: str | None = None,  # noqa: A002  # Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._key = key
        self._draw = draw
        self._empty = empty
        self._lines: Sequence[_T] = ()
        self._cursor = 0
        self._widths: tuple[int, ...] = (0,) * len(self._columns)
        self._styles: dict[str, Style] = {}
        self.active = True

    # ------------------------------------------------------------------ content

    def fill(self, lines: Sequence[_T]) -> None:
        """Show these lines; the cursor stays on its line if that is still there."""
        here = self.current
        at_top = self._cursor == 0
        self._lines = lines
        if not at_top and here is not None:
            self._cursor = self._find(self._key(here), self._cursor)
        self._cursor = max(0, min(self._cursor, len(lines) - 1))
        self._resize()
        self._keep_visible()
        self.refresh()

    def change_empty(self, text: str) -> None:
        """Say something else when there is nothing to show."""
        self._empty = text
        self.refresh()

    def set_active(self, active: bool) -> None:
        """Whether keys move in this table; the cursor of others is not shown."""
        if self.active != active:
            self.active = active
            self.refresh()

    def _find(self, key: str, near: int) -> int:
        if near < len(self._lines) and self._key(self._lines[near]) == key:
            return near
        return next((i for i, line in enumerate(self._lines) if self._key(line) == key), near)

    @property
    def widths(self) -> tuple[int, ...]:
        """Cells of each column; 0 for one that gave way. Empty before the first layout."""
        return self._widths

    @property
    def visible_lines(self) -> Sequence[_T]:
        """What is on the screen."""
        top = self.scroll_offset.y
        return self._lines[top : top + max(self.size.height - 1, 0)]

    @property
    def lines(self) -> Sequence[_T]:
        """What is shown."""
        return self._lines

    @property
    def current(self) -> _T | None:
        """The line under the cursor."""
        return self._lines[self._cursor] if self._cursor < len(self._lines) else None

    def select(self, key: str) -> bool:
        """Put the cursor on the line with this key; false if there is none."""
        at = self._find(key, self._cursor)
        if at >= len(self._lines) or self._key(self._lines[at]) != key:
            return False
        self._go(at)
        return True

    # ------------------------------------------------------------------ moving

    def move(self, by: int) -> None:
        """Move the cursor by lines."""
        self._go(self._cursor + by, tell=True)

    def page(self, by: float) -> None:
        """Move the cursor by pages."""
        self.move(int(by * max(self.size.height - 2, 1)))

    def to_edge(self, *, top: bool) -> None:
        """Move the cursor to the first or last line."""
        self._go(0 if top else len(self._lines) - 1, tell=True)

    def _go(self, to: int, *, tell: bool = False) -> None:
        to = max(0, min(to, len(self._lines) - 1))
        if to == self._cursor:
            return
        before, self._cursor = self._cursor, to
        if self._keep_visible():
            self.refresh()
        else:
            self.refresh_line(before + 1)
            self.refresh_line(to + 1)
        if tell:
            self.post_message(self.Moved(self))  # pyright: ignore[reportArgumentType]

    def _keep_visible(self) -> bool:
        """Scroll to the cursor; true if that was necessary."""
        room = max(self.size.height - 1, 1)
        top = self.scroll_offset.y
        if top <= self._cursor < top + room:
            return False
        self.scroll_to(y=min(self._cursor, max(self._cursor - room + 1, top)), animate=False)
        return True

    def on_click(self, event: Click) -> None:
        """Put the cursor where the mouse is; a double click opens."""
        line = event.y - 1 + self.scroll_offset.y
        if event.y >= 1 and 0 <= line < len(self._lines):
            self._go(line, tell=True)
            if event.chain == 2:
                self.post_message(self.Opened(self))  # pyright: ignore[reportArgumentType]

    # ------------------------------------------------------------------ finding

    @property
    def find_size(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    @property
    def find_here(self) -> int:
        """The line under the cursor."""
        return self._cursor

    def find_text(self, line: int) -> str:
        """The text of a line."""
        return " ".join(cell.text for cell in self._draw(self._lines[line]))

    def find_show(self, line: int) -> None:
        """Put the cursor on a line."""
        self._go(line, tell=True)

    # ------------------------------------------------------------------ drawing

    def on_resize(self, _: Resize) -> None:
        """Find out which columns there is room for."""
        self._resize()
        self._keep_visible()
        self.post_message(self.Fitted(self))  # pyright: ignore[reportArgumentType]

    def watch_show_vertical_scrollbar(self) -> None:
        """The bar takes a column of the screen or gives it back: fit before the next drawing, not after."""
        self._resize()
        self.refresh()

    def _resize(self) -> None:
        width = self.scrollable_content_region.width
        self._widths = fit(self._columns, width - 1)
        self.virtual_size = Size(width, max(len(self._lines), 1) + 1)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        base = self.rich_style
        if y == 0:
            header = base + self._style("header")
            cells = [Cell(column.title) for column in self._columns]
            return self._strip(" ", cells, header, width)
        line = y - 1 + self.scroll_offset.y
        if line < len(self._lines):
            return self._line(line, base, width)
        if not self._lines and y == 1:
            text = set_cell_size(f"  {clean_line(self._empty, 300)}", width)
            return Strip([Segment(text, base)], width)
        return Strip([Segment(" " * width, base)], width)

    def notify_style_update(self) -> None:
        """The theme is another."""
        self._styles.clear()
        super().notify_style_update()

    def _style(self, name: str) -> Style:
        found = self._styles.get(name)
        if found is None:
            found = self.get_component_rich_style(f"table--{name}", partial=True)
            self._styles[name] = found
        return found

    def _line(self, line: int, base: Style, width: int) -> Strip:
        style, lead = base, " "
        if line == self._cursor and self.active:
            style += self._style("cursor")
            lead = ">" if self._ascii else "▌"
        return self._strip(lead, self._draw(self._lines[line]), style, width)

    @property
    def _ascii(self) -> bool:
        return cast("EvoGitApp", self.app).options.ascii

    def _strip(self, lead: str, cells: Sequence[Cell], style: Style, width: int) -> Strip:
        segments = [Segment(lead, style)]
        for column, cell, room in zip(self._columns, cells, self._widths, strict=True):
            if room:
                segments.append(self._segment(column, cell, room, style))
                segments.append(Segment(" " * GAP, style))
        return Strip(segments).adjust_cell_length(width, style)

    def _segment(self, column: Column, cell: Cell, room: int, style: Style) -> Segment:
        text = clean_line(cell.text, _CELL_LIMIT)
        taken = cell_len(text)
        if taken > room:
            text = set_cell_size(text, room - 1) + ("~" if self._ascii else "…")
        elif column.right:
            text = " " * (room - taken) + text
        if cell.role:
            style += self._style(cell.role)
        return Segment(set_cell_size(text, room), style)
