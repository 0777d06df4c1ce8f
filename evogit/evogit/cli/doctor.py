"""``evogit doctor``: can a run start here, and if not, what to do about it?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import typer

from evogit.cli.checks import CHECKS, Check
from evogit.cli.output import Column
from evogit.cli.session import Session
from evogit.errors import EvaluatorError, EvoGitError

_COLUMNS: Final = (
    Column("check", "id", style="cyan"),
    Column("result", "severity", style="bold"),
    Column("what", "message", flexible=True, wrap=True),
)


def doctor(session: Session) -> None:
    """Check whether a run could start here.

    Exit status 6 if it could not.

    Example: evogit doctor --json
    """
    found: list[Check] = []
    for name, check in CHECKS.items():
        session.output.detail(f"checking {name}")
        try:
            found.extend(check(session))
        except EvoGitError as error:
            found.append(Check(name, "error", error.message, error.hint))
    fails = any(check.severity == "error" for check in found)
    rows = [asdict(check) for check in found]
    data = {"ok": not fails, "checks": rows}
    session.output.result(data, lambda: _print(session, found))
    if fails:
        raise typer.Exit(EvaluatorError.exit_code)


def _print(session: Session, found: list[Check]) -> None:
    session.output.table([asdict(check) for check in found], _COLUMNS)
    for check in found:
        if check.severity != "ok" and check.fix:
            session.output.line(f"{check.id}: {check.fix}")
