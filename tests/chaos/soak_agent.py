"""An agent for ``soak.py``: most of its offspring are honest, each worth a known score, the rest hostile.

The first line of each program says what it is, for whoever checks the scores afterwards.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from random import Random

from evogit.proposals import Proposal, Setup, Task
from evogit.records import Spend

CHEATS = Path(__file__).parents[1] / "hostile" / "cheats"
QUESTIONS = 5
HOSTILE_SHARE = 0.2
SLOW_SHARE = 0.05
"""Of the hostile ones: those that only the wall clock ends hold everybody up."""
HONEST = """\
answered = 0


def solve(numbers):
    global answered
    answered += 1
    return sorted(numbers) if answered <= {right} else []
"""


@cache
def cheats() -> dict[str, tuple[str, ...]]:
    """The hostile programs by name, with the outcomes that their docstrings call right."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(CHEATS.glob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text())) or ""
        found[path.stem] = tuple(said.partition("Expected: ")[2].split("\n")[0].split(" or "))
    return found


def right_outcomes(program: str) -> tuple[str, ...]:
    """What may become of a program, by its first line, in the words of the cheats' docstrings."""
    kind, name, _ = program.split("\n", 1)[0].removeprefix("# ").split()
    return (f"Scored {name}",) if kind == "honest" else cheats()[name]


def program(random: Random) -> str:
    """One more program, unlike all others."""
    number = random.getrandbits(48)
    unlike = f"\n\nUNLIKE = {number}\n"  # a comment alone would make it no new program
    if random.random() >= HOSTILE_SHARE:
        right = random.randint(0, QUESTIONS)
        return f"# honest {right} {number}\n" + HONEST.format(right=right) + unlike
    slow = random.random() < SLOW_SHARE
    names = [name for name, right in cheats().items() if ("TimedOut" in right) == slow]
    name = random.choice(names)
    return f"# hostile {name} {number}\n" + CHEATS.joinpath(f"{name}.py").read_text() + unlike


class SoakAgent:
    """Implements ``Agent``."""

    kind = "soak"

    def propose(self, task: Task) -> Proposal:
        """A program that has nothing to do with its parent."""
        text = program(task.random)
        subject = text.split("\n", 1)[0].removeprefix("# ")
        return Proposal("mutate", {"program.py": text.encode()}, subject)

    def worst_case(self) -> Spend:
        """It costs nothing."""
        return Spend()


def soak(_: Setup) -> type[SoakAgent]:
    """The entry point: makes such agents."""
    return SoakAgent
