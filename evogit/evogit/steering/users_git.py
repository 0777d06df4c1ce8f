"""What the git of the user would say and do in the user's repository: settings, and hooks it would run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from evogit.errors import GitError
from evogit.git.program import run_git
from evogit.source import Source
from evogit.text import clean_line

_OURS: Final = "command"
"""The scope of what is given with ``-c``, as ``run_git`` does to turn hooks off."""
_HOOKS: Final = (
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "reference-transaction",
)


def setting(source: Source, key: str, *options: str) -> str:
    """One setting as one clean line; empty if it is not set.

    Raises:
        GitError: it can not be read.
    """
    try:
        out = run_git(source.git_dir, "config", *options, "--get", key, as_user=True)
    except GitError as error:
        if error.status == 1:  # not set
            return ""
        raise
    return clean_line(out.decode("utf-8", "replace"))


def settings(source: Source, pattern: str, *options: str) -> list[tuple[str, str, str]]:
    """Every (scope, key, value) with such a key, the one that holds last. Values are as they were written.

    Raises:
        GitError: they can not be read.
    """
    command = ("config", "--null", "--show-scope", *options, "--get-regexp", pattern)
    try:
        out = run_git(source.git_dir, *command, as_user=True)
    except GitError as error:
        if error.status == 1:  # none is set
            return []
        raise
    parts = out.decode("utf-8", "surrogateescape").split("\0")[:-1]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    split = ((scope, text.partition("\n")) for scope, text in pairs)
    return [(scope, key, value) for scope, (key, _, value) in split]


def active_hooks(source: Source) -> tuple[str, ...]:
    """Names of the hooks that a commit by git itself would run here; they are looked for, not started."""
    folder = _hooks_folder(source)
    found = (name for name in _HOOKS if os.access(folder / name, os.X_OK))
    return tuple(name for name in found if (folder / name).is_file())


def _hooks_folder(source: Source) -> Path:
    try:
        named = settings(source, r"^core\.hookspath$", "--type=path")
    except GitError:  # such as a ~user that nobody is: git would not commit either
        named = []
    paths = [path for scope, _, path in named if scope != _OURS]
    top = source.work_tree or source.common_dir
    return top / paths[-1] if paths and paths[-1] else source.common_dir / "hooks"
