"""``evogit eval``: judge one individual now, for debugging an evaluator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.evolve.evaluating import Verdict


def evaluate(
    session: Session,
    revision: Annotated[str, typer.Argument(help="Individual to judge.")] = "best",
    *,
    holdout: Annotated[bool, typer.Option("--holdout", help="Use the held-out data.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Judge again even if the verdict is known.")
    ] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="As in `evogit run`.")
    ] = False,
) -> None:
    """Judge one individual and record the verdict, or say the one that is known.

    Exit status 0 if it was scored, 1 if not. With --fresh the new verdict takes the place of one
    that failed; to a score it adds a further repeat.

    Example: `evogit eval base --fresh`
    """
    from evogit.cli import trusting
    from evogit.cli.run import make_plan
    from evogit.cli.select import select
    from evogit.errors import PreconditionError
    from evogit.evolve.once import judge_once
    from evogit.outcome import Scored

    trusting.follow_config(session)
    trusting.require(session, session.swarm)
    row = select(session.phylogeny, session.swarm.base, revision)
    commit = session.phylogeny.commit(row)
    if holdout and session.swarm.spec().settings.evaluate.holdout is None:
        raise PreconditionError(
            "there is no held-out data here", hint="evaluate.holdout of evogit.toml names some"
        )
    plan = make_plan(session, session.swarm, jobs=1, unsafe=unsafe)
    found = judge_once(
        session.swarm, plan, commit, purpose="holdout" if holdout else "search", fresh=fresh
    )
    _show(session, commit, found)
    if not isinstance(found.evaluation.outcome, Scored):
        session.output.note("the evaluator's commands and limits are in evogit.toml")
        raise typer.Exit(1)


def _show(session: Session, commit: str, verdict: Verdict) -> None:
    from evogit.cli.individuals import print_reason
    from evogit.cli.stamps import stamp
    from evogit.outcome import Scored, describe, in_full, to_json

    output, found, known = session.output, verdict.evaluation, verdict.entry is None
    data = {
        "commit": commit,
        "outcome": to_json(found.outcome),
        "seconds": found.seconds,
        "sandbox": found.sandbox,
        "known": known,
        "time": found.time,
    }

    def show() -> None:
        took = f"in {found.seconds:.2f} s ({found.sandbox})"
        when = f", judged before: {stamp(found.time)}," if known else ""
        output.line(f"{commit[:12]} {describe(found.outcome)}{when} {took}")
        if isinstance(found.outcome, Scored):
            metrics = sorted(found.outcome.metrics.items())
            output.pairs((name, f"{value:.6g}") for name, value in metrics)
        print_reason(output, in_full(found.outcome))
        if known:
            output.note("that verdict was known; --fresh judges it again")

    output.result(data, show)
