"""Runs hostile programs and checks that nothing of them is left."""

from __future__ import annotations

import ast
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from evogit.config.model import Limits
from evogit.sandbox.base import Completed, Job, Mount, Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.process import ProcessSandbox
from evogit.sandbox.warm import WarmSandbox

CANDIDATES = Path(__file__).parent / "candidates"
SMALL: dict[str, float] = {
    "wall": 12,
    "cpu": 4,
    "memory": 128 * 2**20,
    "processes": 16,
    "output": 100_000,
    "disk": 8 * 2**20,
}
KEY = "sk-canary-0123456789"
_SPARE = 6
"""Processes of an idle fork server: launcher, supervisor, zygote, a few prepared children."""


@dataclass(frozen=True)
class Candidate:
    """A hostile program and what its docstring says of it.

    ``Expected:`` lists the endings that are right, joined by "or": ``nothing gained`` (it printed
    ``done`` and never ``ESCAPED``), ``ended by LIMIT``, ``dies``. ``Limits:`` are tighter than
    ``SMALL``. ``Copy: yes`` gives it a private writable copy of its folder.
    """

    name: str
    expected: tuple[str, ...]
    everywhere: bool
    limits: dict[str, float]
    copy: bool


def candidate(name: str) -> Candidate:
    """The program of this name."""
    said = ast.get_docstring(ast.parse(CANDIDATES.joinpath(f"{name}.py").read_text())) or ""
    fields = dict(re.findall(r"^(\w+): (.+)$", said, re.MULTILINE))
    endings, _, everywhere = fields["Expected"].partition(", ")
    limits = dict(part.split(" = ") for part in fields.get("Limits", "").split(", ") if part)
    return Candidate(
        name=name,
        expected=tuple(endings.split(" or ")),
        everywhere=everywhere == "in plain processes too",
        limits={key: float(value) for key, value in limits.items()},
        copy="Copy" in fields,
    )


def all_candidates() -> list[Candidate]:
    """Every program beside this file."""
    return [candidate(path.stem) for path in sorted(CANDIDATES.glob("*.py"))]


def ending(done: Completed) -> str:
    """How a job ended, in the words of ``Candidate.expected``."""
    if b"ESCAPED" in done.stdout + done.stderr:
        return "escaped: " + (done.stdout + done.stderr).decode("utf-8", "replace")[-2000:]
    if done.limit is not None:
        return f"ended by {done.limit}"
    if done.status:
        return "dies"
    return "nothing gained" if done.stdout.endswith(b"done\n") else f"ended without a word: {done}"


@dataclass(frozen=True)
class Traces:
    """What could be left of a job."""

    processes: frozenset[str]
    descriptors: int
    others: frozenset[str]
    """Mounts, files in folders for temporary files, System V objects."""

    @classmethod
    def now(cls, temporary: Path, mark: str, servers: list[int] | None, since: float) -> Traces:
        """Look everywhere, but not below processes that started before ``since``."""
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        return cls(
            frozenset(_marked(mark))
            | frozenset(() if servers is None else _descendants(servers, since)),
            0 if _ENGINES else sum(1 for _ in Path("/proc/self/fd").iterdir()),
            frozenset(line for line in mounts if "evogit" in line and "docker" not in line)
            | frozenset(map(str, temporary.iterdir()))
            | frozenset(_planted())
            | frozenset(_kernel_objects()),
        )

    def beyond(self, before: Traces) -> list[str]:
        """What there is more than ``before``."""
        more = [*sorted(self.processes - before.processes), *sorted(self.others - before.others)]
        if self.descriptors > before.descriptors:
            more.append(f"{self.descriptors - before.descriptors} descriptors")
        return more


@contextmanager
def leaves_nothing(temporary: Path, mark: str, servers: list[int] | None) -> Generator[None]:
    """No process, descriptor, mount, file or kernel object is left; the servers still stand.

    Args:
        temporary: the folder for temporary files.
        mark: in the environment of the job's processes.
        servers: launchers of fork servers, which may run as many processes as an idle one; ``None``
            if the job runs in a container, whose sandbox starts processes ahead of the next job.
    """
    since = time.time()
    before = Traces.now(temporary, mark, servers, since)
    yield
    deadline = time.monotonic() + 3
    while more := Traces.now(temporary, mark, servers, since).beyond(before):
        assert time.monotonic() < deadline, f"left behind: {more}"
    for pid in servers or []:
        while len(psutil.Process(pid).children(recursive=True)) > _SPARE:
            assert time.monotonic() < deadline + 3, "the fork server runs too many processes"


def server_pids(sandbox: Sandbox) -> list[int]:
    """Launchers of the fork servers that ``sandbox`` runs now."""
    return sandbox.server_pids() if isinstance(sandbox, WarmSandbox) else []


def _marked(mark: str) -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes():
                yield f"process {path.parent.name}"


def _descendants(servers: list[int], since: float) -> Iterator[str]:
    """Ours, without those of fork servers: the given ones, and other tests' that stand already."""
    children = psutil.Process().children()
    while children:
        one = children.pop()
        if one.pid not in servers:
            with suppress(psutil.NoSuchProcess):
                children += one.children() if one.create_time() >= since else []
                yield f"process {one.pid}"


def _planted() -> Iterator[str]:
    for folder in ("/tmp", "/dev/shm", "/var/tmp"):  # noqa: S108  # where the programs plant things
        yield from (str(path) for path in Path(folder).glob("*evogit-hostile*"))
        yield from (str(path) for path in Path(folder).glob("planted*"))


def _kernel_objects() -> Iterator[str]:
    """System V objects of the uid that jobs run under; those of other programs come and go."""
    for kind in ("shm", "sem", "msg"):
        with suppress(OSError):
            for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]:
                if "65534" in line.split():
                    yield f"{kind} {line.split()[1]}"


_ENGINES: list[Sandbox] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Containers last: their sandbox prepares the next one at any time, so that nobody can count."""
    items.sort(key=lambda item: item.path.parent == CANDIDATES.parent and "container" in item.name)


@pytest.fixture(scope="session")
def container(container: Sandbox) -> Sandbox:
    """The one of all tests, noted."""
    _ENGINES.append(container)
    return container


Attack = Callable[[Sandbox, Candidate], Completed]


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    return Runtime(Path(sys.executable))


@pytest.fixture(scope="session")
def bubblewrap(runtime: Runtime) -> Iterator[Sandbox]:
    sandbox = BubblewrapSandbox(runtime)
    probe = sandbox.probe()
    if not probe.works:
        pytest.skip(f"bubblewrap does not work here: {probe.reason}")
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def process(runtime: Runtime) -> Iterator[Sandbox]:
    sandbox = ProcessSandbox(runtime)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def warm(runtime: Runtime) -> Iterator[Sandbox]:
    """The fork server, started; cold jobs beside it run under bubblewrap."""
    sandbox = WarmSandbox(BubblewrapSandbox(runtime), runtime)
    probe = sandbox.probe()
    if not probe.works or probe.reason:
        sandbox.close()
        pytest.skip(probe.reason)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a candidate would like to reach, named in variables; afterwards all of it is intact."""
    secret = tmp_path_factory.mktemp("host") / "hidden_test.py"
    secret.write_text("assert answer == 42")
    # A process of the uid the jobs run under, which could be signalled but for the namespaces.
    uid = 65534 if os.geteuid() == 0 else None
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm"))
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        servers = [tcp]
        abstract = f"host-{secrets.token_hex(4)}"
        for address in (f"{folder}/agent", f"\0{abstract}"):
            servers.append(stack.enter_context(socket.socket(socket.AF_UNIX)))
            servers[-1].bind(address)
            servers[-1].listen()
        patch.setenv("EVOGIT_CANARY", KEY)
        victim = subprocess.Popen(["/bin/sleep", "3600"], user=uid, env={"KEY": KEY})
        try:
            yield {
                "SECRET": str(secret),
                "VICTIM": str(victim.pid),
                "PORT": str(tcp.getsockname()[1]),
                "SOCKET": f"{folder}/agent",
                "ABSTRACT": abstract,
                "NEEDLE": KEY[::-1],
            }
            assert victim.poll() is None, "a candidate killed a process outside"
            assert secret.read_text() == "assert answer == 42"
            for server in servers:
                server.setblocking(False)
                with pytest.raises(BlockingIOError):
                    server.accept()
        finally:
            victim.send_signal(signal.SIGKILL)
            victim.wait()


@pytest.fixture
def attack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: dict[str, str]) -> Attack:
    """Run one candidate under small limits; afterwards nothing of it is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def run(sandbox: Sandbox, tried: Candidate) -> Completed:
        mark = secrets.token_hex(8)
        job = Job(
            ["python", f"/candidate/{tried.name}.py"],
            mounts=[Mount(CANDIDATES, "/candidate", copy=tried.copy)],
            cwd="/candidate",
            variables={**host, "MARK": mark},
            limits=Limits.model_validate({**SMALL, **tried.limits}),
            warm=isinstance(sandbox, WarmSandbox),
        )
        servers = None if sandbox.name == "container" else server_pids(sandbox)
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        with leaves_nothing(temporary, mark, servers):
            done = sandbox.start(job).wait()
        monkeypatch.undo()
        assert server_pids(sandbox) == (servers or []), "the fork server did not survive"
        assert len(done.stdout) <= job.limits.output
        assert len(done.stderr) <= job.limits.output
        assert done.seconds < job.limits.wall + (5 if sandbox.name == "container" else 1)
        if done.limit == "cpu":
            assert done.cpu_seconds >= job.limits.cpu
        return done

    return run
