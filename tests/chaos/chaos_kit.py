"""A tiny swarm whose evaluations take milliseconds, workers as processes, and the checker.

The checker knows what was acknowledged from what the workers printed, never from the repository.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pygit2

from evogit.evolve.assembly import open_phylogeny
from evogit.initialise import init_repository
from evogit.phylogeny.index import Phylogeny
from evogit.records import Evaluation
from evogit.source import find_source
from evogit.swarm.journal import entries
from evogit.swarm.repository import Swarm

PROGRAM = """\
def value(x, y, z):
    a = 3 * x + 7
    b = y * 2 - 5
    c = z + 11
    return a + b * c - 13


def other(x, y):
    p = x + 1
    q = y - 2
    return p * q + 17
"""
RUN = """\
import sys
sys.path.insert(0, "/candidate")
import program
print(program.value(1, 2, 3) + program.other(4, 5))
"""
SCORE = """\
import json, sys
print(json.dumps({"score": -abs(float(sys.stdin.read()) - 1000.0)}))
"""
CONFIG = """\
[goal]
text = "come close to 1000"
[evaluate]
[evaluate.files]
run = ["run.py"]
score = ["score.py"]
[[evaluate.stages]]
name = "main"
run = ["python", "/eval/run.py"]
score = ["python", "/eval/score.py"]
limits = { wall = "20s", cpu = "5s", memory = "256MB", processes = 8, output = "64kB", disk = "1MB" }
[search]
agents = ["genetic"]
editable = ["program.py"]
"""


def asking_ahead(config: str, ahead: int) -> str:
    """``config`` with ``search.ahead``."""
    return config.replace("[search]\n", f"[search]\nahead = {ahead}\n")


def make_swarm(root: Path, config: str = CONFIG) -> Swarm:
    """A user's repository at ``root`` with one program, and its swarm."""
    handle = pygit2.init_repository(str(root), initial_head="main")
    (root / "program.py").write_text(PROGRAM)
    handle.index.add("program.py")
    handle.index.write()
    who = pygit2.Signature("Ada", "ada@example.org", 1_700_000_000, 0)
    handle.create_commit("HEAD", who, who, "start\n", handle.index.write_tree(), [])
    (root / "run.py").write_text(RUN)
    (root / "score.py").write_text(SCORE)
    (root / "evogit.toml").write_text(config)
    return init_repository(find_source(root), root / "evogit.toml", author="ada")


def environment(home: Path) -> dict[str, str]:
    """What workers see: a home of their own, consent, nothing of this machine's git."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "LANG")}
    home.mkdir(parents=True, exist_ok=True)
    return kept | {
        "HOME": str(home),
        "EVOGIT_TRUST": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def install_agent(folder: Path, entry_point: str) -> str:
    """Register an agent of a module beside this one as a stranger's package would.

    Returns the PYTHONPATH that a worker needs to find it.
    """
    information = folder / "evogit_stranger-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    (information / "entry_points.txt").write_text(f"[evogit.agents]\n{entry_point}\n")
    kept = os.environ.get("PYTHONPATH", "")
    return ":".join([str(folder), str(Path(__file__).parent), *([kept] if kept else [])])


@dataclass
class WorkerProcess:
    """One ``evogit worker --json`` with everything it printed."""

    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    errors: list[str] = field(default_factory=list[str])
    threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def join(self, timeout: float = 120) -> int:
        """Wait for its end and for all its output."""
        status = self.process.wait(timeout)
        for thread in self.threads:
            thread.join(timeout)
        return status


def start_worker(
    cwd: Path, env: dict[str, str], *options: str, command: tuple[str, ...] = ("-m", "evogit.cli")
) -> WorkerProcess:
    """Start a worker; its output is read by threads, line by line."""
    process = subprocess.Popen(
        [sys.executable, *command, "worker", "--json", *options],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    made = WorkerProcess(process)
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        thread = threading.Thread(target=_read, args=(stream, made), daemon=True)
        thread.start()
        made.threads.append(thread)
    return made


def _read(stream: IO[str], into: WorkerProcess) -> None:
    for line in stream:
        if line.startswith("{"):
            if line.endswith("}\n"):  # a line cut short by the kill acknowledges nothing
                into.events.append(json.loads(line))
        else:
            into.errors.append(line)


def acknowledged(workers: list[WorkerProcess]) -> list[dict[str, Any]]:
    """Every evaluation any worker said it made (not those it found in a journal)."""
    events = [event for worker in workers for event in worker.events]
    return [event for event in events if event.get("event") == "evaluated" and event.get("entry")]


def phylogeny(swarm: Swarm) -> Phylogeny:
    """A fresh index, not from the cache, under the environment that the workers used."""
    digest = (swarm.private / "environment").read_text()
    (swarm.private / "phylogeny.cache").unlink(missing_ok=True)
    return open_phylogeny(swarm, swarm.spec(), digest)


def check(swarm: Swarm, acks: list[dict[str, Any]]) -> list[str]:
    """What is wrong: lost, counted twice, unreadable, or unsound for git. Empty if nothing is."""
    found: list[str] = []
    recorded: dict[str, Evaluation] = {}
    keys: Counter[tuple[object, ...]] = Counter()
    for ref, tip in swarm.git.refs_under("refs/evogit/").items():
        for entry in entries(swarm.git, tip) if "/journal/" in ref else ():
            if entry.record is None:
                found.append(f"{ref}: entry {entry.id} can not be read")
            elif isinstance(entry.record, Evaluation):
                made = entry.record
                recorded[entry.id] = made
                keys[made.tree, made.evaluator, made.environment, made.seed, made.purpose] += 1
    found += [f"judged {count} times: {key}" for key, count in keys.items() if count > 1]
    view = phylogeny(swarm)
    for ack in acks:
        found += _lost(ack, recorded, view)
    for agent in view.agents:
        for row in view.attempts(agent):
            if row.offspring and view.outcome(view.index(row.offspring)) is None:
                found.append(f"step {row.step} of {agent} was never judged")
    entries_acked = Counter(ack["entry"] for ack in acks)
    found += [f"acknowledged {n} times: {e}" for e, n in entries_acked.items() if n > 1]
    return found + view.problems + fsck(swarm.path)


def _lost(ack: dict[str, Any], recorded: dict[str, Evaluation], view: Phylogeny) -> list[str]:
    record = recorded.get(ack["entry"])
    if record is None:
        return [f"lost: journal entry {ack['entry']} of {ack['commit']}"]
    if (record.commit, record.tree) != (ack["commit"], ack["tree"]):
        return [f"entry {ack['entry']} is about something else"]
    if ack["commit"] not in view:
        return [f"lost: individual {ack['commit']}"]
    index = view.index(record.commit)
    if view.tree(index) != ack["tree"] or view.score(index) != ack.get("score"):
        return [f"{ack['commit']} has another tree or score than was acknowledged"]
    return []


def fsck(path: Path) -> list[str]:
    """What ``git fsck --full`` says besides what is only unreferenced."""
    done = subprocess.run(
        ["git", f"--git-dir={path}", "fsck", "--full", "--no-dangling", "--no-progress"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).splitlines()
    lines = [line for line in said if "unborn branch" not in line]
    return [f"fsck: {line}" for line in lines] + (
        [f"fsck ended with {done.returncode}"] if done.returncode else []
    )


def processes_with(*needles: str) -> list[str]:
    """Running processes whose command line or environment names one of ``needles``."""
    found: list[str] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
                state = (folder / "stat").read_text().rsplit(")", 1)[-1].split()[0]
            except OSError:
                continue
            if state != "Z" and any(needle.encode() in text for needle in needles):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found.append(f"{folder.name} {command.decode('utf-8', 'replace')[:120]}")
    return found


def gone(*needles: str, seconds: float = 10) -> list[str]:
    """Processes that name one of ``needles`` and are still there after ``seconds``."""
    deadline = time.monotonic() + seconds
    while left := processes_with(*needles):
        if time.monotonic() > deadline:
            return left
        time.sleep(0.05)
    return []


def mounts_with(needle: str) -> list[str]:
    """Mounts of this namespace that name ``needle``."""
    return [line for line in Path("/proc/mounts").read_text().splitlines() if needle in line]
