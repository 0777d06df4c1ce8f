"""Turns ``[environment]`` into what every job sees: an interpreter, read-only folders, variables."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from evogit.config.model import Environment
from evogit.environment.build import TARGET, Recipe, build
from evogit.environment.interpreter import Interpreter, inspect_python, outermost
from evogit.errors import ConfigError, EvaluatorError
from evogit.sandbox.base import Runtime
from evogit.text import clean_line

_MOST_NAMES: Final = 20_000
"""Files listed per folder of ``paths`` for the digest."""


def prepare(
    environment: Environment,
    repository_root: Path,
    cache: Path,
    *,
    default_python: Path,
    lock_contents: Mapping[str, bytes],
) -> Runtime:
    """Build or find what every job will see.

    Workers may call this at the same time: one builds, the others wait for it.

    Args:
        environment: the spec's ``[environment]``; its set-up must have been consented to.
        repository_root: what relative paths start from.
        cache: folder for builds; made if missing.
        default_python: interpreter if the spec names none, and for building.
        lock_contents: the ``lock`` files by path, as pinned in the spec; nothing else of the
            repository is in the set-up's working folder.

    Raises:
        EvaluatorError: an interpreter does not start, a folder is missing or would show the whole
            repository to candidates, or the set-up failed; says what it printed.
        ConfigError: ``{target}`` is used without a set-up, or a lock file's name is not allowed.
    """
    root = repository_root.resolve()
    _check_target(environment)
    named = environment.python
    inside = named is not None and TARGET in named
    base = inspect_python(default_python if named is None or inside else root / named)
    target = _set_up(environment, cache.resolve(), base, lock_contents)
    used = inspect_python(Path(_filled(named, target))) if named is not None and inside else base
    shown = [root / _filled(path, target) for path in environment.paths]
    folders = [*used.paths, *shown, *([target] if target is not None else [])]
    _check_shown(folders, root)
    return Runtime(
        python=used.python,
        paths=tuple(outermost(folders)),
        variables={k: _filled(v, target) for k, v in environment.variables.items()},
        digest=_digest(environment, used, lock_contents, root),
        named=named is not None,
    )


def _check_target(environment: Environment) -> None:
    users = [environment.python or "", *environment.paths, *environment.variables.values()]
    if environment.setup is None and any(TARGET in text for text in users):
        raise ConfigError(
            "environment uses {target}, but has no setup that builds it",
            hint='add setup = ["{python}", "-m", "venv", "{target}"] or remove {target}',
        )


def _set_up(
    environment: Environment, cache: Path, base: Interpreter, locks: Mapping[str, bytes]
) -> Path | None:
    if environment.setup is None:
        return None
    key = _hash([environment.setup, _lock_digests(locks), base.identity()])
    return build(Recipe(environment.setup, base, locks, key), cache)


def _check_shown(folders: Sequence[Path], root: Path) -> None:
    """Candidates must not read the repository: it holds the scorer, the hold-out and secrets."""
    for folder in folders:
        shown = clean_line(str(folder))
        if not folder.exists():
            raise EvaluatorError(
                f"environment needs {shown}, which does not exist here",
                hint="correct environment.paths, or create it on this host",
            )
        real = folder.resolve()
        if root.is_relative_to(real) or real.is_relative_to(root / ".git"):
            raise EvaluatorError(
                f"environment would show {shown}, and with it the repository, to candidates",
                hint="use a virtual environment in a folder of its own, such as .venv",
            )


def _filled(text: str, target: Path | None) -> str:
    return text if target is None else text.replace(TARGET, str(target))


def _digest(
    environment: Environment, used: Interpreter, locks: Mapping[str, bytes], root: Path
) -> str:
    """16 hexadecimal digits, equal on hosts that provide the same; holds no path of this host.

    Lock files name the packages. Where there are none, those found in a named interpreter count.
    """
    by_packages = environment.python is not None and not locks
    return _hash(
        {
            "v": 1,
            "interpreter": used.identity(),
            "packages": used.packages if by_packages else [],
            "setup": environment.setup,
            "locks": _lock_digests(locks),
            "variables": environment.variables,
            "paths": [[_portable(path), _names(root, path)] for path in environment.paths],
        }
    )


def _lock_digests(locks: Mapping[str, bytes]) -> dict[str, str]:
    return {path: hashlib.sha256(content).hexdigest() for path, content in locks.items()}


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _portable(path: str) -> str:
    return Path(path).name if path.startswith("/") else path


def _names(root: Path, path: str) -> list[tuple[str, int]]:
    """Names and sizes of the files below a folder of ``paths``; of what set-up built, the recipe is known."""
    if TARGET in path:
        return []
    top = root / path
    if top.is_file():
        return [("", top.stat().st_size)]
    found: list[tuple[str, int]] = []
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(files):
            file = Path(folder, name)
            found.append((str(file.relative_to(top)), file.lstat().st_size))
            if len(found) >= _MOST_NAMES:
                return found
    return found
