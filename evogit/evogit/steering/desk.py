"""Where a human decides: one method per verb, each an entry in that person's journal.

Every method holds the person's lock while it looks, decides and writes, so two processes of one
person never lose a decision; persons on other hosts have journals of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from evogit.config.model import Goal, Settings
from evogit.errors import NotFoundError, NothingToDoError, PreconditionError, UserError
from evogit.ids import (
    BASE_BRANCH,
    HEADS,
    CommitId,
    TreeId,
    checked_name,
    is_selector,
    slug,
)
from evogit.outcome import Outcome, Scored, describe
from evogit.records import Decision, Move
from evogit.steering import history, marking, tagging, target
from evogit.steering.history import Operation
from evogit.steering.moves import Mover
from evogit.steering.pen import Pen
from evogit.steering.promote import Plan
from evogit.steering.respecify import respecified
from evogit.steering.state import MAX_AGENTS, USER, Steering, derive
from evogit.swarm.repository import Swarm
from evogit.text import clean

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny


class Desk:
    """The decisions of one person. Thread-safe.

    Every verb returns the id of its journal entry once that is durable and its refs have moved.
    All raise ``UserError`` (or below) when the decision can not be made as asked, or (pruning and pinning)
    would change nothing; nothing is then
    recorded, except that a compare-and-swap lost in the last moment leaves the decision and its undo.

    Args:
        swarm: the swarm.
        phylogeny: its index; refreshed before and after every decision.
        user: the person's login name; made into a valid name.
        clock: seconds since 1970.
    """

    def __init__(
        self, swarm: Swarm, phylogeny: Phylogeny, user: str, clock: Callable[[], float]
    ) -> None:
        self.swarm = swarm
        self._git = swarm.git
        self.phylogeny = phylogeny
        self._by = slug(user, "human")
        self._clock = clock
        self._mover = Mover(
            swarm.git, lambda: target.source_of(swarm), swarm.private / "unfinished"
        )
        self._pen = Pen(swarm, phylogeny, self._by, clock, self._mover)

    @property
    def steering(self) -> Steering:
        """What all decisions known to the phylogeny add up to."""
        return derive(self.phylogeny.decisions)

    def heal(self) -> None:
        """Complete, or take back, what a killed process of this person left half done.

        Every decision does so first; whoever shows the state to a human need not wait for one.
        """
        self._pen.heal()

    # ------------------------------------------------------------------ verbs on individuals

    def prune(self, selects: Sequence[CommitId]) -> CommitId:
        """Take lineages (individuals and their descendants) out of the population.

        Commits and branches stay; agents whose lineage is pruned restart from the best individual left.
        """

        def decide() -> Decision:
            if self.swarm.base in selects:
                raise UserError(
                    "the base can not be pruned: everything descends from it",
                    hint="prune an agent's first offspring instead",
                )
            marking.check_news(selects, self.steering.pruned, "pruned", wanted=True)
            return self._about("prune", selects)

        return self._pen.write(decide)

    def restore(self, selects: Sequence[CommitId]) -> CommitId:
        """Bring individuals back into the population, with the whole lineages they were pruned with."""

        def decide() -> Decision:
            roots = marking.pruned_above(self.phylogeny, selects, self.steering.pruned)
            return self._about("restore", roots)

        return self._pen.write(decide)

    def pin(self, selects: Sequence[CommitId]) -> CommitId:
        """Keep individuals in sight, whatever becomes of their lineage."""
        return self._pin("pin", selects, wanted=True)

    def unpin(self, selects: Sequence[CommitId]) -> CommitId:
        """Take pins away."""
        return self._pin("unpin", selects, wanted=False)

    def _pin(self, verb: str, selects: Sequence[CommitId], *, wanted: bool) -> CommitId:
        def decide() -> Decision:
            marking.check_news(selects, self.steering.pinned, "pinned", wanted=wanted)
            return self._about(verb, selects)

        return self._pen.write(decide)

    def release(self, selects: Sequence[CommitId]) -> CommitId:
        """Let quarantined individuals go."""
        return self._pen.write(lambda: self._about("release", selects))

    def feedback(self, selects: Sequence[CommitId], text: str) -> CommitId:
        """Say something to lineages; their next prompt carries it, once."""
        said = clean(text, 20_000).strip()
        if not said:
            raise UserError("there is nothing in this feedback", hint="say what to try or avoid")
        return self._pen.write(lambda: self._about("feedback", selects, text=said))

    def tag(self, commit: CommitId, name: str) -> CommitId:
        """Name an individual; of two hosts that give a name at the same time the later one counts.

        Raises:
            PreconditionError: the name is taken, here or on a host we heard of.
            UserError: it can not be the name of a tag.
        """

        def decide() -> Decision:
            moves = tagging.naming(self._git, self.phylogeny, name, commit)
            return self._about("tag", [commit], target=name, moves=moves)

        return self._pen.write(decide)

    def untag(self, name: str) -> CommitId:
        """Take a tag away.

        Raises:
            NotFoundError: there is none of this name.
        """

        def decide() -> Decision:
            moves = tagging.unnaming(self._git, self.phylogeny, name)
            return self._new("untag", target=name, moves=moves)

        return self._pen.write(decide)

    def seed(self, agent: str, commit: CommitId) -> CommitId:
        """Start ``agent`` (again) from an individual: its branch moves there."""
        if checked_name(agent, "agent name") == BASE_BRANCH:
            raise UserError(f"{BASE_BRANCH} is the base, not an agent", hint="name an agent")
        if is_selector(agent):
            raise UserError(f"{agent!r} selects something else on the command line", hint="use a1")
        ref = HEADS + agent

        def decide() -> Decision:
            now = self._git.ref(ref)
            if now == commit:
                raise NothingToDoError(f"{agent} is at {commit[:12]} already")
            if now is None and agent in self.phylogeny.tips:
                raise PreconditionError(
                    f"{agent} works in another clone of the swarm",
                    hint="seed it there, or name an agent of this clone",
                )
            return self._about("seed", [commit], target=agent, moves=(Move(ref, now, commit),))

        return self._pen.write(decide)

    # ------------------------------------------------------------------ verbs on the swarm

    def goal(self, text: str) -> CommitId:
        """Give the swarm a new goal: a new version of the spec with the same evaluator.

        The rubric of the old one goes with it.
        """
        said = clean(text, 20_000).strip()

        def decide() -> Decision:
            old = self.swarm.spec().settings
            return self._respecify(old.model_copy(update={"goal": Goal(text=said)}), said)

        return self._pen.write(decide)

    def settings(self, settings: Settings, text: str) -> CommitId:
        """Change the spec in anything that does not decide scores: search, budgets, sandbox, goal.

        Args:
            settings: all settings of the new version.
            text: one line that says what changed.

        Raises:
            PreconditionError: how individuals are judged would change, or nothing would.
        """
        return self._pen.write(lambda: self._respecify(settings, text))

    def pause(self, agents: Sequence[str] = ()) -> CommitId:
        """Let agents (none named: all) wait after their current step."""
        return self._pen.write(lambda: self._new("pause", target=_agents(agents)))

    def resume(self, agents: Sequence[str] = ()) -> CommitId:
        """Let paused or stopped agents (none named: all) go on."""
        return self._pen.write(lambda: self._new("resume", target=_agents(agents)))

    def stop(self, agents: Sequence[str] = ()) -> CommitId:
        """Let agents (none named: all) end after their current step."""
        return self._pen.write(lambda: self._new("stop", target=_agents(agents)))

    def agents(self, number: int) -> CommitId:
        """Say how many agents each worker is to host."""
        if not 0 <= number <= MAX_AGENTS:
            raise UserError(f"{number} agents are not possible", hint=f"0 to {MAX_AGENTS}")
        return self._pen.write(lambda: self._new("agents", text=str(number)))

    # ------------------------------------------------------------------ promote

    def promote(self, plan: Plan, gates: Callable[[TreeId], Outcome | None]) -> CommitId:
        """Carry out a plan of ``plan_promotion``: objects, then one branch of the user's repository.

        Args:
            plan: what to do; the message tells the evidence as it is known by now.
            gates: runs the gates on the final tree, before anything is written to the user's
                repository; ``None`` if there are none.

        Raises:
            PreconditionError: the plan has conflicts, its commit can not be signed, a gate failed, or
                the branch is checked out or moved since the plan was made.
        """
        source, tree = target.source_of(self.swarm), plan.checked_tree()
        self.phylogeny.refresh()
        plan = plan.with_evidence(self.swarm, self.phylogeny)
        # Before the gates: whoever has to unlock a key is here now, and need not judge for nothing.
        commit = plan.write_commit(self.swarm, source, int(self._clock()))
        outcome = gates(tree)
        if outcome is not None and not isinstance(outcome, Scored):
            raise PreconditionError(
                f"{plan.individual[:12]} was not promoted: {describe(outcome)}",
                hint="the user's repository is as it was",
            )

        def decide() -> Decision:
            plan.check_target(source)
            target.hand_over(self.swarm, source, commit, plan.known)
            move = Move(USER + plan.ref, plan.old, commit)
            return self._about(
                "promote", [plan.individual], target=plan.branch, text=plan.mode, moves=(move,)
            )

        return self._pen.write(decide)

    # ------------------------------------------------------------------ undo and redo

    def undo(self, entry: CommitId | None = None) -> CommitId:
        """Undo a decision, or an undo or redo; by default this person's last one that holds.

        Raises:
            NotFoundError: there is no such decision, or none left to undo.
            PreconditionError: it is undone already, or a ref it moved was moved again since.
        """

        def decide() -> Decision:
            named = entry or self.last_holding()
            if named is None:
                raise NotFoundError("there is nothing left to undo", hint="evogit op log")
            return self._answer("undo", named)

        return self._pen.write(decide)

    def redo(self, entry: CommitId | None = None) -> CommitId:
        """Bring back what was undone, by default what this person undid last.

        Args:
            entry: the undo, or the decision that was undone.

        Raises:
            NotFoundError: there is no such decision, or none left to redo.
            PreconditionError: it holds already, or a ref it moved was moved again since.
        """

        def decide() -> Decision:
            named = entry or self.last_undone()
            if named is None:
                raise NotFoundError("there is nothing left to redo", hint="evogit op log")
            return self._answer("redo", named)

        return self._pen.write(decide)

    def operations(self) -> list[Operation]:
        """All decisions of all persons, newest first."""
        return history.operations(self.phylogeny.decisions)

    def last_holding(self) -> CommitId | None:
        """What ``undo`` without a name would undo now."""
        return history.last_holding(self.phylogeny.decisions, self._by)

    def last_undone(self) -> CommitId | None:
        """What ``redo`` without a name would bring back now: an undo."""
        return history.last_undone(self.phylogeny.decisions, self._by)

    def _answer(self, verb: str, named: CommitId) -> Decision:
        answer = self._new(verb, undoes=named)
        decision, holds = history.meant(self.phylogeny.decisions, answer)
        made = (self._mover.repeat if holds else self._mover.reverse)(answer, decision.moves)
        return replace(answer, moves=made, selects=decision.selects)

    # ------------------------------------------------------------------ writing

    def _new(
        self,
        verb: str,
        *,
        target: str = "",
        text: str = "",
        moves: tuple[Move, ...] = (),
        undoes: CommitId | None = None,
    ) -> Decision:
        return Decision(
            verb,
            self._by,
            target=target,
            text=text,
            moves=moves,
            undoes=undoes,
            time=self._pen.now(),
        )

    def _about(
        self,
        verb: str,
        selects: Sequence[CommitId],
        *,
        target: str = "",
        text: str = "",
        moves: tuple[Move, ...] = (),
    ) -> Decision:
        chosen = tuple(dict.fromkeys(selects))
        if not chosen:
            raise UserError(f"{verb} needs an individual", hint="evogit ls lists them")
        for commit in chosen:
            self.phylogeny.index(commit)
        return replace(self._new(verb, target=target, text=text, moves=moves), selects=chosen)

    def _respecify(self, settings: Settings, text: str) -> Decision:
        moved = respecified(self.swarm, settings, text, self._by, int(self._clock()))
        return self._new("goal", text=clean(text, 4000), moves=(moved,))


def _agents(names: Sequence[str]) -> str:
    return ",".join(checked_name(name, "agent name") for name in dict.fromkeys(names))
