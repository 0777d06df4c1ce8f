"""Hosts that change the spec, one after the other or at the same time, end with one spec."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from tests.core.sync.conftest import Clone, Pair

from evogit.cli.main import main
from evogit.config.load import parse
from evogit.config.model import Budget, Goal, Settings
from evogit.ids import SPEC_REF, CommitId
from evogit.swarm.spec import PinnedFile, read_spec, spec_versions, write_spec
from evogit.swarm.spec_join import join_specs
from evogit.sync.clone import clone_swarm


def _write(clone: Clone, settings: Settings, time: int, score: bytes = b"print(1)") -> CommitId:
    git = clone.swarm.git
    return write_spec(
        git,
        settings,
        base=git.commit(clone.swarm.base).tree,
        files={"score/score.py": PinnedFile(score)},
        author="ada",
        time=time,
        subject=f"at {time}",
    ).commit


def _goal(clone: Clone, text: str, time: int) -> CommitId:
    settings = clone.swarm.spec().settings
    return _write(clone, settings.model_copy(update={"goal": Goal(text=text)}), time)


def _budget(clone: Clone, evaluations: int, time: int) -> CommitId:
    settings = clone.swarm.spec().settings
    changed = settings.model_copy(update={"budget": Budget(evaluations=evaluations)})
    return _write(clone, changed, time)


def _run(clone: Clone, command: str, time: int, score: bytes = b"print(1)") -> CommitId:
    text = f"""
    [evaluate]
    stages = [{{ name = "main", run = ["{command}"], score = ["python", "/eval/score.py"] }}]
    [evaluate.files]
    score = ["score.py"]
    """
    return _write(clone, parse(text), time, score)


def _one_spec(*clones: Clone) -> Settings:
    """What every clone says once all of them exchanged often enough for news to get around."""
    for clone in (*clones, *clones):
        assert clone.sync().problems == ()
    assert len({clone.swarm.git.ref(SPEC_REF) for clone in clones}) == 1
    return clones[0].swarm.spec().settings


def test_a_newer_spec_is_followed_and_says_what_it_changes(pair: Pair) -> None:
    newer = _goal(pair.one, "use fewer bins", 1)
    pair.one.sync()
    assert "changed by another host: goal" in " ".join(pair.two.sync().news)
    assert pair.two.swarm.git.ref(SPEC_REF) == newer
    assert pair.two.sync().news == ()


def test_what_another_host_changed_is_told_with_the_old_value_and_the_new(pair: Pair) -> None:
    _budget(pair.one, 5, 1)
    _goal(pair.one, "spend it all", 2)
    pair.one.sync()
    said = " ".join(pair.two.sync().news)
    assert "goal '' -> 'spend it all'" in said
    _budget(pair.one, 500_000, 3)
    pair.one.sync()
    _goal(pair.two, "as it was", 4)
    assert "budget.evaluations 5 -> 500000" in " ".join(pair.two.sync().news)


@pytest.mark.parametrize(("here", "there", "wins"), [(5, 9, "there"), (9, 5, "here")])
def test_of_two_goals_set_at_the_same_time_the_later_one_counts_on_both_hosts(
    pair: Pair, here: int, there: int, wins: str
) -> None:
    versions = _goal(pair.one, "here", here), _goal(pair.two, "there", there)
    pair.one.sync()
    whose = "theirs" if wins == "here" else "ours"
    assert f"{whose} is newer and counts for goal" in " ".join(pair.two.sync().news)
    assert _one_spec(pair.one, pair.two).goal.text == wins
    for clone in (pair.one, pair.two):
        assert set(versions) <= set(spec_versions(clone.swarm.git))


def test_changes_of_different_settings_hold_both(pair: Pair) -> None:
    _goal(pair.one, "use fewer bins", 9)
    _budget(pair.two, 500, 5)
    joined = _one_spec(pair.one, pair.two)
    assert (joined.goal.text, joined.budget.evaluations) == ("use fewer bins", 500)


def test_what_was_written_last_counts_even_if_that_host_changed_something_else_before(
    pair: Pair,
) -> None:
    _goal(pair.one, "early", 1)
    _budget(pair.one, 500, 9)
    _goal(pair.two, "later", 5)
    joined = _one_spec(pair.one, pair.two)
    assert (joined.goal.text, joined.budget.evaluations) == ("later", 500)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_three_hosts_agree_in_whatever_order_they_exchange(
    pair: Pair, tmp_path: Path, order: tuple[int, ...]
) -> None:
    third = clone_swarm(str(pair.remote), tmp_path / "three", hostname="three")
    clones = [pair.one, pair.two, Clone(third, f"{third.host}-w1")]
    for time, clone in enumerate(clones):
        _goal(clone, f"goal {time}", time)
    _budget(clones[0], 500, 7)
    joined = _one_spec(*(clones[number] for number in order))
    assert (joined.goal.text, joined.budget.evaluations) == ("goal 2", 500)


def test_two_hosts_that_join_the_same_versions_write_the_same_commit(pair: Pair) -> None:
    one, two = _goal(pair.one, "here", 5), _budget(pair.two, 500, 9)
    pair.settle()
    first = join_specs(pair.one.swarm.git, one, two)
    assert join_specs(pair.two.swarm.git, two, one) == first
    assert pair.one.swarm.git.ref(SPEC_REF) == first.commit


def test_joining_joined_versions_ends(pair: Pair) -> None:
    git = pair.one.swarm.git
    one, two = _goal(pair.one, "here", 5), _goal(pair.two, "there", 9)
    pair.settle()
    again = [
        git.write_commit(git.commit(new).tree, [one, two], "spec: by hand\n", author="ada", time=10)
        for new in (one, two)
    ]
    joined = join_specs(git, again[0], again[1])
    assert joined == join_specs(git, again[1], again[0])
    assert git.commit(joined.commit).tree in {git.commit(tip).tree for tip in again}


def test_judging_is_never_mixed_and_no_evaluation_is_lost(pair: Pair) -> None:
    mine = read_spec(pair.one.swarm.git, _run(pair.one, "./mine", 5)).evaluator
    pair.one.step("x = 1\n")
    theirs = read_spec(pair.two.swarm.git, _run(pair.two, "python", 9, b"print(2)")).evaluator
    pair.two.step("x = 2\n")
    _goal(pair.one, "said after that", 10)
    joined = _one_spec(pair.one, pair.two)
    assert (joined.evaluate.stages[0].run, joined.goal.text) == (("python",), "said after that")
    for clone in (pair.one, pair.two):
        assert clone.swarm.spec().evaluator == theirs != mine
        assert len(clone.view()[1]) == 1
    git = pair.two.swarm.git
    assert (
        f'"{mine}"'
        in git.commit(git.refs_under("refs/evogit/remotes/origin/journal/").popitem()[1]).message
    )


def test_settings_that_do_not_go_together_are_those_of_the_later_version(pair: Pair) -> None:
    model = '[[models]]\nname = "m"\nmodel = "m"\nclient = "scripted"\nanswers = ["a"]\n'
    stage = '[[evaluate.stages]]\nname = "main"\nrun = ["python", "run.py"]\n'
    judged = f'{stage}score = ["python", "/eval/score.py"]\n'
    asked = f'{stage}score = "pairwise"\nask = {{ model = "m" }}\n'
    _write(pair.one, parse(judged + model), 1)
    pair.settle()
    _write(pair.one, parse(judged), 5)
    _write(pair.two, parse(asked + model), 9)
    joined = _one_spec(pair.one, pair.two)
    assert joined == parse(asked + model)


def test_a_joined_spec_brings_no_command_that_was_not_agreed_to(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pair.two.swarm.path.parent)
    assert main(["trust", "--yes"]) == 0
    _goal(pair.two, "kept", 5)
    _run(pair.one, "./evil", 9)
    pair.one.sync()
    assert pair.two.sync().problems == ()
    assert pair.two.swarm.spec().settings.evaluate.stages[0].run == ("./evil",)
    capsys.readouterr()
    assert main(["trust", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trusted"] is False
    assert main(["run", "--max-evaluations", "1"]) != 0
    assert "not trusted" in capsys.readouterr().err


def test_consent_outlives_a_join_that_changes_no_command(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pair.two.swarm.path.parent)
    assert main(["trust", "--yes"]) == 0
    _goal(pair.two, "kept", 5)
    _budget(pair.one, 500, 9)
    _one_spec(pair.one, pair.two)
    capsys.readouterr()
    assert main(["trust", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trusted"] is True


def test_a_spec_of_another_history_is_not_joined(pair: Pair) -> None:
    git, ours = pair.two.swarm.git, _goal(pair.two, "ours", 5)
    stranger = pair.git("commit-tree", f"{git.commit(ours).parents[0]}^{{tree}}", "-m", "no parent")
    pair.git("update-ref", SPEC_REF, stranger)
    assert "no version in common" in " ".join(pair.two.sync().problems)
    assert git.ref(SPEC_REF) == ours


def test_a_spec_of_ours_that_can_not_be_read_is_replaced_by_a_newer_one_that_can(
    pair: Pair,
) -> None:
    git, good = pair.two.swarm.git, pair.two.swarm.git.ref(SPEC_REF)
    assert good is not None
    empty = git.write_commit(git.build_tree([]), [good], "spec: none\n", author="x", time=1)
    pair.git("fetch", "-q", str(pair.two.swarm.path), f"{SPEC_REF}:{SPEC_REF}")
    git.move_ref(SPEC_REF, old=good, new=empty)
    tree = git.commit(good).tree
    right = git.write_commit(tree, [empty], "spec: back\n", author="x", time=2)
    git.move_ref("refs/heads/by-hand", old=None, new=right)
    pair.git("fetch", "-q", str(pair.two.swarm.path), f"+refs/heads/by-hand:{SPEC_REF}")
    assert pair.two.sync().problems == ()
    assert pair.two.swarm.spec().commit == right


def test_the_history_lists_both_versions_of_a_join(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _goal(pair.one, "here", 5)
    _goal(pair.two, "there", 9)
    _one_spec(pair.one, pair.two)
    monkeypatch.chdir(pair.two.swarm.path.parent)
    assert main(["goal", "history", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["versions"]
    assert {"here", "there"} <= {version["goal"] for version in said}
    assert said[0]["subject"].startswith("joined ")
