"""Journals that lie are refused, and nothing they do removes what was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evogit.ids import HEADS, JOURNALS

W1 = JOURNALS + "w1"
PEER = "refs/evogit/remotes/peer/journal/"


def test_copies_of_one_journal_are_read_once(swarm: Any) -> None:
    made = swarm.individual("a1")
    behind = swarm.journal("w1", swarm.evaluation(made, 1.0))
    swarm.set(PEER + "w1", behind)
    ahead = swarm.journal("w1", swarm.evaluation(made, 2.0, seed=1))
    phylogeny = swarm.phylogeny()
    assert phylogeny.evaluation_count == 2
    further = swarm.entry(ahead, swarm.evaluation(made, 3.0, seed=2))
    swarm.set(PEER + "w1", further)
    phylogeny.refresh()
    assert phylogeny.evaluation_count == 3
    swarm.set(W1, further)
    phylogeny.refresh()
    assert phylogeny.evaluation_count == swarm.phylogeny().evaluation_count == 3
    assert phylogeny.problems == []


def test_a_rewritten_journal_is_refused(swarm: Any) -> None:
    made = swarm.individual("a1")
    first = swarm.journal("w1", swarm.evaluation(made, 1.0))
    swarm.journal("w1", swarm.evaluation(made, 2.0, seed=1))
    phylogeny = swarm.phylogeny()
    forged = swarm.entry(first, swarm.evaluation(made, 999.0, seed=1))
    swarm.set(W1, forged)
    phylogeny.refresh()
    assert phylogeny.score(1) == 1.5
    assert any("does not continue" in problem for problem in phylogeny.problems)
    swarm.git.handle.references.delete(W1)
    swarm.journal("w1", swarm.evaluation(made, 998.0))
    phylogeny.refresh()
    assert phylogeny.score(1) == 1.5


def test_a_forged_fork_in_another_hosts_copy_is_refused(swarm: Any) -> None:
    made = swarm.individual("a1")
    first = swarm.journal("w1", swarm.evaluation(made, 1.0))
    swarm.journal("w1", swarm.evaluation(made, 2.0, seed=1))
    swarm.set(PEER + "w1", swarm.entry(first, swarm.evaluation(made, 999.0, seed=1)))
    phylogeny = swarm.phylogeny()
    assert phylogeny.score(1) == 1.5
    assert any(PEER in problem for problem in phylogeny.problems)


def test_a_rewound_journal_is_reported_and_loses_nothing(swarm: Any) -> None:
    made = swarm.individual("a1")
    first = swarm.journal("w1", swarm.evaluation(made, 1.0))
    swarm.journal("w1", swarm.evaluation(made, 3.0, seed=1))
    phylogeny = swarm.phylogeny()
    swarm.set(W1, first)
    phylogeny.refresh()
    assert phylogeny.score(1) == 2.0
    assert any("went back" in problem for problem in phylogeny.problems)


def test_a_journal_can_not_be_passed_off_as_another_writers(swarm: Any) -> None:
    made = swarm.individual("a1")
    tip = swarm.journal("w1", swarm.evaluation(made, 1.0), swarm.attempt("a1", 1))
    swarm.set(JOURNALS + "evil", tip)
    phylogeny = swarm.phylogeny()
    assert phylogeny.evaluation_count == 1
    assert phylogeny.spent.attempts == 1
    assert any("evil" in problem for problem in phylogeny.problems)


def test_individuals_are_no_journal_and_journals_no_individuals(swarm: Any) -> None:
    made = swarm.individual("a1")
    swarm.set(JOURNALS + "w9", made)
    tip = swarm.journal("w1", swarm.evaluation(made, 1.0), keep=[made])
    swarm.set(HEADS + "a2", tip)
    swarm.set(HEADS + "a3", swarm.entry(tip, swarm.evaluation(made, 7.0, seed=3), keep=[made]))
    phylogeny = swarm.phylogeny()
    assert len(phylogeny) == 2
    assert phylogeny.tips.keys() == {"a1"}
    assert phylogeny.score(1) == 1.0
    assert len(phylogeny.problems) == 3


def test_unreadable_records_are_skipped_and_reported(swarm: Any) -> None:
    made = swarm.individual("a1")
    for text in (
        "no record",
        "s\n\n[]\n",
        's\n\n{"v":2,"kind":"attempt"}\n',
        's\n\n{"v":1,"kind":"evaluation","outcome":{"status":"scored","score":NaN}}\n',
        "s\n\n" + "[" * 30_000,
        's\n\n{"v":1,"kind":"decision","time":1e999}\n',
    ):
        swarm.journal("w1", text)
    swarm.journal("w1", swarm.evaluation(made, 1.0))
    phylogeny = swarm.phylogeny()
    assert phylogeny.score(1) == 1.0
    assert len(phylogeny.problems) == 6


def test_refs_with_odd_names_and_targets_are_left_out(swarm: Any) -> None:
    blob = swarm.git.write_blob(b"x")
    swarm.set(HEADS + "blob", blob)
    swarm.set(JOURNALS + "No_Name", swarm.base)
    swarm.set(HEADS + "bidi\u202e", swarm.individual("a1"))
    phylogeny = swarm.phylogeny()
    assert phylogeny.tips.keys() == {"a1"}
    assert len(phylogeny.problems) == 3


NEWER = 'decision\n\n{"v":2,"kind":"decision"}\n'


def test_what_a_newer_evogit_wrote_is_ours_only_if_our_own_journal_holds_it(swarm: Any) -> None:
    made = swarm.individual("a1")
    ours = swarm.journal("w1", swarm.evaluation(made, 1.0))
    swarm.set(PEER + "other", swarm.entry(swarm.root("other"), NEWER))
    swarm.set(PEER + "w1", swarm.entry(ours, NEWER))
    assert swarm.phylogeny().newer_journals() == {"other": False, "w1": False}
    assert any("written by a newer EvoGit (version 2)" in p for p in swarm.phylogeny().problems)


def test_a_record_of_a_newer_evogit_is_remembered_by_the_cache(swarm: Any, tmp_path: Path) -> None:
    made = swarm.individual("a1")
    swarm.journal("w1", NEWER, swarm.evaluation(made, 1.0))
    swarm.phylogeny(cache=tmp_path / "index").save()
    found = swarm.phylogeny(cache=tmp_path / "index")
    assert found.newer_journals() == {"w1": True}
    assert found.score(1) == 1.0
