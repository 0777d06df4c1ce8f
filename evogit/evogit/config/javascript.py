"""What a ``package.json`` says: scripts, dependencies, and how both are used where candidates run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal, cast

Dependencies = Literal["none", "there", "install", "unlocked"]
"""``there``: committed. ``install``: by ``npm ci``. ``unlocked``: no lock file that it could use."""

LOCKED: Final = ("package.json", "package-lock.json")
_TAP: Final = "NODE_OPTIONS=--test-reporter=tap"


def scripts(package: str) -> dict[str, str]:
    """The scripts of a ``package.json``, given as text; none if it can not be read."""
    return {
        name: script
        for name, script in _table(_parsed(package).get("scripts")).items()
        if isinstance(script, str)
    }


def has_tests(package: str) -> bool:
    """Whether ``npm test`` does something."""
    test = scripts(package).get("test", "")
    return bool(test.strip()) and "no test specified" not in test


def lists_tests(package: str) -> bool:
    """Whether the tests are those of node itself, which can print one line for each of them."""
    words = scripts(package).get("test", "").split()
    return words[:1] == ["node"] and "--test" in words and not any("reporter" in w for w in words)


def named_files(files: Sequence[str], package: str) -> list[str]:
    """Tracked files that the ``test`` and ``bench`` scripts name."""
    words = [
        word.strip("\"'").removeprefix("./")
        for name, script in scripts(package).items()
        if re.search("test|bench", name)
        for word in script.split()
    ]
    return sorted(set(files).intersection(words))


def bench_script(package: str) -> str:
    """The name of the script that is a benchmark, or empty."""
    return next((name for name in scripts(package) if re.match("bench|perf", name)), "")


def dependencies(files: Iterable[str], package: str) -> Dependencies:
    """Whether candidates would lack packages that the code or its tests need."""
    names = set(files)
    data = _parsed(package)
    if not any(_table(data.get(key)) for key in ("dependencies", "devDependencies")):
        return "none"
    if any(name.startswith("node_modules/") for name in names):
        return "there"
    return "install" if names.issuperset(LOCKED) else "unlocked"


def linked(command: Sequence[str]) -> tuple[str, ...]:
    """``command`` in a folder that finds the installed packages, also those of ES modules."""
    line = command[2] if tuple(command[:2]) == ("sh", "-c") else " ".join(command)
    return ("sh", "-c", f'ln -sfn "$NODE_PATH" node_modules && {line}')


def listing(tests: Sequence[str]) -> tuple[str, ...]:
    """Node's tests as a command that prints which passed, the same each time."""
    return ("sh", "-c", f"{_TAP} {' '.join(tests)} | grep '^ *ok '")


def _parsed(package: str) -> dict[str, object]:
    try:
        return _table(json.loads(package))
    except (ValueError, RecursionError):
        return {}


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
