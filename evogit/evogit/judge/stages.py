"""One stage of an evaluation: the candidate runs in a sandbox, a scorer judges what it said."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.config.model import Gate, Limits, Stage
from evogit.judge.answer import read_answer
from evogit.oracle import Meter
from evogit.outcome import Crashed, Failed, Outcome, Scored, TimedOut
from evogit.redact import PLAIN
from evogit.sandbox.base import Completed, Job, Mount, Sandbox
from evogit.text import clean, decode

CANDIDATE: Final = "/candidate"
EVALUATOR: Final = "/eval"
_TAIL: Final = 1000
_GRACE: Final = 1.0
"""A scorer gets this much longer than the candidate, to say that the candidate was too slow."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a stage needs of its surroundings.

    ``candidate`` holds the individual's files, ``evaluator`` the pinned ``run`` and ``score``
    folders, ``seed`` goes to the scorer as EVOGIT_SEED, and to ``run`` where it makes the data;
    ``oracle`` answers what a stage asks a language model.
    """

    sandbox: Sandbox
    candidate: Path
    evaluator: Path
    seed: int
    plausible: tuple[float, float] | None = None
    oracle: Meter | None = None


def run_stage(stage: Stage, bench: Bench) -> Outcome:
    """Run one stage with a scorer of its own.

    Raises:
        EvaluatorError: the sandbox could not start; says nothing about the candidate.
    """
    return _dialogue(stage, bench) if stage.exchange == "dialogue" else _file(stage, bench)


def run_gate(gate: Gate, bench: Bench) -> Outcome | None:
    """``None`` if the gate's command succeeds, else why not.

    Raises:
        EvaluatorError: the sandbox could not start.
    """
    done = bench.sandbox.start(gate_job(gate, bench)).wait()
    ended = limit_outcome(gate.name, done, gate.limits)
    if ended is not None:
        return ended
    if done.status != 0:
        return Failed(gate.name, f"exit status {done.status}: {tail(done.stdout + done.stderr)}")
    return None


def gate_job(gate: Gate, bench: Bench) -> Job:
    """The job that runs a gate's command beside the candidate's files."""
    mounts = (
        Mount(bench.candidate, CANDIDATE, copy=gate.writable),
        Mount(bench.evaluator / "run", EVALUATOR),
    )
    return Job(gate.command, mounts, CANDIDATE, _variables(bench, seeded=False), gate.limits)


def candidate_job(
    stage: Stage, bench: Bench, *, stdin: int | None = None, stdout: int | None = None
) -> Job:
    """The job that runs the candidate: its folder and the evaluator's ``run`` files, nothing else."""
    mounts = (
        Mount(bench.candidate, CANDIDATE, copy=stage.writable),
        Mount(bench.evaluator / "run", EVALUATOR),
    )
    return Job(
        stage.run,
        mounts,
        CANDIDATE,
        _variables(bench, seeded=stage.exchange == "file"),
        stage.limits,
        stdin,
        stdout,
        warm=stage.warm and not stage.browser,
        preload=stage.preload,
        browser=stage.browser,
    )


def _score_job(stage: Stage, bench: Bench, stdin: int | bytes, channel: int | None) -> Job:
    limits = stage.limits.model_copy(update={"wall": stage.limits.wall + _GRACE})
    variables = _variables(bench, seeded=True) | (
        {"EVOGIT_CHANNEL": "3"} if channel is not None else {}
    )
    return Job(
        tuple(stage.score),
        (Mount(bench.evaluator / "score", EVALUATOR),),
        EVALUATOR,
        variables,
        limits,
        stdin,
        None,
        channel,
        warm=stage.warm,
        preload=stage.preload,
    )


def _variables(bench: Bench, *, seeded: bool) -> dict[str, str]:
    """In a dialogue only the scorer knows the seed: a candidate could foresee its questions."""
    # Numeric libraries start a thread per core of the host, which counts as processes of the job.
    plain = {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return plain | {"EVOGIT_SEED": str(bench.seed)} if seeded else plain


def _file(stage: Stage, bench: Bench) -> Outcome:
    ran = bench.sandbox.start(candidate_job(stage, bench)).wait()
    return score_answer(stage, bench, ran, ran.stdout)


def score_answer(stage: Stage, bench: Bench, ran: Completed, answer: bytes) -> Outcome:
    """What the scorer makes of a candidate's answer, if its run gave one.

    Raises:
        EvaluatorError: the sandbox could not start.
    """
    bad = run_outcome(stage, ran)
    if bad is not None:
        return bad
    scored = bench.sandbox.start(_score_job(stage, bench, answer, None)).wait()
    return _scorer_outcome(stage, bench, scored)


def _dialogue(stage: Stage, bench: Bench) -> Outcome:
    ask_read, ask_write = os.pipe()
    say_read, say_write = os.pipe()
    descriptors = [ask_read, ask_write, say_read, say_write]
    try:
        scorer = bench.sandbox.start(_score_job(stage, bench, say_read, ask_write))
        try:
            candidate = bench.sandbox.start(
                candidate_job(stage, bench, stdin=ask_read, stdout=say_write)
            )
        except BaseException:
            scorer.kill()
            raise
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    scored = scorer.wait()
    candidate.kill()
    ran = candidate.wait()
    return _dialogue_outcome(stage, bench, ran, scored)


def _dialogue_outcome(stage: Stage, bench: Bench, ran: Completed, scored: Completed) -> Outcome:
    """The scorer's word counts if it gave one; else the reason is looked for on both sides."""
    verdict = _scorer_outcome(stage, bench, scored)
    if isinstance(verdict, Scored):
        return verdict
    ended = limit_outcome(stage.name, ran, stage.limits)
    if ended is not None:
        return ended
    if ran.status > 0:
        return Crashed(stage.name, f"exit status {ran.status}: {tail(ran.stderr)}")
    return verdict


def run_outcome(stage: Stage, ran: Completed) -> Outcome | None:
    """Why the candidate's part of a stage is no answer; ``None`` if it is one."""
    ended = limit_outcome(stage.name, ran, stage.limits)
    if ended is not None:
        return ended
    if ran.status != 0:
        said = tail(ran.stderr) or tail(ran.stdout)
        return Crashed(stage.name, f"exit status {ran.status}: {said}".rstrip(": "))
    return None


def _scorer_outcome(stage: Stage, bench: Bench, scored: Completed) -> Outcome:
    name = f"score of {stage.name}"
    ended = limit_outcome(name, scored, stage.limits)
    if ended is not None:
        return ended
    if scored.status != 0:
        return Crashed(name, f"exit status {scored.status}: {tail(scored.stderr)}")
    return read_answer(stage.name, scored.stdout, bench.plausible)


def limit_outcome(name: str, done: Completed, limits: Limits) -> Outcome | None:
    """The outcome of reaching a limit, if one ended the job."""
    if done.limit in ("wall", "cpu"):
        return TimedOut(name, limits.wall if done.limit == "wall" else limits.cpu)
    if done.limit is not None:
        return Crashed(
            name, f"used more than its limit of {done.limit}: {tail(done.stderr)}".rstrip(": ")
        )
    return None


def tail(data: bytes) -> str:
    """The last 1,000 characters of what a job printed, clean; a cut is marked."""
    # Secrets first: half of one would no longer look like one.
    said = clean(PLAIN.text(decode(data[-4000:], 4000)).strip())
    return said if len(said) <= _TAIL else f"…{said[1 - _TAIL :]}"
