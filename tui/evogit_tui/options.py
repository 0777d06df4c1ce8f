"""How the application was started: what the command line and the user's tui.toml said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one start.

    Args:
        ascii: draw with ASCII characters only.
        theme: name of a theme.
        keys: action name to Textual key names, comma separated, in place of the built-in ones.
        hook: command run on a banner's edge, with the event as JSON on standard input; empty for none.
        bell: ring the terminal's bell on a banner.
        interval: seconds between looks at the repository while something happens.
        sync: seconds between exchanges with the remote; 0 for never.
    """

    ascii: bool = False
    theme: str = "evogit-dark"
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    hook: tuple[str, ...] = ()
    bell: bool = True
    interval: float = 0.5
    sync: float = 10.0
