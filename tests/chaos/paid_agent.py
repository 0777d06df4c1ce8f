"""An agent that spends: it writes every call on a bill of its own, as a provider would.

``PAID`` in the environment is JSON: ``bill`` is the file, ``worst`` what a step may cost in US
dollars, ``cost`` what it does cost, ``kill`` (optional) ``asked``, ``billed`` or ``told``: where it
kills its process with SIGKILL in its second step.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from evogit.proposals import Proposal, Setup, Task
from evogit.records import Spend

TOKENS = 1000


def bill(path: Path) -> list[float]:
    """The amounts a provider has billed."""
    return [float(line) for line in path.read_text().splitlines()] if path.exists() else []


class PaidAgent:
    """Implements ``Agent``; makes a program whose constant is drawn anew."""

    kind = "paid"

    def __init__(self, orders: dict[str, Any]) -> None:
        self._orders = orders
        self._steps = 0

    def worst_case(self) -> Spend:
        """As ordered."""
        return Spend(TOKENS, 0, self._orders["worst"])

    def propose(self, task: Task) -> Proposal:
        """Spend, and propose."""
        self._steps += 1
        self._perhaps_die("asked")
        cost = self._orders["cost"]
        with Path(self._orders["bill"]).open("a") as file:
            file.write(f"{cost}\n")
            file.flush()
            os.fsync(file.fileno())
        self._perhaps_die("billed")
        parent = task.parents[0]
        text = parent.read("program.py").decode()
        text += f"\n\nDRAWN = {task.random.getrandbits(60)}\n"
        return Proposal(
            "draw",
            {"program.py": text.encode()},
            "draw another constant",
            model="dear",
            spend=Spend(TOKENS // 2, 0, cost),
        )

    def _perhaps_die(self, stage: str) -> None:
        if self._orders.get("kill") == stage and self._steps == 2:
            os.kill(os.getpid(), signal.SIGKILL)


class Maker:
    """Makes agents that share their orders."""

    def __init__(self, setup: Setup) -> None:
        self._orders = json.loads(setup.environment["PAID"])

    def __call__(self) -> PaidAgent:
        """One more."""
        return PaidAgent(self._orders)
