"""One run of a comparison, ended in the middle."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.core.evolve.test_evolving import SETTINGS, Farm, view

from evogit.analysis.separation import separation
from evogit.compare.cell import CHOSEN, finish
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
