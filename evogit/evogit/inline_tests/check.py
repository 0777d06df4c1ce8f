"""A tree held to the tests inside the base's source files."""

from __future__ import annotations

from collections.abc import Sequence

from evogit.errors import UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, FILE, Entry, changed
from evogit.ids import TreeId
from evogit.inline_tests.kept import keeps_tests, may_hold_tests
from evogit.paths import matches
from evogit.quarantine.files import kind_of


def check_inline_tests(
    git: GitRepository, base: TreeId, tree: TreeId, protected: Sequence[str]
) -> None:
    """Refuse a tree in which tests inside source files are not those of the base.

    Protected files are left to ``with_protected``; files that are tests by their name, and that
    somebody made editable, to the quarantine.

    Raises:
        UserError: they changed, are gone, or others were added; or a bound of ``changed``.
    """
    after = changed(git.handle, base, tree)
    paths = [path for path in after if may_hold_tests(path) and kind_of(path) != "test"]
    paths = [path for path in paths if not matches(path, protected)]
    before = changed(git.handle, tree, base) if paths else {}
    for path in paths:
        old, new = before.get(path), after[path]
        if not keeps_tests(path, _text(git, old), _text(git, new)):
            raise UserError(
                f"tests inside {path!r} are not as in the base: they may not change, "
                "and none may be added"
            )


def _text(git: GitRepository, entry: Entry | None) -> str:
    if entry is None or entry.mode not in (FILE, EXECUTABLE):
        return ""
    return git.read_blob(entry.blob).decode("utf-8", "surrogateescape")
