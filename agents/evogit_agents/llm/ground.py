"""What every operator works on: the task, the model's limits, and the parts of a prompt."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evogit.ids import CommitId
from evogit.proposals import Genome, Task, Trial
from evogit.redact import Redactor
from evogit.text import clean, clean_line
from evogit_agents.llm.packing import Piece, cut, pack
from evogit_agents.llm.source import Source, editable_paths, read_source
from evogit_agents.llm.templates import Templates
from evogit_agents.models.model import LanguageModel, Message

MOST_PROMPT: Final = 32_000
"""Tokens of a prompt, however large the model's context is: what one step may cost has a bound."""
_AROUND: Final = 48
"""Tokens of a fence and of the template's words around one piece."""
_BACKTICKS: Final = re.compile("`+")
_DRAWS: Final = 16
_FILES_READ: Final = 64
_TRIALS: Final = 8


@dataclass(frozen=True, slots=True)
class Edit:
    """What an answer comes to: new contents by path, and a line that says what it is about."""

    changes: Mapping[str, bytes | None]
    about: str


@dataclass(frozen=True, slots=True)
class Order:
    """A question ready to be asked.

    Args:
        operator: recorded as the offspring's.
        prompt: the user's turn.
        read: from an answer to an edit; raises ``UnusableError`` with words for the model.
        inspirations: individuals it shows besides those of the step.
    """

    operator: str
    prompt: str
    read: Callable[[str], Edit]
    inspirations: tuple[CommitId, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """One step of one agent, with the model that it will ask.

    Args:
        task: from the kernel; at least one parent.
        model: will be asked.
        templates: the prompts.
        redactor: takes secrets out of everything that is sent.
        lint: what a linter says of a file of an individual.
        better: ``higher`` or ``lower``: which scores are.
    """

    task: Task
    model: LanguageModel
    templates: Templates
    redactor: Redactor
    lint: Callable[[Genome, str], str]
    better: str

    @property
    def parent(self) -> Genome:
        """The individual that is changed."""
        return self.task.parents[0]

    @property
    def room(self) -> int:
        """Tokens of a prompt, at most."""
        return prompt_tokens(self.model)

    def count(self, text: str) -> int:
        """Tokens of a text, about, and not less."""
        return self.model.count([Message("user", text)])

    def says(self, text: str, limit: int = 20_000) -> str:
        """Text from outside as it may be sent: clean, without secrets, bounded."""
        return clean(self.redactor.text(text), limit)

    def source(self, path: str, genome: Genome | None = None) -> Source | None:
        """A file that may be shown and changed, of the first parent unless told otherwise."""
        return read_source(genome or self.parent, path, self.redactor.text)

    def sources(self, most: int = 1) -> list[Source]:
        """Files that may be changed, drawn by chance."""
        paths = editable_paths(self.parent, self.task.search)
        drawn = self.task.random.sample(paths, min(len(paths), _FILES_READ))
        found: list[Source] = []
        for path in drawn:
            source = self.source(path)
            if source is not None:
                found.append(source)
            if len(found) == most:
                break
        return found

    def answer_fits(self, text: str) -> bool:
        """Whether an answer could repeat ``text`` with some lines more."""
        return self.count(text) * 5 <= self.model.max_tokens * 4

    def system(self) -> str:
        """The first turn of every conversation; always the same, so that providers may keep it."""
        return self.templates.render("system", {})

    def prompt(
        self,
        name: str,
        facts: Mapping[str, str],
        data: Mapping[str, str],
        target: Source | None = None,
    ) -> str:
        """The prompt of an operator, with as much context as fits.

        Args:
            name: of its template.
            facts: what the template needs besides the context, in our words; one line each.
            data: the same in words of candidates; fenced.
            target: the file it is about, for the linter and for other individuals' ideas.
        """
        closed = {key: fenced(text) for key, text in data.items()}
        plain = {key: clean_line(self.says(text)) for key, text in facts.items()}
        given = {
            "goal": self._goal(),
            "score": _score(self.parent.score),
            "better": self.better,
            **plain,
            **closed,
        }
        draws = [self.task.random.random() for _ in range(_DRAWS)]

        def render(context: Mapping[str, str]) -> str:
            left = itertools.cycle(draws)  # the same wording each time it is rendered

            def pick(some: Sequence[str]) -> str:
                return some[int(next(left) * len(some))]

            return self.templates.render(name, {**given, **context, "pick": pick})

        pieces = self._pieces(target)
        bare = render({piece.name: "" for piece in pieces})
        room = self.room - self.count(bare) - self.count(self.system())
        packed = pack(pieces, room - len(pieces) * _AROUND, self.count)
        # Humans steer; all else is data.
        return render(
            {key: text if key == "feedback" else fenced(text) for key, text in packed.items()}
        )

    def _goal(self) -> str:
        text = self.says(self.task.goal.strip(), 8000) or "Improve the program's score."
        return cut(text, self.room // 4, self.count)

    def _pieces(self, target: Source | None) -> list[Piece]:
        """The context in order of priority."""
        share = self.room // 4
        return [
            Piece("feedback", self._feedback(), self.room),
            Piece("failure", self._output(), share, tail=True),
            Piece("lint", self._lint(target) if target else "", share // 2),
            Piece("tried", self._tried(), share),
            Piece("ideas", self._ideas(target) if target else "", share),
            Piece("files", self._files(), share // 2),
        ]

    def _feedback(self) -> str:
        return "\n".join(f"- {self.says(text, 4000)}" for text in self.task.feedback)

    def _output(self) -> str:
        return self.says(self.task.past.output(self.parent), 4000)

    def _lint(self, target: Source) -> str:
        """The findings in lines that may change."""
        found = self.lint(self.parent, target.path).split("\n")
        return self.says("\n".join(line for line in found if _within(line, target)), 4000)

    def _tried(self) -> str:
        trials = self.task.past.trials(self.parent, _TRIALS)
        lines = dict.fromkeys(_told(trial) for trial in trials)
        return "\n".join(f"- {self.says(line, 200)}" for line in lines)

    def _ideas(self, target: Source) -> str:
        """How other individuals' version of the file differs, with their scores."""
        found: list[str] = []
        for genome in self.task.inspirations[:3]:
            other = self.source(target.path, genome)
            changes = diff(target.text, other.text) if other is not None else ""
            if changes:
                found.append(f"score {_score(genome.score)}:\n{changes}")
        return "\n".join(found)

    def _files(self) -> str:
        paths = list(self.parent.paths)
        return self.says("\n".join(paths[:200]), 8000) if len(paths) > 1 else ""


def prompt_tokens(model: LanguageModel) -> int:
    """Tokens of one prompt for a model, at most."""
    return max(min(model.context - model.max_tokens, MOST_PROMPT), 0)


def fenced(text: str) -> str:
    """``text`` as a Markdown block that nothing in it can close; empty stays empty.

    A fence ends with as many backticks as it begins with, or more (CommonMark 0.31, section 4.5).
    """
    if not text:
        return ""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}\n{text}\n{fence}"


def diff(old: str, new: str, context: int = 1) -> str:
    """How two texts differ, as the lines of a unified diff without its header."""
    lines = difflib.unified_diff(old.split("\n"), new.split("\n"), n=context, lineterm="")
    return "\n".join(list(lines)[2:])


def _within(finding: str, target: Source) -> bool:
    number = finding.partition(":")[0]
    return number.isdecimal() and any(a <= int(number) <= b for a, b in target.ranges)


def _told(trial: Trial) -> str:
    end = f"score {trial.score:.6g}" if trial.score is not None else trial.outcome
    return clean_line(f"{trial.subject} -> {end}" if end else f"no offspring: {trial.subject}", 200)


def _score(score: float | None) -> str:
    return "unknown" if score is None else f"{score:.6g}"
