"""``evogit agents kinds``: which kinds of agents could be named in ``[search]``, and what each needs."""

from __future__ import annotations

import shlex
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from evogit.cli.common import lists
from evogit.cli.output import Column
from evogit.cli.session import Session
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.config.model import Settings
    from evogit.proposals import DescribedKind, Offer, Setup

_COLUMNS: Final = (
    Column("kind", "kind", style="cyan"),
    Column("usable", "works", show=lambda value: "yes" if value else "no"),
    Column("version", "version", style="green"),
    Column("what it is, or why it is not usable", "text", flexible=True, wrap=True),
)


@lists
def kinds(
    session: Session,
    kind: Annotated[
        str | None, typer.Argument(metavar="KIND", help="Only this one, such as command:aider.")
    ] = None,
    *,
    print_command: Annotated[
        bool,
        typer.Option("--print-command", help="The exact command of KIND, and its variables."),
    ] = False,
    print_record: Annotated[
        bool, typer.Option("--print-record", help="The file that describes KIND's program.")
    ] = False,
) -> None:
    """List kinds of agents, tried on this machine: what works, and why not.

    Programs are started in the sandbox, without network, to ask for their version.

    Examples: `evogit agents kinds`, `evogit agents kinds command:aider --print-command`
    """
    if kind is None and (print_command or print_record):
        raise typer.BadParameter("name a KIND, such as command:aider")
    with _setup(session) as setup:
        offers = list(_offers(setup, kind))
    if kind is not None and (print_command or print_record):
        _print_one(session, offers[0], record=print_record)
        return
    rows = [asdict(offer) | {"text": offer.reason or offer.summary} for offer in offers]
    session.output.rows("kinds", rows, _COLUMNS)


def _print_one(session: Session, offer: Offer, *, record: bool) -> None:
    from evogit.errors import PreconditionError

    if record:
        session.output.result({"record": offer.record}, lambda: session.output.line(offer.record))
        return
    if not offer.works:
        raise PreconditionError(f"{offer.kind} can not be used: {offer.reason}")
    data = {"command": list(offer.command), "variables": list(offer.variables)}
    session.output.result(data, lambda: _print_command(session, offer))


def _print_command(session: Session, offer: Offer) -> None:
    session.output.line(shlex.join(offer.command))
    session.output.note(f"variables: {', '.join(offer.variables)}")


@contextmanager
def _setup(session: Session) -> Generator[Setup]:
    """What a worker would give an agent, with a sandbox of its own and a folder that goes again."""
    from evogit.proposals import Setup
    from evogit.sandbox.base import Runtime
    from evogit.sandbox.choose import choose

    settings = _settings(session)
    runtime = Runtime(Path(sys.executable))
    sandbox = choose("auto", runtime, image=None, allow_unsafe=False)
    try:
        with tempfile.TemporaryDirectory(prefix="evogit-kinds-") as folder:
            yield Setup(
                argument="",
                settings=settings,
                environment=session.environ,
                redactor=session.keep_secrets(settings.secrets.variables),
                folder=Path(folder),
                own=session.config_home,
                stop=threading.Event(),
                sandbox=sandbox,
                runtime=runtime,
            )
    finally:
        sandbox.close()


def _settings(session: Session) -> Settings:
    """Those in force here, else none to speak of: the list is of use before there is a swarm."""
    from evogit.config.model import Evaluate, Settings, Stage
    from evogit.errors import UserError

    try:
        return session.settings
    except UserError:
        return Settings(evaluate=Evaluate(stages=(Stage(run=("true",), score=("true",)),)))


def _offers(setup: Setup, wanted: str | None) -> Iterator[Offer]:
    from evogit.plugins import find, names

    if wanted is None:
        for name in names("evogit.agents"):
            yield from _of_kind(setup, name, "")
        return
    name, _, argument = wanted.partition(":")
    find("evogit.agents", name)
    yield from _of_kind(setup, name, argument)


def _of_kind(setup: Setup, name: str, argument: str) -> Iterator[Offer]:
    from dataclasses import replace

    from evogit.cli.registry import summary
    from evogit.errors import ConfigError, EvoGitError
    from evogit.evolve.hiring import open_kind
    from evogit.plugins import Plugin, find, load
    from evogit.proposals import Offer

    kind = f"{name}:{argument}" if argument else name
    point = find("evogit.agents", name)
    words = summary(point)
    given = replace(setup, argument=argument)
    try:
        made = load("evogit.agents", name)
        if hasattr(made, "offers"):
            with Plugin("evogit.agents", point).running("offers"):
                offers = list(cast("DescribedKind", made).offers(given))
            yield from offers
            return
        open_kind(name, given)()
    except ConfigError as error:
        yield Offer(kind, words, works=False, reason=f"{error.message} ({error.hint})")
    except (EvoGitError, OSError) as error:
        if argument:
            raise
        yield Offer(kind, words, works=False, reason=clean_line(str(error), 300))
    else:
        yield Offer(kind, words, works=True)
