"""Trees made from nothing, which takes no libgit2; ``trees`` changes those that are there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evogit.errors import UserError
from evogit.git.objects import FOLDER, tree, write
from evogit.git.trees import EXECUTABLE, FILE, Entry, check_path
from evogit.ids import TreeId


def build(folder: Path, entries: Iterable[tuple[str, Entry]]) -> TreeId:
    """Store the tree that holds exactly ``entries`` in the object folder; paths are checked.

    Modes are those of a plain or an executable file. No entries make the empty tree.

    Raises:
        UserError: a forbidden path, or a path that is both file and folder.
        OSError: the disk refused.
    """
    root = _Folder()
    for path, entry in entries:
        *above, name = check_path(path).split("/")
        root.at(above).put(name, entry)
    return TreeId(root.store(folder))


class _Folder(dict[str, "Entry | _Folder"]):
    """A folder that is not stored yet."""

    def at(self, names: list[str]) -> _Folder:
        """The folder below this one, made if need be."""
        here = self
        for name in names:
            inner = here.setdefault(name, _Folder())
            if isinstance(inner, Entry):
                raise UserError(f"{name!r} is a file, so nothing can be put below it")
            here = inner
        return here

    def put(self, name: str, entry: Entry) -> None:
        if isinstance(self.get(name), _Folder):
            raise UserError(f"{name!r} is a folder, so it can not become a file")
        self[name] = entry

    def store(self, folder: Path) -> str:
        entries = [
            (_mode(inner), name, inner.blob)
            if isinstance(inner, Entry)
            else (FOLDER, name, inner.store(folder))
            for name, inner in self.items()
        ]
        return write(folder, "tree", tree(entries))


def _mode(entry: Entry) -> int:
    return EXECUTABLE if entry.mode == EXECUTABLE else FILE
