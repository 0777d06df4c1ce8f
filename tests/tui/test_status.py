"""What the status line says, and what gives way when there is no room."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.tui.world import NOW, World

from evogit_tui.exchange import Exchanged
from evogit_tui.sentinel import Sentinel
from evogit_tui.widgets.status import Part, Standing, fit, meter, parts


def _standing(world: World, *, ascii_only: bool = False, note: str = "") -> Standing:
    model = world.model()
    facts = model.look()
    assert facts is not None
    sentinel = Sentinel(model, sync=0)
    sentinel.look(facts)
    watch = replace(sentinel.watch, exchanged=Exchanged("working", NOW - 3))
    return Standing(
        "project", facts, watch, note, generation=model.generation, now=NOW, ascii=ascii_only
    )


def _line(found: list[Part], width: int) -> str:
    return "  ".join(part.text for part in fit(found, width))


def test_with_room_it_says_everything(world: World) -> None:
    assert _line(parts(_standing(world, note="promoting")), 300) == (
        "evogit project  4 agents idle  best 39.3 ▲  41 individuals  $1.00/20 ░░░░░░  gen 10  "
        "synced 3 s ago origin  promoting  Make x large, and keep the tests green; no literals"
    )


def test_at_80_columns_goal_generation_and_sync_gave_way(world: World) -> None:
    found = parts(_standing(world, note="promoting"))
    assert _line(found, 78) == (
        "evogit project  4 agents idle  best 39.3 ▲  $1.00/20 ░░░░░░  promoting"
    )
    assert _line(found, 60) == "evogit project  4 agents idle  best 39.3 ▲  promoting"
    assert _line(found, 30) == "evogit project  best 39.3 ▲"


def test_the_goal_is_cut_before_it_goes(world: World) -> None:
    line = _line(parts(_standing(world)), 140)
    assert line.endswith("...")
    assert "Make x" in line


def test_ascii_means_ascii(world: World) -> None:
    assert _line(parts(_standing(world, ascii_only=True)), 300).isascii()


def test_while_it_loads_it_says_so() -> None:
    assert _line(parts(Standing("project", note="loading")), 80) == "evogit project  loading"


def test_an_exchange_that_fails_is_told(world: World) -> None:
    standing = _standing(world)
    assert standing.watch is not None
    offline = replace(standing.watch, exchanged=Exchanged("failing", NOW, "sync: no route"))
    line = _line(parts(replace(standing, watch=offline)), 300)
    assert "offline origin" in line
    assert "synced" not in line


@given(
    st.lists(st.builds(Part, st.text(min_size=1, max_size=30), st.integers(1, 8)), max_size=9),
    st.integers(10, 120),
)
def test_what_stays_fits_and_goes_by_rank(found: list[Part], width: int) -> None:
    kept = fit([Part("evogit", 0), *found], width)
    length = sum(cell_len(part.text) for part in kept) + 2 * (len(kept) - 1)
    assert length <= width or len(kept) == 1
    gone = [part.rank for part in found if part not in kept and part.rank != 8]
    assert all(part.rank <= min(gone, default=9) for part in kept)


def test_a_bar_is_full_at_its_limit_and_not_longer_beyond() -> None:
    bars = [meter(share, 4, ascii_only=True) for share in (0.0, 0.5, 1.0, 7.0)]
    assert bars == ["....", "##..", "####", "####"]
