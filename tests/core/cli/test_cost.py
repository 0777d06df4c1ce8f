"""``evogit cost``: what was spent, on what, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from tests.core.cli.conftest import Run, World

from evogit.cli.output import Manner, Output
from evogit.cli.session import Session
from evogit.evolve.lost import LOST
from evogit.ids import JOURNALS
from evogit.records import Attempt, Lease, Record, Spend, dump
from evogit.swarm.journal import Journal

NOON = 1_700_000_000.0  # 2023-11-14


@pytest.fixture
def paid(world: World) -> World:
    """Two attempts by models and one that was killed, besides the five of the small swarm."""
    records: Sequence[Record] = (
        Attempt("a1", "rewrite", 3, (), model="dear", spend=Spend(900, 100, 0.5), time=NOON),
        Attempt("a2", "diff", 3, (), model="cheap", spend=Spend(90, 10, 0.0), time=NOON + 86400),
        Attempt("a2", LOST, 4, (), spend=Spend(50, 50, 0.25), time=NOON + 86400),
        Lease("reserve", "a1", 4, Spend(7, 0, 0.125)),
    )
    journal = Journal(world.swarm.git, "w1")
    for record in records:
        journal.append(record).result(10)
    journal.close()
    return world


def open_session(world: World) -> Session:
    return Session(Output(Manner(), {}), world.root, {"EVOGIT_USER": "ada"})


def rows(found: Any) -> dict[str, tuple[int, int, float]]:
    return {row["name"]: (row["attempts"], row["tokens"], row["cost_usd"]) for row in found["rows"]}


def test_cost_by_model_says_what_each_spent_and_where_the_price_is_from(
    cli: Run, paid: World
) -> None:
    found = cli("cost", "--json").data
    assert rows(found) == {
        "dear": (1, 1000, 0.5),
        "without a model": (6, 100, 0.25),
        "cheap": (1, 100, 0.0),
    }
    assert {row["source"] for row in found["rows"]} == {"told by its agent"}
    assert found["reserved"] == {"tokens": 7, "cost_usd": 0.125}
    assert found["lost"] == {"steps": 1, "tokens": 100, "cost_usd": 0.25}
    assert found["caps"] == {"evaluations": 100}


@pytest.mark.parametrize("by", ["agent", "model", "operator", "day"])
def test_every_way_to_sum_up_adds_up_to_the_same(cli: Run, paid: World, by: str) -> None:
    found = cli("cost", "--by", by, "--json").data
    for key in ("attempts", "offspring", "improved", "tokens", "cost_usd"):
        assert sum(row[key] for row in found["rows"]) == found["total"][key]
    spent = cli("status", "--json").data["budget"]
    assert spent["cost_usd"]["spent"] == found["total"]["cost_usd"] == 0.75
    assert spent["tokens"]["spent"] == found["total"]["tokens"] == 1200


def test_days_are_those_of_utc_in_order(cli: Run, paid: World) -> None:
    found = cli("cost", "--by", "day", "--json").data
    assert [row["name"] for row in found["rows"]] == ["2023-11-14", "2023-11-15"]


def test_an_improvement_has_its_price_and_none_without_one(cli: Run, paid: World) -> None:
    found = {row["name"]: row for row in cli("cost", "--by", "agent", "--json").data["rows"]}
    assert found["a1"]["improved"] == 2
    assert found["a1"]["usd_per_improvement"] == 0.25
    assert found["a3"]["improved"] == 0
    assert found["a3"]["usd_per_improvement"] is None


def test_a_lineage_is_what_made_its_tip_and_its_ancestors(cli: Run, world: World) -> None:
    tip = world.swarm.git.ref("refs/heads/a1")
    assert tip is not None
    journal = Journal(world.swarm.git, "w1")
    spend = Spend(10, 0, 0.5)
    journal.append(Attempt("a1", "diff", 9, (), offspring=tip, spend=spend)).result(10)
    journal.close()
    found = {row["name"]: row for row in cli("cost", "--by", "lineage", "--json").data["rows"]}
    assert set(found) == {"a1", "a2", "a3"}
    assert (found["a1"]["attempts"], found["a1"]["improved"]) == (3, 2)
    assert (found["a1"]["cost_usd"], found["a2"]["cost_usd"]) == (0.5, 0.0)


def test_a_person_reads_sums_first_and_then_a_table(cli: Run, paid: World) -> None:
    out = cli("cost").out
    assert "spent       $0.7500 and 1,200 tokens, and $0.1250 and 7 tokens reserved" in out
    assert "of it lost  $0.2500 and 100 tokens at worst, by 1 killed steps" in out
    assert "told by its agent" in out


def test_a_swarm_that_spent_nothing_says_how_to_see_its_attempts(cli: Run, world: World) -> None:
    found = cli("cost")
    assert found.status == 0
    assert "--by operator" in found.err
    assert "merge" in cli("cost", "--by", "operator").out


def test_a_day_that_no_calendar_has_is_shown_by_its_number(cli: Run, world: World) -> None:
    git, ref = world.swarm.git, JOURNALS + "w1"
    tip = git.ref(ref)
    assert tip is not None
    said = dump(Attempt("a1", "diff", 9, (), spend=Spend(1), time=-1e12))
    message = f"no journal of ours writes this\n\n{said}\n"
    entry = git.write_commit(git.commit(tip).tree, [tip], message, author="w1", time=1)
    git.move_ref(ref, old=tip, new=entry)
    names = [row["name"] for row in cli("cost", "--by", "day", "--json").data["rows"]]
    assert any(name.startswith("day -1157") for name in names)


def test_status_shows_what_a_cap_of_days_leaves_for_today(cli: Run, world: World) -> None:
    journal = Journal(world.swarm.git, "w1")
    spend = Spend(60, 0, 0.5)
    journal.append(Attempt("a1", "diff", 9, (), spend=spend, time=time.time())).result(10)
    journal.append(Attempt("a1", "diff", 10, (), spend=spend, time=NOON)).result(10)
    journal.close()
    assert "tokens_today" not in cli("status", "--json").data["budget"]
    old, desk = world.swarm.spec().settings, open_session(world).desk
    capped = old.budget.model_copy(update={"day_tokens": 100})
    desk.settings(old.model_copy(update={"budget": capped}), "100 tokens a day")
    found = cli("status", "--json").data["budget"]
    assert found["tokens_today"]["limit"] == 100
    assert found["tokens_today"]["spent"] in {0, 60}  # 0 if it is another day by now
