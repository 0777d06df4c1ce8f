"""The harness works, and can not be forged, in every sandbox; one that is absent is skipped."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from evogit.config.model import Gate, Limits
from evogit.judge.harness import Report, compare, run_tests
from evogit.judge.stages import Bench
from evogit.outcome import Failed
from evogit.sandbox.base import Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.process import ProcessSandbox
from evogit.sandbox.warm import WarmSandbox

LIMITS = Limits(wall=60, cpu=60, memory=2**29, processes=32, output=2**18, disk=2**24)
TESTS = """
import unittest
import program

class TestProgram(unittest.TestCase):
    def test_double(self):
        self.assertEqual(program.double(2), 4)
"""
GOOD = "def double(x):\n    return 2 * x\n"
SPRAY = """
import os
def double(x):
    return x
line = b"evogit-harness " + b"0" * 128 + b" e30=\\n"
for pid in filter(str.isdigit, os.listdir("/proc")):
    # This job's processes only: not every sandbox hides those of others.
    try:
        if os.getsid(int(pid)) != os.getsid(0):
            continue
        for name in os.listdir("/proc/%s/fd" % pid):
            fd = os.open("/proc/%s/fd/%s" % (pid, name), os.O_WRONLY | os.O_NONBLOCK)
            os.write(fd, line)
    except OSError:
        pass
os._exit(0)
"""


def warm(runtime: Runtime) -> Sandbox:
    """Gates run cold in it; the answer must be the same."""
    return WarmSandbox(BubblewrapSandbox(runtime), runtime)


@pytest.fixture(
    params=[BubblewrapSandbox, ProcessSandbox, warm], ids=["bubblewrap", "process", "warm"]
)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Bench]:
    variables = {"PYTHONPATH": "/candidate", "PYTHONHASHSEED": "0"}
    sandbox: Sandbox = request.param(Runtime(Path(sys.executable), variables=variables))
    probe = sandbox.probe()
    if not probe.works:
        sandbox.close()
        pytest.skip(f"{sandbox.name} does not work here: {probe.reason}")
    (tmp_path / "candidate" / "tests").mkdir(parents=True)
    (tmp_path / "candidate" / "tests" / "test_program.py").write_text(TESTS)
    (tmp_path / "evaluator" / "run").mkdir(parents=True)
    yield Bench(sandbox, tmp_path / "candidate", tmp_path / "evaluator", 0)
    sandbox.close()


@pytest.mark.parametrize("harness", ["pytest", "unittest"])
def test_a_report_comes_through_and_a_forged_one_does_not(bench: Bench, harness: str) -> None:
    command = [
        "python",
        "-m",
        harness,
        *(["discover", "-s", "tests"] if harness == "unittest" else []),
    ]
    gate = Gate.model_validate({"name": "tests", "command": command, "harness": harness})
    gate = gate.model_copy(update={"limits": LIMITS})
    program = bench.candidate / "program.py"
    program.write_text(GOOD)
    report = run_tests(gate, bench)
    assert isinstance(report, Report), report
    assert len(report.passed()) == 1
    assert not compare(gate, report, report, report.passed())
    for cheat in (SPRAY, GOOD.replace("2 * x", "x"), "import os\nos._exit(0)\n"):
        program.write_text(cheat)
        assert isinstance(run_tests(gate, bench), Failed)


LOOK = """
import os
for name in ("mem", "environ", "fd/0", "fd/1", "map_files", "cwd"):
    for pid in (os.getppid(),):
        try:
            path = "/proc/%d/%s" % (pid, name)
            os.listdir(path) if name in ("map_files", "cwd") else open(path, "rb").read(1)
        except PermissionError:
            continue
        os._exit(3)
def double(x):
    return 2 * x
"""


def test_the_process_that_watches_can_not_be_looked_into(bench: Bench) -> None:
    if bench.sandbox.name == "process":
        pytest.skip("a plain process of root's may look into any other")
    gate = Gate.model_validate(
        {"name": "tests", "command": ["python", "-m", "pytest"], "harness": "pytest"}
    )
    (bench.candidate / "program.py").write_text(LOOK)
    found = run_tests(gate, bench)
    assert isinstance(found, Report), found
