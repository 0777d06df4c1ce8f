"""What the phylogeny answers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from evogit.errors import NotFoundError
from evogit.git.repository import GitRepository
from evogit.ids import HEADS, CommitId, TreeId
from evogit.outcome import Crashed, Failed, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Lease, Spend


def test_an_empty_swarm_is_its_base(swarm: Any) -> None:
    phylogeny = swarm.phylogeny()
    assert len(phylogeny) == 1
    assert phylogeny.commit(0) == swarm.base
    assert phylogeny.population() == [0]
    assert phylogeny.parents(0) == ()
    assert phylogeny.best() == []
    assert math.isnan(phylogeny.fitness(0))
    assert swarm.old not in phylogeny
    assert phylogeny.refresh() is False


def test_a_repository_without_a_base_is_refused(swarm: Any) -> None:
    swarm.git.handle.references.delete("refs/heads/main")
    with pytest.raises(NotFoundError, match="no base"):
        swarm.phylogeny()


def test_trailers_tell_provenance_but_never_a_score(swarm: Any) -> None:
    made = swarm.commit(
        [swarm.base],
        message="better\n\nEvogit-Agent: a7\nEvogit-Operator: cross\nEvogit-Step: 12\n"
        f"Evogit-Inspiration: {swarm.old}\nEvogit-Inspiration: {swarm.base}\nEvogit-Fitness: 999\n",
    )
    swarm.set(HEADS + "a7", made)
    phylogeny = swarm.phylogeny()
    i = phylogeny.index(made)
    assert (phylogeny.agent(i), phylogeny.operator(i), phylogeny.step(i)) == ("a7", "cross", 12)
    assert phylogeny.trailers(i)["inspiration"] == f"{swarm.old} {swarm.base}"
    assert phylogeny.score(i) is None


def test_a_humans_commit_on_any_branch_joins_the_population(swarm: Any) -> None:
    made = swarm.commit([swarm.base], message="by hand", agent="")
    swarm.set("refs/heads/My_Feature/one", made)
    phylogeny = swarm.phylogeny()
    assert phylogeny.tips == {"My_Feature/one": phylogeny.index(made)}
    assert phylogeny.agent(1) == ""


def test_the_population_is_distinct_and_in_agent_order(swarm: Any) -> None:
    ten, two = swarm.individual("a10"), swarm.individual("a2")
    swarm.set(HEADS + "a3", two)
    phylogeny = swarm.phylogeny()
    assert phylogeny.population() == [phylogeny.index(two), phylogeny.index(ten)]


def test_agents_of_other_hosts_join_and_the_local_ref_wins(swarm: Any) -> None:
    here = swarm.individual("a1")
    there, other = swarm.commit([here]), swarm.commit([swarm.base])
    swarm.set("refs/evogit/remotes/peer/heads/a1", there)
    swarm.set("refs/evogit/remotes/peer/heads/a2", other)
    phylogeny = swarm.phylogeny()
    assert phylogeny.tips == {"a1": phylogeny.index(here), "a2": phylogeny.index(other)}
    assert there in phylogeny


def test_a_branch_that_does_not_descend_from_the_base_is_reported(swarm: Any) -> None:
    phylogeny = swarm.phylogeny()
    swarm.set(HEADS + "fork", swarm.commit([swarm.old]))
    swarm.set(HEADS + "orphan", swarm.commit([]))
    phylogeny.refresh()
    assert len(phylogeny) == 1
    assert len(phylogeny.problems) == 2
    assert phylogeny.tips == {}


def test_only_the_same_evaluator_and_environment_give_a_score(swarm: Any) -> None:
    made = swarm.individual("a1")
    other = TreeId("f" * 40)
    swarm.journal("w1", swarm.evaluation(made, 9.0, evaluator=other))
    swarm.journal("w1", swarm.evaluation(made, 8.0, environment="else"))
    swarm.journal("w1", swarm.evaluation(made, 7.0, purpose="holdout"))
    phylogeny = swarm.phylogeny()
    assert phylogeny.score(1) is None
    assert phylogeny.outcome(1) is None
    assert phylogeny.spent.evaluations == 3
    assert phylogeny.evaluation_count == 1
    swarm.journal("w1", swarm.evaluation(made, 1.0))
    phylogeny.refresh()
    assert phylogeny.score(1) == 1.0


def test_a_score_is_the_mean_of_search_and_repeats(swarm: Any) -> None:
    made = swarm.individual("a1")
    for seed, score in enumerate((1.0, 2.0, 6.0)):
        swarm.journal(
            "w1", swarm.evaluation(made, score, seed=seed, purpose="repeat" if seed else "search")
        )
    phylogeny = swarm.phylogeny(maximize=False)
    assert phylogeny.score(1) == 3.0
    assert phylogeny.fitness(1) == -3.0
    assert phylogeny.outcome(1) == Scored(3.0, {})
    swarm.journal("w1", swarm.evaluation(made, Crashed("run", "boom"), seed=9, purpose="repeat"))
    phylogeny.refresh()
    assert phylogeny.outcome(1) == Crashed("run", "boom")
    assert phylogeny.score(1) is None


def test_the_newest_of_equal_keys_counts(swarm: Any) -> None:
    made = swarm.individual("a1")
    swarm.journal("w2", swarm.evaluation(made, 5.0, time=200.0))
    swarm.journal("w1", swarm.evaluation(made, 1.0, time=100.0))
    phylogeny = swarm.phylogeny()
    assert phylogeny.score(1) == 5.0
    found = phylogeny.evaluation(phylogeny.tree(1))
    assert found is not None
    assert found.outcome == Scored(5.0)
    assert phylogeny.evaluation(phylogeny.tree(1), seed=1) is None
    assert phylogeny.evaluation(TreeId("0" * 40)) is None


@pytest.mark.parametrize("maximize", [True, False])
def test_the_best_are_one_per_tree_and_not_pruned(swarm: Any, maximize: bool) -> None:
    made = [swarm.individual("a1")]
    for _ in range(3):
        made.append(swarm.individual("a1", made[-1:]))
    twin = swarm.commit([made[3]], text=str(swarm.clock))
    swarm.set(HEADS + "a2", twin)
    sign = 1.0 if maximize else -1.0
    for score, commit in enumerate(made):
        swarm.journal("w1", swarm.evaluation(commit, sign * score))
    phylogeny = swarm.phylogeny(maximize=maximize)
    assert [phylogeny.commit(i) for i in phylogeny.best(2)] == [made[3], made[2]]
    swarm.decide("prune", made[3])
    swarm.journal("w1", swarm.evaluation(made[0], sign * 50))
    phylogeny.refresh()
    assert [phylogeny.commit(i) for i in phylogeny.best(2)] == [made[0], made[2]]
    assert [phylogeny.commit(i) for i in phylogeny.best(2, alive_only=False)] == [made[0], made[3]]


def test_records_fall_in_evaluation_order(swarm: Any) -> None:
    made = swarm.individual("a1")
    other = swarm.individual("a1")
    swarm.journal("w1", swarm.evaluation(other, 5.0, time=30.0))
    swarm.journal(
        "w2", swarm.evaluation(made, 4.0, time=10.0), swarm.evaluation(swarm.base, 1.0, time=20.0)
    )
    phylogeny = swarm.phylogeny()
    assert phylogeny.best_so_far() == [(0, 4.0), (2, 5.0)]
    assert [each.time for each in phylogeny.evaluations()] == [10.0, 20.0, 30.0]
    assert phylogeny.evaluations()[-1].commit == other


def test_the_same_change_elsewhere_is_a_duplicate(swarm: Any) -> None:
    one = swarm.individual("a1", text="new\n")
    aside = swarm.individual("a2", text="aside\n")
    same = swarm.individual("a3", [aside], text="new\n")
    phylogeny = swarm.phylogeny()
    assert phylogeny.duplicates(phylogeny.index(one)) == [phylogeny.index(same)]
    assert phylogeny.by_tree(phylogeny.tree(phylogeny.index(same))) == phylogeny.index(one)


def test_a_change_with_the_same_patch_id_is_a_duplicate(swarm: Any, make_swarm: Any) -> None:
    lines = [f"line {n}" for n in range(30)]
    start = swarm.individual("a1", text="\n".join(lines))
    moved = swarm.individual("a2", [start], text="\n".join(["top", *lines]))
    changed = [*lines[:15], "changed", *lines[16:]]
    one = swarm.individual("a3", [start], text="\n".join(changed))
    other = swarm.individual("a4", [moved], text="\n".join(["top", *changed]))
    phylogeny = swarm.phylogeny()
    assert phylogeny.duplicates(phylogeny.index(one)) == [phylogeny.index(other)]


def test_reservations_are_settled_by_the_attempt_of_the_same_step(swarm: Any) -> None:
    for step in (1, 2):
        lease = Lease("reserve", agent="a1", step=step, spend=Spend(10, 20, 0.5))
        swarm.journal("w1", lease)
    phylogeny = swarm.phylogeny()
    assert phylogeny.reserved == Spend(20, 40, 1.0)
    swarm.journal("w1", swarm.attempt("a1", 2))
    phylogeny.refresh()
    assert phylogeny.reserved == Spend(10, 20, 0.5)
    assert phylogeny.last_step("a1") == 2
    assert phylogeny.last_step("nobody") == 0
    assert [row.step for row in phylogeny.attempts("a1")] == [2]
    assert phylogeny.spent.attempts == 1


def test_offspring_that_only_a_journal_keeps_are_individuals(swarm: Any) -> None:
    kept = swarm.commit([swarm.base])
    swarm.journal("w1", swarm.attempt("a1", 1, offspring=kept), keep=[kept])
    phylogeny = swarm.phylogeny()
    assert phylogeny.leaves() == [phylogeny.index(kept)]
    assert phylogeny.attempts("a1")[0].offspring == kept
    assert phylogeny.population() == [0]


def test_tags_are_read_from_refs_and_from_decisions(swarm: Any) -> None:
    made = swarm.individual("a1")
    swarm.set("refs/tags/light", made)
    handle = swarm.git.handle
    handle.create_tag("heavy", made, 1, handle[made].author, "note")
    assert swarm.phylogeny().tags == {"light": 1, "heavy": 1}


def test_prune_restore_pin_undo_and_redo(swarm: Any) -> None:
    parent = swarm.individual("a1")
    child = swarm.individual("a1", [parent])
    merged = swarm.individual("a2", [swarm.commit([swarm.base]), child])
    phylogeny = swarm.phylogeny()

    def out() -> set[CommitId]:
        phylogeny.refresh()
        return {phylogeny.commit(i) for i in range(len(phylogeny)) if phylogeny.pruned(i)}

    prune = swarm.decide("prune", parent)
    assert out() == {parent, child, merged}
    assert phylogeny.population() == [0]
    undo = swarm.decide("undo", undoes=prune)
    assert out() == set()
    swarm.decide("redo", undoes=undo)
    assert out() == {parent, child, merged}
    swarm.decide("restore", child)
    assert out() == {parent}
    swarm.decide("pin", child)
    phylogeny.refresh()
    assert phylogeny.pinned == {phylogeny.index(child)}
    assert [decision.verb for _, decision in phylogeny.active_decisions()] == [
        "prune",
        "restore",
        "pin",
    ]
    assert len(phylogeny.decisions) == 5


def test_a_prune_that_arrives_before_its_individual_still_holds(swarm: Any) -> None:
    hidden = swarm.commit([swarm.base])
    swarm.decide("prune", hidden)
    phylogeny = swarm.phylogeny()
    assert not phylogeny.pruned(0)
    swarm.set(HEADS + "a1", hidden)
    phylogeny.refresh()
    assert phylogeny.pruned(phylogeny.index(hidden))


def test_a_damaged_or_foreign_cache_is_rebuilt_silently(
    swarm: Any, make_swarm: Any, facts: Any, tmp_path: Path
) -> None:
    swarm.journal("w1", swarm.evaluation(swarm.individual("a1"), 1.0))
    cache = tmp_path / "deep" / "index"
    swarm.phylogeny(cache=cache).save()
    good, expected = cache.read_bytes(), facts(swarm.phylogeny())
    for bad in (b"", good[:50], good[:-1], good[:100] + b"x" + good[101:], b"z" + good[1:]):
        cache.write_bytes(bad)
        assert facts(swarm.phylogeny(cache=cache)) == expected
    cache.write_bytes(good)
    twin = make_swarm(tmp_path / "twin.git")
    assert len(twin.phylogeny(cache=cache)) == 1
    other = Phylogeny(
        swarm.git, evaluator=TreeId("0" * 40), environment="env", maximize=True, cache=cache
    )
    assert other.score(1) is None


def test_a_damaged_cache_is_read_around_once_and_then_mended(swarm: Any, tmp_path: Path) -> None:
    swarm.individual("a1")
    cache = tmp_path / "index"
    swarm.phylogeny(cache=cache)
    assert not cache.exists()  # of a swarm this small nobody needs one
    swarm.phylogeny(cache=cache).save()
    good = cache.read_bytes()
    cache.write_bytes(good[:-1])
    swarm.phylogeny(cache=cache)
    assert cache.read_bytes() == good


def test_a_full_disk_only_costs_the_cache(swarm: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    phylogeny = swarm.phylogeny(cache=tmp_path / "file" / "index")
    phylogeny.save()
    assert len(phylogeny) == 1


def test_a_big_arrival_is_read_like_a_small_one(swarm: Any, facts: Any) -> None:
    phylogeny = swarm.phylogeny()
    swarm.individual("a1")
    phylogeny.refresh()
    tip = swarm.base
    for _ in range(2100):
        tip = swarm.commit([tip], text="same")
    swarm.set(HEADS + "a2", tip)
    phylogeny.refresh()
    assert len(phylogeny) == 2102
    assert phylogeny.generation(phylogeny.index(tip)) == 2100


def test_unknown_ids_are_told(swarm: Any) -> None:
    phylogeny = swarm.phylogeny()
    assert "nonsense" not in phylogeny
    with pytest.raises(NotFoundError):
        phylogeny.index(CommitId("0" * 40))
    assert isinstance(swarm.git, GitRepository)


def test_a_failed_gate_is_an_outcome_without_a_score(swarm: Any) -> None:
    made = swarm.individual("a1")
    swarm.journal("w1", swarm.evaluation(made, Failed("tests", "two failed")))
    phylogeny = swarm.phylogeny()
    assert phylogeny.outcome(1) == Failed("tests", "two failed")
    assert math.isnan(phylogeny.fitness(1))
    assert phylogeny.best() == []
