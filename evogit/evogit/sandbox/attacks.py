"""Small hostile programs that ``evogit doctor`` runs inside each sandbox: ``python attacks.py NAME ARGUMENT``.

Runs alone, inside, so it imports nothing of ours. Paths in arguments lack their first slash, for a
sandbox that rewrites paths would otherwise seem to stop what it does not. Each attack first prints ``begun`` and, if it got
what it wanted, ``ESCAPED`` and what. What the host can see for itself, it does not believe from here.

They also run where nothing stops them, perhaps as root: success must do no harm. So nothing is
mounted, killed or overwritten, and whatever is taken is little, for seconds, and in scratch space.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_LINGER = 1.0
"""Seconds an attack goes on after it took too much, so that a limit that is looked at can act."""


def _escaped(what: object) -> None:
    print("ESCAPED", what, flush=True)  # noqa: T201


def network(argument: str) -> None:
    """Reach a server of the host, on its loopback device and by an abstract socket."""
    port, _, abstract = argument.partition(":")
    for family, address in (
        (socket.AF_INET, ("127.0.0.1", int(port))),
        (socket.AF_UNIX, "\0" + abstract),
    ):
        with suppress(OSError), socket.socket(family) as one:
            one.settimeout(1)
            one.connect(address)
            _escaped(address)


def secret(argument: str) -> None:
    """Read a file of the host, by its path and through other processes' views of the files."""
    roots = [Path("/"), *(process / "root" for process in Path("/proc").glob("[0-9]*"))]
    for path in (root / argument for root in roots):
        with suppress(OSError):
            _escaped(path.read_text("utf-8"))


def outside(argument: str) -> None:
    """Write where the host looks for it."""
    with suppress(OSError):
        Path("/", argument).write_text("here", "utf-8")
        _escaped(argument)


def processes(argument: str) -> None:
    """Have more processes than allowed."""
    started = 0
    with suppress(OSError):
        for _ in range(int(argument)):
            if os.fork() == 0:
                time.sleep(_LINGER * 2)
                os._exit(0)
            started += 1
    time.sleep(_LINGER)
    if started == int(argument):
        _escaped(f"{started} processes")


def memory(argument: str) -> None:
    """Fill more memory than allowed, in several processes."""
    for _ in range(2):
        if os.fork() == 0:
            _fill(int(argument))
            os._exit(0)
    for _ in range(2):
        if os.wait()[1] == 0:
            _escaped("memory")


def _fill(size: int) -> None:
    held = [bytearray(b"x" * 2**20) for _ in range(size // 2**20)]
    time.sleep(_LINGER if held else 0)


def disk(argument: str) -> None:
    """Write more than allowed, in files of which each is small enough."""
    written = 0
    with suppress(OSError):
        for number in range(int(argument) // 2**20):
            written += Path(tempfile.gettempdir(), f"file{number}").write_bytes(b"x" * 2**20)
    time.sleep(_LINGER)
    if written >= int(argument):
        _escaped(f"{written} bytes")


def daemon(argument: str) -> None:
    """Leave a process behind that nobody can find by its parent, session or output."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 3)
            code = "import time; time.sleep(20)"
            os.execv(sys.executable, [sys.executable, "-c", code, argument])  # noqa: S606
        os._exit(0)
    os.wait()


def others(argument: str) -> None:
    """Find a process of the host, and any that does not belong here."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = path.read_bytes()
            if argument.encode() in line and b"attacks.py" not in line:
                _escaped(path)


def rights(_argument: str) -> None:
    """Gain rights: capabilities, set-uid programs, new namespaces."""
    status = Path("/proc/self/status").read_text("utf-8")
    facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if int(facts["CapEff"], 16) or int(facts["CapPrm"], 16):
        _escaped("capabilities")
    if facts["NoNewPrivs"].strip() != "1":
        _escaped("set-uid programs work")
    library = ctypes.CDLL(None)
    for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000):
        if os.fork() == 0:
            os._exit(int(library.unshare(flag) == 0))
        if os.waitstatus_to_exitcode(os.wait()[1]):
            _escaped(f"namespace {flag:#x}")


def spin(argument: str) -> None:
    """Use more processor time than allowed, in several processes."""
    os.fork()
    while time.process_time() < float(argument):
        pass
    _escaped("processor time")


def flood(argument: str) -> None:
    """Print more than allowed."""
    block = b"x" * 2**16
    for _ in range(int(argument) // len(block)):
        os.write(2, block)
    _escaped("output")


ATTACKS: dict[str, Callable[[str], None]] = {
    attack.__name__: attack
    for attack in (
        network,
        secret,
        outside,
        others,
        rights,
        daemon,
        processes,
        memory,
        disk,
        spin,
        flood,
    )
}

if __name__ == "__main__":
    print("begun", flush=True)  # noqa: T201
    ATTACKS[sys.argv[1]](sys.argv[2])
