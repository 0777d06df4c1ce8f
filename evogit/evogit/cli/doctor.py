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
    """Check whether a run could start here, and what each sandbox stops.

    Every sandbox is attacked for real, which takes some seconds. Exit status 6
    if a run could not start.

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
    rows = [_row(check) for check in found]
    data = {"ok": not fails, "checks": rows}
    session.output.result(data, lambda: _print(session, found))
    if fails:
        raise typer.Exit(EvaluatorError.exit_code)


def _row(check: Check) -> dict[str, object]:
    """A check as JSON; only sandboxes that work were attacked."""
    row = asdict(check)
    if not check.attacks:
        del row["attacks"]
    return row


def _print(session: Session, found: list[Check]) -> None:
    session.output.table([asdict(check) for check in found], _COLUMNS)
    for check in found:
        if check.severity != "ok" and check.fix:
            session.output.line(f"{check.id}: {check.fix}")
    _print_attacks(session, [check for check in found if check.attacks])


def _print_attacks(session: Session, sandboxes: list[Check]) -> None:
    from evogit.sandbox.trial import ATTACKS

    if not sandboxes:
        return
    short = {check.id: check.id.removeprefix("sandbox ") for check in sandboxes}
    columns = [Column("what was tried", "attack", style="cyan")]
    columns += [Column(short[check.id], check.id) for check in sandboxes]
    rows = [
        {"attack": words} | {check.id: check.attacks[name].verdict for check in sandboxes}
        for name, words in ATTACKS.items()
    ]
    session.output.line()
    session.output.table(rows, columns)
