"""What a container may see and do, as the engine's options; and the script that runs its job."""

from __future__ import annotations

import importlib
import os
import resource
import shlex
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from evogit.sandbox.base import Job, Mount, Runtime
from evogit.sandbox.engine import LABEL
from evogit.sandbox.image import Image
from evogit.sandbox.interpreter import interpreter, is_inside
from evogit.sandbox.limits import MAX_FILES, OPEN_FILES, SPARE_PROCESSES, resource_limits
from evogit.sandbox.private import OUTSIDER
from evogit.sandbox.profile import places
from evogit.sandbox.waiting import CONTROL, OWN_TASKS, SCRIPT, Control, Shape

_STAGED: Final = "/run/evogit-staged"
_SHARED_MEMORY: Final = 2**20
_ROUND: Final = 2**16
"""A little more room than one file may take, so that a huge file is told apart."""
_PODMAN_TASKS: Final = 2**14
"""Of all containers of one user together; each is limited to less by its control group."""
_CLOSED: Final = Path("/root")
"""Closed to others in most images; an interpreter below it needs a way through."""


def options(
    image: Image, runtime: Runtime, shape: Shape, control: Control, owner: str, undo: ExitStack
) -> dict[str, Any]:
    """Everything the engine is told about a container.

    No network, no capability, no way to gain any, an ordinary user, a read-only file system, and
    limits the kernel holds: memory without swap, processes, scratch space.
    """
    docker: Any = importlib.import_module("docker")
    user = user_id()
    return {
        "image": image.name,
        "entrypoint": ["/bin/sh", "-c", SCRIPT],
        "command": [],
        "working_dir": "/",
        "environment": {"HOME": "/tmp", "LANG": "C.UTF-8"},  # noqa: S108  # inside
        "network_mode": "none",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": shape.processes + OWN_TASKS + SPARE_PROCESSES,
        "mem_limit": shape.memory,
        "memswap_limit": shape.memory,
        "read_only": True,
        "tmpfs": _tmpfs(image, runtime, shape, user),
        "shm_size": _SHARED_MEMORY,
        "user": f"{user}:{user if user == OUTSIDER else os.getgid()}",
        "init": True,
        "ulimits": _ulimits(docker.types, image, shape),
        "mounts": _mounts(docker.types, runtime, shape, control, undo),
        "stdin_open": True,
        "hostname": "sandbox",
        "labels": {LABEL: owner},
        "log_config": docker.types.LogConfig(type="none"),
        "healthcheck": {"test": ["NONE"]},
    }


def user_id() -> int:
    """Whom a job runs as: us, so that it can read our files, or an outsider if we are root."""
    return os.getuid() if os.geteuid() else OUTSIDER


def scratch(shape: Shape) -> list[str]:
    """The places a job of this shape may write to."""
    return ["/tmp", *(mount.target for mount in shape.mounts if mount.copy)]  # noqa: S108  # inside


def job_script(job: Job, runtime: Runtime) -> str:
    """The shell script that runs ``job`` and then says its exit status."""
    quote = shlex.quote
    copies = [
        _copy(f"{_STAGED}/{number}", quote(mount.target))
        for number, mount in enumerate(job.mounts)
        if mount.copy
    ]
    steps = [
        *copies,
        f"cd {quote(job.cwd)}",
        *(f"export {name}={value}" for name, value in _variables(job, runtime).items()),
        f"ulimit -t {resource_limits(job.limits)[resource.RLIMIT_CPU]}",
        f"exec {shlex.join(_program(job, runtime))}",
    ]
    stdin = " </dev/null" if job.stdin is None else ""
    channel = "" if job.channel is None else f" 3>{CONTROL}/channel"
    body = " &&\n".join(steps)
    # The shell's own remarks, such as that a program crashed, are not the job's.
    return (
        f"exec 2>/dev/null\n({body}) >{CONTROL}/out 2>{CONTROL}/err{stdin}{channel}\n"
        f'echo "$word $?" >{CONTROL}/end\nread -r _ <{CONTROL}/life\n'
    )


def _copy(source: str, target: str) -> str:
    """A command that copies what is in a folder, but not the folder: it may be another's."""
    entries = f"{source}/* {source}/.[!.]* {source}/..?*"
    one = f'if [ -e "$f" ] || [ -L "$f" ]; then cp -a "$f" {target}/ || exit 126; fi'
    return f"for f in {entries}; do {one}; done"


def _program(job: Job, runtime: Runtime) -> list[str]:
    first, *rest = job.argv
    if first in {"python", "python3"}:
        first = str(runtime.python) if runtime.named else "python3"
    return [first, *rest]


def _variables(job: Job, runtime: Runtime) -> Mapping[str, str]:
    """By name, as words of a shell script. PATH stays the image's, which knows where things are."""
    given = {
        **places({mount.target: mount.target for mount in job.mounts}),
        **runtime.variables,
        **job.variables,
    }
    words = {name: shlex.quote(value) for name, value in given.items()}
    if runtime.named and "PATH" not in words:
        words["PATH"] = f'{shlex.quote(str(runtime.python.parent))}:"$PATH"'
    return words


def _tmpfs(image: Image, runtime: Runtime, shape: Shape, user: int) -> dict[str, str]:
    size = f"size={shape.disk + _ROUND},mode=1777"
    if not image.podman:
        # The engine keeps the mode of the image's folder, which may be closed: own it instead.
        size += f",nr_inodes={MAX_FILES},uid={user}"
    writable = scratch(shape)
    found = dict.fromkeys(writable, f"{size},exec")
    # A volume the image declares would be a writable folder on the host's disk, without a limit.
    found |= {place: "size=4k,mode=0555" for place in image.volumes if place not in writable}
    if any(is_inside(path, (_CLOSED,)) for path in _shown(runtime)):
        found[str(_CLOSED)] = "size=64k,mode=0755"
    return found


def _ulimits(types: Any, image: Image, shape: Shape) -> list[Any]:
    values = {"fsize": shape.disk, "core": 0, "nofile": OPEN_FILES}
    if image.podman:  # it would ask for more than its service may have
        values["nproc"] = _PODMAN_TASKS
    return [types.Ulimit(name=name, soft=n, hard=n) for name, n in values.items()]


def _mounts(
    types: Any, runtime: Runtime, shape: Shape, control: Control, undo: ExitStack
) -> list[Any]:
    pairs = [(path, str(path)) for path in _shown(runtime)]
    for number, mount in enumerate(shape.mounts):
        source = _readable(mount.source.resolve(), control.folder.parent, undo)
        pairs.append((source, f"{_STAGED}/{number}" if mount.copy else mount.target))
    pairs.append((control.folder, CONTROL))
    return [
        types.Mount(target=target, source=str(source), type="bind", read_only=True)
        for source, target in pairs
    ]


def _shown(runtime: Runtime) -> list[Path]:
    """Folders of the host to show: of an interpreter only if it is used instead of the image's."""
    hidden = () if runtime.named else interpreter(runtime.python).folders
    return [path for path in runtime.paths if path.exists() and not is_inside(path, tuple(hidden))]


def must_copy(mounts: tuple[Mount, ...]) -> bool:
    """Whether root alone could read a source, so that a job needs a copy made for it."""
    return os.geteuid() == 0 and not all(_is_all_open(m.source.resolve()) for m in mounts)


def _readable(source: Path, parent: Path, undo: ExitStack) -> Path:
    """``source``, or a copy of it below ``parent`` if root alone could read it."""
    if os.geteuid() or _is_all_open(source):
        return source
    folder = Path(tempfile.mkdtemp(prefix="mount-", dir=parent))
    folder.chmod(0o711)
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


def _is_all_open(source: Path) -> bool:
    return all(_is_open(path) for path in (source, *source.rglob("*")))


def _is_open(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISLNK(mode) or bool(mode & (stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH))
