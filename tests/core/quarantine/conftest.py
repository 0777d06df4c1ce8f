"""A repository of trees to scan, and a small swarm whose individuals really are judged."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2
import pytest

from evogit.cli.main import main
from evogit.config.model import Evaluate, Quarantine, Search, Settings, Stage
from evogit.evolve.allowance import Flags
from evogit.evolve.assembly import Plan, open_phylogeny
from evogit.evolve.once import judge_once
from evogit.git.repository import GitRepository
from evogit.git.trees import Change, Entry
from evogit.ids import HEADS, CommitId, TreeId
from evogit.initialise import init_repository
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.quarantine.finding import Finding
from evogit.quarantine.scan import Scanner
from evogit.records import Evaluation
from evogit.source import find_source
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm
from evogit.swarm.spec import Spec

Files = Mapping[str, str | bytes | None]

BASE: Files = {
    "solve.py": "import math\n\n\ndef solve(x):\n    return math.sqrt(x)\n",
    "helper.py": "import ctypes\nimport sys\n\nframe = sys._getframe()\n",
    "tests/test_solve.py": (
        "from solve import solve\n\n\ndef test_four():\n    assert solve(4) == 2\n\n\n"
        "def test_nine():\n    assert solve(9) == 3\n"
    ),
    "pyproject.toml": '[project]\nname = "x"\n\n[tool.pytest.ini_options]\naddopts = "-q"\n',
    "app.js": "export const one = 1;\n",
    "app.test.js": "test('one', () => { expect(one).toBe(1); });\n",
}
EVALUATOR: Files = {
    "score/score.py": "CASES = [(48611, 'north-east'), (104729, 'south-west'), (15485863, 'x')]\n"
}


class Lab:
    """Trees made of files, and what a scan of them finds."""

    def __init__(self, path: Path) -> None:
        pygit2.init_repository(str(path), bare=True)
        self.git = GitRepository(path)
        self.evaluator = self._build(EVALUATOR)

    def _build(self, files: Files) -> TreeId:
        return self.git.build_tree(
            (path, Entry(0o100644, self.git.write_blob(_bytes(data))))
            for path, data in files.items()
            if data is not None
        )

    def tree(self, changes: Files, base: Files = BASE) -> TreeId:
        """The base with some files changed, added or (``None``) deleted."""
        edits = {
            path: None if data is None else Change(self.git.write_blob(_bytes(data)))
            for path, data in changes.items()
        }
        return self.git.change_tree(self._build(base), edits)

    def scanner(
        self,
        base: Files = BASE,
        settings: Quarantine | None = None,
        protected: Sequence[str] = (),
    ) -> Scanner:
        evaluate = Evaluate(stages=(Stage(run=("true",), score=("true",)),))
        made = Settings(
            evaluate=evaluate,
            quarantine=settings or Quarantine(),
            search=Search(protected=tuple(protected)),
        )
        spec = Spec(CommitId("0" * 40), self.evaluator, made, self.evaluator)
        return Scanner(self.git, spec, self._build(base))

    def scan(
        self,
        changes: Files,
        *,
        base: Files = BASE,
        settings: Quarantine | None = None,
        accepted: Sequence[Files] = (),
        protected: Sequence[str] = (),
    ) -> tuple[Finding, ...]:
        trees = [self.tree(files, base) for files in accepted]
        return self.scanner(base, settings, protected).scan(self.tree(changes, base), trees)

    def held(self, changes: Files, base: Files = BASE) -> set[str]:
        """The rules that hold."""
        return {f.rule for f in self.scan(changes, base=base) if f.severity == "hold"}


def _bytes(data: str | bytes) -> bytes:
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab") / "lab.git")


CONFIG = """
[evaluate]
seed = 3
files = { run = ["run.py"], score = ["score.py"] }
[[evaluate.stages]]
run = ["python", "/eval/run.py"]
score = ["python", "/eval/score.py"]
[search]
editable = ["*.py"]
"""
RUN = "import runpy\nrunpy.run_path('program.py')\n"
SCORE = """
import json, os, sys
print(json.dumps({"score": float(sys.stdin.read()) + SEEDED * int(os.environ["EVOGIT_SEED"])}))
"""


@dataclass(frozen=True)
class Field:
    """A user's repository whose program prints its own score, and its swarm."""

    root: Path
    swarm: Swarm

    @property
    def plan(self) -> Plan:
        """How to judge here."""
        cache = self.root.parent / "cache"
        return Plan(1, Flags(), 0, 1, Path(sys.executable), self.root, cache)

    def phylogeny(self) -> Phylogeny:
        """A fresh index under the environment used last."""
        digest = (self.swarm.private / "environment").read_text()
        return open_phylogeny(self.swarm, self.swarm.spec(), digest)

    def push(self, text: str, parent: CommitId | None = None, branch: str = "ada") -> CommitId:
        """A human's commit that replaces the program; its branch moves to it."""
        git, ref = self.swarm.git, HEADS + branch
        before = git.commit(parent or self.swarm.base)
        tree = git.change_tree(before.tree, {"program.py": Change(git.write_blob(text.encode()))})
        commit = git.write_commit(
            tree, [before.id], f"{text[:20]!r}\n", author="ada", time=before.time + 1
        )
        git.move_ref(ref, old=git.ref(ref), new=commit)
        return commit

    def believe(self, scores: Mapping[CommitId, float]) -> None:
        """Put scores on record as a worker would have, without the time it takes to judge."""
        evaluator = self.swarm.spec().evaluator
        digest = (self.swarm.private / "environment").read_text()
        journal = Journal(self.swarm.git, "w9")
        for number, (commit, score) in enumerate(scores.items()):
            tree = self.swarm.git.commit(commit).tree
            when = time.time() + 3600 + number  # after what was judged here
            found = Evaluation(commit, tree, evaluator, digest, 3, Scored(score), time=when)
            journal.append(found, subject="believed", keep=(commit,)).result(10)
        journal.close()

    def believe_repeat(self, commit: CommitId, score: float) -> None:
        """Put a repeat on record, so that there is noise."""
        evaluator, tree = self.swarm.spec().evaluator, self.swarm.git.commit(commit).tree
        digest = (self.swarm.private / "environment").read_text()
        journal = Journal(self.swarm.git, "w8")
        found = Evaluation(
            commit,
            tree,
            evaluator,
            digest,
            1,
            Scored(score),
            purpose="repeat",
            time=time.time() + 3600,
        )
        journal.append(found, subject="believed", keep=(commit,)).result(10)
        journal.close()

    def judge(self, commit: CommitId) -> Evaluation:
        """Judge an individual as ``evogit eval`` does."""
        return judge_once(self.swarm, self.plan, commit).evaluation


@dataclass(frozen=True)
class Result:
    """How one invocation of the command line ended."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, object]:
        """Standard output as one JSON object."""
        return json.loads(self.out)


class Fields:
    """Makes fields, and runs the command line in them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys

    def make(self, config: str = CONFIG, *, before: str = "", seeded: float = 0.0) -> Field:
        """A repository with a swarm.

        Args:
            config: its evogit.toml ...
            before: ... and what comes first in it.
            seeded: how much each unit of the seed adds to every score.
        """
        root = self._folder / "project"
        root.mkdir()
        handle = pygit2.init_repository(str(root), initial_head="main")
        (root / "program.py").write_text("print(1)\n")
        (root / "run.py").write_text(RUN)
        (root / "score.py").write_text(SCORE.replace("SEEDED", str(seeded)))
        (root / "evogit.toml").write_text(before + config)
        handle.index.add_all()
        handle.index.write()
        who = pygit2.Signature("Ada", "ada@example.org", 1_700_000_000, 0)
        handle.create_commit("refs/heads/main", who, who, "start\n", handle.index.write_tree(), [])
        handle.config["user.name"] = "Ada"
        handle.config["user.email"] = "ada@example.org"
        swarm = init_repository(find_source(root), root / "evogit.toml", author="ada")
        return Field(root, swarm)

    def cli(self, field: Field, *arguments: str) -> Result:
        """Run the command line in this process."""
        self._capsys.readouterr()
        status = main(["-C", str(field.root), *arguments])
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err
        return Result(status, out, err)


@pytest.fixture
def fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Fields:
    for name in list(os.environ):
        if name.startswith("EVOGIT"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("EVOGIT_USER", "ada")
    monkeypatch.setenv("EVOGIT_TRUST", "1")
    return Fields(tmp_path, capsys)
