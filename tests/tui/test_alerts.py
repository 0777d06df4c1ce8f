"""Alerts are edges: told once, when something becomes true."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from evogit_tui.alerts import BUDGET_SHARE, SEVERITY, Alert, Kind, Moment, SyncState, alerts
from evogit_tui.fleet import Doing, WorkerState

_NAMES = st.sampled_from(["a1", "a2", "b1"])
_MOMENTS = st.builds(
    Moment,
    best=st.one_of(st.none(), st.integers(-5, 5).map(float)),
    best_id=st.sampled_from(["1" * 40, "2" * 40]),
    maximize=st.just(True),
    agents=st.dictionaries(_NAMES, st.sampled_from(get_args(Doing))),
    failures=st.dictionaries(_NAMES, st.text(max_size=5)),
    budgets=st.dictionaries(st.sampled_from(["dollars", "tokens"]), st.floats(0, 1.5)),
    workers=st.dictionaries(st.sampled_from(["w1", "w2"]), st.sampled_from(get_args(WorkerState))),
    sync=st.sampled_from(get_args(SyncState)),
    trouble=st.text(max_size=5),
)


def _told(moments: list[Moment]) -> Counter[tuple[Kind, str]]:
    return Counter(
        (alert.kind, alert.about)
        for before, after in pairwise(moments)
        for alert in alerts(before, after)
        if alert.kind != "best"
    )


def _rises(truths: list[bool]) -> int:
    return sum(after and not before for before, after in pairwise(truths))


@given(_MOMENTS)
def test_nothing_is_told_while_nothing_changes(moment: Moment) -> None:
    assert alerts(moment, moment) == []


@given(st.lists(_MOMENTS, min_size=2, max_size=12))
def test_every_edge_is_told_once_and_nothing_else_is(moments: list[Moment]) -> None:
    told = _told(moments)
    for name in ("a1", "a2", "b1"):
        for kind in ("stalled", "failing"):
            truths = [moment.agents.get(name) == kind for moment in moments]
            assert told[kind, name] == _rises(truths)
    for name in ("dollars", "tokens"):
        # a limit that was lifted meanwhile counts as unused
        truths = [moment.budgets.get(name, 0.0) >= BUDGET_SHARE for moment in moments]
        assert told["budget", name] == _rises(truths)
    failing = [moment.sync == "failing" for moment in moments]
    assert told["sync-failed", "origin"] == _rises(failing)


@given(st.lists(_MOMENTS, min_size=2, max_size=12))
def test_looking_more_often_tells_no_more(moments: list[Moment]) -> None:
    twice = [moment for moment in moments for _ in range(2)]
    assert _told(twice) == _told(moments)


@given(st.lists(_MOMENTS, min_size=2, max_size=6))
def test_every_kind_of_alert_has_a_severity(moments: list[Moment]) -> None:
    for before, after in pairwise(moments):
        assert all(alert.kind in SEVERITY for alert in alerts(before, after))


def test_a_better_score_is_told_and_a_worse_one_is_not() -> None:
    low, high = Moment(best=1.0), Moment(best=2.0, best_id="f" * 40)
    assert alerts(low, high) == [Alert("best", "f" * 40, "new best 2, before 1")]
    assert alerts(high, low) == []
    assert alerts(replace(high, maximize=False), replace(low, maximize=False)) != []
    assert alerts(Moment(), high) == [], "the first score is where one starts from"


def test_a_worker_that_says_good_bye_did_not_die() -> None:
    running = Moment(workers={"w1": "running"})
    assert alerts(running, Moment(workers={"w1": "ended"})) == []
    assert [a.kind for a in alerts(running, Moment(workers={"w1": "died"}))] == ["worker-died"]
    assert alerts(Moment(), Moment(workers={"w1": "died"})) == [], "it was dead before we looked"


def test_sync_recovers_only_by_working() -> None:
    failing = Moment(sync="failing")
    assert [a.kind for a in alerts(failing, Moment(sync="working"))] == ["sync-recovered"]
    assert alerts(failing, Moment(sync="off")) == []
