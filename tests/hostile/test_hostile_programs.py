"""Hostile candidates: each ends as its docstring says, in every sandbox, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.hostile.conftest import Attack, Candidate, all_candidates, candidate, ending

from evogit.sandbox.base import Sandbox

CANDIDATES = all_candidates()

IN_A_CONTAINER = {
    "empty_files_in_shared_memory": ("ended by memory", "ended by disk", "ended by wall"),
    "kill_everything": ("nothing gained", "dies", "ended by wall"),  # it may stop its own shells
    "kill_others": ("nothing gained", "dies"),  # the first process is its own
    "memory_in_many_processes": ("ended by memory", "ended by cpu", "ended by wall"),
    "memory_in_sockets": ("ended by memory", "ended by cpu", "ended by wall"),
}
"""Programs that a container ends otherwise: its memory limit is one of the kernel's."""

OWN_RULES = {
    "kernel_calls",
    "network",
    "raise_limits",
    "read_memory",
    "read_secrets",
    "use_up_asynchronous_io",
}
"""Programs that print what the engine's own filter and namespaces allow, and harms nobody."""


def _cases() -> Iterator[object]:
    for tried in CANDIDATES:
        places = ["bubblewrap"]
        places += [] if tried.copy else ["warm"]
        places += [] if tried.name in OWN_RULES else ["container"]
        places += ["process"] if tried.everywhere else []
        for place in places:
            yield pytest.param(place, tried, id=f"{tried.name}-{place}")


def test_there_are_at_least_sixty_programs() -> None:
    assert len(CANDIDATES) >= 60


@pytest.mark.parametrize(("place", "tried"), list(_cases()))
def test_a_hostile_program_ends_as_expected_and_leaves_nothing(
    attack: Attack, request: pytest.FixtureRequest, place: str, tried: Candidate
) -> None:
    sandbox: Sandbox = request.getfixturevalue(place)
    expected = tried.expected
    if place == "container" and tried.name in IN_A_CONTAINER:
        expected = IN_A_CONTAINER[tried.name]
    done = attack(sandbox, tried)
    assert ending(done) in expected, done.stderr.decode("utf-8", "replace")[-2000:]


@pytest.mark.parametrize("place", ["bubblewrap", "warm", "container"])
def test_what_a_program_plants_is_gone_for_the_next(
    attack: Attack, request: pytest.FixtureRequest, place: str
) -> None:
    sandbox: Sandbox = request.getfixturevalue(place)
    for _ in range(3):
        assert ending(attack(sandbox, candidate("leave_for_the_next"))) == "nothing gained"
