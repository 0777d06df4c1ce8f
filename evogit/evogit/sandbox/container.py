"""Jobs in containers of any engine with Docker's API: a hard memory limit, and a slower start.

One fresh container per job, removed at its end. The engine's own system call filter stays on, the
image's file system is read-only, and the job runs as an ordinary user without capabilities.
"""

from __future__ import annotations

import importlib
import os
import shutil
import socket
import stat
import sys
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from evogit.errors import EvaluatorError
from evogit.sandbox.base import Job, Probe, Running, Runtime
from evogit.sandbox.contained import ContainedJob
from evogit.sandbox.limits import MAX_FILES, OPEN_FILES, SPARE_PROCESSES, resource_limits
from evogit.sandbox.private import OUTSIDER
from evogit.sandbox.profile import check_mounts, places
from evogit.text import clean_line, decode

_DEFAULT_ENGINE: Final = "unix:///var/run/docker.sock"
_LABEL: Final = "evogit.sandbox"
_STAGED: Final = "/run/evogit"
_CHANNEL: Final = "/run/evogit-channel"
_INIT: Final = 1  # the engine's init counts as a task
_ROUND: Final = (
    2**16
)  # a little more room than one file may take, so that a huge file is told apart
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ContainerSandbox:
    """Runs jobs in containers. Thread-safe.

    ``python`` is the image's ``python3``. Bind mounts need an engine on this machine.

    Args:
        runtime: its folders and variables; its interpreter is not used.
        image: an image with ``sh``, ``cp`` and what jobs need; by default the official slim image
            of the Python version that runs EvoGit. Never pulled by us.
    """

    name = "container"

    def __init__(self, runtime: Runtime, image: str | None = None) -> None:
        self._runtime = runtime
        self._image = image or f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
        self._lock = threading.Lock()
        self._engine: Any = None
        self._jobs: set[ContainedJob] = set()
        self._closed = False

    def probe(self) -> Probe:
        """Run a trivial job for real and say what happened; never raises."""
        try:
            done = self.start(Job(["true"])).wait()
        except EvaluatorError as error:
            return Probe(works=False, reason=error.message, hint=error.hint)
        except Exception as error:  # noqa: BLE001  # whatever the engine's library raises
            return Probe(works=False, reason=clean_line(str(error), 300))
        if done.status:
            return Probe(works=False, reason=decode(done.stderr, 300) or f"status {done.status}")
        return Probe(works=True)

    def start(self, job: Job) -> Running:
        """Start ``job``.

        Raises:
            EvaluatorError: no engine answers, it lacks the image or refuses the container, a mount
                can not be made, or the sandbox is closed.
        """
        if self._closed:
            raise EvaluatorError("the sandbox is closed")
        check_mounts(job)
        engine = self._connect()
        with ExitStack() as undo:
            fifo = None if job.channel is None else _fifo(undo)
            container = self._create(engine, job, fifo, undo)
            undo.callback(_remove, container)
            tasks = job.limits.processes + _INIT
            running = ContainedJob(
                container, job, tasks=tasks, fifo=fifo, undo=undo, on_end=self._forget
            )
            with self._lock:
                self._jobs.add(running)
            return running

    def close(self) -> None:
        """End everything this sandbox started. Idempotent."""
        self._closed = True
        with self._lock:
            jobs, engine, self._engine = list(self._jobs), self._engine, None
        for job in jobs:
            job.kill()
        for job in jobs:
            job.finished()
        if engine is not None:
            engine.close()

    def _connect(self) -> Any:
        docker: Any = importlib.import_module("docker")
        with self._lock:
            if self._engine is None:
                try:
                    where = docker.utils.kwargs_from_env()
                    _knock(str(where.get("base_url") or _DEFAULT_ENGINE))
                    self._engine = docker.DockerClient(**where)
                except (OSError, docker.errors.DockerException) as error:
                    raise EvaluatorError(
                        clean_line(f"no container engine answers: {error}"),
                        hint="start Docker or a Podman service, or point DOCKER_HOST at one",
                    ) from error
            return self._engine

    def _create(self, engine: Any, job: Job, fifo: Path | None, undo: ExitStack) -> Any:
        docker: Any = importlib.import_module("docker")
        try:
            return engine.containers.create(
                self._image, self._command(job), **self._options(docker.types, job, fifo, undo)
            )
        except docker.errors.ImageNotFound as error:
            raise EvaluatorError(
                f"the container engine has no image {self._image}",
                hint=f"docker pull {self._image}, or set [sandbox] image",
            ) from error
        except docker.errors.DockerException as error:
            raise EvaluatorError(
                clean_line(f"the container engine refuses a container: {error}", 400),
                hint="evogit doctor shows what works on this machine",
            ) from error

    def _command(self, job: Job) -> list[str]:
        copies = [
            f'cp -R "{_STAGED}/{number}/." "{mount.target}/" && '
            for number, mount in enumerate(job.mounts)
            if mount.copy
        ]
        channel = "" if job.channel is None else f" 3>{_CHANNEL}"
        script = "".join(copies) + f'cd "$1" && shift && exec "$@"{channel}'
        first, *rest = job.argv
        program = "python3" if first in {"python", "python3"} else first
        return ["/bin/sh", "-c", script, "start", job.cwd, program, *rest]

    def _options(self, types: Any, job: Job, fifo: Path | None, undo: ExitStack) -> dict[str, Any]:
        limits = job.limits
        uid, gid = (os.getuid(), os.getgid()) if os.geteuid() else (OUTSIDER, OUTSIDER)
        # The engine keeps the mode of the image's folder, which may be closed: own it instead.
        scratch = f"size={limits.disk + _ROUND},nr_inodes={MAX_FILES},uid={uid},gid={gid},mode=1777"
        copies = {mount.target: scratch + ",exec" for mount in job.mounts if mount.copy}
        return {
            "environment": self._variables(job),
            "network_mode": "none",
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "pids_limit": limits.processes + _INIT + SPARE_PROCESSES,
            "mem_limit": limits.memory,
            "memswap_limit": limits.memory,
            "read_only": True,
            "tmpfs": {"/tmp": scratch, **copies},  # noqa: S108  # inside
            "shm_size": 2**20,
            "user": f"{uid}:{gid}",
            "init": True,
            "ulimits": self._ulimits(types, job),
            "mounts": self._mounts(types, job, fifo, undo),
            "stdin_open": job.stdin is not None,
            "hostname": "sandbox",
            "entrypoint": [],
            "labels": {_LABEL: str(os.getpid())},
            "log_config": types.LogConfig(type="none"),
        }

    def _ulimits(self, types: Any, job: Job) -> list[Any]:
        import resource

        values = resource_limits(job.limits)
        names = {"cpu": values[resource.RLIMIT_CPU], "fsize": job.limits.disk, "core": 0}
        names |= {"nofile": OPEN_FILES}
        return [types.Ulimit(name=name, soft=n, hard=n) for name, n in names.items()]

    def _mounts(self, types: Any, job: Job, fifo: Path | None, undo: ExitStack) -> list[Any]:
        pairs = [(path, str(path)) for path in self._runtime.paths if path.exists()]
        for number, mount in enumerate(job.mounts):
            source = _readable(mount.source.resolve(), undo)
            pairs.append((source, f"{_STAGED}/{number}" if mount.copy else mount.target))
        mounts = [
            types.Mount(target=target, source=str(source), type="bind", read_only=True)
            for source, target in pairs
        ]
        if fifo is not None:
            mounts.append(types.Mount(target=_CHANNEL, source=str(fifo), type="bind"))
        return mounts

    def _variables(self, job: Job) -> dict[str, str]:
        return {
            "PATH": _PATH,
            "HOME": "/tmp",  # noqa: S108  # inside
            "LANG": "C.UTF-8",
            **places({mount.target: mount.target for mount in job.mounts}),
            **self._runtime.variables,
            **job.variables,
        }

    def _forget(self, job: ContainedJob) -> None:
        with self._lock:
            self._jobs.discard(job)


def _knock(url: str) -> None:
    """Raise ``OSError`` if nobody listens; the library would leave a socket open."""
    scheme, _, path = url.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as one:
            try:
                one.connect(path)
            except OSError as error:
                raise OSError(f"{path}: {error.strerror}") from error


def _remove(container: Any) -> None:
    # Whatever is wrong with the engine now, the result of the job is known.
    with suppress(Exception):
        container.remove(force=True, v=True)


def _fifo(undo: ExitStack) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="evogit-channel-"))
    undo.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o711)
    fifo = folder / "channel"
    os.mkfifo(fifo)
    fifo.chmod(0o666)
    return fifo


def _readable(source: Path, undo: ExitStack) -> Path:
    """``source``, or a copy of it if root alone could read it."""
    if os.geteuid() or all(_is_open(path) for path in (source, *source.rglob("*"))):
        return source
    folder = Path(tempfile.mkdtemp(prefix="evogit-mount-"))
    undo.callback(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / "source"
    if source.is_file():
        shutil.copy2(source, copy)
    else:
        shutil.copytree(source, copy, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
    return copy


def _is_open(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISLNK(mode) or bool(mode & (stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH))
