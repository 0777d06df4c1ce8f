"""Evolution by a model behind a real server on loopback: real git, a real sandbox."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pygit2
import pytest

from evogit.config.load import parse
from evogit.evolve.allowance import Flags
from evogit.evolve.assembly import Plan, evolve, open_bench
from evogit.ids import JOURNALS
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt
from evogit.source import find_source
from evogit.swarm.journal import artefacts, entries
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile
from evogit_agents.models import live

SETTINGS = """
[goal]
text = "a larger value"
[evaluate]
stages = [{{ name = "main", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }}]
[search]
editable = ["program.py"]
agents = ["llm"]
[[models]]
name = "local"
model = "openai/local"
client = "http"
base_url = "{url}"
price = [1.0, 2.0]
context = 4096
max_tokens = 300
operators = ["rewrite", "diff", "repair"]
"""
PROGRAM = "def value(x):\n    return x + 1\n"
RUN = "import sys\nsys.path.insert(0, '/candidate')\nfrom program import value\nprint(value(3))\n"
SCORE = """
import json, sys
print(json.dumps({"score": min(float(sys.stdin.read()), 1e6)}))
"""

Answer = Callable[[str, int], str]


def answering(answer: Answer) -> type[BaseHTTPRequestHandler]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            prompt = body["messages"][-1]["content"]
            asked.append(prompt)
            message = {"role": "assistant", "content": answer(prompt, len(asked))}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
            found = {"model": "local", "choices": [choice], "usage": usage}
            data = json.dumps(found | {"id": "1", "object": "chat.completion"}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    return Handler


Serve = Callable[[Answer], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), answering(answer))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/v1"

    with live.allowed():
        yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def swarm_of(user: Path, url: str) -> Swarm:
    handle = pygit2.init_repository(str(user), initial_head="main")
    (user / "program.py").write_text(PROGRAM)
    handle.index.add_all()
    handle.index.write()
    who = pygit2.Signature("Someone", "someone@example.org", 1_700_000_000, 0)
    handle.create_commit("refs/heads/main", who, who, "start\n", handle.index.write_tree(), [])
    source = find_source(user)
    pinned = {"run/run.py": PinnedFile(RUN.encode()), "score/score.py": PinnedFile(SCORE.encode())}
    base = source.resolve("HEAD")
    settings = parse(SETTINGS.format(url=url))
    return create_swarm(source.swarm, source, base, settings, pinned, author="me")


def run(swarm: Swarm, folder: Path, evaluations: int) -> Phylogeny:
    plan = Plan(
        agents=1,
        flags=Flags(evaluations=evaluations, seconds=300.0),
        seed=7,
        slots=1,
        python=Path(sys.executable),
        root=folder,
        cache=folder / "cache",
    )
    evolve(swarm, plan, lambda _event: None, threading.Event())
    with open_bench(swarm, plan) as bench:
        return bench.phylogeny


def better(prompt: str, number: int) -> str:
    """Every third answer is useless, every fourth program fails, the others are larger."""
    if number % 3 == 0:
        return "I am not sure."
    new = f"    return x + {number * 10}" if number % 4 else "    return y"
    if "SEARCH" in prompt:
        old = next(line for line in prompt.split("\n") if line.startswith("    return"))
        return f"Add some more.\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"
    return f"Add some more.\n```python\ndef value(x):\n{new}\n```\n"


@pytest.mark.slow
def test_a_model_improves_a_program_and_every_conversation_is_kept_with_its_price(
    tmp_path: Path, serve: Serve
) -> None:
    swarm = swarm_of(tmp_path / "user", serve(better))
    phylogeny = run(swarm, tmp_path, 8)
    assert (phylogeny.score(phylogeny.best(1)[0]) or 0) > 20
    kept: list[tuple[Attempt, dict[str, bytes]]] = []
    for tip in swarm.git.refs_under(JOURNALS).values():
        kept += [
            (entry.record, artefacts(swarm.git, entry.id))
            for entry in entries(swarm.git, tip)
            if isinstance(entry.record, Attempt)
        ]
    assert len(kept) >= 8
    for attempt, files in kept:
        calls = sum(name.startswith("response") for name in files)
        assert (attempt.spend.tokens_in, attempt.spend.tokens_out) == (100 * calls, 20 * calls)
        assert attempt.spend.cost_usd == pytest.approx(calls * (100 + 2 * 20) / 1e6)
        assert attempt.model == "local"
        assert b"a larger value" in files["prompt.json"]
    assert any("prompt-2.json" in files for _, files in kept)
    assert phylogeny.spent.tokens == sum(a.spend.tokens_in + a.spend.tokens_out for a, _ in kept)
    assert phylogeny.reserved.tokens_in == 0


@pytest.mark.slow
def test_the_same_seed_and_answers_repeat_every_individual(tmp_path: Path, serve: Serve) -> None:
    found: list[list[str]] = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        answers = serve(better)
        swarm = swarm_of(folder / "user", answers)
        phylogeny = run(swarm, folder, 6)
        found.append(sorted(phylogeny.tree(i) for i in range(len(phylogeny))))
    assert len(found[0]) >= 4
    assert found[0] == found[1]
