"""Whose word a record is: git says whose journal it is in, the record only claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evogit.phylogeny.tail import Tail
from evogit.records import Attempt, Decision
from evogit.swarm.identity import decides_as


def test_a_decision_that_claims_to_be_anothers_names_its_writer_first(
    swarm: Any, tmp_path: Path
) -> None:
    made = swarm.individual("a1")
    swarm.journal("ann-gpu-1a2b", Decision("pin", "ann", (made,), time=1.0))
    swarm.journal("mallory", Decision("prune", "ann", (made,), time=2.0))
    cache = tmp_path / "cache"
    swarm.phylogeny(cache=cache).save()
    for phylogeny in (swarm.phylogeny(), swarm.phylogeny(cache=cache)):
        assert [found.by for _, found in phylogeny.decisions] == ["ann", "mallory (as ann)"]


def test_what_happened_names_the_writer_of_what_claims_to_be_anothers(swarm: Any) -> None:
    swarm.journal("mallory-w1", swarm.attempt("a1", 7), Decision("stop", "ann", time=1.0))
    tail = Tail(swarm.git)
    tail.follow(swarm.phylogeny().activity.heads())
    names = [
        one.record.by if isinstance(one.record, Decision) else one.record.agent
        for one in tail.newest
        if isinstance(one.record, Decision | Attempt)
    ]
    assert sorted(names) == ["mallory-w1 (as a1)", "mallory-w1 (as ann)"]


@pytest.mark.parametrize(
    ("writer", "by", "may"),
    [
        ("ann", "ann", True),
        ("ann-gpu-1a2b", "ann", True),
        ("w1-human", "w1", True),
        ("a-very-long-login-n-a-long-host-nam-1a2b", "a-very-long-login-name-of-somebody", True),
        ("mallory", "ann", False),
        ("anna", "ann", False),
        ("a-very-long", "a-very-long-login-name-of-somebody", False),
    ],
)
def test_people_write_in_journals_of_their_name(writer: str, by: str, may: bool) -> None:
    assert decides_as(writer, by) is may


@pytest.mark.parametrize("name", ["best", "best:2", "base", "abcd"])
def test_a_planted_tag_that_is_called_like_a_selector_is_not_read(swarm: Any, name: str) -> None:
    made = swarm.individual("a1")
    decision = Decision("tag", "mallory", (made,), target=name, time=1.0)
    swarm.journal("mallory", decision, Decision("tag", "mallory", (made,), target="ok", time=2.0))
    assert swarm.phylogeny().tags == {"ok": 1}
