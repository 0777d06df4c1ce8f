"""The scripted server of ``bench_targets.py`` answers to the program in a prompt, to nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

sys.path.append(str(Path(__file__).parent))
from mutation_server import BEGIN, END, RULE_BEGIN, RULE_END, last_program, mutate

BEFORE = f"{BEGIN}import math\n\n\n{RULE_BEGIN}"
RULE = "def rule(a, b):\n    if a < 3:\n        return a * b\n    return b - 0.5\n"
AFTER = f"{RULE_END}\n\nprint(rule(1, 2))\n{END}"
PROGRAM = BEFORE + RULE + AFTER


def test_the_last_complete_program_counts_whatever_stands_around_it() -> None:
    other = PROGRAM.replace("0.5", "0.7")
    assert last_program(f"<code a1>\n{PROGRAM}</code>\nGoal: {BEGIN} more") == PROGRAM
    assert last_program(f"# Best\n{other}\n# Current\n```python\n{PROGRAM}```") == PROGRAM


def test_a_change_is_one_of_the_rule_and_repeats() -> None:
    for seed in range(30):
        changed = mutate(PROGRAM, Random(seed))
        assert changed == mutate(PROGRAM, Random(seed))
        assert changed != PROGRAM
        assert changed.startswith(BEFORE)
        assert changed.endswith(AFTER)
        compile(changed, "program.py", "exec")
        assert last_program(changed) == changed
