"""A candidate may ask a model only through the judge, and only a few times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.core.judge.conftest import LIMITS, stage
from tests.core.judge.test_pairwise import MODEL

from evogit.config.model import Limits
from evogit.config.models import Asking
from evogit.judge.judge import Task
from evogit.oracle import Answer, Meter
from evogit.outcome import Crashed, Outcome, Scored, TimedOut
from evogit.records import Spend

if TYPE_CHECKING:
    from tests.core.judge.conftest import Court

ASK = """
import json
def ask(prompt):
    print(json.dumps({"prompt": prompt}), flush=True)
    return json.loads(input())
"""
STAGE = stage(exchange="model", ask=Asking(model="critic", calls=2))


class Adder:
    """Adds the numbers in a prompt."""

    def ask(self, system: str, prompt: str, max_tokens: int) -> Answer:
        del system, max_tokens
        if prompt == "fail":
            return Answer("", Spend(), "the provider is down")
        return Answer(str(sum(map(int, prompt.split()))), Spend(3, 1, 0.25))

    def room(self, max_tokens: int) -> int:
        return 10_000 - max_tokens

    def worst_case(self, prompt: str, max_tokens: int) -> Spend:
        return Spend(len(prompt), max_tokens, 0.0)


def outcome(court: Court, program: str, limits: Limits = LIMITS) -> tuple[Outcome, Meter]:
    judge = court.judge(stages=(STAGE.model_copy(update={"limits": limits}),), models=(MODEL,))
    commit = court.individual({"program.py": ASK + program})
    meter = Meter(Adder(), lambda text: text.replace("hunter2", "40"))
    task = Task(commit, court.swarm.git.commit(commit).tree, 0)
    return judge.asking(meter).evaluate(task).outcome, meter


def test_an_answer_comes_back_and_what_else_is_printed_is_scored(court: Court) -> None:
    found, meter = outcome(court, "print(int(ask('1 2')['text']) + int(ask('4 5')['text']))\n")
    assert found == Scored(12.0, {})
    assert meter.spend == Spend(6, 2, 0.5)


def test_more_prompts_than_allowed_cost_nothing_and_are_told_so(court: Court) -> None:
    program = (
        "found = [ask('1 1') for _ in range(5)]\nprint(sum('error' in one for one in found))\n"
    )
    found, meter = outcome(court, program)
    assert found == Scored(3.0, {})
    assert len(meter.transcript) == 2


def test_a_failure_of_the_provider_is_an_answer_the_program_can_deal_with(court: Court) -> None:
    found, _ = outcome(court, "print(len(ask('fail')['error']))\n")
    assert found == Scored(float(len("the provider is down")), {})


def test_secrets_are_struck_out_of_what_is_sent(court: Court) -> None:
    found, meter = outcome(court, "print(ask('2 hunter2')['text'])\n")
    assert found == Scored(42.0, {})
    assert "hunter2" not in meter.transcript[0][0]


def test_a_program_that_asks_without_reading_ends_at_its_limit(court: Court) -> None:
    limits = Limits(**{**LIMITS.model_dump(), "wall": 2})
    flood = "while True:\n    print(json.dumps({'prompt': '1 ' * 9000}), flush=True)\n"
    found, meter = outcome(court, flood, limits)
    assert isinstance(found, TimedOut)
    assert len(meter.transcript) == 2


def test_a_program_that_says_too_much_is_ended(court: Court) -> None:
    found, _ = outcome(court, "while True:\n    print('x' * 1000)\n")
    assert isinstance(found, Crashed)
