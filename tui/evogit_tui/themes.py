"""Colours: a colour-blind-safe theme, dark and light (Okabe & Ito 2008, https://jfly.uni-koeln.de/color/).

No colour carries meaning alone: every state has a glyph and a word too (``states``).
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

_ORANGE, _SKY, _GREEN = "#E69F00", "#56B4E9", "#009E73"
_YELLOW, _BLUE, _VERMILION, _PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

DARK: Final = Theme(
    name="evogit-dark",
    primary=_SKY,
    secondary=_PURPLE,
    accent=_ORANGE,
    foreground="#E6E6E6",
    background="#101418",
    surface="#171C22",
    panel="#20262E",
    success="#14AE80",  # green and vermilion a little lighter: 4.5:1 on every ground
    warning=_ORANGE,
    error="#EB6A14",
    dark=True,
)
LIGHT: Final = Theme(
    name="evogit-light",
    primary="#0068A4",
    secondary="#8A3F6A",
    accent="#8F5A00",
    foreground="#1A1A1A",
    background="#FFFFFF",
    surface="#F5F5F5",
    panel="#E8EAED",
    success="#00684B",
    warning="#8F5A00",
    error="#A63F00",
    dark=False,
)
LANES: Final = (_SKY, _ORANGE, _GREEN, _PURPLE, _YELLOW, _VERMILION, _BLUE, "#BBBBBB")
"""Colours of lanes, agents and plot lines, in turn."""
DEEP_LANES: Final = (
    _BLUE,
    "#8F5A00",
    "#00684B",
    "#8A3F6A",
    "#6B6400",
    "#A63F00",
    "#2F5F7F",
    "#555555",
)
"""The same for a light background."""
