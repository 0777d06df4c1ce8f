"""A gain far beyond the run's history is believed if unseen data confirm it, and held if not."""

from __future__ import annotations

import math
import typing
from fractions import Fraction

import pytest

from evogit.outcome import Quarantined, Scored
from evogit.quarantine.signals import FEWEST, unusual

if typing.TYPE_CHECKING:
    from tests.core.quarantine.conftest import Field, Fields

    from evogit.ids import CommitId
    from evogit.records import Evaluation

HOLDOUT = """
[evaluate]
seed = 3
files = { run = ["run.py"], score = ["score.py"] }
[[evaluate.stages]]
run = ["python", "/eval/run.py"]
score = ["python", "/eval/score.py"]
[evaluate.holdout]
run = ["python", "program.py", "held-out"]
score = ["python", "/eval/score.py"]
"""
BLIND = 'quarantine.off = ["detects-evaluator"]\n'
STEPS = [2, 3, 4, 5, 6]


def climb(field: Field, last: str) -> Evaluation:
    """Six records by steps of 1, then one more individual."""
    commit = field.swarm.base
    base = field.judge(commit).outcome
    assert isinstance(base, Scored)
    records: dict[CommitId, float] = {}
    for score in STEPS:
        commit = field.push(f"print({score})\n", commit)
        records[commit] = base.score - 1 + score
    field.believe(records)
    return field.judge(field.push(last, commit))


def test_a_jump_that_nothing_confirms_is_held_with_its_score(fields: Fields) -> None:
    found = climb(fields.make(), "print(600)\n")
    assert isinstance(found.outcome, Quarantined)
    assert found.outcome.held == Scored(600.0)
    [finding] = found.findings
    assert (finding.rule, finding.severity) == ("jump", "hold")
    assert "594" in finding.evidence


def test_an_ordinary_gain_is_not_looked_at(fields: Fields) -> None:
    found = climb(fields.make(), "print(16)\n")
    assert found.outcome == Scored(16.0)
    assert found.findings == ()


def test_a_jump_that_another_seed_confirms_is_noted(fields: Fields) -> None:
    found = climb(fields.make(seeded=1e-6), "print(600)\n")
    assert isinstance(found.outcome, Scored)
    assert [(f.rule, f.severity) for f in found.findings] == [("jump", "note")]


def test_a_jump_made_for_one_seed_is_held(fields: Fields) -> None:
    fitted = "import hashlib, os\nprint(600 if os.environ.get('EVOGIT' '_SEED') == '3' else 1)\n"
    found = climb(fields.make(before=BLIND, seeded=1e-6), fitted)
    assert isinstance(found.outcome, Quarantined)


@pytest.mark.parametrize(
    ("last", "severity"),
    [("print(600)\n", "note"), ("import sys\nprint(6 if sys.argv[1:] else 600)\n", "hold")],
)
def test_held_out_data_tell_a_discovery_from_a_fit(
    fields: Fields, last: str, severity: str
) -> None:
    found = climb(fields.make(HOLDOUT, before=BLIND), last)
    assert [(f.rule, f.severity) for f in found.findings] == [("jump", severity)]
    assert isinstance(found.outcome, Scored if severity == "note" else Quarantined)


def test_the_rule_can_be_turned_off(fields: Fields) -> None:
    off = 'quarantine.off = ["jump"]\n'
    assert climb(fields.make(HOLDOUT, before=off), "print(600)\n").outcome == Scored(600.0)


@pytest.mark.parametrize("maximize", [True, False])
def test_a_jump_is_measured_against_the_largest_gain_before(maximize: bool) -> None:
    sign = 1 if maximize else -1
    records = [sign * s for s in (0.0, 1.0, 1.5, 4.0, 4.2, 5.0)]
    assert unusual(sign * 30.1, records, maximize=maximize, times=10.0) > 0
    assert unusual(sign * 29.9, records, maximize=maximize, times=10.0) == 0
    assert unusual(sign * 2.0, records, maximize=maximize, times=10.0) == 0


def test_a_short_history_says_nothing() -> None:
    records = [float(n) for n in range(FEWEST)]
    assert unusual(1e9, records, maximize=True, times=10.0) == 0
    assert unusual(1e9, [*records, 5.0], maximize=True, times=10.0) > 0


def test_the_default_is_as_rare_as_the_documentation_says() -> None:
    chance = math.prod((Fraction(i, i + 10) for i in range(1, FEWEST + 1)), start=Fraction(1))
    assert chance == Fraction(1, 3003)
