"""All gates of a spec, and what the base does with each: measured once, by whoever needs it first."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evogit.config.model import Gate
from evogit.errors import EvaluatorError
from evogit.judge.harness import Report, compare, missing, run_tests
from evogit.judge.patience import patient
from evogit.judge.stages import Bench, run_gate
from evogit.outcome import Outcome, describe


@dataclass(slots=True)
class _Base:
    """What the base did with one gate; ``stable`` are the tests it passed each time so far.

    ``seconds`` are infinite where it did not pass and need not.
    """

    seconds: float
    report: Report | None = None
    stable: frozenset[str] = frozenset()
    confirmed: bool = False


class Gates:
    """The gates in order. Thread-safe.

    Args:
        gates: those of the spec.
    """

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._gates = gates
        self._lock = threading.Lock()
        self._bases: dict[str, _Base] = {}

    def refusal(self, bench: Bench, base: Callable[[], Path] | None) -> Outcome | None:
        """``None`` if the candidate passes every gate, else the first that it does not.

        Args:
            bench: holds the candidate.
            base: a folder with the base's files, or ``None`` if the candidate is the base.

        Raises:
            EvaluatorError: the sandbox could not start, or the base fails a gate whose report the
                candidate's is compared with.
            OSError: the disk refused.
        """
        for gate in self._gates:
            refused = self._refusal(gate, bench, base)
            if refused is not None:
                return refused
        return None

    def _refusal(self, gate: Gate, bench: Bench, base: Callable[[], Path] | None) -> Outcome | None:
        if base is None:
            found = _run(gate, bench)
            return None if isinstance(found, Report) else found
        known = self._known(gate, bench, base)
        found = _run(_patient(gate, known.seconds), bench)
        if not isinstance(found, Report) or known.report is None:
            return None if isinstance(found, Report) else found
        if missing(found, known.stable):
            self._confirm(gate, replace(bench, candidate=base()), known)
        return compare(gate, found, known.report, known.stable)

    def _known(self, gate: Gate, bench: Bench, base: Callable[[], Path]) -> _Base:
        """What the base does with a gate, tried twice; a failure is not kept for who asks next.

        Raises:
            EvaluatorError: it fails both times, and without its report nothing can be compared.
        """
        with self._lock:
            if gate.name not in self._bases:
                there = replace(bench, candidate=base())
                found = _measured(gate, there)
                if not isinstance(found, _Base):
                    found = _measured(gate, there)
                if not isinstance(found, _Base):
                    if gate.harness != "none":
                        raise _unusable(gate, found)
                    found = _Base(math.inf)
                self._bases[gate.name] = found
            return self._bases[gate.name]

    def _confirm(self, gate: Gate, bench: Bench, known: _Base) -> None:
        """Run the base once more: a name with a random number or an address in it can not be pinned."""
        with self._lock:
            if not known.confirmed:
                again = _run(gate, bench)
                if isinstance(again, Report):
                    known.stable &= again.passed()
                    known.confirmed = True


def _run(gate: Gate, bench: Bench) -> Report | Outcome | None:
    """``None`` or a report if the gate's command succeeded, else why not."""
    return run_gate(gate, bench) if gate.harness == "none" else run_tests(gate, bench)


def _measured(gate: Gate, bench: Bench) -> _Base | Outcome:
    started = time.monotonic()
    found = _run(gate, bench)
    seconds = time.monotonic() - started
    if isinstance(found, Report):
        return _Base(seconds, found, found.passed())
    return _Base(seconds) if found is None else found


def _unusable(gate: Gate, outcome: Outcome) -> EvaluatorError:
    return EvaluatorError(
        f"the base does not pass the gate {gate.name!r} here, so nothing can be compared with it:"
        f" it {describe(outcome)}",
        hint="run `evogit eval base --fresh`; mend a test that fails now and then, or raise the gate's limits",
    )


def _patient(gate: Gate, base_seconds: float) -> Gate:
    return gate.model_copy(update={"limits": patient(gate.limits, base_seconds)})
