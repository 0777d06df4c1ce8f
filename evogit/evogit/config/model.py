"""What ``evogit.toml`` may say: frozen models, unknown keys are errors.

The same shape serves a library problem's ``problem.toml`` and the spec in the swarm repository.
Sizes are bytes or text such as ``"512MB"``; durations are seconds or text such as ``"10m"``.
"""

from __future__ import annotations

import math
import re
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from evogit.quarantine.finding import RULES
from evogit.text import clean_line

_SIZE: Final = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_TIME: Final = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _with_unit(value: object, units: dict[str, float], what: str) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", value)
    if match is None or match[2].lower() not in units:
        raise ValueError(
            f"{value!r} is not a {what}; write a number or one with a unit: {', '.join(u for u in units if u)}"
        )
    number = float(match[1]) * units[match[2].lower()]
    if not math.isfinite(number):
        raise ValueError(f"is too large for a {what}")
    return number


def parse_size(value: object) -> object:
    """Text such as ``"512MB"`` as a whole number of bytes; anything else unchanged."""
    number = _with_unit(value, dict(_SIZE), "size")
    return int(number) if isinstance(number, float) else number


def parse_duration(value: object) -> object:
    """Text such as ``"10m"`` as seconds; anything else unchanged."""
    return _with_unit(value, dict(_TIME), "duration")


def _storable(text: str) -> str:
    # NUL can not be in an argument or a file name, a lone surrogate not in UTF-8.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds a NUL or a lone surrogate, which no command or file can hold")
    return text


def _one_line(text: str) -> str:
    if text != clean_line(text):
        raise ValueError("must be one line without control characters or doubled spaces")
    return text


def _inner_path(text: str) -> str:
    parts = PurePosixPath(text).parts
    if not parts or text.startswith("/") or any(p.lower() in {"..", ".git"} for p in parts):
        raise ValueError("must be a path inside the folder, without '..' or '.git'")
    return text


_WHOLE: Final = 2**53
"""Largest whole number that JSON readers of a journal keep exactly."""

_YEAR: Final = 366 * 86400.0
"""Longest duration; a longer one overflows the timers of the system and is a typing error."""

Size = Annotated[
    int,
    BeforeValidator(parse_size, json_schema_input_type=int | str),
    Field(gt=0, le=_WHOLE, strict=True),
]
Duration = Annotated[
    float,
    BeforeValidator(parse_duration, json_schema_input_type=float | str),
    Field(gt=0, le=_YEAR, strict=True),
]
Count = Annotated[int, Field(gt=0, le=_WHOLE, strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(ge=-_WHOLE, le=_WHOLE, strict=True)]
Number = Annotated[float, Field(strict=True)]
Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, Field(min_length=1, max_length=60), AfterValidator(_one_line)]
InnerPath = Annotated[Text, AfterValidator(_inner_path)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Command = Annotated[tuple[Text, ...], Field(min_length=1)]


class Model(BaseModel):
    """Base of all settings: immutable, strict about unknown keys, types and NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Limits(Model):
    """What one process tree in the sandbox may use. Reaching one kills the whole tree."""

    wall: Duration = 30.0
    cpu: Duration = 30.0
    memory: Size = 512 * 2**20
    processes: Count = 64
    output: Size = 2**20
    disk: Size = 64 * 2**20


ModelName = Annotated[Text, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]


class Asking(Model):
    """A stage that asks a language model, for a comparison or in the candidate's name."""

    model: ModelName
    """One of ``[[models]]``."""
    calls: Annotated[Count, Field(le=1000)] = 4
    """``exchange = "model"``: how many prompts one run may send."""
    votes: Annotated[Count, Field(le=25)] = 1
    """``score = "pairwise"``: how many times each comparison is made, in both orders."""
    max_tokens: Count = 512
    """Tokens of one answer, at most."""


class Stage(Model):
    """One step of an evaluation: ``run`` executes the candidate, ``score`` judges its answer.

    ``run`` sees the candidate read-only at ``/candidate`` (its working directory) and the files of
    ``evaluator.run`` at ``/eval``; ``score`` sees only the files of ``evaluator.score`` there, never the candidate.
    """

    name: Name = "main"
    run: Command
    score: Command | Literal["speed", "pairwise"]
    exchange: Literal["file", "dialogue", "model"] = "file"
    """``file``: what ``run`` prints is stored (bounded) and becomes ``score``'s standard input.
    ``dialogue``: the two talk through pipes, so that a solver can be shown one item at a time.
    ``model``: like ``file``, but ``run`` may ask the model of ``ask`` through its own pipes."""
    ask: Asking | None = None
    """For ``score = "pairwise"`` and ``exchange = "model"``."""
    warm: Flag = True
    """Run Python commands in the warm fork server instead of a new interpreter."""
    preload: tuple[Text, ...] = ()
    """Modules the fork server imports once, such as ``numpy``."""
    writable: Flag = False
    """Give the candidate a private writable copy of its folder instead of a read-only one."""
    browser: Flag = False
    """``run`` starts a web browser: its processes may talk to each other, still not to any network."""
    threshold: Number | None = None
    """Later stages run only if this stage's score is at least this good."""
    repeats: Count = 1
    """``speed`` only: how many interleaved pairs of (base, candidate) runs are timed."""
    limits: Limits = Limits()

    @property
    def asks(self) -> bool:
        """Whether it needs a language model."""
        return self.score == "pairwise" or self.exchange == "model"

    @model_validator(mode="after")
    def _has_a_model(self) -> Stage:
        if self.asks and self.ask is None:
            raise ValueError('asks a language model; say which: ask = { model = "NAME" }')
        if self.score == "pairwise" and self.exchange != "file":
            raise ValueError('score = "pairwise" needs exchange = "file"')
        return self


class Gate(Model):
    """A command that must succeed (exit status 0) in the sandbox, such as the tests."""

    name: Name
    command: Command
    harness: Literal["pytest", "unittest", "none"] = "none"
    """Believe the tests rather than the exit status: every test that the base passes must run and
    pass. For ``["python", "-m", "pytest", ...]`` and ``["python", "-m", "unittest", ...]``."""
    writable: Flag = True
    limits: Limits = Limits(wall=300.0, cpu=300.0)

    @model_validator(mode="after")
    def _fits_harness(self) -> Gate:
        wanted = ("-m", self.harness)
        python = self.command[0] in {"python", "python3"}
        if self.harness != "none" and not (python and self.command[1:3] == wanted):
            raise ValueError(
                f'harness = "{self.harness}" needs a command that begins with "python", "-m", "{self.harness}"'
            )
        return self


class EvaluatorFiles(Model):
    """Files and folders pinned into the spec, relative to evogit.toml (or the problem's folder)."""

    run: tuple[InnerPath, ...] = ()
    score: tuple[InnerPath, ...] = ()


_Bound = Annotated[float, Field(strict=True, allow_inf_nan=True)]


class Evaluate(Model):
    """How individuals are judged."""

    direction: Literal["maximize", "minimize"] = "maximize"
    files: EvaluatorFiles = EvaluatorFiles()
    stages: tuple[Stage, ...] = Field(min_length=1, max_length=64)
    gates: tuple[Gate, ...] = Field(default=(), max_length=64)
    holdout: Stage | None = None
    """Judges elites on data that selection never sees; asked for by ``promote`` and reports."""
    seed: Whole = 0
    plausible: tuple[_Bound, _Bound] | None = None
    """Scores outside are quarantined for a human, not celebrated. A bound may be infinite."""

    @field_validator("plausible")
    @classmethod
    def _ordered(cls, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
        if bounds is not None and not bounds[0] <= bounds[1]:
            raise ValueError("needs the lower bound first")
        return bounds

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        """Those of the search, and the hold-out if there is one."""
        return self.stages if self.holdout is None else (*self.stages, self.holdout)

    @property
    def asks(self) -> bool:
        """Whether judging needs a language model."""
        return any(stage.asks for stage in self.all_stages)

    @property
    def ladder(self) -> bool:
        """Whether a score is a rung: better than what it came from, in no unit."""
        return self.stages[-1].score == "pairwise"

    @model_validator(mode="after")
    def _climbs(self) -> Evaluate:
        if any(stage.score == "pairwise" for stage in self.stages[:-1]):
            raise ValueError('only the last stage can have score = "pairwise"')
        if len({stage.ask.model for stage in self.all_stages if stage.ask is not None}) > 1:
            raise ValueError("all stages must ask the same model")
        if self.ladder and self.direction != "maximize":
            raise ValueError('score = "pairwise" needs direction = "maximize"')
        return self


class Environment(Model):
    """What the sandbox provides to commands, read-only: interpreter, folders, variables."""

    python: Text | None = None
    """Interpreter for ``python`` and ``python3``; relative to the repository, or inside what
    ``setup`` built: ``"{target}/bin/python"``. Default: EvoGit's own."""
    setup: Command | None = None
    """Trusted command run once per digest of ``lock`` outside the sandbox, in a folder that holds
    only the ``lock`` files. It builds the folder ``{target}``; ``{python}`` is the interpreter."""
    lock: tuple[InnerPath, ...] = ()
    paths: tuple[Text, ...] = ()
    variables: dict[VariableName, Text] = Field(default_factory=dict)


class Search(Model):
    """Who proposes offspring and how parents are chosen."""

    strategy: Text = "evogit"
    agents: tuple[Text, ...] = ("genetic",)
    """Kinds of agents, dealt round-robin to ``-n`` agents: ``genetic``, ``genetic:tune`` (constants
    only), ``llm`` (all of ``models``), ``llm:NAME`` (one of them), ``command:TOOL`` (a coding agent)."""
    editable: tuple[Text, ...] = ("**/*.py",)
    """Path patterns (``**`` crosses folders) that offspring may change. If a file holds
    ``EVOLVE-BLOCK-START`` / ``EVOLVE-BLOCK-END`` markers, only the lines between them."""
    protected: tuple[Text, ...] = ()
    """Path patterns no offspring may change, and that are laid over it from the base."""
    primitives: tuple[Text, ...] = ()
    """Python expressions the genetic agent may use besides what is in scope."""
    conflicts: Literal["fitness", "random", "combinations", "model"] = "fitness"
    """What decides the conflicting lines of a merge. ``model``: the agent that merges, if it asks a
    language model; else, and for what is not about lines, ``fitness``."""
    novelty: Literal["syntax", "tree"] = "syntax"
    """What is not evaluated again: offspring that differ from a judged relative or recent individual
    in comments, layout or names of locals alone, or only those whose tree is known."""
    credit: Literal["bandit", "uniform"] = "bandit"
    """How agents that can work in several ways choose an operator and a model: in favour of what
    gained more for its cost, or all alike."""
    options: dict[Text, Flag | Whole | Number | Text] = Field(default_factory=dict)
    """The strategy's own parameters; each strategy documents and checks its own."""


def _rule(name: str) -> str:
    if name not in RULES:
        raise ValueError(f"is no rule; rules are {', '.join(RULES)}")
    return name


_Rules = tuple[Annotated[str, AfterValidator(_rule)], ...]


class Quarantine(Model):
    """What keeps an individual out of the population until a human releases it.

    docs/quarantine.md lists the rules. ``off`` goes before ``note`` before ``hold``.
    """

    hold: _Rules = ()
    """Rules that hold although they only note by themselves."""
    note: _Rules = ()
    """Rules whose findings are recorded and hold nothing."""
    off: _Rules = ()
    """Rules that are not looked at."""
    jump: Annotated[Number, Field(gt=1, le=1e9)] = 10.0
    """A gain over the best of more than this many times the run's largest gain so far is held."""
    table: Annotated[Count, Field(ge=16)] = 64
    """So many added pairs of a literal key and a literal answer are held as a table of answers."""


_Money = Annotated[Number, Field(gt=0)]
_Price = Annotated[Number, Field(ge=0)]


class Budget(Model):
    """Limits of the whole swarm, counted from the journals of all workers.

    ``tokens`` and ``cost_usd`` hold for the swarm's whole life, their namesakes for one step (the
    worst that it may cost), one agent, and one day (UTC).
    """

    evaluations: Count | None = None
    seconds: Duration | None = None
    tokens: Count | None = None
    cost_usd: _Money | None = None
    step_tokens: Count | None = None
    step_cost_usd: _Money | None = None
    agent_tokens: Count | None = None
    agent_cost_usd: _Money | None = None
    day_tokens: Count | None = None
    day_cost_usd: _Money | None = None


class LanguageModel(Model):
    """One model that ``llm`` agents may ask; ``[[models]]``."""

    name: ModelName
    """What ``llm:NAME``, trailers and tables call it."""
    model: Name
    """How its provider is addressed, as litellm writes it: ``openai/gpt-5-mini``, ``ollama/qwen3``."""
    client: Literal["litellm", "http", "scripted"] = "litellm"
    """``http``: an OpenAI-compatible endpoint at ``base_url``, without litellm and its start-up time.
    ``scripted``: no model at all, but ``answers`` in turn, over and over; free of charge."""
    answers: tuple[Text, ...] = Field(default=(), max_length=1000)
    """What a ``scripted`` model says."""
    base_url: Text | None = None
    key: VariableName | None = None
    """The environment variable that holds the key; never the key itself."""
    price: tuple[_Price, _Price] | None = None
    """USD for a million tokens of prompt and of answer. Default: litellm's table; a model that is not
    in it is refused."""
    context: Count | None = None
    """Tokens of prompt and answer together. Default: litellm's table, else 8192."""
    max_tokens: Count = 4096
    """Tokens of one answer, at most."""
    temperature: Annotated[Number, Field(ge=0, le=2)] = 0.8
    omit: tuple[Literal["temperature", "max_tokens", "seed"], ...] = ()
    """Parameters that this model's provider refuses."""
    parallel: Count = 8
    """Calls of one worker at the same time."""
    timeout: Duration = 300.0
    """Of one call."""
    operators: tuple[Name, ...] = ()
    """Operators it is used for; empty: all."""

    @model_validator(mode="after")
    def _can_answer(self) -> LanguageModel:
        if (self.client == "scripted") != bool(self.answers):
            raise ValueError('answers and client = "scripted" need each other')
        return self


class SandboxChoice(Model):
    """Which sandbox runs candidates. ``process`` needs ``--unsafe-no-sandbox`` on the command line."""

    kind: Text = "auto"
    image: Text | None = None
    """Container image; only for ``container``."""
    dockerfile: InnerPath | None = None
    """Builds the image instead; only for ``container``. Its context holds this file and those of
    ``environment.lock``, as pinned in the spec; it is built once per content of these."""

    @model_validator(mode="after")
    def _one_image(self) -> SandboxChoice:
        if self.image is not None and self.dockerfile is not None:
            raise ValueError("image and dockerfile exclude each other; leave one out")
        return self


class Secrets(Model):
    """What must not be recorded or shown. Names only; values stay in the environment."""

    variables: tuple[VariableName, ...] = ()
    """Environment variables whose values are struck out of records, prompts and messages, besides
    all whose names speak of a key, token, secret or password."""


class Goal(Model):
    """What the swarm is for, in words; model-driven agents read it."""

    text: Text = ""
    rubric: tuple[Text, ...] = Field(default=(), max_length=20)
    """What to look at in comparisons; ``evogit goal rubric`` lets the model write it once."""


class ProblemInfo(Model):
    """Facts about a library problem, shown by ``evogit problems``."""

    summary: Text
    source: Text = ""
    best_known: Text = ""


class Settings(Model):
    """All of ``evogit.toml``."""

    goal: Goal = Goal()
    problem: ProblemInfo | None = None
    evaluate: Evaluate
    environment: Environment = Environment()
    search: Search = Search()
    quarantine: Quarantine = Quarantine()
    budget: Budget = Budget()
    models: tuple[LanguageModel, ...] = Field(default=(), max_length=64)
    sandbox: SandboxChoice = SandboxChoice()
    secrets: Secrets = Secrets()

    @model_validator(mode="after")
    def _unique_names(self) -> Settings:
        names = [s.name for s in self.evaluate.stages] + [g.name for g in self.evaluate.gates]
        if len(set(names)) != len(names):
            raise ValueError("stages and gates need distinct names")
        models = [model.name for model in self.models]
        if len(set(models)) != len(models):
            raise ValueError("models need distinct names")
        for stage in self.evaluate.all_stages:
            if stage.ask is not None and stage.ask.model not in models:
                raise ValueError(f"{stage.name}: ask.model {stage.ask.model!r} is no [[models]]")
        return self

    def asked_models(self) -> list[LanguageModel]:
        """The models that the evaluator asks, by name."""
        names = {stage.ask.model for stage in self.evaluate.all_stages if stage.ask is not None}
        return sorted((m for m in self.models if m.name in names), key=lambda model: model.name)
