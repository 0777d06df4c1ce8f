from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evogit.sandbox.base import Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.process import ProcessSandbox


@pytest.fixture
def runtime() -> Runtime:
    return Runtime(Path(sys.executable), variables={"FROM_RUNTIME": "yes"})


@pytest.fixture(params=[BubblewrapSandbox, ProcessSandbox])
def sandbox(request: pytest.FixtureRequest, runtime: Runtime) -> Iterator[Sandbox]:
    made: Sandbox = request.param(runtime)
    probe = made.probe()
    if not probe.works:
        pytest.skip(f"{made.name} does not work here: {probe.reason}")
    yield made
    made.close()


@pytest.fixture
def bubblewrap(runtime: Runtime) -> Iterator[Sandbox]:
    made = BubblewrapSandbox(runtime)
    probe = made.probe()
    if not probe.works:
        pytest.skip(f"bubblewrap does not work here: {probe.reason}")
    yield made
    made.close()


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """A folder only its owner may read, as ``mkdtemp`` makes them."""
    folder = tmp_path / "candidate"
    folder.mkdir(mode=0o700)
    folder.joinpath("answer.py").write_text("print(41 + 1)")
    folder.joinpath("answer.py").chmod(0o600)
    return folder
