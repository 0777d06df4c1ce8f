"""A tree held to the tests inside the base's source files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evogit.errors import UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, FILE, Entry, blob_size, changed, find
from evogit.ids import TreeId
from evogit.inline_tests.kept import keeps_tests, may_hold_tests
from evogit.paths import matches
from evogit.quarantine.files import kind_of

MAX_TOTAL: Final = 4 * 2**20
"""Reading takes seconds for each MiB, and strangers may send any number of files."""


def check_inline_tests(
    git: GitRepository, base: TreeId, tree: TreeId, protected: Sequence[str]
) -> None:
    """Refuse a tree in which tests inside source files are not those of the base.

    Protected files are left to ``with_protected``; files that are tests by their name, and that
    somebody made editable, to the quarantine.

    Raises:
        UserError: they changed, are gone, or others were added; more than 4 MiB of such files were
            changed; or a bound of ``changed``.
    """
    after = changed(git.handle, base, tree)
    paths = [path for path in after if may_hold_tests(path) and kind_of(path) != "test"]
    paths = [path for path in paths if not matches(path, protected)]
    if sum(_size(git, after[path]) for path in paths) > MAX_TOTAL:
        raise UserError(f"more than {MAX_TOTAL // 2**20} MiB of files that may hold tests changed")
    for path in paths:
        old, new = find(git.handle, base, path), after[path]
        if not keeps_tests(path, _text(git, old), _text(git, new)):
            raise UserError(
                f"tests inside {path!r} are not as in the base: they may not change, "
                "and none may be added"
            )


def _size(git: GitRepository, entry: Entry | None) -> int:
    regular = entry is not None and entry.mode in (FILE, EXECUTABLE)
    return blob_size(git.handle, entry.blob) if entry is not None and regular else 0


def _text(git: GitRepository, entry: Entry | None) -> str:
    if entry is None or entry.mode not in (FILE, EXECUTABLE):
        return ""
    return git.read_blob(entry.blob).decode("utf-8", "surrogateescape")
