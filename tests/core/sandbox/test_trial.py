"""Doctor's attacks: stopped by every sandbox that protects, and real: without one they succeed."""

from __future__ import annotations

from pathlib import Path

import pytest

from evogit.sandbox.base import Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.process import ProcessSandbox
from evogit.sandbox.trial import ATTACKS, Finding, try_all, try_installed
from evogit.sandbox.warm import WarmSandbox

_NEEDS_A_NAMESPACE = {"network", "secret", "outside", "others", "rights"}


def _not_stopped(findings: dict[str, Finding]) -> dict[str, Finding]:
    assert list(findings) == list(ATTACKS)
    return {name: found for name, found in findings.items() if found.verdict != "stopped"}


def test_bubblewrap_stops_all(bubblewrap: Sandbox) -> None:
    assert _not_stopped(try_all(bubblewrap)) == {}


def test_the_warm_server_stops_all(bubblewrap: BubblewrapSandbox, runtime: Runtime) -> None:
    warm = WarmSandbox(bubblewrap, runtime)
    assert _not_stopped(try_all(warm)) == {}
    warm.close()


def test_a_container_stops_all(container: Sandbox) -> None:
    assert _not_stopped(try_all(container)) == {}


def test_without_a_sandbox_they_succeed_and_do_no_harm(runtime: Runtime) -> None:
    before = set(Path("/").iterdir())
    process = ProcessSandbox(runtime)
    found = _not_stopped(try_all(process))
    process.close()
    assert set(found) == _NEEDS_A_NAMESPACE
    assert {one.verdict for one in found.values()} == {"NOT stopped"}
    assert all(one.detail for one in found.values())
    assert set(Path("/").iterdir()) == before


def test_a_sandbox_that_does_not_work_is_not_attacked(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/engine")
    trials = try_installed(runtime)
    assert set(trials) >= {"bubblewrap", "bubblewrap+warm", "container", "process"}
    assert not trials["container"].probe.works
    assert trials["container"].findings == {}
    assert set(trials["process"].findings) == set(ATTACKS)
