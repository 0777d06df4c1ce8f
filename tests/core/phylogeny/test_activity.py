"""What agents did and cost, counted as records arrive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.outcome import Crashed, Scored
from evogit.phylogeny.activity import NO_MODEL, Totals
from evogit.records import Spend
from evogit.swarm.identity import seat_of, worker_of


def _paid(swarm: Any, agent: str, step: int, cost: float, offspring: Any = None) -> Any:
    spend = Spend(100, 10, cost)
    return replace(
        swarm.attempt(agent, step, offspring=offspring), spend=spend, model="small", seconds=2.0
    )


def test_attempts_are_counted_by_agent_operator_result_and_model(swarm: Any) -> None:
    good, bad = swarm.individual("a1"), swarm.individual("a2")
    swarm.journal(
        "w1",
        swarm.evaluation(swarm.base, 1.0),
        _paid(swarm, "a1", 1, 0.5, good),
        swarm.evaluation(good, 2.0),
        swarm.attempt("a2", 1, offspring=bad),
        swarm.evaluation(bad, Crashed("main", "no")),
        swarm.attempt("a2", 2),
    )
    activity = swarm.phylogeny().activity
    assert activity.update() is False
    assert activity.of("a1") == Totals(1, 1, 1, 1, 1, 110, 0.5, 2.0)
    assert activity.of("a2") == Totals(2, 1, 1, 0, 0, 0, 0.0, 0.0)
    assert activity.of("nobody") == Totals()
    assert {name: t.attempts for name, t in activity.by_agent.items()} == {"a1": 1, "a2": 2}
    assert activity.by_operator["mutate"].attempts == 3
    assert {name: t.attempts for name, t in activity.by_result.items()} == {
        "improved": 1,
        "failed": 1,
        "no offspring": 1,
    }
    assert {name: (t.attempts, t.cost_usd) for name, t in activity.by_model.items()} == {
        "small": (1, 0.5),
        NO_MODEL: (2, 0.0),
    }


def test_a_call_that_failed_and_cost_nothing_counts_for_its_model(swarm: Any) -> None:
    swarm.journal("w1", replace(swarm.attempt("a1", 1), model="small"))
    activity = swarm.phylogeny().activity
    activity.update()
    assert activity.by_model == {"small": Totals(attempts=1)}


def test_an_offspring_waits_until_it_is_judged(swarm: Any) -> None:
    made = swarm.individual("a1")
    swarm.journal("w1", swarm.attempt("a1", 1, offspring=made))
    phylogeny = swarm.phylogeny()
    activity = phylogeny.activity
    activity.update()
    now = activity.now("a1")
    assert now is not None
    assert (now.waiting, now.step, now.fruitless) == (made, 1, 0)
    assert activity.by_result["waiting"].attempts == 1
    swarm.journal("w1", swarm.evaluation(made, 3.0, time=900.0))
    phylogeny.refresh()
    activity.update()
    now = activity.now("a1")
    assert now is not None
    assert (now.waiting, now.time) == (None, 900.0)
    assert "waiting" not in activity.by_result
    assert activity.of("a1").improved == 1


def test_nothing_is_counted_twice_and_pieces_add_up(swarm: Any) -> None:
    swarm.journal("w1", *(swarm.attempt("a1", step) for step in range(1, 8)))
    activity = swarm.phylogeny().activity
    pieces = 1
    while activity.update(2):
        pieces += 1
    assert pieces == 4
    assert activity.update(2) is False
    assert activity.of("a1").attempts == 7


def test_an_agent_that_repeats_a_failure_is_found_with_its_words(swarm: Any) -> None:
    failed = [swarm.individual(f"x{i}", text=f"bad {i}") for i in range(3)]
    records: list[Any] = [swarm.attempt("a1", 1)]
    for step, commit in enumerate(failed, 2):
        records += [
            swarm.attempt("a1", step, offspring=commit),
            swarm.evaluation(commit, Crashed("main", "ZeroDivisionError")),
        ]
    swarm.journal("w1", *records)
    phylogeny = swarm.phylogeny()
    phylogeny.activity.update()
    assert phylogeny.activity.failure("a1") == (3, "crashed in main: ZeroDivisionError")
    now = phylogeny.activity.now("a1")
    assert now is not None
    assert now.fruitless == 4
    good = swarm.individual("a1", text="good")
    swarm.journal("w1", swarm.attempt("a1", 9, offspring=good), swarm.evaluation(good, 1.0))
    phylogeny.refresh()
    phylogeny.activity.update()
    assert phylogeny.activity.failure("a1") == (0, "")


def test_an_offspring_that_was_known_already_is_no_failure(swarm: Any) -> None:
    records = [
        replace(swarm.attempt("a1", step), duplicate_of=swarm.base, reason="known")
        for step in range(1, 5)
    ]
    swarm.journal("w1", *records)
    phylogeny = swarm.phylogeny()
    phylogeny.activity.update()
    assert phylogeny.activity.failure("a1") == (0, "")


def test_spending_is_told_since_a_time_to_the_minute(swarm: Any) -> None:
    old = replace(_paid(swarm, "a1", 1, 1.0), time=1000.0)
    new = replace(_paid(swarm, "a1", 2, 2.0), time=100_000.0)
    swarm.journal("w1", old, new)
    activity = swarm.phylogeny().activity
    activity.update()
    assert activity.since(0).cost_usd == 3.0
    assert activity.since(50_000).cost_usd == 2.0
    assert activity.since(200_000) == Totals()


@pytest.mark.parametrize(("maximize", "best"), [(True, 3.0), (False, 1.0)])
def test_the_best_score_before_a_time_is_known(swarm: Any, maximize: bool, best: float) -> None:
    made = [swarm.individual(f"a{i}", text=f"{i}") for i in range(4)]
    for i, (commit, score) in enumerate(zip(made, (1.0, 3.0, 2.0, 9.0), strict=True)):
        swarm.journal("w1", swarm.evaluation(commit, score, time=100.0 + i))
    swarm.journal("w1", swarm.evaluation(made[0], 99.0, purpose="holdout", time=50.0))
    activity = swarm.phylogeny(maximize=maximize).activity
    assert activity.best_before(103.0) == best
    assert activity.best_before(100.0) is None


def test_an_individual_has_a_place_among_the_evaluations(swarm: Any) -> None:
    one, other = swarm.individual("a1", text="1"), swarm.individual("a2", text="2")
    swarm.journal("w1", swarm.evaluation(one, 1.0), swarm.evaluation(other, 2.0))
    phylogeny = swarm.phylogeny()
    assert [phylogeny.activity.place(phylogeny.index(c)) for c in (one, other)] == [0, 1]
    assert phylogeny.activity.place(0) is None
    assert phylogeny.activity.places() == {phylogeny.index(one): 0, phylogeny.index(other): 1}


@given(number=st.integers(1, 800), agent=st.integers(1, 99), host=st.sampled_from(["", "gpu-2-"]))
def test_a_workers_name_follows_from_its_agents(number: int, agent: int, host: str) -> None:
    letters, rest = "", number
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("a") + digit) + letters
    assert worker_of(f"{host}{letters}{agent}") == f"{host}w{number}"
    assert seat_of(f"{host}{letters}{agent}") == (f"{host}w{number}", agent)


def test_a_branch_of_a_human_belongs_to_no_worker() -> None:
    assert [worker_of(name) for name in ("main", "My_Feature/one", "a0", "")] == [""] * 4


def test_scores_of_the_held_out_data_do_not_count(swarm: Any) -> None:
    made = swarm.individual("a1")
    swarm.journal(
        "w1",
        swarm.attempt("a1", 1, offspring=made),
        swarm.evaluation(made, Scored(9.0), purpose="holdout"),
    )
    phylogeny = swarm.phylogeny()
    phylogeny.activity.update()
    assert phylogeny.activity.of("a1").scored == 0
