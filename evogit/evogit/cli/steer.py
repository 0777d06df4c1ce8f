"""Commands that steer evolution; each is an operation that all hosts see and ``undo`` takes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from evogit.cli.common import lists
from evogit.cli.decisions import commits, known_agents, report
from evogit.cli.individuals import COLUMNS, Individuals, short
from evogit.cli.options import DryRun, MaybeRevision, Revision, Revisions, Yes
from evogit.cli.output import Column, counted
from evogit.cli.session import Session
from evogit.errors import PreconditionError, UserError
from evogit.ids import CommitId, TreeId, several

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

_TAGS: Final = (
    Column("tag", "tag", style="green"),
    Column("commit", "commit", style="yellow", show=short),
    Column("score", "verdict", right=True),
    Column("subject", "subject", flexible=True),
)
_Agents = Annotated[
    list[str] | None, typer.Argument(metavar="AGENT...", help="Agents; all if none is named.")
]


def prune(
    session: Session, revisions: Revisions, yes: Yes = False, dry_run: DryRun = False
) -> None:
    """Take lineages out of the population.

    Individuals and all their descendants go; their commits stay, and restore brings them back.

    Example: evogit prune a3 --dry-run
    """
    chosen = commits(session, revisions)
    rows = with_descendants(session.phylogeny, chosen)
    # Before the question, not before a decision: whoever reads it may be gone by then.
    if dry_run or (session.output.form == "text" and not yes):
        found = Individuals(session).rows(rows)
        session.output.rows("individuals", found, COLUMNS)
    if dry_run:
        return
    session.output.confirm(f"prune {counted(len(rows), 'individual')}?", yes=yes)
    report(session, session.desk.prune(chosen), f"pruned {counted(len(rows), 'individual')}")


def with_descendants(phylogeny: Phylogeny, chosen: Sequence[CommitId]) -> list[int]:
    """Rows that are in the population and descend from ``chosen``, newest first."""
    found: set[int] = set()
    stack = [phylogeny.index(commit) for commit in chosen]
    while stack:
        row = stack.pop()
        if row not in found:
            found.add(row)
            stack.extend(phylogeny.children(row))
    return sorted((row for row in found if not phylogeny.pruned(row)), reverse=True)


def restore(session: Session, revisions: Revisions) -> None:
    """Bring individuals back into the population, with the whole lineages they were pruned with.

    Example: evogit restore a3
    """
    entry = session.desk.restore(commits(session, revisions))
    roots = dict(session.phylogeny.decisions)[entry].selects
    report(session, entry, f"restored {several(roots)} and what descends from it")


def pin(session: Session, revisions: Revisions) -> None:
    """Keep individuals in sight, whatever becomes of their lineage.

    Example: evogit pin best
    """
    chosen = commits(session, revisions)
    report(session, session.desk.pin(chosen), f"pinned {several(chosen)}")


def unpin(session: Session, revisions: Revisions) -> None:
    """Take pins away.

    Example: evogit unpin best
    """
    chosen = commits(session, revisions)
    report(session, session.desk.unpin(chosen), f"unpinned {several(chosen)}")


def release(session: Session, revisions: Revisions) -> None:
    """Let quarantined individuals go, after you looked at them.

    They get the score that was held, on all hosts, and join the population. One that was held
    before it was run is judged by the next worker with time for it, or by evogit eval.

    Example: evogit release 3f2a91
    """
    chosen = commits(session, revisions)
    quarantine = session.phylogeny.quarantine
    free = [commit for commit in chosen if not quarantine.holds(session.phylogeny.index(commit))]
    if free:
        raise PreconditionError(f"{several(free)}: not in quarantine", hint="evogit show REV")
    entry = session.desk.release(chosen)
    report(session, entry, f"released {several(chosen)}")
    rows = set(quarantine.unmeasured())
    waiting = [c for c in chosen if session.phylogeny.by_tree(_tree(session, c)) in rows]
    if waiting:
        session.output.note(f"{several(waiting)}: not run yet; a worker will, or evogit eval")


def _tree(session: Session, commit: CommitId) -> TreeId:
    return session.phylogeny.tree(session.phylogeny.index(commit))


@lists
def tag(
    session: Session,
    revision: MaybeRevision = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Its name.")] = None,
    delete: Annotated[
        str | None, typer.Option("--delete", "-d", metavar="NAME", help="Take this tag away.")
    ] = None,
) -> None:
    """Name an individual, or list the names.

    Examples: evogit tag best record; evogit tag --delete record
    """
    if delete is not None and revision is None:
        report(session, session.desk.untag(delete), f"tag {delete} is gone")
    elif delete is None and revision is not None and name is not None:
        [commit] = commits(session, [revision])
        report(session, session.desk.tag(commit, name), f"{commit[:12]} is {name}")
    elif delete is None and revision is None:
        view, tags = Individuals(session), sorted(session.phylogeny.tags.items())
        rows = [{"tag": known, **view.row(row)} for known, row in tags]
        session.output.rows("tags", rows, _TAGS)
    else:
        raise UserError("a tag needs an individual and a name", hint="evogit tag best record")


def seed(
    session: Session,
    revision: Revision,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Which agent, such as a1.")],
) -> None:
    """Start an agent from an individual.

    Its branch moves there, whether it existed or not.

    Example: evogit seed best a2
    """
    [commit] = commits(session, [revision])
    report(session, session.desk.seed(agent, commit), f"{agent} goes on from {commit[:12]}")


def feedback(
    session: Session,
    revision: Revision,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to tell its lineage.")],
) -> None:
    """Say something to a lineage; its next prompt carries it.

    Agents that ask no language model, such as genetic, read nothing.

    Example: evogit feedback a3 "Try a heap instead of sorting"
    """
    chosen = commits(session, [revision])
    report(session, session.desk.feedback(chosen, text), f"told {several(chosen)}")


def pause(session: Session, agents: _Agents = None) -> None:
    """Let agents wait after their current step.

    Example: evogit pause a3
    """
    chosen = known_agents(session, agents or [])
    report(session, session.desk.pause(chosen), f"paused {_named(chosen)}")


def resume(session: Session, agents: _Agents = None) -> None:
    """Let paused or stopped agents go on.

    Example: evogit resume
    """
    chosen = known_agents(session, agents or [])
    report(session, session.desk.resume(chosen), f"resumed {_named(chosen)}")


def stop(session: Session, agents: _Agents = None) -> None:
    """Let agents end after their current step.

    Workers on all hosts obey when they next look at the repository.

    Example: evogit stop
    """
    chosen = known_agents(session, agents or [])
    report(session, session.desk.stop(chosen), f"stopped {_named(chosen)}")


def _named(agents: list[str]) -> str:
    return ", ".join(agents) or "all agents"
