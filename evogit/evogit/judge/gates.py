"""All gates of a spec, and what the base does with each: measured once, by whoever needs it first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evogit.config.model import Gate
from evogit.judge.harness import Report, compare, missing, run_tests
from evogit.judge.patience import patient
from evogit.judge.stages import Bench, run_gate
from evogit.outcome import Failed, Outcome


@dataclass(slots=True)
class _Base:
    """What the base did with one gate; ``stable`` are the tests it passed each time so far."""

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
        self._bases: dict[str, _Base] | None = None

    def refusal(self, bench: Bench, base: Callable[[], Path] | None) -> Outcome | None:
        """``None`` if the candidate passes every gate, else the first that it does not.

        Args:
            bench: holds the candidate.
            base: a folder with the base's files, or ``None`` if the candidate is the base.

        Raises:
            EvaluatorError: the sandbox could not start.
            OSError: the disk refused.
        """
        known = {} if base is None else self._known(bench, base)
        for gate in self._gates:
            refused = self._refusal(gate, bench, base, known.get(gate.name))
            if refused is not None:
                return refused
        return None

    def _refusal(
        self, gate: Gate, bench: Bench, base: Callable[[], Path] | None, known: _Base | None
    ) -> Outcome | None:
        found = _run(gate if known is None else _patient(gate, known.seconds), bench)
        if not isinstance(found, Report):
            return found
        if base is None:
            return None
        if known is None or known.report is None:
            return Failed(gate.name, "the base does not pass it here, so nothing can be compared")
        if missing(found, known.stable):
            self._confirm(gate, replace(bench, candidate=base()), known)
        return compare(gate, found, known.report, known.stable)

    def _known(self, bench: Bench, base: Callable[[], Path]) -> dict[str, _Base]:
        """What the base does with each gate; without those that it fails."""
        with self._lock:
            if self._bases is None:
                there = replace(bench, candidate=base())
                found: dict[str, _Base] = {}
                for gate in self._gates:
                    started = time.monotonic()
                    result = _run(gate, there)
                    seconds = time.monotonic() - started
                    if isinstance(result, Report):
                        found[gate.name] = _Base(seconds, result, result.passed())
                    elif result is None:
                        found[gate.name] = _Base(seconds)
                self._bases = found
            return self._bases

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


def _patient(gate: Gate, base_seconds: float) -> Gate:
    return gate.model_copy(update={"limits": patient(gate.limits, base_seconds)})
