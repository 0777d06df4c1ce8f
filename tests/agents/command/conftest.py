"""Small tools as real programs, and what a worker gives an agent that runs one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from textwrap import dedent

import pytest

from evogit.config.load import parse
from evogit.config.model import Settings
from evogit.ids import CommitId, TreeId
from evogit.proposals import Agent, Genome, Setup, Task
from evogit.redact import PLAIN
from evogit.sandbox.base import Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit_agents.command import command

FILES: Mapping[str, str] = {
    "program.py": "def value(x):\n    return x + 1\n",
    "tests/check.py": "assert True\n",
    "README.md": "a program\n",
}
SETTINGS = """
[goal]
text = "make value large"
[evaluate]
stages = [{ name = "main", run = ["python", "run.py"], score = ["python", "/eval/score.py"] }]
[search]
editable = ["**/*.py"]
protected = ["tests/**"]
"""
BUDGET = "[budget]\nstep_tokens = 10000\nstep_cost_usd = 0.5\n"
RECORD = """
summary = "a tool of a test"
program = "fake-agent"
install = "it is part of the tests"
argv = ["--task", "{prompt_file}", ["--model", "{model}"], ["--budget", "{cost}"], ["--url", "{base_url}"], "{files}"]
network = false
"""


def genome(files: Mapping[str, str | bytes] = FILES, score: float | None = 1.5) -> Genome:
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return Genome(CommitId("c" * 40), TreeId("t" * 40), tuple(data), data.__getitem__, score)


def task(settings: Settings, parent: Genome | None = None, **more: object) -> Task:
    given: dict[str, object] = {
        "operator": "mutate",
        "parents": [parent or genome()],
        "inspirations": [],
        "search": settings.search,
        "goal": settings.goal.text,
        "feedback": [],
        "random": Random(1),
        **more,
    }
    return Task(**given)  # pyright: ignore[reportArgumentType]


class Shop:
    """Makes fake tools, their records, and agents that run them."""

    def __init__(self, folder: Path, sandbox: Sandbox, runtime: Runtime) -> None:
        self.folder = folder
        self.stop = threading.Event()
        self.environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder / "user")}
        self._sandbox = sandbox
        self._runtime = runtime
        (folder / "bin").mkdir()
        (folder / "own" / "agents").mkdir(parents=True)

    def tool(self, body: str, record: str = "") -> None:
        """Install ``fake-agent``, a Python program, with a record of more lines than the usual."""
        path = self.folder / "bin" / "fake-agent"
        start = f"#!{sys.executable}\nimport os, sys, time\nfrom pathlib import Path\n"
        asked = 'if "--version" in sys.argv:\n    print("fake-agent 1.2.3")\n    sys.exit()\n'
        path.write_text(start + asked + dedent(body))
        path.chmod(0o755)
        self.record("fake", RECORD + record)

    def record(self, name: str, text: str) -> None:
        (self.folder / "own" / "agents" / f"{name}.toml").write_text(text)

    def setup(self, argument: str = "fake", settings: str = SETTINGS + BUDGET) -> Setup:
        return Setup(
            argument=argument,
            settings=parse(settings),
            environment=self.environment,
            redactor=PLAIN,
            folder=self.folder / "private",
            own=self.folder / "own",
            stop=self.stop,
            sandbox=self._sandbox,
            runtime=self._runtime,
        )

    def agent(self, argument: str = "fake", settings: str = SETTINGS + BUDGET) -> Agent:
        return command(self.setup(argument, settings))()


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    return Runtime(Path(sys.executable))


@pytest.fixture(scope="session")
def sandbox(runtime: Runtime) -> Iterator[Sandbox]:
    made = BubblewrapSandbox(runtime)
    probe = made.probe()
    if not probe.works:
        pytest.skip(f"bubblewrap does not work here: {probe.reason}")
    yield made
    made.close()


@pytest.fixture
def shop(tmp_path: Path, sandbox: Sandbox, runtime: Runtime) -> Shop:
    return Shop(tmp_path, sandbox, runtime)


@pytest.fixture
def propose(shop: Shop) -> Callable[..., object]:
    """What an agent with this tool answers to the usual task."""

    def run(body: str, record: str = "", **more: object) -> object:
        shop.tool(body, record)
        return shop.agent().propose(task(shop.setup().settings, **more))  # pyright: ignore[reportArgumentType]

    return run
