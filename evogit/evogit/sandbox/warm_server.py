"""One running fork server, seen from the client: start it, send it jobs, end it."""

from __future__ import annotations

import base64
import inspect
import json
import os
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from evogit.errors import EvaluatorError
from evogit.sandbox import forkserver_kernel as kernel
from evogit.sandbox.base import Job, Mount, Runtime
from evogit.sandbox.forkserver import BOOT, MODULES
from evogit.sandbox.interpreter import interpreter
from evogit.sandbox.limits import MAX_FILES, with_processes
from evogit.sandbox.private import OUTSIDER
from evogit.sandbox.profile import environment, visible
from evogit.sandbox.seccomp import program
from evogit.sandbox.spawn import sealed
from evogit.text import clean_line

_START_TIMEOUT: Final = 120.0  # importing torch from a cold disk takes a minute
_END_TIMEOUT: Final = 5.0
_SPARE: Final = 2
"""Prepared children kept waiting; more does not help two cores and costs a few MB each."""
_BUFFER: Final = 2**20
_MOST_REQUEST: Final = 2**16
_MOST_MOUNTS: Final = 100
"""The kernel passes at most 253 descriptors in a message."""
_SYSTEM_FILES: Final = ("/etc/alternatives", "/etc/localtime", "/etc/ssl/certs")


@dataclass(frozen=True, slots=True)
class Flavour:
    """What an interpreter is started with and can not change later; one server for each.

    Args:
        preload: modules imported before the first job.
        variables: those of the environment that matter when an interpreter starts.
    """

    preload: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]


class Server:
    """A fork server. ``submit`` may be called by many threads at once.

    Raises:
        EvaluatorError: it does not start here, or a module can not be imported.
    """

    def __init__(self, runtime: Runtime, flavour: Flavour) -> None:
        self._runtime = runtime
        self._kept = [str(folder) for folder in below_tmp(runtime)]
        self._users = -1
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        with ExitStack() as undo, ExitStack() as closing:
            undo.callback(self._channel.close)
            closing.callback(theirs.close)
            self._process = _launch(runtime, flavour, theirs.fileno(), closing)
            undo.pop_all()
        try:
            self._users = self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self) -> int:
        self._channel.settimeout(_START_TIMEOUT)
        try:
            message, descriptors = kernel.receive(self._channel)
        except OSError as error:
            raise EvaluatorError(f"the fork server does not answer: {error}") from error
        self._channel.settimeout(None)
        answer = json.loads(message or b'{"error": "it ended at once"}')
        if "ready" not in answer:
            reason = clean_line(str(answer["error"]).strip()[-500:])
            raise EvaluatorError(f"the fork server does not start: {reason}")
        return descriptors[0]

    @property
    def pid(self) -> int:
        """Of the launcher, whose end is the end of all its processes."""
        return self._process.pid

    def submit(self, job: Job) -> socket.socket:
        """Send ``job``; the report comes through the socket.

        Closing the socket, or shutting it down for writing, kills the job.

        Raises:
            OSError: the server is gone, a descriptor of the job is not open, a mount can not be made.
        """
        with ExitStack() as closing:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            closing.callback(theirs.close)
            try:
                request, descriptors = self._request(job, closing)
                kernel.send(self._channel, request, [theirs.fileno(), *descriptors])
            except BaseException:
                ours.close()
                raise
        return ours

    def _request(self, job: Job, closing: ExitStack) -> tuple[bytes, list[int]]:
        stdin = _standard_input(job.stdin, closing)
        given = [fd for fd in (job.stdout, job.channel) if fd is not None]
        trees: list[int] = []
        if os.geteuid() == 0:
            for mount in job.mounts:
                trees.append(self._tree(mount))
                closing.callback(os.close, trees[-1])
        content = sealed(json.dumps(_inner(job, self._runtime, self._kept)).encode())
        closing.callback(os.close, content)
        limits = job.limits.model_dump() | {"files": MAX_FILES}
        paths = [] if trees else [os.fspath(mount.source.absolute()) for mount in job.mounts]
        request = {"limits": limits, "stdout": job.stdout is not None, "paths": paths}
        return json.dumps(request).encode(), [content, stdin, *given, *trees]

    def _tree(self, mount: Mount) -> int:
        tree = kernel.open_tree(os.fsencode(mount.source))
        try:
            # Root's own files, whatever their mode, are readable to the job as a user's are to
            # hers; a file system that can not do that shows them as they are.
            with suppress(OSError):
                kernel.set_attributes(tree, kernel.MAP_IDS, self._users)
            kernel.set_attributes(tree, kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEVICES)
        except OSError:
            os.close(tree)
            raise
        return tree

    def close(self) -> None:
        """End the server and all its jobs. Idempotent."""
        self._channel.close()
        try:
            self._process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._users >= 0:
            os.close(self._users)
            self._users = -1


def startup_variables(job: Job, runtime: Runtime) -> tuple[tuple[str, str], ...]:
    """The variables of ``job`` that an interpreter, a loader or a numeric library reads at start."""
    prefixes = ("PYTHON", "LD_", "OMP_", "OPENBLAS_", "MKL_", "GLIBC_", "MALLOC_", "LC_", "TZ")
    chosen = {**runtime.variables, **job.variables}
    return tuple(sorted((k, v) for k, v in chosen.items() if k.startswith(prefixes)))


def too_large(job: Job) -> bool:
    """Whether the job's mounts do not fit into one request."""
    length = sum(len(str(mount.source)) for mount in job.mounts)
    return len(job.mounts) > _MOST_MOUNTS or length > _MOST_REQUEST


def _standard_input(source: bytes | int | None, closing: ExitStack) -> int:
    if isinstance(source, int):
        return source
    fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) if source is None else sealed(source)
    closing.callback(os.close, fd)
    return fd


def below_tmp(runtime: Runtime) -> list[Path]:
    """Folders the job needs that its private ``/tmp`` would hide: they are mounted again there."""
    needed = visible([*interpreter(runtime.python).folders, *runtime.paths])
    return [folder for folder in needed if folder.is_relative_to("/tmp")]  # noqa: S108  # the host's


def _inner(job: Job, runtime: Runtime, kept: list[str]) -> dict[str, Any]:
    """What the job's own process reads; nobody else on the way does."""
    script = os.path.join(job.cwd, job.argv[1])  # noqa: PTH118  # a path inside
    return {
        "argv": [script, *job.argv[2:]],
        "cwd": job.cwd,
        "environ": environment(job, runtime),
        "targets": [mount.target for mount in job.mounts],
        "kept": kept,
        "resources": list(with_processes(job.limits).items()),
        "channel": job.channel is not None,
    }


def _launch(
    runtime: Runtime, flavour: Flavour, control: int, closing: ExitStack
) -> subprocess.Popen[bytes]:
    needed = interpreter(runtime.python)
    client = os.pidfd_open(os.getpid())
    closing.callback(os.close, client)
    sources = _sources()
    config = {
        "control": control,
        "client": client,
        "uid": OUTSIDER,
        "python": str(runtime.python),
        "folders": [str(f) for f in visible([*needed.folders, *runtime.paths])]
        + [f for f in _SYSTEM_FILES if Path(f).exists()],
        "links": [(str(path), target) for path, target in needed.links],
        "preload": list(flavour.preload),
        "environ": _startup_environment(runtime, dict(flavour.variables)),
        "filter": base64.b64encode(program()).decode(),
        "spare": _SPARE,
        "sources": sources,
        "modules": ["evogit", "evogit.sandbox", *sources],
    }
    bundle = sealed(
        json.dumps({"sources": sources, "entry": MODULES[-1], "config": config}).encode()
    )
    closing.callback(os.close, bundle)
    try:
        return subprocess.Popen(
            [runtime.python, "-I", "-S", "-c", BOOT, str(bundle)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(bundle, control, client),
            start_new_session=True,
            cwd="/",
            env={},
        )
    except OSError as error:
        raise EvaluatorError(f"{runtime.python} can not be started: {error.strerror}") from error


def _startup_environment(runtime: Runtime, chosen: Mapping[str, str]) -> dict[str, str]:
    # No -I for the zygote: it starts as ``python SCRIPT`` would in a job of its own.
    nothing = Job(["python"])
    return {**environment(nothing, runtime), **chosen}


@cache
def _sources() -> dict[str, str]:
    return {name: inspect.getsource(import_module(name)) for name in MODULES}
