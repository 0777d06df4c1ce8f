"""The plot as characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evogit_tui.plotting import Dot, Kind, Manner, best_by_column, legend, plot

_KINDS: list[Kind] = ["tried", "failed", "step", "merge", "promoted", "best"]
_DOTS = st.lists(
    st.builds(
        Dot,
        st.floats(0, 1e6),
        st.one_of(st.none(), st.floats(-1e12, 1e12, allow_subnormal=False)),
        st.sampled_from(_KINDS),
    ),
    max_size=60,
)
_MANNERS = st.builds(Manner, st.sampled_from([True, False, None]), st.booleans(), st.booleans())


def _text(dots: list[Dot], size: tuple[int, int], manner: Manner) -> list[str]:
    return ["".join(pixel.char for pixel in row) for row in plot(dots, size, manner, unit="steps")]


@given(_DOTS, st.integers(0, 120), st.integers(0, 30), _MANNERS)
def test_it_fills_its_size_exactly(
    dots: list[Dot], width: int, height: int, manner: Manner
) -> None:
    rows = _text(dots, (width, height), manner)
    assert len(rows) == height
    assert all(len(row) == width for row in rows)


@given(_DOTS, st.sampled_from([True, False, None]), st.booleans())
def test_ascii_means_ascii(dots: list[Dot], maximize: bool | None, log: bool) -> None:
    assert all(row.isascii() for row in _text(dots, (60, 12), Manner(maximize, log, ascii=True)))
    assert legend(ascii_only=True).isascii()


def test_the_line_shows_the_best_so_far() -> None:
    dots = [Dot(0, 0.0, "step"), Dot(50, 1.0, "step"), Dot(75, 0.5, "step"), Dot(100, 2.0, "best")]
    assert _text(dots, (40, 8), Manner()) == [
        "        2 ┤                            ◆",
        "          │                            │",
        "      1.2 ┤              ●─────────────╯",
        "          │              │              ",
        "      0.4 ┤              │      ●       ",
        "          │●─────────────╯              ",
        "          └─────────────────────────────",
        "          0                    100 steps",
    ]


def test_a_lower_score_is_the_better_one_when_minimising() -> None:
    dots = [Dot(0, 3.0, "step"), Dot(10, 1.0, "step")]
    rows = _text(dots, (40, 8), Manner(maximize=False))
    assert rows[0][11] == "●"
    assert rows[5].endswith("●")
    assert any("╮" in row for row in rows)


def test_what_lies_far_off_the_lineage_does_not_squeeze_it() -> None:
    steps = [Dot(x, 1.0 + x / 10, "step") for x in range(10)]
    rows = _text([*steps, Dot(5, 1e9, "tried"), Dot(6, -1e9, "tried")], (60, 14), Manner())
    assert "↑" in rows[0]
    assert "↓" in rows[11]
    assert rows[0].count("●") == 1
    assert rows[0].lstrip().startswith("1.9")


def test_a_logarithmic_axis_needs_positive_values() -> None:
    growth = [Dot(x, 10.0**x, "step") for x in range(5)]
    rows = _text(growth, (60, 14), Manner(log=True))
    found = [i for i, row in enumerate(rows) for char in row if char == "●"]
    assert found == [0, 3, 6, 8, 11], "equal factors are equal distances"
    linear = _text([Dot(0, 0.0, "step"), *growth], (60, 14), Manner(log=True))
    assert linear == _text([Dot(0, 0.0, "step"), *growth], (60, 14), Manner(log=False))


def test_without_a_direction_the_line_goes_through_every_step() -> None:
    dots = [Dot(0, 1.0, "step"), Dot(1, 3.0, "step"), Dot(2, 2.0, "step")]
    assert best_by_column(dots, round, Manner(None)) == {0: 1.0, 1: 3.0, 2: 2.0}
    assert best_by_column(dots, round, Manner(True)) == {0: 1.0, 1: 3.0}
    assert best_by_column(dots, round, Manner(False)) == {0: 1.0}


def test_what_was_only_tried_is_no_record() -> None:
    dots = [Dot(0, 1.0, "step"), Dot(1, 9.0, "tried")]
    assert best_by_column(dots, round, Manner(True)) == {0: 1.0}


def test_without_a_score_it_says_so() -> None:
    assert "nothing to plot yet" in "".join(_text([Dot(0, None, "failed")], (60, 10), Manner()))
