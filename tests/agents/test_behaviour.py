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


MODULE = "TWO = 2\nDEBT: float = -0.5\nMANY = 3\nMANY = 4\n"


def told(body: str) -> object:
    text = MODULE + HEAD + "".join(f"    {line}\n" for line in body.split("\n"))
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
        ("return a * TWO", "return a + a"),
        ("return a * DEBT", "return -a / 2"),
        ("return 0 or a", "return a"),
        ("return a and b", "return b if a else a"),
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
        ("return a * UNKNOWN + b", "return b / UNKNOWN - 7 * a"),
        ("return a * MANY", "return a * 3"),
        ("TWO += a\nreturn TWO", "return 2 + a"),
        ("return round(a, 2)", "return round(b, 3)"),
        ("return a * 0 or 5", "return a * 0 or 7"),
        ("return a and 5", "return a and 7"),
    ],
)
def test_functions_that_answer_otherwise_or_can_not_be_read_differ(one: str, other: str) -> None:
    assert told(one) != told(other)


def test_nothing_of_a_hostile_function_is_run_and_no_number_grows_large() -> None:
    power = "return 9 ** 9 ** 9 ** 9"
    assert told("__import__('os').abort()\nreturn a") != told("return a")
    assert told(power) == told(power)
    assert told("while True:\n    pass") != told("return a")


@pytest.mark.parametrize(
    "first",
    [
        "z = (a == a) + (b == b)",
        "z = (not a != a) + (not b != b)",
        "z = (a and b == b) + (a == a or b)",
        "z = math.floor(a / a) + math.ceil(b / b) + (0 < 1 < 2)",
    ],
)
def test_what_is_true_or_whole_does_not_grow_without_bound_either(first: str) -> None:
    squares = "\nz *= z" * 12
    assert told(f"{first}{squares}\nreturn z") == told("return 1e308 * 10")


def test_a_constant_that_a_function_may_rebind_is_not_known() -> None:
    text = "K = 2\ndef g():\n    global K\n    K = 3\ndef f(x):\n    return {}\n"
    one, other = text.format("x * K"), text.format("x * 2")
    assert behaviours(ast.parse(one), one) != behaviours(ast.parse(other), other)


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
