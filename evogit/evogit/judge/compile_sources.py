"""Runs inside the sandbox: prints the byte code that the Python files in /candidate still lack.

Byte code is checked by the hash of its source when it is loaded, so what an earlier individual
left behind is never taken for this one's. Nothing of the candidate is executed. The environment's
interpreter runs this file as a script, so it uses the standard library of Python 3.8 only.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import py_compile
import sys
from pathlib import Path

TOP = "/candidate"
SCRATCH = Path("/tmp/compiled.pyc")  # noqa: S108  # inside the sandbox
MOST = 64 * 2**20
"""Bytes of byte code; what is beyond stays uncompiled."""


def main() -> None:
    """Print a JSON object: path below ``/candidate`` of a ``.pyc`` file to its content in base 64."""
    found: dict[str, str] = {}
    room = MOST
    for folder, folders, files in os.walk(TOP):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
        for name in sorted(f for f in files if f.endswith(".py")):
            path = Path(folder, name)
            code = missing(path)
            if code is not None and len(code) <= room:
                room -= len(code)
                target = os.path.relpath(importlib.util.cache_from_source(str(path)), TOP)
                found[target] = base64.b64encode(code).decode()
    json.dump(found, sys.stdout)


def missing(path: Path) -> bytes | None:
    """The byte code of a source, or ``None`` if it is there already or can not be made."""
    try:
        wanted = importlib.util.source_hash(path.read_bytes())
        if present(Path(importlib.util.cache_from_source(str(path)))) == wanted:
            return None
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        py_compile.compile(str(path), str(SCRATCH), doraise=True, invalidation_mode=mode)
        return SCRATCH.read_bytes()
    except (OSError, py_compile.PyCompileError, ValueError, RecursionError, MemoryError):
        return None


def present(cached: Path) -> bytes | None:
    """The source's hash in existing byte code of this interpreter, else ``None``."""
    try:
        with cached.open("rb") as stream:
            head = stream.read(16)
    except OSError:
        return None
    checked = head[:4] == importlib.util.MAGIC_NUMBER and head[4:8] == b"\x03\0\0\0"
    return head[8:16] if checked else None


if __name__ == "__main__":
    main()
