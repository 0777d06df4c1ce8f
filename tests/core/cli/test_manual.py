"""Help texts and docs/cli.md."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from evogit.cli.registry import find_commands, summary


def _manual() -> ModuleType:
    path = Path(__file__).with_name("manual.py")
    spec = importlib.util.spec_from_file_location("manual", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MANUAL: Any = _manual()
COMMANDS: list[list[str]] = list(MANUAL.commands())


def test_the_page_agrees_with_the_help_texts() -> None:
    assert MANUAL.PAGE.read_text("utf-8") == MANUAL.page(), "run: python tests/core/cli/manual.py"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_help_text_is_short_and_has_an_example(words: list[str]) -> None:
    text = MANUAL.help_text(words)
    assert text.startswith(f"Usage: evogit {' '.join(words)} ")
    assert len(text.splitlines()) < 60
    group = any(len(other) > len(words) and other[: len(words)] == words for other in COMMANDS)
    assert group or re.search(rf"Examples?:.*evogit {' '.join(words)}", " ".join(text.split()))
    assert group or "--json" in text


def test_summaries_are_read_from_the_source_and_fit_on_a_line() -> None:
    for name, point in find_commands().items():
        assert 10 < len(summary(point)) <= 100, name
