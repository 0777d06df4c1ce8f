"""What must be visible for an interpreter to start: its folders and the links that lead to them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSTEM: Final = (Path("/usr"), Path("/bin"), Path("/lib"), Path("/lib64"), Path("/sbin"))
"""Always visible, read-only."""
_MOST_LINKS: Final = 40  # as the kernel's ELOOP


@dataclass(frozen=True, slots=True)
class Interpreter:
    """``folders`` (or single files) to mount at their own place, ``links`` (path, target) to create."""

    folders: tuple[Path, ...]
    links: tuple[tuple[Path, str], ...]


def interpreter(python: Path) -> Interpreter:
    """Follow ``python`` through virtual environments, pyenv and uv to its real installation.

    Only interpreter prefixes are made visible: a link in ``~/.local/bin`` is created again inside
    instead of showing ``~/.local``.
    """
    folders: list[Path] = []
    links: list[tuple[Path, str]] = []
    here = python
    for _ in range(_MOST_LINKS):
        if (here.parent.parent / "pyvenv.cfg").is_file():
            folders.append(here.parent.parent)
        if not here.is_symlink():
            break
        target = here.readlink()
        links.append((here, str(target)))
        here = Path(os.path.normpath(here.parent / target))
    folders += _installation(here)
    kept = outermost(folders)
    hidden = [(path, to) for path, to in links if not is_inside(path, (*SYSTEM, *kept))]
    return Interpreter(tuple(kept), tuple(hidden))


def outermost(folders: list[Path]) -> list[Path]:
    """``folders`` without those inside the system's or inside another of them, parents first."""
    kept: list[Path] = []
    for folder in sorted(set(folders)):
        if not is_inside(folder, (*SYSTEM, *kept)):
            kept.append(folder)
    return kept


def is_inside(path: Path, folders: tuple[Path, ...]) -> bool:
    """Whether ``path`` is one of ``folders`` or below one."""
    return any(path.is_relative_to(folder) for folder in folders)


def _installation(program: Path) -> list[Path]:
    prefix = program.parent.parent
    if prefix == Path(prefix.anchor) or not any((prefix / "lib").glob("python3*")):
        return [program]
    # The prefix may itself be reached through a link to a folder (3.12 -> 3.12.4).
    return [prefix, prefix.resolve()]
