"""Speed and soundness of the genetic agent; run ``python tests/benchmarks/bench_genetic.py [FILE...]``.

Prints for each file: proposals per second, the share that compiles, and the share of distinct texts.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random

import evogit.ids
import evogit.records
import evogit.text
from evogit.config.model import Search
from evogit.ids import CommitId, TreeId
from evogit.proposals import Genome, Proposal, Task
from evogit_agents.genetic import GeneticAgent

PRIMITIVES = ("math.log(x)", "abs(x)", "min(x, y)", "max(x, y)")
COUNT = 1000


def measure(path: Path) -> str:
    data = path.read_bytes()
    agent, search = GeneticAgent(), Search(primitives=PRIMITIVES)
    parent = Genome(CommitId("0" * 40), TreeId("t"), ["a.py"], {"a.py": data}.__getitem__)
    made: list[bytes] = []
    start = time.process_time()
    for seed in range(COUNT):
        proposal = agent.propose(Task("mutate", [parent], [], search, "", [], Random(seed)))
        if isinstance(proposal, Proposal):
            made.append(proposal.changes["a.py"] or b"")
    seconds = time.process_time() - start
    sound = sum(_compiles(content) for content in made)
    differ = sum(content != data for content in made)
    return (
        f"{path.name}: {len(data.splitlines())} lines, "
        f"{COUNT / seconds:.0f} proposals/s ({1000 * seconds / COUNT:.2f} ms each), "
        f"{100 * len(made) / COUNT:.1f} % gave offspring, {100 * sound / len(made):.1f} % compile, "
        f"{100 * differ / len(made):.1f} % differ from the parent, "
        f"{100 * len(set(made)) / len(made):.1f} % distinct"
    )


def _compiles(content: bytes) -> bool:
    try:
        compile(content, "child", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def main() -> None:
    modules = (evogit.text, evogit.ids, evogit.records)
    for path in [Path(name) for name in sys.argv[1:]] or [Path(m.__file__ or "") for m in modules]:
        print(measure(path))


if __name__ == "__main__":
    main()
