"""Files of an individual in folders of their own, for looking at: never the user's work tree."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from evogit.errors import PreconditionError
from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, FILE, changed, check_path
from evogit.ids import CommitId, TreeId
from evogit.judge.workspace import Workspace

_SHORT: Final = 12
_MAX_OPENED: Final = 10
"""Files that an editor is given at most."""


def check_out(git: GitRepository, commit: CommitId, home: Path) -> Path:
    """Put all files of an individual into a folder below ``home``; its path.

    A folder that is there already stays as it is, with whatever the human did in it.

    Args:
        git: the swarm repository.
        commit: the individual.
        home: this person's cache folder.

    Raises:
        PreconditionError: the disk refused.
        UserError: the tree holds a forbidden path or is too large.
    """
    root = home / "checkouts" / commit[:_SHORT]
    try:
        root.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Workspace(git, root).show(git.commit(commit).tree)
    except OSError as error:
        raise PreconditionError(f"{root} can not be written: {error.strerror}") from error


def copies(git: GitRepository, commit: CommitId, old: TreeId | None, home: Path) -> list[Path]:
    """Read-only copies of the files that an individual changed, ten at most.

    Links and submodules are left out: an editor would follow them out of the folder.

    Args:
        git: the swarm repository.
        commit: the individual.
        old: what it changed; ``None`` for nothing, then these are its first files.
        home: this person's cache folder.

    Raises:
        PreconditionError: it changed no file that can be opened, or the disk refused.
        UserError: the tree is not bounded as ``trees.walk`` says.
    """
    tree = git.commit(commit).tree
    found = git.files(tree) if old is None else changed(git.handle, old, tree)
    plain = {path: e for path, e in sorted(found.items()) if e and e.mode in {FILE, EXECUTABLE}}
    root = home / "copies" / commit[:_SHORT]
    written: list[Path] = []
    try:
        for path, entry in list(plain.items())[:_MAX_OPENED]:
            written.append(_write(root / check_path(path), git.read_blob(entry.blob)))
    except OSError as error:
        raise PreconditionError(f"{root} can not be written: {error.strerror}") from error
    if not written:
        raise PreconditionError(f"{commit[:_SHORT]} changed no file that can be opened")
    return written


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    path.chmod(0o400)
    return path
