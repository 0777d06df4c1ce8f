"""Carries out what the human decided, in threads, so that the screen never waits for a disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from evogit.errors import EvoGitError, InternalError
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_T = TypeVar("_T")
_PATIENCE: Final = 10.0
"""How long leaving waits for decisions that are being written."""


@dataclass(frozen=True, slots=True, eq=False)
class _Act:
    """Something to be done in a thread, and what to do on the UI thread once it is."""

    about: str
    work: Callable[[], None]
    then: Callable[[], None]
    failed: Callable[[EvoGitError], None]


class Clerk:
    """All methods are called on the UI thread, and so is everything given as ``then``.

    What goes wrong is shown, never raised. Decisions are carried out one after another in the order
    they were made; what only looks, or takes long, runs beside them.

    Args:
        app: where to tell what came of it.
    """

    def __init__(self, app: EvoGitApp) -> None:
        self._app = app
        self._busy: list[_Act] = []
        self._queue: queue.SimpleQueue[_Act | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._busy

    def decide(self, about: str, work: Callable[[], object], done: str) -> None:
        """Write a decision; ``done`` is said once it is durable."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="clerk", daemon=True)
            self._thread.start()
        self._queue.put(self._begun(about, work, lambda _: self._told(done)))

    def beside(
        self,
        about: str,
        work: Callable[[], _T],
        then: Callable[[_T], None],
        failed: Callable[[EvoGitError], None] | None = None,
    ) -> None:
        """Do something slow in a thread of its own, then go on with what it found.

        ``failed`` is called with what went wrong in place of showing it.
        """
        act = self._begun(about, work, then, failed)
        threading.Thread(target=self._carry_out, args=(act,), name="beside", daemon=True).start()

    def close(self) -> None:
        """Wait a little for decisions that are being written; later ones are not taken."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(_PATIENCE)

    def _begun(
        self,
        about: str,
        work: Callable[[], _T],
        then: Callable[[_T], None],
        failed: Callable[[EvoGitError], None] | None = None,
    ) -> _Act:
        found: list[_T] = []
        act = _Act(
            about,
            lambda: found.append(work()),
            lambda: then(found[0]),
            failed or self._app.show_error,
        )
        self._busy.append(act)
        self._show()
        return act

    def _write(self) -> None:
        while (act := self._queue.get()) is not None:
            self._carry_out(act)

    def _carry_out(self, act: _Act) -> None:
        error: EvoGitError | None = None
        try:
            act.work()
        except Exception as found:  # noqa: BLE001  # a failed decision must not end the application
            error = unexpected(found)
        self._app.call_later(self._finish, act, error)

    def _finish(self, act: _Act, error: EvoGitError | None) -> None:
        self._busy.remove(act)
        self._show()
        self._app.look_now()
        if error is not None:
            act.failed(error)
        else:
            act.then()

    def _show(self) -> None:
        self._app.say_note(f"{self._busy[-1].about} ..." if self._busy else "")

    def _told(self, text: str) -> None:
        self._app.notify(clean_line(text, 500), timeout=4, markup=False)


def unexpected(error: Exception) -> EvoGitError:
    """An error as one that can be shown; what was raised on purpose stays what it is."""
    if isinstance(error, EvoGitError):
        return error
    text = clean_line(f"{type(error).__name__}: {error}", 500)
    if isinstance(error, OSError):
        return EvoGitError(f"the system refused: {text}")
    if (type(error).__module__, type(error).__name__) == ("_pygit2", "GitError"):
        return EvoGitError(f"a repository can not be read or written: {text}", hint="evogit doctor")
    return InternalError(f"unexpected {text}", hint="please report this")
