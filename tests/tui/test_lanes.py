"""Laws of the drawn graph: what was drawn stays, lines lead to parents, nothing shares a lane."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tui.world import World

from evogit.ids import HEADS
from evogit.records import Attempt
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.journal import Journal
from evogit_tui.lanes import OVERFLOW, Lanes, draw


@dataclass
class History:
    """Parents of every individual; those at a tip in the end."""

    lines: list[tuple[int, ...]]
    tips: frozenset[int]

    def parents(self, i: int, /) -> tuple[int, ...]:
        return self.lines[i]

    def live(self, stop: int) -> set[int]:
        """Who is at a tip when ``stop`` are known: who has offspring later, or is one in the end."""
        later = {parent for line in self.lines[stop:] for parent in line}
        return {row for row in range(stop) if row in later or row in self.tips}


@st.composite
def histories(draw_from: st.DrawFn) -> History:
    size = draw_from(st.integers(1, 40))
    lines: list[tuple[int, ...]] = [()]
    for row in range(1, size):
        older = st.integers(max(0, row - draw_from(st.integers(1, 12))), row - 1)
        chosen = draw_from(st.lists(older, min_size=1, max_size=3, unique=True))
        lines.append(tuple(chosen))
    tips = draw_from(st.frozensets(st.integers(0, size - 1), max_size=5))
    return History(lines, tips)


def placed(history: History, *cuts: int) -> Lanes:
    lanes = Lanes()
    for cut in (*sorted(cuts), len(history.lines)):
        lanes.extend(history, cut, history.live(cut))
    return lanes


def columns(lanes: Lanes) -> list[list[int]]:
    return [list(found) for found in (lanes.lanes, lanes.below, lanes.above, lanes.joins)]


def bits(mask: int) -> set[int]:
    return {place for place in range(64) if mask >> place & 1}


@given(history=histories(), data=st.data())
@settings(max_examples=50)
def test_adding_one_by_one_draws_the_same_as_all_at_once(
    history: History, data: st.DataObject
) -> None:
    size = len(history.lines)
    cuts = data.draw(st.lists(st.integers(1, size), max_size=size))
    assert columns(placed(history, *cuts)) == columns(placed(history))
    assert placed(history, *cuts).links == placed(history).links == {}


@given(history=histories(), data=st.data())
@settings(max_examples=50)
def test_what_was_drawn_stays_whoever_is_at_a_tip(history: History, data: st.DataObject) -> None:
    size = len(history.lines)
    lanes = Lanes()
    for cut in sorted({*data.draw(st.lists(st.integers(1, size), max_size=6)), size}):
        before = columns(lanes)
        live = data.draw(st.sets(st.integers(0, cut - 1)))
        lanes.extend(history, cut, live)
        assert [new[: len(old)] for old, new in zip(before, columns(lanes), strict=True)] == before
    assert_parents_are_shown(history, lanes)


def test_a_late_child_names_the_parent_whose_lane_is_gone() -> None:
    history = History([(), (0,), (0,), (1, 2), (0,)], frozenset())
    lanes = Lanes()
    lanes.extend(history, 2, ())
    lanes.extend(history, 5, ())
    assert_parents_are_shown(history, lanes)
    assert lanes.links == {2: (0,), 3: (1,), 4: (0,)}


@given(history=histories())
@settings(max_examples=50)
def test_every_parent_has_a_line_or_is_named(history: History) -> None:
    assert_parents_are_shown(history, placed(history))


def assert_parents_are_shown(history: History, lanes: Lanes) -> None:
    """Follow, from every individual, the lanes that lead down from it to whom they belong."""
    owner: dict[int, int] = {}
    for row, parents in enumerate(history.lines):
        below, above, lane = bits(lanes.below[row]), bits(lanes.above[row]), lanes.lanes[row]
        owner = {place: who for place, who in owner.items() if place in below}
        assert set(owner) == below  # every line comes from somebody ...
        named = lanes.links.get(row, ())
        reached = {owner[place] for place in bits(lanes.joins[row])}
        if lane in below:
            reached.add(owner[lane])
        assert reached | set(named) == set(parents)  # ... and leads to a parent
        assert reached.isdisjoint(named)
        for place in below - above:
            assert place == lane or place in bits(lanes.joins[row])
        owner[lane] = row
        owner = {place: who for place, who in owner.items() if place in above}
        assert set(owner) == above  # one owner each: a lane is never used twice at once


@given(history=histories(), width=st.integers(1, 6))
@settings(max_examples=50)
def test_every_line_is_as_wide_as_said_and_shows_its_individual_once(
    history: History, width: int
) -> None:
    lanes = placed(history)
    for row in range(len(lanes)):
        cells = draw(lanes, row, width, "@", ascii_only=True)
        text = "".join(text for text, _ in cells)
        assert len(cells) == len(text) == 2 * width + 2
        assert text.count("@") == 1
        assert text.isascii()


def picture(lines: list[tuple[int, ...]], tips: set[int], width: int = 5) -> list[str]:
    lanes = Lanes()
    lanes.extend(History(lines, frozenset()), len(lines), tips)
    rows = range(len(lines) - 1, -1, -1)
    cells = [draw(lanes, row, width, "o", ascii_only=False) for row in rows]
    return ["".join(text for text, _ in line).rstrip() for line in cells]


def test_a_rejected_offspring_is_a_twig_beside_its_parent() -> None:
    assert picture([(), (0,), (0,), (0,)], {3}) == ["o", "├─o", "├─o", "o"]


def test_a_merge_leads_to_both_parents() -> None:
    assert picture([(), (0,), (0,), (2, 1)], {3}) == ["o─╮", "o │", "├─o", "o"]


def test_a_line_that_is_only_crossed_is_not_joined() -> None:
    lines = [(), (0,), (0,), (0,), (3, 1)]
    assert picture(lines, {2, 4})[0] == "o─╮ │"


def test_more_lanes_than_there_is_room_for_share_the_last_place() -> None:
    tips = set(range(1, 7))
    assert picture([(), *[(0,)] * 6], tips, width=3)[0] == "o │ │ …"


@pytest.mark.parametrize("wide", [63, 64, 100])
def test_hundreds_of_lanes_are_no_trouble(wide: int) -> None:
    lines: list[tuple[int, ...]] = [(), *[(0,)] * wide]
    lanes = Lanes()
    lanes.extend(History(lines, frozenset()), len(lines), set(range(wide + 1)))
    assert lanes.widest == wide + 1
    assert bool(lanes.above[wide] & OVERFLOW) == (wide + 1 > 63)
    assert draw(lanes, wide, 2, "o", ascii_only=True)[4][0] == "o"


def test_an_offspring_that_becomes_a_tip_later_keeps_its_lane(world: World) -> None:
    model = world.model()
    assert model.look() is not None
    git, journal = world.swarm.git, Journal(world.swarm.git, "w1")
    tip = git.ref(f"{HEADS}a1")
    assert tip is not None
    for step in (90, 91):  # first it is in the journal, then its agent's branch moves, then again
        message = compose(f"grow {step}", "", Provenance("a1", "mutate", step, seed=1))
        time = git.commit(tip).time + step
        made = git.write_commit(git.commit(tip).tree, [tip], message, author="a1", time=time)
        attempt = Attempt("a1", "mutate", step, (tip,), offspring=made, time=float(time))
        journal.append(attempt, keep=[made]).result(60)
        assert model.look() is not None
        git.move_ref(f"{HEADS}a1", old=tip, new=made)
        assert model.look() is not None
        tip = made
    journal.close()
    row = model.phylogeny.index(tip)
    assert row not in model.lanes.links
    assert model.lanes.joins[row]
