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
from random import Random
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
def priority(item, remaining, capacity, *_):
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
WORST_FIT = "def priority(item, remaining, capacity, *_):\n    return remaining if remaining < capacity else -1\n"
CONSTANT = "def priority(item, remaining, capacity, *_):\n    return 0\n"
NEXT_BIN = (
    "def priority(item, remaining, capacity, *_):\n    return 1 if remaining == capacity else 0\n"
)
BOUNDS = {"u": ["20", "100", "150"], "weibull": ["1", "100", "100"]}
PHASED = PROBLEM.with_name("online_bin_packing_weibull")


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
    bounds = BOUNDS[kind] if plan == "train" else BOUNDS["u"] + BOUNDS["weibull"]
    with (
        subprocess.Popen(
            [sys.executable, "-I", "-B", EVALUATOR / "bins_score.py", plan, kind],
            stdin=say_read,
            stdout=subprocess.PIPE,
            env=clean | {"EVOGIT_SEED": str(seed), "EVOGIT_CHANNEL": str(ask_write)},
            pass_fds=[ask_write],
        ) as scorer,
        subprocess.Popen(
            [sys.executable, "-I", "-B", script, str(SCORER.PHASES[kind]), *bounds],
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


def rule(folder: Path, source: str, plan: str = "train", kind: str = "u") -> Answer:
    """The answer for a candidate whose packer.py is ``source``."""
    (folder / "packer.py").write_text(source)
    return evaluate(folder, plan, kind=kind)


def solver(folder: Path, body: str) -> str:
    """Why a candidate that took over the whole protocol with ``body`` failed.

    ``say(bytes)`` writes; ``parts`` are best fit's answers, item by item.
    """
    script = folder / "takeover.py"
    script.write_text(
        "import os\n"
        "def say(data):\n"
        "    while data: data = data[os.write(1, data):]\n"
        "parts = [b' '.join(b'%d' % (150 - room) for room in range(item, 151))"
        " for item in range(20, 101)] + 3 * 81 * [b'']\n" + body
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


def test_worst_fit_is_worse_than_best_fit_and_better_than_a_bin_per_item(tmp_path: Path) -> None:
    worst = number(rule(tmp_path, WORST_FIT))
    assert number(evaluate(PROBLEM / "seed")) < worst < 0.2
    assert 1.3 < number(rule(tmp_path, NEXT_BIN)) < 1.7


def test_among_bins_scored_alike_the_fullest_gets_the_item(tmp_path: Path) -> None:
    assert rule(tmp_path, CONSTANT) == evaluate(PROBLEM / "seed")


@given(st.lists(st.integers(20, 100), max_size=300), st.integers(0, 2**32), st.sampled_from([1, 8]))
def test_items_are_packed_as_the_definition_says(items: list[int], seed: int, phases: int) -> None:
    """Against a plain list of bins: the best ranked room, then the fullest, then a new one."""
    random = Random(seed)
    ranks = [
        {item: [random.randrange(4) for _ in range(item, 151)] for item in range(20, 101)}
        for _ in range(phases)
    ]
    orders = [
        {
            item: cast("list[int]", SCORER.order(item, 150, " ".join(map(str, row)).encode()))
            for item, row in rows.items()
        }
        for rows in ranks
    ]
    rooms: list[int] = []
    for number, item in enumerate(items):
        rows = ranks[sum(number >= end for end in SCORER.ENDS[: phases - 1])]
        fit = [room for room in [*rooms, 150] if room >= item]
        best = max(fit, key=lambda room, row=rows[item], item=item: (row[room - item], -room))
        if best != 150:
            rooms.remove(best)
        rooms.append(best - item)
    assert SCORER.pack(items, 150, orders) == len(rooms)


@given(st.lists(st.integers(20, 100), max_size=300))
def test_best_fit_is_the_rule_that_ranks_the_fullest_bin_highest(items: list[int]) -> None:
    fullest = {item: list(range(item, 151)) for item in range(20, 101)}
    assert SCORER.best_fit(items, 150) == SCORER.pack(items, 150, [fullest])


def test_a_rule_that_avoids_useless_gaps_saves_a_third_of_the_excess(tmp_path: Path) -> None:
    (tmp_path / "packer.py").write_text(REFERENCE)
    answer = evaluate(tmp_path, "holdout")
    assert 0.028 < number(answer) < 0.035
    assert number(answer) + number(answer, "excess_u_500_ci95") < 0.045
    assert number(answer, "excess_u_5000") < 0.02


def test_each_problem_is_scored_by_the_streams_it_is_trained_on() -> None:
    kinds = (("u", "u_500", PROBLEM), ("weibull", "weibull_5000", PHASED))
    for kind, name, problem in kinds:
        trained = evaluate(problem / "seed", kind=kind)
        assert trained["score"] == number(trained, f"excess_{name}")
        assert ("worse_than_best_fit" in cast("dict[str, float]", trained["metrics"])) == bool(
            SCORER.WATCHED[kind]
        )


def test_a_rule_that_is_worse_than_best_fit_at_a_watched_length_pays_for_it(tmp_path: Path) -> None:
    late = (
        "def priority(item, remaining, capacity, phase):\n"
        "    early = remaining if remaining < capacity else -1\n"
        "    return early if phase < 3 else item - remaining\n"
    )
    answer, best = rule(tmp_path, late, kind="weibull"), evaluate(PHASED / "seed", kind="weibull")
    worse = number(answer, "excess_weibull_250") - number(best, "excess_weibull_250")
    assert number(answer, "worse_than_best_fit") > worse > 0.01
    found = number(answer, "excess_weibull_5000") + number(answer, "worse_than_best_fit")
    assert answer["score"] == found
    assert number(best, "worse_than_best_fit") == 0


def test_what_is_shown_to_be_no_worse_than_best_fit_costs_nothing() -> None:
    best = [0.04, 0.05, 0.06] * 4
    assert SCORER.shortfall(best, best) == 0
    assert SCORER.shortfall([value - 0.01 for value in best], best) == 0
    unsure = [value + 0.02 * (-1) ** k for k, value in enumerate(best)]
    assert SCORER.shortfall(unsure, best) > 0  # no worse in the mean, but who knows


def test_a_rule_is_told_of_as_many_phases_as_the_seed_says() -> None:
    assert list(SCORER.ENDS) == [64 * 2**k for k in range(7)]
    for kind, problem, phases in (("u", PROBLEM, 4), ("weibull", PHASED, 8)):
        settings = Settings.model_validate(tomllib.loads((problem / "problem.toml").read_text()))
        assert settings.search.functions[0].arguments["phase"] == (0, phases - 1)
        for stage in (*settings.evaluate.stages, settings.evaluate.holdout):
            assert stage is not None
            assert stage.run[2] == str(SCORER.PHASES[kind]) == str(phases)


def test_ranks_may_be_left_out_where_they_are_those_of_the_phase_before() -> None:
    kind = SCORER.Kind(1, 2, 2, int)
    both = SCORER.rule(kind, b"0 1;0;;", 2)
    assert both == [{1: [2, 1], 2: [2]}] * 2
    with pytest.raises(SCORER.InvalidAnswerError, match="not ranks for an item of 1"):
        SCORER.rule(kind, b";0;;", 2)


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
        ("return priority(item, remaining, capacity, *_)", "RecursionError"),
        ("raise SystemExit(0)", "SystemExit"),
    ],
)
def test_a_rule_that_gives_no_number_fails_and_says_why(
    tmp_path: Path, body: str, said: str
) -> None:
    source = f"def priority(item, remaining, capacity, *_):\n    {body}\n"
    assert said in failure(rule(tmp_path, source))


@pytest.mark.parametrize("source", ["", "priority = 1", "def priority(:", "import no_such_module"])
def test_a_file_without_a_rule_fails(tmp_path: Path, source: str) -> None:
    assert "Error" in failure(rule(tmp_path, source))


def test_a_missing_file_fails(tmp_path: Path) -> None:
    assert "ModuleNotFoundError" in failure(evaluate(tmp_path))


def test_an_infinite_priority_is_a_number(tmp_path: Path) -> None:
    infinite = WORST_FIT.replace("-1", "float('-inf')")
    assert rule(tmp_path, infinite) == rule(tmp_path, WORST_FIT)


def test_a_rule_may_print(tmp_path: Path) -> None:
    source = "print('hello')\n" + WORST_FIT.replace("    return", "    print(item)\n    return")
    assert rule(tmp_path, source) == rule(tmp_path, WORST_FIT)


def test_a_rule_is_asked_only_about_bins_with_room_and_once_for_each(tmp_path: Path) -> None:
    source = (
        "seen = set()\n"
        "def priority(item, remaining, capacity, phase):\n"
        "    assert type(item) is type(remaining) is type(capacity) is int\n"
        "    assert 20 <= item <= 100 and item <= remaining <= capacity == 150\n"
        "    assert (item, remaining, phase) not in seen\n"
        "    seen.add((item, remaining, phase))\n"
        "    return item - remaining\n"
    )
    assert number(rule(tmp_path, source)) == number(evaluate(PROBLEM / "seed"))


def test_a_rule_that_fails_for_a_room_no_training_stream_leaves_fails_in_training(
    tmp_path: Path,
) -> None:
    source = "def priority(item, remaining, capacity, *_):\n    return 1 / (remaining - 149)\n"
    assert "ZeroDivisionError" in failure(rule(tmp_path, source))


def test_a_rule_that_fails_for_other_items_than_its_own_has_no_figures_there(
    tmp_path: Path,
) -> None:
    source = (
        "def priority(item, remaining, capacity, *_):\n    return -remaining / max(item - 15, 0)\n"
    )
    answer = rule(tmp_path, source, "holdout")
    assert number(answer) == answer["score"]
    assert not [name for name in cast("dict[str, float]", answer["metrics"]) if "weibull" in name]


# Tricks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("parts[3] += b' 1'", "129 ranks were given for an item of 23"),
        ("parts[80] = parts[79]", "52 ranks were given for an item of 100"),
        ("parts.pop()", "323 items were answered for, not 324"),
        ("parts.append(b'')", "325 items were answered for, not 324"),
        ("parts[0] = b''", "not ranks for an item of 20"),
        ("parts[0] = b'-' + parts[0]", "not ranks for an item of 20"),
        ("parts[0] = b'+' + parts[0]", "not ranks for an item of 20"),
        ("parts[0] = b'1_' + parts[0]", "not ranks for an item of 20"),
        ("parts[0] = b'1e' + parts[0]", "not ranks for an item of 20"),
        ("parts[0] = b'0' * 500 + parts[0]", "not ranks for an item of 20"),
        ("parts[0] += b' '", "not ranks for an item of 20"),
        ("parts[0] = parts[0].replace(b' ', b'  ', 1)", "not ranks for an item of 20"),
        ("parts[0] = ' '.join(131 * ['\\u0660']).encode()", "not ranks for an item of 20"),
        ("parts = [b'{\"score\": 0.02}']", "1 items were answered for, not 324"),
        ("parts = [b'\\xff\\x00']", "1 items were answered for, not 324"),
        ("parts[0] += b'\\n'", "2 lines came instead of 1"),
        ("parts[0] = b'\\r' + parts[0]", "not ranks for an item of 20"),
    ],
)
def test_a_wrong_answer_ends_the_evaluation(tmp_path: Path, body: str, said: str) -> None:
    assert said in solver(tmp_path, f"{body}\nsay(b';'.join(parts) + b'\\n')")


@pytest.mark.parametrize(
    "body",
    [
        "os._exit(0)",
        "os.close(1)",
        "os.close(0); os.close(1)",
        "say(b';'.join(parts))",
        "say(b';'.join(parts)); os.kill(os.getpid(), 9)",
    ],
)
def test_leaving_early_is_a_failure(tmp_path: Path, body: str) -> None:
    assert solver(tmp_path, body) in {
        "the candidate ended before it had answered",
        "0 lines came instead of 1",
    }


def test_an_endless_answer_is_cut_off(tmp_path: Path) -> None:
    assert solver(tmp_path, "while True: say(b'0' * 65536)") == "the answer is too long"


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
    assert failure(rule(tmp_path, source)) == "1 items were answered for, not 324"


def test_a_rule_can_not_find_an_item_of_any_stream(tmp_path: Path) -> None:
    """Nothing is ever sent to the candidate: no frame holds an item, and its input is empty."""
    source = (
        "import os\n"
        "os.set_blocking(0, False)  # else looking waits for ever, as nothing comes\n"
        "def look():\n"
        "    try: return os.read(0, 1)\n"
        "    except BlockingIOError: return b''\n"
        "def priority(item, remaining, capacity, *_):\n"
        "    assert look() == b'', 'something was sent'\n"
        "    if item == 100 and remaining == capacity: raise RuntimeError('never told anything')\n"
        "    return item - remaining\n"
    )
    assert "never told anything" in failure(rule(tmp_path, source))


def test_a_number_that_lies_about_itself_changes_nothing_but_the_choice(tmp_path: Path) -> None:
    source = (
        "class Liar(float):\n"
        "    def __eq__(self, other): return True\n"
        "    def __gt__(self, other): return True\n"
        "    __hash__ = float.__hash__\n"
        "def priority(item, remaining, capacity, *_):\n    return Liar(item - remaining)\n"
    )
    assert number(rule(tmp_path, source)) == number(evaluate(PROBLEM / "seed"))


def test_a_candidate_that_patches_the_runner_is_still_counted_by_the_scorer(tmp_path: Path) -> None:
    source = (
        "import sys\n"
        "main = sys.modules['__main__']\n"
        "main.ranks = lambda priority, item, capacity, phase: '0'\n" + WORST_FIT
    )
    assert "1 ranks were given for an item of 20" in failure(rule(tmp_path, source))


@given(st.one_of(st.binary(max_size=30), st.text("0123456789 -+_\n", max_size=12).map(str.encode)))
def test_only_plain_decimal_numbers_are_read_as_ranks(data: bytes) -> None:
    try:
        order = cast("list[int]", SCORER.order(99, 100, data))
    except SCORER.InvalidAnswerError:
        return
    assert re.fullmatch(rb"\d{1,3} \d{1,3}", data)
    first, second = map(int, data.split(b" "))
    assert order == ([99, 100] if first >= second else [100, 99])


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
