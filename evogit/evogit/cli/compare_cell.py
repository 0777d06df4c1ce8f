"""One run of ``evogit compare`` in a process of its own: ``python -m evogit.cli.compare_cell JOB``.

It ends when its standard input does, so it never outlives the process that started it by more than
its current steps.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from evogit.cli.output import Manner, Output
from evogit.cli.session import Session
from evogit.compare.arms import parse_arm
from evogit.compare.cell import finish, held, open_cell
from evogit.compare.pool import Job
from evogit.errors import EvoGitError
from evogit.evolve.events import Event
from evogit.swarm.repository import Swarm

_INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Finish one run; the exit status is that of ``evogit run``."""
    job = Job(**json.loads(arguments[0]))
    output = Output(Manner(), os.environ)
    stop = threading.Event()
    threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    try:
        _run(job, Session(output, Path(job.folder), os.environ), stop)
    except EvoGitError as error:
        output.error(error.code, error.message, error.hint)
        return error.exit_code
    return _INTERRUPTED if stop.is_set() else 0


def _watch_parent(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stop.set()


def _run(job: Job, session: Session, stop: threading.Event) -> None:
    from evogit.cli.run import make_plan

    def tell(event: Event) -> None:
        if event.kind == "problem":
            session.output.warn(event.text)

    arm = parse_arm(job.arm)
    with held(session.cwd, wait=True):
        swarm = open_cell(Swarm(Path(job.template)), session.cwd, arm)
        plan = make_plan(
            session,
            swarm,
            agents=job.agents,
            seed=job.seed + arm.shift,
            jobs=1,
            kinds=list(job.kinds),
            unsafe=job.unsafe,
            trusted=True,
        )
        finish(swarm, plan, job.evaluations, tell, stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
