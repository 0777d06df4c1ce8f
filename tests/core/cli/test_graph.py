"""Lanes of the graph."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evogit.cli.graph import draw

Nodes = list[tuple[int, list[int]]]


@st.composite
def dags(draw_: st.DrawFn) -> Nodes:
    size = draw_(st.integers(1, 25))
    nodes: Nodes = [(0, [])]
    for row in range(1, size):
        parents = draw_(st.lists(st.integers(0, row - 1), min_size=1, max_size=3, unique=True))
        nodes.append((row, parents))
    return nodes[::-1]


def test_two_lines_that_join_are_drawn_as_expected() -> None:
    lines = [line for line, _ in draw([(3, [1, 2]), (2, [0]), (1, [0]), (0, [])])]
    assert lines == ["*", "|-.", "| *", "* |", "|-'", "*"]


@given(dags())
def test_every_individual_is_drawn_once_in_the_lane_its_children_opened(nodes: Nodes) -> None:
    drawn = list(draw(nodes))
    assert [row for _, row in drawn if row is not None] == [row for row, _ in nodes]
    for line, row in drawn:
        assert line.count("*") == (row is not None)
        assert set(line) <= set("*|-'.+ ")
        assert line == line.rstrip()


@given(dags())
def test_the_last_line_stands_alone(nodes: Nodes) -> None:
    reachable = {nodes[0][0]}
    for row, parents in nodes:
        if row in reachable:
            reachable.update(parents)
    connected = [(row, parents) for row, parents in nodes if row in reachable]
    assert list(draw(connected))[-1] == ("*", 0)
