"""One run of a comparison, ended in the middle."""

from __future__ import annotations

import threading
from pathlib import Path
from statistics import fmean

import pytest
from tests.core.evolve.test_evolving import PROGRAM, SETTINGS, Farm, view

from evogit.analysis.separation import held_out_runs, separation
from evogit.compare.arms import Arm, Cell, parse_arm
from evogit.compare.cell import CHOSEN, finish, open_cell
from evogit.compare.result import read
from evogit.evolve import assembly
from evogit.swarm.maintenance import maintain

NOISY = "import random\n\ndef value(x):\n    return x + 1 + random.random() / 100\n"


def test_who_was_killed_when_the_budget_was_used_still_confirms_the_best_before_choosing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = Farm(tmp_path)
    swarm = farm.swarm(settings=SETTINGS, program=NOISY)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(assembly, "confirm_best", killed)
        with pytest.raises(KeyboardInterrupt):
            finish(swarm, farm.plan(), 4, lambda _: None, threading.Event())
    assert swarm.git.ref(CHOSEN) is None

    finish(swarm, farm.plan(), 4, lambda _: None, threading.Event())
    phylogeny = view(farm, swarm)
    found = separation(phylogeny, swarm.spec().settings.evaluate)
    assert found is not None
    assert (found.best != 0, found.fresh) == (True, 5)
    assert swarm.git.ref(CHOSEN) == phylogeny.commit(found.best)


def test_a_run_that_ended_leaves_no_loose_objects(tmp_path: Path) -> None:
    farm = Farm(tmp_path)
    swarm = farm.swarm()
    finish(swarm, farm.plan(), 2, lambda _: None, threading.Event())
    assert maintain(swarm).loose_before == 0


HELD_OUT = SETTINGS.replace(
    "[search]",
    'holdout = { name = "held", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }\n[search]',
)


@pytest.mark.parametrize(("program", "runs"), [(NOISY, 5), (PROGRAM, 1)])
def test_where_scores_wander_the_holdout_is_judged_as_often_as_the_best_is(
    tmp_path: Path, program: str, runs: int
) -> None:
    farm = Farm(tmp_path)
    swarm = farm.swarm(settings=HELD_OUT, program=program)
    finish(swarm, farm.plan(), 3, lambda _: None, threading.Event())
    phylogeny, evaluate = view(farm, swarm), swarm.spec().settings.evaluate
    chosen = swarm.git.ref(CHOSEN)
    assert chosen is not None
    for row in (phylogeny.index(chosen), 0):
        scores = held_out_runs(phylogeny, row, evaluate)
        assert len(scores) == runs
    assert len(set(held_out_runs(phylogeny, 0, evaluate))) == runs
    (swarm.path.parent / "cell").mkdir()
    swarm.path.rename(swarm.path.parent / "cell" / "swarm.git")
    found = read(Cell("p", Arm("evogit", "evogit"), 1), swarm.path.parent / "cell")
    assert found is not None
    assert (found.chosen.runs, found.base.runs) == (runs, runs)
    assert found.chosen.held_out == pytest.approx(
        fmean(held_out_runs(phylogeny, phylogeny.index(chosen), evaluate))
    )


def test_a_run_has_the_options_that_its_problem_has_for_the_same_strategy(tmp_path: Path) -> None:
    settings = SETTINGS + "[search.options]\nmerge_every = 2\ncross = 0.5\n"
    template = Farm(tmp_path).swarm(settings=settings)

    def options(arm: str) -> dict[str, object]:
        cell = open_cell(template, tmp_path / "cells" / arm, parse_arm(arm))
        return dict(cell.spec().settings.search.options)

    assert options("evogit") == {"merge_every": 2, "cross": 0.5}
    assert options("evogit+merge_every=0") == {"merge_every": 0, "cross": 0.5}
    assert options("islands") == {}
