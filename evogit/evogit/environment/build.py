"""Runs the set-up: once per content of its lock files, outside the sandbox, for all workers.

It builds straight into the folder it will be used from, because virtual environments hold absolute
paths and break when moved. A stamp beside the folder, renamed into place last, says that the build
is complete; without it a folder is what a killed build left, and is built again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from evogit.environment.interpreter import Interpreter
from evogit.errors import ConfigError, EvaluatorError
from evogit.text import clean, clean_line, decode

TARGET: Final = "{target}"
PYTHON: Final = "{python}"
SETUP_SECONDS: Final = 3600.0
"""A set-up that takes longer is stopped: it waits for something that will not come."""

_TAIL: Final = 3000
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides a build.

    Args:
        setup: the command; ``{target}`` and ``{python}`` in its words are replaced.
        python: the interpreter it may use.
        locks: the files it finds in its working folder, by relative path.
        key: names the build; equal recipes have equal keys.
    """

    setup: Sequence[str]
    python: Interpreter
    locks: Mapping[str, bytes]
    key: str


def build(recipe: Recipe, cache: Path) -> Path:
    """The folder that the set-up built, from ``cache`` if it was built before.

    Safe to call from many processes at once: one builds, the others wait for it. A build that is
    killed, at any point, is not used.

    Raises:
        EvaluatorError: the set-up failed or did not end, or the disk refused; says what it printed.
        ConfigError: a lock file lies outside the repository.
    """
    target = cache / recipe.key
    stamp = cache / f"{recipe.key}.complete"
    if stamp.exists() and target.is_dir():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{recipe.key}.lock") as lock:
            if not (stamp.exists() and target.is_dir()):
                stamp.unlink(missing_ok=True)
                _build(recipe, target, lock)
                _make_readable(target)
                _stamp(stamp)
    except OSError as error:
        raise EvaluatorError(
            f"the environment can not be built in {clean_line(str(cache))}: {clean_line(str(error))}",
            hint="check that the folder can be written and the disk is not full",
        ) from None
    return target


def _build(recipe: Recipe, target: Path, lock: int) -> None:
    """Run the set-up in a fresh folder with the lock files. On any failure nothing is left of it."""
    sources = target.with_name(f"{target.name}.sources")
    log = target.with_name(f"{target.name}.log")
    _remove(target)
    _remove(sources)
    try:
        sources.mkdir()
        target.mkdir()
        for path, content in recipe.locks.items():
            _write_lock(sources, path, content)
        python = str(recipe.python.python)
        argv = [w.replace(TARGET, str(target)).replace(PYTHON, python) for w in recipe.setup]
        with log.open("w+b") as output:
            _run(argv, sources, output, lock)
    except BaseException:
        _remove(target)
        raise
    finally:
        _remove(sources)


def _write_lock(sources: Path, path: str, content: bytes) -> None:
    parts = path.split("/")
    if not path or path.startswith("/") or ".." in parts or "\0" in path:
        raise ConfigError(
            f"lock file {clean_line(path)!r} lies outside the repository",
            hint="correct environment.lock",
        )
    file = sources / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _run(argv: Sequence[str], folder: Path, output: IO[bytes], lock: int) -> None:
    """Run the set-up with this process's environment: proxies and package indexes are set there.

    It inherits the lock. If this process is killed, the set-up goes on writing; nobody may build in
    the same folder before it has ended.
    """
    shown = clean_line(" ".join(argv), 300)
    hint = "run the command by hand, correct environment.setup, and try again"
    try:
        process = subprocess.Popen(  # noqa: S603  # consented to
            argv,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock],
        )
    except OSError as error:
        raise EvaluatorError(
            f"the set-up {shown} does not start: {error.strerror}", hint=hint
        ) from None
    try:
        status = process.wait(SETUP_SECONDS)
    except subprocess.TimeoutExpired:
        raise EvaluatorError(
            f"the set-up {shown} did not end within {SETUP_SECONDS:g} s:\n{_tail(output)}",
            hint=hint,
        ) from None
    finally:
        _end(process)
    if status != 0:
        raise EvaluatorError(
            f"the set-up {shown} ended with status {status}:\n{_tail(output)}", hint=hint
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of the set-up may still write into what is about to be stamped."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(size - _TAIL, 0))
    return clean(decode(output.read(_TAIL)).strip(), _TAIL)


def _make_readable(target: Path) -> None:
    """Readable by every uid, as the jobs of a root user run as another; links are left alone."""
    target.chmod(0o755)
    for folder, folders, files in os.walk(target):
        for name in [*folders, *files]:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                path.chmod(stat.S_IMODE(mode) | (0o555 if mode & 0o111 else 0o444))
            elif stat.S_ISDIR(mode):
                path.chmod(stat.S_IMODE(mode) | 0o555)


def _stamp(stamp: Path) -> None:
    """Say that the build is complete, durably, and only after its files are."""
    os.sync()
    temporary = stamp.with_suffix(".new")
    with temporary.open("w") as stream:
        os.fsync(stream.fileno())
    temporary.replace(stamp)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


@contextmanager
def _locked(path: Path) -> Generator[int]:
    """Hold an exclusive lock; yields its descriptor.

    If this process is killed, the lock ends with the last process that inherited the descriptor.

    Raises:
        EvaluatorError: somebody held it for longer than any set-up may take.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + 2 * SETUP_SECONDS
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise EvaluatorError(
                    f"another process has been building this environment for {2 * SETUP_SECONDS:g} s",
                    hint=f"see who holds it with fuser {clean_line(str(path))}, and end that process",
                )
            time.sleep(_POLL_SECONDS)
        try:
            yield lock
        finally:
            # For a daemon, too, that the set-up left behind and that still has the descriptor.
            fcntl.flock(lock, fcntl.LOCK_UN)
    finally:
        os.close(lock)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
