"""What is concluded about agents, lineages and costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.tui.world import NOW, World

from evogit.records import Lease
from evogit.swarm.identity import take_worker
from evogit.swarm.journal import Journal
from evogit_tui.costs import costs, lines, time_left
from evogit_tui.exchange import Exchanged, ago
from evogit_tui.fleet import FAILING, SIGNS, STATED, Doing, Signals, conclude
from evogit_tui.model import Facts, Model
from evogit_tui.overlap import Overlaps
from evogit_tui.sentinel import Sentinel
from evogit_tui.standing import ORDERS, Row, chosen, ordered, rows
from evogit_tui.views.listing import named

_WELL = Signals("running", pruned=False, alive=True, waiting=False, silent=5, usual=4, failures=0)


@pytest.mark.parametrize(
    ("signals", "doing"),
    [
        (_WELL, "running"),
        (replace(_WELL, waiting=True), "evaluating"),
        (replace(_WELL, mode="paused", failures=99), "paused"),
        (replace(_WELL, mode="stopped", alive=False), "stopped"),
        (replace(_WELL, alive=False), "idle"),
        (replace(_WELL, alive=False, pruned=True), "pruned"),
        (replace(_WELL, pruned=True), "running"),
        (replace(_WELL, silent=121), "stalled"),
        (replace(_WELL, silent=121, usual=60), "running"),
        (replace(_WELL, silent=601, usual=60), "stalled"),
        (replace(_WELL, failures=FAILING), "failing"),
        (replace(_WELL, failures=FAILING - 1), "running"),
        (replace(_WELL, alive=None), "running"),
        (replace(_WELL, alive=None, silent=5000), "away"),
    ],
)
def test_an_agents_state_follows_from_what_is_known(signals: Signals, doing: Doing) -> None:
    assert conclude(signals) == doing


def test_every_state_has_a_sign_of_its_own_and_words() -> None:
    assert len({sign.glyph for sign in SIGNS.values()}) == len(SIGNS)
    assert len({sign.ascii for sign in SIGNS.values()}) == len(SIGNS)
    assert all(sign.ascii.isascii() for sign in SIGNS.values())
    assert set(STATED) == set(SIGNS)


def _looked(world: World) -> tuple[Model, Facts, Sentinel]:
    model = world.model()
    facts = model.look()
    assert facts is not None
    sentinel = Sentinel(model, sync=0)
    sentinel.look(facts)
    return model, facts, sentinel


def test_a_worker_that_ends_without_a_word_has_died(world: World) -> None:
    swarm = world.swarm
    identity = take_worker(swarm.git, "")
    journal = Journal(swarm.git, identity.name)
    journal.append(Lease("worker-start", time=NOW)).result(60)
    model, facts, sentinel = _looked(world)
    assert sentinel.fleet.workers == {"w1": "running"}
    assert [member.doing for member in sentinel.watch.members if member.name == "a1"] == ["running"]
    journal.close()
    identity.release()
    facts = model.look()
    assert facts is not None
    changed, noticed = sentinel.look(facts)
    assert changed
    assert [alert.kind for alert in noticed] == ["worker-died"]
    assert sentinel.look(facts) == (False, [])


def test_agents_are_told_with_host_model_and_totals(world: World) -> None:
    _, _, sentinel = _looked(world)
    one, two, *_ = sentinel.watch.members
    assert (one.name, one.worker, one.host, one.model) == ("a1", "w1", "", "small-model")
    assert (one.totals.offspring, one.step, two.model) == (10, 10, "")


def _rows(world: World) -> tuple[Facts, list[Row]]:
    model, facts, sentinel = _looked(world)
    return facts, rows(model.phylogeny, facts, sentinel.watch.members)


def test_rows_can_be_sorted_by_every_column(world: World) -> None:
    facts, found = _rows(world)
    names = {
        order: [row.member.name for row in ordered(found, order, maximize=facts.maximize)]
        for order in ORDERS
    }
    assert names["lineage"] == ["a1", "a2", "a3", "a4"]
    assert names["score"] == ["a3", "a2", "a1", "a4"]
    assert names["cost"] == ["a1", "a3", "a2", "a4"]
    assert names["last"] == ["a3", "a4", "a2", "a1"]
    assert ordered(found, "score", maximize=False)[0].member.name == "a4"


def test_rows_can_be_filtered(world: World) -> None:
    _, found = _rows(world)
    assert [row.member.name for row in chosen(found, "dead")] == ["a4"]
    assert [row.member.name for row in chosen(found, "review")] == ["a3"]
    assert chosen(found, "running") == []
    assert len(chosen(found, "all")) == 4


def test_a_pair_of_lineages_is_looked_up_once(world: World) -> None:
    model, _, _ = _looked(world)
    overlaps = Overlaps(model.session.swarm.git, model.phylogeny)
    one, other = world.ids["a1"], world.ids["a3"]
    assert overlaps.known(one, other) is None
    found = overlaps.find(one, other)
    assert found.conflicts == ("pkg/other.py", "pkg/x.py")
    assert overlaps.known(other, one) is found
    assert overlaps.find(world.ids["base"], one).related


def test_costs_are_told_by_whom_and_what_for(world: World) -> None:
    model, facts, _ = _looked(world)
    found = costs(model.phylogeny.activity, NOW)
    said = "\n".join(lines(found, facts, ascii_only=True))
    assert said.isascii()
    assert "evaluations 40 of 1,000 .......... 4%" in said
    assert "dollars     $1.00 of 20 #......... 5%" in said
    assert "by agent    a1 $0.50, a3 $0.50" in said
    assert "by model    small-model $1.00" in said
    assert "by result   improved $0.80, failed $0.20" in said


def test_a_budget_lasts_until_its_first_limit(world: World) -> None:
    model, facts, _ = _looked(world)
    found = costs(model.phylogeny.activity, NOW)
    assert time_left(found, facts) is None, "nothing happened in the last ten minutes"
    spending = replace(found, recent=replace(found.recent, cost_usd=1.9, offspring=48))
    assert time_left(spending, facts) == pytest.approx(600 * 10.0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (4, "4 s"),
        (99, "99 s"),
        (960, "16 m"),
        (10_800, "3 h"),
        (200_000, "2 d"),
        (2e8, "6 y"),
    ],
)
def test_durations_are_told_in_a_word(seconds: float, said: str) -> None:
    assert ago(seconds) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a1", "a1"),
        ("vm-4bfe-a1", "vm-4bfe-a1"),
        ("build-server-7-b12", "build…-b12"),
        ("My_Feature/one", "My_Feature/one"),
    ],
)
def test_of_a_long_agents_name_the_number_stays(name: str, said: str) -> None:
    assert named(name, ascii_only=False) == said


def test_sync_is_told_only_if_there_is_a_remote() -> None:
    assert Exchanged().words(NOW) == ""
    assert Exchanged("waiting").words(NOW) == "syncing origin"
    assert Exchanged("working", NOW - 3).words(NOW) == "synced 3 s ago origin"
    assert Exchanged("failing", NOW, "refs/heads/a1 was refused").words(NOW) == "refused origin"


def test_a_command_that_borrows_the_name_of_a_worker_is_none(world: World) -> None:
    swarm = world.swarm
    model, _, sentinel = _looked(world)
    identities = [take_worker(swarm.git, ""), take_worker(swarm.git, "")]
    journals = [Journal(swarm.git, identity.name) for identity in identities]
    facts = model.look()
    assert facts is not None
    sentinel.look(facts)
    assert sentinel.fleet.workers[identities[1].name] == "ended"
    for journal, identity in zip(journals, identities, strict=True):
        journal.close()
        identity.release()
    facts = model.look()
    assert facts is not None
    _, noticed = sentinel.look(facts)
    assert [alert.about for alert in noticed if alert.about == identities[1].name] == []


def test_agents_beyond_those_that_a_worker_hosts_are_idle(world: World) -> None:
    swarm = world.swarm
    identity = take_worker(swarm.git, "")
    journal = Journal(swarm.git, identity.name)
    journal.append(Lease("worker-start", detail={"agents": "1"}, time=NOW)).result(60)
    model, _, sentinel = _looked(world)
    doing = {member.name: member.doing for member in sentinel.watch.members}
    assert (doing["a1"], doing["a2"]) == ("running", "idle")
    model.desk.agents(2)
    facts = model.look()
    assert facts is not None
    sentinel.look(facts)
    doing = {member.name: member.doing for member in sentinel.watch.members}
    assert (doing["a1"], doing["a2"]) == ("running", "running")
    journal.close()
    identity.release()
