"""Where the program of a command lies on this machine, and which folder candidates must be shown for it."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.sandbox.interpreter import SYSTEM
from evogit.sandbox.profile import PATH

_PRIVATE: Final = (".local", ".cargo", ".config")
"""Below a home folder: they hold programs beside keys and settings."""
_ELSEWHERE: Final = frozenset({"python", "sh"})
"""Programs that the sandbox provides by itself."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A program that no sandbox shows by itself.

    Args:
        program: its name in the command.
        found: where it lies; empty if it is not on PATH.
        folder: what to show; empty if that would be a home folder, or is not known.
        programs: the folder in it to put on PATH.
    """

    program: str
    found: str = ""
    folder: str = ""
    programs: str = ""

    @property
    def search_path(self) -> str:
        """``PATH`` for candidates."""
        return f"{self.programs}:{PATH}"


def toolchain(command: Sequence[str], environ: Mapping[str, str]) -> Toolchain | None:
    """What ``command`` needs besides what every sandbox shows; ``None`` if that is enough.

    Nothing is run: rustup's stand-ins are followed by its settings.

    Args:
        command: the words.
        environ: ``PATH``, ``HOME`` and ``RUSTUP_HOME`` count.
    """
    program = command[0]
    if program in _ELSEWHERE or "/" in program:
        return None
    found = shutil.which(program, path=environ.get("PATH", ""))
    if found is None:
        return None if shutil.which(program, path=PATH) else Toolchain(program)
    if any(Path(found).parent.resolve().is_relative_to(top) for top in SYSTEM):
        return None
    home = Path(environ.get("HOME") or "/")
    programs = _programs(Path(found), home, environ)
    if programs is None or not str(programs).isprintable():
        return Toolchain(program, found)
    return Toolchain(program, found, str(_top(programs)), str(programs))


def _programs(found: Path, home: Path, environ: Mapping[str, str]) -> Path | None:
    """The folder of the real program, if what is around it may be shown."""
    real = found.resolve()
    if real.name == "rustup":
        return _of_rustup(Path(environ.get("RUSTUP_HOME") or home / ".rustup"), found.name)
    places = (found.parent.resolve(), real.parent)
    return next((place for place in places if _may_be_shown(_top(place), home)), None)


def _of_rustup(folder: Path, program: str) -> Path | None:
    try:
        settings = tomllib.loads((folder / "settings.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    programs = folder / "toolchains" / str(settings.get("default_toolchain")) / "bin"
    return programs.resolve() if (programs / program).is_file() else None


def _top(programs: Path) -> Path:
    return programs.parent if programs.name == "bin" else programs


def _may_be_shown(folder: Path, home: Path) -> bool:
    real = home.resolve()
    private = folder.parent == real and folder.name in _PRIVATE
    return not private and not real.is_relative_to(folder)
