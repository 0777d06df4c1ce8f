"""``evogit merge``: a crossover by hand."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from evogit.cli.decisions import commits
from evogit.cli.options import Revision
from evogit.cli.session import Session


def merge(
    session: Session,
    first: Revision,
    second: Revision,
    *,
    conflicts: Annotated[
        Literal["fitness", "random", "combinations"],
        typer.Option("--conflicts", help="What decides conflicting hunks."),
    ] = "fitness",
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="As in `evogit run`.")
    ] = False,
) -> None:
    """Merge two individuals, judge the result, and compare it with both parents.

    The new individual is on no branch; `evogit seed` starts an agent from it.

    Example: `evogit merge a1 a2`
    """
    from evogit.cli import trusting
    from evogit.cli.run import make_plan
    from evogit.evolve.once import merge_once
    from evogit.outcome import describe, to_json

    trusting.follow_config(session)
    trusting.require(session, session.swarm)
    one, two = commits(session, [first])[0], commits(session, [second])[0]
    plan = make_plan(session, session.swarm, jobs=1, unsafe=unsafe)
    found = merge_once(session.swarm, plan, (one, two), conflicts, author=session.user)
    data = {
        "commit": found.commit,
        "base": found.base,
        "subject": found.subject,
        "outcome": to_json(found.evaluation.outcome),
        "parents": [
            {"commit": commit, "score": score}
            for commit, score in zip((one, two), found.parent_scores, strict=True)
        ],
    }
    output = session.output

    def show() -> None:
        output.line(f"{found.commit[:12]} {describe(found.evaluation.outcome)}: {found.subject}")
        for commit, score in zip((one, two), found.parent_scores, strict=True):
            output.line(f"  parent {commit[:12]} {'no score' if score is None else f'{score:.6g}'}")
        output.note(f"start an agent from it: evogit seed {found.commit[:12]}")

    output.result(data, show)
