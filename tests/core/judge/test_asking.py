"""A candidate may ask a model only through the judge, and only a few times."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.core.judge.conftest import LIMITS, stage
from tests.core.judge.test_pairwise import MODEL

from evogit.config.model import Limits
from evogit.config.models import Asking
from evogit.errors import EvaluatorError
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
            return Answer("", Spend(), "it will not say")
        if prompt.startswith("long "):
            return Answer("é" * int(prompt.split()[1]))
        return Answer(str(sum(map(int, prompt.split()))), Spend(3, 1, 0.25))

    def room(self, max_tokens: int) -> int:
        return 10_000 - max_tokens

    def worst_case(self, prompt: str, max_tokens: int) -> Spend:
        return Spend(len(prompt), max_tokens, 0.0)


class Down(Adder):
    """Can not be reached the first few times."""

    def __init__(self, failures: int, pause: float | None = 0.0) -> None:
        self.failures = failures
        self.pause = pause

    def ask(self, system: str, prompt: str, max_tokens: int) -> Answer:
        if self.failures > 0:
            self.failures -= 1
            return Answer("", problem="HTTP 503", down="HTTP 503", pause=self.pause)
        return super().ask(system, prompt, max_tokens)


def outcome(court: Court, program: str, limits: Limits = LIMITS) -> tuple[Outcome, Meter]:
    meter = Meter(Adder(), lambda text: text.replace("hunter2", "40"))
    return asked(court, program, meter, limits), meter


def asked(court: Court, program: str, meter: Meter, limits: Limits = LIMITS) -> Outcome:
    judge = court.judge(stages=(STAGE.model_copy(update={"limits": limits}),), models=(MODEL,))
    commit = court.individual({"program.py": ASK + program})
    task = Task(commit, court.swarm.git.commit(commit).tree, 0)
    return judge.asking(meter).evaluate(task).outcome


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


def test_a_question_that_is_not_answered_is_something_the_program_can_deal_with(
    court: Court,
) -> None:
    found, _ = outcome(court, "print(len(ask('fail')['error']))\n")
    assert found == Scored(float(len("it will not say")), {})


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


def test_a_long_answer_that_fits_into_no_pipe_comes_back_whole_and_once_it_is_read(
    court: Court,
) -> None:
    program = """
import time
print(json.dumps({"prompt": "long 31000"}), flush=True)
print(json.dumps({"prompt": "long 30000"}), flush=True)
time.sleep(0.3)
found = [json.loads(input())["text"] for _ in range(2)]
assert set(found[0] + found[1]) == {chr(233)}
print(len(found[0] + found[1]))
"""
    found, _ = outcome(court, program)
    assert found == Scored(61_000.0, {})


def test_a_provider_that_is_not_reached_is_no_verdict_on_the_program(court: Court) -> None:
    with pytest.raises(EvaluatorError, match="HTTP 503"):
        asked(court, "print(len(ask('1 2')))\n", Meter(Down(99, pause=None), str))


def test_a_provider_that_comes_back_is_waited_for(court: Court) -> None:
    meter = Meter(Down(2), str, wait=waits(0.0))
    assert asked(court, "print(ask('1 2')['text'])\n", meter) == Scored(3.0, {})
    assert len(meter.transcript) == 3


def test_time_that_ran_out_while_the_provider_was_waited_for_is_given_once_more(
    court: Court,
) -> None:
    limits = Limits(**{**LIMITS.model_dump(), "wall": 1})
    meter = Meter(Down(1), str, wait=waits(2.0))
    assert asked(court, "print(ask('1 2')['text'])\n", meter, limits) == Scored(3.0, {})


def test_what_was_not_reserved_is_not_asked_even_when_all_begins_again(court: Court) -> None:
    meter = Meter(Adder(), str, Spend(3, 512, 0.0))
    with pytest.raises(EvaluatorError, match="reserved"):
        asked(court, "print(ask('1 2')['text'] + ask('1 2')['text'])\n", meter)
    assert len(meter.transcript) == 1


def test_marks_of_secrets_make_no_prompt_longer_than_what_is_paid_for() -> None:
    meter = Meter(Adder(), lambda text: text.replace("1", "1 1"))
    meter.ask("", "1 " * 32_000, 10)
    assert len(meter.transcript[0][0]) == 64 * 1024


def waits(seconds: float) -> Callable[[float], bool]:
    def wait(_: float) -> bool:
        time.sleep(seconds)
        return True

    return wait
