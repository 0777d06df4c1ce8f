"""A plot of scores with the best so far as a step line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from evogit_tui.plotting import Dot, Manner, Pixel, plot
from evogit_tui.widgets.columns import ROLES


class BestSoFar(Widget, can_focus=False):
    """Dots for individuals, a line for the record. Drawing costs what its size is, not the swarm's."""

    DEFAULT_CSS = """
    BestSoFar { height: 1fr; width: 1fr; background: $background; color: $foreground; }
    BestSoFar > .plot--dim { color: $foreground 75%; }
    BestSoFar > .plot--strong { text-style: bold; }
    BestSoFar > .plot--primary { color: $primary; }
    BestSoFar > .plot--secondary { color: $secondary; }
    BestSoFar > .plot--accent { color: $accent; }
    BestSoFar > .plot--success { color: $success; }
    BestSoFar > .plot--warning { color: $warning; }
    BestSoFar > .plot--error { color: $error; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"plot--{role}" for role in ROLES}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._dots: Sequence[Dot] = ()
        self._manner = Manner()
        self._unit = ""
        self._drawn: tuple[tuple[int, int], list[list[Pixel]]] | None = None

    def show(self, dots: Sequence[Dot], manner: Manner, unit: str = "") -> None:
        """Draw these.

        Args:
            dots: in any order.
            manner: how.
            unit: what x counts, in one word.
        """
        self._dots, self._manner, self._unit = dots, manner, unit
        self._drawn = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        size = (self.size.width, self.size.height)
        if self._drawn is None or self._drawn[0] != size:
            self._drawn = (size, plot(self._dots, size, self._manner, unit=self._unit))
        base = self.rich_style
        segments: list[Segment] = []
        for pixel in self._drawn[1][y]:
            style = base
            if pixel.role:
                style += self.get_component_rich_style(f"plot--{pixel.role}", partial=True)
            segments.append(Segment(pixel.char, style))
        return Strip(segments, size[0]).simplify()
