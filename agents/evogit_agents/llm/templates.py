"""Prompts: Jinja2 files of this package, before which a user's own of the same name go."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from evogit.errors import ConfigError

_BUILT_IN: Final = resources.files("evogit_agents.llm") / "prompts"
_END: Final = ".j2"
MOST_BYTES: Final = 256 * 1024


class Templates:
    """The prompts by name, compiled once. Thread-safe.

    A template sees only the values it is given, and a value is never read as a template: what a
    candidate wrote can not run here.

    Args:
        own: the user's folder of prompts; may not exist.

    Raises:
        ConfigError: one of the user's files is no template, or has a name that no prompt has.
    """

    def __init__(self, own: Path) -> None:
        self._own = own
        names = sorted(f.name for f in _BUILT_IN.iterdir() if f.name.endswith(_END))
        strangers = sorted({f.name for f in own.glob(f"*{_END}")} - set(names))
        if strangers:
            raise ConfigError(
                f"{own / strangers[0]} belongs to no operator",
                hint=f"prompts are {', '.join(names)}",
            )
        # A prompt is no web page: escaping would spoil the code in it.
        environment = ImmutableSandboxedEnvironment(
            loader=jinja2.FunctionLoader(self._load),
            undefined=jinja2.StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        try:
            self._templates = {name: environment.get_template(name) for name in names}
        except jinja2.TemplateError as error:
            raise ConfigError(f"a prompt in {own} is no template: {error}") from error

    def render(self, name: str, facts: Mapping[str, object]) -> str:
        """The prompt ``name`` (without ``.j2``) with these values.

        Raises:
            ConfigError: it uses a value that there is none of, or goes wrong otherwise.
        """
        try:
            text = self._templates[name + _END].render(facts)
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise ConfigError(
                f"the prompt {name}{_END} can not be rendered: {error}",
                hint=f"correct it in {self._own}, or remove it there",
            ) from error
        return text.strip() + "\n"

    def _load(self, name: str) -> str | None:
        for place in (self._own / name, _BUILT_IN / name):
            if place.is_file():
                with place.open("rb") as file:
                    return file.read(MOST_BYTES).decode("utf-8", "replace")
        return None
