"""A long run with hostile candidates, in which workers are killed: nothing leaks, no score is wrong.

A fifth of the individuals attack the judge, the sandbox or the machine (``tests/hostile/cheats``).
All workers but one are killed with SIGKILL at random times and started again. At the end every
honest individual has exactly the score it is worth, no hostile one has any it did not earn, and no
process, mount, descriptor, memory or file is left.

Run: ``python tests/chaos/soak.py 10000``.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import pygit2
from chaos_kit import (
    WorkerProcess,
    acknowledged,
    check,
    environment,
    gone,
    install_agent,
    mounts_with,
    start_worker,
)
from soak_agent import HONEST, QUESTIONS, right_outcomes

from evogit.git.refs import locks
from evogit.initialise import init_repository
from evogit.outcome import Outcome, Scored
from evogit.quarantine.finding import RULES
from evogit.records import Evaluation
from evogit.source import find_source
from evogit.swarm.journal import entries
from evogit.swarm.repository import Swarm

ASK = """\
import json, os, random, sys
def questions():
    made = random.Random(int(os.environ["EVOGIT_SEED"]))
    return [[made.randrange(1000) for _ in range(8)] for _ in range(5)]
"""
RUN = (
    ASK
    + """\
sys.path.insert(0, "/candidate")
asked = questions()
from program import solve
print(json.dumps([solve(question) for question in asked]))
"""
)
SCORE = (
    ASK
    + """\
def right(answer, question):
    return type(answer) is list and all(type(n) is int for n in answer) and answer == sorted(question)
answers = json.loads(sys.stdin.buffer.read().decode())
if type(answers) is not list or len(answers) != 5:
    raise SystemExit("not one answer to each question")
print(json.dumps({"score": sum(map(right, answers, questions()))}))
"""
)
CONFIG = f"""\
[goal]
text = "sort"
[evaluate]
[evaluate.files]
run = ["run.py"]
score = ["score.py"]
[[evaluate.stages]]
name = "main"
run = ["python", "/eval/run.py"]
score = ["python", "/eval/score.py"]
limits = {{ wall = "6s", cpu = "1s", memory = "128MB", processes = 16, output = "64kB", disk = "4MB" }}
[search]
agents = ["soak"]
strategy = "best-of-n"
editable = ["program.py"]
[quarantine]
off = {json.dumps(sorted(RULES))}
"""
MORE_MEMORY = 20_000
"""Bytes per individual by which a worker may grow: its index holds every one of them."""
MORE_DESCRIPTORS = 10


@dataclass(frozen=True)
class Size:
    """What a worker and its fork servers hold now."""

    judged: int
    own_bytes: int
    children_bytes: int
    descriptors: int
    processes: int

    @classmethod
    def of(cls, worker: WorkerProcess, judged: int) -> Size:
        """Measure ``worker``."""
        process = psutil.Process(worker.process.pid)
        children = list(_alive(process.children(recursive=True)))
        return cls(
            judged,
            process.memory_info().rss,
            sum(rss for rss, _ in children),
            process.num_fds() + sum(fds for _, fds in children),
            1 + len(children),
        )


def _alive(processes: list[psutil.Process]) -> Iterator[tuple[int, int]]:
    for one in processes:
        try:
            yield one.memory_info().rss, one.num_fds()
        except psutil.Error:
            continue


def make_swarm(root: Path) -> Swarm:
    """A user's repository at ``root`` with the sorting problem, and its swarm."""
    handle = pygit2.init_repository(str(root), initial_head="main")
    (root / "program.py").write_text(f"# honest {QUESTIONS} 0\n" + HONEST.format(right=QUESTIONS))
    handle.index.add("program.py")
    handle.index.write()
    who = pygit2.Signature("Ada", "ada@example.org", 1_700_000_000, 0)
    handle.create_commit("HEAD", who, who, "start\n", handle.index.write_tree(), [])
    (root / "run.py").write_text(RUN)
    (root / "score.py").write_text(SCORE)
    (root / "evogit.toml").write_text(CONFIG)
    return init_repository(find_source(root), root / "evogit.toml", author="ada")


class Soak:
    """The workers of one run. The first is never killed, so that a leak in it can add up."""

    def __init__(self, root: Path, options: argparse.Namespace) -> None:
        self.root = root
        path = install_agent(root / "plugin", "soak = soak_agent:soak")
        self.temporary = root / "tmp"
        self.temporary.mkdir()
        self.swarm = make_swarm(root / "user")
        self.env = environment(root / "home")
        self.env |= {"PYTHONPATH": path, "TMPDIR": str(self.temporary)}
        self.options = options
        self.random = random.Random(options.seed)
        self.workers = [self._start() for _ in range(options.workers)]
        self.all = list(self.workers)
        self.kills = 0
        self.sizes: list[Size] = []
        self.problems: list[str] = []

    def _start(self) -> WorkerProcess:
        return start_worker(self.root / "user", self.env)

    def run(self) -> None:
        """Kill and restart until there are enough evaluations, or the time is over."""
        wanted = self.options.evaluations
        end = time.monotonic() + self.options.seconds
        while not self.problems and (judged := len(acknowledged(self.all))) < wanted:
            if time.monotonic() > end:
                break
            self._restart()
            if self.kills < self.options.kills * judged / wanted and len(self.workers) > 1:
                self.random.choice(self.workers[1:]).process.kill()
                self.kills += 1
            if not self.sizes or judged >= self.sizes[-1].judged + wanted / 10:
                self.sizes.append(Size.of(self.workers[0], judged))
            time.sleep(self.random.uniform(0.05, 0.3))

    def _restart(self) -> None:
        for number, worker in enumerate(self.workers):
            if worker.process.poll() is None:
                continue
            if worker.join() != -signal.SIGKILL:
                said = [*(line.strip() for line in worker.errors), *worker.events[-2:]]
                words = " ".join(map(str, said))[-1500:]
                self.problems.append(f"a worker ended with {worker.process.returncode}: {words}")
            self.workers[number] = self._start()
            self.all.append(self.workers[number])

    def finish(self) -> None:
        """Measure the survivor when it is at rest, end all, and look what is left."""
        if self.workers[0].process.poll() is None:
            self.sizes.append(Size.of(self.workers[0], len(acknowledged(self.all))))
        for worker in self.workers:
            worker.process.terminate()
        for worker in self.workers:
            worker.join()
        for _ in range(self.options.workers):  # whoever was killed is healed by its next start
            last = start_worker(self.root / "user", self.env, "--max-evaluations", "1")
            self.all.append(last)
        for worker in self.all[-self.options.workers :]:
            worker.join()

    def left(self) -> list[str]:
        """What should not be there any more."""
        found = [f"lock: {path}" for path in locks(self.swarm.path)]
        found += [f"process: {line}" for line in gone(str(self.root))]
        found += [f"mount: {line}" for line in mounts_with(str(self.root))]
        found += [f"temporary file: {path.name}" for path in self.temporary.iterdir()]
        return found + self._grown()

    def _grown(self) -> list[str]:
        if len(self.sizes) < 3:
            return []
        first, last = self.sizes[1], self.sizes[-1]
        more = last.own_bytes - first.own_bytes
        found: list[str] = []
        if more > 50e6 + MORE_MEMORY * (last.judged - first.judged):
            found.append(f"a worker grew by {more} bytes")
        if last.children_bytes > 2 * first.children_bytes + 100e6:
            found.append(f"the fork servers grew to {last.children_bytes} bytes")
        if last.descriptors > first.descriptors + MORE_DESCRIPTORS * last.processes:
            found.append(f"descriptors: {first.descriptors}, then {last.descriptors}")
        return found


def kind(outcome: Outcome) -> str:
    """An outcome in the words of the cheats' docstrings."""
    return f"Scored {outcome.score:g}" if isinstance(outcome, Scored) else type(outcome).__name__


def wrong_scores(swarm: Swarm) -> tuple[Counter[str], list[str]]:
    """How many individuals ended how, and those that did not end as they should."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for ref, tip in swarm.git.refs_under("refs/evogit/").items():
        for entry in entries(swarm.git, tip) if "/journal/" in ref else ():
            if isinstance(entry.record, Evaluation):
                blob = swarm.git.files(entry.record.tree)["program.py"].blob
                program = swarm.git.read_blob(blob).decode()
                ended, first = kind(entry.record.outcome), program.split("\n", 1)[0]
                seen[f"{first.split()[1]} {ended}"] += 1
                if ended not in right_outcomes(program):
                    found.append(f"{first}: {entry.record.outcome}"[:300])
    return seen, found


def disk(folder: Path) -> int:
    """Bytes in use below a folder."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("evaluations", type=int, nargs="?", default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after this long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="do not remove the folder")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="evogit-soak-"))
    started = time.monotonic()
    soak = Soak(root, options)
    try:
        soak.run()
        seconds = time.monotonic() - started
        soak.finish()
        acks = acknowledged(soak.all)
        outcomes, wrong = wrong_scores(soak.swarm)
        problems = soak.problems + soak.left() + check(soak.swarm, acks)
        report: dict[str, Any] = {
            "evaluations": len(acks),
            "kills": soak.kills,
            "seconds": round(seconds, 1),
            "outcomes": dict(sorted(outcomes.items())),
            "wrong scores": wrong[:20],
            "survivor": [asdict(size) for size in soak.sizes],
            "bytes on disk": disk(soak.swarm.path),
            "bytes beside the repository": disk(soak.swarm.private),
            "problems": problems[:20],
        }
    finally:
        for worker in soak.all:
            if worker.process.poll() is None:
                worker.process.kill()
        if not options.keep:
            shutil.rmtree(root, ignore_errors=True)
    print(json.dumps(report, indent=1))
    return 1 if problems or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
