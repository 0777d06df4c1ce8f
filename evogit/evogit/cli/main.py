"""Entry point: finds the command, runs it, and maps every way it can end to an exit code."""

from __future__ import annotations

import errno
import io
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Final, cast

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from evogit.cli import registry
from evogit.cli.common import Common, parameters
from evogit.cli.output import Color, Manner, Output, OutputClosedError
from evogit.errors import EvoGitError, UserError
from evogit.text import clean, clean_line

EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
_WITH_VALUE: Final = frozenset({"-C", "--color", "--log-file"})
_COMPLETE: Final = "_EVOGIT_COMPLETE"
_GIT_ERROR: Final = ("_pygit2", "GitError")
"""By name: importing pygit2 would take longer than many a command."""
_REPORT: Final = "this is a bug: repeat with --debug and report what it prints"
_REFUSALS: Final = {
    errno.EROFS: ("written", "its storage is read-only: use one that can be written"),
    errno.ENOSPC: ("written", "make room on that disk"),
    errno.EDQUOT: ("written", "make room: the quota is used up"),
    errno.EACCES: ("used", "use an account that may"),
    errno.EPERM: ("used", "use an account that may"),
}
"""What is said of a file for an errno: what can not be done with it, and what helps."""


class _InterruptedError(Exception):
    """Ctrl-C, as Typer tells it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status and never raises.

    Args:
        arguments: without the program's name; those of the process by default.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    _make_streams_safe()
    try:
        status = _guarded(given)
        sys.stdout.flush()
    except (OutputClosedError, BrokenPipeError):
        _discard_output()
        return 0
    return status


def _guarded(given: list[str]) -> int:
    try:
        return _run(given)
    except OutputClosedError:
        raise
    except (_InterruptedError, KeyboardInterrupt, typer.Abort):
        _complain(given, "interrupted", "interrupted", "what was recorded is safe")
        return EXIT_INTERRUPTED
    except TyperException as error:
        _complain(given, "usage", error.format_message(), _usage_hint(given, error))
        return EXIT_USAGE
    except EvoGitError as error:
        if error.__cause__ is not None:
            _trace(given, error)
        _complain(given, error.code, error.message, error.hint)
        return error.exit_code
    except Exception as error:  # noqa: BLE001  # the last line of defence: no traceback for users
        return _unexpected(given, error)


def _run(given: list[str]) -> int:
    completing = _COMPLETE in os.environ
    app = _build(_typed_words() if completing else given, completing=completing)
    try:
        result: object = get_command(app).main(
            args=given, prog_name="evogit", complete_var=_COMPLETE, standalone_mode=False
        )
    except SystemExit as error:  # completion ends so
        return error.code if isinstance(error.code, int) else 0
    if result == EXIT_INTERRUPTED:  # Typer turns Ctrl-C into this status
        raise _InterruptedError
    return result if isinstance(result, int) else 0


def _typed_words() -> list[str]:
    """What is typed so far, as the shell tells when it asks for completions."""
    typed = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    try:
        return shlex.split(typed)[1:]
    except ValueError:  # a quote that is still open
        return typed.split()[1:]


def _build(given: Sequence[str], *, completing: bool) -> typer.Typer:
    """An app that knows the wanted command, or the names of all if none is named."""
    # Rich sets help on a terminal; elsewhere plain text is stable and takes half the time.
    pretty = Output(Manner(color=_color(given)), os.environ)
    app = typer.Typer(
        rich_markup_mode="rich" if pretty.is_terminal and pretty.colored else None,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_root())
    commands = registry.find_commands()
    typed = next(_words(given), None)
    wanted = registry.ALIASES.get(typed or "", typed)
    if wanted is None or (completing and wanted not in commands):
        for name, point in commands.items():
            registry.register_summary(app, name, point)
    elif wanted in commands:
        registry.register(app, cast("str", typed), commands[wanted])
    else:
        raise UserError(
            f"there is no command {clean_line(wanted, 60)!r}",
            hint=registry.suggest(wanted, commands),
        )
    return app


def _words(given: Sequence[str]) -> Iterator[str]:
    """The arguments that are no options of ``evogit`` itself: the command comes first."""
    rest = iter(given)
    for argument in rest:
        if argument in _WITH_VALUE:
            next(rest, None)
        elif argument == "--" or not argument.startswith("-"):
            yield argument


def _root() -> Callable[..., object]:
    import inspect

    names = ("directory", "color", "quiet", "verbose", "log_file", "debug")

    def root(context: typer.Context, *, version: bool, **given: object) -> None:
        if version:
            _print_version()
            raise typer.Exit
        context.obj = Common().overlaid(given)
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    root.__doc__ = (
        "Evolve a code base with a swarm of agents that share nothing but a git repository.\n\n"
        "Start with evogit init, then evogit run; look with evogit status and evogit log."
    )
    context = inspect.Parameter(
        "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )
    version = inspect.Parameter(
        "version",
        inspect.Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[bool, typer.Option("--version", help="Print the version.")],
    )
    every = [context, *parameters(names), version]
    root.__annotations__ = {p.name: p.annotation for p in every}
    vars(root)["__signature__"] = inspect.Signature(every)
    return root


def _print_version() -> None:
    from evogit import __version__

    typer.echo(f"evogit {__version__}")


def _usage_hint(given: Sequence[str], error: TyperException) -> str:
    """Where to read about the command that was asked for, a subcommand if it came that far."""
    named: str = getattr(getattr(error, "ctx", None), "command_path", "")
    command = named or f"evogit {next(_words(given), '')}".strip()
    return clean_line(f"{command} --help shows what it takes", 120)


def _trace(given: Sequence[str], error: Exception) -> None:
    """Show where an error is from, if ``--debug`` asks for it."""
    if "--debug" in given:
        import traceback

        shown = "".join(traceback.format_exception(error))
        print(_output(given).redacted(clean(shown)), file=sys.stderr)  # noqa: T201


def _unexpected(given: Sequence[str], error: Exception) -> int:
    _trace(given, error)
    text = clean_line(f"{type(error).__name__}: {error}", 500)
    if isinstance(error, OSError):
        _complain(given, "system", *(_refusal(error) or (f"the system refused: {text}", "")))
    elif any((kind.__module__, kind.__name__) == _GIT_ERROR for kind in type(error).__mro__):
        _complain(given, "git", f"a repository can not be read or written: {text}", "evogit doctor")
    else:
        _complain(given, "internal", f"unexpected {text}", _REPORT)
    return 1


def _refusal(error: OSError) -> tuple[str, str] | None:
    """Which file could not be used and what helps, where the errno says so."""
    known = _REFUSALS.get(error.errno or 0)
    if known is None or not isinstance(error.filename, str):
        return None
    verb, hint = known
    return clean_line(f"{error.filename} can not be {verb}: {error.strerror}", 500), hint


def _complain(given: Sequence[str], code: str, message: str, hint: str) -> None:
    """Print the error. Options are looked for in the raw arguments: parsing may have failed."""
    if _COMPLETE in os.environ:
        return  # nobody wants an error at every tab
    _output(given).error(code, message, hint)


def _output(given: Sequence[str]) -> Output:
    options = _before_dashes(given)
    # One line even with --json: it may follow a stream of events.
    form = "lines" if "--jsonl" in options or "--json" in options else "text"
    return Output(Manner(form, _color(given)), os.environ)


def _before_dashes(given: Sequence[str]) -> Sequence[str]:
    return given[: given.index("--")] if "--" in given else given


def _color(given: Sequence[str]) -> Color:
    """What ``--color`` says, for output that is written before or without parsing it."""
    options = _before_dashes(given)
    said = [second for first, second in pairwise(options) if first == "--color"]
    said += [option.partition("=")[2] for option in options if option.startswith("--color=")]
    return "never" if "never" in said else "always" if "always" in said else "auto"


def _make_streams_safe() -> None:
    """Closed streams and unencodable characters must not turn into tracebacks."""
    if sys.stdout is None or sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison]
        sink = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
        sys.stdout = sys.stdout or sink
        sys.stderr = sys.stderr or sink
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Point the closed standard output at nothing, so that the interpreter's last flush is quiet."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):
        return
