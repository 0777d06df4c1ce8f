"""Publishing what is ours and fetching what is everyone else's, through any git URL.

Ours are the journals and agents of this clone's identities. Journals only ever move forward, on
both sides: one that was rewritten at the other end is refused and reported. Branches of agents
move freely, so they are pushed with a lease on what we saw last. What others published lands in
``refs/evogit/remotes/<remote>/``; nothing is pruned, so nobody can make us forget by deleting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.errors import ConflictError, GitError, PreconditionError, UserError
from evogit.git.program import run_git
from evogit.ids import BASE_REF, HEADS, JOURNALS, REMOTES, SPEC_REF, CommitId, is_name
from evogit.swarm.identity import identities
from evogit.swarm.repository import Swarm
from evogit.text import clean_line

ORIGIN: Final = "origin"
_MINE: Final = REMOTES + ORIGIN
_TIMEOUT: Final = 300.0
_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Synced:
    """What one exchange did. ``problems`` are refs that one side refused, in words."""

    pushed: int
    fetched: int
    problems: tuple[str, ...]


def remote_url(swarm: Swarm) -> str:
    """The URL of the swarm's remote; empty if it has none."""
    return swarm.setting(f"remote.{ORIGIN}.url")


def set_remote(swarm: Swarm, url: str) -> None:
    """Remember the URL of the swarm's remote.

    Raises:
        UserError: it is empty, starts with ``-``, or names a helper program (``ext::``).
    """
    if not url or url.startswith("-") or "::" in url or clean_line(url, 2000) != url:
        raise UserError(f"{clean_line(url, 80)!r} is not a usable git URL")
    local = Path(url).expanduser()
    swarm.configure(f"remote.{ORIGIN}.url", str(local.resolve()) if local.exists() else url)


def sync(swarm: Swarm) -> Synced:
    """Fetch, then push. Safe beside running workers and other clones; repeatable at any time.

    Raises:
        PreconditionError: there is no remote, or the remote holds another swarm.
        GitError: the remote could not be reached.
    """
    if not remote_url(swarm):
        raise PreconditionError("this swarm has no remote", hint="evogit sync --remote URL")
    fetched, refused = _fetch(swarm)
    _follow_spec(swarm)
    pushed, rejected = _push(swarm)
    return Synced(pushed, fetched, (*refused, *rejected))


def _fetch(swarm: Swarm) -> tuple[int, list[str]]:
    before = swarm.git.refs_under(_MINE + "/")
    specs = (
        f"refs/evogit/journal/*:{_MINE}/journal/*",
        f"+refs/heads/*:{_MINE}/heads/*",
        f"{SPEC_REF}*:{_MINE}/spec*",
    )
    problems: list[str] = []
    try:
        _git_fetch(swarm, specs)
    except GitError as error:
        problems = _rejections(error.stderr)
        if not problems:
            raise
    after = swarm.git.refs_under(_MINE + "/")
    _check_same_swarm(swarm, after)
    return sum(before.get(name) != tip for name, tip in after.items()), problems


def _git_fetch(swarm: Swarm, specs: Sequence[str]) -> None:
    run_git(
        swarm.path,
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--no-recurse-submodules",
        ORIGIN,
        *specs,
        timeout=_TIMEOUT,
        user_config=True,
    )


def _rejections(stderr: str) -> list[str]:
    """The refs git refused to move backwards; other failures name none."""
    found: list[str] = []
    for line in stderr.splitlines():
        if line.startswith(" ! [rejected]") and "->" in line:
            name = clean_line(line.split("]", 1)[1].split("->")[0], 120)
            found.append(f"{name} was rewritten at the remote; it is not followed")
    return found


def _check_same_swarm(swarm: Swarm, fetched: dict[str, CommitId]) -> None:
    base = fetched.get(f"{_MINE}/heads/main")
    if base is not None and base != swarm.base:
        raise PreconditionError(
            f"the remote evolves from another base ({base[:12]}, here {swarm.base[:12]})",
            hint="each swarm needs a remote of its own",
        )


def _follow_spec(swarm: Swarm) -> None:
    """Take a newer version of the spec; a forked one is left to a human (``evogit doctor``)."""
    theirs, ours = swarm.git.ref(f"{_MINE}/spec"), swarm.git.ref(SPEC_REF)
    if theirs is None or ours is None or theirs == ours:
        return
    if swarm.git.handle.descendant_of(theirs, ours):
        try:
            swarm.git.move_ref(SPEC_REF, old=ours, new=theirs)
        except ConflictError:
            return


def _push(swarm: Swarm) -> tuple[int, list[str]]:
    seen = swarm.git.refs_under(_MINE + "/")
    updates: list[tuple[str, str]] = []
    for ref, tip in _own_refs(swarm).items():
        there = seen.get(_tracking(ref))
        if there != tip:
            lease = f"--force-with-lease={ref}:{there or ''}" if _is_agent(ref) else ""
            updates.append((f"{'+' if lease else ''}{tip}:{ref}", lease))
    pushed, problems = 0, list[str]()
    for start in range(0, len(updates), _BATCH):
        done, refused = _git_push(swarm, updates[start : start + _BATCH])
        pushed, problems = pushed + done, problems + refused
    return pushed, problems


def _own_refs(swarm: Swarm) -> dict[str, CommitId]:
    """The refs this clone publishes: base, spec, its identities' journals, its agents."""
    found = {ref: tip for ref in (BASE_REF, SPEC_REF) if (tip := swarm.git.ref(ref)) is not None}
    mine = {path.name for path in identities(swarm.git).iterdir()}
    journals = swarm.git.refs_under(JOURNALS).items()
    found |= {ref: tip for ref, tip in journals if ref.removeprefix(JOURNALS) in mine}
    agents = swarm.git.refs_under(HEADS).items()
    return found | {ref: tip for ref, tip in agents if is_name(ref.removeprefix(HEADS))}


def _is_agent(ref: str) -> bool:
    return ref.startswith(HEADS) and ref != BASE_REF


def _tracking(ref: str) -> str:
    return f"{_MINE}/" + ref.removeprefix("refs/evogit/").removeprefix("refs/")


def _git_push(swarm: Swarm, updates: Sequence[tuple[str, str]]) -> tuple[int, list[str]]:
    leases = [lease for _, lease in updates if lease]
    command = ("push", "--porcelain", "--no-verify", "--no-follow-tags", *leases, ORIGIN)
    try:
        out = run_git(
            swarm.path, *command, *(s for s, _ in updates), timeout=_TIMEOUT, user_config=True
        )
    except GitError as error:
        if error.stdout == b"":
            raise
        out = error.stdout
    rows = [
        line.split("\t") for line in out.decode("utf-8", "replace").splitlines() if "\t" in line
    ]
    refused = [row for row in rows if row[0].startswith("!")]
    problems = [
        clean_line(f"{row[1].split(':')[-1]}: {row[2]}", 200) for row in refused if len(row) > 2
    ]
    return len(rows) - len(refused), problems
