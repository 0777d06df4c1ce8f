"""Writes the reference part of docs/cli.md from the help texts: ``python tests/core/cli/manual.py``."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from unittest import mock

import typer

from evogit.cli.main import main
from evogit.cli.registry import find_commands

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"
START = "<!-- from here on written by tests/core/cli/manual.py -->"


def help_text(words: list[str]) -> str:
    """What ``evogit WORDS --help`` prints on a terminal of 80 columns that is none."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), mock.patch.dict(os.environ, {"COLUMNS": "80"}):
        assert main([*words, "--help"]) == 0
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


def commands() -> Iterator[list[str]]:
    """Every command as words, subcommands after their group."""
    for name, point in find_commands().items():
        yield [name]
        found = getattr(import_module(point.module), point.attr)
        if isinstance(found, typer.Typer):
            yield from ([name, str(sub.name)] for sub in found.registered_commands)


def reference() -> str:
    """The generated part of the page."""
    parts = [START, "", "## Reference", "", "```text", help_text([]), "```"]
    for words in commands():
        title = " ".join(["evogit", *words])
        parts += ["", f"### {title}", "", "```text", help_text(words), "```"]
    return "\n".join(parts) + "\n"


def page() -> str:
    """The whole page: what people wrote, and the reference as it should be."""
    return PAGE.read_text("utf-8").partition(START)[0] + reference()


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
