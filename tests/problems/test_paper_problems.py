"""The two experiments of the paper, with a measured fitness: a product page and a meta-solver."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.problems.test_library import ROOT, SHARED, score, settings

WEB: Final = ROOT / "web_page"
META: Final = ROOT / "meta_solver"
BARE: Final = {
    **dict.fromkeys(("lang", "title", "description", "viewport", "doctype"), False),
    **dict.fromkeys(("one_h1", "header", "main", "footer", "submit"), False),
    **dict.fromkeys(("nav", "sections", "features", "plans", "questions", "fields"), 0),
    **dict.fromkeys(("unlabelled", "words", "readable", "large", "narrow", "overflow"), 0),
    **dict.fromkeys(("targets", "hittable", "links", "reachable", "images", "good_images"), 0),
    "back": 1.0,
}
WHOLE: Final = {
    **dict.fromkeys(("lang", "title", "description", "viewport", "doctype"), True),
    **dict.fromkeys(("one_h1", "header", "main", "footer", "submit"), True),
    **dict.fromkeys(("nav", "sections", "features", "plans", "questions", "fields"), 4),
    **dict.fromkeys(("readable", "large", "narrow", "back"), 1.0),
    **dict.fromkeys(("targets", "hittable", "links", "reachable"), 9),
    **dict.fromkeys(("unlabelled", "overflow", "images", "good_images"), 0),
    "words": 300,
}


def measured(page: Mapping[str, Any], **dark: object) -> Any:
    found = {"light": [page] * 3, "dark": {**page, **dark}, "errors": 0, "bytes": 9000}
    return score("web_page", found)


def points(page: Mapping[str, Any], **dark: object) -> float:
    return measured(page, **dark)["score"]


def test_a_page_with_all_of_the_outline_has_100_points() -> None:
    assert points(WHOLE, back=0.01) == pytest.approx(100)


def test_a_page_without_anything_has_next_to_no_points() -> None:
    assert points(BARE) <= 6


@pytest.mark.parametrize(
    ("change", "loses"),
    [
        ({"words": 15}, 40),  # few words are easily readable
        ({"readable": 0.5}, 9),
        ({"overflow": 300}, 7),
        ({"reachable": 0}, 1),
        ({"unlabelled": 1}, 4),
        ({"nav": 0}, 7),
    ],
)
def test_each_fault_costs_points(change: dict[str, object], loses: float) -> None:
    assert points(WHOLE, back=0.01) - points({**WHOLE, **change}, back=0.01) > loses


def test_a_page_that_stays_light_has_no_dark_mode() -> None:
    assert measured(WHOLE)["metrics"]["dark"] == 0


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here")
@pytest.mark.parametrize(
    "trick",
    [
        "Object.defineProperty(Element.prototype, 'checkVisibility', {value: () => true});"
        "window.getComputedStyle = () => ({fontSize: '20px', color: 'rgb(0,0,0)'});"
        "document.querySelectorAll = () => [1, 2, 3, 4, 5]; Array.prototype.filter = () => [1, 2, 3];",
        "while (true) {}",
        "setInterval(() => location.reload(), 1); alert('stop'); window.onbeforeunload = () => 'no';",
    ],
)
def test_scripts_of_a_page_gain_nothing(tmp_path: Path, trick: str) -> None:
    seed = (WEB / "seed" / "index.html").read_text("utf-8")
    plain = visited(tmp_path / "plain", seed)
    tricked = visited(
        tmp_path / "tricked", seed.replace("</body>", f"<script>{trick}</script></body>")
    )
    assert plain is not None
    assert (
        tricked is None or score("web_page", tricked)["score"] <= score("web_page", plain)["score"]
    )


def visited(folder: Path, page: str) -> Any:
    """What the browser measured, outside of a sandbox; None if it could not."""
    folder.mkdir()
    (folder / "index.html").write_text(page)
    look = (WEB / "evaluator" / "look.py").read_text("utf-8")
    for inside, here in (
        ("PATIENCE = 50.0", "PATIENCE = 15.0"),
        ("/candidate", str(folder)),
        ("/eval", str(WEB / "evaluator")),
        ("/tmp/profile", str(folder / "profile")),  # noqa: S108  # inside
    ):
        look = look.replace(inside, here)
    run = [sys.executable, "-c", look]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def test_the_meta_solver_s_scorer_counts_bins_itself() -> None:
    program = (
        "import json, sys; sys.path[:0] = sys.argv[1:3]\n"
        "from packing import meta_instances as instances\n"
        "print(json.dumps([list(range(len(s))) for s in instances('train')]))"
    )
    folders = [str(META / "evaluator"), str(ROOT / "evaluator")]
    run = [sys.executable, "-B", "-c", program, *folders]
    alone = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    shared = f"{folders[0]}:{SHARED['PYTHONPATH']}"
    judge = [sys.executable, "-B", str(META / "evaluator" / "score.py"), "train"]

    def verdict(text: str) -> Any:
        done = subprocess.run(
            judge,
            input=text,
            env={"PYTHONPATH": shared},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    found = verdict(alone)
    assert found["score"] > 1.0  # every item in a bin of its own
    assert 0 < found["metrics"]["best_fit_decreasing"] <= found["metrics"]["first_fit_decreasing"]
    one_bin = json.dumps([[0] * len(packing) for packing in json.loads(alone)])
    assert "overflows" in verdict(one_bin)["failed"]
    assert "failed" in verdict("[]")


@pytest.mark.parametrize("problem", ["web_page", "meta_solver"])
def test_the_experiments_run_without_a_real_model(problem: str) -> None:
    assert all(model.client == "scripted" for model in settings(problem).models)
