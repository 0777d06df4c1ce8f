"""What planning a step costs beside 1,000 and beside 100,000 individuals, for every strategy.

The archives are those of ``bench_tax.py``. ``open`` is the first plan of a process, which may have to
sort a window of the newest individuals; then follows the median of the next 199. The last line is
the look for a twin (``evolve/novelty.py``). Run: ``python tests/benchmarks/bench_plan.py``.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import cast

from bench_tax import index, seed_archive, swarm_of

from evogit.evolve.novelty import Novelty
from evogit.git.trees import Change
from evogit.phylogeny.index import Phylogeny
from evogit.plugins import load, names
from evogit.proposals import Strategy
from evogit.swarm.repository import Swarm

PLANS = 200


def timed(work: Callable[[int], object]) -> tuple[float, float]:
    """Milliseconds of processor time of the first call, and the median of the others."""
    found: list[float] = []
    for number in range(PLANS):
        started = time.process_time()
        work(number)
        found.append((time.process_time() - started) * 1000)
    return found[0], statistics.median(found[1:])


def planning(name: str, phylogeny: Phylogeny) -> tuple[float, float]:
    strategy = cast("Callable[[], Strategy]", load("evogit.strategies", name))()
    return timed(lambda number: strategy.plan(phylogeny, f"a{number % 4}", Random(number)))


def looking(swarm: Swarm, phylogeny: Phylogeny) -> tuple[float, float]:
    novelty = Novelty(swarm.git, phylogeny, gates=False)
    base, parents = phylogeny.tree(0), [phylogeny.commit(len(phylogeny) - 1)]

    def look(number: int) -> None:
        blob = swarm.git.write_blob(f"new = {number}\n".encode())
        novelty.twin(swarm.git.change_tree(base, {"main.py": Change(blob)}), parents)

    return timed(look)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 100_000])
    counts = cast("list[int]", parser.parse_args().counts)
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            seed_archive(Path(folder), count)
            swarm = swarm_of(Path(folder))
            phylogeny = index(swarm)
            for name in names("evogit.strategies"):
                opened, ms = planning(name, phylogeny)
                print(f"{count:7} {name:12} open {opened:9.2f} ms, then {ms:7.3f} ms")
            opened, ms = looking(swarm, phylogeny)
            print(f"{count:7} {'(novelty)':12} open {opened:9.2f} ms, then {ms:7.3f} ms")


if __name__ == "__main__":
    main()
