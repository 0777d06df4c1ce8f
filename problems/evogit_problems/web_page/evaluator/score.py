"""Points for what the outline asks for, from 0 to 100, by what a browser measured.

Each line of the outline gives points in proportion, so that half a section is worth half: 30 for structure,
25 for the sections, 15 for looks, 12 for dark mode, 12 for widths, 6 for the rest.
"""

from __future__ import annotations

import json
import sys
from typing import Any

BYTES = 100_000
WORDS = 150


def part(found: float, wanted: float) -> float:
    """How much of what is wanted is there, at most all of it."""
    return min(max(found / wanted, 0.0), 1.0)


def structure(page: Any) -> float:
    """30 points."""
    flags = ("lang", "title", "description", "viewport", "doctype")
    places = ("one_h1", "header", "main", "footer")
    return (
        sum(2.0 for name in flags if page[name] is True)
        + sum(3.0 for name in places if page[name] is True)
        + 8.0 * part(page["nav"], 4)
    )


def sections(page: Any) -> float:
    """25 points; without text a section is worth nothing."""
    return part(page["words"], WORDS) * (
        8.0 * part(page["sections"], 4)
        + 4.0 * part(page["features"], 3)
        + 4.0 * part(page["plans"], 3)
        + 4.0 * part(page["questions"], 4)
        + 5.0 * part(page["fields"], 2) * (page["unlabelled"] == 0) * (page["submit"] > 0)
    )


def looks(page: Any) -> float:
    """15 points. A page of a few words is easily readable, so they count in proportion."""
    return part(page["words"], WORDS) * (
        8.0 * page["readable"] + 4.0 * page["large"] + 3.0 * page["narrow"]
    )


def dark(page: Any, other: Any) -> float:
    """12 points: it gets dark, and is as readable."""
    turns = page["back"] < 0.1 and other["back"] > 0.5  # clearly dark, clearly light
    return 12.0 * page["readable"] * part(page["words"], WORDS) if turns else 0.0


def widths(pages: Any) -> float:
    """12 points: no sideways scrolling, and targets for a thumb on the smallest."""
    fits = sum(page["overflow"] == 0 for page in pages) / len(pages)
    small = pages[0]
    return part(small["words"], WORDS) * (
        8.0 * fits + 4.0 * part(small["hittable"], max(small["targets"], 4))
    )


def rest(found: Any, page: Any) -> float:
    """6 points: no dead link, picture or script, and no weight."""
    links = page["links"] > 0 and page["reachable"] == page["links"]
    images = page["images"] == page["good_images"]
    return 2.0 * links + 1.0 * images + 2.0 * (found["errors"] == 0) + (found["bytes"] <= BYTES)


def main() -> None:
    """Read what was measured, print the points of each line."""
    found = json.loads(sys.stdin.read())
    page = found["light"][-1]
    points = {
        "structure": structure(page),
        "sections": sections(page),
        "looks": looks(page),
        "dark": dark(found["dark"], page),
        "widths": widths(found["light"]),
        "rest": rest(found, page),
    }
    sys.stdout.write(json.dumps({"score": sum(points.values()), "metrics": points}))


if __name__ == "__main__":
    main()
