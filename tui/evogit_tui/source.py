"""What the graph is drawn from."""

from __future__ import annotations

from typing import Protocol

from evogit.ids import CommitId


class Source(Protocol):
    """What individuals are drawn from: a phylogeny, or its newest part while the rest is read."""

    def __len__(self) -> int: ...

    def __contains__(self, commit: object, /) -> bool: ...

    def index(self, commit: CommitId, /) -> int:
        """The number of an individual."""
        ...

    def commit(self, i: int, /) -> CommitId:
        """The id of an individual."""
        ...

    def parents(self, i: int, /) -> tuple[int, ...]:
        """Numbers of its parents, first parent first."""
        ...

    def agent(self, i: int, /) -> str:
        """Who made it; empty for a human."""
        ...

    def operator(self, i: int, /) -> str:
        """How it was made; empty for a human's commit."""
        ...

    def subject(self, i: int, /) -> str:
        """The first line of its message."""
        ...

    def score(self, i: int, /) -> float | None:
        """Its score, if it has one."""
        ...

    def fitness(self, i: int, /) -> float:
        """The same with the sign that makes more better; NaN without one."""
        ...

    def judged_at(self, i: int, /) -> float | None:
        """When it was judged, in seconds since 1970."""
        ...
