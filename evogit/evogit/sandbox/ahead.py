"""Containers made ahead of time, so that no evaluation waits for one: each runs one job, ever.

A worker's jobs come in few shapes again and again: its slots' folders stay the same, only what is
in them changes. From the second job of a shape on, one container of that shape is kept waiting.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from evogit.errors import EvaluatorError
from evogit.sandbox.waiting import Shape, Waiting

_MOST: Final = 16
"""Shapes remembered, so also containers kept waiting; each costs about 10 MB in the engine."""
_THREADS: Final = 2


class Ahead:
    """Hands out waiting containers and makes the next. Thread-safe.

    Args:
        make: starts a container of a shape.
    """

    def __init__(self, make: Callable[[Shape], Waiting]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._shapes: OrderedDict[Shape, Future[Waiting] | None] = OrderedDict()
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="containers")
        self._closed = False

    def take(self, shape: Shape) -> Waiting:
        """A container for one job of this shape; the caller gives it back to ``discard``.

        Raises:
            EvaluatorError: the engine does not start one.
        """
        with self._lock:
            again = shape in self._shapes
            coming = self._shapes.pop(shape, None)
            self._shapes[shape] = None
        found = self._ready(coming) or self._make(shape)
        if again:
            self._prepare(shape)
        return found

    def discard(self, container: Waiting) -> None:
        """Remove a container in the background, at once if there is no background any more."""
        try:
            self._executor.submit(container.discard)
        except RuntimeError:  # shut down
            container.discard()

    def close(self) -> None:
        """Remove every container that waits, and wait for all removals. Idempotent."""
        with self._lock:
            self._closed = True
            coming = [future for future in self._shapes.values() if future is not None]
            self._shapes.clear()
        for future in coming:
            self._drop(future)
        self._executor.shutdown()

    def _ready(self, coming: Future[Waiting] | None) -> Waiting | None:
        if coming is None:
            return None
        try:
            found = coming.result()
        except (EvaluatorError, OSError):
            return None  # making one now says why, if it is still so
        if found.is_usable():
            return found
        self.discard(found)
        return None

    def _prepare(self, shape: Shape) -> None:
        with self._lock:
            if self._closed or self._shapes.get(shape) is not None:
                return
            self._shapes[shape] = self._executor.submit(self._make, shape)
            old = self._shapes.popitem(last=False)[1] if len(self._shapes) > _MOST else None
        if old is not None:
            self._drop(old)

    def _drop(self, future: Future[Waiting]) -> None:
        if not future.cancel():
            future.add_done_callback(self._discard_result)

    def _discard_result(self, future: Future[Waiting]) -> None:
        with suppress(EvaluatorError, OSError):
            self.discard(future.result())
