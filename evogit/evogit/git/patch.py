"""Differences between two genomes as text; no filter, driver or program of anybody runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evogit.errors import NotFoundError
from evogit.text import clean_line, decode

if TYPE_CHECKING:
    import pygit2

    from evogit.git.repository import GitRepository
    from evogit.ids import TreeId

_MAX_FILES: Final = 2_000


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed file: ``status`` is git's letter, counts are lines."""

    path: str
    old_path: str
    status: str
    added: int
    removed: int
    binary: bool
    patch: str

    def as_json(self) -> dict[str, object]:
        """The change as JSON data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def changes(git: GitRepository, old: TreeId, new: TreeId) -> list[FileChange]:
    """What differs between two trees, renames found; at most 2,000 files.

    Raises:
        NotFoundError: a tree is not there.
    """
    difference = _tree(git, old).diff_to_tree(_tree(git, new))
    difference.find_similar()
    found: list[FileChange] = []
    for patch in difference:
        if patch is None:  # an unchanged file; its stub does not know
            continue
        if len(found) < _MAX_FILES:
            found.append(_change(patch))
    return found


def _tree(git: GitRepository, tree: TreeId) -> pygit2.Tree:
    import pygit2

    found = git.handle.get(tree)
    if not isinstance(found, pygit2.Tree):
        raise NotFoundError(f"tree {tree} is not in {git.path}")
    return found


def _change(patch: pygit2.Patch) -> FileChange:
    delta = patch.delta
    _, added, removed = patch.line_stats
    return FileChange(
        path=clean_line(delta.new_file.path, 4096),
        old_path=clean_line(delta.old_file.path, 4096),
        status=delta.status_char(),
        added=added,
        removed=removed,
        binary=bool(delta.is_binary),
        patch=decode(patch.data, 4 * 2**20),
    )
