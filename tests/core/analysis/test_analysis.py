"""Gains add up, and the figures of a phylogeny are what their definitions say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evogit.analysis.figures import clades, coalescence, distance, merges, operator_credit, price
from evogit.analysis.gains import gain, gains, summed, winning_lineage
from evogit.cli.analyze import collect, in_words
from evogit.git.trees import Change
from evogit.ids import HEADS, CommitId
from evogit.outcome import Failed, Outcome, Scored
from evogit.phylogeny.export import rows
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Evaluation
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Garden


class Grower:
    """Grows individuals with given parents and outcomes."""

    def __init__(self, garden: Garden) -> None:
        self.garden = garden
        self.git = garden.swarm.git
        self.journal = Journal(self.git, "w1")
        self.base = garden.swarm.base
        self._count = 0
        self._judge(self.base, Scored(1.0))

    def add(
        self,
        agent: str,
        outcome: Outcome | None,
        *parents: CommitId,
        later: int = 0,
        operator: str = "",
    ) -> CommitId:
        self._count += 1
        first = self.git.commit((parents or (self.base,))[0])
        blob = self.git.write_blob(f"x = {self._count}\n".encode())
        tree = self.git.change_tree(first.tree, {"pkg/x.py": Change(blob)})
        operator = operator or ("merge" if len(parents) > 1 else "mutate")
        message = compose(f"number {self._count}", "", Provenance(agent, operator, self._count))
        found = parents or (self.base,)
        time = first.time + self._count + later
        commit = self.git.write_commit(tree, found, message, author=agent, time=time)
        ref = HEADS + agent
        self.git.move_ref(ref, old=self.git.ref(ref), new=commit)
        if outcome is not None:
            self._judge(commit, outcome)
        return commit

    def _judge(self, commit: CommitId, outcome: Outcome) -> None:
        evaluator = self.garden.swarm.spec().evaluator
        tree, time = self.git.commit(commit).tree, 2e9 + self._count
        found = Evaluation(commit, tree, evaluator, "", 0, outcome, time=time)
        self.journal.append(found, keep=[commit]).result(10)

    def grown(self) -> Phylogeny:
        self.journal.close()
        return self.garden.phylogeny()


@pytest.fixture
def grower(garden: Garden) -> Grower:
    return Grower(garden)


def test_gains_follow_the_fittest_parent_and_add_up(grower: Grower) -> None:
    one = grower.add("a1", Scored(2.0))
    two = grower.add("a2", Scored(5.0))
    merged = grower.add("a1", Scored(6.0), one, two)
    failed = grower.add("a1", Failed("tests", "no"), merged)
    last = grower.add("a1", Scored(5.5), failed)
    phylogeny = grower.grown()
    rows = [phylogeny.index(c) for c in (last, failed, merged, two)]
    assert winning_lineage(phylogeny, rows[0]) == [*rows, 0]
    found = gains(phylogeny, rows[0])
    assert [one.gain for one in found] == [4.0, 1.0, -0.5]
    assert sum(one.gain for one in found) == phylogeny.fitness(rows[0]) - phylogeny.fitness(0)
    assert summed(found, phylogeny.operator) == [("mutate", 3.5, 2), ("merge", 1.0, 1)]


def test_without_a_score_there_is_no_gain(grower: Grower) -> None:
    failed = grower.add("a1", Failed("tests", "no"))
    orphan = grower.add("a1", Scored(3.0), failed)
    phylogeny = grower.grown()
    assert gain(phylogeny, phylogeny.index(failed)) is None
    assert gain(phylogeny, phylogeny.index(orphan)) is None
    assert gain(phylogeny, 0) is None


def test_an_improvement_all_lineages_descend_from_is_a_sweep(grower: Grower) -> None:
    early = grower.add("a1", Scored(2.0))
    worse = grower.add("a1", Scored(1.5), early)
    left = grower.add("a1", Scored(3.0), worse)
    grower.add("a2", Scored(4.0), worse)
    phylogeny = grower.grown()
    found = coalescence(phylogeny)
    assert found.common == phylogeny.index(worse)
    assert found.tips == 2
    assert found.depth == 1.0
    assert [(sweep.row, sweep.gain) for sweep in found.sweeps] == [(phylogeny.index(early), 1.0)]
    assert phylogeny.index(left) not in {sweep.row for sweep in found.sweeps}


def test_clades_hold_every_individual_once_and_the_fittest_comes_first(grower: Grower) -> None:
    one = grower.add("a1", Scored(2.0))
    grower.add("a1", Scored(3.0), one)
    two = grower.add("a2", Scored(9.0))
    grower.add("a2", None, two)
    grower.add("a3", Failed("tests", "no"))
    phylogeny = grower.grown()
    found = clades(phylogeny)
    assert sum(clade.size for clade in found) == len(phylogeny) - 1
    assert found[0].root == phylogeny.index(two)
    assert found[-1].best is None
    assert (found[1].size, found[1].mean, found[1].best) == (2, 2.5, 3.0)


def test_merges_are_counted_by_how_far_their_parents_grew_apart(grower: Grower) -> None:
    near = [grower.add(agent, Scored(2.0)) for agent in ("a1", "a2")]
    grower.add("a1", Scored(3.0), *near)
    far = near[1]
    for _ in range(4):
        far = grower.add("a2", Scored(2.0), far)
    grower.add("a1", Scored(1.0), near[0], far)
    grower.add("a1", Failed("tests", "no"), near[0], far)
    phylogeny = grower.grown()
    assert distance(phylogeny, phylogeny.index(near[0]), phylogeny.index(far)) == 5
    close, apart = merges(phylogeny)
    assert (close.merges, close.better, close.mean_gain) == (1, 1, 1.0)
    assert (apart.merges, apart.scored, apart.better, apart.mean_gain) == (2, 1, 0, -1.0)


def test_selection_and_transmission_are_the_whole_change(grower: Grower) -> None:
    good = grower.add("a1", Scored(4.0))
    bad = grower.add("a2", Scored(-2.0))
    children = [grower.add("a1", Scored(x), good) for x in (5.0, 3.5, 4.5)]
    children.append(grower.add("a2", Scored(-1.0), bad))
    phylogeny = grower.grown()
    found = price(phylogeny)
    assert found is not None
    offspring = [phylogeny.fitness(phylogeny.index(one)) for one in (good, bad, *children)]
    everybody = (phylogeny.fitness(0) + sum(offspring)) / 7
    selected = (2 * phylogeny.fitness(0) + 3 * 4.0 + 1 * -2.0) / 6
    assert found.change == pytest.approx(sum(offspring) / 6 - everybody)
    assert found.selection == pytest.approx(selected - everybody)
    assert (found.parents, found.offspring) == (7, 6)


def test_operators_are_credited_with_what_they_improved(grower: Grower) -> None:
    one = grower.add("a1", Scored(2.0))
    two = grower.add("a2", Scored(1.5))
    grower.add("a1", Scored(4.0), one, two)
    grower.add("a2", Failed("tests", "no"), two)
    mutate, merge = sorted(operator_credit(grower.grown()), key=lambda c: c.operator == "merge")
    assert (mutate.individuals, mutate.scored, mutate.improved, mutate.gained) == (3, 2, 2, 1.5)
    assert (merge.individuals, merge.improved, merge.records, merge.gained) == (1, 1, 1, 2.0)


def test_a_record_is_the_best_of_all_that_were_judged_before_it(grower: Grower) -> None:
    scores = {"a3": 2.0, "a2": 1.5, "a1": 4.0}
    for agent, score in scores.items():
        grower.add(agent, Scored(score))
    phylogeny = grower.grown()
    (credit,) = operator_credit(phylogeny)
    assert credit.records == len(phylogeny.best_so_far()) - 1 == 2


def test_what_was_distilled_is_no_offspring_of_evolution(grower: Grower) -> None:
    one = grower.add("a1", Scored(2.0))
    grower.add("a1", Scored(5.0), one)
    before = grower.garden.phylogeny()
    grower.add("me", Scored(9.0), operator="distill")
    after = grower.grown()
    assert len(after) == len(before) + 1
    assert clades(after) == clades(before)
    assert price(after) == price(before)
    assert operator_credit(after) == operator_credit(before)


def test_attempts_without_offspring_are_told_by_operator(grower: Grower) -> None:
    grower.add("a1", Scored(2.0))
    for step, operator in enumerate(("merge", "merge", "mutate"), 2):
        vain = Attempt("a1", operator, step, (grower.base,), reason="its tree is known")
        grower.journal.append(vain).result(10)
    found = {one.operator: one for one in operator_credit(grower.grown())}
    assert (found["merge"].fruitless, found["merge"].individuals) == (2, 0)
    assert (found["mutate"].fruitless, found["mutate"].individuals) == (1, 1)


@pytest.mark.parametrize(
    ("selection", "transmission", "told"),
    [
        (1850.123456, -1856.113, "-5.99 = selection +1850.12 + transmission -1856.11"),
        (0.5, 0.25, "+0.750 = selection +0.500 + transmission +0.250"),
        (0.0, 0.0, "+0 = selection +0 + transmission +0"),
        (1e-9, 1.5, "+1.50000000100 = selection +0.00000000100 + transmission +1.50000000000"),
    ],
)
def test_the_terms_of_price_are_printed_so_that_the_sum_can_be_checked(
    selection: float, transmission: float, told: str
) -> None:
    split = {"selection": selection, "transmission": transmission}
    data = split | {"change": selection + transmission, "offspring": 7}
    assert in_words(data) == f"mean fitness {told} (7 offspring)"


def test_whoever_reads_a_swarm_whenever_gets_the_same_figures_in_the_same_order(
    grower: Grower,
) -> None:
    live = grower.garden.phylogeny()
    journals = (grower.journal, Journal(grower.git, "w2"))
    tips: dict[str, CommitId] = {}
    for number in range(24):
        grower.journal = journals[number % 2]
        agent, score = f"a{number % 4}", 1 + (number * 11 % 17) / 7
        parent = tips.get(agent, grower.base)
        tips[agent] = grower.add(agent, Scored(score), parent, later=-1000 * number)
        live.refresh()
    for journal in journals:
        journal.close()
    live.refresh()
    anew = grower.garden.phylogeny()
    assert [live.commit(i) for i in range(len(live))] != [anew.commit(i) for i in range(len(anew))]
    assert collect(live, maximize=True) == collect(anew, maximize=True)
    exported: list[list[dict[str, Any]]] = [list(rows(live)), list(rows(anew))]
    assert exported[0] == exported[1]
    commits = [row["commit"] for row in exported[0]]
    assert all(
        commits.index(parent) < number
        for number, row in enumerate(exported[0])
        for parent in row["parents"]
    )
