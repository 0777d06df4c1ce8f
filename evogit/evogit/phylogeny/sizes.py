"""How much larger one genome is than another, counted over what differs."""

from __future__ import annotations

import pygit2
from pygit2.enums import DiffOption

from evogit.git.repository import GitRepository
from evogit.ids import TreeId


def growth(git: GitRepository, old: TreeId, new: TreeId) -> int:
    """Bytes of files that ``new`` holds more than ``old``; opens only what the two do not share.

    Raises:
        KeyError: one of them is not in the repository.
    """
    one, other = git.handle[old].peel(pygit2.Tree), git.handle[new].peel(pygit2.Tree)
    deltas = one.diff_to_tree(other, flags=DiffOption.SKIP_BINARY_CHECK).deltas
    return sum(_size(git, d.new_file.id) - _size(git, d.old_file.id) for d in deltas)


def _size(git: GitRepository, blob: pygit2.Oid) -> int:
    """A file's size; 0 for one that is not there, and for submodules."""
    found = git.handle.get(blob)
    return found.size if isinstance(found, pygit2.Blob) else 0
