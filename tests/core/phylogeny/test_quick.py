"""The quick reader of records answers exactly as the strict one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from evogit.errors import UserError
from evogit.ids import CommitId, TreeId
from evogit.outcome import Crashed, Scored
from evogit.phylogeny.ledger import Row, row_of
from evogit.phylogeny.quick import plain_row, row_from
from evogit.records import Attempt, Evaluation, Record, Spend, dump, load

ID = CommitId("ab" * 20)
RECORDS: list[Record] = [
    Attempt("a1", "mutate", 3, (ID,), (ID,), ID, spend=Spend(5, 6, 0.5), seconds=1.0, time=2.0),
    Attempt("a1", "mutate", 3, (), reason="none", model="m", time=2.0),
    Evaluation(ID, TreeId(ID), TreeId(ID), "env", 1, Scored(1.5, {"m": 2.0}), "a1", time=3.0),
    Evaluation(ID, TreeId(ID), TreeId(ID), "env", 1, Crashed("run", "x"), time=3.0),
]
NESTED = ("", "spend", "outcome")
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=50),
    st.text(st.sampled_from("ab \u202e\x1b\n\t"), max_size=45),
    st.lists(st.sampled_from([None, 1, ID, "x", "ab" * 19, ""]), max_size=3),
    st.dictionaries(st.text(max_size=5), st.one_of(st.floats(), st.integers()), max_size=2),
    st.sampled_from([ID, ID.upper(), f"{ID} {ID}", f"{ID}\n", "A1", "search", "scored", [[ID]]]),
)


def strict(text: str) -> Row | None:
    return row_of(load(text))


def answer(read: Callable[[str], Row | None], text: str) -> Row | str | None:
    try:
        return read(text)
    except UserError as error:
        return f"refused: {error}"


@given(
    record=st.sampled_from(RECORDS),
    changes=st.lists(st.tuples(st.sampled_from(NESTED), st.integers(0, 30), VALUES), max_size=3),
    drop=st.booleans(),
)
@settings(max_examples=100)
def test_quick_and_strict_reading_agree(
    record: Record, changes: list[tuple[str, int, Any]], drop: bool
) -> None:
    data = json.loads(dump(record))
    for nested, place, value in changes:
        inner = data.get(nested) if nested else data
        target = cast(dict[str, Any], inner if isinstance(inner, dict) and inner else data)
        key = sorted(target)[place % len(target)]
        if drop and len(target) > 1:
            del target[key]
        else:
            target[key] = value
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    assert repr(answer(row_from, text)) == repr(answer(strict, text))


def test_what_workers_write_takes_the_quick_way() -> None:
    for record in RECORDS[:3]:
        assert plain_row(dump(record)) == row_of(record)
