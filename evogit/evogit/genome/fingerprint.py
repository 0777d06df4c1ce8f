"""Fingerprints: equal for genomes that can only differ in comments, layout and names of locals.

Or in how declared functions come to the same answers (``inputs``).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Final

from evogit.config.functions import Function
from evogit.errors import UserError
from evogit.genome.changes import Changed, changes
from evogit.genome.inputs import Inputs
from evogit.genome.python import normal_form
from evogit.genome.tokens import tokens
from evogit.git.repository import GitRepository
from evogit.ids import BlobId, TreeId
from evogit.syntax import NO_PYTHON, parse

Fingerprint = bytes
MAX_BYTES: Final = 256 * 1024
"""A larger file is generated or data; it is told by its bytes."""
MAX_FILES: Final = 500
_KEPT: Final = 4096


def fingerprint(path: str, data: bytes, inputs: Sequence[Inputs] = ()) -> Fingerprint:
    """What a file says: its normal form, else its tokens, else its bytes.

    Args:
        path: its path; the ending tells the language.
        data: its content.
        inputs: what functions are asked; those of this file are told by their answers.
    """
    kind, text = "bytes", data
    if len(data) <= MAX_BYTES:
        form = (
            _python(data, [i for i in inputs if i.function.file == path])
            if _is_python(path)
            else None
        )
        found = [form] if form is not None else tokens(path, data)
        if found is not None:
            kind, text = "syntax", "\0".join(found).encode("utf-8", "surrogatepass")
    return sha256(f"{kind}\0".encode() + text).digest()


def _is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi"))


def _python(data: bytes, inputs: Sequence[Inputs]) -> str | None:
    """The normal form, in which answers stand for functions whose answers are known."""
    answers: dict[str, str] = {}
    if inputs:
        with suppress(*NO_PYTHON):
            tree, text = parse(data), data.decode()
            for one in inputs:
                found = one.answers(tree, text)
                if found is not None:
                    answers[one.function.name] = found.hex()
    form = normal_form(data, answers)
    return form and "\n".join((form, *(f"{name} {told}" for name, told in sorted(answers.items()))))


class Fingerprints:
    """Fingerprints of genomes against the base they all descend from. Thread-safe.

    Args:
        git: the swarm repository.
        base: the base's tree: what a genome shares with it is not read.
        functions: those of numbers whose inputs are declared.
    """

    def __init__(
        self, git: GitRepository, base: TreeId, functions: Sequence[Function] = ()
    ) -> None:
        self._inputs = [Inputs(one) for one in functions]
        self._git = git
        self._base = base
        self._files: OrderedDict[tuple[BlobId, str], Fingerprint] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tree: TreeId) -> Fingerprint:
        """The fingerprint of a genome; one that is too large to be compared is like no other.

        Raises:
            KeyError: it is not in the repository.
        """
        try:
            found = changes(self._git, self._base, tree)
        except UserError:
            found = None
        if found is None or len(found) > MAX_FILES:
            return sha256(tree.encode()).digest()
        digest = sha256()
        for line in sorted(self._lines(found)):
            digest.update(line)
        return digest.digest()

    def _lines(self, found: list[Changed]) -> Iterator[bytes]:
        for change in found:
            old, new = self._file(change.old, change.path), self._file(change.new, change.path)
            if old != new or change.old_mode != change.new_mode:
                path = change.path.encode("utf-8", "surrogateescape")
                yield b"%d %d %s\0" % (change.new_mode, len(path), path) + new

    def _file(self, blob: BlobId | None, path: str) -> Fingerprint:
        if blob is None:
            return b""
        declared = any(one.function.file == path for one in self._inputs)
        key = (blob, path if declared else path.rpartition(".")[2])
        with self._lock:
            found = self._files.get(key)
        if found is None:
            found = self._read(blob, path)  # what two threads read at once is the same
        with self._lock:
            self._files[key] = found
            self._files.move_to_end(key)
            if len(self._files) > _KEPT:
                self._files.popitem(last=False)
        return found

    def _read(self, blob: BlobId, path: str) -> Fingerprint:
        try:
            return fingerprint(path, self._git.read_blob(blob), self._inputs)
        except (UserError, KeyError):  # larger than may be read, or a submodule
            return sha256(blob.encode()).digest()
