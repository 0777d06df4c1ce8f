"""Individuals as agents read them: of a tree nothing is opened before it is asked for.

An agent that looks at one file of a hundred ancestors opens the folders on the way to it, a hundred
times; listing every file of each took seconds in a large repository.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, overload

from evogit.errors import UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, FILE, Entry
from evogit.ids import CommitId, TreeId
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Genome

_LISTED: Final = 64
"""Trees whose files are remembered; agents of one worker often have the same parents."""


class UnreadableError(UserError):
    """A parent, perhaps a stranger's, holds a file or more files than may be read."""


class Genomes:
    """Reads individuals. Thread-safe.

    Args:
        git: the swarm repository.
        phylogeny: knows every individual's tree and score.
    """

    def __init__(self, git: GitRepository, phylogeny: Phylogeny) -> None:
        self._git = git
        self._phylogeny = phylogeny
        self._listed = lru_cache(maxsize=_LISTED)(self._list)

    def __call__(self, commit: CommitId) -> Genome:
        """The individual ``commit``; its ``paths`` and ``read`` raise ``UnreadableError``.

        Raises:
            NotFoundError: it is not in the phylogeny.
        """
        index = self._phylogeny.index(commit)
        tree = self._phylogeny.tree(index)
        paths = _Paths(lambda: self._listed(tree))

        def read(path: str) -> bytes:
            return self._read(tree, path)

        return Genome(commit, tree, paths, read, self._phylogeny.score(index))

    def _list(self, tree: TreeId) -> tuple[str, ...]:
        try:
            files = self._git.files(tree)
        except UserError as error:
            raise UnreadableError(f"a parent can not be read: {error}") from error
        return tuple(path for path, entry in files.items() if _is_regular(entry))

    def _read(self, tree: TreeId, path: str) -> bytes:
        entry = self._git.entry(tree, path)
        if entry is None or not _is_regular(entry):
            raise KeyError(path)
        try:
            return self._git.read_blob(entry.blob)
        except UserError as error:
            raise UnreadableError(f"a parent's {path!r} can not be read: {error}") from error


def _is_regular(entry: Entry) -> bool:
    return entry.mode in (FILE, EXECUTABLE)


class _Paths(Sequence[str]):
    """Paths that are listed when somebody looks at them."""

    def __init__(self, listed: Callable[[], tuple[str, ...]]) -> None:
        self._listed = listed

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return self._listed()[index]

    def __len__(self) -> int:
        return len(self._listed())

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed())

    def __contains__(self, path: object) -> bool:
        return path in self._listed()
