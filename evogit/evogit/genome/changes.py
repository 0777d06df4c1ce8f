"""What one genome holds that another does not, file by file."""

from __future__ import annotations

from dataclasses import dataclass

import pygit2
from pygit2.enums import FileMode

from evogit.git.repository import GitRepository
from evogit.git.trees import changed
from evogit.ids import BlobId, TreeId


@dataclass(frozen=True, slots=True)
class Changed:
    """A path whose content or mode differs; ``None`` and 0 where there is no file."""

    path: str
    old: BlobId | None
    new: BlobId | None
    old_mode: int
    new_mode: int


def changes(git: GitRepository, old: TreeId, new: TreeId) -> list[Changed]:
    """What ``new`` changes against ``old``, by path; opens only what the two do not share.

    Raises:
        KeyError: one of them is not in the repository.
        UserError: a bound of ``evogit.git.trees.changed``; genomes come from strangers, too.
    """
    found = changed(git.handle, old, new)
    before = git.handle[old].peel(pygit2.Tree)
    listed: list[Changed] = []
    for path, entry in sorted(found.items()):
        blob, mode = _file(before, path)
        new_mode = entry.mode if entry is not None else 0
        listed.append(Changed(path, blob, entry.blob if entry else None, mode, new_mode))
    return listed


def _file(tree: pygit2.Tree, path: str) -> tuple[BlobId | None, int]:
    try:
        found = tree[path]
    except KeyError:
        return None, 0
    if found.filemode == FileMode.TREE:
        return None, 0
    return BlobId(str(found.id)), int(found.filemode)
