"""One run of a comparison: an ordinary swarm, evolved up to its budget, then judged on the hold-out.

Everything is in the swarm. A run that was killed goes on where its journal ends; one that is done
has the tag ``chosen`` on the individual that selection picked.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from evogit.analysis.separation import held_out_keys, noise_floor
from evogit.compare.arms import Arm, options_of
from evogit.errors import PreconditionError
from evogit.evolve.allowance import Flags
from evogit.evolve.assembly import Plan, evolve
from evogit.evolve.calibration import confirm_best
from evogit.evolve.evaluating import Verdicts
from evogit.evolve.events import Listener
from evogit.evolve.once import Desk, open_desk, record_verdict
from evogit.git.trees import EXECUTABLE
from evogit.ids import CommitId
from evogit.judge.judge import Task
from evogit.phylogeny.index import Phylogeny
from evogit.source import Source
from evogit.swarm.claims import Claims
from evogit.swarm.maintenance import maintain
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile

CHOSEN: Final = "refs/tags/chosen"
_LOCK: Final = "lock"
_SWARM: Final = "swarm.git"


def swarm_of(folder: Path) -> Path:
    """Where the swarm of a run lies."""
    return folder / _SWARM


def open_cell(template: Swarm, folder: Path, arm: Arm) -> Swarm:
    """The swarm of a run: the template's base, evaluator and settings, searched in the arm's way.

    Of the strategy's options those of the arm come first, then those the template has for the same
    strategy, as its own worker would use them.

    Raises:
        GitError: the template can not be read.
        PreconditionError: no space or no permission.
    """
    path = swarm_of(folder)
    if path.exists():
        return Swarm(path)
    settings = template.spec().settings
    search = settings.search.model_copy(
        update={"strategy": arm.strategy, "options": options_of(arm, settings.search)}
    )
    swarm = create_swarm(
        path,
        Source(template.path, template.path, None),
        template.base,
        settings.model_copy(update={"search": search}),
        _pinned(template),
        author="compare",
    )
    swarm.configure("evogit.source", template.setting("evogit.source"))
    return swarm


def _pinned(swarm: Swarm) -> dict[str, PinnedFile]:
    """The evaluator's files as the newest spec holds them."""
    git = swarm.git
    files = git.files(swarm.spec().evaluator)
    return {
        path: PinnedFile(git.read_blob(entry.blob), executable=entry.mode == EXECUTABLE)
        for path, entry in files.items()
        if path.startswith(("run/", "score/"))
    }


@contextmanager
def held(folder: Path, *, wait: bool) -> Generator[None]:
    """Hold a folder for this process alone, made if it is missing.

    Raises:
        PreconditionError: another process holds it, and ``wait`` is false.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise PreconditionError(
            f"another process works in {folder}", hint="wait for it, or stop it"
        ) from error
    finally:
        os.close(descriptor)


def is_finished(folder: Path) -> bool:
    """Whether the run in a folder has used its budget and was judged on the hold-out."""
    path = swarm_of(folder)
    return path.exists() and Swarm(path).git.ref(CHOSEN) is not None


def finish(
    swarm: Swarm, plan: Plan, evaluations: int, tell: Listener, stop: threading.Event
) -> None:
    """Run a cell to its end, or until ``stop``; what was done before is not done again.

    Args:
        swarm: of the cell; the caller holds its folder.
        plan: how to run; its limit on evaluations is replaced by what is left.
        evaluations: the budget of the whole cell, without those of the base.
        tell: hears what happens.
        stop: ends the run early; it can be finished later.

    Raises:
        EvaluatorError: no sandbox works, or the base itself has no score.
        ConfigError: an agent is not installed, or the environment can not be prepared.
        OSError, GitError: the repository can not be written.
    """
    if swarm.git.ref(CHOSEN) is not None:
        return
    left = evaluations - _used(swarm, plan)
    if left > 0:
        evolve(swarm, replace(plan, flags=Flags(evaluations=left)), tell, stop)
    if not stop.is_set():
        _choose(swarm, plan, stop)
    maintain(swarm)  # hundreds of cells may lie side by side


def _used(swarm: Swarm, plan: Plan) -> int:
    with open_desk(swarm, plan) as desk:
        return used_evaluations(desk.bench.phylogeny)


def used_evaluations(phylogeny: Phylogeny) -> int:
    """Individuals other than the base that were judged for selection, as a budget counts them."""
    base = phylogeny.tree(0)
    return sum(e.purpose == "search" and e.tree != base for e in phylogeny.evaluations())


def _choose(swarm: Swarm, plan: Plan, stop: threading.Event) -> None:
    """Judge what selection picked, and the base, on the hold-out; the tag goes up last."""
    with open_desk(swarm, plan) as desk:
        phylogeny = desk.bench.phylogeny
        _confirm(swarm, desk, stop)
        if stop.is_set():
            return
        best = phylogeny.best(1)
        chosen = phylogeny.commit(best[0] if best else 0)
        if desk.bench.spec.settings.evaluate.holdout is not None:
            for commit in (chosen, phylogeny.commit(0)):
                _judge_holdout(desk, commit, stop)
        if stop.is_set():
            return
    swarm.git.move_ref(CHOSEN, old=None, new=chosen)


def _confirm(swarm: Swarm, desk: Desk, stop: threading.Event) -> None:
    """Confirm the best: who was killed at the end of the budget may not have."""
    phylogeny = desk.bench.phylogeny
    claims = Claims(swarm.git, desk.journal.writer)
    verdicts = Verdicts(desk.judge, phylogeny, desk.journal, claims, stop.is_set, desk.bill)
    confirm_best(verdicts, phylogeny)


def _judge_holdout(desk: Desk, commit: CommitId, stop: threading.Event) -> None:
    """Once, and where scores wander as often as the best is judged afresh: the mean counts."""
    phylogeny, evaluate = desk.bench.phylogeny, desk.bench.spec.settings.evaluate
    tree = phylogeny.tree(phylogeny.index(commit))
    keys = held_out_keys(evaluate)
    for seed, purpose in keys if noise_floor(phylogeny, evaluate) else keys[:1]:
        if not stop.is_set() and phylogeny.evaluation(tree, seed, purpose) is None:
            record_verdict(desk, Task(commit, tree, seed, purpose))
