"""What a merge of an individual into the branch that the user works on would come to."""

from __future__ import annotations

from typing import Final

from evogit.errors import EvoGitError, NotFoundError, PreconditionError
from evogit.ids import HEADS, CommitId
from evogit.steering.promote import predict_conflicts
from evogit.steering.target import source_of
from evogit.text import clean_line
from evogit_tui.model import Facts, Model

_REF: Final = "ref: "


def predict(model: Model, facts: Facts, commit: CommitId) -> str:
    """A few words such as ``merge into main: clean``; empty where there is no such branch.

    Reads the user's repository and merges in memory: milliseconds, but for a thread all the same.
    """
    swarm = model.session.swarm
    try:
        source = source_of(swarm)
        ref = (source.git_dir / "HEAD").read_text("utf-8", "replace").strip()
        if not ref.startswith(_REF + HEADS):
            return ""
        ref = ref.removeprefix(_REF)
        onto = source.resolve(ref)
    except (NotFoundError, PreconditionError, OSError):  # a clone has no such repository
        return ""
    name = clean_line(ref.removeprefix(HEADS), 40)
    try:
        found = predict_conflicts(swarm, model.phylogeny, facts.steering, commit, ref, onto)
    except PreconditionError:
        return f"merge into {name}: nothing to merge"
    except EvoGitError as error:
        return clean_line(f"merge into {name}: {error.message}", 120)
    if not found:
        return f"merge into {name}: clean"
    conflicts = "1 conflict" if len(found) == 1 else f"{len(found)} conflicts"
    return f"merge into {name}: {conflicts}"
