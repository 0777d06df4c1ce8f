"""Carries alerts out of the application: bell, desktop notification, the user's hook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evogit.errors import EvoGitError
from evogit.text import clean_line
from evogit_tui.alerts import SEVERITY, Alert
from evogit_tui.hook import Hook
from evogit_tui.options import Options

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp


class Herald:
    """Tells of alerts outside of the screen. ``cry`` is called on the UI thread and is quick.

    Args:
        options: whether to ring, and the hook.
        app: has the terminal.
    """

    def __init__(self, options: Options, app: EvoGitApp) -> None:
        self._options = options
        self._app = app
        self._hook = Hook(options.hook, self._complain)

    def _complain(self, text: str) -> None:
        self._app.report_trouble(EvoGitError(text, hint="see hook in tui.toml"))

    def close(self) -> None:
        """Leave no process of the hook behind."""
        self._hook.close()

    def cry(self, noticed: Sequence[Alert]) -> None:
        """Ring once; notify and call the hook for each."""
        if self._options.bell:
            self._app.bell()
            for alert in noticed:
                self._app.write_terminal(f"\x1b]9;{notification(alert)}\x07")
        for alert in noticed:
            self._hook.fire(event(alert, self._app.model.session.clock()))


def notification(alert: Alert) -> str:
    """What a desktop notification says (OSC 9): our own words and numbers only."""
    return clean_line(f"evogit: {alert.text}", 200).replace(";", ",")


def event(alert: Alert, time: float) -> dict[str, object]:
    """What the hook reads as JSON."""
    return {
        "schema": 1,
        "event": alert.kind,
        "severity": SEVERITY[alert.kind],
        "about": clean_line(alert.about),
        "text": clean_line(alert.text),
        "detail": clean_line(alert.detail, 400),
        "time": round(time, 3),
    }
