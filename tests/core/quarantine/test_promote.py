"""What is promoted is judged once more, cold, and has to keep its score; what is held is refused."""

from __future__ import annotations

import typing

import pygit2

from evogit.judge import judge as judging
from evogit.judge.stages import Bench

if typing.TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.core.quarantine.conftest import Fields

    from evogit.outcome import Outcome


def branches(root: Path) -> list[str]:
    return sorted(pygit2.Repository(str(root)).branches.local)


def test_an_honest_individual_is_promoted(fields: Fields) -> None:
    field = fields.make()
    field.judge(field.push("print(2)\n"))
    done = fields.cli(field, "promote", "ada", "--to", "take", "--yes")
    assert done.status == 0, done.err
    assert branches(field.root) == ["main", "take"]


def test_a_score_that_does_not_come_back_is_refused(fields: Fields) -> None:
    field = fields.make()
    field.judge(field.swarm.base)
    field.believe({field.push("print(2)\n"): 5.0})
    done = fields.cli(field, "promote", "ada", "--to", "take", "--yes")
    assert done.status == 4
    assert "scores 2" in done.err
    assert "5 on record" in done.err
    assert branches(field.root) == ["main"]
    done = fields.cli(field, "promote", "ada", "--to", "take", "--yes", "--skip-evaluation")
    assert done.status == 0, done.err


def test_noise_is_allowed_for(fields: Fields) -> None:
    field = fields.make()
    field.judge(field.swarm.base)
    base, better = field.swarm.base, field.push("print(2)\n")
    field.believe({base: 1.0, better: 2.2})
    field.believe_repeat(base, 1.1)
    done = fields.cli(field, "promote", "ada", "--to", "take", "--yes")
    assert done.status == 0, done.err


def test_what_fails_when_it_is_judged_once_more_is_refused(fields: Fields) -> None:
    field = fields.make()
    field.judge(field.swarm.base)
    field.believe({field.push("raise SystemExit(3)\n"): 5.0})
    done = fields.cli(field, "promote", "ada", "--to", "take", "--yes")
    assert done.status == 4
    assert "crashed" in done.err


def test_a_released_individual_can_be_promoted(fields: Fields) -> None:
    field = fields.make()
    field.push("import ctypes\nprint(9)\n")
    fields.cli(field, "eval", "ada")
    assert fields.cli(field, "promote", "ada", "--to", "take", "--yes").status == 4
    fields.cli(field, "release", "ada")
    fields.cli(field, "eval", "ada")
    done = fields.cli(field, "promote", "ada", "--to", "take", "--yes")
    assert done.status == 0, done.err


def test_judging_again_runs_in_a_new_folder_and_not_from_a_warm_server(
    fields: Fields, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, str]] = []
    real = judging.run_stage

    def watched(stage: typing.Any, bench: Bench) -> Outcome:
        seen.append((stage.warm, str(bench.candidate)))
        return real(stage, bench)

    monkeypatch.setattr(judging, "run_stage", watched)
    field = fields.make()
    field.judge(field.push("print(2)\n"))
    fields.cli(field, "promote", "ada", "--to", "take", "--yes")
    (warm, first), (cold, second) = seen
    assert (warm, cold) == (True, False)
    assert first != second
    assert not [p for p in field.swarm.private.glob("workspaces/*") if p.name.endswith("-again")]
