"""A recorded swarm of model agents, made again without the model."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evogit.evolve.allowance import Flags
from evogit.evolve.assembly import evolve
from evogit.ids import JOURNALS
from evogit.records import Attempt
from evogit.swarm.journal import Journal, entries
from evogit.swarm.repository import Swarm
from evogit_agents.models import live

pytestmark = pytest.mark.slow

EVOGIT = str(Path(sys.executable).with_name("evogit"))
SETTINGS = """
[evaluate]
stages = [{{ name = "main", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }}]
[evaluate.files]
run = ["run.py"]
score = ["score.py"]
[search]
strategy = "evogit"
ahead = {ahead}
editable = ["x.py"]
agents = ["llm", "genetic"]
"""


def _load(name: str) -> Any:
    path = Path(__file__).parent.parent / "models" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"evogit_replay_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _say(server: Any, asked: Any) -> Any:
    """Another program each time; sometimes none, sometimes with what only bytes can hold."""
    number = asked.number
    if number % 7 == 3:
        return server.answer("I would rather talk about it.")
    if number % 11 == 5:
        return server.error(500, "oops")
    end = "\r\n" if number % 5 == 2 else "\n"
    lines = [f"x = {number}", f"y = [{number}, x]  # \x1b[31m" if number % 4 else "y = 2", ""]
    return server.answer(f"Now better.\n```python\n{end.join(lines)}```\n")


@pytest.fixture(scope="module", params=[0, 2], ids=["step by step", "ahead"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's repository whose swarm was evolved by three agents, two of them with a model."""
    server, kit = _load("server"), _load("test_whole_run")
    folder = tmp_path_factory.mktemp("replay")
    with live.allowed(), server.Server(partial(_say, server)) as mock:
        swarm = kit.make_swarm(
            folder / "user", SETTINGS.format(ahead=request.param) + kit.table("mock", mock.url)
        )
        # The genetic agent is so much faster that it comes when the others have begun.
        for agents, evaluations in ((), 15), (("genetic",), 40):
            plan = kit.plan(
                folder, ("llm:mock", "llm:mock", *agents), Flags(evaluations=evaluations)
            )
            evolve(swarm, plan, lambda _: None, threading.Event())
        assert len(mock.asked) >= 5
    return folder / "user"


def _replay(user: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [EVOGIT, "-C", str(user), "replay", "--json", *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def _swarm(user: Path) -> Swarm:
    return Swarm(user / ".git" / "evogit" / "swarm.git")


def test_every_tree_comes_out_the_same_without_a_model(recorded: Path) -> None:
    before = _swarm(recorded).git.refs_under("refs/")
    status, found = _replay(recorded)
    wrong = [one for one in found["attempts"] if one["verdict"] == "different"]
    assert (status, wrong) == (0, [])
    assert found["same"] >= 5  # how many come from a model is a race with the genetic agent
    errors = [one for one in found["attempts"] if one["verdict"] == "not replayable"]
    assert {one["why"] for one in errors} <= {
        "the model gave no answer",
        "its tree is not recorded, since its syntax was known",
    }
    assert _swarm(recorded).git.refs_under("refs/") == before


def test_an_agent_that_never_made_an_attempt_is_refused_with_the_known_names(
    recorded: Path,
) -> None:
    status, found = _replay(recorded, "a1", "NOSUCH")
    assert status == 3
    assert found["error"]["message"] == "no agent 'NOSUCH' ever made an attempt here"
    assert found["error"]["hint"].startswith("these did: a1, a2")


def test_an_answer_that_was_changed_since_is_found(recorded: Path) -> None:
    swarm = _swarm(recorded)
    ref = next(ref for ref in swarm.git.refs_under(JOURNALS) if ref.endswith("w1"))
    tip = swarm.git.ref(ref)
    assert tip is not None
    made = next(
        entry
        for entry in entries(swarm.git, tip)
        if isinstance(entry.record, Attempt) and entry.record.model and entry.record.offspring
    )
    record = made.record
    assert isinstance(record, Attempt)
    journal = Journal(swarm.git, "w9")
    forged = b"```python\nx = 'forged'\n```\n"
    kept = swarm.git.files(swarm.git.commit(made.id).tree)
    artefacts = {name: swarm.git.read_blob(entry.blob) for name, entry in kept.items()}
    journal.append(
        record,
        subject="forged",
        keep=(record.offspring,) if record.offspring else (),
        artefacts={
            name: forged if name.startswith("response") else data
            for name, data in artefacts.items()
        },
    ).result()
    journal.close()
    status, found = _replay(recorded)
    assert status == 1
    assert found["different"] == 1
