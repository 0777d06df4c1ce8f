"""What is known of one coding agent's command line: a declarative record, one TOML file each.

A user's own file goes before the built-in one of the same name. Adding a tool is adding a file;
nothing else in this package knows any tool by name.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from evogit.config.explain import explain
from evogit.config.load import MAX_FILE, read_toml
from evogit.config.model import Count, Duration, Flag, Limits, Name, Size, Text, VariableName
from evogit.config.values import Model
from evogit.errors import ConfigError, NotFoundError
from evogit.text import clean_line

PLACEHOLDERS: Final = frozenset(
    {
        *("prompt", "prompt_file", "files", "workdir", "home", "report"),
        *("model", "model_name", "hosted_model", "base_url", "key", "model_key"),
        *("cost", "tokens"),
    }
)
_SLOT: Final = re.compile(r"\{([a-z_]+)\}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SUFFIX: Final = ".toml"
_HINT: Final = "docs/agents.md explains the keys of a record; `evogit agents kinds --print-record command:custom` prints one"


def slots(text: str) -> list[str]:
    """The names of the placeholders in ``text``, in order."""
    return _SLOT.findall(text)


def _known_slots(text: str) -> str:
    unknown = [name for name in slots(text) if name not in PLACEHOLDERS]
    if unknown:
        raise ValueError(
            f"{{{unknown[0]}}} is no placeholder; known are {', '.join(sorted(PLACEHOLDERS))}"
        )
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


def _below_home(text: str) -> str:
    parts = Path(text).parts
    if not parts or text.startswith("/") or ".." in parts:
        raise ValueError("must be a path below the home folder, without '..'")
    return text


Words = Annotated[Text, AfterValidator(_known_slots)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
HomePath = Annotated[Text, AfterValidator(_below_home)]
KeyPath = Annotated[Text, Field(min_length=1, max_length=200)]


class Usage(Model):
    """Where a tool says what it used. Without it nothing is known, and a step counts as its cap."""

    place: Literal["output", "report"] = "output"
    """``output``: what it prints; ``report``: the file that ``{report}`` names."""
    form: Literal["json", "jsonl", "text"] = "jsonl"
    when: dict[KeyPath, Text] = Field(default_factory=dict)
    """Only lines (or the document) with these values count."""
    tokens_in: tuple[KeyPath, ...] = ()
    """Dotted paths to numbers, which are added; ``*`` stands for every key or item."""
    tokens_out: tuple[KeyPath, ...] = ()
    cost_usd: tuple[KeyPath, ...] = ()
    pattern: Pattern | None = None
    """``text``: an expression with groups of the three names above; ``1.2k`` and ``1,200`` are read."""
    lines: Literal["last", "all"] = "last"
    """Whether each line says the total so far, or what came with it."""

    @model_validator(mode="after")
    def _complete(self) -> Usage:
        if (self.form == "text") != (self.pattern is not None):
            raise ValueError('needs a pattern exactly if form = "text"')
        return self


class Record(Model):
    """One tool. Text may hold placeholders such as ``{prompt_file}``.

    An entry of ``argv`` (a text, or a group of texts) or of ``variables`` with a placeholder that
    has no value is left out, so that ``["--model", "{model}"]`` is there only if a model is named.
    """

    summary: Text
    program: Name
    """Its name on PATH, or an absolute path."""
    install: Text = ""
    """How to get it; shown where it is missing."""
    argv: tuple[Words | tuple[Words, ...], ...]
    """What follows the program. ``"{files}"`` alone becomes all editable files of the parent."""
    stdin: Literal["nothing", "prompt"] = "nothing"
    version: tuple[Text, ...] = ("--version",)
    network: Flag = True
    secrets: tuple[VariableName, ...] = ()
    """Variables of yours that it may see although they are secret, as far as they are set."""
    need: Literal["any", "all", "none"] = "any"
    """How many of ``secrets`` must be set, unless the model brings its key."""
    inherit: tuple[VariableName, ...] = ()
    """Other variables of yours that it gets if they are set."""
    variables: dict[VariableName, Words] = Field(default_factory=dict)
    state: tuple[HomePath, ...] = ()
    """Files below your home that are copied into its fresh one, such as a login."""
    paths: tuple[Text, ...] = ()
    """Further files or folders it needs, read-only at the same place."""
    without: tuple[Name, ...] = ()
    """Programs of this machine that fail when it calls them, for it would use them in vain."""
    litter: tuple[Text, ...] = ()
    """Patterns of what it leaves behind that is no work."""
    usage: Usage | None = None
    free: Flag = False
    """It asks no model, so a step costs nothing."""
    wall: Duration = 1800.0
    """Seconds for one step."""
    silence: Duration = 600.0
    """Seconds without any output after which it counts as hanging."""
    memory: Size = 4 * 2**30
    disk: Size = 2 * 2**30
    processes: Count = 512
    output: Size = 16 * 2**20

    @model_validator(mode="after")
    def _hides_the_key(self) -> Record:
        if {"key", "model_key"} & self._slots_of_argv():
            raise ValueError("{key} may only be in variables: a command line is for all to see")
        return self

    def _slots_of_argv(self) -> set[str]:
        return {
            name
            for entry in self.argv
            for word in ((entry,) if isinstance(entry, str) else entry)
            for name in slots(word)
        }

    @property
    def takes_address(self) -> bool:
        """Whether it can be told the address of a model's server."""
        named = {name for text in self.variables.values() for name in slots(text)}
        return "base_url" in named | self._slots_of_argv()

    def limits(self) -> Limits:
        """What one step may use; processor time is bounded by wall-clock time and the processes."""
        return Limits(
            wall=self.wall,
            cpu=self.wall * 4,
            memory=self.memory,
            disk=self.disk,
            processes=self.processes,
            output=self.output,
        )


def names(own: Path) -> list[str]:
    """Sorted names of all records; those of files in ``own`` included."""
    built_in = (Path(item.name) for item in _BUILT_IN.iterdir())
    mine = own.glob(f"*{_SUFFIX}") if own.is_dir() else ()
    found = {path.stem for path in (*built_in, *mine) if path.suffix == _SUFFIX}
    return sorted(name for name in found if _NAME.fullmatch(name))


def text_of(name: str, own: Path) -> tuple[str, str]:
    """The TOML of a record, and where it is from.

    Raises:
        NotFoundError: there is none of that name.
        ConfigError: the file can not be read, or is too large.
    """
    if not _NAME.fullmatch(name) or name not in names(own):
        raise NotFoundError(
            f"there is no coding agent named {clean_line(name, 60)!r}",
            hint=f"known: {', '.join(names(own))}; your own belong in {own}",
        )
    path = own / f"{name}{_SUFFIX}"
    if not path.is_file():
        return (_BUILT_IN / f"{name}{_SUFFIX}").read_text("utf-8"), f"the record {name}"
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE).decode("utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can not be read: {clean_line(str(error))}") from error


def load(name: str, own: Path) -> Record:
    """The record of a tool.

    Args:
        name: such as ``aider``.
        own: the user's folder of records, which go before the built-in ones; may not exist.

    Raises:
        NotFoundError: there is none of that name.
        ConfigError: it says something that is not allowed.
    """
    text, source = text_of(name, own)
    data = read_toml(text, source)
    try:
        return Record.model_validate(data)
    except ValidationError as error:
        found = explain(error, data, source, {})
        raise ConfigError(found.message, hint=_HINT) from None


_BUILT_IN: Final = files("evogit_agents.command").joinpath("records")
