"""Patch ids: the same change made twice, wherever it was made."""

from __future__ import annotations

from typing import Final

import pygit2
from pygit2.enums import DiffOption

from evogit.git.repository import GitRepository
from evogit.phylogeny.individuals import Individuals

MAX_FILES: Final = 500
MAX_NEIGHBOURS: Final = 128
"""Only this many older and newer individuals are compared: each costs a diff."""


class Patches:
    """Stable patch ids against the first parent, computed when first asked for and kept."""

    def __init__(self, git: GitRepository) -> None:
        self._git = git
        self._ids: dict[int, str | None] = {}

    def same_change(self, table: Individuals, row: int) -> list[int]:
        """Neighbours in reading order that made the same change as ``row``."""
        wanted = self._of(table, row)
        if wanted is None:
            return []
        near = range(max(row - MAX_NEIGHBOURS, 1), min(row + MAX_NEIGHBOURS + 1, len(table)))
        return [other for other in near if other != row and self._of(table, other) == wanted]

    def _of(self, table: Individuals, row: int) -> str | None:
        if row not in self._ids:
            self._ids[row] = self._compute(table, row)
        return self._ids[row]

    def _compute(self, table: Individuals, row: int) -> str | None:
        parents = table.parents(row)
        if not parents:
            return None
        try:
            old = self._git.handle[table.ids[parents[0]].hex()].peel(pygit2.Tree)
            new = self._git.handle[table.ids[row].hex()].peel(pygit2.Tree)
            diff = old.diff_to_tree(new, flags=DiffOption.SKIP_BINARY_CHECK)
            if not 0 < len(diff) <= MAX_FILES:
                return None
            return str(diff.patchid)
        except (KeyError, ValueError, pygit2.GitError):
            return None
