"""What every operator works on: one parsed file, files of others to graft from, and chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

from evogit.text import clean_line
from evogit_agents.genetic.trees.grammar import FUNCTIONS, NAMES
from evogit_agents.genetic.trees.source import Node, Source, Splice

MAX_GRAFT: Final = 600
"""Bytes of one new piece."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Edited:
    """A file after one edit, and what the edit was."""

    source: Source
    text: str
    where: str
    line: int


@dataclass(frozen=True, slots=True)
class Ground:
    """One file to edit. ``donors`` are the same file of other individuals."""

    source: Source
    random: Random
    donors: Sequence[Source] = ()

    def pick(self, found: Sequence[T]) -> T | None:
        """Any of them, if there are any."""
        return self.random.choice(found) if found else None

    def done(self, at: Node, splices: Sequence[Splice], note: str) -> Edited | None:
        """The edit, if the file still parses and now means something else."""
        after = self.source.spliced(splices)
        if after is None:
            return None
        return Edited(after, note, self.function_name(at), self.source.line(at))

    def put(self, at: Node, text: bytes, note: str = "") -> Edited | None:
        """``text`` in place of a node."""
        note = note or f"replace {self.shown(at)} with `{short(text)}`"
        return self.done(at, [(at.start, at.end, text)], note)

    def shown(self, node: Node) -> str:
        """A node as a note quotes it."""
        return f"`{short(self.source.text(node))}`"

    def function_name(self, node: Node) -> str:
        """The name of the function around a node, or the empty text."""
        around = next((n for n in node.up() if n.kind in FUNCTIONS), None)
        if around is None:
            return ""
        head = (n for n in around.walk() if n.kind in NAMES and n.role in ("name", "declarator"))
        name = next(head, None)
        return short(self.source.text(name)) if name is not None else ""


Mutation = Callable[[Ground], Edited | None]
"""Makes one edit, or ``None`` if what chance picked does not allow it; callers try again."""


def short(text: bytes) -> str:
    """Text of a program, cut to what fits a subject."""
    return clean_line(text.decode("utf-8", "replace"), 48).replace("`", "'")
