"""``evogit promote``: bring an individual to a branch of the user's repository."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from evogit.cli.decisions import commits, report
from evogit.cli.individuals import doubted
from evogit.cli.options import DryRun, Revision, Yes
from evogit.cli.output import Column, counted
from evogit.cli.session import Session
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.ids import CommitId, TreeId
    from evogit.outcome import Outcome
    from evogit.steering.promote import Plan

    Gates = Callable[[TreeId], Outcome | None]

How = Literal["squash", "merge", "ff"]

_FILES: Final = (
    Column("added", "added", right=True, style="green"),
    Column("removed", "removed", right=True, style="red"),
    Column("path", "path", flexible=True),
)


def promote(
    session: Session,
    revision: Revision,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="BRANCH", help="A branch; default: a new one in evogit/."),
    ] = None,
    how: Annotated[How, typer.Option("--how", help="squash, merge or ff.")] = "squash",
    message: Annotated[
        str | None, typer.Option("--message", "-m", metavar="TEXT", help="Of the new commit.")
    ] = None,
    unsigned: Annotated[
        bool, typer.Option("--no-gpg-sign", help="Unsigned, even if commit.gpgsign is set.")
    ] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="Run the gates without a sandbox.")
    ] = False,
    skip_holdout: Annotated[
        bool, typer.Option("--skip-holdout", help="Even if it is no better on held-out data.")
    ] = False,
    skip_evaluation: Annotated[
        bool, typer.Option("--skip-evaluation", help="Without judging it once more.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Bring an individual to a branch of your repository.

    It is judged once more first, in new processes, and has to keep its score; then gates and
    held-out data judge the final files. What is in quarantine has to be released before. A
    checked-out branch is never moved.

    Example: evogit promote best --to main --dry-run
    """
    from evogit.steering.promote import plan_promotion

    [commit] = commits(session, [revision])
    desk = session.desk
    plan = plan_promotion(
        session.swarm,
        session.phylogeny,
        desk.steering,
        commit,
        to=to,
        mode=how,
        message=message,
        sign=not unsigned,
    )
    data = _as_json(session, plan)
    if dry_run:
        session.output.result(data, lambda: _print(session, plan, data))
        return
    plan.checked_tree()
    if session.output.form == "text":
        _print(session, plan, data)
    session.output.confirm(f"write this to branch {plan.branch}?", yes=yes)
    with open_gates(
        session,
        commit,
        onto=plan.old,
        unsafe=unsafe,
        skip_holdout=skip_holdout,
        skip_evaluation=skip_evaluation,
        tell=session.output.detail,
    ) as gates:
        entry = desk.promote(plan, gates)
    _tell_doubt(session, data["doubt"], doubted(session, session.phylogeny.index(commit)))
    report(session, entry, f"{commit[:12]} is on branch {plan.branch}")


def _tell_doubt(session: Session, before: str, now: str) -> None:
    """What judging it afresh made of a doubt that the plan told."""
    if now and now != before:
        session.output.warn(now)
    elif before and not now:
        session.output.note("its gain over the base is confirmed by fresh repeats")


def _as_json(session: Session, plan: Plan) -> dict[str, Any]:
    return {
        "individual": plan.individual,
        "branch": plan.branch,
        "mode": plan.mode,
        "old": plan.old,
        "author": str(plan.hand.author) if plan.hand else None,
        "signature": plan.hand.signature if plan.hand else "",
        "brings": plan.brings,
        "agents": list(plan.agents),
        "message": plan.message,
        "conflicts": list(plan.conflicts),
        "files": [
            {"path": file.path, "added": file.added, "removed": file.removed} for file in plan.files
        ],
        "hooks": list(plan.hooks),
        "hint": plan.hint,
        "doubt": doubted(session, session.phylogeny.index(plan.individual)),
    }


def _print(session: Session, plan: Plan, data: dict[str, Any]) -> None:
    output = session.output
    at = f"at {plan.old[:12]}" if plan.old else "new"
    output.pairs([("branch", f"{plan.branch} ({at})"), ("how", plan.mode), ("by", by_whom(plan))])
    output.line()
    output.line(plan.message.rstrip())
    output.line()
    output.table(data["files"], _FILES)
    if plan.hooks:
        output.note(unrun_hooks(plan))
    if data["doubt"]:
        output.warn(data["doubt"])
    for path in plan.conflicts:
        output.line(f"conflict  {path}", style="red")
    if plan.conflicts:
        output.note(f"by hand: {plan.hint}")


def by_whom(plan: Plan) -> str:
    """Who the commits will be by, and whether they are signed."""
    hand, found = plan.hand, list[str]()
    if hand is not None:
        committed = "" if hand.committer == hand.author else f"committed by {hand.committer}, "
        signed = f"signed ({hand.signature})" if hand.signature else "not signed"
        found.append(f"{hand.author}, {committed}{signed}")
    if plan.brings:
        agents = clean_line(", ".join(plan.agents))
        found.append(f"brings {counted(plan.brings, 'commit')} by {agents} (unsigned)")
    return "; ".join(found)


def unrun_hooks(plan: Plan) -> str:
    """That hooks are not run, and how to run them."""
    amend = f"git switch {plan.branch} && git commit --amend --no-edit runs them"
    return f"your hooks are not run ({', '.join(plan.hooks)}); {amend}"


_RUNS: Final = 5
"""Evaluations that promoting may take: three repeats, and hold-outs of the individual and the base."""


@contextmanager
def open_gates(
    session: Session,
    commit: CommitId,
    *,
    onto: CommitId | None = None,
    unsafe: bool = False,
    skip_holdout: bool = False,
    skip_evaluation: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Generator[Gates]:
    """What judges the individual once more, and the final files.

    First the repeats are made by which a gain under noise counts, if they are missing.

    Args:
        session: whose swarm it is.
        commit: the individual to be promoted.
        onto: where the branch is: gates and hold-out compare the final files with these. ``None``: the base.
        unsafe: without a sandbox.
        skip_holdout: whatever held-out data says.
        skip_evaluation: without judging the individual once more.
        tell: is told what is under way.

    Raises:
        PreconditionError: the commands of the spec are not trusted, or judging could cost more
            than is left.
        EvaluatorError: no sandbox works.
    """
    evaluate = session.swarm.spec().settings.evaluate
    held_out = evaluate.holdout is not None and not skip_holdout
    if skip_evaluation and not evaluate.gates and not held_out:
        yield lambda _: None
        return
    from evogit.cli import trusting
    from evogit.cli.run import make_plan
    from evogit.evolve.once import judge_afresh, judge_again, open_desk
    from evogit.judge.judge import Task

    swarm = session.swarm
    trusting.require(session, swarm)
    plan = make_plan(session, swarm, jobs=1, unsafe=unsafe)
    task = Task(commit, swarm.git.commit(commit).tree, evaluate.seed)
    tell("opening the sandbox")
    with ExitStack() as stack:
        desk = stack.enter_context(open_desk(swarm, plan))
        if not skip_evaluation:
            judge_afresh(desk, commit, tell)
        judge = stack.enter_context(desk.paid_judge(task, _RUNS))

        def check(tree: TreeId) -> Outcome | None:
            if not skip_evaluation:
                tell("judging it once more, from a clean checkout")
                changed = judge_again(judge, desk.bench.phylogeny, commit)
                if changed is not None:
                    return changed
            tell(f"gates: {', '.join(gate.name for gate in evaluate.gates) or 'none'}")
            final = judge if onto is None else judge.against(onto)
            refused = final.gates(tree)
            if refused is not None or not held_out:
                return refused
            tell("gates passed; judging on held-out data")
            return final.held_out(commit, tree)

        yield check
