"""The ways to make offspring, one module each: a prompt, and how its answer is read.

``prepare`` of each takes the ground and gives an ``Order``, or says why it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from evogit.proposals import RESOLVE
from evogit_agents.llm.ground import Ground, Order
from evogit_agents.llm.operators import cross, diff, draft, multi, repair, resolve, rewrite, section

Operator = Callable[[Ground], Order | str]

MUTATIONS: Final[dict[str, Operator]] = {
    "section": section.prepare,
    "diff": diff.prepare,
    "rewrite": rewrite.prepare,
    "multi": multi.prepare,
    "repair": repair.prepare,
}
SELDOM: Final[dict[str, Operator]] = {"draft": draft.prepare}
CROSSOVERS: Final[dict[str, Operator]] = {"cross": cross.prepare}
CONFLICTS: Final[dict[str, Operator]] = {RESOLVE: resolve.prepare}

OPERATORS: Final[dict[str, Operator]] = MUTATIONS | SELDOM | CROSSOVERS | CONFLICTS
