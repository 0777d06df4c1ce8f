"""Byte code beside a workspace's Python sources, as an installed package has it.

Without it each timed run would compile every module it imports, and deleting code that is never
used would count as a gain in speed.
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path, PurePosixPath
from typing import Final, cast

from evogit.config.model import Stage
from evogit.errors import UserError
from evogit.git.trees import check_path
from evogit.judge.stages import CANDIDATE, Bench
from evogit.sandbox.base import Job, Mount

_SCRIPT: Final = Path(__file__).with_name("compile_sources.py")
_INSIDE: Final = "/compiler/compile_sources.py"
_OUTPUT: Final = 128 * 2**20
_PROGRAMS: Final = ("python", "python3")


def add_bytecode(stage: Stage, bench: Bench) -> None:
    """Put the byte code that is missing into the candidate's folder; it stays there for later trees.

    Compiled by the environment's interpreter in the sandbox, without running the candidate. What
    can not be compiled stays as it is; stages that do not start Python are left alone.

    Raises:
        EvaluatorError: the sandbox could not start.
        OSError: the disk refused.
    """
    if stage.run[0] not in _PROGRAMS:
        return
    limits = stage.limits.model_copy(update={"output": _OUTPUT})
    mounts = (Mount(bench.candidate, CANDIDATE), Mount(_SCRIPT, _INSIDE))
    job = Job(
        ("python", _INSIDE),
        mounts,
        CANDIDATE,
        {"PYTHONDONTWRITEBYTECODE": "1"},
        limits,
        warm=stage.warm,
        preload=stage.preload,
    )
    done = bench.sandbox.start(job).wait()
    if done.status == 0 and done.limit is None:
        for path, code in _parts(done.stdout).items():
            _write(bench.candidate, path, code)


def _parts(printed: bytes) -> dict[str, bytes]:
    """What the script printed; nothing at all if it is not as it should be."""
    try:
        found = cast("dict[str, str]", json.loads(printed))
        return {path: base64.b64decode(text) for path, text in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error):
        return {}


def _write(folder: Path, path: str, code: bytes) -> None:
    """Write one file below a ``__pycache__`` folder of a real, existing folder of the tree."""
    place = PurePosixPath(path)
    if place.suffix != ".pyc" or place.parent.name != "__pycache__":
        return
    try:
        check_path(path)
    except UserError:
        return
    target = folder / place
    above = target.parent.parent
    if above.resolve() != folder.resolve() / place.parent.parent or target.parent.is_symlink():
        return
    target.parent.mkdir(exist_ok=True)
    target.parent.chmod(0o755)
    target.unlink(missing_ok=True)
    target.write_bytes(code)
    target.chmod(0o644)
