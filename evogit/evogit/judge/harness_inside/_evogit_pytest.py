"""Runs pytest and tells of every test, from inside its process."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

HOOKS = (
    "pytest_collection_modifyitems",
    "pytest_fixture_setup",
    "pytest_pyfunc_call",
    "pytest_runtest_call",
    "pytest_runtest_logreport",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_runtestloop",
    "pytest_sessionfinish",
)
KEYS = (
    "addopts",
    "filterwarnings",
    "norecursedirs",
    "python_classes",
    "python_files",
    "python_functions",
    "pythonpath",
    "testpaths",
    "usefixtures",
    "xfail_strict",
)
OFTEN = (
    "_pytest.runner.",
    "_pytest.reports.",
    "_pytest.python.Function",
    "unittest.case.TestCase.run",
)
"""Looked at after each test, so that a function can not be replaced for one test only."""


def run(
    arguments: Sequence[str], send: Callable[..., None], let_in: Callable[[], None], watch: Any
) -> int:
    """Run pytest; the candidate's folders are let in once the framework is loaded."""
    import pytest
    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    known = watch.remember(("_pytest", "pytest", "pluggy", "unittest"))
    let_in()
    sys.argv = [f"{pytest.__path__[0]}/__main__.py", *arguments]
    status = int(
        pytest.main(
            [*arguments, "-p", "no:cacheprovider"], plugins=[Teller(send, known, watch.changed)]
        )
    )
    send("end", status)
    return status


class Teller:
    """A plugin that sends what happens through the channel."""

    def __init__(self, send: Callable[..., None], known: dict[str, Any], changed: Any) -> None:
        self._send = send
        self._changed = changed
        self._known = known
        self._often = {label: old for label, old in known.items() if label.startswith(OFTEN)}
        self._config: Any = None

    def pytest_configure(self, config: Any) -> None:
        """Tell which settings hold."""
        self._config = config
        top = str(getattr(config, "rootpath", ""))
        stated = repr([str(getattr(config, "inipath", "")), *(_stated(config, k) for k in KEYS)])
        text = stated.replace(top, "") if top else stated
        self._send("settings", hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Tell what became of a test, in whichever phase something was decided."""
        word = str(report.outcome)
        if hasattr(report, "wasxfail"):
            word = "xfailed" if word == "skipped" else "xpassed"
        if word == "passed" and report.when != "call":
            return
        if word in {"passed", "failed", "skipped", "xfailed", "xpassed"}:
            self._send("test", "".join(("", str(report.nodeid))), word)
        for label in self._changed(self._often):
            self._send("changed", label)
            self._often.pop(label.partition(" = ")[0], None)

    def pytest_sessionfinish(self) -> None:
        """Tell what has become of the framework itself."""
        for label in self._changed(self._known):
            self._send("changed", label)
        for name in HOOKS:
            caller = getattr(self._config.hook, name, None)
            for one in caller.get_hookimpls() if caller is not None else ():
                function = one.function
                self._send("hooks", f"{name}: {function.__module__}.{function.__qualname__}")


def _stated(config: Any, key: str) -> str:
    """A setting as text; empty if this version of pytest does not know it."""
    try:
        return str(config.getini(key))
    except (KeyError, ValueError):
        return ""
