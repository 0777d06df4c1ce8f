"""Curves are well-formed SVG whatever the runs are."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.compare.plot import curves

if TYPE_CHECKING:
    from conftest import Runs

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314  # our own text


def test_each_arm_has_a_line_a_band_and_its_name_and_both_axes_are_labelled(runs: Runs) -> None:
    results = [
        one
        for arm, at in (("evogit", 3), ("best-of-n", 6))
        for one in runs(arm, [1.0, 2.0, 3.0], curve=((0, 0.0), (at, 1.0)))
    ]
    root = parsed(curves(results))
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert {"evogit", "best-of-n"} <= set(texts)
    assert any("evaluations" in text for text in texts)
    assert any("higher is better" in text for text in texts)
    bands = [e for e in root.iter(f"{SVG}path") if e.get("class") == "band"]
    strokes = {e.get("stroke") for e in root.iter(f"{SVG}path") if e.get("class") == "line"}
    assert (len(bands), len(strokes)) == (2, 2)


def test_it_loads_nothing_and_has_colours_for_dark_and_light(runs: Runs) -> None:
    text = curves(runs("evogit", [1.0]))
    assert "prefers-color-scheme: dark" in text
    assert "href" not in text
    assert "url(" not in text


@pytest.mark.parametrize("name", ['a"<&>b', "x\x00\x1b[31my", "]]>"])
def test_no_name_breaks_the_picture(runs: Runs, name: str) -> None:
    assert parsed(curves(runs(name, [1.0], problem=name))).tag == f"{SVG}svg"


scores = st.floats(-1e12, 1e12)


@given(st.lists(st.tuples(st.integers(0, 10), scores), max_size=6), st.booleans())
def test_any_curve_can_be_drawn(
    runs: Runs, points: list[tuple[int, float]], maximize: bool
) -> None:
    drawn = curves(runs("evogit", [1.0], curve=sorted(points), maximize=maximize))
    assert "nan" not in drawn
    parsed(drawn)


def test_names_at_the_end_of_the_lines_do_not_cover_each_other(runs: Runs) -> None:
    results = [one for i in range(12) for one in runs(f"arm{i}", [1.0, 1.0])]
    root = parsed(curves(results))
    ys = sorted(
        float(e.get("y", "0")) for e in root.iter(f"{SVG}text") if (e.text or "").startswith("arm")
    )
    assert len(ys) == 12
    assert all(b - a >= 14 for a, b in pairwise(ys))


def test_no_two_of_many_arms_look_the_same(runs: Runs) -> None:
    root = parsed(curves([one for i in range(20) for one in runs(f"arm{i}", [1.0])]))
    lines = [e for e in root.iter(f"{SVG}path") if "h24" in e.get("d", "")]
    assert len({(e.get("stroke"), e.get("stroke-dasharray")) for e in lines}) == 20
