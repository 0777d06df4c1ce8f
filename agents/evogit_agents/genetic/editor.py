"""What the agent asks of a language: edits of one file, and the constants in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, Protocol, TypeVar

from evogit.config.model import Search
from evogit_agents.genetic.tuning.constants import Tunable

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Note:
    """What one edit did: the operator, a few words, the function around it, and the line."""

    operator: str
    text: str
    where: str
    line: int


@dataclass(frozen=True, slots=True)
class Place:
    """One file to edit.

    Args:
        path: of the file.
        data: its content in the first parent.
        partners: its content in the other parents of a crossover, where that differs.
        donors: the same of individuals to read.
        search: primitives the problem declares.
        random: the only source of chance.
    """

    path: str
    data: bytes
    partners: Sequence[bytes]
    donors: Sequence[bytes]
    search: Search
    random: Random


class Editor(Protocol):
    """Edits files of a language. Content it can not read it leaves alone."""

    def edit(self, place: Place) -> tuple[bytes, list[Note]] | None:
        """Other content and what was done; ``None`` if chance found nothing.

        Content parses, means something else than before, and keeps what lies outside evolve blocks.
        With partners the first edit takes over code of theirs, if that is possible.
        """
        ...

    def bend(self, place: Place) -> tuple[bytes, list[Note]] | None:
        """Other content in which a curve is added to a number that a function returns.

        ``None`` if chance found no place for one, or the language has none.
        """
        ...

    def tunable(self, path: str, data: bytes) -> Tunable | None:
        """The constants of a file that may change; ``None`` if it has none."""
        ...

    def accepts(self, path: str, before: bytes, after: bytes) -> bool:
        """Whether other constants left a file that parses, with what must stay unchanged."""
        ...


class Cache(Generic[K, V]):
    """Keeps the values of the keys used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of ``key``, made if it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value
