"""What an individual is worth is decided by the pinned evaluator, and never by the individual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygit2
import pytest

from evogit.config.model import Gate, Stage
from evogit.ids import TreeId
from evogit.judge.judge import Task
from evogit.outcome import Crashed, Failed, Outcome, Quarantined, Rejected, Scored, TimedOut

if TYPE_CHECKING:
    from tests.core.judge.conftest import (
        Court,
    )  # names the type for readers; the fixture is found by pytest


def test_what_the_program_prints_is_scored_by_another_process(court: Court) -> None:
    judge = court.judge()
    assert court.outcome(judge, {"program.py": "print(4)\n"}) == Scored(4.0)


def test_the_same_tree_is_judged_alike_in_every_slot_and_order(court: Court) -> None:
    judge = court.judge()
    scores = [court.outcome(judge, {"program.py": f"print({n % 3})\n"}) for n in range(6)]
    assert scores == [Scored(0.0), Scored(1.0), Scored(2.0)] * 2


def test_files_of_one_individual_are_gone_for_the_next(court: Court) -> None:
    judge = court.judge()
    look = "import os\nprint(len(os.listdir('.')))\n"
    many = {f"extra/{n}.txt": "x" for n in range(3)} | {"a/b/c.txt": "x"}
    assert court.outcome(judge, {"program.py": look, **many}) == Scored(4.0)
    assert court.outcome(judge, {"program.py": look + "\n"}) == Scored(2.0)


def test_a_program_that_raises_has_crashed_and_its_traceback_says_why(court: Court) -> None:
    outcome = court.outcome(court.judge(), {"program.py": "raise ValueError('no luck')\n"})
    assert isinstance(outcome, Crashed)
    assert "no luck" in outcome.reason


def test_a_program_that_never_ends_is_timed_out(court: Court) -> None:
    outcome = court.outcome(court.judge(), {"program.py": "while True: pass\n"})
    assert isinstance(outcome, TimedOut)


def test_a_gate_that_fails_keeps_the_individual_from_being_scored(court: Court) -> None:
    judge = court.judge(gates=(Gate(name="check", command=("python", "check.py")),))
    assert court.outcome(judge, {"program.py": "print(2)\n"}) == Scored(2.0)
    outcome = court.outcome(judge, {"program.py": "raise SystemExit(3)\n"})
    assert isinstance(outcome, Failed)
    assert outcome.gate == "check"


def test_protected_files_are_laid_over_whatever_the_individual_did_to_them(court: Court) -> None:
    judge = court.judge(gates=(Gate(name="check", command=("python", "check.py")),))
    for cheat in ("pass\n", None):
        outcome = court.outcome(judge, {"program.py": "raise SystemExit(3)\n", "check.py": cheat})
        assert isinstance(outcome, Failed)


def test_an_individual_that_changed_tests_inside_a_source_file_is_not_run(court: Court) -> None:
    """Whichever host made it, and even if its findings were released."""
    tested = "#[test]\nfn a() { assert!(b()); }\n"
    judge = court.judge(base={"src/lib.rs": tested})
    changed: dict[str, str | None] = {"src/lib.rs": tested.replace("b()", "true")}
    outcome = court.outcome(judge, changed, released=True)
    assert isinstance(outcome, Rejected)
    assert "tests inside 'src/lib.rs'" in outcome.reason
    beside: dict[str, str | None] = {"src/lib.rs": f"// faster\n{tested}"}
    assert court.outcome(judge, beside) == Scored(1.0)


def test_an_implausible_score_is_quarantined(court: Court) -> None:
    judge = court.judge(plausible=(0.0, 10.0))
    outcome = court.outcome(judge, {"program.py": "print(11)\n"})
    assert isinstance(outcome, Quarantined)
    assert outcome.held == Scored(11.0)


def test_the_candidate_can_not_see_the_scorer(court: Court) -> None:
    judge = court.judge()
    look = "import os\nprint(int(any('score.py' in files for _, _, files in os.walk('/eval'))))\n"
    assert court.outcome(judge, {"program.py": look}) == Scored(0.0)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("raise ValueError('broken')", Crashed),
        ("print('{\"score\": NaN}')", Crashed),
        ("print('{\"score\": 1e999}')", Crashed),
        ("print('{\"score\": true}')", Crashed),
        ('print(\'{"score": "7"}\')', Crashed),
        ('print(\'{"score": 1, "score": 2}\')', Crashed),
        ('print(\'{"score": 1, "metrics": {"a": NaN}}\')', Crashed),
        ("print('score: 7')", Crashed),
        ("print('')", Crashed),
        ("print('[' * 100000)", Crashed),
        ("import sys\nwhile True: sys.stdout.write('x' * 2**20)", Crashed),
        ("while True: pass", TimedOut),
        (
            "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
            (Crashed, TimedOut),
        ),
        ("open('/etc/evogit-was-here', 'w')", Crashed),
        ('print(\'{"failed": "wrong answer"}\')', Failed),
    ],
)
def test_a_malformed_evaluator_is_a_recorded_outcome(
    court: Court, score: str, expected: type[Outcome] | tuple[type[Outcome], ...]
) -> None:
    outcome = court.outcome(court.judge(score=score), {"program.py": "print(2)\n"})
    assert isinstance(outcome, expected)


def test_a_scorer_that_leaves_a_daemon_still_gives_its_score(court: Court) -> None:
    score = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
print('{"score": 5}')
"""
    assert court.outcome(court.judge(score=score), {"program.py": "print(2)\n"}) == Scored(5.0)


def test_a_symlink_that_an_individual_adds_is_rejected(court: Court) -> None:
    judge = court.judge()
    git = court.swarm.git
    base = git.handle[git.commit(court.swarm.base).tree].peel(pygit2.Tree)
    builder = git.handle.TreeBuilder(base)
    builder.insert("link", git.handle.create_blob(b"/etc/passwd"), 0o120000)
    tree = TreeId(str(builder.write()))
    assert isinstance(judge.evaluate(Task(court.swarm.base, tree, 0)).outcome, Rejected)


def test_files_beside_a_changed_one_stay_as_they_are(court: Court) -> None:
    judge = court.judge()
    kept = {"pkg/one.py": "ONE = 1\n", "pkg/two.py": "TWO = 2\n", "pkg/deep/three.txt": "3"}
    look = "import pathlib\nprint(sum(1 for p in pathlib.Path('.').rglob('*') if p.is_file()))\n"
    before = court.outcome(judge, {"program.py": look, **kept})
    assert before == Scored(5.0)
    for turn in range(4):
        changed = {**kept, "pkg/two.py": f"TWO = {turn + 3}\n"}
        assert court.outcome(judge, {"program.py": look, **changed}) == before


def test_held_out_data_lets_through_only_what_beats_the_base(court: Court) -> None:
    holdout = Stage(
        name="holdout", run=("python", "/eval/run.py"), score=("python", "/eval/score.py")
    )
    judge = court.judge(holdout=holdout)
    for program, passes in (("print(2)\n", True), ("print(1) \n", False), ("1/0\n", False)):
        commit = court.individual({"program.py": program})
        refused = judge.held_out(commit, court.swarm.git.commit(commit).tree)
        assert (refused is None) == passes
