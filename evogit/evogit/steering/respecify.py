"""A new version of the spec that judges as the old one did."""

from __future__ import annotations

from evogit.config.load import dump
from evogit.config.model import Settings
from evogit.errors import NothingToDoError, PreconditionError
from evogit.git.trees import Change
from evogit.ids import SPEC_REF
from evogit.records import Move
from evogit.swarm.repository import Swarm
from evogit.text import clean_line


def respecified(swarm: Swarm, settings: Settings, text: str, author: str, time: int) -> Move:
    """Write the version, and say how the spec's ref has to move to it.

    Raises:
        PreconditionError: how individuals are judged would change, or nothing would.
    """
    spec, git = swarm.spec(), swarm.git
    judged = (settings.evaluate, settings.search.protected)
    if judged != (spec.settings.evaluate, spec.settings.search.protected):
        raise PreconditionError(
            "this would change how individuals are judged, and make their scores incomparable",
            hint="a new evaluator needs a new swarm: evogit init",
        )
    if settings == spec.settings:
        raise NothingToDoError("the spec says so already")
    blob = git.write_blob(dump(settings).encode())
    commit = git.write_commit(
        git.change_tree(spec.tree, {"evogit.toml": Change(blob)}),
        [spec.commit],
        f"spec: {clean_line(text)}\n",
        author=author,
        time=time,
    )
    return Move(SPEC_REF, spec.commit, commit)
