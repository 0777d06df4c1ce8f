"""A function that is given a memory stays what it was to everybody who calls it."""

from __future__ import annotations

from random import Random

import pytest

from evogit_agents.genetic.edit import Edited
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.index import build
from evogit_agents.genetic.memoise import memoise
from evogit_agents.genetic.source import read


def edited(text: str) -> Edited | None:
    """The one edit there can be of a file."""
    source = read(text.encode())
    assert source is not None
    return memoise(Ground(build(source, None), [], Random(0)))


def test_a_function_remembers_its_results_and_the_import_comes_first() -> None:
    made = edited(
        '"""Doc."""\n\nfrom __future__ import annotations\n\nCALLS = []\n\n\n'
        "def square(x):\n    CALLS.append(x)\n    return x * x\n"
    )
    assert made is not None
    names: dict[str, object] = {}
    exec(compile(made.source.text, "made", "exec"), names)  # noqa: S102  # our own text
    square = names["square"]
    assert callable(square)
    assert [square(3), square(3), square(4)] == [9, 9, 16]
    assert names["CALLS"] == [3, 4]
    assert made.source.text.startswith(
        '"""Doc."""\n\nfrom __future__ import annotations\n\nimport functools\n'
    )


def test_an_import_that_is_there_is_used() -> None:
    made = edited("import functools\n\n\ndef same(x):\n    return x\n")
    assert made is not None
    assert made.source.text.count("import functools") == 1


@pytest.mark.parametrize(
    "text",
    [
        "def none(x):\n    print(x)\n",
        "def numbers(x):\n    yield x\n    return 3\n",
        "def answer():\n    return 42\n",
        "def count(x):\n    global total\n    total += x\n    return total\n",
        "class Thing:\n    def method(self):\n        return 1\n",
        "import functools\n\n\n@functools.cache\ndef known(x):\n    return x\n",
        "functools = 3\n\n\ndef same(x):\n    return x\n",
    ],
)
def test_what_can_not_remember_is_left_alone(text: str) -> None:
    assert edited(text) is None
