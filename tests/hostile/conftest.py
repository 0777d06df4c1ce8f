"""Runs hostile programs and checks that nothing of them is left."""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evogit.config.model import Limits
from evogit.sandbox.base import Completed, Job, Mount, Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.process import ProcessSandbox

CANDIDATES = Path(__file__).parent / "candidates"
SMALL: dict[str, float] = {
    "wall": 15,
    "cpu": 10,
    "memory": 128 * 2**20,
    "processes": 16,
    "output": 100_000,
    "disk": 8 * 2**20,
}
Attack = Callable[..., Completed]


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


@pytest.fixture(params=["bubblewrap", "process"])
def either(request: pytest.FixtureRequest) -> Sandbox:
    """Both sandboxes, for what must hold without any namespace too."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def attack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attack:
    """Run one candidate under small limits; afterwards no process, file or mount is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def run(
        sandbox: Sandbox,
        name: str,
        *,
        copy: bool = False,
        limits: dict[str, float] | None = None,
        **variables: str,
    ) -> Completed:
        mark = secrets.token_hex(8)
        mounts = Path("/proc/self/mounts").read_bytes().count(b"evogit")
        job = Job(
            ["python", f"/candidate/{name}.py"],
            mounts=[Mount(CANDIDATES, "/candidate", copy=copy)],
            cwd="/candidate",
            variables={**variables, "MARK": mark},
            limits=Limits.model_validate({**SMALL, **(limits or {})}),
        )
        completed = sandbox.start(job).wait()
        assert _gone(mark), "a process of the job is still running"
        assert list(temporary.iterdir()) == [], "a file of the job was left behind"
        assert Path("/proc/self/mounts").read_bytes().count(b"evogit") == mounts
        assert completed.seconds < job.limits.wall + 1
        return completed

    return run


def _gone(mark: str) -> bool:
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        if not any(_has(path, mark) for path in Path("/proc").glob("[0-9]*/environ")):
            return True
    return False


def _has(path: Path, mark: str) -> bool:
    try:
        return mark.encode() in path.read_bytes()
    except OSError:
        return False
