"""Lint findings as feedback, with the real linter in a real sandbox."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evogit.proposals import Genome
from evogit.sandbox.base import Job, Probe, Running, Runtime, Sandbox
from evogit.sandbox.choose import choose
from evogit_agents.llm.lint import Lint

BAD = "import os\nx = undefined_thing\n"


class Counting:
    """A sandbox that counts what is started in the one behind it."""

    def __init__(self, inner: Sandbox) -> None:
        self.name = inner.name
        self.inner = inner
        self.jobs: list[Job] = []

    def probe(self) -> Probe:
        return self.inner.probe()

    def start(self, job: Job) -> Running:
        self.jobs.append(job)
        return self.inner.start(job)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def sandbox() -> Iterator[Counting]:
    python = Path(sys.executable)
    runtime = Runtime(python, (Path(sys.base_prefix), Path(sys.prefix)))
    found = Counting(choose("auto", runtime, image=None, allow_unsafe=False))
    yield found
    found.close()


@pytest.fixture
def ruff() -> None:
    if shutil.which("ruff", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("ruff is not installed beside this interpreter")


@pytest.mark.usefixtures("ruff")
def test_findings_are_told_with_line_and_column(
    sandbox: Counting, individual: Callable[..., Genome], tmp_path: Path
) -> None:
    lint = Lint(sandbox, tmp_path / "scratch")
    found = lint(individual({"deep/a b.py": BAD}), "deep/a b.py").split("\n")
    assert found[0].startswith("1:8: F401")
    assert found[1].startswith("2:5: F821")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_file_is_looked_at_once_and_other_languages_never(
    sandbox: Counting, individual: Callable[..., Genome], tmp_path: Path
) -> None:
    lint = Lint(sandbox, tmp_path)
    one = individual({"a.py": BAD, "b.rs": "fn main() {}"})
    assert lint(one, "a.py") == lint(one, "a.py")
    assert len(sandbox.jobs) == 1
    assert lint(one, "b.rs") == ""
    assert len(sandbox.jobs) == 1


def test_who_asks_of_a_known_file_does_not_wait_for_another_one(
    sandbox: Counting, individual: Callable[..., Genome], tmp_path: Path
) -> None:
    lint = Lint(sandbox, tmp_path)
    known, slow = individual({"a.py": BAD}), individual({"a.py": BAD + "y = 1\n"})
    text, reading, told = lint(known, "a.py"), threading.Event(), threading.Event()

    def read(path: str) -> bytes:
        reading.set()
        assert told.wait(60)
        return slow.read(path)

    asker = threading.Thread(target=lint, args=(replace(slow, read=read), "a.py"))
    asker.start()
    assert reading.wait(60)
    assert lint(known, "a.py") == text
    told.set()
    asker.join()
    assert len(sandbox.jobs) == 2


def test_a_linter_that_does_not_start_is_not_tried_again(
    sandbox: Counting,
    individual: Callable[..., Genome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    nothing = tmp_path / "ruff"
    nothing.write_text("#!/nonexistent\n")
    nothing.chmod(0o755)
    lint = Lint(sandbox, tmp_path / "scratch")
    assert lint(individual({"a.py": BAD}), "a.py") == ""
    assert lint(individual({"a.py": "x\n"}), "a.py") == ""
    assert len(sandbox.jobs) == 1


@pytest.mark.usefixtures("ruff")
def test_settings_that_a_candidate_wrote_into_its_file_do_not_run_anything(
    sandbox: Counting, individual: Callable[..., Genome], tmp_path: Path
) -> None:
    files = {"a.py": "x = 1\n", "ruff.toml": "extend = '/etc/passwd'\n"}
    assert Lint(sandbox, tmp_path)(individual(files), "a.py") == ""
    mounted = [mount.target for mount in sandbox.jobs[0].mounts]
    assert mounted == ["/candidate", "/linter/ruff"]
