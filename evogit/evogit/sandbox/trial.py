"""What a sandbox stops on this machine, found out by attacking it.

Each attack of ``attacks`` runs as a job of its own under small limits. The host lays out what it
is after (a server, a secret, a place to write, a process to find) and looks for itself whether it
got it, wherever that can be seen from outside.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

from evogit.config.model import Limits
from evogit.errors import EvaluatorError
from evogit.plugins import names
from evogit.sandbox import attacks
from evogit.sandbox.base import Completed, Job, Mount, Probe, Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.choose import make
from evogit.sandbox.image import Dockerfile
from evogit.sandbox.warm import WarmSandbox
from evogit.text import clean_line, decode

Verdict = Literal["stopped", "NOT stopped", "not available"]

ATTACKS: Final[Mapping[str, str]] = {
    "network": "reach a server",
    "secret": "read a file of the host",
    "outside": "write outside",
    "others": "see other processes",
    "rights": "gain rights",
    "daemon": "outlive the job",
    "processes": "start too many processes",
    "memory": "take too much memory",
    "disk": "fill the disk",
    "spin": "take too much time",
    "flood": "print without end",
}
"""What is tried, in plain words, by name."""

_TAKING: Final = frozenset({"processes", "memory", "disk", "spin", "flood"})
"""Attacks that take too much: a job that is ended for a limit has failed, whatever it says."""
_SCRIPT: Final = "/candidate/attacks.py"
_LIMITS: Final = Limits(
    wall=8, cpu=0.2, memory=48 * 2**20, processes=12, output=50_000, disk=2 * 2**20
)
_AT_ONCE: Final = 3
_DAEMON_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """How one attack ended. ``detail`` says what got through, or why it could not be tried."""

    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found out about one sandbox; no findings if it does not work at all."""

    probe: Probe
    findings: Mapping[str, Finding]


def try_installed(runtime: Runtime, image: str | Dockerfile | None = None) -> dict[str, Trial]:
    """Attack every installed sandbox, and the warm fork server; by name. Takes some seconds.

    Never raises for a broken one.
    """
    with ThreadPoolExecutor() as pool:
        makers: dict[str, Callable[[], Sandbox]] = {
            name: partial(make, name, runtime, image) for name in names("evogit.sandboxes")
        }
        makers["bubblewrap+warm"] = lambda: WarmSandbox(BubblewrapSandbox(runtime), runtime)
        trials = dict(zip(makers, pool.map(_trial, makers.values()), strict=True))
    return dict(sorted(trials.items()))


def _trial(maker: Callable[[], Sandbox]) -> Trial:
    try:
        sandbox = maker()
    except Exception as error:  # noqa: BLE001  # a stranger's package
        reason = clean_line(f"{type(error).__name__}: {error}", 300)
        return Trial(Probe(works=False, reason=reason), {})
    try:
        probe = sandbox.probe()
        if probe.reason and probe.works:  # only its inner sandbox does
            probe = Probe(works=False, reason=probe.reason, hint=probe.hint)
        return Trial(probe, try_all(sandbox) if probe.works else {})
    finally:
        sandbox.close()


def try_all(sandbox: Sandbox) -> dict[str, Finding]:
    """Attack ``sandbox`` in every way; by name, in the order of ``ATTACKS``. Takes some seconds.

    Never raises for what the sandbox does: an attack that does not run is ``not available``.
    """
    with _bait() as bait, ThreadPoolExecutor(_AT_ONCE) as pool:
        findings = pool.map(partial(bait.attack, sandbox), ATTACKS)
        return dict(zip(ATTACKS, findings, strict=True))


@contextmanager
def _bait() -> Generator[_Bait]:
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="evogit-probe-")))
        folder.chmod(0o777)  # whoever the job is, what keeps it out is the sandbox
        token = secrets.token_hex(12)
        servers = [undo.enter_context(_server(address)) for address in (None, token)]
        (folder / "secret").write_text(token, "ascii")
        victim = undo.enter_context(_victim(token))
        yield _Bait(folder, token, servers, victim)


class _Bait:
    """What the attacks are after; good for any number of attacks of one sandbox at once."""

    def __init__(
        self,
        folder: Path,
        token: str,
        servers: list[socket.socket],
        victim: subprocess.Popen[bytes],
    ) -> None:
        self._folder = folder
        self._token = token
        self._servers = servers
        self._victim = victim
        self._checks: Mapping[str, Callable[[], str]] = {
            "network": self._called,
            "outside": self._written,
            "daemon": self._survivor,
        }

    def attack(self, sandbox: Sandbox, name: str) -> Finding:
        """Run one attack."""
        job = Job(
            ["python", _SCRIPT, name, self._argument(name)],
            mounts=[Mount(Path(attacks.__file__), _SCRIPT)],
            limits=_LIMITS,
            warm=True,
        )
        try:
            done = sandbox.start(job).wait()
        except (EvaluatorError, OSError) as error:
            return Finding("not available", clean_line(str(error)))
        return self._judged(name, done)

    def _judged(self, name: str, done: Completed) -> Finding:
        said = decode(done.stdout, 2000)
        if not said.startswith("begun"):
            return Finding("not available", clean_line(decode(done.stderr, 2000)[-200:]))
        seen = self._checks[name]() if name in self._checks else ""
        if self._token in said and name == "secret":
            return Finding("NOT stopped", "it read the file")
        if seen:
            return Finding("NOT stopped", seen)
        if "ESCAPED" in said and not (name in _TAKING and done.limit):
            return Finding("NOT stopped", clean_line(said.partition("ESCAPED")[2]))
        return Finding("stopped", f"limit: {done.limit}" if done.limit else "")

    def _argument(self, name: str) -> str:
        return {
            "network": f"{self._servers[0].getsockname()[1]}:{self._token}",
            "secret": str(self._folder / "secret").lstrip("/"),
            "outside": str(self._folder / "written").lstrip("/"),
            "others": f"victim-{self._token}",
            "daemon": f"daemon-{self._token}",
            "processes": str(_LIMITS.processes * 3),
            "memory": str(_LIMITS.memory * 2),
            "disk": str(_LIMITS.disk * 4),
            "spin": str(_LIMITS.cpu * 5),
            "flood": str(_LIMITS.output * 100),
        }.get(name, "")

    def _called(self) -> str:
        for server in self._servers:
            with suppress(BlockingIOError):
                server.accept()[0].close()
                return "it connected"
        return ""

    def _written(self) -> str:
        return "it wrote a file" if (self._folder / "written").exists() else ""

    def _survivor(self) -> str:
        """A process with the daemon's mark that is still there; it is ended."""
        mark = f"daemon-{self._token}".encode()
        deadline = time.monotonic() + _DAEMON_SECONDS
        while (found := _with_argument(mark)) and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return "a process of it lives on" if found else ""


@contextmanager
def _server(abstract: str | None) -> Generator[socket.socket]:
    family, address = (
        (socket.AF_INET, ("127.0.0.1", 0))
        if abstract is None
        else (socket.AF_UNIX, "\0" + abstract)
    )
    with socket.socket(family) as server:
        server.bind(address)
        server.listen()
        server.setblocking(False)
        yield server


@contextmanager
def _victim(token: str) -> Generator[subprocess.Popen[bytes]]:
    code = "import time; time.sleep(60)"
    command = [sys.executable, "-c", code, f"victim-{token}"]
    # Ctrl-C reaches it as well: what it then prints is nobody's business.
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as victim:
        try:
            yield victim
        finally:
            victim.kill()


def _with_argument(mark: bytes) -> list[int]:
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found
