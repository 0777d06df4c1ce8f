"""Runs inside the sandbox: opens the channel to its parent, then runs the tests.

Started with ``-S`` and without PYTHONPATH, so that nothing of the candidate is loaded before the
channel is open and the test framework's functions are known. What pytest or unittest then sees is
what ``python -m`` would have given it. Standard library of Python 3.8, and pytest 6 or newer.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEY = 32
PATH = "EVOGIT_HARNESS_PATH"
LOWEST = 100


def main() -> int:
    """``child.py KEY RESULTS KIND ARGUMENT...``; the exit status is that of the tests."""
    key_end, result_end, kind, *arguments = sys.argv[1:]
    send = channel(int(key_end), int(result_end))
    paths = [path for path in os.environ.pop(PATH, "").split(os.pathsep) if path]
    kinds: dict[str, Any] = {
        name: importlib.import_module(f"_evogit_{name}") for name in ("pytest", "unittest", "watch")
    }
    sys.path.pop(0)  # our own folder
    sys.path[:0] = [path for path in paths if not is_candidates(path)]
    provide_packages()
    status: int = kinds[kind].run(arguments, send, lambda: let_in(paths), kinds["watch"])
    return status


def channel(key_end: int, result_end: int) -> Callable[..., None]:
    """A function that sends one message; it works in this process only, whatever is patched later.

    The pipe lies behind a descriptor that no started program inherits.
    """
    key = os.read(key_end, KEY)
    os.close(key_end)
    lowest = LOWEST + random.SystemRandom().randrange(100)
    pipe = fcntl.fcntl(result_end, fcntl.F_DUPFD_CLOEXEC, lowest)
    os.close(result_end)
    write, code, get_pid, process, form = os.write, hashlib.blake2b, os.getpid, os.getpid(), repr
    number = 0

    def send(*fields: str | int) -> None:
        nonlocal number
        if get_pid() != process:
            return
        text = form(fields).encode("ascii", "backslashreplace")
        salt = number.to_bytes(16, "big")
        line = code(text, key=key, salt=salt, digest_size=16).hexdigest().encode()
        line += b" " + text + b"\n"
        number += 1
        while line:
            line = line[write(pipe, line) :]

    return send


def provide_packages() -> None:
    """What the interpreter does at its start without ``-S``: folders of installed packages."""
    import site

    site.main()


def let_in(paths: list[str]) -> None:
    """From here on the candidate's modules are found, in the order ``python -m`` gives them."""
    rest = [path for path in sys.path if path not in paths]
    sys.path[:] = [str(Path.cwd()), *paths, *rest]
    if paths:
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)


def is_candidates(path: str) -> bool:
    """Whether a folder is the candidate's, or below."""
    top = os.path.realpath(os.environ.get("EVOGIT_CANDIDATE", os.curdir))
    return os.path.realpath(path).startswith((top + os.sep,)) or os.path.realpath(path) == top


if __name__ == "__main__":
    sys.exit(main())
