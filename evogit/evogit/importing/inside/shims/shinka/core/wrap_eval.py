"""Runs a program's experiment, checks and sums up its results, and writes the two result files.

Written from the documented interface. Runs are made one after the other whatever ``run_workers``
says; plots are not drawn; stopping early is refused, because it would change the score.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Validate = Callable[[Any], "tuple[bool, str | None]"]


def load_program(program_path: str) -> Any:
    """Import a program from its file."""
    spec = importlib.util.spec_from_file_location("program", program_path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{program_path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def save_json_results(
    results_dir: str, metrics: dict[str, Any], correct: bool, error: str | None = None
) -> None:
    """Write ``metrics.json`` and ``correct.json``."""
    folder = Path(results_dir)
    folder.mkdir(parents=True, exist_ok=True)
    verdict = {"correct": bool(correct), "error": error}
    (folder / "correct.json").write_text(json.dumps(verdict), "utf-8")
    (folder / "metrics.json").write_text(json.dumps(metrics, default=_plain), "utf-8")


def run_shinka_eval(
    program_path: str,
    results_dir: str,
    experiment_fn_name: str,
    num_runs: int,
    get_experiment_kwargs: Callable[[int], dict[str, Any]] | None = None,
    aggregate_metrics_fn: Callable[[list[Any]], dict[str, Any]] | None = None,
    validate_fn: Validate | None = None,
    default_metrics_on_error: dict[str, Any] | None = None,
    early_stop_method: object = None,
    **ignored: object,
) -> tuple[dict[str, Any], bool, str | None]:
    """Run the experiment so often; returns metrics, whether all runs were valid, and the first error."""
    del ignored  # plotting and parallel runs: nothing that a score depends on
    if early_stop_method not in (None, "none"):
        raise NotImplementedError("early stopping of evaluations is not supported here")
    error: str | None = None
    try:
        results, seconds = _runs(program_path, experiment_fn_name, num_runs, get_experiment_kwargs)
        error = _first_error(results, validate_fn)
        metrics = aggregate_metrics_fn(results) if aggregate_metrics_fn else {"num_runs": num_runs}
        metrics = {**metrics, "execution_time_mean": statistics.fmean(seconds or [0.0])}
    except Exception as raised:  # noqa: BLE001  # of the program or of its evaluator alike
        error = error or f"{type(raised).__name__}: {raised}"
        metrics = dict(default_metrics_on_error or {"combined_score": 0.0})
    metrics.pop("extra_data", None)
    save_json_results(results_dir, metrics, error is None, error)
    return metrics, error is None, error


def _runs(
    path: str, name: str, count: int, arguments: Callable[[int], dict[str, Any]] | None
) -> tuple[list[Any], list[float]]:
    experiment = getattr(load_program(path), name)
    results: list[Any] = []
    seconds: list[float] = []
    for number in range(count):
        given = arguments(number) if arguments else {"seed": number + 1}
        started = time.perf_counter()
        results.append(experiment(**given))
        seconds.append(time.perf_counter() - started)
    return results, seconds


def _first_error(results: list[Any], validate: Validate | None) -> str | None:
    for result in results if validate else ():
        valid, message = validate(result) if validate else (True, None)
        if not valid:
            return f"Validation failed: {message or 'no reason given'}"
    return None


def _plain(value: Any) -> Any:
    """Numbers of other packages as numbers, anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)
