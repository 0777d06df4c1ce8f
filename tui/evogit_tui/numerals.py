"""Numbers in as many cells as there are: digits are rounded away, an exponent is never cut off."""

from __future__ import annotations


def fitted(number: float, cells: int, digits: int = 6) -> str:
    """A number with as many digits as fit; one digit takes up to 7 cells (``-1e-308``)."""
    texts = (f"{number:.{count}g}" for count in range(digits, 1, -1))
    return next((text for text in texts if len(text) <= cells), f"{number:.1g}")


def short(number: float | None, cells: int) -> str:
    """The same; empty for none."""
    return "" if number is None else fitted(number, cells)


def signed(number: float | None, cells: int) -> str:
    """A difference with its sign, in few characters."""
    if number is None:
        return ""
    if number == 0:
        return "0"
    text = fitted(number, cells - (number > 0), 2 if abs(number) < 0.001 else 3)
    return f"+{text}" if number > 0 else text
