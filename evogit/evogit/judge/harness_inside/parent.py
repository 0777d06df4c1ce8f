"""Runs inside the sandbox: starts the tests in a child process and reports what they did.

It never loads code of the candidate. The judge's key arrives on standard input and is gone from
there before the child starts; this process can not be inspected by others of the same user, so the
one line it prints can not be forged. What the child says is believed only if every message carries
the code of the child's own key. Standard library of Python 3.8 only, started with ``-I -S``.
"""

from __future__ import annotations

import ast
import base64
import ctypes
import hashlib
import json
import os
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

KEY = 32
MARK = "evogit-harness"
PATH = "EVOGIT_HARNESS_PATH"
MOST = 2**26
"""Bytes of messages; more is no test run."""
WORST = ("failed", "skipped", "xfailed", "xpassed", "passed")
LATE = 5.0
"""Seconds to wait for messages after the child ended, if a process it left holds the pipe."""


def main() -> int:
    """Run ``parent.py KIND ARGUMENT...``; exit status 0 whenever there is a report."""
    key = read_key(0)
    hide()
    own, results = os.urandom(KEY), os.pipe()
    child = start(sys.argv[1:], own, results[1])
    messages = bytearray()
    reader = threading.Thread(target=collect, args=(results[0], messages), daemon=True)
    reader.start()
    status = child.wait()
    reader.join(LATE)
    report = digest(bytes(messages), own)
    report["status"] = status
    packed = base64.b64encode(zlib.compress(json.dumps(report).encode(), 6))
    code = hashlib.blake2b(packed, key=key).hexdigest()
    sys.stdout.write(f"{MARK} {code} {packed.decode()}\n")
    sys.stdout.flush()
    return 0


def read_key(descriptor: int) -> bytes:
    """The judge's key; nothing of it is left to read afterwards."""
    key = b""
    while len(key) < KEY:
        piece = os.read(descriptor, KEY - len(key))
        if not piece:
            raise SystemExit("the judge sent no key")
        key += piece
    return key


def hide() -> None:
    """Close this process's memory and descriptors to others of the same user (PR_SET_DUMPABLE)."""
    if ctypes.CDLL(None).prctl(4, 0, 0, 0, 0):
        raise SystemExit("the kernel does not let the harness hide its memory")


def start(arguments: list[str], own: bytes, results: int) -> subprocess.Popen[bytes]:
    """Start the child; what it prints goes to our standard error."""
    keys = os.pipe()
    os.write(keys[1], own)
    os.close(keys[1])
    variables = dict(os.environ)
    # The interpreter would look for its own modules in the candidate's folders first.
    variables[PATH] = variables.pop("PYTHONPATH", "")
    child = str(Path(__file__).absolute().with_name("child.py"))
    command = [sys.executable, "-S", child, str(keys[0]), str(results), *arguments]
    try:
        return subprocess.Popen(  # noqa: S603  # in its sandbox
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=(keys[0], results),
            env=variables,
        )
    finally:
        os.close(keys[0])
        os.close(results)


def collect(descriptor: int, messages: bytearray) -> None:
    """Read until the last writer is gone."""
    while len(messages) <= MOST:
        piece = os.read(descriptor, 2**16)
        if not piece:
            return
        messages += piece


def digest(messages: bytes, own: bytes) -> dict[str, Any]:
    """What the messages say, up to the first that the child's own key did not sign."""
    tests: dict[str, str] = {}
    facts: dict[str, list[str]] = {"changed": [], "hooks": [], "settings": []}
    ended: int | None = None
    lines = messages.split(b"\n")
    intact = lines.pop() == b"" and len(messages) <= MOST
    for number, line in enumerate(lines):
        code, _, text = line.partition(b" ")
        if code != message_code(own, number, text):
            intact = False
            break
        kind, *fields = ast.literal_eval(text.decode("ascii"))
        if kind == "test":
            name, outcome = fields
            tests[name] = min(outcome, tests.get(name, outcome), key=WORST.index)
        elif kind == "end":
            ended = fields[0]
        else:
            facts[kind].append(fields[0])
    return {"tests": tests, "ended": ended, "intact": intact, **facts}


def message_code(key: bytes, number: int, text: bytes) -> bytes:
    """The code of the message with this number."""
    made = hashlib.blake2b(text, key=key, salt=number.to_bytes(16, "big"), digest_size=16)
    return made.hexdigest().encode()


if __name__ == "__main__":
    sys.exit(main())
