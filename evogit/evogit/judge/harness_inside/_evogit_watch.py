"""Which functions of a test framework were replaced since it was loaded."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any


def remember(prefixes: tuple[str, ...]) -> dict[str, Any]:
    """Every function and method of the loaded modules that belong to these packages.

    By label: (namespace, name in it, the value, its function if it has one, that one's code).
    """
    known: dict[str, Any] = {}
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] in prefixes:
            for label, space, name in _functions(module_name, module, prefixes):
                value: Any = space.__dict__[name]
                function = _function(value)
                known[label] = (space.__dict__, name, value, function, _code(function))
    return known


def changed(known: dict[str, Any], most: int = 20) -> list[str]:
    """What is no longer as it was, with what is there instead."""
    found: list[str] = []
    for label, (space, name, value, function, code) in known.items():
        now = space.get(name)
        if now is not value or (code is not None and function.__code__ is not code):
            found.append(f"{label} = {_named(now)}")
            if len(found) >= most:
                break
    return found


def _functions(
    module_name: str, module: types.ModuleType, prefixes: tuple[str, ...]
) -> Iterator[tuple[str, Any, str]]:
    for name, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType):
            yield f"{module_name}.{name}", module, name
        elif isinstance(value, type):
            yield f"{module_name}.{name}", module, name
            if value.__module__.partition(".")[0] in prefixes:
                for inner, method in list(vars(value).items()):
                    if _code(method) is not None:
                        yield f"{value.__module__}.{value.__qualname__}.{inner}", value, inner


def _function(value: Any) -> Any:
    """What a method, property, class method or static method calls."""
    if isinstance(value, property):
        value = value.fget
    return getattr(value, "__func__", value)


def _code(value: Any) -> Any:
    return getattr(_function(value), "__code__", None)


def _named(value: Any) -> str:
    named = _function(value)
    return (
        f"{getattr(named, '__module__', '')}.{getattr(named, '__qualname__', type(named).__name__)}"
    )
