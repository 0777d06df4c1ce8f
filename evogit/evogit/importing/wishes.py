"""What a foreign problem's settings ask for: goal, time, thresholds, and what has no place here."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, cast

from evogit.errors import ConfigError
from evogit.importing.foreign import Foreign
from evogit.text import clean, clean_line

_TIMEOUT: Final = 300.0
_LONGEST: Final = 24 * 3600.0
_THRESHOLDS: Final = (0.5, 0.75, 0.9)
_FEATURES: Final = ("complexity", "diversity")
"""What openevolve takes where its settings name none."""
_MOST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the settings beside a foreign problem say.

    Args:
        goal: what a model is told; empty if nothing says it.
        timeout: seconds one evaluation may take.
        thresholds: what each stage of an openevolve cascade must reach; empty without one.
        features: dimensions of openevolve's map, which its mean of metrics leaves out.
        evaluations: how many candidates a run may judge, if it is said.
        notes: what could not be taken over, one sentence each.
    """

    goal: str = ""
    timeout: float = _TIMEOUT
    thresholds: tuple[float, ...] = ()
    features: tuple[str, ...] = _FEATURES
    evaluations: int | None = None
    notes: tuple[str, ...] = ()


def read_wishes(foreign: Foreign) -> Wishes:
    """Read them: ``config.yaml`` of openevolve, the message to the model in ``run_evo.py`` of Shinka.

    Raises:
        ConfigError: the settings can not be read.
    """
    if foreign.format == "openevolve":
        return _openevolve(foreign)
    if foreign.format == "shinka":
        return Wishes(goal=_message(foreign))
    return Wishes(goal=_docstring(foreign))


def _openevolve(foreign: Foreign) -> Wishes:
    cascade = _THRESHOLDS if foreign.cascade else ()
    names = [name for name in ("config.yaml", "config.yml") if name in foreign.files]
    if not names:
        return Wishes(thresholds=cascade)
    if find_spec("yaml") is None:
        return Wishes(
            thresholds=cascade,
            notes=(f"{names[0]} was not read: PyYAML is not installed (pip install pyyaml)",),
        )
    settings = _yaml(foreign.files[names[0]], names[0])
    judged, prompt = _table(settings, "evaluator"), _table(settings, "prompt")
    timeout, rounds = judged.get("timeout"), settings.get("max_iterations")
    thresholds = _numbers(judged.get("cascade_thresholds", _THRESHOLDS))
    return Wishes(
        goal=clean(str(prompt.get("system_message", "")), _MOST_TEXT).strip(),
        timeout=min(_positive(timeout, _TIMEOUT), _LONGEST),
        thresholds=thresholds if foreign.cascade and judged.get("cascade_evaluation", True) else (),
        features=_features(_table(settings, "database")),
        evaluations=rounds if isinstance(rounds, int) and rounds > 0 else None,
        notes=tuple(_not_taken(settings, judged)),
    )


def _features(database: dict[str, Any]) -> tuple[str, ...]:
    named: object = database.get("feature_dimensions", list(_FEATURES))
    return tuple(map(str, cast("list[object]", named))) if isinstance(named, list) else ()


def _not_taken(settings: dict[str, Any], judged: dict[str, Any]) -> list[str]:
    found = [name for name in ("llm", "database") if _table(settings, name)]
    notes: list[str] = []
    if found:
        notes.append(
            f"not taken over from config.yaml: {', '.join(found)} (see [search], [[models]])"
        )
    if judged.get("use_llm_feedback"):
        notes.append("use_llm_feedback is left out: a model's opinion is no part of the score here")
    if judged.get("memory_limit_mb"):
        notes.append("memory_limit_mb is not taken over; set limits.memory in evogit.toml")
    return notes


def _yaml(data: bytes, name: str) -> dict[str, Any]:
    yaml: Any = import_module("yaml")
    try:
        found: object = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{name} can not be read: {clean_line(str(error))}") from None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _table(settings: dict[str, Any], key: str) -> dict[str, Any]:
    found = settings.get(key)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _positive(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and value > 0 else default


def _numbers(value: object) -> tuple[float, ...]:
    items = cast("list[object]", value) if isinstance(value, list | tuple) else []
    return tuple(float(item) for item in items if isinstance(item, int | float))


def _message(foreign: Foreign) -> str:
    """The text that a Python file beside a Shinka problem gives to a name ending in ``sys_msg``."""
    for name, data in foreign.files.items():
        if name.endswith(".py") and "/" not in name and b"sys_msg" in data:
            for node in ast.walk(ast.parse(data)) if _parses(data) else ():
                match node:
                    case ast.Assign([ast.Name(id=target)], ast.Constant(str() as text)) if (
                        target.endswith("sys_msg")
                    ):
                        return clean(text, _MOST_TEXT).strip()
                    case _:
                        pass
    return ""


def _parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _docstring(foreign: Foreign) -> str:
    data = foreign.files[foreign.program]
    text = ast.get_docstring(ast.parse(data)) if _parses(data) else None
    return clean(text or "", _MOST_TEXT).strip()
