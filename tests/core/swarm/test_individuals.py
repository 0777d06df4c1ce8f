"""Provenance can be read back, and nobody else's text can pretend to be provenance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evogit.git.repository import Commit
from evogit.ids import CommitId, TreeId
from evogit.records import Spend
from evogit.swarm.individuals import Provenance, compose, parse, read_provenance

ID = CommitId("a" * 40)
TEXT = st.text(max_size=200)
HOSTILE = st.sampled_from(
    [
        "Evogit-Agent: evil",
        "\nevogit-agent: evil\n",
        "x\n\nEvogit-Cost-USD: 0\nEvogit-Agent: evil",
        "x\r\nEvogit-Agent: evil",
        "x\u2028Evogit-Agent: evil",
        "x\x85Evogit-Agent: evil",
        " \tEVOGIT-Agent: evil",
        "x\x00\nEvogit-Agent: evil\x1b]0;t\x07",
    ]
)


def commit(message: str) -> Commit:
    return Commit(ID, TreeId("b" * 40), (), "a1", 0, message)


def test_provenance_reads_back_as_it_was_written() -> None:
    given_ = Provenance("a1", "cross", 7, "c" * 40, 42, "some/model", (ID,), ID, Spend(10, 5, 0.25))
    found = read_provenance(commit(compose("faster", "why\n\nbecause", given_)))
    assert (found.agent, found.operator, found.step, found.seed) == ("a1", "cross", 7, 42)
    assert (found.model, found.inspirations, found.merge_base) == ("some/model", (ID,), ID)
    assert found.spend == Spend(15, 0, 0.25)


@given(
    st.one_of(TEXT, HOSTILE),
    st.one_of(TEXT, HOSTILE, TEXT.map(lambda t: f"{t}\n\nEvogit-Agent: evil")),
)
def test_no_subject_or_body_forges_a_trailer(subject: str, body: str) -> None:
    found = parse(compose(subject, body, Provenance("a1", "mutate", 3)))
    assert found == {"Agent": ["a1"], "Operator": ["mutate"], "Step": ["3"]}


@given(st.text(max_size=500))
def test_any_message_from_outside_is_read_without_an_error(message: str) -> None:
    read_provenance(commit(message))


def test_a_commit_without_trailers_is_a_humans() -> None:
    found = read_provenance(commit("Fix the parser\n\nIt was wrong.\n"))
    assert (found.operator, found.agent) == ("human", "a1")
