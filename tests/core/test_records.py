"""Journal records survive the round trip, and strangers' records are refused, never guessed at."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.errors import UserError
from evogit.ids import CommitId, TreeId
from evogit.outcome import Crashed, Failed, Outcome, Quarantined, Rejected, Scored, TimedOut
from evogit.quarantine.finding import RULES, Finding
from evogit.records import Attempt, Decision, Evaluation, Lease, Move, Record, Spend, dump, load

IDS = st.text("0123456789abcdef", min_size=40, max_size=40).map(CommitId)
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
WORDS = st.text("abc XYZ.;:-_", max_size=30).map(lambda t: " ".join(t.split()))
NUMBERS = st.floats(-1e15, 1e15, allow_nan=False)
SPENDS = st.builds(Spend, st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0, 1e6))
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Scored, NUMBERS, st.dictionaries(st.sampled_from(["a", "b c"]), NUMBERS)),
    st.builds(Failed, WORDS, WORDS),
    st.builds(TimedOut, WORDS, st.floats(0, 1e6)),
    st.builds(Crashed, WORDS, WORDS),
    st.builds(Rejected, WORDS),
    st.builds(Quarantined, WORDS, st.none() | st.builds(Scored, NUMBERS)),
)
FINDINGS = st.builds(
    Finding,
    st.sampled_from(sorted(RULES)),
    WORDS,
    st.integers(0, 10**6),
    WORDS,
    st.sampled_from(["hold", "note"]),
)
RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Attempt,
        agent=NAMES,
        operator=WORDS,
        step=st.integers(0, 10**9),
        parents=st.lists(IDS, max_size=3).map(tuple),
        offspring=st.none() | IDS,
        reason=WORDS,
        spend=SPENDS,
    ),
    st.builds(
        Evaluation,
        commit=IDS,
        tree=IDS.map(TreeId),
        evaluator=IDS.map(TreeId),
        environment=WORDS,
        seed=st.integers(-(2**62), 2**62),
        outcome=OUTCOMES,
        agent=NAMES,
        findings=st.lists(FINDINGS, max_size=3).map(tuple),
    ),
    st.builds(
        Decision,
        verb=st.just("prune"),
        by=NAMES,
        selects=st.lists(IDS, max_size=3).map(tuple),
        text=WORDS,
        moves=st.lists(
            st.builds(Move, st.just("refs/heads/a1"), st.none() | IDS, st.none() | IDS), max_size=2
        ).map(tuple),
    ),
    st.builds(Lease, purpose=WORDS, agent=NAMES, spend=SPENDS, detail=st.just({"k": "v"})),
)


@given(RECORDS)
def test_every_record_reads_back_as_it_was_written(record: Record) -> None:
    assert load(dump(record)) == record


@given(RECORDS, st.data())
def test_a_record_with_one_field_replaced_is_read_or_refused_but_never_crashes(
    record: Record, data: st.DataObject
) -> None:
    fields = json.loads(dump(record))
    key = data.draw(st.sampled_from(sorted(fields)))
    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
    fields[key] = data.draw(junk)
    try:
        load(json.dumps(fields))
    except UserError:
        return


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"v":2,"kind":"lease"}',
        '{"v":1,"kind":"x"}',
        "[" * 100_000,
        '{"v":1,"kind":"evaluation"}',
    ],
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        load(text)


@pytest.mark.parametrize("score", ["NaN", "Infinity", "1e999", "true", '"1"', "null", "2e15"])
def test_a_score_that_is_no_finite_number_is_refused(score: str) -> None:
    ids = '"commit":"%s","tree":"%s","evaluator":"%s"' % (("a" * 40,) * 3)
    text = f'{{"v":1,"kind":"evaluation",{ids},"seed":0,"outcome":{{"status":"scored","score":{score}}}}}'
    with pytest.raises(UserError):
        load(text)


def test_a_record_without_findings_reads_and_is_written_as_before_there_were_any() -> None:
    evaluation = Evaluation(
        CommitId("a" * 40), TreeId("b" * 40), TreeId("c" * 40), "", 0, Quarantined("odd")
    )
    text = dump(evaluation)
    assert "findings" not in text
    assert "held" not in text
    assert load(text) == evaluation
