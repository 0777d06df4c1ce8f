"""Loose objects, written without libgit2, which holds Python's lock while the disk works.

There one agent's write made all others of its worker wait: two fifths of the time for which that
lock was held (docs/performance.md). The format is git's own (gitformat-loose(5), git-cat-file(1)).
"""

# Plain paths: this runs about nine times for every offspring, and pathlib took a third of the time.
# ruff: noqa: PTH102, PTH104, PTH108

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from evogit.errors import InternalError
from evogit.ids import is_object_id

Kind = Literal["blob", "tree", "commit"]

FOLDER: Final = 0o040000
"""The mode of a tree within a tree."""
_LEVEL: Final = 1
"""As git itself compresses loose objects (core.looseCompression): packing does it again anyway."""
_TRIES: Final = 100
_REMAINS: Final = "tmp_obj_"


def write(objects: Path, kind: Kind, data: bytes) -> str:
    """Store an object; returns its id. Durable after the next ``GitRepository.sync``. Thread-safe.

    Atomic: others see the whole object or none. A file of it that is there already is marked as
    new, so that nobody who removes old objects takes it. One that is only in a pack is written
    again: looking there costs a quarter of writing, and it is rare (11 of 8,882 objects of a demo).

    Args:
        objects: the repository's object folder.
        kind: of the object.
        data: its content, without git's header; see ``tree`` and ``commit``.

    Raises:
        OSError: the disk refused.
    """
    content = b"%s %d\0%s" % (kind.encode(), len(data), data)
    name = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    folder = f"{objects}/{name[:2]}"
    path = f"{folder}/{name[2:]}"
    try:
        os.utime(path)
    except FileNotFoundError:
        _place(folder, path, zlib.compress(content, _LEVEL))
    return name


def tree(entries: Iterable[tuple[int, str, str]]) -> bytes:
    """The content of a tree: (mode, name, id) of what it holds, in any order, names checked."""
    found = [(mode, name.encode("utf-8", "surrogateescape"), id_) for mode, name, id_ in entries]
    found.sort(key=lambda entry: entry[1] + b"/" * (entry[0] == FOLDER))
    return b"".join(b"%o %s\0%s" % (mode, name, bytes.fromhex(id_)) for mode, name, id_ in found)


def commit(tree: str, parents: Sequence[str], message: str, author: str, time: int) -> bytes:
    """The content of a commit; see ``GitRepository.write_commit``.

    Raises:
        InternalError: what would make it another commit than it should be.
    """
    if not all(map(is_object_id, (tree, *parents))) or "\0" in message or time < 0:
        raise InternalError(f"no commit can be made of tree {tree!r} and parents {parents!r}")
    if not author or set(author) & set("<>\n\0"):
        raise InternalError(f"{author!r} can not be the author of a commit")
    who = f"{author} <{author}@evogit> {time} +0000"
    above = "".join(f"parent {parent}\n" for parent in parents)
    return f"tree {tree}\n{above}author {who}\ncommitter {who}\n\n{message}".encode()


def _place(folder: str, path: str, data: bytes) -> None:
    # Named as git names its own, so that whoever clears up knows what it is.
    own = f"{folder}/{_REMAINS}{os.urandom(8).hex()}"
    descriptor = _create(folder, own)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.rename(own, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(own)
        raise


def _create(folder: str, path: str) -> int:
    """A new file in a folder that packing, ours or git's own, may remove whenever it is empty."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        with suppress(FileExistsError):
            os.mkdir(folder)
    raise InternalError(f"{folder} vanishes again and again")
