"""What the base does with a gate is measured once; its bad luck is nobody's verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from tests.core.judge.conftest import LIMITS

from evogit.config.model import Gate
from evogit.errors import EvaluatorError
from evogit.judge import gates as module
from evogit.judge.gates import Gates
from evogit.judge.harness import Report
from evogit.judge.stages import Bench
from evogit.outcome import Outcome, TimedOut
from evogit.sandbox.base import Sandbox

BASE = Path("/base")
NOTHING = frozenset[str]()
PASSED = Report({"test_it": "passed"}, 0, 0, True, NOTHING, NOTHING, NOTHING)
LATE = TimedOut("tests", 3.0)


class Runs:
    """Stands for the harness: the base does what is listed, one after the other."""

    def __init__(self, of_base: list[Report | Outcome | None]) -> None:
        self.of_base = of_base
        self.walls: list[float] = []

    def __call__(self, gate: Gate, bench: Bench) -> Report | Outcome | None:
        if bench.candidate == BASE:
            return self.of_base.pop(0)
        self.walls.append(gate.limits.wall)
        return PASSED if gate.harness != "none" else None


Try = Callable[[list[Report | Outcome | None]], tuple[Runs, Callable[[], Outcome | None]]]


@pytest.fixture(params=["pytest"])
def harness(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def attempt(monkeypatch: pytest.MonkeyPatch, harness: str) -> Try:
    """Gates whose base does as told, and what judges a candidate by them."""
    command = ["python", "-m", "pytest"]
    limits = {**LIMITS.model_dump(), "wall": 1000.0}
    gate = Gate.model_validate(
        {"name": "tests", "command": command, "harness": harness, "limits": limits}
    )
    bench = Bench(cast("Sandbox", None), Path("/candidate"), Path("/evaluator"), 0)

    def start(
        of_base: list[Report | Outcome | None],
    ) -> tuple[Runs, Callable[[], Outcome | None]]:
        runs, gates = Runs(of_base), Gates((gate,))
        monkeypatch.setattr(module, "run_tests", runs)
        monkeypatch.setattr(module, "run_gate", runs)
        return runs, lambda: gates.refusal(bench, lambda: BASE)

    return start


def test_a_base_that_fails_once_is_tried_once_more_and_then_known(attempt: Try) -> None:
    runs, judge = attempt([LATE, PASSED])
    assert judge() is None
    assert judge() is None
    assert runs.of_base == []


def test_a_base_that_fails_twice_is_no_verdict_on_the_candidate_and_not_kept(attempt: Try) -> None:
    _, judge = attempt([LATE, LATE, PASSED])
    with pytest.raises(EvaluatorError, match=r"'tests' here.*timed out") as caught:
        judge()
    assert "evogit eval base" in caught.value.hint
    assert judge() is None


@pytest.mark.parametrize("harness", ["none"], indirect=True)
def test_where_nothing_is_compared_a_base_that_fails_only_leaves_all_the_time(attempt: Try) -> None:
    runs, judge = attempt([LATE, LATE])
    assert judge() is None
    assert runs.walls == [1000.0]
