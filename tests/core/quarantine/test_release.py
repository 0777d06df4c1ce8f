"""A cheating commit is held with its evidence, and released and taken back by decisions alone."""

from __future__ import annotations

import typing

import pytest

from evogit.outcome import Quarantined, Scored
from evogit.quarantine.finding import RULES

if typing.TYPE_CHECKING:
    from tests.core.quarantine.conftest import Fields

CHEAT = "import ctypes\nprint(9)\n"
PLAUSIBLE = """
[evaluate]
seed = 3
plausible = [0.0, 10.0]
files = { run = ["run.py"], score = ["score.py"] }
[[evaluate.stages]]
run = ["python", "/eval/run.py"]
score = ["python", "/eval/score.py"]
"""


def test_a_cheating_commit_is_held_shown_released_and_held_again(fields: Fields) -> None:
    field = fields.make()
    commit = field.push(CHEAT)
    judged = fields.cli(field, "eval", "ada")
    assert judged.status == 1
    assert "native-access" in judged.out
    assert field.phylogeny().population() == [0]

    shown = fields.cli(field, "show", "ada", "--json").data
    assert shown["verdict"] == "quarantined"
    assert shown["findings"] == [
        {
            "rule": "native-access",
            "path": "program.py",
            "line": 1,
            "evidence": "uses ctypes",
            "severity": "hold",
        }
    ]
    text = fields.cli(field, "show", "ada")
    assert "program.py" in text.out
    assert "evogit release" in text.err

    refused = fields.cli(field, "promote", "ada", "--yes")
    assert refused.status == 4
    assert f"evogit release {commit[:12]}" in refused.err

    released = fields.cli(field, "release", "ada")
    assert released.status == 0
    assert "not run yet" in released.err
    assert field.phylogeny().score(1) is None
    assert fields.cli(field, "eval", "ada").status == 0

    phylogeny = field.phylogeny()
    row = phylogeny.index(commit)
    assert phylogeny.score(row) == 9.0
    assert phylogeny.outcome(row) == Scored(9.0)
    assert phylogeny.population() == [row]
    assert phylogeny.best(1) == [row]
    shown = fields.cli(field, "show", "ada", "--json").data
    assert (shown["score"], shown["released"]) == (9.0, True)

    assert fields.cli(field, "undo").status == 0
    phylogeny = field.phylogeny()
    assert phylogeny.score(row) is None
    assert phylogeny.population() == [0]
    outcome = phylogeny.outcome(row)
    assert isinstance(outcome, Quarantined)
    assert outcome.held == Scored(9.0)
    assert fields.cli(field, "redo").status == 0
    assert field.phylogeny().score(row) == 9.0


def test_what_was_measured_counts_at_once_after_a_release(fields: Fields) -> None:
    field = fields.make(PLAUSIBLE)
    commit = field.push("print(11)\n")
    assert field.judge(commit).outcome == Quarantined(
        "score 11 is outside the plausible 0 to 10", Scored(11.0)
    )
    assert fields.cli(field, "release", "ada").status == 0
    phylogeny = field.phylogeny()
    assert phylogeny.score(phylogeny.index(commit)) == 11.0
    assert phylogeny.best_so_far()[-1][1] == 11.0
    assert field.judge(commit).outcome == Scored(11.0)


def test_only_what_is_held_can_be_released(fields: Fields) -> None:
    field = fields.make()
    field.push("print(2)\n")
    fields.cli(field, "eval", "ada")
    refused = fields.cli(field, "release", "ada")
    assert refused.status == 4
    assert "not in quarantine" in refused.err


def test_a_worker_judges_what_was_released_before_anything_else(fields: Fields) -> None:
    field = fields.make()
    commit = field.push(CHEAT)
    fields.cli(field, "eval", "ada")
    fields.cli(field, "release", "ada")
    assert fields.cli(field, "run", "-n", "1", "--max-evaluations", "1").status in (0, 5)
    phylogeny = field.phylogeny()
    assert phylogeny.score(phylogeny.index(commit)) == 9.0


@pytest.mark.slow
def test_offspring_of_a_released_individual_are_not_held_for_what_it_did(fields: Fields) -> None:
    field = fields.make()
    parent = field.push(CHEAT)
    child = field.push("import ctypes\nprint(10)\n", parent, "child")
    other = field.push("import ctypes\nimport os\nos._exit\nprint(10)\n", parent, "other")
    assert isinstance(field.judge(parent).outcome, Quarantined)
    assert isinstance(field.judge(child).outcome, Quarantined)  # its parent is held itself
    grandchild = field.push("import ctypes\nprint(12)\n", parent, "late")
    fields.cli(field, "release", "ada")
    assert field.judge(parent).outcome == Scored(9.0)
    assert field.judge(grandchild).outcome == Scored(12.0)
    found = field.judge(other)
    assert [f.rule for f in found.findings] == ["ends-process"]
    assert isinstance(found.outcome, Quarantined)


def test_a_branch_at_a_released_individual_leaves_it_when_that_is_undone(fields: Fields) -> None:
    from evogit.strategies.common import standing

    field = fields.make()
    commit = field.push(CHEAT)
    fields.cli(field, "eval", "ada")
    fields.cli(field, "release", "ada")
    fields.cli(field, "eval", "ada")
    phylogeny = field.phylogeny()
    assert standing(phylogeny, "ada") == phylogeny.index(commit)
    fields.cli(field, "undo")
    phylogeny.refresh()
    assert standing(phylogeny, "ada") == 0
    assert phylogeny.quarantine.holds(phylogeny.index(commit))


@pytest.mark.parametrize("reopen", [False, True])
def test_a_cache_follows_release_and_undo(fields: Fields, reopen: bool) -> None:
    field = fields.make(PLAUSIBLE)
    commit = field.push("print(11)\n")
    field.judge(commit)
    kept = field.phylogeny()
    for verb, score in (("release", 11.0), ("undo", None), ("redo", 11.0)):
        fields.cli(field, verb, *(["ada"] if verb == "release" else []))
        if reopen:
            kept.save()
            kept = field.phylogeny()
        kept.refresh()
        assert kept.score(kept.index(commit)) == score


def test_every_rule_is_explained_in_the_documentation() -> None:
    from pathlib import Path

    page = (Path(__file__).parents[3] / "docs" / "quarantine.md").read_text()
    assert [rule for rule in RULES if f"`{rule}`" not in page] == []
