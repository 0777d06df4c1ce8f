"""A tiny swarm whose program prints a number and whose scorer reads it, judged in a real sandbox."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pygit2
import pytest

from evogit.config.model import (
    Evaluate,
    EvaluatorFiles,
    Gate,
    Limits,
    Quarantine,
    Search,
    Settings,
    Stage,
)
from evogit.config.models import LanguageModel
from evogit.environment import prepare
from evogit.git.trees import Change
from evogit.ids import CommitId
from evogit.judge.judge import Judge, Task
from evogit.outcome import Outcome
from evogit.quarantine.finding import RULES
from evogit.sandbox.base import Sandbox
from evogit.sandbox.choose import choose
from evogit.sandbox.warm import WarmSandbox
from evogit.source import find_source
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile

RUN = "import runpy\nrunpy.run_path('program.py')\n"
SCORE = """
import json, sys
print(json.dumps({"score": float(sys.stdin.read())}))
"""
UNSCANNED = Quarantine(off=tuple(RULES))
"""What the judge does to cheats is told without the scan, which would hold them unseen."""
LIMITS = Limits(wall=3, cpu=3, memory=256 * 2**20, processes=16, output=2**16, disk=2**22)


def user_repository(folder: Path, files: dict[str, str]) -> Path:
    handle = pygit2.init_repository(str(folder), initial_head="main")
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    handle.index.add_all()
    handle.index.write()
    who = pygit2.Signature("Someone", "someone@example.org", 1_700_000_000, 0)
    handle.create_commit("refs/heads/main", who, who, "start\n", handle.index.write_tree(), [])
    return folder


def stage(**changes: object) -> Stage:
    found = Stage(run=("python", "/eval/run.py"), score=("python", "/eval/score.py"), limits=LIMITS)
    return found.model_copy(update=changes)


class Court:
    """Makes judges for one small repository; every individual is a set of changed files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sandboxes: list[Sandbox] = []

    def judge(
        self,
        *,
        run: str = RUN,
        score: str = SCORE,
        stages: tuple[Stage, ...] = (stage(),),
        gates: tuple[Gate, ...] = (),
        protected: tuple[str, ...] = ("check.py",),
        plausible: tuple[float, float] | None = None,
        holdout: Stage | None = None,
        base: dict[str, str] | None = None,
        quarantine: Quarantine = UNSCANNED,
        sandbox: Sandbox | None = None,
        models: tuple[LanguageModel, ...] = (),
    ) -> Judge:
        files = EvaluatorFiles(run=("run.py",), score=("score.py",))
        evaluate = Evaluate(
            files=files, stages=stages, gates=gates, plausible=plausible, holdout=holdout
        )
        settings = Settings(
            evaluate=evaluate,
            search=Search(protected=protected),
            quarantine=quarantine,
            models=models,
        )
        files_of_base = {"program.py": "print(1)\n", "check.py": "import program\n", **(base or {})}
        source = user_repository(self._folder / "user", files_of_base)
        found = find_source(source)
        pinned = {
            "run/run.py": PinnedFile(run.encode()),
            "score/score.py": PinnedFile(score.encode()),
        }
        self.swarm: Swarm = create_swarm(
            found.swarm, found, found.resolve("HEAD"), settings, pinned, author="me"
        )
        runtime = prepare(
            settings.environment,
            source,
            self._folder / "cache",
            default_python=Path(sys.executable),
            lock_contents={},
        )
        if sandbox is None:
            chosen = choose("auto", runtime, image=None, allow_unsafe=False)
            sandbox = WarmSandbox(chosen, runtime)
            self._sandboxes.append(sandbox)
        private = self.swarm.private
        return Judge(
            self.swarm.git,
            self.swarm.spec(),
            self.swarm.base,
            sandbox,
            runtime.digest,
            folder=private / "workspaces",
            evaluators=private / "evaluators",
            slots=2,
        )

    def individual(self, files: dict[str, str | None]) -> CommitId:
        git = self.swarm.git
        changes = {
            path: None if text is None else Change(git.write_blob(text.encode()))
            for path, text in files.items()
        }
        tree = git.change_tree(git.commit(self.swarm.base).tree, changes)
        return git.write_commit(tree, [self.swarm.base], "x\n", author="a1", time=1)

    def outcome(
        self,
        judge: Judge,
        files: dict[str, str | None],
        purpose: str = "search",
        *,
        released: bool = False,
    ) -> Outcome:
        commit = self.individual(files)
        tree = self.swarm.git.commit(commit).tree
        return judge.evaluate(Task(commit, tree, 0, purpose, released=released)).outcome

    def close(self) -> None:
        for sandbox in self._sandboxes:
            sandbox.close()


@pytest.fixture
def court(tmp_path: Path) -> Generator[Court]:
    made = Court(tmp_path)
    yield made
    made.close()
