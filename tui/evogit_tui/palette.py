"""The command palette: what can be done right now, by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from evogit_tui.actions.base import Action
from evogit_tui.actions.keys import keys_of, shown
from evogit_tui.actions.registry import ACTIONS

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp


class Commands(Provider):
    """Every available action of the registry."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for action, text in self._available():
            yield DiscoveryHit(text, self._run(action), help=action.help)

    async def search(self, query: str) -> Hits:
        """Those whose label or name matches."""
        matcher = self.matcher(query)
        for action, text in self._available():
            score = max(matcher.match(text), matcher.match(action.name))
            if score > 0:
                yield Hit(score, matcher.highlight(text), self._run(action), help=action.help)

    def _available(self) -> Iterator[tuple[Action, str]]:
        for action in ACTIONS.values():
            if action.name != "commands" and self._evogit.check_action("act", (action.name,)):
                keys = keys_of(action, self._evogit.options.keys)
                key = shown(keys[0], ascii_only=self._evogit.options.ascii) if keys else ""
                yield action, f"{action.label}  {key}".rstrip()

    def _run(self, action: Action) -> partial[None]:
        return partial(self._evogit.action_act, action.name)

    @property
    def _evogit(self) -> EvoGitApp:
        return cast("EvoGitApp", self.app)
