"""What somebody with push rights writes into a journal, and what it does to a run here."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.core.evolve.test_evolving import Farm, view

from evogit.config.model import Budget
from evogit.evolve.events import Event
from evogit.evolve.once import judge_once
from evogit.git import objects
from evogit.git.trees import Change
from evogit.ids import CommitId
from evogit.outcome import Failed, Scored
from evogit.records import MAX_STEP, Attempt, Decision, Lease, Record, Spend
from evogit.swarm.identity import speaks_for
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    return Farm(tmp_path)


def write(swarm: Swarm, writer: str, *records: Record) -> None:
    journal = Journal(swarm.git, writer)
    for record in records:
        journal.append(record).result()
    journal.close()


@pytest.mark.parametrize("name", ["a1", "a1-judge"])
def test_nobody_else_numbers_the_steps_of_an_agent(farm: Farm, name: str) -> None:
    swarm = farm.swarm()
    farm.run(swarm, farm.plan(evaluations=1))
    before = view(farm, swarm).last_step(name)
    spent, forged = view(farm, swarm).spent, Spend(tokens_in=3)
    write(
        swarm,
        "mallory-w1",
        Attempt(name, "mutate", MAX_STEP, (), spend=forged),
        Lease("reserve", name, before + 1, forged),
    )
    phylogeny = view(farm, swarm)
    assert phylogeny.last_step(name) == before
    assert list(phylogeny.reservations) == [("mallory-w1", before + 1)]
    assert phylogeny.spent.tokens == spent.tokens + 3
    assert len(phylogeny.attempts("mallory-w1")) == 1
    farm.run(swarm, farm.plan(evaluations=2))
    assert before < view(farm, swarm).last_step("a1") < 100


def test_agents_are_spoken_for_by_their_own_worker_and_people_by_any() -> None:
    own = [("w1", "a1"), ("gpu-1-w2", "gpu-1-b7"), ("w1", "a1-judge"), ("w1", "w1-judge")]
    assert all(speaks_for(writer, agent) for writer, agent in [*own, ("w3", "ann")])
    others = [("w2", "a1"), ("gpu-1-w1", "a1"), ("w1", "gpu-1-a1"), ("w2", "w1-judge")]
    assert not any(speaks_for(writer, agent) for writer, agent in others)


def test_an_offspring_that_git_can_not_read_is_told_and_its_agent_goes_on(farm: Farm) -> None:
    swarm = farm.swarm()
    farm.run(swarm, farm.plan(evaluations=1))
    last = view(farm, swarm).last_step("a1")
    program = {"program.py": Change(swarm.git.write_blob(b"def value(x):\n    return 9\n"))}
    tree = swarm.git.change_tree(swarm.git.commit(swarm.base).tree, program)
    data = objects.commit(tree, [swarm.base], "far ahead\n", "a1", 2**63 + 1)
    made = CommitId(objects.write(swarm.git.path / "objects", "commit", data))
    attempt = Attempt("a1", "mutate", last + 1, (swarm.base,), offspring=made, time=time.time())
    journal = Journal(swarm.git, "w1")
    journal.append(attempt, keep=[made])
    journal.close()
    told: list[Event] = []
    done = farm.run(swarm, farm.plan(evaluations=2), told.append)
    assert done.evaluations == 2
    assert any("is lost and not judged" in event.text for event in told)
    best = view(farm, swarm).best(1)[0]
    assert isinstance(view(farm, swarm).outcome(best), Scored)


def test_a_cap_of_this_clone_holds_where_the_spec_has_none(farm: Farm) -> None:
    swarm = farm.swarm()
    plan = replace(farm.plan(evaluations=90), budget=Budget(evaluations=8))
    assert farm.run(swarm, plan).for_good
    assert view(farm, swarm).spent.evaluations == 8


@pytest.mark.parametrize("ahead", [6 * 3600.0, 1e9])
def test_a_verdict_dated_ahead_is_overruled_by_judging_afresh(farm: Farm, ahead: float) -> None:
    swarm = farm.swarm()
    farm.run(swarm, farm.plan(evaluations=1))
    known = view(farm, swarm).evaluations()[0]
    assert known.commit == swarm.base
    forged = replace(known, outcome=Failed("main", "boo"), time=time.time() + ahead)
    write(swarm, "mallory-w1", forged)
    judge_once(swarm, farm.plan(), swarm.base, fresh=True)
    assert isinstance(view(farm, swarm).outcome(0), Scored)


@pytest.mark.parametrize("verb", ["agents", "stop"])
def test_what_was_known_before_a_run_does_not_steer_it_whatever_its_date(
    farm: Farm, verb: str
) -> None:
    swarm = farm.swarm()
    write(swarm, "mallory", Decision(verb, "ann", text="3", time=time.time() + 7200))
    told: list[Event] = []
    assert farm.run(swarm, farm.plan(agents=1, evaluations=2), told.append).evaluations == 2
    assert {event.agent for event in told if event.kind == "evaluated"} == {"a1"}


def test_a_stop_is_heeded_while_agents_are_being_made(farm: Farm) -> None:
    swarm, stop = farm.swarm(), threading.Event()
    told: list[Event] = []

    def tell(event: Event) -> None:
        told.append(event)
        if event.kind == "state":
            stop.set()

    farm.run(swarm, farm.plan(agents=300), tell, stop)
    assert len({event.agent for event in told if event.agent}) < 300
