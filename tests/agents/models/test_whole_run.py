"""Every way to misbehave at once: one worker, one ``llm`` agent for each, real git and sandbox."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygit2
import pytest

from evogit.config.load import parse
from evogit.evolve.allowance import Flags
from evogit.evolve.assembly import Plan, evolve
from evogit.evolve.events import Event
from evogit.evolve.worker import Summary
from evogit.phylogeny.index import Phylogeny
from evogit.source import find_source
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile
from evogit_agents.models import live

if TYPE_CHECKING:
    from server import Server

pytestmark = pytest.mark.slow

ENDLESS = {"hang", "drip", "huge without a length", "JSON without end"}
CAP = 1.0
AT_LEAST, AT_MOST = 8.0, 90.0
SETTINGS = """
[evaluate]
stages = [{{ name = "main", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }}]
[evaluate.files]
run = ["run.py"]
score = ["score.py"]
[search]
strategy = "hill-climb"
editable = ["x.py"]
protected = ["run.py", "score.py"]
[budget]
cost_usd = {cap}
"""
RUN = "import sys\nsys.path.insert(0, '/candidate')\nimport x\nprint(getattr(x, 'x', 0))\n"
SCORE = "import json, sys\nprint(json.dumps({'score': float(len(sys.stdin.read()))}))\n"
FILES = {"x.py": "x = 0\n", "run.py": RUN, "score.py": SCORE}


class Run:
    """Ends a run once every agent has tried something and some seconds are over."""

    def __init__(self, waiting: set[str]) -> None:
        self.events: list[Event] = []
        self.stop = threading.Event()
        self._waiting = waiting
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def hear(self, event: Event) -> None:
        """Listens to the worker."""
        with self._lock:
            self.events.append(event)
            if event.kind in {"attempted", "evaluated"}:
                self._waiting.discard(event.agent)
            if not self._waiting and time.monotonic() - self._started > AT_LEAST:
                self.stop.set()


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    swarm: Swarm
    summary: Summary
    events: list[Event]
    servers: dict[str, Server]
    agents: dict[str, str]

    def phylogeny(self) -> Phylogeny:
        """A fresh index."""
        evaluator = self.swarm.spec().evaluator
        return Phylogeny(self.swarm.git, evaluator=evaluator, environment="", maximize=True)


def slug(behaviour: str) -> str:
    """A behaviour's name as a model's."""
    return re.sub(r"[^a-z0-9]+", "-", behaviour.lower()).strip("-")


def make_swarm(folder: Path, settings: str) -> Swarm:
    """A swarm of a one-line program."""
    handle = pygit2.init_repository(str(folder), initial_head="main")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    handle.index.add_all()
    handle.index.write()
    who = pygit2.Signature("Someone", "someone@example.org", 1_700_000_000, 0)
    handle.create_commit("refs/heads/main", who, who, "start\n", handle.index.write_tree(), [])
    source = find_source(folder)
    pinned = {
        f"{name.partition('.')[0]}/{name}": PinnedFile(FILES[name].encode())
        for name in ("run.py", "score.py")
    }
    base = source.resolve("HEAD")
    return create_swarm(source.swarm, source, base, parse(settings), pinned, author="ada")


def table(name: str, url: str, more: str = "") -> str:
    """The ``[[models]]`` table of a server."""
    return (
        f'[[models]]\nname = "{name}"\nmodel = "openai/mock"\nclient = "http"\n'
        f'base_url = "{url}"\nprice = [1, 10]\ncontext = 4096\nmax_tokens = 256\ntimeout = 2\n{more}\n'
    )


def plan(folder: Path, kinds: tuple[str, ...], flags: Flags) -> Plan:
    """One worker with an agent of each kind."""
    return Plan(
        agents=len(kinds),
        flags=flags,
        seed=1,
        slots=2,
        python=Path(sys.executable),
        root=folder,
        cache=folder / "cache",
        kinds=kinds,
        sync=False,
    )


@pytest.fixture(scope="module")
def ran(mock: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One run in which every behaviour answers an agent of its own."""
    folder = tmp_path_factory.mktemp("behaviours")
    names = [name for name in mock.BEHAVIOURS if name not in ENDLESS]
    with ExitStack() as stack, live.allowed():
        servers = {name: stack.enter_context(mock.Server(name)) for name in names}
        tables = "".join(table(slug(name), servers[name].url) for name in names)
        swarm = make_swarm(folder / "user", SETTINGS.format(cap=CAP) + tables)
        kinds = tuple(f"llm:{slug(name)}" for name in names)
        agents = {name: f"a{number}" for number, name in enumerate(names, 1)}
        run = Run(set(agents.values()))
        flags = Flags(seconds=AT_MOST)
        summary = evolve(swarm, plan(folder, kinds, flags), run.hear, run.stop)
        yield Ran(swarm, summary, run.events, servers, agents)


def test_every_agent_made_attempts_and_none_of_them_crashed_the_worker(ran: Ran) -> None:
    phylogeny = ran.phylogeny()
    without = [name for name, agent in ran.agents.items() if not phylogeny.attempts(agent)]
    assert without == []


def test_no_agent_asks_without_end(ran: Ran) -> None:
    phylogeny = ran.phylogeny()
    for name, agent in ran.agents.items():
        attempts = len(phylogeny.attempts(agent))
        assert len(ran.servers[name].asked) <= 2 * attempts + 2, name
        if name.startswith(("429", "50")):
            assert len(ran.servers[name].asked) <= 6, name


def test_an_agent_whose_key_is_refused_ends_and_says_why_once(ran: Ran) -> None:
    for name in ("auth failure", "no money"):
        agent = ran.agents[name]
        assert len(ran.servers[name].asked) == 1
        said = [e.text for e in ran.events if e.kind == "problem" and e.agent == agent]
        assert len(said) == 1
        assert "HTTP" in said[0]


def test_the_swarm_spent_no_more_than_its_cap(ran: Ran) -> None:
    spent = ran.phylogeny().spent
    assert 0 < spent.cost_usd <= CAP


def test_good_answers_became_individuals_that_differ_in_editable_files_only(ran: Ran) -> None:
    phylogeny, git = ran.phylogeny(), ran.swarm.git
    assert len(phylogeny) > 1
    base = git.files(git.commit(ran.swarm.base).tree)
    for i in range(len(phylogeny)):
        files = git.files(phylogeny.tree(i))
        changed = {path for path in files.keys() | base.keys() if files.get(path) != base.get(path)}
        assert changed <= {"x.py"}, changed


def test_nothing_was_written_where_the_answers_wanted_it(ran: Ran) -> None:
    for path in ("/tmp/evogit-was-here.py", "/evogit-was-here.py"):  # noqa: S108
        assert not Path(path).exists()
    assert not (ran.swarm.path / "hooks").exists()
    root = ran.swarm.path.parents[2]
    assert {path.name for path in root.iterdir()} <= {*FILES, ".git"}


def test_keys_are_not_needed_and_nothing_secret_is_sent(ran: Ran) -> None:
    for server in ran.servers.values():
        assert all("authorization" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    "behaviour", ["missing usage", "negative usage", "absurd usage", "cut off"]
)
def test_a_cap_holds_to_the_cent_whatever_the_provider_counts(
    mock: Any, live_models: None, tmp_path: Path, behaviour: str
) -> None:
    with mock.Server(behaviour) as server:
        cap = 0.03
        settings = SETTINGS.format(cap=cap) + table("one", server.url)
        swarm = make_swarm(tmp_path / "user", settings)
        summary = evolve(
            swarm,
            plan(tmp_path, ("llm:one", "llm:one"), Flags(seconds=AT_MOST)),
            lambda _: None,
            threading.Event(),
        )
    evaluator = swarm.spec().evaluator
    spent = Phylogeny(swarm.git, evaluator=evaluator, environment="", maximize=True).spent
    assert f"${cap:g}" in summary.reason
    assert 0 < spent.cost_usd <= cap
    assert server.asked


@pytest.mark.parametrize(
    ("behaviour", "said", "gave_up"),
    [("429", "HTTP 429", False), ("auth failure", "HTTP 401", True)],
)
def test_a_model_in_trouble_is_told_once_and_ends_the_run_only_if_nothing_can_help(
    mock: Any, live_models: None, tmp_path: Path, behaviour: str, said: str, *, gave_up: bool
) -> None:
    with mock.Server(behaviour) as server:
        swarm = make_swarm(tmp_path / "user", SETTINGS.format(cap=CAP) + table("one", server.url))
        told: list[Event] = []
        flags = Flags(seconds=6)
        summary = evolve(swarm, plan(tmp_path, ("llm:one",), flags), told.append, threading.Event())
    trouble = [event.text for event in told if event.kind in {"warning", "problem"}]
    assert [said in text for text in trouble] == [True]
    assert summary.gave_up is gave_up
    assert summary.evaluations == 0
