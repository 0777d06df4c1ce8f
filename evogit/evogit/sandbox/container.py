"""Jobs in containers of any engine with Docker's API: a hard memory limit, and the user's own image.

One fresh container per job, made ahead where the job could be foreseen, and removed at its end.
The engine's own system call filter stays on, the image's file system is read-only, and the job
runs as an ordinary user without capabilities.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import partial
from typing import Any

from evogit.errors import EvaluatorError
from evogit.sandbox.ahead import Ahead
from evogit.sandbox.base import Job, Probe, Running, Runtime
from evogit.sandbox.contained import ContainedJob
from evogit.sandbox.container_setup import job_script, must_copy, options
from evogit.sandbox.engine import connect, owner, reap
from evogit.sandbox.image import Dockerfile, Image, default_name, find
from evogit.sandbox.kept_folder import make_folder
from evogit.sandbox.profile import check_mounts
from evogit.sandbox.waiting import Control, Shape, Waiting
from evogit.text import clean_line, decode


class ContainerSandbox:
    """Runs jobs in containers. Thread-safe.

    Bind mounts and named pipes need an engine on this machine's kernel.

    Args:
        runtime: its folders and variables; its interpreter if the spec names one, else ``python``
            is the image's ``python3``.
        image: the name of an image with ``sh``, ``cp`` and what jobs need, or what to build one
            from; by default the official slim image of the Python version that runs EvoGit.
            A named image is never pulled by us.
    """

    name = "container"

    def __init__(self, runtime: Runtime, image: str | Dockerfile | None = None) -> None:
        self._runtime = runtime
        self._wanted = image or default_name()
        self._lock = threading.Lock()
        self._house: _House | None = None
        self._jobs: set[ContainedJob] = set()
        self._closed = False

    def probe(self) -> Probe:
        """Run a trivial job for real and say what happened; never raises."""
        argv = ["python", "-I", "-c", ""] if self._runtime.named else ["true"]
        try:
            done = self.start(Job(argv)).wait()
        except EvaluatorError as error:
            return Probe(works=False, reason=error.message, hint=error.hint)
        except Exception as error:  # noqa: BLE001  # whatever the engine's library raises
            return Probe(works=False, reason=clean_line(str(error), 300))
        if done.status:
            said = clean_line(decode(done.stderr, 300)) or f"status {done.status}"
            return Probe(works=False, reason=said, hint=self._hint())
        return Probe(works=True)

    def _hint(self) -> str:
        if not self._runtime.named:
            return "the image needs the usual small programs, such as true and cp"
        return (
            f"{clean_line(str(self._runtime.python))} must also start in the image: leave out "
            "environment.python to use the image's own, and put packages there with sandbox.dockerfile"
        )

    def digest(self) -> str:
        """Names what the image provides, for the environment's digest (tenet 5).

        Raises:
            EvaluatorError: no engine answers, or it lacks the image and can not build it.
        """
        return self._open().image.digest

    def start(self, job: Job) -> Running:
        """Start ``job``.

        Raises:
            EvaluatorError: no engine answers, it lacks the image or refuses the container, a mount
                can not be made, or the sandbox is closed.
        """
        check_mounts(job)
        if job.network or any(mount.writable for mount in job.mounts):
            raise EvaluatorError(
                "containers have neither a network nor folders of the host",
                hint="coding agents need bubblewrap; evogit doctor shows what works here",
            )
        house = self._open()
        waiting = house.container(Shape.of(job))
        forget = partial(self._forget, house)
        with ExitStack() as failed:
            failed.callback(house.ahead.discard, waiting)
            running = ContainedJob(waiting, job, on_end=forget)
            failed.pop_all()
            failed.callback(forget, running)
            with self._lock:
                self._jobs.add(running)
                closed = self._closed
            running.begin(job_script(job, self._runtime))
            failed.pop_all()
        if closed:
            running.kill()
        return running

    def close(self) -> None:
        """End everything this sandbox started. Idempotent."""
        with self._lock:
            self._closed = True
            jobs, house, self._house = list(self._jobs), self._house, None
        for job in jobs:
            job.kill()
        for job in jobs:
            job.finished()
        if house is not None:
            house.close()

    def _open(self) -> _House:
        with self._lock:
            if self._closed:
                raise EvaluatorError("the sandbox is closed")
            if self._house is None:
                self._house = _House(self._wanted, self._runtime)
            return self._house

    def _forget(self, house: _House, job: ContainedJob) -> None:
        with self._lock:
            self._jobs.discard(job)
        house.ahead.discard(job.waiting)


class _House:
    """A connected engine, the image, and the containers made ahead."""

    def __init__(self, wanted: str | Dockerfile, runtime: Runtime) -> None:
        self._runtime = runtime
        with ExitStack() as undo:
            self._engine: Any = connect()
            undo.callback(self._engine.close)
            self.image: Image = find(self._engine, wanted)
            self._owner = owner()
            self._folder = make_folder(undo)
            self.ahead = Ahead(self._make)
            undo.callback(self.ahead.close)
            reap(self._engine)
            self._undo = undo.pop_all()

    def container(self, shape: Shape) -> Waiting:
        """One that waits for a job of this shape."""
        if must_copy(shape.mounts):  # a copy made ahead would be of what is there now
            return self._make(shape)
        return self.ahead.take(shape)

    def close(self) -> None:
        self._undo.close()

    def _make(self, shape: Shape) -> Waiting:
        with ExitStack() as undo:
            control = Control(self._folder)
            undo.callback(control.close)
            created = options(self.image, self._runtime, shape, control, self._owner, undo)
            return Waiting(self._engine, shape, control, created, undo.pop_all())
