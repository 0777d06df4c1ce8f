"""A small swarm with known ids to look at, and an in-process command line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2
import pytest

from evogit.cli.main import main
from evogit.config.load import parse
from evogit.git.trees import Change
from evogit.ids import HEADS, CommitId
from evogit.outcome import Failed, Outcome, Scored
from evogit.records import Attempt, Evaluation
from evogit.source import find_source
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile

SETTINGS = """
[goal]
text = "Make x large"
[evaluate]
stages = [{ name = "main", run = ["python", "run.py"], score = ["python", "/eval/score.py"] }]
[evaluate.files]
score = ["score.py"]
[[evaluate.gates]]
name = "tests"
command = ["true"]
[budget]
evaluations = 100
"""
SCORE = """
import json, sys
print(json.dumps({"score": float(sys.stdin.read())}))
"""


@dataclass(frozen=True)
class Result:
    """How one invocation ended."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output as one JSON object."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Result]


@dataclass(frozen=True)
class World:
    """A user's repository with a swarm of five individuals besides the base.

    ::

        base --- a1 x=1 --- x=3 (tip a1, best)     a failed offspring of base, only in the journal
            `--- a2 x=2 (tip a2) ---- merge of a1's x=1 and a2 (tip a3), not judged
    """

    root: Path
    swarm: Swarm
    ids: dict[str, CommitId]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("EVOGIT", "GIT_", "XDG_")) or name in {"NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EVOGIT_USER", "ada")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""

    def run(*arguments: str | Path) -> Result:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Result(status, out, err)

    return run


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("template") / "project")


@pytest.fixture
def world(_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A copy of the small swarm; the current folder is the user's repository."""
    root = tmp_path / "project"
    shutil.copytree(_template.root, root)
    swarm = Swarm(find_source(root).swarm)
    swarm.configure("evogit.source", str(root))
    monkeypatch.chdir(root)
    return World(root, swarm, _template.ids)


def make_world(root: Path) -> World:
    """Make the repository and its swarm at ``root``."""
    base = _user_repository(root)
    source = find_source(root)
    settings = parse(SETTINGS)
    files = {"score/score.py": PinnedFile(SCORE.encode())}
    swarm = create_swarm(source.swarm, source, base, settings, files, author="ada")
    builder = _Builder(swarm)
    one = builder.individual("one", "a1", 1, 1, [base], Scored(1.0, {"size": 10.0}))
    best = builder.individual("best", "a1", 2, 3, [one], Scored(3.0, {"size": 12.0}))
    two = builder.individual("two", "a2", 1, 2, [base], Scored(2.0))
    builder.individual("failed", "a2", 2, 9, [base], Failed("tests", "no \x1b[31mway"))
    merged = builder.individual("merged", "a3", 1, 5, [two, one], None)
    for agent, tip in (("a1", best), ("a2", two), ("a3", merged)):
        swarm.git.move_ref(HEADS + agent, old=None, new=tip)
    builder.journal.close()
    return World(root, swarm, {**builder.ids, "base": base})


def _user_repository(root: Path) -> CommitId:
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "x.py").write_text("x = 0\n")
    (root / "run.py").write_text("from pkg.x import x\n\nprint(x)\n")
    (root / "score.py").write_text(SCORE)
    (root / "evogit.toml").write_text(SETTINGS)
    repository = pygit2.init_repository(str(root), initial_head="main")
    repository.config["user.name"] = "Ada"
    repository.config["user.email"] = "ada@example.org"
    repository.index.add_all()
    repository.index.write()
    who = pygit2.Signature("Ada", "ada@example.org", 1_700_000_000, 0)
    tree = repository.index.write_tree()
    return CommitId(str(repository.create_commit("HEAD", who, who, "start\n", tree, [])))


class _Builder:
    def __init__(self, swarm: Swarm) -> None:
        self.swarm = swarm
        self.journal = Journal(swarm.git, "w1")
        self.ids: dict[str, CommitId] = {}
        self._evaluator = swarm.spec().evaluator

    def individual(
        self,
        name: str,
        agent: str,
        step: int,
        x: int,
        parents: list[CommitId],
        outcome: Outcome | None,
    ) -> CommitId:
        git = self.swarm.git
        parent = git.commit(parents[0])
        change = Change(git.write_blob(f"x = {x}\n".encode()))
        tree = git.change_tree(parent.tree, {"pkg/x.py": change})
        operator = "merge" if len(parents) > 1 else "mutate"
        made = Provenance(agent=agent, operator=operator, step=step)
        message = compose(f"set x to {x}", "", made)
        commit = git.write_commit(tree, parents, message, author=agent, time=parent.time + step)
        when = 1_700_000_000.0 + 10 * len(self.ids)
        self.journal.append(
            Attempt(agent, operator, step, tuple(parents), offspring=commit, time=when),
            keep=[commit],
            artefacts={"prompt": b"make x \x1b]52;c;aGk=\x07larger\n"},
        ).result(10)
        if outcome is not None:
            self.journal.append(
                Evaluation(commit, tree, self._evaluator, "", 0, outcome, agent=agent, time=when),
                keep=[commit],
            ).result(10)
        self.ids[name] = commit
        return commit
