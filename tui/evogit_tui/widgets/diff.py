"""The body of the diff view: any number of lines, of which only the visible ones are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from evogit.text import clean_line
from evogit_tui.widgets import diff_drawing as drawing
from evogit_tui.widgets.diff_drawing import Palette
from evogit_tui.widgets.diff_lines import Line, lines_of
from evogit_tui.widgets.diff_reading import Block, Row

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

HunkKey = tuple[str, int]
"""Path of a file, and the number of a hunk in it."""
_ASIDE: Final = 8
_KEPT: Final = 1024


class DiffBody(ScrollView, can_focus=False):
    """Lines of compared files with a cursor. All methods are called on the UI thread."""

    DEFAULT_CSS = """
    DiffBody { width: 1fr; height: 1fr; overflow-x: hidden; background: $background; }
    """

    class Wanted(Message):
        """A human came to a file, or asked for more lines of it, that are not read."""

        def __init__(self, block: int) -> None:
            super().__init__()
            self.block = block

    class Moved(Message):
        """The cursor is in another file."""

        def __init__(self, block: int) -> None:
            super().__init__()
            self.block = block

    def __init__(self) -> None:
        super().__init__()
        self._blocks: Sequence[Block] = ()
        self._lines: list[Line] = []
        self._notes: Mapping[HunkKey, str] = {}
        self._split = False
        self._aside = 0
        self._digits = 3
        self.cursor = 0
        """Number of the line pointed at."""
        self._cache: LRUCache[tuple[int, bool, int, int], Strip] = LRUCache(_KEPT)

    # ------------------------------------------------------------------ what is shown

    @property
    def split(self) -> bool:
        """Whether old and new stand side by side."""
        return self._split

    @property
    def lines(self) -> Sequence[Line]:
        """All lines, drawn or not."""
        return self._lines

    @property
    def line(self) -> Line | None:
        """The line pointed at."""
        return self._lines[self.cursor] if self.cursor < len(self._lines) else None

    @property
    def block(self) -> int:
        """Number of the file the cursor is in."""
        return 0 if self.line is None else self.line.block

    def show(self, blocks: Sequence[Block], *, fresh: bool) -> None:
        """Show these files.

        Args:
            blocks: in order.
            fresh: another comparison than before: back to the top; else the cursor stays in place.
        """
        place = None if fresh else self._place()
        self._blocks = blocks
        self._lay_out(place)

    def show_split(self, split: bool) -> None:
        """Stand old and new side by side, or below each other."""
        place = self._place()
        self._split = split
        self._lay_out(place)

    def show_notes(self, notes: Mapping[HunkKey, str]) -> None:
        """Comments to show at hunks."""
        self._notes = notes
        self._redraw()

    def _place(self) -> tuple[int, int]:
        """The file the cursor is in, and the line in it."""
        return self.block, self.cursor - self._first(self.block)

    def _lay_out(self, place: tuple[int, int] | None) -> None:
        self._lines = lines_of(self._blocks, split=self._split)
        numbers = [max(line.row.old, line.row.new) for line in self._lines]
        self._digits = max(3, len(str(max(numbers, default=0))))
        self.virtual_size = Size(self.size.width, len(self._lines))
        if place is None:
            self._aside = 0
            self.scroll_to(y=0, animate=False)
        self._redraw()
        self.go_to(0 if place is None else self._first(place[0]) + place[1], tell=place is None)

    def _first(self, block: int) -> int:
        return next((at for at, line in enumerate(self._lines) if line.block == block), 0)

    def _redraw(self) -> None:
        self._cache.clear()
        self.refresh()

    # ------------------------------------------------------------------ moving

    def go_to(self, at: int, *, tell: bool = True) -> None:
        """Point at a line and bring it into sight."""
        before, block = self.cursor, self.block
        self.cursor = max(0, min(at, len(self._lines) - 1))
        self.refresh_line(before)
        self.refresh_line(self.cursor)
        self._bring_into_sight()
        if tell and self._lines and (self.block != block or before == self.cursor):
            self.post_message(self.Moved(self.block))

    def _bring_into_sight(self) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif height and self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)

    def move(self, by: int) -> None:
        """Move the cursor by lines."""
        self.go_to(self.cursor + by)

    def page(self, by: float) -> None:
        """Move the cursor by pages."""
        self.move(round(by * max(self.scrollable_content_region.height - 1, 1)))

    def next_file(self, by: int) -> None:
        """Go to the start of another file; one that is not read is asked for."""
        block = max(0, min(self.block + by, len(self._blocks) - 1))
        self.to_file(block)

    def to_file(self, block: int) -> None:
        """Go to the start of a file."""
        if block >= len(self._blocks):
            return
        at = self._first(block)
        self.go_to(at)
        self.scroll_to(y=at, animate=False)
        if self._blocks[block].rows is None:
            self.post_message(self.Wanted(block))

    def open(self) -> None:
        """Ask for what the line under the cursor stands for."""
        if self.line is not None and self.line.row.kind == "more":
            self.post_message(self.Wanted(self.line.block))

    def aside(self, by: int) -> None:
        """Move long lines sideways."""
        widest = max((len(line.row.text) for line in self._lines), default=0)
        self._aside = max(0, min(self._aside + by * _ASIDE, widest))
        self._redraw()

    def hunk(self) -> tuple[Block, list[Row]] | None:
        """The file and the rows of the hunk under the cursor; of a heading, the first below it."""
        if self.line is None:
            return None
        block = self._blocks[self.line.block]
        number = max(self.line.row.hunk, 0)
        rows = [row for row in block.rows or () if row.hunk == number]
        return (block, rows) if rows else None

    # ------------------------------------------------------------------ finding

    @property
    def find_size(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    @property
    def find_here(self) -> int:
        """The line under the cursor."""
        return self.cursor

    def find_text(self, line: int) -> str:
        """The text of a line; of both sides, if there are two."""
        found = self._lines[line]
        texts = [row.text for row in (found.left, found.right) if row is not None]
        return " ".join(dict.fromkeys(texts))

    def find_show(self, line: int) -> None:
        """Point at a line."""
        self.go_to(line)

    # ------------------------------------------------------------------ drawing

    @property
    def _evogit(self) -> EvoGitApp:
        return cast("EvoGitApp", self.app)

    @property
    def _ascii(self) -> bool:
        return self._evogit.options.ascii

    def on_resize(self, event: events.Resize) -> None:
        """Old strips have the old width."""
        self.virtual_size = Size(event.size.width, len(self._lines))
        self._redraw()

    def notify_style_update(self) -> None:
        """A theme changed."""
        super().notify_style_update()
        self._cache.clear()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        width = self.scrollable_content_region.width
        at = self.scroll_offset.y + y
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        key = (at, at == self.cursor, width, self._aside)
        strip = self._cache.get(key)
        if strip is None:
            strip = self._draw(self._lines[at], width, pointed=at == self.cursor)
            self._cache[key] = strip
        return strip

    def _draw(self, line: Line, width: int, *, pointed: bool) -> Strip:
        colours = drawing.palette(dark=self._evogit.current_theme.dark)
        mark = (">" if self._ascii else "▌") if pointed else " "
        cursor = Segment(mark, colours.cursor if pointed else None)
        if line.row.kind in {"file", "hunk", "note", "more"}:
            inner, fill = self._across(line, colours)
        elif self._split:
            inner, fill = self._two(line, width - 1, colours), Style.null()
        else:
            inner, fill = self._one(line.row, colours)
        strip = Strip([cursor, *inner]).crop(0, width)
        strip = strip.extend_cell_length(width, fill)
        return strip.apply_style(self.rich_style)

    def _across(self, line: Line, colours: Palette) -> tuple[list[Segment], Style]:
        row = line.row
        if row.kind == "file":
            return drawing.heading(self._blocks[line.block], colours), colours.heading
        if row.kind == "hunk":
            note = self._notes.get((self._blocks[line.block].change.path, row.hunk), "")
            shown = f"  # {clean_line(note, 80)}" if note else ""
            return [
                Segment(row.text, colours.hunk),
                Segment(shown, colours.cursor if note else colours.hunk),
            ], colours.hunk
        sign = "\\ " if row.kind == "note" else "... "
        after = " (enter reads on)" if row.kind == "more" else ""
        return [Segment(f"{sign}{row.text}{after}", colours.note)], Style.null()

    def _one(self, row: Row, colours: Palette) -> tuple[list[Segment], Style]:
        fill = colours.backgrounds.get(row.kind, Style.null())
        gutter = f"{self._number(row.old)} {self._number(row.new)} "
        sign = drawing.SIGNS.get(row.kind, " ")
        return [
            Segment(gutter, colours.faint),
            Segment(f"{sign} ", fill + Style(bold=True)),
            *self._text(row, colours),
        ], fill

    def _two(self, line: Line, width: int, colours: Palette) -> list[Segment]:
        half = (width - 1) // 2
        left = self._half(line.left, half, colours, old=True)
        right = self._half(line.right, width - 1 - half, colours, old=False)
        bar = "|" if self._ascii else "│"
        return [*left, Segment(bar, colours.faint), *right]

    def _half(self, row: Row | None, width: int, colours: Palette, *, old: bool) -> Strip:
        if row is None:
            return Strip.blank(width, colours.gap)
        fill = colours.backgrounds.get(row.kind, Style.null())
        sign = drawing.SIGNS.get(row.kind, " ")
        segments = [
            Segment(f"{self._number(row.old if old else row.new)} ", colours.faint),
            Segment(f"{sign} ", fill + Style(bold=True)),
            *self._text(row, colours),
        ]
        return Strip(segments).crop(0, width).extend_cell_length(width, fill)

    def _text(self, row: Row, colours: Palette) -> list[Segment]:
        segments = drawing.styled(row, colours)
        if not self._aside:
            return segments
        strip = Strip(segments)
        return list(strip.crop(min(self._aside, strip.cell_length), strip.cell_length))

    def _number(self, number: int) -> str:
        return f"{number or '':>{self._digits}}"

    # ------------------------------------------------------------------ mouse

    def on_click(self, event: events.Click) -> None:
        """Point at the line that was clicked."""
        self.go_to(self.scroll_offset.y + event.y)
