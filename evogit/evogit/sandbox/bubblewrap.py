"""The default sandbox: a fresh set of namespaces per job, made by bubblewrap in a few milliseconds.

A job sees ``/usr``, the runtime's folders and its own mounts, all read-only, and a private, limited
``/tmp``. It has no network, no capability, no new user namespace, none of our descriptors or
variables, and a system call filter. It runs below a pid 1 of its own, so ending that one ends all.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from evogit.errors import EvaluatorError, EvoGitError
from evogit.sandbox.base import Job, Mount, Probe, Running, Runtime
from evogit.sandbox.interpreter import SYSTEM, interpreter, is_inside
from evogit.sandbox.namespace import NamespaceTree
from evogit.sandbox.private import OUTSIDER, PrivateMounts
from evogit.sandbox.profile import (
    FILTER,
    REPORT,
    SCRATCH,
    SETTINGS,
    Prepared,
    binaries,
    check_mounts,
    drop_root,
    visible,
)
from evogit.sandbox.seccomp import INTERNET, LOCAL, program
from evogit.sandbox.spawn import pipe, sealed, spawn, streams
from evogit.sandbox.supervise import SupervisedJob
from evogit.text import clean_line, decode

_HINT: Final = (
    "install bubblewrap (package 'bubblewrap'); on Ubuntu 23.10 and later unprivileged user namespaces "
    "must also be allowed: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor "
    "profile for bwrap; else use the container sandbox"
)


class BubblewrapSandbox:
    """Runs jobs under bubblewrap. Thread-safe.

    Args:
        runtime: the interpreter, folders and variables every job gets.
    """

    name = "bubblewrap"

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._jobs: set[SupervisedJob] = set()
        # One thread starts everything: the kernel kills a child with the thread that started it
        # (--die-with-parent), and for root that thread alone lives in the private mount namespace.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bubblewrap")
        self._private: PrivateMounts | None = None
        self._prepared: Prepared | None = None
        self._filters: dict[tuple[int, ...], bytes] = {}
        self._closed = False

    def probe(self) -> Probe:
        """Run a trivial job for real and say what happened; never raises."""
        try:
            self._starter.submit(self._prepare).result()
        except EvoGitError as error:
            return Probe(works=False, reason=error.message, hint=error.hint)
        except (OSError, RuntimeError) as error:
            return Probe(works=False, reason=clean_line(str(error)), hint=_HINT)
        return Probe(works=True)

    def start(self, job: Job) -> Running:
        """Start ``job``.

        Raises:
            EvaluatorError: bubblewrap does not work here, a mount can not be made, or the sandbox
                is closed.
        """
        check_mounts(job)
        try:
            return self._starter.submit(self._start, job).result()
        except RuntimeError as error:  # the executor was shut down
            raise EvaluatorError("the sandbox is closed") from error

    def close(self) -> None:
        """End everything this sandbox started. Idempotent."""
        with self._lock:
            self._closed = True
            jobs = list(self._jobs)
        for job in jobs:
            job.kill()
        for job in jobs:
            with suppress(EvaluatorError):
                job.wait()
        self._starter.shutdown()

    # Everything below runs in the starter's thread.

    def _start(self, job: Job) -> SupervisedJob:
        return self._launch(job, self._prepare())

    def _prepare(self) -> Prepared:
        """Find a bubblewrap that works by trying each; remember it."""
        if self._prepared is not None:
            return self._prepared
        self._filters = {families: program(sockets=families) for families in ((), INTERNET, LOCAL)}
        if os.geteuid() == 0 and self._private is None:
            self._private = PrivateMounts()
        failures: list[str] = []
        for binary in binaries():
            prepared = self._with_binary(binary)
            reason = self._why_not(Job(["true"]), prepared)
            if reason is None:
                self._prepared = self._with_overlay(prepared)
                return self._prepared
            failures.append(f"{binary}: {reason}")
        raise EvaluatorError("; ".join(failures) or "there is no bubblewrap here", hint=_HINT)

    def _with_binary(self, binary: Path) -> Prepared:
        needed = interpreter(self._runtime.python)
        folders = visible([*needed.folders, *self._runtime.paths])
        return Prepared(
            bwrap=self._reachable(binary),
            runtime=self._runtime,
            folders=[(self._expose(folder), folder) for folder in folders],
            links=needed.links,
            prefix=[] if self._private is None else drop_root(OUTSIDER),
            overlay=False,
        )

    def _reachable(self, binary: Path) -> Path:
        if self._private is None or is_inside(binary, SYSTEM):
            return binary
        # The packaged bwrap finds its library relative to itself, two folders up.
        root = binary.parents[2]
        return self._expose(root) / binary.relative_to(root)

    def _with_overlay(self, prepared: Prepared) -> Prepared:
        trial = prepared.with_overlay()
        mount = Mount(Path(__file__).parent, "/candidate", copy=True)
        reason = self._why_not(Job(["touch", "/candidate/new"], mounts=[mount]), trial)
        return trial if reason is None else prepared

    def _why_not(self, job: Job, prepared: Prepared) -> str | None:
        try:
            done = self._launch(job, prepared).wait()
        except EvaluatorError as error:
            return error.message
        failed = done.status or done.limit
        return decode(done.stderr, 300) or f"status {done.status}" if failed else None

    def _expose(self, source: Path, *, as_own: bool = False) -> Path:
        return source if self._private is None else self._private.expose(source, as_own=as_own)

    def _launch(self, job: Job, prepared: Prepared) -> SupervisedJob:
        started = time.monotonic()
        with ExitStack() as undo, ExitStack() as given, streams(job) as std:
            sources = [self._job_source(mount, undo) for mount in job.mounts]
            report, report_end = pipe(undo, given)
            filtered, filter_end = pipe(given, given)
            families = INTERNET if job.network else LOCAL if job.browser else ()
            os.write(filter_end, self._filters[families])
            settings = sealed(prepared.settings(job))
            given.callback(os.close, settings)
            ends = {SETTINGS: settings, REPORT: report_end, FILTER: filtered}
            pid = spawn(prepared.command(job, sources), {**std.child, **ends})
            scratch = [*SCRATCH, *(m.target for m in job.mounts if m.copy)]
            written = [m.source for m in job.mounts if m.writable]
            tree = NamespaceTree(pid, report, job.limits, scratch, written, undo.pop_all())
        running = SupervisedJob(pid, tree, job.limits, std, started=started, on_end=self._forget)
        with self._lock:
            self._jobs.add(running)
            closed = self._closed
        if closed:
            running.kill()
        return running

    def _job_source(self, mount: Mount, undo: ExitStack) -> Path:
        if self._private is None:
            return mount.source
        exposed = self._private.expose(mount.source, as_own=True, writable=mount.writable)
        undo.callback(self._withdraw, exposed)
        return exposed

    # Called from jobs' threads.

    def _withdraw(self, exposed: Path) -> None:
        private = self._private
        if private is not None:
            with suppress(RuntimeError):  # closed: the whole namespace goes with the thread
                self._starter.submit(private.withdraw, exposed)

    def _forget(self, job: SupervisedJob) -> None:
        with self._lock:
            self._jobs.discard(job)
