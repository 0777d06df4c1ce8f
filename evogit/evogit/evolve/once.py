"""Single acts outside of a run: judge one individual, merge two, look up the best."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Final

from evogit.analysis.separation import FRESH, compared, noise_floor
from evogit.errors import NothingToDoError, PreconditionError
from evogit.evolve.allowance import Allowance
from evogit.evolve.assembly import Bench, Plan, open_bench, open_budget, open_judge
from evogit.evolve.billing import Bill
from evogit.evolve.evaluating import Verdict, judge_now, may_pass, to_be_run
from evogit.evolve.hiring import open_bill
from evogit.evolve.lost import settle_lost
from evogit.evolve.merging import Policy, merge_parents
from evogit.evolve.spending import FREE
from evogit.ids import CommitId
from evogit.judge.judge import Judge, Task
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE
from evogit.records import Attempt, Evaluation
from evogit.swarm.identity import take_worker
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm

_TOLERANCE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Desk:
    """A worker's identity, journal and judge, held for one act."""

    bench: Bench
    journal: Journal
    judge: Judge
    bill: Bill

    @contextmanager
    def paid_judge(self, task: Task, times: int = 1) -> Generator[Judge]:
        """The judge, with what so many evaluations may ask a language model reserved.

        Raises:
            PreconditionError: a cap forbids it.
        """
        with self.bill.paying(self.judge, task, times) as judge:
            if judge is None:
                raise PreconditionError(
                    f"judging could cost more than is left: {self.bill.allowance.exhausted()}",
                    hint="raise the cap in [budget]; evogit cost shows what was spent",
                )
            yield judge

    def has_room(self) -> bool:
        """Whether the swarm's caps leave one evaluation more."""
        budget = self.bill.budget
        with budget.turn():
            return budget.refusal(self.journal.writer, FREE, time.time()) is None


@contextmanager
def open_desk(swarm: Swarm, plan: Plan) -> Generator[Desk]:
    """Take the identity of a worker for one act.

    Raises:
        EvaluatorError: no sandbox works.
    """
    with ExitStack() as stack:
        identity = take_worker(swarm.git, swarm.host)
        stack.callback(identity.release)
        journal = Journal(swarm.git, identity.name, plan.redactor)
        stack.callback(journal.close)
        bench = stack.enter_context(open_bench(swarm, plan))
        settle_lost(bench.phylogeny, journal, identity.name, time.time())
        judge = open_judge(swarm, plan, bench, identity.name)
        allowance, budget = Allowance(plan.flags), open_budget(swarm, plan, bench)
        bill = open_bill(bench, plan, journal, allowance, budget, threading.Event())
        yield Desk(bench, journal, judge, bill)


def judge_once(
    swarm: Swarm, plan: Plan, commit: CommitId, *, purpose: str = "search", fresh: bool = False
) -> Verdict:
    """Judge one individual and record the verdict in a journal of this process's own.

    ``fresh`` judges again although the verdict is known: what failed gets the new verdict in place
    of the old one, what has a score a further repeat.

    Raises:
        EvaluatorError: no sandbox works.
        NotFoundError: it is no individual of this swarm.
    """
    with open_desk(swarm, plan) as desk:
        phylogeny = desk.bench.phylogeny
        tree, seed = phylogeny.tree(phylogeny.index(commit)), desk.judge.spec.settings.evaluate.seed
        known = None if fresh else phylogeny.evaluation(tree, seed, purpose)
        if known is not None and not to_be_run(phylogeny, known):
            return Verdict(known, None)
        task = Task(commit, tree, seed, purpose)
        if fresh and purpose == "search":
            task = _afresh(phylogeny, task)
        return _judged(desk, task)


def record_verdict(desk: Desk, task: Task) -> Evaluation:
    """Judge now and record it; the verdict as the phylogeny knows it then."""
    return _judged(desk, task).evaluation


def _judged(desk: Desk, task: Task) -> Verdict:
    phylogeny = desk.bench.phylogeny
    phylogeny.refresh()
    with desk.paid_judge(task) as judge:
        found = judge_now(judge, phylogeny, task)
    subject = f"evaluate {task.commit[:12]}"
    entry = desk.journal.append(found, subject=subject, keep=(task.commit,)).result()
    phylogeny.refresh()
    return Verdict(phylogeny.evaluation(task.tree, task.seed, task.purpose) or found, entry)


def _afresh(phylogeny: Phylogeny, first: Task) -> Task:
    """The first of its runs that failed, which counts as long as it stands; else a further repeat."""
    task = first
    for number in count(1):
        found = phylogeny.evaluation(task.tree, task.seed, task.purpose)
        if found is None or may_pass(found.outcome):
            break
        task = replace(first, seed=number, purpose="repeat")
    return task


def judge_afresh(desk: Desk, commit: CommitId, tell: Callable[[str], None]) -> None:
    """Make the repeats by which a gain under noise counts, as a run does for its best at the end.

    None if nothing wanders, or what chose it is within the noise already; those that are known are not
    made again. Ends where the caps of the swarm leave no more, or a repeat has no score.

    Args:
        desk: judges and records.
        commit: the individual.
        tell: is told what is about to be judged.

    Raises:
        EvaluatorError: the sandbox does not work.
        OSError, GitError: the journal could not be written.
    """
    phylogeny, evaluate = desk.bench.phylogeny, desk.judge.spec.settings.evaluate
    row = phylogeny.index(commit)
    for repeat in FRESH:
        found = compared(phylogeny, row, evaluate)
        if found is None or found.confirmed or (not found.fresh and found.gain <= found.floor):
            return
        task = Task(commit, phylogeny.tree(row), repeat, "repeat")
        if phylogeny.evaluation(task.tree, repeat, "repeat") is not None:
            continue
        if not desk.has_room():
            return
        tell(f"judging it afresh: {repeat - FRESH.start + 1} of {len(FRESH)}")
        try:
            record_verdict(desk, task)
        except PreconditionError:  # what its evaluator asks can not be paid for
            return


def judge_again(judge: Judge, phylogeny: Phylogeny, commit: CommitId) -> Outcome | None:
    """``None`` if an individual, judged once more and cold, keeps what the journals say of it.

    It may be worse by three times the noise floor, scaled to its score: the floor is the largest
    difference between a few runs of the base, and a further run goes beyond it now and then. One
    without a score on record only has to get one.

    Raises:
        EvaluatorError: the sandbox does not work.
        OSError: the disk refused.
    """
    row = phylogeny.index(commit)
    recorded, base = phylogeny.score(row), phylogeny.score(0)
    floor = noise_floor(phylogeny, judge.spec.settings.evaluate)
    scale = max(abs(recorded / base), 1.0) if recorded and base else 1.0
    return judge.again(phylogeny.tree(row), recorded, _TOLERANCE * floor * scale)


@dataclass(frozen=True, slots=True)
class MergedOnce:
    """A merge a human asked for, with its verdict and those of both parents."""

    commit: CommitId
    base: CommitId
    subject: str
    evaluation: Evaluation
    parent_scores: tuple[float | None, float | None]


def merge_once(
    swarm: Swarm, plan: Plan, parents: tuple[CommitId, CommitId], policy: Policy, *, author: str
) -> MergedOnce:
    """Merge two individuals into a new one, judge it, and keep it by the journal alone.

    Raises:
        PreconditionError: there is nothing to merge, or the merged tree is known already.
        EvaluatorError: no sandbox works.
    """
    with open_desk(swarm, plan) as desk:
        phylogeny, git = desk.bench.phylogeny, swarm.git
        found = merge_parents(git, phylogeny, parents, policy, Random(plan.seed))
        if isinstance(found, str):
            raise PreconditionError(found, hint="choose two individuals of different lineages")
        known = phylogeny.by_tree(found.tree)
        if known is not None:
            raise NothingToDoError(
                f"merging gives the tree of {phylogeny.commit(known)[:12]}, which exists already",
                hint="choose others, or another --conflicts policy",
            )
        step = len(phylogeny.attempts(author)) + 1
        spec = desk.bench.spec.tree
        provenance = Provenance(author, MERGE, step, spec, plan.seed, merge_base=found.base)
        when = git.commit(swarm.base).time + step
        message = compose(found.subject, "", provenance)
        commit = git.write_commit(found.tree, parents, message, author=author, time=when)
        now = round(time.time(), 3)
        attempt = Attempt(author, MERGE, step, parents, offspring=commit, time=now)
        desk.journal.append(attempt, subject=found.subject, keep=(commit,)).result()
        seed = desk.judge.spec.settings.evaluate.seed
        verdict = record_verdict(desk, Task(commit, found.tree, seed, agent=author))
        scores = [phylogeny.score(phylogeny.index(parent)) for parent in parents]
        return MergedOnce(commit, found.base, found.subject, verdict, (scores[0], scores[1]))


def best_individual(swarm: Swarm, plan: Plan) -> CommitId:
    """The best individual that is not pruned, else the base."""
    with open_bench(swarm, plan) as bench:
        best = bench.phylogeny.best(1)
        return bench.phylogeny.commit(best[0] if best else 0)
