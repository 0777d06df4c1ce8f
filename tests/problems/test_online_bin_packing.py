"""The evaluator of online bin packing: known values, and the tricks it withstands.

Both scripts run as they do in production: separate processes joined by two pipes, here without a
sandbox. What only a sandbox can stop (reading the scorer's memory or files) is tested with it.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.config.model import Settings

PROBLEM = Path(str(files("evogit_problems.online_bin_packing")))
EVALUATOR = PROBLEM.with_name("evaluator")
SETTINGS = Settings.model_validate(tomllib.loads((PROBLEM / "problem.toml").read_text()))
REFERENCE = """\
def priority(item, remaining, capacity):
    left = remaining - item
    if left < 7:
        return -left
    if remaining == capacity:
        return -80
    if left < 23:
        return 6 * left - 222
    return -1.5 * left
"""
"""Shows what can be reached; found by hill climbing on other streams. It is nowhere but here."""

Answer = Mapping[str, object]


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EVALUATOR / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCORER: Any = _load("bins_score")
FIRST_FIT = (
    "def priority(item, remaining, capacity):\n    return 0 if remaining < capacity else -1\n"
)
NEXT_BIN = (
    "def priority(item, remaining, capacity):\n    return 1 if remaining == capacity else 0\n"
)


def evaluate(
    folder: Path,
    plan: str = "train",
    seed: int = SETTINGS.evaluate.seed,
    runner: Path | None = None,
    kind: str = "u",
) -> Answer:
    """What the scorer says about the candidate in ``folder``; fails if it does not end by itself."""
    ask_read, ask_write = os.pipe()
    say_read, say_write = os.pipe()
    clean = {"PYTHONDONTWRITEBYTECODE": "1"}
    script = runner or EVALUATOR / "bins_run.py"
    with (
        subprocess.Popen(
            [sys.executable, "-I", "-B", EVALUATOR / "bins_score.py", plan, kind],
            stdin=say_read,
            stdout=subprocess.PIPE,
            env=clean | {"EVOGIT_SEED": str(seed), "EVOGIT_CHANNEL": str(ask_write)},
            pass_fds=[ask_write],
        ) as scorer,
        subprocess.Popen(
            [sys.executable, "-I", "-B", script],
            stdin=ask_read,
            stdout=say_write,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=clean,
        ) as candidate,
    ):
        for descriptor in (ask_read, ask_write, say_read, say_write):
            os.close(descriptor)
        try:
            out, _ = scorer.communicate(timeout=60)
        finally:
            scorer.kill()
            candidate.kill()
    assert scorer.returncode == 0
    return cast("Answer", json.loads(out))


def rule(folder: Path, source: str) -> Answer:
    """The answer for a candidate whose packer.py is ``source``."""
    (folder / "packer.py").write_text(source)
    return evaluate(folder)


def solver(folder: Path, body: str) -> str:
    """Why a candidate that took over the whole protocol with ``body`` failed.

    ``ask()`` reads a line, ``say(bytes)`` writes, ``rest`` is bin 0 for all streams but one.
    """
    script = folder / "takeover.py"
    script.write_text(
        "import os, sys\n"
        "lines = open(0, 'rb', closefd=False)\n"
        "ask = lambda: lines.readline().split()\n"
        "say = lambda data: os.write(1, data)\n"
        "rest = b' '.join([b'0'] * 47)\n" + body
    )
    return failure(evaluate(folder, runner=script))


def failure(answer: Answer) -> str:
    assert set(answer) == {"failed"}
    return str(answer["failed"])


def number(answer: Answer, name: str = "excess_u_500") -> float:
    metrics = cast("dict[str, float]", answer["metrics"])
    return metrics[name]


# Known values ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def holdout() -> Answer:
    return evaluate(PROBLEM / "seed", "holdout")


def test_best_fit_on_the_hold_out_is_where_the_literature_has_it(holdout: Answer) -> None:
    assert 0.048 < number(holdout) < 0.054
    assert holdout["score"] == number(holdout)
    assert 0.036 < number(holdout, "excess_weibull_5000") < 0.043


def test_the_hold_out_gives_every_length_with_its_interval(holdout: Answer) -> None:
    for kind in ("u", "weibull"):
        for length in (250, 500, 1000, 5000):
            name = f"excess_{kind}_{length}"
            spread, half = number(holdout, f"{name}_sd"), number(holdout, f"{name}_ci95")
            assert 0 < spread < 0.02
            assert half == pytest.approx(2.0687 * spread / 24**0.5, rel=1e-3)


def test_longer_streams_waste_less(holdout: Answer) -> None:
    values = [number(holdout, f"excess_u_{length}") for length in (250, 500, 1000, 5000)]
    assert values == sorted(values, reverse=True)


def test_first_fit_is_worse_than_best_fit_and_better_than_a_bin_per_item(tmp_path: Path) -> None:
    first = number(rule(tmp_path, FIRST_FIT))
    assert number(evaluate(PROBLEM / "seed")) < first < 0.065
    assert 1.3 < number(rule(tmp_path, NEXT_BIN)) < 1.7


def test_a_rule_that_avoids_useless_gaps_saves_a_third_of_the_excess(tmp_path: Path) -> None:
    (tmp_path / "packer.py").write_text(REFERENCE)
    answer = evaluate(tmp_path, "holdout")
    assert 0.028 < number(answer) < 0.035
    assert number(answer) + number(answer, "excess_u_500_ci95") < 0.045
    assert number(answer, "excess_u_5000") < 0.02


def test_each_problem_is_scored_by_the_streams_it_is_trained_on() -> None:
    for kind, name in (("u", "u_500"), ("weibull", "weibull_5000")):
        trained = evaluate(PROBLEM.with_name("online_bin_packing_weibull") / "seed", kind=kind)
        assert trained["score"] == number(trained, f"excess_{name}")


def test_the_same_seed_gives_the_same_score_and_another_seed_another() -> None:
    seed = PROBLEM / "seed"
    assert evaluate(seed) == evaluate(seed)
    assert evaluate(seed, seed=1) != evaluate(seed, seed=2)


def test_the_problem_file_is_a_valid_configuration() -> None:
    assert SETTINGS.problem is not None
    assert SETTINGS.evaluate.direction == "minimize"
    assert SETTINGS.evaluate.holdout is not None
    for name in (*SETTINGS.evaluate.files.run, *SETTINGS.evaluate.files.score):
        assert (PROBLEM.parent / name).is_file()
    for pattern in SETTINGS.search.editable:
        assert "EVOLVE-BLOCK-START" in (PROBLEM / "seed" / pattern).read_text()


def test_a_plausible_score_is_no_better_than_any_rule_known() -> None:
    assert SETTINGS.evaluate.plausible is not None
    low, high = SETTINGS.evaluate.plausible
    assert 0 <= low < 0.03 < 1.7 < high


# Honest mistakes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return item / 0", "ZeroDivisionError: division by zero (packer.py, line 2)"),
        ("return float('nan')", "priority is not a number (NaN)"),
        ("return (item - 1000) ** 0.5", "priority is complex, not a number"),
        ("return '1'", "priority is str, not a number"),
        ("return None", "priority is NoneType, not a number"),
        ("return 10 ** 400", "OverflowError"),
        ("return priority(item, remaining, capacity)", "RecursionError"),
        ("raise SystemExit(0)", "SystemExit"),
    ],
)
def test_a_rule_that_gives_no_number_fails_and_says_why(
    tmp_path: Path, body: str, said: str
) -> None:
    source = f"def priority(item, remaining, capacity):\n    {body}\n"
    assert said in failure(rule(tmp_path, source))


@pytest.mark.parametrize("source", ["", "priority = 1", "def priority(:", "import no_such_module"])
def test_a_file_without_a_rule_fails(tmp_path: Path, source: str) -> None:
    assert "Error" in failure(rule(tmp_path, source))


def test_a_missing_file_fails(tmp_path: Path) -> None:
    assert "ModuleNotFoundError" in failure(evaluate(tmp_path))


def test_an_infinite_priority_is_a_number(tmp_path: Path) -> None:
    answer = rule(tmp_path, FIRST_FIT.replace("-1", "float('-inf')"))
    assert number(answer) < 0.065


def test_a_rule_may_print(tmp_path: Path) -> None:
    source = "print('hello')\n" + FIRST_FIT.replace("    return", "    print(item)\n    return")
    assert number(rule(tmp_path, source)) == number(rule(tmp_path, FIRST_FIT))


def test_a_rule_is_asked_only_about_bins_with_room_and_once_for_each(tmp_path: Path) -> None:
    source = (
        "seen = set()\n"
        "def priority(item, remaining, capacity):\n"
        "    assert type(item) is type(remaining) is type(capacity) is int\n"
        "    assert 20 <= item <= 100 and item <= remaining <= capacity == 150\n"
        "    assert (item, remaining) not in seen\n"
        "    seen.add((item, remaining))\n"
        "    return item - remaining\n"
    )
    assert number(rule(tmp_path, source)) == number(evaluate(PROBLEM / "seed"))


def test_a_rule_that_fails_for_a_room_no_training_stream_leaves_fails_in_training(
    tmp_path: Path,
) -> None:
    source = "def priority(item, remaining, capacity):\n    return 1 / (remaining - 149)\n"
    assert "ZeroDivisionError" in failure(rule(tmp_path, source))


# Tricks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("ask(); ask(); say(b'1 ' + rest + b'\\n')", "bin 1 does not exist"),
        ("ask(); ask(); say(b'999999 ' + rest + b'\\n')", "bin 999999 does not exist"),
        ("ask(); ask(); say(b'-1 ' + rest + b'\\n')", "not the number of a bin"),
        ("ask(); ask(); say(b'0 ' + rest + b' \\n')", "49 bins were named for 48 items"),
        ("ask(); ask(); say(rest + b'\\n')", "47 bins were named for 48 items"),
        ("ask(); ask(); say(b'\\n')", "1 bins were named for 48 items"),
        ("ask(); ask(); say(rest + b' 1_0\\n')", "not the number of a bin"),
        ("ask(); ask(); say(rest + b' +0\\n')", "not the number of a bin"),
        ("ask(); ask(); say(rest + b' 0.0\\n')", "not the number of a bin"),
        ("ask(); ask(); say(rest + b' 1e9\\n')", "not the number of a bin"),
        ("ask(); ask(); say(rest + ' \\u0660\\n'.encode())", "not the number of a bin"),
        ("ask(); ask(); say(rest + b' ' + b'0' * 500 + b'\\n')", "not the number of a bin"),
        ("ask(); ask(); say(b'{\"score\": 0.02}\\n')", "2 bins were named"),
        ("ask(); ask(); say(b'\\xff\\x00\\n')", "1 bins were named"),
    ],
)
def test_a_wrong_answer_ends_the_evaluation(tmp_path: Path, body: str, said: str) -> None:
    assert said in solver(tmp_path, body)


def test_an_item_must_fit_into_its_bin(tmp_path: Path) -> None:
    assert "does not fit" in solver(tmp_path, "ask()\nwhile ask(): say(b'0 ' + rest + b'\\n')")


@pytest.mark.parametrize(
    "body",
    [
        "say((b'0 ' + rest + b'\\n') * 500)",
        "ask(); ask(); say((b'0 ' + rest + b'\\n') * 2)",
    ],
)
def test_nobody_answers_before_being_asked(tmp_path: Path, body: str) -> None:
    assert solver(tmp_path, body) in {
        "an answer came before it was asked for",
        "an answer is too long",
    }


@pytest.mark.parametrize(
    "body",
    [
        "ask(); ask(); os._exit(0)",
        "os.close(1); ask()",
        "os.close(0); os.close(1)",
        "ask(); ask(); say(b'0 ' + rest)",
        "ask(); ask(); os.kill(os.getpid(), 9)",
    ],
)
def test_leaving_early_is_a_failure(tmp_path: Path, body: str) -> None:
    assert solver(tmp_path, body) == "the candidate ended before the stream did"


def test_an_endless_answer_is_cut_off(tmp_path: Path) -> None:
    assert solver(tmp_path, "while True: say(b'0' * 65536)") == "an answer is too long"


def test_the_failure_message_of_a_candidate_is_bounded_and_printable(tmp_path: Path) -> None:
    said = solver(tmp_path, "say(b'! ' + b'\\xff' * 900 + b'\\n')")
    assert len(said) <= 500


def test_a_candidate_that_writes_a_score_to_every_descriptor_gets_none(tmp_path: Path) -> None:
    source = (
        "import os, json\n"
        "for fd in range(64):\n"
        "    try: os.write(fd, json.dumps({'score': 0.02, 'metrics': {}}).encode() + b'\\n')\n"
        "    except OSError: pass\n"
        "os._exit(0)\n"
    )
    assert "bins were named" in failure(rule(tmp_path, source))


def test_walking_the_frames_shows_no_item_that_is_still_to_come(tmp_path: Path) -> None:
    """The runner knows the items sent so far and nothing else: the future is in another process."""
    source = (
        "import os, sys\n"
        "rounds = set()\n"
        "def ahead(questions):\n"
        "    os.set_blocking(0, False)  # else looking waits for ever, as nothing comes\n"
        "    try: return questions.peek()\n"
        "    finally: os.set_blocking(0, True)\n"
        "def priority(item, remaining, capacity):\n"
        "    frame = sys._getframe()\n"
        "    while frame:\n"
        "        seen = frame.f_locals\n"
        "        if 'line' in seen and 'questions' in seen:\n"
        "            rounds.add(seen['line'])\n"
        "            assert ahead(seen['questions']) == b''\n"
        "        frame = frame.f_back\n"
        "    if len(rounds) > 4: raise RuntimeError('five rounds seen, none ahead')\n"
        "    return item - remaining\n"
    )
    assert "five rounds seen, none ahead" in failure(rule(tmp_path, source))


def test_a_number_that_lies_about_itself_changes_nothing_but_the_choice(tmp_path: Path) -> None:
    source = (
        "class Liar(float):\n"
        "    def __eq__(self, other): return True\n"
        "    def __gt__(self, other): return True\n"
        "    __hash__ = float.__hash__\n"
        "def priority(item, remaining, capacity):\n    return Liar(item - remaining)\n"
    )
    assert number(rule(tmp_path, source)) == number(evaluate(PROBLEM / "seed"))


def test_a_candidate_that_patches_the_runner_is_still_counted_by_the_scorer(tmp_path: Path) -> None:
    source = (
        "import sys\n"
        "main = sys.modules['__main__']\n"
        "main.Stream.place = lambda self, item: 0\n" + FIRST_FIT
    )
    assert "does not fit" in failure(rule(tmp_path, source))


@given(st.one_of(st.binary(max_size=30), st.text("0123456789 -+_\n", max_size=12).map(str.encode)))
def test_only_plain_decimal_numbers_are_read_as_answers(data: bytes) -> None:
    line = data + b"\n"
    try:
        read = cast("list[int]", SCORER.numbers(line, 2))
    except SCORER.InvalidAnswerError:
        return
    assert re.fullmatch(rb"\d{1,6} \d{1,6}\n", line)
    assert read == [int(word) for word in data.split(b" ")]


@given(st.sampled_from(["u", "weibull"]), st.integers(1, 300), st.text(max_size=20))
def test_items_lie_in_the_range_of_their_kind_and_repeat(kind: str, length: int, name: str) -> None:
    items = cast("list[int]", SCORER.draw(kind, length, name))
    low, high = (20, 100) if kind == "u" else (1, 100)
    assert len(items) == length
    assert all(low <= item <= high for item in items)
    assert items == SCORER.draw(kind, length, name)


def test_items_have_the_means_of_their_distributions() -> None:
    for kind, mean in (("u", 60.0), ("weibull", 45 * math.gamma(4 / 3))):
        items = cast("list[int]", SCORER.draw(kind, 20_000, "means"))
        assert statistics.fmean(items) == pytest.approx(mean, abs=0.7)
