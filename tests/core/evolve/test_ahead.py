"""Agents that ask ahead: they make offspring while earlier ones of theirs wait for a verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from tests.core.evolve.test_evolving import SETTINGS, Farm, confirmations, view

from evogit.config.load import parse
from evogit.errors import EvaluatorError
from evogit.evolve import assembly
from evogit.evolve.events import Event
from evogit.ids import HEADS, JOURNALS, CommitId
from evogit.judge.judge import Judge
from evogit.judge.judge import Task as Case
from evogit.proposals import Agent, Proposal, Task
from evogit.records import Attempt, Decision, Evaluation, Spend
from evogit.swarm.journal import Journal, entries
from evogit.swarm.repository import Swarm

PATIENCE: Final = 60.0
ROOT: Final = Path(__file__).parents[3]


def settings(ahead: int, more: str = "") -> str:
    chosen = f"[search]\nstrategy = 'hill-climb'\nahead = {ahead}\n"
    return SETTINGS.replace("[search]\n", chosen) + more


@dataclass
class Counting:
    """Its n-th offspring returns the n-th of ``values``; ``before`` is called with n, from 1.

    One of these stands for all that a worker makes of one number, so that several threads ask it.
    """

    values: Callable[[int], int] = lambda n: n
    before: Callable[[int], None] = lambda n: None
    worst: Spend = Spend()
    kind: str = "counting"
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def worst_case(self) -> Spend:
        return self.worst

    def propose(self, task: Task) -> Proposal:
        del task
        with self.lock:
            self.asked += 1
            number = self.asked
        self.before(number)
        text = f"def value(x):\n    return {self.values(number)}\n"
        return Proposal("count", {"program.py": text.encode()}, "count", spend=self.worst)


@dataclass
class Scene:
    """Farm, agents and a judge that tells before it judges an offspring."""

    farm: Farm
    monkeypatch: pytest.MonkeyPatch
    events: list[Event] = field(default_factory=list[Event])
    judging: list[int] = field(default_factory=list[int])

    def hire(self, *agents: Agent) -> None:
        """Let the k-th agent of a run be the k-th of these."""

        def maker(*_: object) -> Callable[[int], Agent]:
            return lambda k: agents[k]

        self.monkeypatch.setattr(assembly, "agent_maker", maker)

    def on_judging(self, before: Callable[[int], None]) -> None:
        """Call ``before`` with n when the n-th evaluation of an agent's offspring begins."""
        plain = Judge.evaluate

        def evaluate(judge: Judge, case: Case) -> Evaluation:
            if case.agent:
                self.judging.append(1)
                before(len(self.judging))
            return plain(judge, case)

        self.monkeypatch.setattr(Judge, "evaluate", evaluate)

    @property
    def judged(self) -> list[str]:
        """Offspring in the order in which their verdicts were told."""
        return [event.commit for event in self.events if event.kind == "evaluated"]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(Farm(tmp_path), monkeypatch)


def made(farm: Farm, swarm: Swarm, agent: str = "a1") -> list[CommitId]:
    """An agent's offspring in the order of its attempts."""
    return [row.offspring for row in view(farm, swarm).attempts(agent) if row.offspring]


def unjudged(farm: Farm, swarm: Swarm) -> list[CommitId]:
    phylogeny = view(farm, swarm)
    found = made(farm, swarm)
    return [commit for commit in found if phylogeny.outcome(phylogeny.index(commit)) is None]


def test_agents_do_not_ask_ahead_unless_the_spec_says_so() -> None:
    assert parse(SETTINGS).search.ahead == 0


def test_a_slow_agent_and_a_slow_judge_work_at_the_same_time(scene: Scene) -> None:
    asked, judging = threading.Event(), threading.Event()

    def second_waits_for_the_judge(n: int) -> None:
        if n == 2:
            asked.set()
            assert judging.wait(PATIENCE)

    def judge_waits_for_the_second(n: int) -> None:
        if n == 1:
            judging.set()
            assert asked.wait(PATIENCE)

    scene.hire(Counting(before=second_waits_for_the_judge))
    scene.on_judging(judge_waits_for_the_second)
    swarm = scene.farm.swarm(settings=settings(1))
    assert scene.farm.run(swarm, scene.farm.plan(evaluations=4)).evaluations == 4


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_no_more_offspring_wait_than_the_spec_allows(scene: Scene, ahead: int) -> None:
    said: list[str] = []
    agent = Counting(before=lambda n: said.append(f"ask {n}"))
    scene.hire(agent)
    scene.on_judging(lambda n: said.append(f"judge {n}"))
    swarm = scene.farm.swarm(settings=settings(ahead))
    scene.farm.run(swarm, scene.farm.plan(evaluations=8))
    for n in range(ahead + 2, 9):
        # The n-th is asked for only once all but ``ahead`` of those before it have verdicts.
        assert said.index(f"judge {n - ahead - 1}") < said.index(f"ask {n}")
    if ahead == 0:
        assert said == [word for n in range(1, 9) for word in (f"ask {n}", f"judge {n}")]


def test_so_many_more_steps_ask_at_once_as_the_spec_says(scene: Scene) -> None:
    together, lock = threading.Barrier(3), threading.Lock()
    asking, seen = set[int](), set[int]()

    def meet(n: int) -> None:
        with lock:
            asking.add(n)
            seen.add(len(asking))
        if n <= 3:
            together.wait(PATIENCE)
        with lock:
            asking.remove(n)

    scene.hire(Counting(before=meet))
    swarm = scene.farm.swarm(settings=settings(2))
    scene.farm.run(swarm, scene.farm.plan(evaluations=9))
    assert (asking, max(seen)) == (set(), 3)


def test_what_two_steps_propose_at_the_same_time_is_made_once(scene: Scene) -> None:
    together = threading.Barrier(2)

    def meet(n: int) -> None:
        if n <= 2:
            together.wait(PATIENCE)

    scene.hire(Counting(values=lambda n: max(n, 2), before=meet))
    swarm = scene.farm.swarm(settings=settings(1))
    scene.farm.run(swarm, scene.farm.plan(evaluations=4))
    attempts = view(scene.farm, swarm).attempts("a1")
    assert sum(row.offspring is None for row in attempts) == 1
    assert len(attempts) == 5


def test_verdicts_come_in_the_order_in_which_offspring_were_made(scene: Scene) -> None:
    scene.hire(Counting())
    swarm = scene.farm.swarm(settings=settings(3))
    scene.farm.run(swarm, scene.farm.plan(evaluations=10), scene.events.append)
    tip = swarm.git.ref(JOURNALS + "w1")
    assert tip is not None
    records = [entry.record for entry in entries(swarm.git, tip)][::-1]
    steps = [record.step for record in records if isinstance(record, Attempt)]
    evaluated = [r.commit for r in records if isinstance(r, Evaluation) and r.agent]
    assert sorted(steps) == list(range(1, 11))
    assert scene.judged == evaluated == made(scene.farm, swarm)
    assert swarm.git.ref(HEADS + "a1") == made(scene.farm, swarm)[-1]


def test_what_is_no_better_than_where_its_agent_stands_by_then_is_not_accepted(
    scene: Scene,
) -> None:
    scene.hire(Counting(values=lambda n: 100 - n))
    swarm = scene.farm.swarm(settings=settings(3))
    scene.farm.run(swarm, scene.farm.plan(evaluations=6))
    assert swarm.git.ref(HEADS + "a1") == made(scene.farm, swarm)[0]


def test_nothing_is_made_twice_though_the_first_has_no_verdict_yet(scene: Scene) -> None:
    scene.hire(Counting(values=lambda n: (n + 1) // 2))
    swarm = scene.farm.swarm(settings=settings(4))
    summary = scene.farm.run(swarm, scene.farm.plan(evaluations=5))
    phylogeny = view(scene.farm, swarm)
    assert (summary.evaluations, phylogeny.spent.evaluations) == (
        5,
        2 + 5 + confirmations(phylogeny),
    )
    assert len(made(scene.farm, swarm)) == 5
    assert len(phylogeny.attempts("a1")) == 9


@pytest.mark.parametrize("worst", [Spend(), Spend(10, 10, 0.01)])
def test_caps_of_evaluations_are_met_exactly_with_offspring_in_flight(
    scene: Scene, worst: Spend
) -> None:
    def agent(k: int) -> Counting:
        return Counting(values=lambda n: 1000 * k + n, worst=worst)

    scene.hire(*map(agent, range(3)))
    swarm = scene.farm.swarm(settings=settings(2, "[budget]\nevaluations = 20\n"))
    for limit in (7, 300):
        scene.farm.run(swarm, scene.farm.plan(agents=3, evaluations=limit))
        scene.hire(*map(agent, range(3, 6)))
        phylogeny = view(scene.farm, swarm)
        wanted = 2 + limit + confirmations(phylogeny)
        assert phylogeny.spent.evaluations == min(wanted, 20)
    assert unjudged(scene.farm, swarm) == []


def test_steps_under_way_do_not_overdraw_the_cap_of_their_agent_together(scene: Scene) -> None:
    agent = Counting(worst=Spend(10, 10, 0.3))
    scene.hire(agent)
    swarm = scene.farm.swarm(settings=settings(3, "[budget]\nagent_cost_usd = 1.0\n"))
    scene.farm.run(swarm, scene.farm.plan(evaluations=20), scene.events.append)
    assert agent.asked == 3
    assert view(scene.farm, swarm).spent.cost_usd == pytest.approx(0.9)
    [told] = [e.text for e in scene.events if e.kind == "problem"]
    assert told.startswith("a1 ended: a1's $1: ")


def test_two_workers_that_ask_ahead_do_not_overdraw_evaluations_together(scene: Scene) -> None:
    swarm = scene.farm.swarm(settings=settings(2, "[budget]\nevaluations = 20\n"))
    plan = scene.farm.plan(agents=2)
    threads = [
        threading.Thread(target=scene.farm.run, args=(Swarm(swarm.path), plan)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    assert view(scene.farm, swarm).spent.evaluations == 20


def test_stopping_leaves_what_was_not_begun_to_the_next_run_and_gives_its_evaluation_back(
    scene: Scene,
) -> None:
    stop, third = threading.Event(), threading.Event()

    def stop_when_two_more_wait(n: int) -> None:
        if n == 1:
            assert third.wait(PATIENCE)
            stop.set()

    scene.hire(Counting(before=lambda n: third.set() if n == 3 else None))
    scene.on_judging(stop_when_two_more_wait)
    swarm = scene.farm.swarm(settings=settings(3))
    summary = scene.farm.run(swarm, scene.farm.plan(evaluations=9), stop=stop)
    left = made(scene.farm, swarm)[1:]
    assert (summary.reason, summary.evaluations) == ("stopped", 1)
    assert unjudged(scene.farm, swarm) == left
    assert 2 <= len(left) <= 3
    scene.farm.run(swarm, scene.farm.plan(evaluations=len(left)), scene.events.append)
    assert scene.judged == left


def test_an_agent_that_is_sent_away_is_told_the_verdicts_on_all_it_made(scene: Scene) -> None:
    swarm = scene.farm.swarm(settings=settings(2))
    human = Journal(swarm.git, "someone")
    third = threading.Event()

    def send_away(n: int) -> None:
        if n == 1:
            assert third.wait(PATIENCE)
            human.append(Decision("stop", "someone", target="a1", time=time.time())).result()

    scene.hire(Counting(before=lambda n: third.set() if n == 3 else None))
    scene.on_judging(send_away)
    scene.farm.run(swarm, scene.farm.plan(evaluations=50))
    human.close()
    assert 3 <= len(made(scene.farm, swarm)) < 50
    assert unjudged(scene.farm, swarm) == []


def test_what_was_begun_before_a_human_put_its_agent_elsewhere_does_not_move_it(
    scene: Scene,
) -> None:
    swarm = scene.farm.swarm(settings=settings(2))
    human = Journal(swarm.git, "someone")
    third = threading.Event()

    def put_back(n: int) -> None:
        if n == 1:
            assert third.wait(PATIENCE)
            swarm.git.move_ref(HEADS + "a1", old=swarm.git.ref(HEADS + "a1"), new=swarm.base)
            seed = Decision("seed", "someone", (swarm.base,), target="a1", time=time.time())
            human.append(seed).result()

    # The third is better than all that comes later.
    scene.hire(Counting(lambda n: 99 if n == 3 else n, lambda n: third.set() if n == 3 else None))
    scene.on_judging(put_back)
    scene.farm.run(swarm, scene.farm.plan(evaluations=6))
    human.close()
    phylogeny, offspring = view(scene.farm, swarm), made(scene.farm, swarm)
    line = [phylogeny.commit(row) for row in phylogeny.lineage(phylogeny.tips["a1"])]
    assert not set(line) & set(offspring[:3])
    assert line[0] == offspring[5]


def test_a_judge_that_fails_ends_the_run_while_the_agent_is_asking(scene: Scene) -> None:
    stop, asking = threading.Event(), threading.Event()

    def ask_until_the_run_is_over(n: int) -> None:
        if n == 2:
            asking.set()
            assert stop.wait(PATIENCE)

    def fail(n: int) -> None:
        assert n <= 1 or stop.is_set()
        assert asking.wait(PATIENCE)
        raise EvaluatorError("the sandbox is gone")

    scene.hire(Counting(before=ask_until_the_run_is_over))
    scene.on_judging(fail)
    swarm = scene.farm.swarm(settings=settings(1))
    with pytest.raises(EvaluatorError, match="the sandbox is gone"):
        scene.farm.run(swarm, scene.farm.plan(evaluations=9), stop=stop)
    assert [t.name for t in threading.enumerate() if t.name.startswith("a1")] == []


def die_with_two_unjudged(folder: Path, swarm: Path) -> None:
    """Run in a process of its own."""

    def die(n: int) -> None:
        if n == 3:
            while len(unjudged(scene.farm, Swarm(swarm))) < 2:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)

    def wait_for_ever(n: int) -> None:
        threading.Event().wait(n * PATIENCE)

    with pytest.MonkeyPatch.context() as patch:
        scene = Scene(Farm(folder), patch)
        scene.hire(Counting(before=die))
        scene.on_judging(wait_for_ever)
        scene.farm.run(Swarm(swarm), scene.farm.plan(evaluations=9))


@pytest.mark.parametrize("limits", [(2,), (1, 1), (9,)])
def test_all_that_a_killed_worker_had_not_judged_is_judged_once_and_in_order(
    scene: Scene, limits: tuple[int, ...]
) -> None:
    swarm = scene.farm.swarm(settings=settings(2))
    call = "from tests.core.evolve.test_ahead import Path, die_with_two_unjudged as die; "
    call += f"die(Path({str(scene.farm.folder)!r}), Path({str(swarm.path)!r}))"
    child = subprocess.run([sys.executable, "-c", call], cwd=ROOT, timeout=PATIENCE, check=False)
    assert child.returncode == -signal.SIGKILL
    left = unjudged(scene.farm, swarm)
    assert len(left) == 2
    scene.hire(Counting(values=lambda n: 10 - n))
    for limit in limits:
        scene.farm.run(swarm, scene.farm.plan(evaluations=limit), scene.events.append)
    assert scene.judged == made(scene.farm, swarm)
    assert scene.judged[:2] == left
    assert unjudged(scene.farm, swarm) == []
    phylogeny = view(scene.farm, swarm)
    assert phylogeny.spent.evaluations == 2 + sum(limits) + confirmations(phylogeny)
    steps = [row.step for row in phylogeny.attempts("a1")]
    assert len(steps) == len(set(steps))
