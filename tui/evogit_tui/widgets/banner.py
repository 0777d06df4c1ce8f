"""One line that says what just happened, for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual.timer import Timer
from textual.widgets import Static

from evogit.text import clean_line
from evogit_tui.alerts import SEVERITY, Alert, Kind

_SECONDS: Final = 20.0
_SIGNS: Final[dict[Kind, tuple[str, str]]] = {
    "best": ("◆", "*"),
    "stalled": ("⚠", "!"),
    "failing": ("✗", "x"),
    "budget": ("⚠", "!"),
    "worker-died": ("✗", "x"),
    "sync-failed": ("✗", "x"),
    "sync-recovered": ("●", "@"),
}
_FIRST: Final = ("error", "warning", "information")


class Banner(Static):
    """Shows the gravest of the newest alerts and how many came with it; goes away by itself."""

    DEFAULT_CSS = """
    Banner { display: none; height: 1; width: 1fr; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; text-style: bold; }
    Banner.-information { display: block; background: $panel; color: $foreground; }
    Banner.-warning { display: block; background: $panel; color: $warning; }
    Banner.-error { display: block; background: $panel; color: $error; }
    """

    _timer: Timer | None = None

    def tell(self, alerts: Sequence[Alert], *, ascii_only: bool) -> None:
        """Show what just became true; at least one alert."""
        gravest = min(alerts, key=lambda alert: _FIRST.index(SEVERITY[alert.kind]))
        sign = _SIGNS[gravest.kind][ascii_only]
        more = f"  (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
        detail = f": {gravest.detail}" if gravest.detail else ""
        severity = SEVERITY[gravest.kind]
        word = "" if severity == "information" else f"{severity} "
        line = clean_line(f"{sign} {word}{gravest.text}{more}{detail}", 400)
        self.remove_class(*(f"-{name}" for name in _FIRST)).add_class(f"-{severity}")
        self.update(Text(line, no_wrap=True))
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_SECONDS, self.hide)

    def hide(self) -> bool:
        """Take it away; false if there was none."""
        shown = any(self.has_class(f"-{name}") for name in _FIRST)
        self.remove_class(*(f"-{name}" for name in _FIRST))
        return shown
