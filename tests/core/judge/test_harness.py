"""Tests that share a process with the candidate count only if a trusted parent saw them pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evogit.config.detect import detect, render
from evogit.config.load import parse
from evogit.config.model import Gate, Limits
from evogit.errors import ConfigError, EvaluatorError
from evogit.judge.judge import Judge
from evogit.outcome import Failed, Outcome, Scored

if TYPE_CHECKING:
    from tests.core.judge.conftest import Court

LIMITS = Limits(wall=60, cpu=60, memory=2**29, processes=32, output=2**18, disk=2**24)
# Without the plugins that are installed here, which take most of the time.
WITHOUT = tuple(
    word
    for name in ("hypothesispytest", "xdist", "xdist.looponfail", "timeout")
    for word in ("-p", f"no:{name}")
)
PYTEST = ("python", "-m", "pytest", "-q", "-x", *WITHOUT)
UNITTEST = ("python", "-m", "unittest", "discover", "-s", "tests")
PROGRAM = "def double(x):\n    return 2 * x\n\nif __name__ == '__main__':\n    print(1)\n"
FAST = PROGRAM.replace("2 * x", "x + x").replace("print(1)", "print(2)")
WRONG = FAST.replace("x + x", "x")
PYTEST_TESTS = """
import pytest
import program

@pytest.mark.parametrize("x", [1, 2])
def test_double(x):
    assert program.double(x) == 2 * x

def test_zero():
    assert program.double(0) == 0

@pytest.mark.skip
def test_later():
    assert False

@pytest.mark.xfail
def test_never():
    assert False
"""
UNITTEST_TESTS = """
import unittest
import program

class TestDouble(unittest.TestCase):
    def test_double(self):
        for x in range(3):
            with self.subTest(x=x):
                self.assertEqual(program.double(x), 2 * x)

    def test_zero(self):
        self.assertEqual(program.double(0), 0)

    @unittest.skip("later")
    def test_later(self):
        self.fail()
"""
FORGE = (
    WRONG
    + """
import os, sys
line = b"evogit-harness " + b"0" * 128 + b" e30=\\n"
message = b"0" * 32 + b" ('end', 0)\\n"
def spray(folder):
    for name in os.listdir(folder):
        for data in (line, message):
            try:
                fd = os.open(folder + "/" + name, os.O_WRONLY)
                os.write(fd, data)
            except OSError:
                pass
for fd in range(3, 256):
    try:
        os.write(fd, message)
    except OSError:
        pass
for pid in (os.getppid(), 1):
    try:
        spray("/proc/%d/fd" % pid)
    except OSError:
        pass
"""
)


def gate(harness: str, command: tuple[str, ...]) -> Gate:
    return Gate.model_validate(
        {"name": "tests", "command": command, "harness": harness, "limits": LIMITS.model_dump()}
    )


def judge_with(court: Court, harness: str, **more: str) -> Judge:
    command, tests = (PYTEST, PYTEST_TESTS) if harness == "pytest" else (UNITTEST, UNITTEST_TESTS)
    base = {"program.py": PROGRAM, "tests/test_double.py": tests, **more}
    if harness == "pytest":
        base["tests/conftest.py"] = "import sys; sys.path.insert(0, '.')\n"
        base["tests/test_other.py"] = "def test_it():\n    assert True\n"
    return court.judge(
        run="import runpy\nrunpy.run_path('program.py', run_name='__main__')\n",
        gates=(gate(harness, command),),
        protected=("tests/**",),
        base=base,
    )


def refusal(outcome: Outcome) -> str:
    assert isinstance(outcome, Failed), outcome
    assert outcome.gate == "tests"
    return outcome.reason


@pytest.mark.slow
@pytest.mark.parametrize("harness", ["pytest", "unittest"])
def test_an_honest_change_passes_and_a_wrong_one_fails_as_the_tests_say(
    court: Court, harness: str
) -> None:
    judge = judge_with(court, harness)
    assert court.outcome(judge, {"program.py": FAST}) == Scored(2.0)
    assert "exit status 1" in refusal(court.outcome(judge, {"program.py": WRONG}))


CHEATS = {
    "exits with success at import": (WRONG + "import os\nos._exit(0)\n", "in the middle"),
    "exits with success at import, politely": (WRONG + "import sys\nsys.exit(0)\n", ""),
    "changes the exit status at its end": (
        WRONG + "import atexit, os\natexit.register(os._exit, 0)\n",
        "but their process with status 0",
    ),
    "writes into every descriptor": (FORGE, ""),
    "writes into every descriptor, then leaves": (FORGE + "os._exit(0)\n", ""),
    "kills the process that watches": (
        WRONG + "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
        "before it could report",
    ),
    "ends every process": (
        WRONG + "import os, signal\nos.kill(-1, signal.SIGKILL)\n",
        "before it could report",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("harness", ["pytest", "unittest"])
def test_a_candidate_that_ends_the_run_or_speaks_for_it_is_refused(
    court: Court, harness: str
) -> None:
    judge = judge_with(court, harness)
    for name, (program, said) in CHEATS.items():
        reason = refusal(court.outcome(judge, {"program.py": program}))
        assert said in reason, name


PYTEST_CHEATS = {
    "replaces the function that runs a test": (
        "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n",
        "replaced parts of the test framework: _pytest.python.Function.runtest",
    ),
    "replaces how a call is judged": (
        "import _pytest.runner\n"
        "honest = _pytest.runner.CallInfo.from_call.__func__\n"
        "def forge(cls, func, when, reraise=None):\n"
        "    return honest(cls, lambda: None, when, reraise)\n"
        "_pytest.runner.CallInfo.from_call = classmethod(forge)\n",
        "replaced parts of the test framework: _pytest.runner.CallInfo.from_call",
    ),
    "replaces it for a moment only": (
        "import _pytest.python, gc\n"
        "honest = _pytest.python.Function.runtest\n"
        "def forge(self):\n    pass\n"
        "_pytest.python.Function.runtest = forge\n"
        "import atexit\natexit.register(setattr, _pytest.python.Function, 'runtest', honest)\n"
        "def pytest_sessionfinish():\n    _pytest.python.Function.runtest = honest\n",
        "replaced parts of the test framework",
    ),
    "swaps the code of a function": (
        "import _pytest.python\n"
        "_pytest.python.Function.runtest.__code__ = (lambda self: None).__code__\n",
        "replaced parts of the test framework: _pytest.python.Function.runtest",
    ),
    "ends the session with success": (
        "import pytest\npytest.exit('done', returncode=0)\n",
        "",
    ),
    "registers hooks of its own": (
        "import gc\nfrom _pytest.config import Config\n"
        "class Evil:\n"
        "    def pytest_pyfunc_call(self, pyfuncitem):\n        return True\n"
        "    pytest_pyfunc_call.tryfirst = True\n"
        "found = [o for o in gc.get_objects() if isinstance(o, Config)]\n"
        "found[0].pluginmanager.register(Evil())\n",
        "added hooks to the test framework: pytest_pyfunc_call",
    ),
}


@pytest.mark.slow
def test_a_candidate_that_tampers_with_pytest_is_refused(court: Court) -> None:
    judge = judge_with(court, "pytest")
    for name, (cheat, said) in PYTEST_CHEATS.items():
        reason = refusal(court.outcome(judge, {"program.py": WRONG + cheat}))
        assert said in reason, name


@pytest.mark.slow
def test_a_candidate_that_tampers_with_unittest_is_refused(court: Court) -> None:
    judge = judge_with(court, "unittest")
    cheat = "import unittest\nunittest.TestCase.assertEqual = lambda *_: None\n"
    reason = refusal(court.outcome(judge, {"program.py": WRONG + cheat}))
    assert "replaced parts of the test framework: unittest.case.TestCase.assertEqual" in reason


@pytest.mark.slow
def test_tests_that_disappear_or_are_skipped_are_missed(court: Court) -> None:
    judge = judge_with(court, "pytest")
    deselect = "def pytest_collection_modifyitems(items):\n    del items[:2]\n"
    skip = (
        "import pytest\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items:\n        item.add_marker(pytest.mark.skip)\n"
    )
    xfail = skip.replace("mark.skip", "mark.xfail")
    for conftest, said in (
        (deselect, "hooks"),
        (skip, "hooks"),
        (xfail, "hooks"),
        ("import sys\nsys.exit(0)\n", "in the middle"),
    ):
        found = court.outcome(judge, {"program.py": WRONG, "conftest.py": conftest})
        assert said in refusal(found)
    settings = "[pytest]\naddopts = --deselect tests/test_double.py::test_zero\n"
    assert "settings" in refusal(court.outcome(judge, {"program.py": FAST, "pytest.ini": settings}))
    skipping = FAST + "import pytest\npytest.skip('not today', allow_module_level=True)\n"
    assert "3 of 4 tests that the base passes were not run" in refusal(
        court.outcome(judge, {"program.py": skipping})
    )
    lazily = FAST.replace("return x + x", "import pytest; pytest.skip('no')")
    assert "3 of 4 tests that the base passes did not pass (skipped)" in refusal(
        court.outcome(judge, {"program.py": lazily})
    )


@pytest.mark.slow
def test_modules_named_like_the_frameworks_do_not_get_in_first(court: Court) -> None:
    judge = judge_with(court, "pytest")
    evil = "import os\nos._exit(0)\n"
    for path in ("pytest.py", "_pytest/__init__.py", "encodings/__init__.py", "sitecustomize.py"):
        assert "assert 1 == (2 * 1)" in refusal(
            court.outcome(judge, {"program.py": WRONG, path: evil})
        )


@pytest.mark.slow
def test_tests_whose_names_differ_from_run_to_run_are_not_pinned(court: Court) -> None:
    names = (
        "import random\nimport pytest\n"
        "@pytest.mark.parametrize('x', [random.getrandbits(60)])\n"
        "def test_any(x):\n    assert x >= 0\n"
    )
    judge = judge_with(court, "pytest", **{"tests/test_random.py": names})
    assert court.outcome(judge, {"program.py": FAST}) == Scored(2.0)
    evil: dict[str, str | None] = {
        "program.py": FAST + "import pytest\npytest.skip('no', allow_module_level=True)\n"
    }
    assert "3 of 4" in refusal(court.outcome(judge, evil))


@pytest.mark.slow
def test_the_harness_needs_a_base_that_passes(court: Court) -> None:
    judge = court.judge(
        gates=(gate("pytest", PYTEST),),
        base={"program.py": WRONG, "test_it.py": "import program\nassert program.double(1) == 2\n"},
    )
    with pytest.raises(EvaluatorError, match="the base does not pass"):
        court.outcome(judge, {"program.py": FAST})


def test_a_harness_that_does_not_fit_the_command_is_a_mistake_in_the_configuration() -> None:
    text = (
        '[evaluate]\nstages = [{ run = ["python", "x"], score = "speed" }]\n'
        'gates = [{ name = "tests", command = ["make", "test"], harness = "pytest" }]\n'
    )
    with pytest.raises(ConfigError, match="needs a command that begins with"):
        parse(text)


@pytest.mark.parametrize(
    ("tests", "harness"),
    [
        ("import pytest\n\ndef test_it():\n    pass\n", "pytest"),
        ("import unittest\n\nclass T(unittest.TestCase):\n    pass\n", "unittest"),
        ("", "none"),
    ],
)
def test_a_new_configuration_has_the_harness_that_fits_the_tests(
    tmp_path: Path, tests: str, harness: str
) -> None:
    files = ["x.py", "Makefile", *(["test_x.py"] if tests else [])]
    (tmp_path / "Makefile").write_text("test:\n\ttrue\n")
    (tmp_path / "test_x.py").write_text(tests)
    (found,) = parse(render(detect(tmp_path, files))).evaluate.gates
    assert found.harness == harness
