"""Workers that spend are killed with SIGKILL at every stage of a step: no money is forgotten.

After every kill, what the journals say was spent or is reserved is at least what was billed, and at
most the cap. At the end nothing is reserved any more, and what is counted beyond the bill is
exactly what lost steps may have cost at worst.

Run: ``python tests/chaos/spending.py``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from chaos_kit import (
    CONFIG,
    WorkerProcess,
    asking_ahead,
    environment,
    gone,
    install_agent,
    make_swarm,
    phylogeny,
    start_worker,
)
from paid_agent import bill

from evogit.evolve.lost import LOST
from evogit.swarm.repository import Swarm

KILLABLE = str(Path(__file__).with_name("killable.py"))
CAP, WORST, COST = 20.0, 0.5, 0.125
STAGES = (
    "asked",
    "billed",
    "individual written 1",
    "entries written, not synced 1",
    "entries written, not synced 2",
    "entries written, not synced 3",
    "objects synced, journal not moved 1",
    "objects synced, journal not moved 2",
    "journal locked 2",
    "journal moved, not told 1",
    "journal moved, not told 2",
    "journal moved, not told 3",
    "evaluated, not recorded 2",
    "claim release locked 2",
)
"""Where a worker dies: in the agent, or at the n-th time that ``killable.py`` gets to a step."""


class Trial:
    """One swarm whose workers are killed one after the other."""

    def __init__(self, root: Path, ahead: int) -> None:
        self.root = root
        config = CONFIG.replace('"genetic"', '"paid"') + f"[budget]\ncost_usd = {CAP}\n"
        self.swarm: Swarm = make_swarm(root / "user", asking_ahead(config, ahead))
        self.bill = root / "bill"
        path = install_agent(root / "plugin", "paid = paid_agent:Maker")
        self.env = environment(root / "home") | {"PYTHONPATH": path}
        self.problems: list[str] = []

    def worker(self, stage: str, *options: str) -> WorkerProcess:
        """Run a worker until it kills itself, or until its options end it."""
        orders = {"bill": str(self.bill), "worst": WORST, "cost": COST, "kill": stage}
        env = self.env | {"PAID": json.dumps(orders), "CHAOS_STEP": stage}
        command = (KILLABLE,) if stage[-1:].isdigit() else ("-m", "evogit.cli")
        started = start_worker(self.root / "user", env, *options, command=command)
        started.join()
        return started

    def kill_at(self, stage: str) -> None:
        """One worker dies there; then the books are looked at."""
        worker = self.worker(stage, "--max-evaluations", "6")
        if worker.process.returncode != -signal.SIGKILL:
            said = "".join(worker.errors)[-300:]
            self.problems.append(f"{stage}: ended with {worker.process.returncode}: {said}")
            return
        self.look(stage)

    def look(self, stage: str) -> None:
        """The journals know of all that was billed, and the cap holds."""
        view = phylogeny(self.swarm)
        billed, known = sum(bill(self.bill)), view.spent.cost_usd + view.reserved.cost_usd
        if not billed <= known <= CAP:
            self.problems.append(f"{stage}: billed {billed}, but {known} is known")

    def finish(self) -> dict[str, object]:
        """One more worker settles what is open and spends the rest."""
        last = self.worker("", "--max-evaluations", "3")
        if last.process.returncode:
            self.problems.append("".join(last.errors)[-300:])
        self.look("the end")
        view = phylogeny(self.swarm)
        attempts = view.attempts("a1")
        lost = sum(row.cost_usd for row in attempts if row.operator == LOST)
        told = sum(row.cost_usd for row in attempts if row.operator != LOST)
        billed = sum(bill(self.bill))
        if view.reserved.cost_usd or lost + told != view.spent.cost_usd:
            self.problems.append("the sums disagree")
        return {"billed": billed, "told": told, "lost at worst": lost, "attempts": len(attempts)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", nargs="*", default=STAGES)
    parser.add_argument("--ahead", type=int, default=0, help="search.ahead")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="evogit-spending-"))
    try:
        trial = Trial(root, options.ahead)
        for stage in options.stages:
            trial.kill_at(stage)
        found = trial.finish()
        problems = trial.problems + [f"process left: {line}" for line in gone(str(root))]
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps({"kills": len(options.stages), **found, "problems": problems}, indent=1))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
