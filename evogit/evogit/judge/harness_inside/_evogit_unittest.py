"""Runs unittest and tells of every test, from inside its process."""

from __future__ import annotations

import importlib
import sys
import unittest
from collections.abc import Callable, Sequence
from typing import Any


def run(
    arguments: Sequence[str], send: Callable[..., None], let_in: Callable[[], None], watch: Any
) -> int:
    """Run ``python -m unittest ARGUMENT...``."""
    main = importlib.import_module("unittest.main")
    known = watch.remember(("unittest",))
    let_in()
    sys.argv = ["python -m unittest", *arguments]
    runner = type("Runner", (unittest.TextTestRunner,), {"resultclass": telling(send)})
    result: unittest.TestResult = main.TestProgram(
        module=None, testRunner=runner, exit=False
    ).result
    for label in watch.changed(known):
        send("changed", label)
    empty = not result.testsRun and not result.skipped
    status = 5 if empty else 0 if result.wasSuccessful() else 1
    send("end", status)
    return status


def telling(send: Callable[..., None]) -> Any:
    """A class of results that sends what happens through the channel."""
    usual: Any = unittest.TextTestResult
    outcomes = {
        "addSuccess": "passed",
        "addError": "failed",
        "addFailure": "failed",
        "addSkip": "skipped",
        "addExpectedFailure": "xfailed",
        "addUnexpectedSuccess": "xpassed",
    }

    def method(name: str, outcome: str) -> Callable[..., None]:
        before: Callable[..., None] = getattr(usual, name)

        def add(self: object, test: unittest.TestCase, *more: object) -> None:
            before(self, test, *more)
            send("test", "".join(("", test.id())), outcome)

        return add

    add_sub_test: Callable[..., None] = usual.addSubTest

    def sub_test(self: object, test: unittest.TestCase, part: object, error: object) -> None:
        add_sub_test(self, test, part, error)
        if error is not None:
            send("test", "".join(("", test.id())), "failed")

    methods = {name: method(name, outcome) for name, outcome in outcomes.items()}
    return type("Result", (usual,), {**methods, "addSubTest": sub_test})
