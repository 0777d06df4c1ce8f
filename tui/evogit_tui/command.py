"""``evogit tui``: look at an evolution, understand it, steer it, in the terminal."""

from __future__ import annotations

import secrets
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from evogit.cli.session import Session
from evogit.errors import PreconditionError, UserError

if TYPE_CHECKING:
    from evogit_tui.options import Options


def tui(
    session: Session,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")] = False,
    theme: Annotated[
        str | None, typer.Option("--theme", metavar="NAME", help="A colour theme.")
    ] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the settings as a tui.toml.")
    ] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show it in a browser on this machine instead.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="For --serve; 0: any that is free.")
    ] = 0,
) -> None:
    """Look at an evolution, understand it and steer it.

    Keys, theme and more are set in tui.toml in your configuration folder; EVOGIT_ASCII=1 means
    --ascii, and NO_COLOR is honoured.

    Examples: evogit tui; evogit tui --print-config > ~/.config/evogit/tui.toml
    """
    options = _options(session, ascii_only=ascii_only, theme=theme)
    if print_config:
        _print(session, options)
        return
    session.swarm.spec()  # without a swarm: say so here, before the screen changes
    if serve:
        _serve(session, options, port)
        return
    _need_terminal(session)
    from evogit_tui.app import EvoGitApp
    from evogit_tui.model import Model

    # A key must not wait 5 ms, several times over, for a thread that computes.
    sys.setswitchinterval(0.0005)
    EvoGitApp(Model(session), options).run()


def _options(session: Session, *, ascii_only: bool, theme: str | None) -> Options:
    from evogit_tui import config

    options = config.read(session.config_home / config.NAME)
    wanted = ascii_only or session.environ.get("EVOGIT_ASCII", "0") not in {"", "0"}
    options = replace(options, ascii=options.ascii or wanted)
    return options if theme is None else replace(options, theme=config.theme(theme))


def _print(session: Session, options: Options) -> None:
    from evogit_tui import config

    text = config.dump(options)
    path = str(session.config_home / config.NAME)
    session.output.result(
        {"path": path, "text": text}, lambda: session.output.line(text.rstrip("\n"))
    )
    session.output.note(f"evogit tui reads {path}")


def _serve(session: Session, options: Options, port: int) -> None:
    """Serve it until Ctrl-C. Every browser tab runs an application of its own.

    Raises:
        UserError: the extra is not installed.
        PreconditionError: the port is taken.
    """
    try:
        from evogit_tui.serve import TokenServer, free_port
    except ImportError as error:
        raise UserError(
            "evogit tui --serve needs the package textual-serve",
            hint="pip install 'evogit[serve]'",
        ) from error
    command = [sys.executable, "-m", "evogit.cli", "tui", "-C", str(session.cwd)]
    command += ["--theme", options.theme, *(["--ascii"] if options.ascii else [])]

    def ready() -> None:
        # The one secret that has to be printed: as data, since notes are redacted.
        session.output.result({"address": address}, lambda: session.output.line(address))
        session.output.flush()
        session.output.note("open this in a browser here; whoever has it can steer. Ctrl-C ends it")

    try:
        server = TokenServer(command, free_port(port), secrets.token_urlsafe(24), ready)
    except OSError as error:
        raise PreconditionError(
            f"port {port} can not be used: {error.strerror}", hint="name another --port"
        ) from error
    address = server.address
    server.serve()


def _need_terminal(session: Session) -> None:
    """Refuse to draw where nobody sees it.

    Raises:
        UserError: a stream is no terminal, or one that can not do it.
    """
    environ = session.environ
    if "TEXTUAL_DRIVER" in environ:  # started by a server that shows it elsewhere
        return
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UserError(
            "evogit tui needs a terminal", hint="evogit status and evogit log print the same"
        )
    if environ.get("TERM", "") in {"", "dumb"}:
        raise UserError(
            f"this terminal (TERM={environ.get('TERM', '')}) can only print lines",
            hint="evogit status and evogit log",
        )
