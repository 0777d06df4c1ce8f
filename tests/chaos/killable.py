"""A worker that kills itself with SIGKILL at one step of the write order, chosen from outside.

``CHAOS_STEP="<step> <n>"`` means: when the step is reached for the n-th time after the first
evaluation was asked for. A kill from outside hits the short steps only by luck.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pygit2.transaction import ReferenceTransaction

from evogit.cli.main import main
from evogit.git import refs
from evogit.git.repository import GitRepository
from evogit.judge.judge import Judge
from evogit.swarm.claims import Claims

STEPS: Final = (
    "individual written",
    "entries written, not synced",
    "objects synced, journal not moved",
    "journal locked",
    "journal moved, not told",
    "claim locked",
    "claim taken",
    "evaluated, not recorded",
    "claim release locked",
    "told, not accepted",
    "agent's branch locked",
    "agent's branch moved",
)
"""In the order in which a step of an agent passes them."""


class Trap:
    """Counts down to the chosen step and then kills this process."""

    def __init__(self, chosen: str) -> None:
        self.step, _, count = chosen.rpartition(" ")
        self.left = int(count)
        self.armed = False

    def reached(self, step: str) -> None:
        """This process is at ``step`` now."""
        if self.armed and step == self.step:
            self.left -= 1
            if self.left == 0:
                os.write(2, f"killed at {step}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)


def around(
    owner: type[Any],
    name: str,
    before: Callable[..., None] | None = None,
    after: Callable[..., None] | None = None,
) -> None:
    """Call ``before`` and ``after`` with the arguments of every call of a method."""
    plain = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if before is not None:
            before(*arguments, **named)
        result = plain(*arguments, **named)
        if after is not None:
            after(*arguments, **named)
        return result

    setattr(owner, name, wrapped)


def lay(trap: Trap) -> None:
    """Put the trap on every step."""

    def arm(*_: Any) -> None:
        trap.armed = True

    def written(git: Any, tree: Any, parents: Any, message: str, **_: Any) -> None:
        trap.reached("individual written" if "Evogit-Agent:" in message else "entry written")

    def claimed(transaction: Any, ref: str) -> None:
        if "/claim/" in ref:
            trap.reached("claim release locked" if releasing else "claim locked")

    def locked(path: Path) -> None:
        ref = path.as_posix()
        for part, step in (
            ("/journal/", "journal locked"),
            ("refs/heads/", "agent's branch locked"),
        ):
            if part in ref:
                trap.reached(step)

    def moved(git: Any, ref: str, **_: Any) -> None:
        trap.reached("journal moved, not told" if "/journal/" in ref else "agent's branch moved")

    def before_move(git: Any, ref: str, **_: Any) -> None:
        trap.reached("told, not accepted" if "refs/heads/" in ref else "before the journal moves")

    releasing: list[int] = []
    around(Judge, "evaluate", arm, lambda *_: trap.reached("evaluated, not recorded"))
    around(GitRepository, "write_commit", None, written)
    around(
        GitRepository,
        "sync",
        lambda *_: trap.reached("entries written, not synced"),
        lambda *_: trap.reached("objects synced, journal not moved"),
    )
    around(ReferenceTransaction, "lock_ref", None, claimed)
    around(refs, "_take_lock", None, locked)
    around(GitRepository, "move_ref", before_move, moved)
    around(Claims, "take", None, lambda *_: trap.reached("claim taken"))
    around(Claims, "release", lambda *_: releasing.append(1), lambda *_: releasing.clear())


def skip_syncing() -> None:
    """For ``power_loss.py``: write everything as usual, but let none of it reach the disk."""
    GitRepository.sync = lambda self: None  # type: ignore[method-assign]


if __name__ == "__main__":
    if os.environ["CHAOS_STEP"].startswith("not durable"):
        skip_syncing()
    else:
        lay(Trap(os.environ["CHAOS_STEP"]))
    sys.exit(main())
