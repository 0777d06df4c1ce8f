"""Nothing spends without a limit: caps of steps, agents, runs and days, by real journals."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Final, cast

import pytest
from tests.core.evolve.test_evolving import SETTINGS, Farm, view
from tests.core.phylogeny.conftest import Swarm as Records

from evogit.config.models import Budget
from evogit.evolve.allowance import Allowance, Flags
from evogit.evolve.assembly import Plan
from evogit.evolve.billing import Bill
from evogit.evolve.budget import SwarmBudget
from evogit.evolve.events import Event
from evogit.evolve.lost import LOST, settle_lost
from evogit.evolve.spending import Caps, Share, Told
from evogit.evolve.worker import Summary
from evogit.ids import CommitId, TreeId
from evogit.judge.judge import Judge, Task
from evogit.oracle import Oracle
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Lease, Spend
from evogit.redact import PLAIN
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm
from evogit.sync.clone import clone_swarm
from evogit.sync.exchange import sync
from evogit.sync.remote import set_remote

CHAOS: Final = Path(__file__).parents[2] / "chaos"
DAY: Final = 86400.0


def paid(name: str, step: int, cost: float, time: float = 0.0) -> Attempt:
    return Attempt(name, "draw", step, (), spend=Spend(100, 0, cost), time=time)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records.git")


def budget(phylogeny: Phylogeny, tmp_path: Path, **caps: float) -> SwarmBudget:
    return SwarmBudget(Budget.model_validate(caps), phylogeny, tmp_path / "lock")


# -------------------------------------------------------------------- one invocation


def test_a_step_starts_only_if_its_worst_case_fits_beside_what_is_spent_and_reserved() -> None:
    allowance = Allowance(Flags(cost_usd=1.0))
    assert allowance.reserve("a1", 1, Spend(0, 0, 0.6)) is None
    refused = allowance.reserve("a2", 1, Spend(0, 0, 0.6))
    assert refused is not None
    assert refused.remedy == "wait"
    allowance.settle("a1", 1, Spend(0, 0, 0.1))
    assert allowance.reserve("a2", 1, Spend(0, 0, 0.6)) is None


def test_a_run_whose_rest_is_too_small_for_another_step_ends_instead_of_waiting() -> None:
    allowance = Allowance(Flags(tokens=100))
    assert allowance.reserve("a1", 1, Spend(60)) is None
    allowance.settle("a1", 1, Spend(60))
    refused = allowance.reserve("a1", 1, Spend(60))
    assert refused is not None
    assert (refused.reason, refused.remedy) == ("100 tokens", "run")
    assert allowance.exhausted() == ""


def test_a_cap_that_is_used_up_exactly_admits_nothing_more_not_even_for_free() -> None:
    caps = Caps(tokens=10, cost_usd=1.0)
    assert caps.over(Spend(6), Spend(4)) == ""
    assert caps.over(Spend(6), Spend(5)) == "10 tokens"
    assert caps.over(Spend(10), Spend()) == "10 tokens"
    assert caps.over(Spend(0, 0, 1.0), Spend()) == "$1"


def test_a_cap_that_is_nearly_spent_is_told_once() -> None:
    told = Told()
    assert told.news([Share("the swarm's $10", 7.9, 10.0)]) == []
    assert told.news([Share("the swarm's $10", 8.0, 10.0)]) == ["80% of the swarm's $10 are spent"]
    assert told.news([Share("the swarm's $10", 9.0, 10.0)]) == []


# -------------------------------------------------------------------- the swarm, by its journals


@pytest.mark.parametrize(
    ("caps", "worst", "reason", "remedy"),
    [
        ({"cost_usd": 1.0}, 0.3, "the swarm's $1", "swarm"),
        ({"tokens": 250}, 0.1, "the swarm's 250 tokens", "swarm"),
        ({"step_cost_usd": 0.2}, 0.3, "more than a step's $0.2", "agent"),
        ({"agent_cost_usd": 0.7}, 0.3, "a1's $0.7", "agent"),
        ({"agent_tokens": 120}, 0.3, "a1's 120 tokens", "agent"),
        ({"day_cost_usd": 0.5}, 0.3, "today's $0.5", "tomorrow"),
        ({"day_tokens": 110}, 0.3, "today's 110 tokens", "tomorrow"),
    ],
)
def test_every_cap_refuses_what_could_break_it(
    records: Records, tmp_path: Path, caps: dict[str, float], worst: float, reason: str, remedy: str
) -> None:
    records.journal("w1", paid("a1", 1, 0.5, time=10 * DAY), paid("a2", 1, 0.3, time=9 * DAY))
    limits = budget(records.phylogeny(), tmp_path, **caps)
    found = limits.refusal("a1", Spend(50, 10, worst), now=10.5 * DAY)
    assert found is not None
    assert (found.reason.endswith(reason), found.remedy) == (True, remedy)
    assert limits.refusal("a3", Spend(1, 0, 0.1), now=12 * DAY) is None or remedy == "swarm"


def test_caps_of_money_and_tokens_do_not_hold_back_who_spends_nothing(
    records: Records, tmp_path: Path
) -> None:
    records.journal("w1", paid("a1", 1, 5.0, time=10 * DAY))
    caps = {"step_cost_usd": 1.0, "agent_cost_usd": 1.0, "day_cost_usd": 1.0, "day_tokens": 1}
    caps |= {"cost_usd": 1.0, "tokens": 1}
    limits = budget(records.phylogeny(), tmp_path, **caps)
    assert limits.refusal("a1", Spend(), now=10 * DAY) is None


def test_what_others_reserved_counts_and_is_waited_for_only_beside_a_running_sibling(
    records: Records, tmp_path: Path
) -> None:
    records.journal("w2", Lease("reserve", "b1", 1, Spend(0, 0, 0.8)))
    limits = budget(records.phylogeny(), tmp_path, cost_usd=1.0)
    worst = Spend(0, 0, 0.3)
    alone = limits.refusal("a1", worst, now=0.0)
    journal = Journal(records.git, "w1")
    for step in (1, 2):
        limits.reserve(journal, "a2", step, Spend(), now=0.0)
    journal.close()
    limits.done("a2", 1)
    beside = limits.refusal("a1", worst, now=0.0)
    limits.done("a2", 2)
    after = limits.refusal("a1", worst, now=0.0)
    assert alone is not None
    assert beside is not None
    assert after is not None
    assert (alone.remedy, beside.remedy, after.remedy) == ("run", "wait", "run")


def test_an_evaluation_that_may_turn_out_unneeded_is_waited_for_by_steps_but_not_by_judging(
    records: Records, tmp_path: Path
) -> None:
    records.journal("w2", Lease("reserve", "b1", 1, Spend(0, 0, 0.8)))
    limits = budget(records.phylogeny(), tmp_path, cost_usd=1.0)
    worst, offspring = Spend(0, 0, 0.3), CommitId("1" * 40)
    limits.waits(offspring)
    step = limits.refusal("a1", worst, now=0.0)
    judging = limits.unaffordable("a1-judge", worst, now=0.0)
    limits.judged(offspring)
    after = limits.refusal("a1", worst, now=0.0)
    found = [refused and refused.remedy for refused in (step, judging, after)]
    assert found == ["wait", "run", "run"]


def test_a_nearly_spent_cap_is_told_once_for_the_swarm_an_agent_and_each_day(
    records: Records, tmp_path: Path
) -> None:
    records.journal("w1", paid("a1", 1, 0.9, time=10 * DAY))
    caps = {"cost_usd": 1.0, "agent_cost_usd": 1.0, "day_cost_usd": 1.0, "evaluations": 9}
    phylogeny = records.phylogeny()
    limits = budget(phylogeny, tmp_path, **caps)
    assert limits.nearly("a1", 10 * DAY) == [
        "90% of the swarm's $1 are spent",
        "90% of a1's $1 are spent",
        "90% of 1970-01-11's $1 are spent",
    ]
    assert limits.nearly("a1", 10 * DAY) == []
    records.journal("w1", paid("a1", 2, 0.85, time=11 * DAY))
    phylogeny.refresh()
    assert limits.nearly("a1", 11 * DAY) == ["85% of 1970-01-12's $1 are spent"]


def test_what_a_killed_step_reserved_is_counted_as_spent_by_its_own_worker_alone(
    records: Records,
) -> None:
    records.journal(
        "w1",
        Lease("reserve", "a1", 4, Spend(10, 20, 0.5)),
        Lease("reserve", "a2", 1, Spend()),
    )
    records.journal("w2", Lease("reserve", "b1", 1, Spend(1, 1, 0.25)))
    records.journal("h-w1", Lease("reserve", "h-a1", 1, Spend(1, 1, 0.125)))
    phylogeny = records.phylogeny()
    journal = Journal(records.git, "w1")
    (told,) = settle_lost(phylogeny, journal, "w1", now=5.0)
    assert settle_lost(phylogeny, journal, "w1", now=5.0) == []
    journal.close()
    assert "step 4 of a1" in told
    assert phylogeny.spent.cost_usd == 0.5
    assert phylogeny.reserved.cost_usd == 0.375
    assert phylogeny.last_step("a1") == 4
    assert phylogeny.activity.update() is False
    assert phylogeny.activity.by_operator[LOST].tokens == 30


def test_a_killed_step_that_cost_nothing_holds_no_evaluation_once_a_later_one_was_recorded(
    records: Records, tmp_path: Path
) -> None:
    records.journal(
        "w1",
        *(Lease("reserve", "a1", step, Spend()) for step in (1, 2, 3)),
        paid("a1", 2, 0.0, time=DAY),
    )
    phylogeny = records.phylogeny()
    limits = budget(phylogeny, tmp_path, evaluations=2)
    assert limits.refusal("a1", Spend(), now=DAY) is not None
    journal = Journal(records.git, "w1")
    (told,) = settle_lost(phylogeny, journal, "w1", now=5.0)
    journal.close()
    assert "step 1 of a1" in told
    assert set(phylogeny.reservations) == {("a1", 3)}  # which is made again
    assert limits.refusal("a1", Spend(), now=DAY) is None


def test_what_other_steps_of_an_agent_hold_counts_towards_its_cap(
    records: Records, tmp_path: Path
) -> None:
    records.journal("w1", paid("a1", 1, 0.2, time=DAY))
    phylogeny = records.phylogeny()
    limits = budget(phylogeny, tmp_path, agent_cost_usd=1.0)
    journal = Journal(records.git, "w1")
    limits.reserve(journal, "a1", 2, Spend(0, 0, 0.5), DAY)
    found = limits.refusal("a1", Spend(0, 0, 0.5), now=DAY)
    assert found is not None
    assert (found.reason, found.remedy) == ("a1's $1", "wait")
    assert limits.refusal("a2", Spend(0, 0, 0.5), now=DAY) is None
    found = limits.refusal("a1", Spend(0, 0, 0.9), now=DAY)  # too much even if that costs nothing
    assert found is not None
    assert found.remedy == "agent"
    journal.close()


class Dear:
    """Asks at half a dollar; never asked here."""

    def worst_case(self, prompt: str, max_tokens: int) -> Spend:
        del prompt, max_tokens
        return Spend(0, 0, 0.5)


def test_two_bills_of_one_agent_that_are_open_at_once_hold_both_their_worst_cases(
    records: Records, tmp_path: Path
) -> None:
    ask = SimpleNamespace(model="m", votes=1, calls=1, max_tokens=10)
    stage = SimpleNamespace(asks=True, ask=ask, score="x")
    evaluate = SimpleNamespace(all_stages=[stage])
    settings = SimpleNamespace(evaluate=evaluate, goal=None)
    judge = cast("Judge", SimpleNamespace(spec=SimpleNamespace(settings=settings), asking=id))
    phylogeny, journal = records.phylogeny(), Journal(records.git, "w1")
    limits, allowance = budget(phylogeny, tmp_path, cost_usd=9.0), Allowance(Flags(cost_usd=9.0))
    oracle = cast("Oracle", Dear())
    stop = threading.Event()
    bill = Bill(lambda _: oracle, phylogeny, journal, allowance, limits, PLAIN, stop)
    task = Task(CommitId("c" * 40), TreeId("d" * 40), 0, "search", "a1")
    with ExitStack() as open_:
        first, second = bill.paying(judge, task), bill.paying(judge, task)
        open_.enter_context(second)
        with first:
            phylogeny.refresh()
            assert phylogeny.reserved.cost_usd == 1.0
        phylogeny.refresh()
        assert phylogeny.reserved.cost_usd == 0.5
        assert len(phylogeny.reservations) == 1
    phylogeny.refresh()
    assert not phylogeny.reservations
    journal.close()


class Overtaken:
    """A phylogeny into which another thread takes something after the n-th look of this one."""

    def __init__(self, real: Phylogeny, looks: int, happen: Callable[[], object]) -> None:
        self._real = real
        self._looks = looks
        self._happen = happen

    def __getattr__(self, name: str) -> object:
        found = getattr(self._real, name)
        self._look()
        return found

    def __contains__(self, commit: object) -> bool:
        found = commit in self._real
        self._look()
        return found

    def _look(self) -> None:
        self._looks -= 1
        if self._looks == 0:
            self._happen()
            self._real.refresh()


@pytest.mark.parametrize("looks", range(1, 16))
@pytest.mark.parametrize("what", ["judged", "attempted"])
def test_what_is_taken_in_while_a_cap_of_evaluations_is_checked_is_not_overlooked(
    records: Records, tmp_path: Path, what: str, looks: int
) -> None:
    first, second = (records.individual("a1", text=text) for text in ("1", "2"))
    made = records.attempt("a1", 1, offspring=first)
    records.journal("w1", records.evaluation(records.base, 1.0), made, keep=[first])
    records.journal("w1", Lease("reserve", "a2", 1, Spend()))

    def happen() -> None:
        if what == "judged":
            records.journal("w1", records.evaluation(first, 2.0))
        else:
            records.journal("w1", records.attempt("a2", 1, offspring=second), keep=[second])

    moving = cast("Phylogeny", Overtaken(records.phylogeny(), looks, happen))
    found = budget(moving, tmp_path, evaluations=3).refusal("a3", Spend(), now=0.0)
    assert found is not None
    later = budget(records.phylogeny(), tmp_path, evaluations=4)
    assert later.refusal("a3", Spend(), now=0.0) is None


@pytest.mark.parametrize("looks", range(1, 8))
@pytest.mark.parametrize("cap", ["cost_usd", "day_cost_usd"])
def test_what_is_settled_while_a_cap_of_money_is_checked_is_not_overlooked(
    records: Records, tmp_path: Path, cap: str, looks: int
) -> None:
    records.journal("w1", Lease("reserve", "a2", 1, Spend(100, 0, 0.8)))
    settled = partial(records.journal, "w1", paid("a2", 1, 0.8))
    moving = cast("Phylogeny", Overtaken(records.phylogeny(), looks, settled))
    limits = budget(moving, tmp_path, **{cap: 1.0})
    assert limits.refusal("a1", Spend(1, 0, 0.3), now=0.0) is not None


# -------------------------------------------------------------------- real runs


class Spenders:
    """Swarms whose agents spend, and a provider's bill."""

    def __init__(self, farm: Farm, bill: Path) -> None:
        self.farm = farm
        self.bill = bill

    def swarm(self, caps: str, name: str = "user") -> Swarm:
        settings = SETTINGS.replace("[search]", '[search]\nagents = ["paid"]')
        return self.farm.swarm(name, settings + f"[budget]\n{caps}\n")

    def plan(self, agents: int = 1, worst: float = 0.5, cost: float = 0.25, **flags: float) -> Plan:
        orders = {"bill": str(self.bill), "worst": worst, "cost": cost}
        plan = self.farm.plan(agents, **flags)
        return replace(plan, environment={"PAID": json.dumps(orders)}, sync=False)

    def run(self, swarm: Swarm, plan: Plan, events: list[Event] | None = None) -> Summary:
        return self.farm.run(swarm, plan, (list[Event]() if events is None else events).append)

    @property
    def billed(self) -> float:
        return sum(map(float, self.bill.read_text().split())) if self.bill.exists() else 0.0


@pytest.fixture
def spenders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spenders:
    information = tmp_path / "plugin" / "evogit_stranger-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    points = "[evogit.agents]\npaid = paid_agent:Maker\n"
    (information / "entry_points.txt").write_text(points)
    monkeypatch.setattr(sys, "path", [str(information.parent), str(CHAOS), *sys.path])
    return Spenders(Farm(tmp_path), tmp_path / "bill")


def test_a_swarm_spends_what_fits_and_not_a_cent_more(spenders: Spenders) -> None:
    swarm, events = spenders.swarm("cost_usd = 2.1"), list[Event]()
    summary = spenders.run(swarm, spenders.plan(agents=3), events)
    left = "3,500 tokens and $1.75 are spent, the next step may cost 1,000 tokens and $0.5"
    assert summary.reason == f"the swarm's $2.1: {left}"
    assert spenders.billed == view(spenders.farm, swarm).spent.cost_usd
    assert 2.1 - 0.5 < spenders.billed <= 2.1
    told = [event.text for event in events if event.kind == "warning"]
    assert len(told) == 1
    assert told[0].endswith("of the swarm's $2.1 are spent")


def test_a_run_ends_when_its_own_allowance_is_too_small_for_another_step(
    spenders: Spenders,
) -> None:
    swarm = spenders.swarm("evaluations = 1000")
    summary = spenders.run(swarm, spenders.plan(cost_usd=1.1))
    assert summary.reason.startswith("$1.1: 1,500 tokens and $0.75 are spent")
    assert spenders.billed == 0.75


def test_two_workers_of_one_clone_do_not_overdraw_together(spenders: Spenders) -> None:
    swarm = spenders.swarm("cost_usd = 3.0")
    threads = [
        threading.Thread(target=spenders.run, args=(Swarm(swarm.path), spenders.plan(agents=2)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    assert spenders.billed <= 3.0
    assert spenders.billed == view(spenders.farm, swarm).spent.cost_usd


def test_what_another_clone_spent_counts_as_soon_as_it_is_fetched(
    spenders: Spenders, tmp_path: Path
) -> None:
    import pygit2

    swarm = spenders.swarm("cost_usd = 1.0")
    hub = tmp_path / "hub.git"
    pygit2.init_repository(str(hub), bare=True)
    set_remote(swarm, str(hub))
    sync(swarm)
    other = clone_swarm(str(hub), tmp_path / "clone", hostname="other")
    spenders.run(swarm, spenders.plan())
    sync(swarm)
    before = spenders.billed
    sync(other)
    summary = spenders.run(other, spenders.plan())
    assert summary.reason.startswith("the swarm's $1: ")
    assert spenders.billed == before


def test_each_agent_ends_at_its_own_cap_and_says_so(spenders: Spenders) -> None:
    swarm, events = spenders.swarm("agent_cost_usd = 1.0"), list[Event]()
    spenders.run(swarm, spenders.plan(agents=2), events)
    told = {event.text for event in events if event.kind == "problem"}
    left = "1,500 tokens and $0.75 are spent, the next step may cost 1,000 tokens and $0.5"
    assert told == {f"{name} ended: {name}'s $1: {left}" for name in ("a1", "a2")}
    assert spenders.billed == 1.5


def test_a_step_that_may_cost_more_than_a_step_may_is_never_started(spenders: Spenders) -> None:
    swarm = spenders.swarm("step_tokens = 999")
    summary = spenders.run(swarm, spenders.plan())
    assert "1,000 tokens and $0.5, more than a step's 999 tokens" in summary.reason
    assert spenders.billed == 0


def test_a_day_that_is_spent_is_waited_out(spenders: Spenders) -> None:
    swarm, stop = spenders.swarm("day_cost_usd = 0.6"), threading.Event()
    waited: list[str] = []

    def tell(event: Event) -> None:
        if event.kind == "state" and event.text.startswith("waiting"):
            waited.append(event.text)
            stop.set()

    started = time.time()
    summary = spenders.farm.run(swarm, spenders.plan(), tell, stop)
    days = 1 + int(time.time() // DAY) - int(started // DAY)
    assert summary.reason == "stopped"
    assert waited == ["waiting for tomorrow (UTC): today's $0.6 are spent"]
    assert 0.25 <= spenders.billed <= 0.5 * days


def test_a_step_that_cost_more_than_was_reserved_is_called_a_problem(spenders: Spenders) -> None:
    swarm, events = spenders.swarm("evaluations = 3"), list[Event]()
    spenders.run(swarm, spenders.plan(worst=0.1, cost=0.25), events)
    told = {event.text for event in events if event.kind == "problem"}
    assert told == {
        "a step cost 500 tokens and $0.25, more than the 1,000 tokens and $0.1 reserved for it"
    }
