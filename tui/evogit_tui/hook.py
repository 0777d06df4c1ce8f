"""The user's own program that hears of alerts; it can neither block nor break anything."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

SECONDS: Final = 10.0
_WAITING: Final = 100
_GRACE: Final = 2.0
"""What still runs when the application ends gets so many seconds more."""


class Hook:
    """Runs a command for every event, one after the other, with the event as JSON on its input.

    Args:
        command: program and arguments; no shell. Its output is ignored.
        complain: called once, from another thread, when it can not be started.
        seconds: it is killed, with all it started, after that time.
    """

    def __init__(
        self, command: Sequence[str], complain: Callable[[str], None], seconds: float = SECONDS
    ) -> None:
        self._command = tuple(command)
        self._complain = complain
        self._seconds = seconds
        self._events: queue.Queue[str] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None
        self._complained = False
        self._running: subprocess.Popen[bytes] | None = None
        self._closed = False

    def fire(self, event: Mapping[str, object]) -> None:
        """Let the command know; returns at once. With 100 events waiting, this one is dropped."""
        if not self._command:
            return
        with contextlib.suppress(queue.Full):
            self._events.put_nowait(json.dumps(event, sort_keys=True))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hook", daemon=True)
            self._thread.start()

    def idle(self) -> bool:
        """Whether every event was dealt with."""
        return self._events.unfinished_tasks == 0

    def close(self) -> None:
        """Start nothing more; let what runs finish, 2 seconds at most, and leave no process behind."""
        self._closed = True
        running = self._running
        if running is not None:
            try:
                running.wait(_GRACE)
            except subprocess.TimeoutExpired:
                _kill(running)

    def _run(self) -> None:
        while not self._closed:
            event = self._events.get()
            try:
                self._start(event)
            except (OSError, ValueError) as error:
                if not self._complained:
                    self._complained = True
                    self._complain(f"the hook {self._command[0]!r} can not be started: {error}")
            finally:
                self._events.task_done()

    def _start(self, event: str) -> None:
        with subprocess.Popen(  # noqa: S603  # the user's own choice, from the user's own file
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            self._running = process
            if self._closed:  # between two looks at it
                _kill(process)
            try:
                process.communicate(event.encode(), timeout=self._seconds)
            except subprocess.TimeoutExpired:
                _kill(process)
            finally:
                self._running = None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
