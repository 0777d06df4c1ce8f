"""Names for shell completion, read from files alone: a shell waits for them at every tab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evogit.cli.session import SWARM_NAME, is_swarm
from evogit.ids import DISTILLED, HEADS
from evogit.text import clean_line

_TAGS: Final = "refs/tags/"
_MOST: Final = 1_000


def complete_individual(incomplete: str) -> list[str]:
    """Agents, tags and fixed names that start with ``incomplete``."""
    swarm = find_swarm(Path.cwd())
    names = {"best", DISTILLED, "base", *(() if swarm is None else _names(swarm))}
    fitting = (name for name in names if name.startswith(incomplete) and name == clean_line(name))
    return sorted(fitting)[:_MOST]


def find_swarm(start: Path) -> Path | None:
    """The swarm repository around ``start``, without opening any repository."""
    for folder in (start, *start.parents):
        git_dir = _git_dir(folder)
        below = [] if git_dir is None else [git_dir / "evogit" / SWARM_NAME]
        for candidate in (folder, folder / SWARM_NAME, *below):
            if is_swarm(candidate):
                return candidate
        if git_dir is not None:
            return None
    return None


def _git_dir(folder: Path) -> Path | None:
    """The common git directory of the work tree at ``folder``, if it is one."""
    git = folder / ".git"
    if git.is_dir():
        return git
    if not git.is_file():
        return None
    linked = Path(folder, git.read_text("utf-8", "replace").removeprefix("gitdir:").strip())
    pointer = linked / "commondir"
    if not pointer.is_file():
        return linked
    return Path(linked, pointer.read_text("utf-8", "replace").strip())


def _names(swarm: Path) -> Iterator[str]:
    packed = swarm / "packed-refs"
    lines = packed.read_text("utf-8", "replace").splitlines() if packed.is_file() else []
    for line in lines:
        ref = line.partition(" ")[2]
        for prefix in (HEADS, _TAGS):
            if ref.startswith(prefix):
                yield ref[len(prefix) :]
    for prefix in (HEADS, _TAGS):
        folder = swarm / prefix
        for path in folder.rglob("*") if folder.is_dir() else ():
            if path.is_file() and not path.name.endswith(".lock"):
                yield path.relative_to(folder).as_posix()
