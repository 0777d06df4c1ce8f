"""A socket that no peer can hold for longer than a call may take, however slowly it drips."""

from __future__ import annotations

import io
import socket
import ssl
import weakref
from typing import TYPE_CHECKING

from evogit_agents.models.deadline import Deadline

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Wire:
    """What ``http.client`` needs of a socket, every wait of it bounded by a deadline.

    Args:
        connected: a socket, TLS included.
        deadline: of the call that uses it now; a kept connection gets a new one for the next.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        weakref.finalize(self, connected.close)
        self.deadline = deadline
        self._readers = 0
        self._unwanted = False

    def sendall(self, data: ReadableBuffer) -> None:
        """Send all of ``data``.

        Raises:
            Trouble: the time is over.
            OSError: the connection is lost.
        """
        rest = memoryview(data).cast("B")
        while rest:
            self._socket.settimeout(self.deadline.slice())
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError:
                continue

    def receive(self, buffer: WriteableBuffer) -> int:
        """Some bytes into ``buffer``; 0 at the end. Raises as ``sendall``."""
        while True:
            self._socket.settimeout(self.deadline.slice())
            try:
                return self._socket.recv_into(buffer)
            except TimeoutError:
                continue

    def makefile(self, mode: str) -> io.BufferedReader:
        """A reader, as ``http.client`` wants one for each response."""
        del mode
        self._readers += 1
        return io.BufferedReader(_Raw(self))

    def close(self) -> None:
        """Close the connection, as soon as no reader of it is left."""
        self._unwanted = True
        if self._readers == 0:
            self._socket.close()

    def abort(self) -> None:
        """Close the connection now: who still reads from it gets nothing."""
        self._socket.close()

    def done(self) -> None:
        """A reader is closed."""
        self._readers -= 1
        if self._unwanted:
            self.close()

    @property
    def stale(self) -> bool:
        """Whether the peer closed it, or sent what nobody asked for, since the last answer."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        return True


class _Raw(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._wire.done()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return self._wire.receive(buffer)
