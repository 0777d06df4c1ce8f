"""Parts found through entry points: agents, strategies, sandboxes, problems, commands.

Built-ins are registered in the same way as a stranger's package, so both plug in alike.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Final, Literal

from evogit.errors import ConfigError, NotFoundError

Group = Literal[
    "evogit.agents",
    "evogit.commands",
    "evogit.oracles",
    "evogit.problems",
    "evogit.sandboxes",
    "evogit.strategies",
]

_ONE: Final = {"evogit.strategies": "strategy", "evogit.sandboxes": "sandbox"}


def names(group: Group) -> list[str]:
    """Sorted names registered in a group."""
    return sorted({point.name for point in entry_points(group=group)})


def find(group: Group, name: str) -> EntryPoint:
    """The entry point of that name.

    Raises:
        NotFoundError: no installed package registers it; the hint names the closest one.
    """
    points = {point.name: point for point in entry_points(group=group)}
    if name in points:
        return points[name]
    what = _ONE.get(group, group.removeprefix("evogit.").removesuffix("s"))
    close = get_close_matches(name, points, n=1)
    hint = (
        f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(points)) or 'none'}"
    )
    raise NotFoundError(f"there is no {what} named {name!r}", hint=hint)


def load(group: Group, name: str) -> object:
    """Import and return what a name stands for.

    Raises:
        NotFoundError: no installed package registers it.
        ConfigError: it is registered but can not be imported.
    """
    point = find(group, name)
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{name!r} ({point.value}) can not be loaded: {error}",
            hint="reinstall the package that provides it",
        ) from error
