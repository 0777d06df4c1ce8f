"""What a worker tells a display, a log or a machine. Told after it is durable, never before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

Kind = Literal[
    "started",
    "calibrating",
    "calibrated",
    "evaluated",
    "attempted",
    "accepted",
    "best",
    "state",
    "decided",
    "warning",
    "problem",
    "stopped",
]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Args:
        kind: ``calibrating`` says that the base is judged, which may take long; ``evaluated`` carries
            ``commit``, ``tree``, ``outcome`` and ``entry`` (its journal entry, durable by now);
            ``attempted`` says why there was no offspring; ``best`` a new best score; ``state`` what an
            agent does now; ``decided`` what a human decided meanwhile, here or elsewhere; ``warning``
            a cap that is nearly spent; ``problem`` one clear line to read.
        time: seconds since 1970.
    """

    kind: Kind
    time: float
    worker: str
    agent: str = ""
    commit: str = ""
    tree: str = ""
    entry: str = ""
    operator: str = ""
    outcome: str = ""
    score: float | None = None
    text: str = ""

    def as_json(self) -> dict[str, object]:
        """The event as JSON data, without empty fields."""
        found = {k: v for k, v in asdict(self).items() if v not in ("", None)}
        return {"schema": 1, "event": found.pop("kind"), **found}


Listener = Callable[[Event], None]
"""Called from any thread; must be quick and must not raise."""
