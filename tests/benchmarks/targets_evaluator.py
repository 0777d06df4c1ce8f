"""Judges a program for openevolve by the very ``run`` and ``score`` scripts EvoGit judges it by.

Runs in openevolve's environment: standard library only.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any


def judge(program: str, problem: dict[str, Any], log: str) -> dict[str, float]:
    """A score between 0 (failed) and more, better if higher; each is a line of ``log``.

    Args:
        program: its path.
        problem: ``file``, ``run`` and ``score`` (commands), ``cpu`` and ``wall`` (seconds), ``minimize``.
        log: path of a file with one line of JSON for each evaluation, in their order.
    """
    score = _score(Path(program), problem)
    with Path(log).open("a") as lines:
        lines.write(json.dumps(score) + "\n")
    if score is None:
        return {"combined_score": 0.0}
    return {"combined_score": max(0.0, 1.0 - score) if problem["minimize"] else score}


def _score(program: Path, problem: dict[str, Any]) -> float | None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(program, Path(folder, problem["file"]))
        try:
            answer = _answer(folder, problem)
            return json.loads(answer).get("score")
        except (ValueError, subprocess.TimeoutExpired):
            return None


def _answer(folder: str, problem: dict[str, Any]) -> bytes:
    ran = subprocess.run(
        problem["run"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=problem["wall"],
        preexec_fn=lambda: _limit(problem["cpu"]),
        check=False,
    )
    if ran.returncode:
        return b""
    scored = subprocess.run(
        problem["score"], input=ran.stdout, stdout=subprocess.PIPE, timeout=60, check=False
    )
    return scored.stdout


def _limit(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
