"""A user's repository, and a swarm made from it, with nothing of this machine's configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2
import pytest

from evogit.config.load import parse
from evogit.git.trees import Change
from evogit.ids import HEADS, CommitId
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Evaluation
from evogit.source import find_source
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile

SETTINGS = """
[goal]
text = "make x large"
[evaluate]
stages = [{ name = "main", run = ["python", "run.py"], score = ["python", "/eval/score.py"] }]
[evaluate.files]
score = ["score.py"]
"""
FILES: Mapping[str, str] = {
    "pkg/x.py": "x = 0\n",
    "pkg/ü name.py": "# first\n\n\n# last\n",
    "run.py": "print(0)\n",
}

UserRepository = Callable[..., Path]


@dataclass(frozen=True)
class Garden:
    """A swarm with its user's repository, and the means to let something grow in it."""

    root: Path
    swarm: Swarm

    def phylogeny(self) -> Phylogeny:
        """A fresh index."""
        evaluator = self.swarm.spec().evaluator
        return Phylogeny(self.swarm.git, evaluator=evaluator, environment="", maximize=True)

    def grow(
        self,
        agent: str,
        files: Mapping[str, str],
        parent: CommitId | None = None,
        subject: str = "",
        operator: str = "mutate",
    ) -> CommitId:
        """One offspring with these files changed; the agent's branch moves to it."""
        git = self.swarm.git
        ref = HEADS + agent
        old = git.ref(ref)
        before = git.commit(parent or old or self.swarm.base)
        changes = {name: Change(git.write_blob(text.encode())) for name, text in files.items()}
        made = Provenance(agent=agent, operator=operator, step=1)
        commit = git.write_commit(
            git.change_tree(before.tree, changes),
            [before.id],
            compose(subject or f"change {', '.join(files)}", "", made),
            author=agent,
            time=before.time + 1,
        )
        git.move_ref(ref, old=old, new=commit)
        return commit

    def judge(self, commit: CommitId, scores: Sequence[float], purpose: str = "search") -> None:
        """Write a verdict and further repeats of it into a journal."""
        git, spec = self.swarm.git, self.swarm.spec()
        tree, journal = git.commit(commit).tree, Journal(git, "w1")
        for seed, score in enumerate(scores):
            what, found = "repeat" if seed else purpose, Scored(score)
            record = Evaluation(
                commit, tree, spec.evaluator, "", seed, found, purpose=what, time=float(seed)
            )
            journal.append(record, subject="evaluate", keep=(commit,)).result()
        journal.close()


@pytest.fixture(autouse=True)
def _blank_git_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name, folder in (("CONFIG", ".config"), ("CACHE", ".cache"), ("STATE", ".state")):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / folder))


@pytest.fixture
def user_repository(tmp_path: Path) -> UserRepository:
    """Makes a user's repository with one commit: ``user_repository(name="project", files=FILES)``."""

    def make(name: str = "project", files: Mapping[str, str] = FILES) -> Path:
        return make_user_repository(tmp_path / name, files)

    return make


def make_user_repository(root: Path, files: Mapping[str, str] = FILES) -> Path:
    """A repository at ``root`` with one commit by Ada on ``main``; returns ``root``."""
    repository = pygit2.init_repository(str(root), initial_head="main")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    repository.config["user.name"] = "Ada Lovelace"
    repository.config["user.email"] = "ada@example.org"
    repository.index.add_all()
    repository.index.write()
    who = pygit2.Signature("Ada Lovelace", "ada@example.org", 1_700_000_000, 0)
    repository.create_commit("HEAD", who, who, "start\n", repository.index.write_tree(), [])
    return root


@pytest.fixture
def garden(user_repository: UserRepository) -> Garden:
    """A swarm of the base alone, made by ``create_swarm`` from a user's repository."""
    return make_garden(user_repository())


def make_garden(root: Path, settings: str = SETTINGS) -> Garden:
    """The swarm of the repository at ``root``."""
    source = find_source(root)
    files = {"score/score.py": PinnedFile(b"print(1)")}
    base = source.resolve("HEAD")
    swarm = create_swarm(source.swarm, source, base, parse(settings), files, author="ada")
    return Garden(root, swarm)
