"""Runs inside the sandbox: prints the byte code that the Python files in /candidate still lack.

Byte code is checked by the hash of its source when it is loaded, so what an earlier individual
left behind is never taken for this one's. Nothing of the candidate is executed. It is run as a
script by the environment's interpreter, so it uses the standard library of Python 3.8 only.
"""

import base64
import importlib.util
import json
import os
import py_compile
import sys

TOP = "/candidate"
SCRATCH = "/tmp/compiled.pyc"  # noqa: S108  # inside the sandbox
MOST = 64 * 2**20
"""Bytes of byte code; what is beyond stays uncompiled."""


def main():
    """Print a JSON object: path below ``/candidate`` of a ``.pyc`` file to its content in base 64."""
    found = {}
    room = MOST
    for folder, folders, files in os.walk(TOP):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
        for name in sorted(f for f in files if f.endswith(".py")):
            path = os.path.join(folder, name)
            code = missing(path)
            if code is not None and len(code) <= room:
                room -= len(code)
                target = os.path.relpath(importlib.util.cache_from_source(path), TOP)
                found[target] = base64.b64encode(code).decode()
    json.dump(found, sys.stdout)


def missing(path):
    """The byte code of a source, or ``None`` if it is there already or can not be made."""
    try:
        with open(path, "rb") as stream:
            wanted = importlib.util.source_hash(stream.read())
        if present(importlib.util.cache_from_source(path)) == wanted:
            return None
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        py_compile.compile(path, SCRATCH, doraise=True, invalidation_mode=mode)
        with open(SCRATCH, "rb") as stream:
            return stream.read()
    except (OSError, py_compile.PyCompileError, ValueError, RecursionError, MemoryError):
        return None


def present(cached):
    """The source's hash in existing byte code of this interpreter, else ``None``."""
    try:
        with open(cached, "rb") as stream:
            head = stream.read(16)
    except OSError:
        return None
    checked = head[:4] == importlib.util.MAGIC_NUMBER and head[4:8] == b"\x03\0\0\0"
    return head[8:16] if checked else None


main()
