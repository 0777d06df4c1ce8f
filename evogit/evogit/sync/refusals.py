"""What a human is told of refs that the remote refused: why, in whose words, and what helps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Final

from evogit.text import clean_line

_REMOTE: Final = "remote:"
"""How git marks what the remote's hooks print."""
_DECLINED: Final = "error: hook declined to update "
"""What git itself adds to that."""


def complaints(refused: Sequence[tuple[str, str]], said: str) -> list[str]:
    """A line for each reason why refs were refused; and what the remote's hooks said, if they did.

    Args:
        refused: (ref, git's reason).
        said: what git printed besides, the remote's words marked by ``remote:``.
    """
    by_reason: dict[str, list[str]] = {}
    for ref, reason in refused:
        by_reason.setdefault(reason, []).append(ref)
    lines = [
        clean_line(f"{_few(refs)}: {reason} by the remote", 400)
        for reason, refs in by_reason.items()
    ]
    words = [line.removeprefix(_REMOTE) for line in said.splitlines() if line.startswith(_REMOTE)]
    heard = clean_line(" ".join(word for word in words if _DECLINED not in word), 400)
    return [*lines, f"the remote says: {heard}"] if refused and heard else lines


def advice(refused: Sequence[tuple[str, str]], swarm: Path) -> list[str]:
    """What helps against refusals that are no decision of the remote's owner."""
    found: list[str] = []
    if any("shallow" in reason for _, reason in refused):
        found.append(
            "this swarm was made from a shallow clone; give both the whole history: git fetch --unshallow "
            f"in your repository, then git --git-dir={swarm} fetch --unshallow /path/to/it HEAD"
        )
    return found


def meddled(ref: str, put_back: str) -> str:
    """What to do about a journal of ours that goes on at the remote with what is not from here."""
    return (
        f"{ref} is ours, and the remote's goes on with an entry that was not written here: if another "
        "copy of this clone writes under the same names, make a clone of its own for each host with "
        f"evogit clone; if somebody else wrote it, {put_back}"
    )


def put_back(swarm: Path, remote: str, ref: str, there: str, ours: str) -> str:
    """The command that puts a ref of ours back, unless it was moved once more since."""
    lease = f"--force-with-lease={ref}:{there}"
    return f"put ours back: git --git-dir={quote(str(swarm))} push {lease} {remote} {ours}:{ref}"


def _few(refs: Sequence[str]) -> str:
    more = f" and {len(refs) - 3} more" if len(refs) > 3 else ""
    return ", ".join(refs[:3]) + more
