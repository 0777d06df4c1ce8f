"""Whether the parts that a configuration names are installed on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evogit.plugins import find

if TYPE_CHECKING:
    from evogit.config.model import Settings

_AUTO = "auto"


def require_installed(settings: Settings) -> None:
    """Check the strategy, the agents and the sandbox.

    Raises:
        NotFoundError: no installed package has one of them; the hint names the closest one.
    """
    find("evogit.strategies", settings.search.strategy)
    for kind in settings.search.agents:
        find("evogit.agents", kind.partition(":")[0])
    if settings.sandbox.kind != _AUTO:
        find("evogit.sandboxes", settings.sandbox.kind)
