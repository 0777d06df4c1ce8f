"""Declared functions are told by what they answer to the inputs that were declared."""

from __future__ import annotations

from typing import Any

import pytest

from evogit.config.functions import Function
from evogit.config.load import parse
from evogit.errors import ConfigError
from evogit.genome.fingerprint import fingerprint
from evogit.genome.inputs import MOST_POINTS, Inputs

PRIORITY: dict[str, Any] = {
    "file": "packer.py",
    "name": "priority",
    "arguments": {"item": [20, 100], "remaining": [20, 150], "capacity": 150},
    "where": "remaining >= item",
    "ranks": "remaining",
}
HEAD = "import math\n\n\ndef priority(item: int, remaining: int, capacity: int) -> float:\n"
STAGE = '[[evaluate.stages]]\nrun = ["true"]\nscore = ["true"]\n[[search.functions]]\n'


def declared(**changed: object) -> Inputs:
    return Inputs(function(**changed))


def function(**changed: object) -> Function:
    return Function.model_validate(PRIORITY | changed)


def told(body: str, inputs: Inputs, head: str = HEAD, path: str = "packer.py") -> bytes:
    text = head + "".join(f"    {line}\n" for line in body.split("\n"))
    return fingerprint(path, text.encode(), [inputs])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("return item - remaining", "return -2 * (remaining - item) + 7"),
        ("return -remaining", "return math.exp(-remaining / 10)"),
        ("return remaining if item < 120 else 5", "return remaining ** 3"),
        ("return 0.0 * remaining", "return item"),
        ("return min(remaining, capacity)", '"""Words."""\nreturn remaining  # as before'),
    ],
)
def test_functions_that_rank_alike_are_one(one: str, other: str) -> None:
    assert told(one, declared()) == told(other, declared())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("return -remaining", "return remaining"),
        (
            "return -remaining if remaining - item > 6 else 0",
            "return -remaining if remaining - item > 7 else 0",
        ),
        ("return -remaining", "return -(remaining // 2)"),
        ("return -remaining", "for _ in range(3):\n    pass\nreturn -remaining"),
        ("return 1 / (remaining - item)", "return 2 / (remaining - item)"),
        ("return math.sqrt(item - remaining)", "return math.sqrt(item - remaining - 1)"),
        ("return 1e300 * 1e300 - 1e300 * 1e300", "return 1e301 * 1e301 - 1e300 * 1e300"),
    ],
)
def test_functions_that_rank_otherwise_or_are_not_known_everywhere_differ(
    one: str, other: str
) -> None:
    assert told(one, declared()) != told(other, declared())


def test_without_a_rank_the_answers_themselves_count() -> None:
    inputs = declared(ranks=None)
    assert told("return item - remaining", inputs) == told("return -(remaining - item)", inputs)
    assert told("return remaining", inputs) != told("return 2 * remaining", inputs)


def test_a_sample_tells_functions_of_fractions_apart() -> None:
    inputs = declared(arguments={"x": [0.0, 1.0]}, where="", ranks=None)
    head = "def priority(x):\n"
    assert told("return x * x", inputs, head) == told("return x ** 2", inputs, head)
    assert told("return x * x", inputs, head) != told("return x * x * 1.0001", inputs, head)


@pytest.mark.parametrize(
    ("head", "path"),
    [
        (HEAD, "other.py"),
        (HEAD + "    pass\n\n\n" + HEAD, "packer.py"),
        ("@cache\n" + HEAD, "packer.py"),
        (HEAD.replace("capacity: int", "capacity: int = 7"), "packer.py"),
        (HEAD.replace("capacity", "room"), "packer.py"),
        (HEAD.replace("import math", "def abs(x):\n    return 3"), "packer.py"),
        (HEAD.replace("import math", "import cmath as math"), "packer.py"),
        (HEAD.replace("import math", "from numpy import *"), "packer.py"),
    ],
)
def test_a_function_that_is_not_the_declared_one_is_told_by_its_syntax(
    head: str, path: str
) -> None:
    inputs = declared()
    assert told("return item", inputs, head, path) != told("return item + 0", inputs, head, path)


def test_where_nothing_is_ever_asked_syntax_tells() -> None:
    inputs = declared(where="remaining > 1000")
    assert told("return item", inputs) != told("return remaining", inputs)


def test_the_rest_of_the_file_is_told_by_its_syntax() -> None:
    body, inputs = "return item * WEIGHT - remaining", declared()
    two, three, sum_ = (
        told(body, inputs, f"WEIGHT = {weight}\n{HEAD}") for weight in ("2", "3", "2 + 1")
    )
    assert len({two, three, sum_}) == 3


def test_all_points_are_asked_if_they_are_few_and_never_more_than_the_limit() -> None:
    few = declared(arguments={"item": [1, 4], "remaining": [1, 5], "capacity": 5})
    assert [len(group) for group in few.groups] == [5, 4, 3, 2]
    assert sum(map(len, declared().groups)) <= MOST_POINTS
    wide = declared(
        arguments={"item": [0, 10**9], "remaining": [0, 10**9], "capacity": 0}, where=""
    )
    assert 0 < sum(map(len, wide.groups)) <= MOST_POINTS
    assert declared().groups == declared().groups


def test_of_two_arguments_most_values_are_asked_though_few_pairs() -> None:
    axes = {"item": [20, 100], "remaining": [20, 150], "capacity": 150, "phase": [0, 7]}
    asked = declared(arguments=axes).groups
    assert len({group[0]["phase"] for group in asked}) > 6
    assert len({group[0]["item"] for group in asked}) > len(asked) / 2


def test_a_large_function_is_told_by_its_syntax() -> None:
    many = " + ".join(["item"] * 400)
    assert told(f"return {many}", declared()) != told(f"return {many} + 0", declared())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('file = "a.py"\nname = "f"\narguments = { x = [3, 1] }', "lower bound first"),
        ('file = "a.py"\nname = "f"\narguments = { x = 1 }\nranks = "x"', "ranks"),
        ('file = "a.py"\nname = "f"\narguments = { x = [1, 2] }\nwhere = "y > 1"', "no argument"),
        ('file = "a.py"\nname = "f"\narguments = { x = [1, 2] }\nwhere = "x >"', "condition"),
        ('file = "a.py"\nname = "f"\narguments = { x = [1, 2] }\nwhere = "open(x)"', "condition"),
        ('file = "a.py"\nname = "f"\narguments = {}', "arguments"),
        ('file = "../a.py"\nname = "f"\narguments = { x = 1 }', "path"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(STAGE + text)
