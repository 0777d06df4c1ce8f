"""Evaluators that ask a language model, in whole runs: paid by reservation, capped, recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest
from tests.core.evolve.test_evolving import Farm, view

from evogit.config.model import Goal, Stage
from evogit.config.models import Asking
from evogit.errors import ConfigError, EvaluatorError, EvoGitError
from evogit.evolve.billing import JUDGE, Bill, worst_case
from evogit.evolve.once import judge_once, merge_once
from evogit.evolve.rubric import criteria, write_rubric
from evogit.git.trees import Change
from evogit.ids import JOURNALS
from evogit.oracle import LONGEST_PROMPT, Answer
from evogit.outcome import Scored
from evogit.records import Attempt, Spend
from evogit.swarm.journal import artefacts, entries
from evogit.swarm.repository import Swarm
from evogit_agents.models.model import Failure, LanguageModel, Message, ModelError, Reply
from evogit_agents.models.tokens import count_messages
from evogit_agents.oracle import ModelOracle

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


def with_ahead(ahead: int) -> str:
    return PAIRWISE.replace("[search]\n", f"[search]\nahead = {ahead}\n")


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


@pytest.mark.parametrize("ahead", [0, 2])
def test_a_cap_that_a_comparison_could_break_ends_the_run_before_anything_is_asked(
    farm: Farm, ahead: int
) -> None:
    capped = with_ahead(ahead) + "[budget]\ncost_usd = 0.01\n"
    swarm = farm.swarm(settings=capped)
    summary = farm.run(swarm, farm.plan(evaluations=4))
    assert "$0.01" in summary.reason
    assert bills(swarm) == []


@pytest.mark.parametrize("ahead", [0, 2])
def test_the_last_evaluation_of_a_swarm_is_judged_too(farm: Farm, ahead: int) -> None:
    capped = with_ahead(ahead) + "[budget]\nevaluations = 4\n"
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
    assert again.evaluation.purpose == "repeat"
    assert {record.agent for record, said in bills(swarm) if said} == {"a1-judge", "w1-judge"}


def test_what_a_killed_merge_by_hand_reserved_is_settled_by_whoever_judges_there_next(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    swarm = farm.swarm(settings=PAIRWISE)
    farm.run(swarm, farm.plan(evaluations=1))
    best = view(farm, swarm).commit(view(farm, swarm).best(1)[0])
    git, base = swarm.git, swarm.git.commit(swarm.base)
    tree = git.change_tree(base.tree, {"note.txt": Change(git.write_blob(b"beside"))})
    other = git.write_commit(tree, [base.id], "by hand\n", author="ada", time=base.time + 1)
    git.move_ref("refs/heads/by-hand", old=None, new=other)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Bill, "_record", killed)
        with pytest.raises(KeyboardInterrupt):
            merge_once(swarm, farm.plan(), (best, other), "fitness", author="ada")
    left = view(farm, swarm)
    [worst] = left.reservations.values()
    assert worst.cost_usd > 0
    judge_once(swarm, farm.plan(), best, fresh=True)
    settled = view(farm, swarm)
    assert not settled.reservations
    assert settled.spent.cost_usd >= left.spent.cost_usd + worst.cost_usd


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


# -------------------------------------------------------------------- trouble of the provider


class Model:
    """A language model that gives no answers."""

    name, context, max_tokens = "critic", 1_000_000, 512

    def __init__(self, error: ModelError) -> None:
        self.error = error

    def ask(
        self, messages: Sequence[Message], *, max_tokens: int | None = None, seed: int | None = None
    ) -> Reply:
        raise self.error

    def count(self, messages: Sequence[Message]) -> int:
        return count_messages(messages)

    def price(self, tokens_in: int, tokens_out: int) -> Spend:
        return Spend(tokens_in, tokens_out)


def oracle(kind: Failure = "down", *, stop: bool = False) -> ModelOracle:
    error = ModelError("so", kind=kind, pause=3.0, stop=stop, spend=Spend(7))
    return ModelOracle(cast("LanguageModel", Model(error)))


def always(answer: Answer) -> Callable[..., Answer]:
    def ask(*_: object) -> Answer:
        return answer

    return ask


@pytest.mark.parametrize("kind", ["busy", "down", "timeout"])
def test_trouble_of_the_provider_is_told_apart_from_an_answer_and_may_pass(kind: Failure) -> None:
    assert oracle(kind).ask("", "?", 9) == Answer("", Spend(7), "so", down="so", pause=3.0)


@pytest.mark.parametrize(
    ("kind", "stop"), [("auth", False), ("forbidden", False), ("refused", True), ("busy", True)]
)
def test_where_no_further_try_can_help_nobody_waits(kind: Failure, *, stop: bool) -> None:
    assert oracle(kind, stop=stop).ask("", "?", 9) == Answer("", Spend(7), "so", down="so")


@pytest.mark.parametrize("kind", ["context", "refused", "empty", "malformed"])
def test_what_may_be_about_the_prompt_is_a_bad_answer(kind: Failure) -> None:
    assert oracle(kind).ask("", "?", 9) == Answer("", Spend(7), "so")


@pytest.mark.parametrize("text", ["x ", "0", "\n", "語", "😀", "{}"])
@pytest.mark.parametrize("score", ["score.py", "pairwise"])
def test_no_text_costs_more_than_what_is_reserved_for_it(text: str, score: str) -> None:
    ask = Asking(model="critic", calls=4, max_tokens=512)
    stage = Stage.model_construct(score=score, ask=ask)
    longest = LONGEST_PROMPT if score != "pairwise" else 2 * 24_000
    prompt = (text * longest).encode()[:longest].decode("utf-8", "ignore")
    found = oracle().worst_case(prompt, 512)
    reserved = worst_case([stage], oracle(), 1, Goal())
    assert 4 * found.tokens_in <= reserved.tokens_in
    assert 4 * found.tokens_out == reserved.tokens_out


def test_a_provider_that_comes_back_costs_nobody_a_verdict(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, failures = ModelOracle.ask, ["HTTP 429"] * 3

    def now_and_then(self: ModelOracle, system: str, prompt: str, max_tokens: int) -> Answer:
        if failures:
            why = failures.pop()
            return Answer("", problem=why, down=why, pause=0.01)
        return ask(self, system, prompt, max_tokens)

    monkeypatch.setattr(ModelOracle, "ask", now_and_then)
    swarm = farm.swarm(settings=PAIRWISE)
    farm.run(swarm, farm.plan(evaluations=2))
    assert failures == []
    assert all(isinstance(one.outcome, Scored) for one in view(farm, swarm).evaluations())
    problems = [one["problem"] for _, said in bills(swarm) for one in said]
    assert problems.count("HTTP 429") == 3


def test_a_provider_that_stays_away_ends_the_run_and_nothing_is_held_against_anybody(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelOracle, "ask", always(Answer("", problem="no key", down="no key")))
    swarm = farm.swarm(settings=PAIRWISE)
    with pytest.raises(EvaluatorError, match="no key"):
        farm.run(swarm, farm.plan(evaluations=2))
    phylogeny = view(farm, swarm)
    assert {one.tree for one in phylogeny.evaluations()} == {phylogeny.tree(0)}
    assert not phylogeny.reservations


def test_a_provider_that_bills_more_than_was_reserved_is_asked_no_more_and_it_is_recorded(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelOracle, "ask", always(Answer('{"winner": "A"}', Spend(10**9))))
    swarm = farm.swarm(settings=PAIRWISE)
    with pytest.raises(EvaluatorError, match="reserved"):
        farm.run(swarm, farm.plan(evaluations=2))
    ((bill, said),) = ((bill, said) for bill, said in bills(swarm) if said)
    assert len(said) == 1
    assert "1,000,000,000 tokens, more than the " in bill.reason
