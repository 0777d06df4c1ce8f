"""The values that ``evogit.toml`` is made of: sizes, durations, names and paths, checked alike."""

from __future__ import annotations

import math
import re
from pathlib import PurePosixPath
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from evogit.text import clean_line

_SIZE: Final = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_TIME: Final = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _with_unit(value: object, units: dict[str, float], what: str) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", value)
    if match is None or match[2].lower() not in units:
        raise ValueError(
            f"{value!r} is not a {what}; write a number or one with a unit: {', '.join(u for u in units if u)}"
        )
    number = float(match[1]) * units[match[2].lower()]
    if not math.isfinite(number):
        raise ValueError(f"is too large for a {what}")
    return number


def parse_size(value: object) -> object:
    """Text such as ``"512MB"`` as a whole number of bytes; anything else unchanged."""
    number = _with_unit(value, dict(_SIZE), "size")
    return int(number) if isinstance(number, float) else number


def parse_duration(value: object) -> object:
    """Text such as ``"10m"`` as seconds; anything else unchanged."""
    return _with_unit(value, dict(_TIME), "duration")


def _storable(text: str) -> str:
    # NUL can not be in an argument or a file name, a lone surrogate not in UTF-8.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds a NUL or a lone surrogate, which no command or file can hold")
    return text


def _one_line(text: str) -> str:
    if text != clean_line(text):
        raise ValueError("must be one line without control characters or doubled spaces")
    return text


def _inner_path(text: str) -> str:
    parts = PurePosixPath(text).parts
    if not parts or text.startswith("/") or any(p.lower() in {"..", ".git"} for p in parts):
        raise ValueError("must be a path inside the folder, without '..' or '.git'")
    return text


_WHOLE: Final = 2**53
"""Largest whole number that JSON readers of a journal keep exactly."""

_YEAR: Final = 366 * 86400.0
"""Longest duration; a longer one overflows the timers of the system and is a typing error."""

Size = Annotated[
    int,
    BeforeValidator(parse_size, json_schema_input_type=int | str),
    Field(gt=0, le=_WHOLE, strict=True),
]
Duration = Annotated[
    float,
    BeforeValidator(parse_duration, json_schema_input_type=float | str),
    Field(gt=0, le=_YEAR, strict=True),
]
Count = Annotated[int, Field(gt=0, le=_WHOLE, strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(ge=-_WHOLE, le=_WHOLE, strict=True)]
Number = Annotated[float, Field(strict=True)]
Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, Field(min_length=1, max_length=60), AfterValidator(_one_line)]
InnerPath = Annotated[Text, AfterValidator(_inner_path)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Command = Annotated[tuple[Text, ...], Field(min_length=1)]


class Model(BaseModel):
    """Base of all settings: immutable, strict about unknown keys, types and NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
