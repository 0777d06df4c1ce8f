"""Numbers in narrow columns."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit_tui.numerals import fitted, signed


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.5, "0.5"), (-0.0979207, "-0.097921"), (-7.3311e-05, "-7.33e-05"), (-1.234567e-100, "-1.2e-100"), (123456.7, "123457")],
)  # fmt: skip
def test_digits_give_way_and_exponents_do_not(number: float, text: str) -> None:
    assert fitted(number, 9) == text


@given(st.floats(allow_nan=False), st.integers(7, 12))
def test_what_is_cut_is_at_most_the_precision(number: float, cells: int) -> None:
    text = fitted(number, cells)
    assert len(text) <= cells
    assert isclose(float(text), number, rel_tol=0.51)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(8, 12))
def test_a_difference_has_its_sign_and_fits(number: float, cells: int) -> None:
    text = signed(number, cells)
    assert len(text) <= cells
    assert text[0] == ("0" if number == 0 else "+" if number > 0 else "-")
