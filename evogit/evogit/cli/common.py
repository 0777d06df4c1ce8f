"""The options every command has, and how a plain function becomes a command.

``evogit -q status --json`` and ``evogit status -q --json`` mean the same: what is written after
the command wins. A command whose list makes sense line by line is marked with ``lists`` and gets
``--jsonl`` too.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, cast

import typer

from evogit.cli.output import Color, Manner, Output
from evogit.cli.session import Session

_F = TypeVar("_F", bound=Callable[..., object])
_LISTS: Final = "evogit_lists"


@dataclass(frozen=True, slots=True)
class Common:
    """Values of the common options, as far as they were given."""

    json: bool = False
    jsonl: bool = False
    directory: Path | None = None
    color: Color | None = None
    quiet: bool = False
    verbose: int = 0
    log_file: Path | None = None
    debug: bool = False

    def overlaid(self, given: Mapping[str, object]) -> Common:
        """These values, with those of ``given`` that say something in their place."""
        return replace(self, **{name: value for name, value in given.items() if value})

    def manner(self) -> Manner:
        """How these options want output to be written."""
        return Manner(
            form="lines" if self.jsonl else "json" if self.json else "text",
            color=self.color or "auto",
            quiet=self.quiet,
            verbose=self.verbose,
            log_file=self.log_file,
            debug=self.debug,
        )


_HELP: Final = {
    "json": ("--json", "Print one JSON object, errors too."),
    "jsonl": ("--jsonl", "Print one JSON object per line."),
    "directory": ("-C", "Run as if started in this folder."),
    "color": ("--color", "auto, always or never; NO_COLOR and FORCE_COLOR count too."),
    "quiet": ("--quiet", "Print data and errors only."),
    "verbose": ("--verbose", "Print more details on standard error."),
    "log_file": ("--log-file", "Append notes, warnings and errors to this file."),
    "debug": ("--debug", "Print a traceback if something unexpected happens."),
}
_SHORT: Final = {"quiet": "-q", "verbose": "-v"}
_TYPES: Final[dict[str, object]] = {
    "directory": Path | None,
    "color": Color | None,
    "verbose": int,
    "log_file": Path | None,
}


def parameters(names: tuple[str, ...], *, hidden: bool = False) -> list[inspect.Parameter]:
    """The common options of these names as parameters for Typer."""
    return [_parameter(name, hidden=hidden and not name.startswith("json")) for name in names]


def _parameter(name: str, *, hidden: bool) -> inspect.Parameter:
    flag, text = _HELP[name]
    flags = (flag, _SHORT[name]) if name in _SHORT else (flag,)
    more: dict[str, Any] = {}
    if name == "directory":
        more = {"metavar": "PATH", "exists": True, "file_okay": False}
    elif name == "verbose":
        more = {"count": True}
    kind = _TYPES.get(name, bool)
    option = typer.Option(*flags, help=text, hidden=hidden, **more)
    default = 0 if name == "verbose" else None if name in _TYPES else False
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option]
    )


def lists(function: _F) -> _F:
    """Mark a command that prints one list: it gets ``--jsonl``."""
    setattr(function, _LISTS, True)
    return function


def adapt(function: Callable[..., object]) -> Callable[..., object]:
    """A function Typer can register: ``function`` plus the common options.

    If its first parameter is annotated ``Session``, it is called with one made from them.
    """
    own = list(inspect.signature(function, eval_str=True).parameters.values())
    wants_session = bool(own) and own[0].annotation is Session
    own = own[1:] if wants_session else own
    taken = {parameter.name for parameter in own}
    names = (
        tuple(_HELP)
        if getattr(function, _LISTS, False)
        else tuple(n for n in _HELP if n != "jsonl")
    )
    common = [p for p in parameters(names, hidden=True) if p.name not in taken]

    def run(context: typer.Context, **given: object) -> object:
        chosen = {p.name: given.pop(p.name) for p in common}
        options = cast("Common", context.find_root().obj or Common()).overlaid(chosen)
        if not wants_session:
            return function(**given)
        return _in_folder(options, lambda session: function(session, **given))

    _describe(run, function, own, common)
    return run


def _describe(
    run: Callable[..., object],
    function: Callable[..., object],
    own: list[inspect.Parameter],
    common: list[inspect.Parameter],
) -> None:
    context = inspect.Parameter(
        "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    run.__name__ = function.__name__
    run.__doc__ = function.__doc__
    every = [context, *keyword, *common]
    run.__annotations__ = {p.name: p.annotation for p in every}
    vars(run)["__signature__"] = inspect.Signature(every)


def _in_folder(options: Common, action: Callable[[Session], object]) -> object:
    """Run ``action`` with a session in the folder of ``-C``, and come back."""
    output = Output(options.manner(), os.environ)
    before = Path.cwd()
    if options.directory is not None:
        os.chdir(options.directory)
    try:
        return action(Session(output, Path.cwd(), os.environ))
    finally:
        os.chdir(before)


def adapt_app(app: typer.Typer) -> typer.Typer:
    """A ``typer.Typer`` whose commands, subcommands included, all have the common options."""
    for command in app.registered_commands:
        if command.callback is not None and not hasattr(command.callback, "__signature__"):
            command.callback = adapt(command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            adapt_app(group.typer_instance)
    return app
