"""A small swarm for tests of coding agents: one program, whose value is its score."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pygit2

from evogit.config.load import parse
from evogit.evolve.allowance import Flags
from evogit.evolve.assembly import Plan, evolve
from evogit.phylogeny.index import Phylogeny
from evogit.source import find_source
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile

SETTINGS = """
[goal]
text = "make value large"
[evaluate]
stages = [{ name = "main", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }]
[search]
editable = ["**/*.py"]
protected = ["tests/**"]
"""
_FILES = {"program.py": "def value(x):\n    return x + 1\n", "tests/check.py": "assert True\n"}
_RUN = "import sys\nsys.path.insert(0, '/candidate')\nfrom program import value\nprint(value(3))\n"
_SCORE = """
import json, sys
value = float(sys.stdin.read())
print(json.dumps({"score": min(value, 1e6)} if value == value else {"failed": "NaN"}))
"""


def make(folder: Path, more: str) -> Swarm:
    """A user's repository in ``folder`` and its swarm, with more settings."""
    user = folder / "user-repository"
    handle = pygit2.init_repository(str(user), initial_head="main")
    for path, text in _FILES.items():
        (user / path).parent.mkdir(exist_ok=True)
        (user / path).write_text(text)
        handle.index.add(path)
    handle.index.write()
    who = pygit2.Signature("Someone", "someone@example.org", 1_700_000_000, 0)
    handle.create_commit("refs/heads/main", who, who, "start\n", handle.index.write_tree(), [])
    source = find_source(user)
    pinned = {
        "run/run.py": PinnedFile(_RUN.encode()),
        "score/score.py": PinnedFile(_SCORE.encode()),
    }
    base = source.resolve("HEAD")
    return create_swarm(source.swarm, source, base, parse(SETTINGS + more), pinned, author="me")


def run(
    swarm: Swarm,
    folder: Path,
    kinds: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    agents: int,
    seconds: float = 200,
    evaluations: int | None = None,
) -> Phylogeny:
    """Evolve with agents of these kinds; what has evolved."""
    plan = Plan(
        agents=agents,
        flags=Flags(evaluations=evaluations, seconds=seconds),
        seed=7,
        slots=2,
        python=Path(sys.executable),
        root=folder,
        cache=folder / "cache",
        kinds=kinds,
        environment=environment,
        own=folder / "own",
    )
    evolve(swarm, plan, lambda event: None, threading.Event())
    digest = (swarm.private / "environment").read_text()
    found = Phylogeny(
        swarm.git, evaluator=swarm.spec().evaluator, environment=digest, maximize=True
    )
    found.refresh()
    return found
