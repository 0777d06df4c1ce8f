"""Tests that share a process with the candidate: how they ended, from a trusted parent process.

An exit status is the candidate's own word: ``os._exit(0)`` at import passes any command. With a
harness a parent that never loads the candidate's code starts the tests, hears of each one through
a channel opened before that code loads, and signs what it reports. The judge then asks for every
test that the base passes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from evogit.config.model import Gate
from evogit.judge.stages import Bench, gate_job, limit_outcome, tail
from evogit.outcome import Failed, Outcome
from evogit.sandbox.base import Completed, Mount
from evogit.text import clean_line

_INSIDE: Final = Path(__file__).with_name("harness_inside")
_TARGET: Final = "/harness"
_KEY: Final = 32
_MARK: Final = "evogit-harness"
_OUTPUT: Final = 8 * 2**20
"""Room for the report: the names of some 500,000 tests."""
_MOST: Final = 2**27
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Report:
    """What a test run did, as its trusted parent saw it.

    ``tests`` maps a name to ``passed``, ``failed``, ``skipped``, ``xfailed`` or ``xpassed``.
    ``changed`` names functions of the test framework that were replaced, ``hooks`` the hooks in
    force, ``settings`` a digest of the framework's configuration. ``ended`` is the status the
    framework gave, ``None`` if it never got to its end; ``status`` that of the process.
    """

    tests: Mapping[str, str]
    ended: int | None
    status: int
    intact: bool
    changed: frozenset[str]
    hooks: frozenset[str]
    settings: frozenset[str]

    def passed(self) -> frozenset[str]:
        """The names of the tests that passed."""
        return frozenset(name for name, outcome in self.tests.items() if outcome == "passed")


def run_tests(gate: Gate, bench: Bench) -> Report | Outcome:
    """Run a gate's tests in the harness; a report only if they ended well.

    Raises:
        EvaluatorError: the sandbox could not start.
    """
    key = os.urandom(_KEY)
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        # Not as bytes: what is read from a pipe is gone, and no other process can read it again.
        os.write(writing, key)
        os.close(writing)
        job = gate_job(gate, bench)
        limits = gate.limits.model_copy(update={"output": max(gate.limits.output, _OUTPUT)})
        done = bench.sandbox.start(
            replace(
                job,
                argv=(
                    *("python", "-I", "-S", "-B", f"{_TARGET}/parent.py"),
                    *(gate.harness, *gate.command[3:]),
                ),
                mounts=(*job.mounts, Mount(_INSIDE, _TARGET)),
                limits=limits,
                stdin=reading,
            )
        ).wait()
    finally:
        os.close(reading)
    ended = limit_outcome(gate.name, done, limits)
    return ended if ended is not None else _ended_well(gate, done, _read(done.stdout, key))


def compare(gate: Gate, report: Report, base: Report, stable: Collection[str]) -> Failed | None:
    """``None`` if all is as on the base, else what is not.

    Args:
        gate: for its name.
        report: of the candidate.
        base: of the base, in the same environment.
        stable: names of the tests that the base passes each time.
    """
    reasons = [
        ("it replaced parts of the test framework", report.changed - base.changed),
        ("it added hooks to the test framework", report.hooks - base.hooks),
        ("settings of the test framework differ from the base's", report.settings - base.settings),
        *_missing(report, stable),
    ]
    for reason, found in reasons:
        if found:
            return Failed(gate.name, f"{reason}: {_some(found)}")
    return None


def missing(report: Report, wanted: Collection[str]) -> frozenset[str]:
    """The tests of ``wanted`` that did not pass."""
    return frozenset(wanted) - report.passed()


def _missing(report: Report, stable: Collection[str]) -> Iterable[tuple[str, frozenset[str]]]:
    absent = missing(report, stable)
    never = frozenset(name for name in absent if name not in report.tests)
    total = len(stable)
    yield f"{len(never)} of {total} tests that the base passes were not run", never
    other = absent - never
    words = ", ".join(sorted({report.tests[name] for name in other}))
    yield f"{len(other)} of {total} tests that the base passes did not pass ({words})", other


def _some(names: Collection[str]) -> str:
    shown = ", ".join(clean_line(name, 200) for name in sorted(names)[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown}, ..."


def _ended_well(gate: Gate, done: Completed, report: Report | None) -> Report | Failed:
    said = tail(done.stderr)
    if report is None:
        reason = f"the test run was ended before it could report (exit status {done.status})"
    elif report.ended is None:
        count = len(report.tests)
        reason = f"the process ended with status {report.status} in the middle of the tests, after {count} of them"
    elif not report.intact:
        reason = "something other than the test run wrote to its result channel"
    elif report.ended != report.status:
        reason = (
            f"the tests ended with {report.ended}, but their process with status {report.status}"
        )
    elif report.status != 0:
        reason = f"exit status {report.status}"
    elif not report.tests:
        reason = "no test was run"
    else:
        return report
    return Failed(gate.name, f"{reason}: {said}".rstrip(": "))


def _read(printed: bytes, key: bytes) -> Report | None:
    """The report on standard output; ``None`` unless it is all there is, and signed."""
    match printed.split():
        case [mark, code, packed] if mark == _MARK.encode():
            expected = hashlib.blake2b(packed, key=key).hexdigest().encode()
            return _parse(packed) if hmac.compare_digest(code, expected) else None
        case _:
            return None


def _parse(packed: bytes) -> Report | None:
    try:
        text = zlib.decompressobj().decompress(base64.b64decode(packed), _MOST)
        found = cast("dict[str, object]", json.loads(text))
        ended = found["ended"]
        return Report(
            tests=cast("dict[str, str]", found["tests"]),
            ended=ended if isinstance(ended, int) else None,
            status=cast("int", found["status"]),
            intact=found["intact"] is True,
            changed=frozenset(cast("list[str]", found["changed"])),
            hooks=frozenset(cast("list[str]", found["hooks"])),
            settings=frozenset(cast("list[str]", found["settings"])),
        )
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error):
        return None
