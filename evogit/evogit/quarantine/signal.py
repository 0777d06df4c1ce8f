"""One thing that code does, named so that it can be found again in another version of the code."""

from __future__ import annotations

from typing import NamedTuple


class Signal(NamedTuple):
    """``key`` is the same wherever the same thing is done: what an ancestor did is not added."""

    rule: str
    key: str
    line: int
    evidence: str
