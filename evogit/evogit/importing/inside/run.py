"""Runs in the sandbox: starts a foreign evaluator in a child process and prints what it said.

The evaluator loads the candidate into its own process, so its word is no more than the candidate's:
what can be guarded is that it is the evaluator's word. The channel is open before any of that code
loads, its messages carry the code of a key, and this process, which prints the answer, can not be
inspected by others of the same user. What the candidate prints goes to standard error.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
from pathlib import Path

from child import KEY
from parent import LATE, collect, hide, message_code

MOST = 2**20


def main() -> int:
    """Print the one answer of the child; exit status 1 if there is none."""
    hide()
    key, results = os.urandom(KEY), os.pipe()
    child = start(key, results[1])
    messages = bytearray()
    reader = threading.Thread(target=collect, args=(results[0], messages), daemon=True)
    reader.start()
    status = child.wait()
    reader.join(LATE)
    answer = verified(bytes(messages), key)
    if answer is None:
        sys.stderr.write(f"the evaluator gave no answer; its process ended with status {status}\n")
        return 1
    sys.stdout.write(answer + "\n")
    return 0


def start(key: bytes, results: int) -> subprocess.Popen[bytes]:
    """Start the evaluator's process; what it prints goes to our standard error."""
    keys = os.pipe()
    os.write(keys[1], key)
    os.close(keys[1])
    load = str(Path(__file__).absolute().with_name("load.py"))
    command = [sys.executable, "-B", load, str(keys[0]), str(results)]
    try:
        return subprocess.Popen(  # noqa: S603  # in its sandbox
            command, stdin=subprocess.DEVNULL, stdout=2, pass_fds=(keys[0], results)
        )
    finally:
        os.close(keys[0])
        os.close(results)


def verified(messages: bytes, key: bytes) -> str | None:
    """The answer, if it is all that was said and the child's own key signed it."""
    lines = messages.split(b"\n")
    if len(messages) > MOST or len(lines) != 2 or lines[1]:
        return None
    code, _, text = lines[0].partition(b" ")
    if code != message_code(key, 0, text):
        return None
    fields = ast.literal_eval(text.decode("ascii"))
    return str(fields[0]) if len(fields) == 1 else None


if __name__ == "__main__":
    sys.exit(main())
