"""What may be claimed, and what may not."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from evogit.cli.output import dump_json
from evogit.compare.page import as_data, chosen_afterwards, heading, markdown, too_few
from evogit.compare.result import Result, check_same
from evogit.compare.setting import Setting
from evogit.compare.table import Row, seeds_needed, tabulate
from evogit.errors import EvoGitError

if TYPE_CHECKING:
    from conftest import Runs

SETTING = Setting({"tsp": "library"}, ("evogit", "other"), (1, 2), {"tsp": 10}, 1)


def rows_of(results: list[Result], **more: bool) -> dict[str, Row]:
    found = tabulate(results, "evogit", {"tsp": 1.0}, complete=more.get("complete", True))
    return {row.arm: row for row in found}


def test_an_arm_that_wins_on_every_seed_is_better_and_one_that_loses_is_worse(runs: Runs) -> None:
    ours = [float(i) for i in range(1, 11)]
    found = rows_of(
        runs("evogit", ours)
        + runs("good", [x + 100 for x in ours])
        + runs("bad", [x - 100 for x in ours])
    )
    assert found["evogit"].verdict == "reference"
    assert found["good"].verdict == "better"
    assert found["bad"].verdict == "worse"
    contrast = found["good"].contrast
    assert contrast is not None
    assert (contrast.difference.middle, contrast.superiority, contrast.pairs) == (100, 1, 10)
    assert contrast.adjusted == pytest.approx(2 * 2**-9)


def test_less_is_better_where_the_problem_says_so(runs: Runs) -> None:
    ours = [float(i) for i in range(1, 11)]
    lower = runs("low", [x - 100 for x in ours], maximize=False)
    found = rows_of(runs("evogit", ours, maximize=False) + lower)["low"]
    assert found.verdict == "better"
    assert found.contrast is not None
    assert found.contrast.difference.middle == 100
    assert (found.final.low, found.final.middle, found.final.high) == (-98, -94.5, -91)


def test_overlapping_intervals_are_no_win_even_if_every_pair_is_won(runs: Runs) -> None:
    ours = [float(i) for i in range(1, 11)]
    found = rows_of(runs("evogit", ours) + runs("hair", [x + 0.1 for x in ours]))["hair"]
    assert found.contrast is not None
    assert found.contrast.adjusted < 0.05
    assert found.verdict == "not separated"


def test_a_run_without_a_score_counts_as_worse_than_all_others(runs: Runs) -> None:
    ours = [float(i) for i in range(1, 11)]
    found = rows_of(runs("evogit", ours) + runs("broken", [None] * 10))["broken"]
    assert (found.failed, found.verdict) == (10, "worse")
    text = dump_json(as_data(SETTING, ("evogit", "evogit"), [found], [], 0))
    assert json.loads(text)["rows"][0]["score"] is None


def test_many_comparisons_need_more_evidence_than_one(runs: Runs) -> None:
    ours = [float(i) for i in range(1, 8)]
    better = [x + 100 for x in ours]
    alone = rows_of(runs("evogit", ours) + runs("x0", better))
    assert alone["x0"].verdict == "better"
    crowd = rows_of(
        runs("evogit", ours)
        + runs("x0", better)
        + [one for i in range(1, 9) for one in runs(f"x{i}", ours)]
    )
    assert crowd["x0"].verdict == "not separated"


def test_there_is_no_verdict_before_every_run_is_finished(runs: Runs) -> None:
    ours = [float(i) for i in range(1, 11)]
    results = runs("evogit", ours) + runs("good", [x + 100 for x in ours])[:8]
    assert rows_of(results, complete=False)["good"].verdict == "unfinished"


def test_arms_that_are_the_same_are_separated_no_more_often_than_the_level(runs: Runs) -> None:
    random, false_claims = Random(1), 0
    for _ in range(200):
        results = [
            one
            for arm in ("evogit", "a", "b", "c")
            for one in runs(arm, [random.gauss(0, 1) for _ in range(12)])
        ]
        verdicts = {row.verdict for row in rows_of(results).values()}
        false_claims += verdicts != {"reference", "not separated"}
    assert false_claims <= 0.05 * 200


def test_evaluations_to_a_score_are_told_only_if_most_runs_reach_it(runs: Runs) -> None:
    slow = runs("evogit", [1.0] * 3, curve=((0, 0.0), (9, 1.0)))
    never = runs("never", [0.0] * 3, curve=((0, 0.0), (9, 0.5)))
    found = rows_of([*slow, *never, *runs("best-of-n", [0.5] * 3, curve=((0, 0.0), (4, 0.5)))])
    assert (found["evogit"].to_target, found["evogit"].reached) == (9, 3)
    assert (found["never"].to_target, found["never"].reached) == (None, 0)
    assert found["never"].to_baseline == 9
    assert found["best-of-n"].to_baseline == 4


@pytest.mark.parametrize(("contrasts", "seeds"), [(1, 6), (2, 7), (6, 8), (30, 11)])
def test_as_many_seeds_are_asked_for_as_a_verdict_needs(contrasts: int, seeds: int) -> None:
    assert seeds_needed(contrasts) == seeds
    assert "nothing can be separated" in too_few(seeds - 1, contrasts)
    assert too_few(seeds, contrasts) == ""


def test_runs_that_were_judged_differently_share_no_table(runs: Runs) -> None:
    with pytest.raises(EvoGitError, match="changed between evogit seed 1 and b seed 1"):
        check_same([*runs("evogit", [1.0]), *runs("b", [1.0], base="another")])


def test_the_page_says_what_is_held_out_and_what_is_not(runs: Runs) -> None:
    results = runs("evogit", [1.0, 2.0]) + runs("evogit", [1.0], problem="q", holdout=False)
    found = tabulate(results, "evogit", {}, complete=True)
    data = as_data(SETTING, ("evogit", "evogit"), found, results, 4)
    page = markdown(data, found, {"tsp": "tsp.svg"}, ["a warning"])
    assert "## tsp\n\nhold-out, higher is better" in page
    assert "## q\n\nno hold-out: best training score" in page
    assert "3 of 4 runs are finished" in page
    assert "](tsp.svg)" in page
    assert "**a warning**" in page


def test_a_reference_chosen_afterwards_has_to_stand_against_all_pairs_of_arms(runs: Runs) -> None:
    ours = [float(i) for i in range(1, 9)]
    results = [
        *runs("evogit", ours),
        *runs("good", [x + 100 for x in ours]),
        *(one for i in range(4) for one in runs(f"x{i}", ours)),
    ]
    begun = {row.arm: row for row in tabulate(results, "x0", {}, complete=True)}
    after = {row.arm: row for row in tabulate(results, "x0", {}, complete=True, afterwards=True)}
    assert (begun["good"].verdict, after["good"].verdict) == ("better", "not separated")
    known, chosen = begun["good"].contrast, after["good"].contrast
    assert known is not None
    assert chosen is not None
    assert (known.adjusted, chosen.adjusted) == (
        pytest.approx(5 * known.p),
        pytest.approx(15 * known.p),
    )
    assert "evogit, x0 was chosen afterwards" in chosen_afterwards("x0", "evogit")
    assert chosen_afterwards("evogit", "evogit") == ""


def test_the_page_has_repeats_only_where_something_was_judged_again(runs: Runs) -> None:
    plain = tabulate(runs("evogit", [1.0, 2.0]), "evogit", {}, complete=True)
    noisy = tabulate(
        runs("evogit", [1.0, 2.0], repeats=36, held_out=5), "evogit", {}, complete=True
    )
    data = as_data(SETTING, ("evogit", "evogit"), plain, [], 2)
    assert "repeats |" not in markdown(data, plain, {}, [])
    page = markdown(data, noisy, {}, [])
    assert "| evaluations | repeats | seconds | USD |" in page
    assert "| 10 | 36 | 2 | 0.00 |" in page
    assert "hold-out, mean of 5 runs, higher is better" in page


def test_the_page_says_which_arms_ran_with_options_of_the_problem(runs: Runs) -> None:
    results = [*runs("evogit", [1.0], options={"aloof": 50}), *runs("islands", [1.0])]
    rows = tabulate(results, "evogit", {}, complete=True)
    assert "own options: evogit with aloof = 50; no other arm uses them" in heading(rows)
    assert "options" not in heading(tabulate(runs("islands", [1.0]), "evogit", {}, complete=True))


def test_runs_of_one_arm_with_other_options_share_no_table(runs: Runs) -> None:
    one, two = runs("evogit", [1.0, 2.0])
    with pytest.raises(EvoGitError, match="its options changed between seeds 1 and 2"):
        check_same([one, replace(two, options={"aloof": 50})])
