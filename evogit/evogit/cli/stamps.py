"""Times as people read them."""

from __future__ import annotations

import time


def stamp(value: object) -> str:
    """Seconds since 1970 as local date and time; empty for nothing or nonsense."""
    if not isinstance(value, (int, float)) or value <= 0:
        return ""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(value))
    except (OverflowError, ValueError, OSError):
        return ""
