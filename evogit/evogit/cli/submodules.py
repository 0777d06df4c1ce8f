"""Submodules: candidates have none, which a repository's owner should hear before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evogit.git.trees import SUBMODULE

if TYPE_CHECKING:
    from evogit.source import Source
    from evogit.swarm.repository import Swarm

MEND: Final = (
    "if the code needs it, make its files part of the repository (git subtree add), or show its "
    "folder to commands with environment.paths and name it in a variable such as PYTHONPATH"
)


def left_out(swarm: Swarm, source: Source) -> list[str]:
    """What to say of each submodule of the base that has files here, where candidates have none."""
    files = swarm.git.files(swarm.git.commit(swarm.base).tree)
    links = [path for path, entry in files.items() if entry.mode == SUBMODULE]
    return [
        f"submodule {path} is not part of candidates: its folder is empty there"
        for path in source.checked_out(links)
    ]
