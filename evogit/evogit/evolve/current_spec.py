"""The spec that offspring are made under: the worker's, with the newest words for its goal."""

from __future__ import annotations

import threading
from collections.abc import Callable

from evogit.errors import EvoGitError
from evogit.git.repository import GitRepository
from evogit.ids import SPEC_REF, CommitId
from evogit.swarm.spec import Spec, read_spec


class CurrentSpec:
    """Follows the goal while a worker runs. Thread-safe.

    Only the goal: what else a new version changes (search, budgets, models) is taken up when a
    worker starts, since its user has to agree to that.

    Args:
        git: the swarm repository.
        spec: the version the worker started with.
        told: is told, once for each, which newer version is not followed.
    """

    def __init__(self, git: GitRepository, spec: Spec, told: Callable[[str], None]) -> None:
        self._git = git
        self._own = spec
        self._told = told
        self._lock = threading.Lock()
        self._seen = spec.commit
        self._spec = spec

    def __call__(self) -> Spec:
        """The newest version if its goal alone differs from the worker's own; else the last such."""
        with self._lock:
            newest = self._git.ref(SPEC_REF)
            if newest is not None and newest != self._seen:
                self._seen = newest
                self._spec = self._read(newest) or self._spec
            return self._spec

    def _read(self, version: CommitId) -> Spec | None:
        try:
            found = read_spec(self._git, version)
        except EvoGitError as error:
            self._told(f"the new spec is not followed: {error.message}")
            return None
        ours = self._own.settings.model_copy(update={"goal": found.settings.goal})
        if found.settings == ours and found.evaluator == self._own.evaluator:
            return found
        self._told(
            f"spec {version[:12]} changes more than the goal: agents that run now keep theirs"
            " until evogit run starts again"
        )
        return None
