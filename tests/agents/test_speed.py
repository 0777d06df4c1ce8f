"""Edits of Python for speed mean the same, and are made where they can be."""

from __future__ import annotations

import ast
from collections.abc import Callable
from random import Random

import pytest

from evogit_agents.genetic.edit import Edited
from evogit_agents.genetic.ground import Ground, Mutation
from evogit_agents.genetic.index import build
from evogit_agents.genetic.source import compiles, read
from evogit_agents.genetic.speed.extremes import compare_directly
from evogit_agents.genetic.speed.invariants import hoist_invariant
from evogit_agents.genetic.speed.leaving import leave_early
from evogit_agents.genetic.speed.looping import build_at_once, walk_items

DISTANCE = """import math


def f(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a)):
        for j in range(len(b)):
            change = 0 if a[i] == b[j] else 1
            table[i + 1][j + 1] = min(table[i][j + 1] + 1, table[i + 1][j] + 1, table[i][j] + change)
        a[i] * math.sqrt(len(b))
    found = []
    for i in range(len(a)):
        if a[i] > 2:
            found.append(a[i] * 3)
    most = max(found, default=0)
    best = max(len(a), len(b))
    return table, most, best  # the answer
"""


def edits(mutation: Mutation, text: str, seeds: int = 40) -> dict[str, Edited]:
    source = read(text.encode())
    assert source is not None
    made = (mutation(Ground(build(source, None), [], Random(seed))) for seed in range(seeds))
    return {edit.note: edit for edit in made if edit is not None}


def answer(text: str) -> object:
    names: dict[str, Callable[..., object]] = {}
    exec(text, names)  # noqa: S102
    return names["f"]([1, 5, 2, 7], [5, 2, 2])


@pytest.mark.parametrize(
    ("mutation", "ways"),
    [(hoist_invariant, 6), (compare_directly, 2), (walk_items, 2), (build_at_once, 1)],
)
def test_what_is_faster_means_the_same(mutation: Mutation, ways: int) -> None:
    made = edits(mutation, DISTANCE)
    assert len(made) >= ways
    for edit in made.values():
        assert compiles(edit.source)
        assert edit.source.text.endswith("# the answer\n")
        assert answer(edit.source.text) == answer(DISTANCE), edit.source.text


def test_all_twins_of_an_invariant_are_replaced_and_the_loop_keeps_its_own_names() -> None:
    made = edits(hoist_invariant, DISTANCE)
    row = made["compute `table[i]` before the loop"].source.text
    assert "        table_i = table[i]\n        for j in" in row
    assert "min(table_i[j + 1] + 1" in row
    assert not any("b[j]" in note for note in made)


def test_what_a_loop_binds_or_goes_through_is_not_taken_for_constant() -> None:
    text = "def f(a, b):\n    for x in a.items():\n        b = b + x.y\n        [z.w for z in x]\n"
    assert edits(hoist_invariant, text) == {}


def test_a_loop_with_another_effect_is_not_made_a_comprehension() -> None:
    for body in ("out.append(len(out))", "out.append(x)\n        print(x)", "other.append(x)"):
        text = f"def f(a, other):\n    out = []\n    for x in a:\n        {body}\n    return out\n"
        assert edits(build_at_once, text) == {}


def test_a_sequence_that_the_loop_writes_is_not_walked() -> None:
    text = "def f(a):\n    for i in range(len(a)):\n        a[i] = 1\n        a = [a[i]]\n"
    assert edits(walk_items, text) == {}


def test_calls_with_a_key_or_of_one_iterable_stay() -> None:
    text = "def f(a, b):\n    x = min(a)\n    y = max(a, b, key=len)\n    return x, y\n"
    assert edits(compare_directly, text) == {}


def test_an_f_string_is_left_alone() -> None:
    text = 'def f(a, b):\n    for x in a:\n        print(f"{len(b)}")\n'
    for edit in edits(hoist_invariant, text).values():
        ast.parse(edit.source.text)
        assert 'f"{len(b)}"' in edit.source.text


def test_a_loop_is_left_once_what_it_sought_is_found() -> None:
    text = (
        "def f(a, x):\n    if x:\n        x = 1\n    found = False\n    for y in a:\n"
        "        if y == x:\n            found = True\n    return found\n"
    )
    (edit,) = edits(leave_early, text).values()
    wanted = "            found = True\n            break\n    return found\n"
    assert edit.source.text == text.replace("            found = True\n    return found\n", wanted)
