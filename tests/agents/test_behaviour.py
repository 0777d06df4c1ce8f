"""What small numeric functions do is told apart without running them."""

from __future__ import annotations

import ast
from random import Random

import pytest

from evogit.config.model import Search
from evogit.ids import CommitId, TreeId
from evogit.proposals import Genome, Proposal, Task
from evogit_agents.genetic import GeneticAgent
from evogit_agents.genetic.behaviour import MAX_TEXT, behaviours

HEAD = "import math\n\n\ndef f(a: int, b: int) -> float:\n"


def told(body: str) -> object:
    text = HEAD + "".join(f"    {line}\n" for line in body.split("\n"))
    return behaviours(ast.parse(text), text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("return a - b", "return -(b - a)"),
        ("return a - b", "c = a\nreturn c - b"),
        ("return a if 1 < 2 else b", "return a"),
        ("if a > b and not a > b:\n    return 3\nreturn a", "return a"),
        ("return max(a, b)", "return a if a >= b else b"),
        ("a += b\nreturn a", "return a + b"),
        ("return a / 0", "return b % 0"),
    ],
)
def test_functions_that_answer_alike_are_alike(one: str, other: str) -> None:
    assert told(one) == told(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("return a - b", "return b - a"),
        ("return a", "return a if 5 < a < 40 else b"),
        ("return a == b", "return a < b"),
        ("return len(a)", "return len(b)"),
        ("for i in a:\n    pass\nreturn b", "return b"),
    ],
)
def test_functions_that_answer_otherwise_or_can_not_be_read_differ(one: str, other: str) -> None:
    assert told(one) != told(other)


def test_nothing_of_a_hostile_function_is_run_and_no_number_grows_large() -> None:
    power = "return 9 ** 9 ** 9 ** 9"
    assert told("__import__('os').abort()\nreturn a") != told("return a")
    assert told(power) == told(power)
    assert told("while True:\n    pass") != told("return a")


def test_a_large_text_is_not_looked_at() -> None:
    text = "x = 1\n" * MAX_TEXT
    assert behaviours(ast.parse("x = 1\n"), text) is None


def test_few_offspring_behave_like_their_parent() -> None:
    text = HEAD + "    c = a - b\n    if 3 > 2:\n        c += 0\n    return -c\n"
    before = behaviours(ast.parse(text), text)
    parent = Genome(
        CommitId("c" * 40), TreeId("t" * 40), ["f.py"], {"f.py": text.encode()}.__getitem__
    )
    agent, same = GeneticAgent(), 0
    for seed in range(100):
        made = agent.propose(Task("mutate", [parent], [], Search(), "", [], Random(seed)))
        assert isinstance(made, Proposal)
        child = (made.changes["f.py"] or b"").decode()
        same += behaviours(ast.parse(child), child) == before
    assert same < 25
