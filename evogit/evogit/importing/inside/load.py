"""Runs in the sandbox, started by ``run.py``: loads a foreign evaluator unchanged and asks it once.

The evaluator finds what it knows from home: its own folder first in the search path and its files
in the working directory, a program to judge in a folder of its own, small stand-ins for the
packages it imports. Python 3.8 or newer, standard library only.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import os
import runpy
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from child import channel

HERE = Path(__file__).absolute().parent
FOREIGN = HERE / "foreign"
CANDIDATE = Path.cwd()
MOST_METRICS = 150
LONGEST = 300
MOST_BYTES = 2**20

Metrics = dict[str, Any]


class NoAnswerError(Exception):
    """Why there is no score; the text is for people."""


def main() -> None:
    """``load.py KEY RESULTS``: one message, ``{"failed": "..."}`` or what was measured.

    That is ``metrics``, the names in it that hold ``no_number``, and the ``score`` by the foreign
    system's own rule, where it has one and there is a number.
    """
    send = channel(int(sys.argv[1]), int(sys.argv[2]))
    dumps = json.dumps
    facts: dict[str, Any] = json.loads((HERE / "import.json").read_text("utf-8"))
    sys.path[:] = [str(FOREIGN), str(HERE / "shims"), *sys.path[1:]]
    known = Path(tempfile.mkdtemp())
    try:
        answer = measured(*ASK[facts["format"]](facts, known))
    except BaseException as error:  # noqa: BLE001  # whatever it raises is its failure
        answer = {"failed": explain(error)}
    send(dumps(answer))


def measured(metrics: Metrics, score: float | None) -> dict[str, Any]:
    """The message about metrics."""
    found = numbers(metrics)
    others = [name[:60] for name in metrics if name[:60] not in found]
    rule = {} if score is None else {"score": plain(score)}
    return {"metrics": found, "no_number": others[:20], **rule}


def openevolve(facts: dict[str, Any], folder: Path) -> tuple[Metrics, float | None]:
    """``evaluate(program_path)``, or ``evaluate_stage1`` to ``3`` each if the one before was good enough."""
    program = place(facts, folder)
    module = load("evaluation_module", FOREIGN / facts["evaluator"])
    before = functions()
    thresholds: list[float] = facts["thresholds"]
    stages = [f"evaluate_stage{i}" for i in (1, 2, 3)] if thresholds else ["evaluate"]
    found: Metrics = {}
    merged: Metrics = {}
    for number, name in enumerate(stages):
        if hasattr(module, name):
            said = metrics_of(getattr(module, name)(str(program)))
            merged = {**flat(merged), **flat(said)} if found else said
            found.update(said)
        last = not any(hasattr(module, later) for later in stages[number + 1 :])
        if last or number >= len(thresholds):
            break
        reached = standing(merged)
        if not reached >= thresholds[number]:  # a NaN is not
            raise NoAnswerError(f"{name} gave {reached:g}, below {thresholds[number]:g}")
    refuse_changed(before)
    return found, fitness(merged, facts["features"])


def shinka(facts: dict[str, Any], folder: Path) -> tuple[Metrics, None]:
    """The script ``evaluate.py --program_path P --results_dir D``, which writes two JSON files."""
    program = place(facts, folder)
    results = folder / "results"
    script = str(FOREIGN / facts["evaluator"])
    sys.argv = [script, "--program_path", str(program), "--results_dir", str(results)]
    importlib.import_module("shinka.core")  # the stand-in, known before the candidate is loaded
    before = functions()
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise NoAnswerError(f"{facts['evaluator']} ended with status {end.code}") from None
    refuse_changed(before)
    correct = read(results / "correct.json")
    if correct.get("correct") is not True:
        raise NoAnswerError(f"not correct: {correct.get('error')}")
    return read(results / "metrics.json"), None


def alphaevolve(facts: dict[str, Any], folder: Path) -> tuple[Metrics, None]:
    """``evaluate()`` or ``evaluate(inputs)`` of the program itself."""
    home = folder / "home"
    shutil.copytree(CANDIDATE, home)
    os.chdir(home)
    sys.path.insert(0, str(home))
    module = load("program", home / facts["program"])
    inputs = facts["inputs"]
    given = [json.loads((home / inputs).read_text("utf-8"))] if inputs else []
    return metrics_of(module.evaluate(*given)), None


ASK: dict[str, Callable[[dict[str, Any], Path], tuple[Metrics, float | None]]] = {
    "openevolve": openevolve,
    "shinka": shinka,
    "alphaevolve": alphaevolve,
}


def place(facts: dict[str, Any], folder: Path) -> Path:
    """The program in a folder of its own; the evaluator's files, read-only, in the working directory."""
    home, work = folder / "program", folder / "work"
    home.mkdir()
    work.mkdir()
    for file in FOREIGN.iterdir():
        (work / file.name).symlink_to(file)
    os.chdir(work)
    return Path(shutil.copyfile(CANDIDATE / facts["program"], home / facts["program"]))


def load(name: str, path: Path) -> ModuleType:
    """Import a file under a name of its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise NoAnswerError(f"{path.name} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def functions() -> dict[tuple[str, str], tuple[object, object]]:
    """Every function of the evaluator's modules, and of what runs it, with its code."""
    return {
        (module, name): (value, value.__code__)
        for module, space in list(sys.modules.items())
        if str(getattr(space, "__file__", None) or "").startswith(str(HERE))
        for name, value in list(vars(space).items())
        if isinstance(value, FunctionType)
    }


def refuse_changed(before: dict[tuple[str, str], tuple[object, object]]) -> None:
    """Refuse if a function that was there before the candidate is another one now.

    Raises:
        NoAnswerError: one is.
    """
    now = functions()
    for place, (function, code) in before.items():
        if now.get(place, (None, None)) != (function, code):
            raise NoAnswerError(f"the program replaced {place[1]} of {place[0]}")


def metrics_of(answer: Any) -> Metrics:
    """The dictionary an evaluator returned, perhaps inside a result object.

    Raises:
        NoAnswerError: it returned something else.
    """
    found: Any = getattr(answer, "metrics", answer)
    inner = table(found)
    if inner is not None:
        return {str(key): value for key, value in inner.items()}
    if isinstance(found, (int, float)):
        return {"score": found}
    raise NoAnswerError(f"the evaluator returned {type(found).__name__}, not a dictionary")


def numbers(metrics: Metrics, prefix: str = "") -> dict[str, Any]:
    """The numbers among metrics; one that is not finite is ``None``. A reported error is no score.

    Raises:
        NoAnswerError: the evaluator reported an error or a timeout.
    """
    error = metrics.get("error")
    if isinstance(error, str) and error:
        raise NoAnswerError(error)
    if metrics.get("timeout") is True:
        raise NoAnswerError("the evaluator gave up waiting")
    found: dict[str, Any] = {}
    for key, value in list(metrics.items())[:MOST_METRICS]:
        inner = table(value)
        if inner is not None and not prefix:
            rest = {str(name): item for name, item in inner.items() if name != "error"}
            found.update(numbers(rest, f"{key}."))
        elif not isinstance(value, (bool, str, bytes)) and hasattr(value, "__float__"):
            found[f"{prefix}{key}"[:60]] = plain(value)
    return found


def plain(value: Any) -> float | None:
    """A finite float, also of what another package calls a number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def standing(metrics: Metrics) -> float:
    """What openevolve compares with a threshold: ``combined_score``, else the mean of the numbers."""
    if isinstance(metrics.get("combined_score"), (int, float)):
        return float(metrics["combined_score"])
    rest = list(flat(metrics).values())
    return sum(rest) / len(rest) if rest else -math.inf


def flat(metrics: Metrics) -> Metrics:
    """What openevolve keeps of two stages: numbers, flags as 0 and 1, nothing called ``error``."""
    return {k: float(v) for k, v in metrics.items() if isinstance(v, (int, float)) and k != "error"}


def fitness(metrics: Metrics, features: list[str]) -> float | None:
    """What openevolve makes the score; ``None`` where it would take 0 for want of any number.

    ``combined_score`` if it can be read as a number, else the mean of the numbers at the top that
    are no flag, no NaN and no dimension of its map; of all, if there are only dimensions.
    """
    try:
        return float(metrics["combined_score"])
    except (KeyError, TypeError, ValueError):
        pass
    found = {
        name: float(value)
        for name, value in metrics.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
    }
    rest = [value for name, value in found.items() if name not in features] or list(found.values())
    return sum(rest) / len(rest) if rest else None


def read(path: Path) -> Metrics:
    """A JSON object an evaluator wrote.

    Raises:
        NoAnswerError: it wrote none.
    """
    try:
        found = table(json.loads(path.read_bytes()[:MOST_BYTES]))
    except (OSError, ValueError):
        found = None
    if found is None:
        raise NoAnswerError(f"the evaluator wrote no readable {path.name}")
    return found


def table(value: Any) -> Metrics | None:
    """A dictionary, or ``None`` for anything else."""
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def explain(error: BaseException) -> str:
    """One line: what was raised, and where."""
    if isinstance(error, NoAnswerError):
        text = str(error)
    else:
        where, trace = "", error.__traceback__
        while trace is not None:
            file = Path(trace.tb_frame.f_code.co_filename).name
            where = f" ({file}, line {trace.tb_lineno})"
            trace = trace.tb_next
        text = f"{type(error).__name__}: {error}{where}"
    return " ".join(text.split())[:LONGEST]


if __name__ == "__main__":
    main()
