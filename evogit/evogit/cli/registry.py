"""Which commands exist, and what they are about, without importing them.

Commands are entry points of the group ``evogit.commands``, ours included. Only the one that runs
is imported; the one-line summaries for ``--help`` are read from the text of the modules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

import typer

from evogit.cli.common import adapt, adapt_app
from evogit.errors import EvoGitError, UserError
from evogit.plugins import described
from evogit.text import clean_line

GROUP: Final = "evogit.commands"
ALIASES: Final[Mapping[str, str]] = {"ls": "status"}


def find_commands() -> dict[str, EntryPoint]:
    """All commands by name, sorted; EvoGit's own win over a stranger's of the same name."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        ours = point.value.startswith("evogit.cli.")
        if ours or point.name not in found:
            found[point.name] = point
    return dict(sorted(found.items()))


def suggest(name: str, known: Mapping[str, object]) -> str:
    """A hint for a command that does not exist."""
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else "evogit --help lists all commands"


def register(app: typer.Typer, name: str, point: EntryPoint, *, hidden: bool = False) -> None:
    """Import a command and add it to ``app``.

    Raises:
        EvoGitError: it can not be imported, or is neither a function nor a ``typer.Typer``.
    """
    target = _load(point)
    if isinstance(target, typer.Typer):
        app.add_typer(adapt_app(target), name=name, hidden=hidden)
    elif callable(target):
        app.command(name, hidden=hidden)(adapt(target))
    else:
        raise EvoGitError(f"command {name} ({point.value}) is no function", hint=_blame(point))


def register_summary(app: typer.Typer, name: str, point: EntryPoint) -> None:
    """Add only a command's name and summary to ``app``, for the list in ``--help``."""

    def not_loaded() -> None:
        raise UserError(f"command {name} was not loaded")

    app.command(name, help=summary(point))(not_loaded)


def summary(point: EntryPoint) -> str:
    """The first line of a command's docstring, or of its module's for a group; empty if unknown."""
    source = _source(point.module)
    if source is None:
        return ""
    start = re.search(rf"^(?:def|class) {re.escape(point.attr)}\b", source, re.MULTILINE)
    _, _, text = source[start.start() if start else 0 :].partition('"""')
    return clean_line(text.split("\n", 1)[0].split('"""', 1)[0], 120)


def _source(module: str) -> str | None:
    """The text of a module, found without running any code of its package."""
    path: list[str] | None = None
    for part in module.split("."):
        spec = PathFinder.find_spec(part, path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or [])
        origin = spec.origin
        if not path and origin and origin.endswith(".py"):
            return Path(origin).read_text("utf-8", "replace")
    init = Path(path[0], "__init__.py") if path else None
    return init.read_text("utf-8", "replace") if init and init.exists() else None


def _load(point: EntryPoint) -> object:
    try:
        found: object = import_module(point.module)
        for name in point.attr.split("."):
            found = getattr(found, name)
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        text = f"command {point.name} ({point.value}) can not be loaded: {described(error)}"
        raise EvoGitError(text, hint=_blame(point)) from error
    return found


def _blame(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "its package"
    return f"reinstall or remove {package}"
