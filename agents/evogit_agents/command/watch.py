"""Watches a running tool: keeps its output, and ends it when it is silent, costs too much, or must stop."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final, Literal

Reason = Literal["silence", "spend", "stop", "output"]

_TICK: Final = 0.25
_COUNT_EVERY: Final = 2.0
_CHUNK: Final = 2**16


class Watch:
    """Reads one tool's output to its end in a thread of its own.

    Args:
        descriptor: read end of the pipe the tool writes to; closed at the end.
        most: bytes of output to keep; more ends the tool.
        silence: seconds without output that end it.
        overspent: whether the output so far says that a cap is reached; asked every 2 s.
        stop: set when the worker must end.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        most: int,
        silence: float,
        overspent: Callable[[str], bool],
        stop: threading.Event,
    ) -> None:
        self._descriptor = descriptor
        self._most = most
        self._silence = silence
        self._overspent = overspent
        self._stop = stop
        self._data = bytearray()
        self._ready = select.poll()
        self._ready.register(descriptor, select.POLLIN)
        self._ended = threading.Event()
        self._kill: Callable[[], None] = _nothing
        self._thread = threading.Thread(target=self._follow, name="watch-tool", daemon=True)
        self.reason: Reason | None = None

    def begin(self, kill: Callable[[], None]) -> None:
        """Start watching; ``kill`` ends the tool with all its processes and returns at once."""
        self._kill = kill
        self._thread.start()

    def end(self) -> bytes:
        """The tool and all it started are gone: the output, at most ``most`` bytes of it."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._descriptor)
        return bytes(self._data[: self._most])

    def _follow(self) -> None:
        heard = counted = time.monotonic()
        size, open_end = 0, True
        while not self._ended.is_set():
            if open_end:
                open_end = self._take(_TICK)
            else:  # it closed its output and goes on; what is said of time and money still holds
                self._ended.wait(_TICK)
            now = time.monotonic()
            if len(self._data) > size:
                heard, size = now, len(self._data)
            if now >= counted + _COUNT_EVERY:
                counted = now
                self._end_if(self._too_expensive(), "spend")
            self._end_if(now >= heard + self._silence, "silence")
            self._end_if(self._stop.is_set(), "stop")
        while open_end and len(self._data) <= self._most and self._take(0, wait_for_more=False):
            pass

    def _too_expensive(self) -> bool:
        return self._overspent(self._data.decode("utf-8", "replace"))

    def _take(self, seconds: float, *, wait_for_more: bool = True) -> bool:
        """Read what is there; false at the end of the output, or if there is nothing to wait for."""
        if not self._ready.poll(seconds * 1000):
            return wait_for_more
        chunk = os.read(self._descriptor, _CHUNK)
        self._data += chunk[: max(self._most + 1 - len(self._data), 0)]
        self._end_if(len(self._data) > self._most, "output")
        return bool(chunk)

    def _end_if(self, condition: bool, reason: Reason) -> None:
        if condition:
            self.reason = self.reason or reason
            self._kill()


def _nothing() -> None:
    return None
