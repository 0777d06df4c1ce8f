"""Both themes can be read by people who see little contrast."""

from __future__ import annotations

from itertools import product

import pytest
from textual.color import Color
from textual.theme import Theme

from evogit_tui.themes import DARK, LIGHT

_WCAG_AA = 4.5
_TEXTS = ("foreground", "primary", "secondary", "accent", "success", "warning", "error")
_GROUNDS = ("background", "surface", "panel")


def _luminance(color: Color) -> float:
    """Relative luminance by WCAG 2.1."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: Color, other: Color) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize(("text", "ground"), list(product(_TEXTS, _GROUNDS)))
def test_every_text_stands_out_from_every_ground(theme: Theme, text: str, ground: str) -> None:
    contrast = _contrast(Color.parse(getattr(theme, text)), Color.parse(getattr(theme, ground)))
    assert contrast >= _WCAG_AA, f"{text} on {ground}: {contrast:.2f}"


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", _GROUNDS)
def test_dimmed_text_stands_out_too(theme: Theme, ground: str) -> None:
    under = Color.parse(getattr(theme, ground))
    dimmed = under.blend(Color.parse(theme.foreground or ""), 0.75)
    assert _contrast(dimmed, under) >= _WCAG_AA
