"""Speed is how many times less processor time an individual takes than the base for the same output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.core.judge.conftest import LIMITS, stage

from evogit.config.model import Gate, Limits
from evogit.outcome import Crashed, Failed, Quarantined, Scored, TimedOut, describe

if TYPE_CHECKING:
    from tests.core.judge.conftest import Court

WORK = "total = 0\nfor number in range({}):\n    total += number % 7\nprint('done')\n"
SPEED = stage(score="speed", repeats=5)
LOOK = """
import importlib.util, pathlib, sys
sys.path.insert(0, '.')
import program
cached = pathlib.Path(importlib.util.cache_from_source('program.py'))
sys.exit(0 if cached.is_file() else 3)
"""


def test_half_the_work_is_about_twice_as_fast(court: Court) -> None:
    judge = court.judge(stages=(SPEED,), base={"program.py": WORK.format(1_000_000)})
    outcome = court.outcome(judge, {"program.py": WORK.format(500_000)})
    assert isinstance(outcome, Scored)
    assert 1.3 < outcome.score < 3
    assert outcome.metrics["base_seconds"] > outcome.metrics["seconds"] > 0


def test_another_output_is_no_speed(court: Court) -> None:
    judge = court.judge(stages=(SPEED,), base={"program.py": "print(1)\n"})
    assert court.outcome(judge, {"program.py": "print(2)\n"}) == Failed(
        "main", "its output differs from the base's"
    )


def test_a_benchmark_that_prints_something_else_each_time_is_named_as_the_cause(
    court: Court,
) -> None:
    wanders = {"program.py": "import time\nprint(time.time_ns())\n"}
    judge = court.judge(stages=(SPEED,), base=wanders)
    outcome = court.outcome(judge, {})
    assert isinstance(outcome, Failed)
    assert "prints something else each time" in outcome.reason


def test_where_the_base_does_not_run_its_own_words_are_the_reason(court: Court) -> None:
    judge = court.judge(stages=(SPEED,), base={"program.py": "raise ValueError('no data')\n"})
    outcome = court.outcome(judge, {})
    assert isinstance(outcome, Crashed)
    assert outcome.reason.startswith("the base itself did not run: exit status 1: Traceback")
    assert describe(outcome).endswith("the base itself did not run: ValueError: no data")


def test_a_program_that_tells_its_failure_on_standard_output_is_heard(court: Court) -> None:
    judge = court.judge(stages=(SPEED,), base={"program.py": "print(1)\n"})
    quiet = court.outcome(judge, {"program.py": "raise SystemExit(3)\n"})
    loud = court.outcome(judge, {"program.py": "print('unlucky')\nraise SystemExit(3)\n"})
    assert quiet == Crashed("main", "exit status 3")
    assert loud == Crashed("main", "exit status 3: unlucky")


def test_an_individual_that_never_ends_is_given_up_long_before_the_limit(court: Court) -> None:
    long = Limits(**{**LIMITS.model_dump(), "wall": 600, "cpu": 600})
    judge = court.judge(
        stages=(stage(score="speed", limits=long),), base={"program.py": "print(1)\n"}
    )
    outcome = court.outcome(judge, {"program.py": "while True: pass\n"})
    assert outcome == TimedOut("main", 10.0)


def test_a_gate_that_never_ends_is_given_up_long_before_its_limit(court: Court) -> None:
    long = Limits(**{**LIMITS.model_dump(), "wall": 600, "cpu": 600})
    gate = Gate(name="check", command=("python", "check.py"), limits=long)
    judge = court.judge(gates=(gate,))
    assert court.outcome(judge, {"program.py": "while True: pass\n"}) == TimedOut("check", 10.0)


def test_timed_programs_find_their_byte_code(court: Court) -> None:
    judge = court.judge(run=LOOK, stages=(SPEED,), base={"program.py": "VALUE = 1\n"})
    for value in (2, 3, 2):
        outcome = court.outcome(judge, {"program.py": f"VALUE = {value}\n"})
        assert isinstance(outcome, Scored)


def test_byte_code_of_an_earlier_individual_is_not_taken_for_this_ones(court: Court) -> None:
    run = "import sys\nsys.path.insert(0, '.')\nimport program\nprint(program.VALUE)\n"
    judge = court.judge(run=run, stages=(SPEED,), base={"program.py": "VALUE = 1\n"})
    outcomes = [court.outcome(judge, {"program.py": f"VALUE = {n}  #\n"}) for n in (1, 2, 1, 3)]
    assert [type(outcome) for outcome in outcomes] == [Scored, Failed, Scored, Failed]


def test_sources_that_do_not_compile_do_not_stop_the_others(court: Court) -> None:
    judge = court.judge(run=LOOK, stages=(SPEED,), base={"program.py": "VALUE = 1\n"})
    outcome = court.outcome(judge, {"program.py": "VALUE = 2\n", "broken.py": "def (:\n"})
    assert isinstance(outcome, Scored)


HIDDEN = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that nobody inherits the children's time
for _ in range(50):
    if os.fork() == 0:
        begin = time.process_time()
        while time.process_time() < begin + 0.008: pass
        os._exit(0)
    try:
        os.wait()
    except ChildProcessError:
        pass
print('done')
"""


def test_work_hidden_in_short_lived_children_is_held_for_a_human(court: Court) -> None:
    busy = "import time\nwhile time.process_time() < 0.4: pass\nprint('done')\n"
    # On a busy machine work that nobody counts takes long.
    long = Limits(**{**LIMITS.model_dump(), "wall": 60, "cpu": 60})
    speed = stage(score="speed", repeats=3, limits=long)
    judge = court.judge(stages=(speed,), base={"program.py": busy})
    outcome = court.outcome(judge, {"program.py": HIDDEN})
    assert isinstance(outcome, Quarantined)
    assert "hidden" in outcome.reason
