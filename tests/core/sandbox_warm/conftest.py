"""A warm sandbox that may not fall back, so that a test can not pass by running cold."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evogit.config.model import Limits
from evogit.errors import EvaluatorError
from evogit.sandbox.base import Completed, Job, Mount, Probe, Running, Runtime
from evogit.sandbox.warm import WarmSandbox

SMALL = Limits(wall=3, cpu=0.5, memory=128 * 2**20, processes=16, output=100_000, disk=8 * 2**20)
Run = Callable[..., Completed]


class ColdRefused:
    """Stands where the cold sandbox would: using it is an error."""

    name = "bubblewrap"

    def probe(self) -> Probe:
        return Probe(works=True)

    def start(self, job: Job) -> Running:
        raise EvaluatorError(f"{job.argv} was not run warm")

    def close(self) -> None:
        return


def make_warm(variables: dict[str, str] | None = None) -> WarmSandbox:
    runtime = Runtime(Path(sys.executable), variables=variables or {})
    sandbox = WarmSandbox(ColdRefused(), runtime)
    reason = sandbox.probe().reason
    if reason:
        sandbox.close()
        pytest.skip(reason)
    return sandbox


@pytest.fixture(scope="session")
def cold_refused() -> type[ColdRefused]:
    return ColdRefused


@pytest.fixture(scope="session")
def make_sandbox() -> Callable[..., WarmSandbox]:
    return make_warm


@pytest.fixture(scope="session")
def shared() -> Iterator[WarmSandbox]:
    sandbox = make_warm()
    yield sandbox
    sandbox.close()


@pytest.fixture
def warm() -> Iterator[WarmSandbox]:
    """A sandbox of the test's own, to break."""
    sandbox = make_warm()
    yield sandbox
    sandbox.close()


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    """A job that runs ``source``; keyword arguments are those of ``Job``."""

    def make(source: str, *arguments: str, **options: object) -> Job:
        folder = tmp_path / secrets.token_hex(4)
        folder.mkdir(mode=0o700)  # closed to others, as mkdtemp makes them
        folder.joinpath("run.py").write_text(source)
        defaults: dict[str, object] = {"mounts": [Mount(folder, "/eval")], "limits": SMALL}
        chosen: dict[str, object] = defaults | options
        return Job(["python", "/eval/run.py", *arguments], warm=True, **chosen)  # pyright: ignore[reportArgumentType]

    return make


@pytest.fixture
def run(shared: WarmSandbox, make_job: Callable[..., Job]) -> Run:
    def wait(source: str, *arguments: str, **options: object) -> Completed:
        return shared.start(make_job(source, *arguments, **options)).wait()

    return wait
