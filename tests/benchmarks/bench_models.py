"""Latency hidden, throughput, memory and disk with a model on loopback that answers after 0.2 s.

One worker with as many ``llm`` agents (or ``--agents``) evolves one constant with a model that takes 8
calls (or ``--calls``) at once; candidates run in the sandbox, everything is journalled and durable. The figure is the share
of the ideal: calls / latency offspring a second.
With ``--ahead N`` agents go on asking while so many of their offspring wait for their verdict.
With ``--openevolve PATH`` the program ``openevolve-run`` of another environment does the same beside
it, on the same server. Rounds alternate; medians. Run:
``python tests/benchmarks/bench_models.py [--latency 0.2] [--candidates 200] [--ahead 1] [--openevolve PATH]``
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pygit2

EVOGIT = Path(sys.executable).with_name("evogit")
PROGRAM = "# EVOLVE-BLOCK-START\nx = 0.0\n# EVOLVE-BLOCK-END\n\n\ndef value():\n    return x\n"
RUN = "import sys\nsys.path.insert(0, '/candidate')\nimport program\nprint(program.value())\n"
SCORE = "import json, sys\nprint(json.dumps({'score': -abs(float(sys.stdin.read()) - 0.7)}))\n"
EVALUATOR = """
import runpy
def evaluate(path):
    return {"combined_score": -abs(runpy.run_path(path)["value"]() - 0.7)}
"""
SETTINGS = """
[goal]
text = "bring value() close to a target"
[evaluate]
stages = [{{ name = "main", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }}]
[evaluate.files]
run = ["run.py"]
score = ["score.py"]
[search]
strategy = "hill-climb"
editable = ["program.py"]
agents = ["llm"]
ahead = {ahead}
[[models]]
name = "mock"
model = "openai/mock-1"
client = "{client}"
base_url = "{url}"
price = [0, 0]
parallel = {calls}
operators = ["rewrite"]
"""
THEIRS = """
max_iterations: {candidates}
checkpoint_interval: {candidates}
log_level: ERROR
random_seed: 1
diff_based_evolution: false
llm:
  api_base: {url}
  api_key: none
  models: [{{name: mock-1, weight: 1.0}}]
evaluator:
  parallel_evaluations: {agents}
  cascade_evaluation: false
database:
  population_size: 1000
"""


@dataclass(frozen=True)
class Result:
    """One run, start-up included."""

    wall: float
    cpu_ms: float
    rate: float
    peak_mb: float
    disk_kb: float
    asked: int


def load_server() -> Any:
    """The module beside the tests of models."""
    path = Path(__file__).parent.parent / "agents" / "models" / "server.py"
    spec = importlib.util.spec_from_file_location("bench_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def answers(server: Any) -> Callable[[Any], Any]:
    """Another constant each time, in a form that both understand."""
    block = "# EVOLVE-BLOCK-START\nx = {}\n# EVOLVE-BLOCK-END"
    rest = PROGRAM.partition("# EVOLVE-BLOCK-END")[2]

    def say(asked: Any) -> Any:
        x = (asked.number * 0.6180339887) % 1
        return server.answer(f"```python\n{block.format(round(x, 9))}{rest}```\n")

    return say


def measured(command: list[str], folder: Path, mock: Any, size: Path) -> Result:
    """Run a command; its wall time, the peak of its processes' memory, and the disk it took."""
    environment = {**os.environ, "OPENAI_API_KEY": "none", "HOME": str(folder)}
    before, asked = disk(size), len(mock.asked)
    started = time.monotonic()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
        peak = [0.0]
        watcher = threading.Thread(target=watch, args=(process.pid, peak))
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    watcher.join()
    if process.returncode not in {0, 5}:
        raise SystemExit((folder / "log").read_text()[-3000:])
    number = len(mock.asked) - asked
    times = mock.times[asked:]
    rate = (number - 1) / (times[-1] - times[0])
    cpu = (used.ru_utime + used.ru_stime) * 1000 / number
    return Result(wall, cpu, rate, peak[0], (disk(size) - before) / number, number)


def watch(pid: int, peak: list[float]) -> None:
    """Add up the proportional memory of a process and all below it, five times a second."""
    while True:
        try:
            top = psutil.Process(pid)
            if top.status() == psutil.STATUS_ZOMBIE:
                return
            found = 0.0
            for one in (top, *top.children(recursive=True)):
                try:
                    found += one.memory_full_info().pss / 2**20
                except psutil.Error:
                    continue
            peak[0] = max(peak[0], found)
        except psutil.Error:
            return
        time.sleep(0.2)


def disk(folder: Path) -> float:
    """KB that a folder takes on disk."""
    paths = folder.rglob("*") if folder.exists() else ()
    return sum(path.lstat().st_blocks / 2 for path in paths)


def ours(folder: Path, mock: Any, arguments: argparse.Namespace) -> Result:
    """One run of ``evogit``."""
    user = folder / "user"
    handle = pygit2.init_repository(str(user), initial_head="main")
    for name, text in (("program.py", PROGRAM), ("run.py", RUN), ("score.py", SCORE)):
        (user / name).write_text(text)
    (user / "evogit.toml").write_text(
        SETTINGS.format(
            url=mock.url, client=arguments.client, ahead=arguments.ahead, calls=arguments.calls
        )
    )
    handle.index.add_all()
    handle.index.write()
    who = pygit2.Signature("Someone", "someone@example.org", 1_700_000_000, 0)
    handle.create_commit("refs/heads/main", who, who, "start\n", handle.index.write_tree(), [])
    environment = {**os.environ, "HOME": str(folder)}
    command = [str(EVOGIT), "init", "--yes"]
    subprocess.run(command, cwd=user, env=environment, check=True, capture_output=True)
    command = [str(EVOGIT), "-C", str(user), "run", "-n", str(arguments.agents or arguments.calls)]
    command += ["--max-evaluations", str(arguments.candidates), "--json"]
    return measured(command, folder, mock, user / ".git" / "evogit")


def theirs(folder: Path, mock: Any, arguments: argparse.Namespace) -> Result:
    """One run of openevolve."""
    (folder / "initial.py").write_text(PROGRAM)
    (folder / "evaluator.py").write_text(EVALUATOR)
    candidates = arguments.candidates
    config = THEIRS.format(candidates=candidates, url=mock.url, agents=arguments.calls)
    (folder / "config.yaml").write_text(config)
    command = [arguments.openevolve, "initial.py", "evaluator.py", "--config", "config.yaml"]
    command += ["--iterations", str(candidates), "--output", "out"]
    return measured(command, folder, mock, folder / "out")


def rounds(arguments: argparse.Namespace) -> dict[str, list[Result]]:
    """Alternating runs by name."""
    server = load_server()
    found: dict[str, list[Result]] = {}
    for _ in range(arguments.rounds):
        names = ["evogit", *(["openevolve"] if arguments.openevolve else [])]
        for name in names:
            folder = Path(tempfile.mkdtemp(prefix="evogit-bench-"))
            with server.Server(answers(server), arguments.latency) as mock:
                if name == "evogit":
                    result = ours(folder, mock, arguments)
                else:
                    result = theirs(folder, mock, arguments)
            shutil.rmtree(folder)
            found.setdefault(name, []).append(result)
            print(f"{name}: {result}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--ahead", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--client", choices=["http", "litellm"], default="http")
    parser.add_argument("--openevolve", metavar="PATH", default="")
    arguments = parser.parse_args()
    found = rounds(arguments)
    keys = ("wall", "cpu_ms", "rate", "peak_mb", "disk_kb")
    middle = {
        name: [statistics.median(getattr(one, key) for one in results) for key in keys]
        for name, results in found.items()
    }
    wall, cpu, rate, peak, kb = middle["evogit"]
    agents = arguments.agents or arguments.calls
    print(
        f"{arguments.candidates} candidates, {arguments.latency} s, {agents} agents, ahead {arguments.ahead}"
    )
    if arguments.latency:
        ideal = arguments.calls / arguments.latency
        print(f"share of the ideal {ideal:.0f} offspring/s: {rate / ideal:.2f}")
        whole = arguments.candidates * arguments.latency / arguments.calls
        print(f"wall with start-up: {wall / whole:.2f} x ideal")
    print(
        f"wall {wall:.1f} s, CPU {cpu:.1f} ms a candidate, peak {peak:.0f} MB, {kb:.2f} KB a candidate"
    )
    if "openevolve" in middle:
        o_wall, o_cpu, _, o_peak, o_kb = middle["openevolve"]
        print(
            f"openevolve: wall {o_wall:.1f} s, CPU {o_cpu:.1f} ms a candidate, peak {o_peak:.0f} MB, {o_kb:.2f} KB a candidate"
        )
        print(
            f"throughput {o_wall / wall:.1f} x, CPU {cpu / o_cpu:.2f} x, memory {peak / o_peak:.2f} x, disk {kb / o_kb:.2f} x"
        )


if __name__ == "__main__":
    main()
