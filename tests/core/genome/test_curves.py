"""Curves: an expression that Python answers and that is known when it is seen again."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.config.functions import Function
from evogit.genome.curves import as_curve, curve, height_of
from evogit.genome.fingerprint import fingerprint
from evogit.genome.inputs import Inputs
from evogit.genome.numeric import read
from evogit.syntax import parse

HEIGHTS = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=9)


def written(heights: list[float], width: float) -> str:
    numbers = [parse(repr(height), "eval").body for height in heights]
    return ast.unparse(curve(ast.Name("x", ast.Load()), width, numbers))


def python(text: str, x: float) -> float:
    return eval(text, {"x": x})  # noqa: S307  # written here


@given(HEIGHTS, st.floats(0.01, 50), st.floats(-100, 500))
def test_a_curve_is_read_as_python_answers_it(heights: list[float], width: float, x: float) -> None:
    text = written(heights, width)
    found = read(parse(text, "eval").body)({"x": x})
    assert found == pytest.approx(python(text, x), rel=1e-9, abs=1e-9)


@given(HEIGHTS, st.floats(0.01, 50))
def test_a_curve_goes_through_its_heights_and_stays_at_the_ends(
    heights: list[float], width: float
) -> None:
    text = written(heights, width)
    assert python(text, -3 * width) == heights[0]
    assert python(text, (len(heights) + 2) * width) == heights[-1]
    middle = python(text, width / 2)
    assert middle == pytest.approx((heights[0] + heights[1]) / 2, abs=1e-6)


def test_a_curve_is_known_again_with_its_parts() -> None:
    found = as_curve(parse(written([1.5, -2.0, 0.25], 10.0), "eval").body)
    assert found is not None
    assert [height_of(node) for node in found.table.elts] == [1.5, -2.0, 0.25]
    assert ast.unparse(found.over) == "x"
    assert ast.unparse(found.width) == "10.0"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("h[int(x)]", "h[int(x) - 1]"),  # built otherwise
        ("1.5", "x"),  # a height that is no number
        ("1.5", "True"),
        ("), 2)", "), 1)"),  # another end
        ("), 2)", "), 2, key=abs)"),
        ("max(", "pow("),
        ("x / 10.0", "x / y"),
        ("x / 10.0", "x * 10.0"),
    ],
)
def test_what_only_looks_like_a_curve_is_none(one: str, other: str) -> None:
    text = written([1.5, -2.0, 0.25], 10.0)
    assert one in text
    assert as_curve(parse(text.replace(one, other, 1), "eval").body) is None


def test_programs_with_curves_are_told_apart_by_what_they_answer() -> None:
    asked: dict[str, Any] = {"file": "f.py", "name": "f", "arguments": {"x": [0, 40]}}
    inputs = Inputs(Function.model_validate(asked))

    def told(heights: list[float], width: float = 10.0) -> bytes:
        text = f"def f(x: int) -> float:\n    return {written(heights, width)}\n"
        return fingerprint("f.py", text.encode(), [inputs])

    assert told([0.0, 1.0, 2.0, 3.0, 4.0]) == told([0.0, 2.0, 4.0], 20.0)
    assert told([0.0, 1.0, 2.0, 3.0, 4.0]) != told([0.0, 1.0, 2.0, 3.0, 5.0])


def test_no_number_but_a_literal_is_a_height() -> None:
    for text in ("x", "True", "'1'", "1j", "--1", "1 + 1"):
        assert math.isnan(height_of(parse(text, "eval").body))
