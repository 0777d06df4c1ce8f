"""Runs one tool on one parent in the sandbox, and says what it left behind."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.sandbox.base import Completed, Job, Mount, Sandbox
from evogit.sandbox.private import OUTSIDER
from evogit_agents.command.program import Program
from evogit_agents.command.record import Record
from evogit_agents.command.watch import Reason, Watch

WORK: Final = "/agent/work"
HOME: Final = "/agent/home"
PROMPT: Final = f"{HOME}/.evogit-prompt.md"
REPORT: Final = f"{HOME}/.evogit-report"
QUIET: Final[Mapping[str, str]] = {
    "NO_COLOR": "1",
    "CI": "1",
    "TERM": "dumb",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "HOME": HOME,
    "PWD": WORK,
}
"""For every tool: nothing to ask, nobody to page, no colours. ``PWD`` because some believe it more
than the system."""
_NETWORK_FILES: Final = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services"),
    *("/etc/pki", "/etc/ssl/openssl.cnf"),
)
# One output for both streams, so that what is said is in order and one limit holds.
_TOGETHER: Final = ("sh", "-c", 'exec "$@" 2>&1', "sh")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tool ended. ``reason`` is why we ended it, ``limit`` which limit of the sandbox did."""

    completed: Completed
    output: bytes
    report: bytes
    reason: Reason | None

    @property
    def in_words(self) -> str:
        """How it ended, for a human."""
        why = {
            "silence": "it was silent for too long",
            "spend": "it reached what a step may cost",
            "stop": "the worker must end",
            "output": "it printed too much",
        }
        if self.reason is not None:
            return why[self.reason]
        if self.completed.limit is not None:
            return f"it reached its limit of {self.completed.limit}"
        status = self.completed.status
        return f"signal {-status}" if status < 0 else f"status {status}"


@contextmanager
def scratch(root: Path) -> Generator[Path]:
    """A fresh folder below ``root``, closed to others and removed at the end."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="step-", dir=root))
    try:
        yield folder
    finally:
        empty(folder)


def empty(folder: Path) -> None:
    """Remove what tools left, even where they took away permissions; follows no link."""
    for here, names, _ in os.walk(folder):
        for name in names:
            path = Path(here, name)
            if not path.is_symlink():
                with suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def furnish(home: Path, prompt: str, record: Record, own: Path) -> None:
    """Make a tool's home: the prompt, and the state its record names, copied from ``own``.

    Raises:
        OSError: the disk refused.
    """
    home.mkdir(mode=0o700)
    (home / Path(PROMPT).name).write_text(prompt, "utf-8")
    for name in record.state:
        source, target = own / name, home / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        elif source.is_file():
            shutil.copyfile(source, target)


def run(
    sandbox: Sandbox,
    program: Program,
    record: Record,
    folder: Path,
    *,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    prompt: str,
    overspent: Callable[[str, bytes], bool],
    stop: threading.Event,
) -> Ended:
    """Run the tool to its end or a limit's; afterwards no process of it is left.

    Args:
        sandbox: runs it.
        program: the tool.
        record: its record.
        folder: holds ``work``, laid out, and ``home``, furnished.
        arguments: what follows the program.
        variables: its environment, besides what every job gets.
        prompt: for its standard input, if the record says so.
        overspent: whether (output, report) so far say that a cap is reached.
        stop: ends it when set.

    Raises:
        EvaluatorError: the sandbox can not start it.
        OSError: no descriptor is left.
    """
    with ExitStack() as given:
        read, write = os.pipe2(os.O_CLOEXEC)
        given.callback(os.close, write)
        watch = Watch(
            read,
            most=record.output,
            silence=record.silence,
            overspent=lambda text: overspent(text, report(folder, record.output)),
            stop=stop,
        )
        job = Job(
            [*_TOGETHER, str(program.path), *arguments],
            mounts=mounts(program, folder, network=record.network),
            cwd=WORK,
            variables={**QUIET, **variables},
            limits=record.limits(),
            stdin=prompt.encode() if record.stdin == "prompt" else None,
            stdout=write,
            network=record.network,
            tool=True,
        )
        try:
            running = sandbox.start(job)
        except BaseException:
            watch.end()
            raise
    watch.begin(running.kill)
    try:
        completed = running.wait()
    finally:
        output = watch.end()
    return Ended(completed, output, report(folder, record.output), watch.reason)


def mounts(program: Program, folder: Path, *, network: bool) -> list[Mount]:
    """What a tool sees: its folder and home to write to, and itself."""
    people = folder / "passwd"
    uid = OUTSIDER if os.geteuid() == 0 else os.geteuid()
    people.write_text(f"agent:x:{uid}:{uid}:agent:{HOME}:/bin/sh\n")
    people.chmod(0o644)
    found = [
        Mount(folder / "work", WORK, writable=True),
        Mount(folder / "home", HOME, writable=True),
        Mount(people, "/etc/passwd"),
        *program.mounts,
    ]
    if network:
        files = (Path(name) for name in _NETWORK_FILES)
        found += [Mount(path.resolve(), str(path)) for path in files if path.exists()]
    return found


def report(folder: Path, most: int) -> bytes:
    """What the tool wrote to ``{report}`` so far; empty if nothing, or if it is no plain file."""
    path = folder / "home" / Path(REPORT).name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        try:
            return file.read(most) or b""
        except OSError:  # a folder, or a pipe that nobody writes to
            return b""
