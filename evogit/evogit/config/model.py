"""What ``evogit.toml`` may say: frozen models, unknown keys are errors.

The same shape serves a library problem's ``problem.toml`` and the spec in the swarm repository.
Sizes are bytes or text such as ``"512MB"``; durations are seconds or text such as ``"10m"``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    field_validator,
    model_validator,
)

from evogit.config.functions import Function
from evogit.config.models import Asking, Budget, LanguageModel
from evogit.config.values import (
    Command,
    Count,
    Duration,
    Flag,
    InnerPath,
    Model,
    Name,
    Number,
    Size,
    Text,
    VariableName,
    Whole,
)
from evogit.quarantine.finding import RULES


class Limits(Model):
    """What one process tree in the sandbox may use. Reaching one kills the whole tree."""

    wall: Duration = 30.0
    cpu: Duration = 30.0
    memory: Size = 512 * 2**20
    processes: Count = 64
    output: Size = 2**20
    disk: Size = 64 * 2**20


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
    """Kinds of agents, dealt round-robin to ``-n`` agents: ``genetic``, ``genetic:adaptive``
    (prefers operators that worked), ``genetic:tune`` (constants only), ``genetic:curves`` (curves
    whose heights are tuned), ``llm`` (all of ``models``),
    ``llm:NAME`` (one of them), ``command:TOOL`` (a coding agent)."""
    editable: tuple[Text, ...] = ("**/*.py",)
    """Path patterns (``**`` crosses folders) that offspring may change. If a file holds
    ``EVOLVE-BLOCK-START`` / ``EVOLVE-BLOCK-END`` markers, only the lines between them."""
    protected: tuple[Text, ...] = ()
    """Path patterns no offspring may change, and that are laid over it from the base."""
    primitives: tuple[Text, ...] = ()
    """Python expressions the genetic agent may use besides what is in scope."""
    functions: tuple[Function, ...] = Field(default=(), max_length=64)
    """Numeric functions that are only ever asked known inputs: ``novelty`` tells them by their answers."""
    conflicts: Literal["fitness", "random", "combinations", "model"] = "fitness"
    """What decides the conflicting lines of a merge. ``model``: the agent that merges, if it asks a
    language model; else, and for what is not about lines, ``fitness``."""
    novelty: Literal["syntax", "tree"] = "syntax"
    """What is not evaluated again: offspring that differ from a judged relative or recent individual
    in comments, layout, names of locals or the way to a declared function's answers alone, or only
    those whose tree is known."""
    credit: Literal["bandit", "uniform"] = "bandit"
    """How agents that can work in several ways choose an operator and a model: in favour of what
    gained more for its cost, or all alike."""
    ahead: Annotated[Whole, Field(ge=0, le=8)] = 0
    """So many more steps of an agent may be under way beside one: asking, or waiting for a verdict."""
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
