"""Numbers as programs write them: read from a literal, and written back in that literal's form."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_DIGITS: Final = 40
"""A longer literal is data or hostile; it is left alone."""

_WHOLE_SUFFIX: Final = r"(?:[uU]?[lL]{0,2}[uU]?|n|_?[iu](?:8|16|32|64|128|size))"
_RADIX: Final = re.compile(
    rf"(?P<radix>0[xX]|0[bB]|0[oO])(?P<digits>[0-9a-fA-F_']+?)(?P<suffix>{_WHOLE_SUFFIX})"
)
_WHOLE: Final = re.compile(rf"(?P<digits>\d[\d_']*?)(?P<suffix>{_WHOLE_SUFFIX})")
_REAL: Final = re.compile(
    r"(?P<digits>(?=\.?\d)\d*(?:[\d_']*\d)?(?:\.[\d_']*)?(?:[eE][+-]?\d+)?)(?P<suffix>[fFdDlL]?|_?f(?:32|64))"
)
_BASES: Final = {"0x": 16, "0b": 2, "0o": 8}
_FORMATS: Final = {16: "x", 2: "b", 8: "o"}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A literal without its sign. ``value`` is an ``int`` exactly if it is written as a whole number."""

    value: float
    radix: str
    digits: str
    suffix: str

    @property
    def whole(self) -> bool:
        """Whether it stands for a whole number."""
        return isinstance(self.value, int)


@lru_cache(maxsize=2**16)  # a search reads those of all its trials for every proposal
def read(text: str) -> Numeral | None:
    """The number a literal stands for.

    ``None`` for what is no number, not finite, longer than ``MAX_DIGITS``, imaginary, or octal in
    the manner of C (``017``), which most languages read otherwise.
    """
    if len(text) > MAX_DIGITS or not text[:1].isascii():
        return None
    found = _RADIX.fullmatch(text)
    if found is not None:
        base, digits = _BASES[found["radix"].lower()], _plain(found["digits"])
        try:
            return Numeral(int(digits, base), found["radix"], found["digits"], found["suffix"])
        except ValueError:
            return None
    found = _WHOLE.fullmatch(text)
    if found is not None:
        digits = _plain(found["digits"])
        octal = len(digits) > 1 and digits.startswith("0")
        return None if octal else Numeral(int(digits), "", found["digits"], found["suffix"])
    found = _REAL.fullmatch(text)
    value = float(_plain(found["digits"])) if found is not None else math.inf
    if found is None or not math.isfinite(value):
        return None
    return Numeral(value, "", found["digits"], found["suffix"])


def write(form: Numeral, value: float, step: float = 0.0) -> str:
    """A magnitude in the form of another literal: its radix, width and suffix.

    Args:
        form: a literal of the same kind.
        value: not negative; rounded if ``form`` is whole.
        step: a change that matters; digits beyond a hundredth of it are left out. 0 keeps all.
    """
    if not form.whole:
        return _rounded(value, step) + form.suffix
    number = round(value)
    if not form.radix:
        return f"{number}{form.suffix}"
    kind = _FORMATS[_BASES[form.radix.lower()]]
    digits = format(number, kind).zfill(len(_plain(form.digits)))
    upper = any(c.isupper() for c in form.digits)
    return form.radix + (digits.upper() if upper else digits) + form.suffix


def _rounded(value: float, step: float) -> str:
    places = 2 - math.floor(math.log10(step)) if step > 0 else 17
    return repr(float(round(value, places)))


def _plain(digits: str) -> str:
    return digits.replace("_", "").replace("'", "")
