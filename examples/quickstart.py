"""Evolve a bin-packing rule for ten seconds from Python: no model, no key, nothing to configure.

python examples/quickstart.py
"""

import secrets
import sys
import tempfile
import threading
from pathlib import Path

from evogit.evolve.allowance import Flags
from evogit.evolve.assembly import Plan, evolve, open_phylogeny
from evogit.evolve.events import Event
from evogit.initialise import init_problem


def tell(event: Event) -> None:
    """Called for everything that happens; here only news of a record is printed."""
    if event.kind in {"calibrated", "best"}:
        print(event.kind, event.score, event.text)


with tempfile.TemporaryDirectory() as folder:
    root = Path(folder) / "packing"
    swarm = init_problem("online-bin-packing", root, author="me")
    plan = Plan(
        agents=4,
        flags=Flags(seconds=10),
        seed=secrets.randbits(32),
        slots=2,
        python=Path(sys.executable),
        root=root,
        cache=Path(folder) / "cache",
    )
    summary = evolve(swarm, plan, tell, threading.Event())
    environment = (swarm.private / "environment").read_text()
    phylogeny = open_phylogeny(swarm, swarm.spec(), environment)
    best = phylogeny.best(1)[0]
    print(f"{summary.evaluations} evaluations, {len(phylogeny)} individuals")
    print(f"best {phylogeny.score(best)}, {len(phylogeny.lineage(best)) - 1} steps from the seed")
