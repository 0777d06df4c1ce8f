"""How fast evaluations end is told honestly, however fast or slow they are."""

from __future__ import annotations

import pytest

from evogit.cli.progress import pace

FAST = [1.0 + 0.01 * n for n in range(900)]
FULL = [1.0 + 0.001 * n for n in range(1000)]
SLOW = [100.0 * n for n in range(1, 30)]


@pytest.mark.parametrize(
    ("moments", "now", "said"),
    [
        ([], 50.0, ""),
        ([0.1, 0.3], 31.0, "3.9/min"),
        (FAST, 10.0, "90.0/s"),
        (FAST, 310.0, "2.0/min"),
        (FULL, 2.0, "999.0/s"),
        (SLOW, 2900.0, "one per 100 s"),
        (SLOW, 2990.0, "one per 109 s"),
        ([8.0 * n for n in range(1, 30)], 232.0, "7.5/min"),
    ],
)
def test_the_rate_counts_the_time_up_to_now(moments: list[float], now: float, said: str) -> None:
    assert pace(moments, 0.0, now) == said
