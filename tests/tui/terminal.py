"""The real ``evogit tui`` in a pseudo-terminal: what a person sees, and every byte that reached it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyte

_DEADLINE: Final = 60.0
KEYS: Final = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "backspace": "\x7f",
    "space": " ",
    "f1": "\x1bOP",
    "ctrl+p": "\x10",
    "ctrl+s": "\x13",
}
"""What a terminal sends for keys that are no character."""


class Terminal:
    """A started application; a context manager that ends it.

    Args:
        folder: where it is started.
        size: columns and lines.
        arguments: after ``evogit tui``.
        more: environment variables besides the plain ones.
        program: another command line in place of ``evogit tui``.
    """

    def __init__(
        self,
        folder: Path,
        size: tuple[int, int] = (120, 40),
        arguments: Sequence[str] = (),
        more: Mapping[str, str] | None = None,
        program: Sequence[str] = (sys.executable, "-m", "evogit.cli", "tui"),
    ) -> None:
        self.raw = bytearray()
        self._lock = threading.Lock()
        self._screen = pyte.Screen(*size)
        self._stream: Any = pyte.ByteStream(self._screen)
        master, slave = pty.openpty()
        self._master = master
        self._resize(size)
        self.process = subprocess.Popen(
            [*program, *arguments],
            cwd=folder,
            env={**_environment(), **(more or {})},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _resize(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def resize(self, size: tuple[int, int]) -> None:
        """Change the terminal's size and tell the application."""
        with self._lock:
            self._screen.resize(size[1], size[0])
        self._resize(size)
        os.kill(self.process.pid, signal.SIGWINCH)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other side is closed
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)

    @property
    def lines(self) -> list[str]:
        """The screen, line by line."""
        with self._lock:
            # Not ``display``: that fails where half of a wide character was written over.
            rows, columns = range(self._screen.lines), range(self._screen.columns)
            cells = [[self._screen.buffer[row][column].data for column in columns] for row in rows]
            return ["".join(line).rstrip() for line in cells]

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self.lines)

    def press(self, *keys: str) -> None:
        """Send keys by name (see ``KEYS``) or characters, one write each."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def until(self, holds: Callable[[str], object]) -> str:
        """Wait until the screen is as wanted, and return it; fails after a minute."""
        end = time.monotonic() + _DEADLINE
        while not holds(text := self.text):
            assert time.monotonic() < end, f"waited in vain on:\n{text}"
            assert self.process.poll() is None or holds(self.text), f"it ended with:\n{self.text}"
            time.sleep(0.01)
        return text

    def until_shows(self, *words: str) -> str:
        """Wait until the screen shows all of these."""
        return self.until(lambda text: all(word in text for word in words))

    def end(self) -> int:
        """Wait until the application ends by itself; its exit status."""
        status = self.process.wait(_DEADLINE)
        self._reader.join(1)
        return status

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_DEADLINE)
        self._reader.join(1)
        with contextlib.suppress(OSError):
            os.close(self._master)


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "EVOGIT_USER": "ada",
        "GIT_CONFIG_NOSYSTEM": "1",
        "TEXTUAL_ANIMATIONS": "none",
    }
