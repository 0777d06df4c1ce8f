"""Evaluators that ask a language model, in whole runs: paid by reservation, capped, recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.core.evolve.test_evolving import Farm, view

from evogit.errors import ConfigError, EvoGitError
from evogit.evolve.billing import JUDGE
from evogit.evolve.once import judge_once
from evogit.evolve.rubric import criteria, write_rubric
from evogit.ids import JOURNALS
from evogit.records import Attempt
from evogit.swarm.journal import artefacts, entries
from evogit.swarm.repository import Swarm

PAIRWISE = """
[goal]
text = "a larger number"
[evaluate]
stages = [{ name = "taste", run = ["python", "/eval/run.py"], score = "pairwise", ask = { model = "critic" } }]
[search]
editable = ["program.py"]
[[models]]
name = "critic"
model = "scripted"
client = "scripted"
price = [1000.0, 2000.0]
answers = ['{"because": "it is larger", "winner": "A"}', '{"because": "it is larger", "winner": "B"}']
"""


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    return Farm(tmp_path)


def bills(swarm: Swarm) -> list[tuple[Attempt, list[dict[str, str]]]]:
    found: list[tuple[Attempt, list[dict[str, str]]]] = []
    for tip in swarm.git.refs_under(JOURNALS).values():
        for entry in entries(swarm.git, tip):
            record = entry.record
            if isinstance(record, Attempt) and record.operator == JUDGE:
                found.append((record, json.loads(artefacts(swarm.git, entry.id)["asked.json"])))
    return found


def test_every_comparison_is_billed_with_what_was_said(farm: Farm) -> None:
    # From the tip alone: what an ancestor's offspring is compared with may be a lower rung.
    swarm = farm.swarm(settings=PAIRWISE + "[search.options]\nbacktrack = 0\n")
    farm.run(swarm, farm.plan(evaluations=4))
    found = bills(swarm)
    asked = [(record, said) for record, said in found if said]
    assert asked
    for record, said in asked:
        assert record.agent == "a1-judge"
        assert record.spend.cost_usd > 0
        assert len(said) in (2, 4)
        assert all("a larger number" in one["prompt"] for one in said)
    phylogeny = view(farm, swarm)
    total = sum(record.spend.cost_usd for record, _ in found)
    assert phylogeny.spent.cost_usd == pytest.approx(total)
    # Always preferred: a rung each time, but for results that are the same and need no asking.
    assert phylogeny.score(phylogeny.best(1)[0]) == len(asked)
    assert not phylogeny.reservations


def test_a_cap_that_a_comparison_could_break_ends_the_run_before_anything_is_asked(
    farm: Farm,
) -> None:
    capped = PAIRWISE + "[budget]\ncost_usd = 0.01\n"
    swarm = farm.swarm(settings=capped)
    summary = farm.run(swarm, farm.plan(evaluations=4))
    assert "$0.01" in summary.reason
    assert bills(swarm) == []


def test_the_last_evaluation_of_a_swarm_is_judged_too(farm: Farm) -> None:
    capped = PAIRWISE + "[budget]\nevaluations = 4\n"
    swarm = farm.swarm(settings=capped)
    summary = farm.run(swarm, farm.plan())
    assert "4 evaluations" in summary.reason
    phylogeny = view(farm, swarm)
    assert all(phylogeny.score(row) is not None for row in range(len(phylogeny)))
    assert phylogeny.evaluation_count == 4


def test_a_wrong_model_says_so_before_the_run(farm: Farm) -> None:
    unpriced = PAIRWISE.replace(
        'client = "scripted"', 'client = "http"\nbase_url = "http://127.0.0.1:1"'
    )
    lines = [line for line in unpriced.splitlines() if not line.startswith(("price", "answers"))]
    swarm = farm.swarm(settings="\n".join(lines))
    with pytest.raises(ConfigError, match="price"):
        farm.run(swarm, farm.plan(evaluations=1))


def test_one_individual_can_be_judged_by_hand(farm: Farm) -> None:
    swarm = farm.swarm(settings=PAIRWISE)
    farm.run(swarm, farm.plan(evaluations=1))
    phylogeny = view(farm, swarm)
    again = judge_once(swarm, farm.plan(), phylogeny.commit(phylogeny.best(1)[0]), fresh=True)
    assert again.purpose == "repeat"
    assert {record.agent for record, said in bills(swarm) if said} == {"a1-judge", "w1-judge"}


RUBRIC = PAIRWISE.replace(
    "answers = [", """answers = ['["It is a number.", "It is large.", "It is one line."]', """
)


def test_a_rubric_is_written_once_and_then_part_of_every_comparison(farm: Farm) -> None:
    swarm = farm.swarm(settings=RUBRIC)
    assert write_rubric(swarm, farm.plan()) == (
        "It is a number.",
        "It is large.",
        "It is one line.",
    )
    ((bill, said),) = bills(swarm)
    assert bill.spend.cost_usd > 0
    assert "a larger number" in said[0]["prompt"]


@pytest.mark.parametrize(
    "said", ["good", "[]", '["one"]', '["a", "b", 3]', '{"a": 1}', '["", "", ""]']
)
def test_what_is_no_list_of_criteria_is_no_rubric(said: str) -> None:
    with pytest.raises(EvoGitError, match="criteria"):
        criteria(said)
