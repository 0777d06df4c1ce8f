"""Evaluations until a target score is reached: EvoGit against openevolve, asked the same answers.

Both ask the same scripted server (``mutation_server.py``) instead of a model, and judge by the same
scripts on the same starting program. Everything else is each one's default: strategy, population,
prompts. Run number N gives both the server's changes number N and the seed N. Every evaluation counts,
those of the starting program too. A target is chosen before, from runs that are not among those
compared (``--develop``: the median of what openevolve reaches in 60 evaluations with seeds 100 to 102).

Run: ``python tests/benchmarks/bench_targets.py --openevolve VENV/bin/python [--agents 1] [--runs 10]``,
where that environment has openevolve 0.4.0.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from mutation_server import BEGIN, END, RULE_BEGIN, RULE_END, Mutator

import evogit_problems
from evogit.config.load import parse
from evogit.git.repository import GitRepository
from evogit.ids import JOURNALS
from evogit.initialise import init_folder
from evogit.outcome import Scored
from evogit.records import Evaluation
from evogit.swarm.journal import entries

HERE = Path(__file__).parent
LIBRARY = Path(evogit_problems.__file__).parent
CPU, WALL = 2, 300
"""Seconds that a program may take: of processor time, and by the clock, which no run should reach."""
CAP, RUNS = 150, 10
DEVELOPMENT, DEVELOPED = (100, 101, 102), 60
MODEL = """
[[models]]
name = "mutator"
model = "openai/mutator"
client = "http"
base_url = "{url}"
price = [0.0, 0.0]
context = 32000
max_tokens = 8000
operators = ["rewrite"]
"""
OPENEVOLVE = """
max_iterations: {cap}
random_seed: {seed}
diff_based_evolution: false
llm:
  primary_model: mutator
  api_base: {url}
  api_key: none
  timeout: 300
evaluator:
  cascade_evaluation: false
  parallel_evaluations: {agents}
  timeout: 900
"""
EVALUATOR = """import sys
sys.path.insert(0, {here!r})
from targets_evaluator import judge
def evaluate(program):
    return judge(program, {problem!r}, {log!r})
"""


Scores = list[float | None]


@dataclass(frozen=True)
class Problem:
    """One of the library's, and the score to reach."""

    name: str
    file: str
    target: float

    @property
    def folder(self) -> Path:
        return LIBRARY / self.name

    @property
    def program(self) -> str:
        """The seed with the server's lines instead of those that EvoGit and openevolve know."""
        text = (self.folder / "seed" / self.file).read_text()
        rule = text.replace("# EVOLVE-BLOCK-START\n", RULE_BEGIN)
        return BEGIN + rule.replace("# EVOLVE-BLOCK-END\n", RULE_END + "\n").rstrip() + "\n" + END

    def evaluator(self) -> dict[str, bytes]:
        """The files that judge, its own or the library's, by path."""
        files = parse(self.settings).evaluate.files
        return {
            name: next(
                path.read_bytes() for path in (self.folder / name, LIBRARY / name) if path.is_file()
            )
            for name in (*files.run, *files.score)
        }

    @property
    def settings(self) -> str:
        """Its problem.toml, with an ``llm`` agent and with limits that do not depend on the machine's load."""
        text = (self.folder / "problem.toml").read_text()
        limits = f'limits = {{ wall = "{WALL}s", cpu = "{CPU}s", memory = "512MB" }}'
        text = re.sub(r"limits = \{.*\}", limits, text)
        return text.replace('agents = ["genetic"]', 'agents = ["llm"]')

    def reached(self, score: float | None) -> bool:
        if score is None:
            return False
        return score <= self.target if self.minimize else score >= self.target

    @property
    def minimize(self) -> bool:
        return parse(self.settings).evaluate.direction == "minimize"


PROBLEMS = (
    Problem("circle_packing_26", "packing.py", 2.57),
    Problem("circle_packing_32", "packing.py", 2.84),
    Problem("heilbronn_triangle", "points.py", 0.0073),
)


@dataclass(frozen=True)
class Run:
    """The scores in the order of their evaluations (``None``: failed), and how often a model was asked."""

    scores: Scores
    questions: int

    def until(self, problem: Problem, cap: int) -> float:
        """How many evaluations the target took; infinite if it was not reached within ``cap``."""
        for number, score in enumerate(self.scores[:cap], 1):
            if problem.reached(score):
                return number
        return math.inf


def run_evogit(problem: Problem, seed: int, cap: int, agents: int, url: str, work: Path) -> Scores:
    """The scores of one ``evogit run``."""
    toml = problem.settings + MODEL.format(url=url)
    beside = problem.evaluator() | {"evogit.toml": toml.encode()}
    seeds = {problem.file: problem.program.encode()}
    swarm = init_folder("target", work / "swarm", seeds, beside, author="bench")
    evogit = str(Path(sys.executable).with_name("evogit"))
    flags = [f"--agents={agents}", f"--max-evaluations={cap}", f"--until={problem.target}"]
    call([evogit, "run", f"--seed={seed}", *flags], work / "swarm", work)
    return evaluations(swarm.path)


def evaluations(swarm: Path) -> Scores:
    """The scores in a swarm's journals, in the order of time."""
    git = GitRepository(swarm)
    found: list[Evaluation] = []
    for tip in git.refs_under(JOURNALS).values():
        found += [e.record for e in entries(git, tip) if isinstance(e.record, Evaluation)]
    found.sort(key=lambda record: record.time)
    return [r.outcome.score if isinstance(r.outcome, Scored) else None for r in found]


def run_openevolve(
    python: str, problem: Problem, seed: int, cap: int, agents: int, url: str, work: Path
) -> Scores:
    """The scores of one run of openevolve."""
    stage = parse(problem.settings).evaluate.stages[0]
    facts: dict[str, Any] = {
        "file": problem.file,
        "run": _command(stage.run, work),
        "score": _command(stage.score, work),
        "minimize": problem.minimize,
        "cpu": CPU,
        "wall": WALL,
    }
    log = work / "scores.jsonl"
    evaluator = EVALUATOR.format(here=str(HERE), problem=facts, log=str(log))
    (work / "evaluate.py").write_text(evaluator)
    (work / "evaluator").mkdir()
    for path, data in problem.evaluator().items():
        (work / path).write_bytes(data)
    (work / "program.py").write_text(problem.program)
    config = OPENEVOLVE.format(cap=cap, seed=seed, agents=agents, url=url)
    (work / "config.yaml").write_text(config)
    goal = 1 - problem.target if problem.minimize else problem.target
    files = ["program.py", "evaluate.py", "--config", "config.yaml", "--output", "out"]
    call([python, "-m", "openevolve.cli", *files, f"--target-score={goal}"], work, work)
    return [json.loads(line) for line in log.read_text().splitlines()]


def _command(command: object, work: Path) -> list[str]:
    """A stage's command, with a folder of the run for the sandbox's, by this Python."""
    assert isinstance(command, tuple)
    words = [str(word).replace("/eval/", f"{work}/evaluator/") for word in cast("Any", command)]
    return [sys.executable if word == "python" else word for word in words]


def call(command: list[str], folder: Path, work: Path) -> None:
    """Run to the end, with settings of its own; what it says goes to ``log.txt``."""
    own = {"EVOGIT_TRUST": "1", "XDG_CONFIG_HOME": str(work), "XDG_STATE_HOME": str(work)}
    with (work / "log.txt").open("w") as log:
        subprocess.run(
            command, cwd=folder, env=os.environ | own, stdout=log, stderr=log, check=False
        )


def load_server() -> Any:
    """The tests' OpenAI-compatible server."""
    path = HERE.parent / "agents" / "models" / "server.py"
    spec = importlib.util.spec_from_file_location("targets_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Contest:
    """How both are run.

    Args:
        python: that has openevolve.
        agents: of either, at the same time.
        cap: evaluations, at most.
        server: the module.
    """

    python: str
    agents: int
    cap: int
    server: Any

    def run(self, tool: str, problem: Problem, seed: int) -> Run:
        """One run of one of the two, with a server of its own."""
        mutator = Mutator(seed)

        def behaviour(asked: Any) -> Any:
            return self.server.answer(mutator(asked.prompt))

        with tempfile.TemporaryDirectory(prefix="targets-") as folder:
            work = Path(folder)
            with self.server.Server(behaviour) as server:
                if tool == "evogit":
                    scores = run_evogit(problem, seed, self.cap, self.agents, server.url, work)
                else:
                    start = partial(run_openevolve, self.python)
                    scores = start(problem, seed, self.cap, self.agents, server.url, work)
                run = Run(scores, len(server.asked))
            if len(scores) < 2:
                raise SystemExit(f"{tool} stopped: {(work / 'log.txt').read_text()[-2000:]}")
        print(
            f"{problem.name}, {tool}, run {seed}: {run.until(problem, self.cap)}", file=sys.stderr
        )
        return run


def develop(contest: Contest, problem: Problem, pool: ThreadPoolExecutor) -> float:
    """What openevolve reaches within the cap, the median over the development seeds."""
    endless = Problem(problem.name, problem.file, -1.0 if problem.minimize else 9.0)
    best = min if problem.minimize else max
    runs = [pool.submit(contest.run, "openevolve", endless, seed) for seed in DEVELOPMENT]
    scores = [run.result().scores[: contest.cap] for run in runs]
    return statistics.median(best(s for s in one if s is not None) for one in scores)


def compare(contest: Contest, problem: Problem, runs: int, pool: ThreadPoolExecutor) -> str:
    """The lines of one problem."""
    started = {
        tool: [pool.submit(contest.run, tool, problem, seed) for seed in range(1, runs + 1)]
        for tool in ("evogit", "openevolve")
    }
    medians: list[float] = []
    text = f"{problem.name}, target {problem.target}:"
    for tool, futures in started.items():
        done = [future.result() for future in futures]
        counts = [run.until(problem, contest.cap) for run in done]
        # Runs that did not reach it took more than the cap: with them, a median is a lower bound.
        medians.append(statistics.median(min(count, contest.cap) for count in counts))
        bound = "at least " if math.isinf(statistics.median(counts)) else ""
        reached = sum(map(math.isfinite, counts))
        questions = statistics.median(run.questions for run in done)
        text += f"\n  {tool}: median {bound}{medians[-1]}, reached by {reached} of {len(counts)}"
        text += f", {questions} questions; each {counts}"
    return f"{text}\n  ratio of these medians {medians[0] / medians[1]:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openevolve", help="the Python of an environment that has it")
    parser.add_argument("--agents", type=int, default=1, help="of either, at the same time")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time")
    parser.add_argument("--problem", nargs="*", default=[one.name for one in PROBLEMS])
    parser.add_argument("--develop", action="store_true", help="look for a target instead")
    arguments = parser.parse_args()
    if not arguments.openevolve:
        print("needs --openevolve PYTHON, of an environment with openevolve 0.4.0: left out")
        return
    cap = DEVELOPED if arguments.develop else CAP
    contest = Contest(arguments.openevolve, arguments.agents, cap, load_server())
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for problem in (one for one in PROBLEMS if one.name in arguments.problem):
            if arguments.develop:
                print(f"{problem.name}: {develop(contest, problem, pool):.6g}", flush=True)
            else:
                print(compare(contest, problem, arguments.runs, pool), flush=True)


if __name__ == "__main__":
    main()
