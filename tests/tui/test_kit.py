"""The ground the other tests stand on."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.tui.kit import running, screen_text
from tests.tui.terminal import Terminal
from tests.tui.world import NOW, World, make_world


def test_the_small_swarm_has_the_same_ids_every_time(template: World, tmp_path: Path) -> None:
    assert make_world(tmp_path / "project").ids == template.ids


def test_the_small_swarm_has_some_of_everything(world: World) -> None:
    model = world.model()
    facts = model.look()
    assert facts is not None
    assert facts.individuals == 41
    assert facts.best is not None
    assert model.phylogeny.commit(facts.best) == world.ids["best"]
    assert sorted(facts.tips) == ["a1", "a2", "a3", "a4"]
    assert "record" in facts.tags
    assert (len(facts.pinned), len(facts.promoted), facts.problems) == (1, 1, 0)
    assert len(facts.steering.pruned) == 1
    assert facts.steering.paused("a3")
    assert model.session.clock() == NOW


def test_the_application_shows_it(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (80, 24)) as (app, _):
            assert "evogit project" in screen_text(app)

    asyncio.run(scenario())


def test_a_real_terminal_shows_it_too(world: World) -> None:
    with Terminal(world.root, (80, 24)) as terminal:
        terminal.until_shows("evogit project", "41 individuals")
        terminal.press("q")
        assert terminal.end() == 0
