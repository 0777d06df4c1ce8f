"""The one place where secrets are taken out of text before it is stored, shown or sent.

Two kinds are known: what looks like a secret (formats that their issuers document), and the exact
values of variables that the caller names, in the forms they are usually copied in. What a
candidate wrote into its own files is never touched: an individual's tree is what it is.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

from evogit.secret_patterns import PATTERNS, mark

SHORTEST: Final = 8
"""Shorter values are not looked for: ``true`` or ``1234`` would be struck out of ordinary text, and
nobody can keep a secret of seven characters from somebody who may guess."""

_NAMES: Final = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|(?:^|_)(?:KEY|PASS|PAT|AUTH)S?(?:_|$)",
    re.IGNORECASE,
)
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")
_ROUNDS: Final = 8


class Redactor:
    """Replaces secrets by marks such as ``[redacted: GitHub token]``. Immutable, so thread-safe.

    Takes time linear in the text. Applying it again changes nothing.

    Args:
        secrets: values to strike out by the name that is shown instead; values under 8 characters
            and such that are part of a mark are left out.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        forms: dict[str, str] = {}
        for name, value in (secrets or {}).items():
            shown = mark(f"value of {name}")
            usable = len(value) >= SHORTEST and value not in shown
            for form in _forms(value) if usable else ():
                forms.setdefault(form, shown)
        marks = {*forms.values(), *(pattern.mark for pattern in PATTERNS)}
        # The longest first: one value may be the beginning of another.
        self._values = [
            (form, forms[form])
            for form in sorted(forms, key=len, reverse=True)
            if not any(form in one for one in marks)
        ]

    def text(self, text: str) -> str:
        """``text`` without secrets. Never raises."""
        for _ in range(_ROUNDS):  # what a mark leaves beside it may, rarely, be another secret
            before = text
            for value, shown in self._values:
                text = text.replace(value, shown)
            for pattern in PATTERNS:
                text = pattern.strike(text)
            if text == before:
                break
        return text

    def data(self, data: bytes) -> bytes:
        """Bytes without secrets; what is no UTF-8 stays as it is. Never raises."""
        found = data.decode("utf-8", "surrogateescape")
        struck = self.text(found)
        return data if struck == found else struck.encode("utf-8", "surrogateescape")

    def json(self, value: object) -> object:
        """A JSON value with every text in it redacted, keys too."""
        texts = "\0".join(_texts(value))
        return value if self.text(texts) == texts else self._each(value)

    def _each(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._each(item) for item in cast("list[object]", value)]
        if isinstance(value, dict):
            pairs = cast("dict[str, object]", value).items()
            return {self.text(key): self._each(item) for key, item in pairs}
        return value


PLAIN: Final = Redactor()
"""Knows formats only; for whoever has no variables to keep."""


def secret_variables(environ: Mapping[str, str], named: Iterable[str] = ()) -> dict[str, str]:
    """The variables whose values are to be kept: those named, and those whose names say so."""
    wanted = set(named)
    return {k: v for k, v in environ.items() if v and (k in wanted or _NAMES.search(k))}


def _forms(value: str) -> Iterable[str]:
    """A value as it is, quoted for a URL, and inside base 64 at any of the three offsets."""
    raw = value.encode("utf-8", "surrogateescape")
    yield value
    if value.strip() != value and len(value.strip()) >= SHORTEST:
        yield value.strip()
    for plain in (_PLAIN, _PLAIN | {0x2F}):
        quoted = "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in raw)
        yield from (quoted, quoted.replace("%20", "+"))
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        # Characters at both ends also depend on what stands beside the value.
        first, last = (0, 2, 3)[offset], (len(raw) + offset) * 8 // 6
        core = encoded[first:last].decode()
        if len(core) >= SHORTEST:
            yield from (core, core.translate({43: "-", 47: "_"}))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            yield key
            yield from _texts(item)
