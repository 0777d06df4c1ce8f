"""Upkeep of our own repository: packing and the commit-graph. The user's is never touched.

Loose objects are packed by explicit id lists and then removed one by one.
``repack -a -d`` and ``gc --prune=now`` are never used: they drop what another worker has written
but not yet referenced (a fifth of concurrent writers' records in a test). ``repack --geometric`` keeps
all objects of the packs it unites, whether anything refers to them or not.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.git.program import run_git
from evogit.ids import is_object_id
from evogit.swarm.identity import holders
from evogit.swarm.repository import Swarm

LOOSE_LIMIT: Final = 5000
"""Loose objects cost 4 KiB of disk each; packing this many takes about half a second."""
_REMAINS_SECONDS: Final = 3600.0
_ALONE_SECONDS: Final = 60.0
"""Where nobody works a loose object half-written for so long was left by who was killed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one round of upkeep did; ``busy`` if another process was at it already."""

    packed: int = 0
    loose_before: int = 0
    packs: int = 0
    busy: bool = False


def maintain(swarm: Swarm, *, at_least: int = 0, unite: bool = False) -> Report:
    """Pack loose objects and extend the commit-graph. Safe beside any number of writers.

    Args:
        swarm: whose repository.
        at_least: pack nothing with fewer loose objects than this.
        unite: make few packs of many, where nobody works.

    Raises:
        GitError: git failed, for instance on a full disk; nothing was lost.
    """
    with _exclusive(swarm.private / "maintenance.lock") as held:
        if held is None:
            return Report(busy=True)
        alone = not holders(swarm.path)
        _remove_remains(swarm.path / "objects", _ALONE_SECONDS if alone else _REMAINS_SECONDS)
        loose = _loose(swarm.path / "objects")
        packs = bool(loose) and len(loose) >= at_least
        if packs:
            _pack(swarm.path, loose, held)
        if unite and alone and _packs(swarm.path) > 1:
            run_git(swarm.path, *_UNITE, inherit=(held,))
        return Report(len(loose) if packs else 0, len(loose), _packs(swarm.path))


_UNITE: Final = ("repack", "--geometric=2", "-d", "-q", "-n", "--no-write-bitmap-index")


def _pack(repository: Path, loose: list[str], held: int) -> None:
    target = str(repository / "objects" / "pack" / "pack")
    names = "\n".join(loose).encode()
    pack = ("pack-objects", "-q", "--threads=1", target)
    graph = ("commit-graph", "write", "--reachable", "--split", "--no-progress")
    run_git(repository, *pack, stdin=names, inherit=(held,))
    _remove(repository / "objects", loose)
    run_git(repository, *graph, inherit=(held,))


def _packs(repository: Path) -> int:
    return len(list((repository / "objects" / "pack").glob("*.pack")))


def estimate_loose(swarm: Swarm) -> int:
    """About how many loose objects there are, from one of the 256 folders; microseconds."""
    folder = swarm.path / "objects" / "17"
    return len(os.listdir(folder)) * 256 if folder.exists() else 0  # noqa: PTH208  # names only


def _remove_remains(objects: Path, loose_seconds: float) -> None:
    """Remove what killed processes left half-written.

    Git programs inherit the lock we hold, so a lock on the commit-graph is certainly stale; other
    writers' temporary files are told by their age. A pack may come over a slow line.
    """
    for lock in (objects / "info" / "commit-graphs").glob("*.lock"):
        lock.unlink(missing_ok=True)
    for pattern, age in (("??/tmp_obj_*", loose_seconds), ("pack/tmp_*", _REMAINS_SECONDS)):
        for path in objects.glob(pattern):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - age:
                    path.unlink()


def _remove(objects: Path, loose: list[str]) -> None:
    """Remove these objects and the folders that are empty then, each of which takes 4 KB of disk."""
    for name in loose:
        (objects / name[:2] / name[2:]).unlink(missing_ok=True)
    for folder in {name[:2] for name in loose}:
        with suppress(OSError):  # somebody wrote into it since, or removed it
            (objects / folder).rmdir()


def _loose(objects: Path) -> list[str]:
    found: list[str] = []
    for folder in objects.iterdir():
        if len(folder.name) == 2:
            names = (folder.name + entry.name for entry in folder.iterdir())
            found.extend(name for name in names if is_object_id(name))
    return sorted(found)


@contextmanager
def _exclusive(path: Path) -> Generator[int | None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield None
    else:
        yield descriptor
    finally:
        os.close(descriptor)
