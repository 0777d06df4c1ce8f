"""What one genome holds that another does not, file by file."""

from __future__ import annotations

from dataclasses import dataclass

import pygit2
from pygit2.enums import DeltaStatus, DiffOption

from evogit.git.repository import GitRepository
from evogit.ids import BlobId, TreeId


@dataclass(frozen=True, slots=True)
class Changed:
    """A path whose content or mode differs; ``None`` where there is no file."""

    path: str
    old: BlobId | None
    new: BlobId | None
    old_mode: int
    new_mode: int


def changes(git: GitRepository, old: TreeId, new: TreeId) -> list[Changed]:
    """What ``new`` changes against ``old``, by path; opens only what the two do not share.

    Raises:
        KeyError: one of them is not in the repository.
    """
    one, other = git.handle[old].peel(pygit2.Tree), git.handle[new].peel(pygit2.Tree)
    deltas = one.diff_to_tree(other, flags=DiffOption.SKIP_BINARY_CHECK).deltas
    return [
        Changed(
            delta.new_file.raw_path.decode("utf-8", "surrogateescape"),
            _blob(delta.old_file, gone=delta.status == DeltaStatus.ADDED),
            _blob(delta.new_file, gone=delta.status == DeltaStatus.DELETED),
            int(delta.old_file.mode),
            int(delta.new_file.mode),
        )
        for delta in deltas
    ]


def _blob(file: pygit2.DiffFile, *, gone: bool) -> BlobId | None:
    return None if gone else BlobId(str(file.id))
