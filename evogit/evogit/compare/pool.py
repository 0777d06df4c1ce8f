"""Runs of a comparison as child processes, several at once; each ends when its parent does."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from evogit.compare.arms import Cell
from evogit.text import clean

_POLL_SECONDS: Final = 0.1
_TOLD: Final = 1500


@dataclass(frozen=True, slots=True)
class Job:
    """What a child process is told, as one JSON object in its argument.

    Args:
        template: swarm repository of the problem.
        folder: of the run.
        arm: as it was written.
        seed: of the run, before the arm's shift.
        evaluations: its budget.
        agents: how many it hosts.
        kinds: of agents; empty for what the problem says.
        unsafe: a human typed ``--unsafe-no-sandbox``.
    """

    template: str
    folder: str
    arm: str
    seed: int
    evaluations: int
    agents: int
    kinds: tuple[str, ...]
    unsafe: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child process ended; ``trouble`` is what it said if it failed."""

    cell: Cell
    status: int
    seconds: float
    trouble: str


def run_all(
    work: Sequence[tuple[Cell, Job]],
    command: Sequence[str],
    jobs: int,
    stop: threading.Event,
    ended: Callable[[Ended], None],
) -> None:
    """Run every job in a process of its own; returns when all have ended.

    Args:
        work: cells with their jobs, in order.
        command: what a process is started with; its job follows as the last argument.
        jobs: how many at once.
        stop: lets the running ones finish their current steps, and starts no more.
        ended: called after each, from any thread, one at a time.
    """
    lock = threading.Lock()

    def one(cell: Cell, job: Job) -> None:
        if stop.is_set():
            return
        found = _run(cell, job, command, stop)
        with lock:
            ended(found)

    with ThreadPoolExecutor(jobs, thread_name_prefix="cell") as threads:
        for future in [threads.submit(one, cell, job) for cell, job in work]:
            future.result()


def _run(cell: Cell, job: Job, command: Sequence[str], stop: threading.Event) -> Ended:
    """One child. It has a session of its own, so that Ctrl-C reaches it by way of us only."""
    folder, started = Path(job.folder), time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    with log.open("wb") as said:
        child = subprocess.Popen(  # noqa: S603
            [*command, json.dumps(asdict(job))],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        with child:
            status = _wait(child, stop)
    text = log.read_text("utf-8", "replace") if status else ""
    return Ended(cell, status, time.monotonic() - started, clean(text)[-_TOLD:].strip())


def _wait(child: subprocess.Popen[bytes], stop: threading.Event) -> int:
    """Its exit status. Closing its standard input asks it to end, as our own death would."""
    while True:
        try:
            return child.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if stop.is_set() and child.stdin is not None:
                child.stdin.close()
