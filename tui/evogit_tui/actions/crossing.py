"""A crossover by hand: shows what merging two individuals gives, makes it, judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evogit.cli import trusting
from evogit.cli.run import make_plan
from evogit.errors import PreconditionError, UserError
from evogit.evolve.merging import Policy
from evogit.evolve.once import MergedOnce, merge_once
from evogit.git.merge import merge as merge_trees
from evogit.ids import CommitId
from evogit.outcome import describe
from evogit_tui.actions import here
from evogit_tui.actions.trusted import if_trusted
from evogit_tui.dialogs.merge import MergeDialog, Preview

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp


def possible(app: EvoGitApp) -> bool:
    """Whether two individuals are chosen."""
    return len(_chosen(app)) == 2


def merge(app: EvoGitApp) -> None:
    """Preview the merge of the two marks (or of the mark and the current one), ask, make it.

    Raises:
        UserError: two are not chosen.
    """
    chosen = _chosen(app)
    if len(chosen) != 2:
        raise UserError("a merge needs two individuals", hint="mark them with C")
    pair = (chosen[0], chosen[1])

    def show(preview: Preview) -> None:
        app.push_screen(MergeDialog(preview), answered)

    def answered(policy: Policy | None) -> None:
        if policy is not None:
            if_trusted(app, lambda: _make(app, pair, policy))

    app.clerk.beside("trying the merge", lambda: _preview(app, pair), show)


def _chosen(app: EvoGitApp) -> list[CommitId]:
    marks = list(app.model.marks)
    if len(marks) == 1 and app.model.cursor is not None:
        marks.append(app.model.cursor)
    return list(dict.fromkeys(marks))


def _preview(app: EvoGitApp, pair: tuple[CommitId, CommitId]) -> Preview:
    phylogeny, git = app.model.phylogeny, app.model.session.swarm.git
    ours, theirs = (phylogeny.index(commit) for commit in pair)
    base = phylogeny.merge_base(ours, theirs)
    if base in (ours, theirs):
        raise PreconditionError(
            "one of them descends from the other, so there is nothing to merge",
            hint="mark two individuals of different lineages",
        )
    found = merge_trees(git, phylogeny.tree(base), phylogeny.tree(ours), phylogeny.tree(theirs))
    return Preview(
        (here.label(app, pair[0]), here.label(app, pair[1])),
        here.label(app, phylogeny.commit(base)),
        tuple((conflict.path, len(conflict.hunks)) for conflict in found.conflicts),
    )


def _make(app: EvoGitApp, pair: tuple[CommitId, CommitId], policy: Policy) -> None:
    session = app.model.session

    def work() -> MergedOnce:
        trusting.follow_config(session)
        trusting.require(session, session.swarm)
        plan = make_plan(session, session.swarm, jobs=1)
        made = merge_once(session.swarm, plan, pair, policy, author=session.user)
        app.model.phylogeny.refresh()
        return made

    app.clerk.beside("merging and judging", work, lambda made: _tell(app, made))


def _tell(app: EvoGitApp, made: MergedOnce) -> None:
    scores = ["no score" if score is None else f"{score:.6g}" for score in made.parent_scores]
    outcome = describe(made.evaluation.outcome)
    text = f"{made.commit[: here.SHORT]} {outcome}; its parents: {', '.join(scores)}"
    app.notify(text, timeout=8, markup=False)
    app.model.marks.clear()
    app.point_at(made.commit)
