"""The views' names, in the order of their keys 1 to 6."""

from __future__ import annotations

from typing import Final

VIEWS: Final = ("phylogeny", "population", "lineage", "diff", "agents", "operations")
