"""How long a candidate is waited for: a few times as long as the base took on this machine.

A mutation that never ends would otherwise hold its slot up to the configured limit, which has to
leave room for slow machines: minutes, where the tests take a second.
"""

from __future__ import annotations

from typing import Final

from evogit.config.model import Limits

_TIMES: Final = 5
_LEAST: Final = 10.0
"""Seconds; a busy machine can easily make a second five."""


def patient(limits: Limits, base_seconds: float) -> Limits:
    """``limits`` with time for five times what the base took, at least 10 s, and never more than before."""
    longest = max(_LEAST, _TIMES * base_seconds)
    return limits.model_copy(
        update={"wall": min(limits.wall, longest), "cpu": min(limits.cpu, longest)}
    )
