"""Two clones of one swarm and the bare repository between them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from evogit.config.load import parse
from evogit.git.trees import Change
from evogit.ids import HEADS, CommitId, TreeId
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Decision, Evaluation
from evogit.source import find_source
from evogit.swarm.identity import identities
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile
from evogit.sync.clone import clone_swarm
from evogit.sync.exchange import Synced, sync
from evogit.sync.remote import set_remote

SETTINGS = """
[evaluate]
stages = [{ name = "main", run = ["python", "run.py"], score = ["python", "/eval/score.py"] }]
[evaluate.files]
score = ["score.py"]
"""


_PEER = ("-c", "user.name=Mallory", "-c", "user.email=mallory@example.org")


@dataclass
class Clone:
    """One host's clone with a worker that records what it is told to."""

    swarm: Swarm
    worker: str
    steps: int = 0

    @property
    def agent(self) -> str:
        return f"{self.worker.rpartition('w')[0]}a1"

    @property
    def journal(self) -> str:
        return f"refs/evogit/journal/{self.worker}"

    def step(self, text: str, score: float = 1.0) -> CommitId:
        """One offspring of the agent's tip: written, journalled, judged, accepted."""
        git, ref = self.swarm.git, HEADS + self.agent
        self.steps += 1
        (identities(git) / self.worker).touch()
        old = git.ref(ref)
        parent = git.commit(old or self.swarm.base)
        tree = git.change_tree(parent.tree, {"pkg/x.py": Change(git.write_blob(text.encode()))})
        made = Provenance(agent=self.agent, operator="mutate", step=self.steps)
        message = compose(text, "", made)
        commit = git.write_commit(tree, [parent.id], message, author=self.agent, time=self.steps)
        attempt = Attempt(self.agent, "mutate", self.steps, (parent.id,), offspring=commit)
        evaluation = Evaluation(
            commit, tree, self.swarm.spec().evaluator, "", 0, Scored(score), agent=self.agent
        )
        journal = Journal(git, self.worker)
        journal.append(attempt, keep=(commit,))
        journal.append(evaluation, keep=(commit,)).result()
        journal.close()
        git.move_ref(ref, old=old, new=commit)
        return commit

    def decide(self, by: str, commit: CommitId) -> None:
        """A human of this clone pins an individual."""
        (identities(self.swarm.git) / by).touch()
        journal = Journal(self.swarm.git, by)
        journal.append(Decision("pin", by, (commit,)), keep=(commit,)).result()
        journal.close()

    def view(self) -> tuple[set[str], list[str], list[str]]:
        """Individuals, scored trees and decisions, as ids."""
        found = Phylogeny(
            self.swarm.git,
            evaluator=TreeId(self.swarm.spec().evaluator),
            environment="",
            maximize=True,
        )
        return (
            {found.commit(i) for i in range(len(found))},
            sorted(f"{e.tree} {e.outcome}" for e in found.evaluations()),
            [entry for entry, _ in found.decisions],
        )

    def problems(self) -> list[str]:
        evaluator = self.swarm.spec().evaluator
        return Phylogeny(
            self.swarm.git, evaluator=evaluator, environment="", maximize=True
        ).problems

    def sync(self) -> Synced:
        return sync(self.swarm)


@dataclass
class Pair:
    """Two clones that know each other only by a URL."""

    one: Clone
    two: Clone
    remote: Path

    def git(self, *arguments: str, stdin: str = "") -> str:
        """What a hostile peer with push rights can do to the repository between them."""
        done = subprocess.run(
            ["git", *_PEER, f"--git-dir={self.remote}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def settle(self) -> None:
        """Both know everything."""
        for clone in (self.one, self.two, self.one):
            assert clone.sync().problems == ()


def make_swarm(root: Path, files: Mapping[str, str]) -> Swarm:
    import pygit2

    handle = pygit2.init_repository(str(root), initial_head="main")
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    handle.index.add_all()
    who = pygit2.Signature("Ada", "ada@example.org", 1_700_000_000, 0)
    handle.create_commit("HEAD", who, who, "start\n", handle.index.write_tree(), [])
    source = find_source(root)
    pinned = {"score/score.py": PinnedFile(b"print(1)")}
    return create_swarm(
        source.swarm, source, source.resolve("HEAD"), parse(SETTINGS), pinned, author="ada"
    )


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Clones ``one`` (made by init) and ``two``, in step, with a bare repository between them."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    swarm = make_swarm(tmp_path / "user", {"pkg/x.py": "x = 0\n", "run.py": "print(0)\n"})
    set_remote(swarm, str(remote))
    sync(swarm)
    other = clone_swarm(str(remote), tmp_path / "two", hostname="Host.Two")
    return Pair(Clone(swarm, "w1"), Clone(other, f"{other.host}-w1"), remote)
