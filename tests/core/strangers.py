"""Packages of strangers for tests: modules and entry points that are found like installed ones."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest

_NUMBERS = count(1)
"""No two packages have a module of one name: Python would not read the second."""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, points: str, code: str = "") -> str:
    """Install ``code`` as a module; returns its name.

    Args:
        folder: where packages may be written.
        monkeypatch: takes the package away again.
        points: the text of ``entry_points.txt``, with ``{module}`` for the module.
        code: of the module; indented as one likes.
    """
    module = f"stranger_{next(_NUMBERS)}"
    site = folder / module
    information = site / f"evogit_{module}-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (information / "entry_points.txt").write_text(dedent(points).format(module=module))
    (site / f"{module}.py").write_text(dedent(code))
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    return module
