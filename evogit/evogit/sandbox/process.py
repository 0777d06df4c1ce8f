"""No sandbox: a plain process with limits. For trusted candidates, asked for by name only.

A candidate can read and write whatever the user can, and reach the network. What holds: time,
memory, processes, output, and that the process tree is ended. There are no mounts without a
namespace, so a private folder holds links to the mounts' sources, and arguments that begin with a
mount's target are rewritten to it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from evogit.errors import EvaluatorError
from evogit.sandbox.base import Job, Mount, Probe, Running, Runtime
from evogit.sandbox.limits import prlimit_command, resource_limits
from evogit.sandbox.profile import PATH, check_mounts, places, program_arguments
from evogit.sandbox.spawn import spawn, streams
from evogit.sandbox.strays import StrayTree
from evogit.sandbox.supervise import SupervisedJob
from evogit.text import decode

_START: Final = 'cd "$1" && shift && exec "$@"'
_MARK: Final = "EVOGIT_JOB"


class ProcessSandbox:
    """Runs jobs as plain processes. Thread-safe.

    Args:
        runtime: the interpreter and variables every job gets.
    """

    name = "process"

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._jobs: set[SupervisedJob] = set()
        self._closed = False

    def probe(self) -> Probe:
        """Run a trivial job for real and say what happened; never raises."""
        try:
            done = self.start(Job(["true"])).wait()
        except (EvaluatorError, OSError) as error:
            return Probe(works=False, reason=str(error), hint="install util-linux (prlimit)")
        if done.status:
            return Probe(works=False, reason=decode(done.stderr, 300))
        return Probe(works=True)

    def start(self, job: Job) -> Running:
        """Start ``job``.

        Raises:
            EvaluatorError: a mount can not be made, or the sandbox is closed.
        """
        if self._closed:
            raise EvaluatorError("the sandbox is closed")
        check_mounts(job)
        started = time.monotonic()
        with ExitStack() as undo, streams(job) as std:
            folder = Folder(job)
            undo.callback(folder.remove)
            mark = secrets.token_hex(16)
            command, *arguments = program_arguments(job, self._runtime)
            if command == job.argv[0]:  # the interpreter is the host's own
                command = folder.inside(command)
            pid = spawn(
                [
                    *("/bin/sh", "-c", _START, "start", folder.inside(job.cwd)),
                    *prlimit_command(resource_limits(job.limits, tool=job.tool or job.browser)),
                    command,
                    *map(folder.inside, arguments),
                ],
                std.child,
                {**self._variables(job, folder), _MARK: mark},
            )
            tree = StrayTree(
                pid, f"{_MARK}={mark}".encode(), job.limits, folder.written, undo.pop_all()
            )
        running = SupervisedJob(pid, tree, job.limits, std, started=started, on_end=self._forget)
        with self._lock:
            self._jobs.add(running)
        return running

    def close(self) -> None:
        """End everything this sandbox started. Idempotent."""
        self._closed = True
        with self._lock:
            jobs = list(self._jobs)
        for job in jobs:
            job.kill()
        for job in jobs:
            with suppress(EvaluatorError):
                job.wait()

    def _variables(self, job: Job, folder: Folder) -> dict[str, str]:
        given = {**self._runtime.variables, **job.variables}
        return {
            "PATH": f"{self._runtime.python.parent}:{PATH}",
            "HOME": str(folder.scratch),
            "TMPDIR": str(folder.scratch),
            "LANG": "C.UTF-8",
            **places({m.target: folder.inside(m.target) for m in job.mounts}),
            **{name: folder.inside(value) for name, value in given.items()},
        }

    def _forget(self, job: SupervisedJob) -> None:
        with self._lock:
            self._jobs.discard(job)


class Folder:
    """The private folder that stands in for a job's file system.

    Raises:
        EvaluatorError: a mount's source does not exist.
    """

    def __init__(self, job: Job) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="evogit-job-"))
        self._places = ["/tmp"]  # noqa: S108  # as the job names it; never opened
        self.scratch = self._root / "tmp"
        self.scratch.mkdir()
        self.written = [self.scratch]
        try:
            for mount in job.mounts:
                self._place(mount)
        except OSError as error:
            self.remove()
            raise EvaluatorError(
                f"a mount can not be prepared: {error}", hint="check that its source exists"
            ) from error

    def inside(self, text: str) -> str:
        """A path or argument as the job must see it."""
        name, sign, value = text.partition("=") if text.startswith("-") else ("", "", text)
        for place in self._places:
            if value == place or value.startswith(place + "/"):
                return f"{name}{sign}{self._root}{value}"
        return text

    def remove(self) -> None:
        """Delete it, but nothing that its links lead to."""
        # A job may have taken away its own permissions, or nested folders deeper than Python recurses.
        for folder, names, _ in os.walk(self._root):
            for name in names:
                with suppress(OSError):
                    path = Path(folder, name)
                    if not path.is_symlink():
                        path.chmod(0o700)
        subprocess.run(["rm", "-rf", "--", str(self._root)], stderr=subprocess.DEVNULL, check=False)

    def _place(self, mount: Mount) -> None:
        here = self._root / mount.target.lstrip("/")
        here.parent.mkdir(parents=True, exist_ok=True)
        source = mount.source.resolve(strict=True)
        if not mount.copy:
            here.symlink_to(source)
            self.written += [source] if mount.writable else []
        else:
            shutil.copytree(source, here, symlinks=True)
            self.written.append(here)
        self._places.append(mount.target)
