"""Every library problem: its seed scores what its page says, and its scorer believes no candidate.

Scorers run as they do in production, as processes of their own, here without a sandbox.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest

from evogit.config.model import Settings
from evogit.initialise import init_problem
from evogit.plugins import names

ROOT: Final = Path(str(files("evogit_problems")))
PROGRAMS: Final = {
    "circle_packing_26": "packing.py",
    "circle_packing_32": "packing.py",
    "heilbronn_triangle": "points.py",
    "minmax_distance": "points.py",
    "autocorrelation": "steps.py",
    "erdos_overlap": "steps.py",
    "kissing_number": "vectors.py",
    "matrix_multiplication": "scheme.py",
    "sorting_network": "network.py",
}
"""Problems whose candidates print an answer without being asked anything."""
DIALOGUES: Final = {
    "tsp": "solver.py",
    "symbolic_regression": "formula.py",
    "offline_bin_packing": "packer.py",
}
SEED_SCORES: Final = {
    "circle_packing_26": 2.54644,
    "circle_packing_32": 2.74842,
    "heilbronn_triangle": 0.0034748,
    "minmax_distance": 18.0,
    "autocorrelation": 2.0,
    "erdos_overlap": 0.5,
    "kissing_number": 220.0,
    "matrix_multiplication": 40.0,
    "sorting_network": 66.0,
    "tsp": 1.20947,
    "symbolic_regression": 1.009,
    "offline_bin_packing": 0.0896,
}
SEED: Final = "20240117"
SHARED: Final = {"PYTHONPATH": str(ROOT / "evaluator")}
"""In a sandbox all files of an evaluator lie in one folder."""


def scorer(problem: str) -> list[str]:
    """The command of its first stage's scorer, with the files where they lie in the package."""
    said = settings(problem).evaluate.stages[0].score
    assert said != "speed"
    name = said[1].removeprefix("/eval/")
    own = ROOT / problem / "evaluator" / name
    path = own if own.exists() else ROOT / "evaluator" / name
    return [sys.executable, "-B", str(path), *said[2:]]


def score(problem: str, answer: object) -> Any:
    """What the scorer says about an answer: text as it is, anything else as JSON."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    found = subprocess.run(
        scorer(problem),
        env=SHARED,
        check=False,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def printed(problem: str, given: str = "") -> Any:
    """What the seed prints."""
    program = {**PROGRAMS, **DIALOGUES}[problem]
    folder = ROOT / problem / "seed"
    run = [sys.executable, "-B", program]
    out = subprocess.run(run, cwd=folder, input=given, capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def asked(
    problem: str, answer: str | list[Any] | Callable[[str], object], plan: str = "train"
) -> Any:
    """The scorer's verdict in a dialogue; ``answer`` may be made from what it shows."""
    read, write = os.pipe()
    judge = subprocess.Popen(
        [*scorer(problem)[:3], plan],
        env={**SHARED, "EVOGIT_SEED": SEED, "EVOGIT_CHANNEL": str(write)},
        pass_fds=[write],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    with os.fdopen(read) as channel:
        shown = channel.readline()
    found = answer(shown) if callable(answer) else answer
    out, _ = judge.communicate(found if isinstance(found, str) else json.dumps(found), timeout=60)
    return json.loads(out)


def settings(problem: str) -> Settings:
    text = (ROOT / problem / "problem.toml").read_text("utf-8")
    return Settings.model_validate(tomllib.loads(text))


@pytest.mark.parametrize("problem", [n.replace("-", "_") for n in names("evogit.problems")])
def test_a_problem_states_goal_source_and_best_value_in_ten_lines(problem: str) -> None:
    found = settings(problem)
    assert found.problem is not None
    assert found.problem.summary
    assert found.problem.source
    assert found.problem.best_known
    assert found.evaluate.plausible is not None
    page = (ROOT / problem / "README.md").read_text("utf-8")
    assert 5 <= len(page.splitlines()) <= 12
    assert "Best known" in page
    assert "Source" in page


@pytest.mark.parametrize("name", names("evogit.problems"))
def test_every_problem_can_be_made_into_a_folder(name: str, tmp_path: Path) -> None:
    swarm = init_problem(name, tmp_path / "made", author="tester")
    assert swarm.spec().settings.problem is not None


@pytest.mark.parametrize("problem", PROGRAMS)
def test_a_seed_scores_what_its_page_says(problem: str) -> None:
    found = score(problem, printed(problem))
    assert found["score"] == pytest.approx(SEED_SCORES[problem], rel=1e-3)


@pytest.mark.parametrize(
    ("problem", "changes", "reached"),
    [
        ("circle_packing_26", {"rounds = 100": "rounds = 1000", "rate = 0.1": "rate = 0.3"}, 2.60),
        ("circle_packing_32", {"rounds = 100": "rounds = 1000", "rate = 0.1": "rate = 0.3"}, 2.85),
        ("heilbronn_triangle", {"tries = 200": "tries = 10000"}, 0.02),
    ],
)
def test_numbers_of_a_seed_alone_lead_far_beyond_its_textbook_baseline(
    problem: str, changes: dict[str, str], reached: float, tmp_path: Path
) -> None:
    program = PROGRAMS[problem]
    text = (ROOT / problem / "seed" / program).read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / program).write_text(text, "utf-8")
    command = [sys.executable, "-B", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert score(problem, done.stdout)["score"] > reached


@pytest.mark.parametrize("problem", DIALOGUES)
def test_a_solver_scores_what_its_page_says(problem: str) -> None:
    def solve(shown: str) -> object:
        return printed(problem, shown)

    found = asked(problem, solve)
    assert found["score"] == pytest.approx(SEED_SCORES[problem], rel=1e-3)


@pytest.mark.parametrize("problem", [*PROGRAMS, *DIALOGUES])
@pytest.mark.parametrize(
    "answer",
    [
        "",
        "not json",
        "{}",
        "[]",
        "null",
        "1",
        '{"score": 1e9, "valid": true}',
        "[[NaN, NaN, NaN]]",
        "[[1e999999999, 0, 0]]",
        "[[Infinity]]",
        "[" * 100_000,
        "9" * 100_000,
        '["1", "2"]',
        "[true, false]",
        "[[[[[]]]]]",
    ],
    ids=lambda answer: repr(answer[:16]),
)
def test_an_answer_that_is_none_fails_with_a_reason(problem: str, answer: str) -> None:
    found = asked(problem, answer) if problem in DIALOGUES else score(problem, answer)
    assert set(found) == {"failed"}
    assert len(found["failed"]) < 400


def circles(problem: str) -> list[list[float]]:
    return printed(problem)


@pytest.mark.parametrize("problem", ["circle_packing_26", "circle_packing_32"])
def test_circles_may_touch_but_not_overlap_by_the_last_digit(problem: str) -> None:
    count = int(problem[-2:])
    rest = [[0.0, 0.0, 0.0]] * (count - 2)
    touching = [["0.25", "0.5", "0.25"], ["0.75", "0.5", "0.25"]]
    as_text = json.dumps([*touching, *rest]).replace('"', "")
    assert score(problem, as_text)["score"] == 0.5
    overlapping = as_text.replace("0.25]", "0.250000000000000000000001]", 1)
    assert "failed" in score(problem, overlapping)


def test_slack_that_others_grant_is_not_granted() -> None:
    found = circles("circle_packing_26")
    assert "failed" in score("circle_packing_26", [[x, y, r + 1e-6] for x, y, r in found])
    assert "failed" in score("circle_packing_26", found[:25])
    assert "failed" in score("circle_packing_26", [*found, [0.5, 0.5, 0.0]])
    assert "failed" in score("circle_packing_26", [[x, y, -r] for x, y, r in found])


def test_points_outside_the_triangle_are_refused() -> None:
    points = printed("heilbronn_triangle")
    points[0] = [-1e-9, 0.0]
    assert "outside" in score("heilbronn_triangle", points)["failed"]
    points[0] = points[1]
    assert score("heilbronn_triangle", points)["score"] == 0


def test_points_that_coincide_are_refused() -> None:
    points = printed("minmax_distance")
    assert "same" in score("minmax_distance", [points[0], *points[:15]])["failed"]
    assert "same" in score("minmax_distance", [[0, 1e-30], *points[:15]])["failed"]


def test_the_autoconvolution_is_computed_exactly() -> None:
    heights = [3, 1, 0, 2]
    square = [
        sum(heights[i] * heights[k - i] for i in range(4) if 0 <= k - i < 4) for k in range(7)
    ]
    expected = Fraction(2 * 4 * max(square), sum(heights) ** 2)
    assert score("autocorrelation", heights)["score"] == pytest.approx(float(expected), rel=1e-9)
    assert score("autocorrelation", [30, 10, 0, 20]) == score("autocorrelation", heights)
    assert "negative" in score("autocorrelation", [1, -1e-6, 1])["failed"]
    assert "zero" in score("autocorrelation", [0, 0])["failed"]


def test_an_integral_that_is_not_one_is_refused() -> None:
    assert score("erdos_overlap", [0.5, 0.5, 0.5, 0.5])["score"] == 0.5
    assert "integral" in score("erdos_overlap", [0.499, 0.5, 0.5, 0.5])["failed"]
    assert "between" in score("erdos_overlap", [1.5, 0.5, 0.0, 0.0])["failed"]
    assert score("erdos_overlap", [1, 0, 0, 1])["score"] == pytest.approx(0.5)


def test_spheres_are_compared_in_whole_numbers() -> None:
    wide = 2**40  # squares of these wrap around in 64 bits
    ok = [[wide, *[0] * 10], [0, wide, *[0] * 9]]
    assert score("kissing_number", ok)["score"] == 2
    assert "closer" in score("kissing_number", [*ok, [wide - 1, 1, *[0] * 9]])["failed"]
    assert "closer" in score("kissing_number", [ok[0], ok[0]])["failed"]
    assert "zero" in score("kissing_number", [[0] * 11])["failed"]
    assert "integer" in score("kissing_number", [[1.5, *[0] * 10]])["failed"]


def test_a_scheme_is_checked_against_the_whole_tensor() -> None:
    scheme: list[list[list[float]]] = printed("matrix_multiplication")
    assert "wrong" in score("matrix_multiplication", scheme[:39])["failed"]
    assert "failed" in score("matrix_multiplication", [[[1], [1], [1]]])
    assert "failed" in score("matrix_multiplication", "[[[], [], []]]")
    halves: list[Any] = [[[x / 2 for x in u], [2 * x for x in v], w] for u, v, w in scheme]
    assert score("matrix_multiplication", halves)["score"] == 40
    thirds: list[Any] = [[[x / 3 for x in u], [3 * x for x in v], w] for u, v, w in scheme]
    assert "multiple" in score("matrix_multiplication", thirds)["failed"]


def test_a_network_must_sort_everything() -> None:
    network = printed("sorting_network")
    assert "unsorted" in score("sorting_network", network[:-1])["failed"]
    assert "failed" in score("sorting_network", [[1, 0], *network])
    assert "failed" in score("sorting_network", [[0, 0], *network])
    assert "failed" in score("sorting_network", [[0, 12], *network])
    assert score("sorting_network", [*network, [0, 11]])["score"] == 67


def test_a_tour_visits_every_city_once() -> None:
    def lazy(shown: str) -> object:
        return [[0] * len(cities) for cities in json.loads(shown)]

    assert "every city" in asked("tsp", lazy)["failed"]
    assert "failed" in asked("tsp", [[0, 1, 2]])


def test_bins_do_not_overflow() -> None:
    def one_bin(shown: str) -> object:
        return [[0] * len(sizes) for sizes in json.loads(shown)[1]]

    def a_bin_each(shown: str) -> object:
        return [list(range(len(sizes))) for sizes in json.loads(shown)[1]]

    assert "overflows" in asked("offline_bin_packing", one_bin)["failed"]
    assert asked("offline_bin_packing", a_bin_each)["score"] > 0.5


def test_the_formula_itself_has_no_error() -> None:
    def known(shown: str) -> object:
        import math

        return [
            10 * math.sin(math.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e
            for a, b, c, d, e in json.loads(shown)
        ]

    assert asked("symbolic_regression", known)["score"] < 1e-12
    assert "failed" in asked("symbolic_regression", [1.0])
