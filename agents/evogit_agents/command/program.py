"""Where an installed tool is, and what of this machine it must see to run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.errors import PreconditionError
from evogit.sandbox.base import Mount
from evogit.sandbox.interpreter import interpreter, outermost
from evogit.text import clean_line
from evogit_agents.command.record import Record

_FIRST_LINE: Final = 512
_LINKS: Final = 8
_SYSTEM: Final = ("/usr/local/bin", "/usr/bin", "/bin")
_FAILS: Final = Path("/bin/false")


@dataclass(frozen=True, slots=True)
class Program:
    """A tool on this machine.

    Args:
        path: what is started, its links followed.
        folders: its installation and that of what interprets it, without ``/usr``.
        search: folders that belong on its PATH.
        disabled: other programs, which fail when it calls them.
    """

    path: Path
    folders: tuple[Path, ...]
    search: tuple[str, ...]
    disabled: tuple[Path, ...] = ()

    @property
    def mounts(self) -> list[Mount]:
        """The installation, read-only at its own place, and what stands for the disabled programs."""
        own = [Mount(folder, str(folder)) for folder in self.folders]
        return own + [Mount(_FAILS, str(path)) for path in self.disabled]


def locate(record: Record, environment: Mapping[str, str]) -> Program:
    """Find the tool of ``record`` on the PATH of ``environment``.

    Raises:
        PreconditionError: it is not installed, or something its record names is not there.
    """
    path = environment.get("PATH", "")
    found = shutil.which(record.program, path=path)
    if found is None:
        raise PreconditionError(
            f"{record.program!r} is not installed", hint=clean_line(record.install)
        )
    programs = list(_interpreters(Path(found), path))
    folders = [folder for program in programs for folder in _installation(program)]
    folders += [_own_path(text, environment) for text in record.paths]
    return Program(
        programs[0],
        tuple(outermost(folders)),
        tuple(dict.fromkeys(str(program.parent) for program in programs)),
        tuple(dict.fromkeys(_installed(record.without))),
    )


def _installed(names: Sequence[str]) -> Iterator[Path]:
    """Where programs are that a job would find without being given them."""
    for name in names:
        for path in (Path(folder, name) for folder in _SYSTEM):
            if path.is_file():
                yield path.resolve()


def _own_path(text: str, environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME", "/")
    path = Path(home, text[2:]) if text.startswith("~/") else Path(text)
    if not path.is_absolute() or not path.exists():
        raise PreconditionError(
            f"the record's path {clean_line(text)!r} is not there",
            hint="write an absolute path, or one that begins with ~/",
        )
    return path


def _interpreters(program: Path, path: str) -> Iterator[Path]:
    """The program, what its first line says interprets it, and so on."""
    for _ in range(_LINKS):
        # A virtual environment's python is known by its place; what a link of a script leads to
        # says where its package is.
        here = program if _is_virtual(program) else program.resolve()
        yield here
        following = _interpreter_of(here, path)
        if following is None:
            return
        program = following


def _is_virtual(program: Path) -> bool:
    return (program.parent.parent / "pyvenv.cfg").is_file()


def _interpreter_of(program: Path, path: str) -> Path | None:
    try:
        with program.open("rb") as file:
            first = file.readline(_FIRST_LINE).decode("utf-8", "replace")
    except OSError:
        return None
    if not first.startswith("#!"):
        return None
    words = first[2:].split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        found = shutil.which(words[0], path=path) if words else None
        return Path(found) if found else None
    return Path(words[0]) if words else None


def _installation(program: Path) -> list[Path]:
    """All that belongs to a program: a tree of Node packages, a Python prefix, or the file alone."""
    parts = program.parts
    if "node_modules" in parts:
        return [Path(*parts[: parts.index("node_modules") + 1])]
    return list(interpreter(program).folders)


def search_path(program: Program, python: Path) -> str:
    """The PATH of a job that runs ``program`` and may try the project's own interpreter.

    The project's comes first: an agent that types ``python`` means that one.
    """
    return ":".join(dict.fromkeys([str(python.parent), *program.search, *_SYSTEM]))
