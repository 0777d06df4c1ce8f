"""Publishing what is ours and fetching what is everyone else's, through any git URL.

Ours are the journals and agents of this clone's identities: they are pushed and never fetched.
Journals only ever move forward, on both sides; one that was rewritten at the other end is refused
and reported, one that was deleted or set back there is published again. Branches of agents move
freely, but one that holds there what somebody else made is kept and not overwritten. A newer spec is
adopted once it was read without an error, one that was written at the same time as ours is joined
with it (``specs``). What others published lands in ``refs/evogit/remotes/<remote>/``; nothing is pruned, so
nobody can make us forget by deleting. What is to be done is decided by the remote's own list of
refs; one ref that git refuses, whatever it holds, does not keep the others from being exchanged.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evogit.errors import GitError, PreconditionError
from evogit.git.program import run_git
from evogit.ids import (
    BASE_REF,
    HEADS,
    JOURNALS,
    REMOTES,
    SPEC_REF,
    CommitId,
    is_name,
    is_object_id,
)
from evogit.swarm.identity import identities
from evogit.swarm.repository import Swarm
from evogit.sync.refusals import advice, complaints, meddled, put_back
from evogit.sync.remote import ORIGIN, checked_url, remote_url, set_remote, sync_timeout
from evogit.sync.specs import follow_spec
from evogit.sync.turn import turn
from evogit.text import clean_line

_MINE: Final = REMOTES + ORIGIN
_BATCH: Final = 200
_REFUSED: Final = 1
"""Exit status of git fetch and push when single refs were refused; 128 means nothing was done."""

_Refs = Mapping[str, CommitId]


@dataclass(frozen=True, slots=True)
class Synced:
    """What one exchange did. ``problems`` are refs that one side refused, in words.

    ``refused`` counts those of ours that were not published: the remote refused them, or holds
    what somebody else made there. ``news`` is what else a human should hear of, once.
    """

    pushed: int
    fetched: int
    problems: tuple[str, ...]
    refused: int = 0
    news: tuple[str, ...] = ()


def sync(swarm: Swarm, *, url: str = "", timeout: float | None = None) -> Synced:
    """Fetch, then push. Safe beside running workers and other clones; repeatable at any time.

    Args:
        swarm: what to exchange with its remote.
        url: of another remote, which is the swarm's from now on unless it refuses all it is given.
        timeout: seconds after which one call of git is given up, instead of ``sync_timeout``.

    Raises:
        UserError: see ``checked_url``.
        PreconditionError: there is no remote, or the remote holds another swarm, or branches and no
            swarm; or another exchange of this clone does not end.
        GitError: the remote could not be reached.
    """
    if not url and not remote_url(swarm):
        raise PreconditionError("this swarm has no remote", hint="evogit sync --remote URL")
    where = checked_url(url) if url else ORIGIN
    seconds = sync_timeout(swarm) if timeout is None else timeout
    with turn(swarm, _MINE, sync_timeout(swarm)) as descriptor:
        done = _Exchange(swarm, descriptor, where, seconds).run()
        if url and (done.pushed or done.fetched or not done.refused):
            set_remote(swarm, where)
    return done


class _Exchange:
    def __init__(self, swarm: Swarm, turn: int, where: str, timeout: float) -> None:
        self._swarm = swarm
        self._git = swarm.git
        self._turn = turn
        self._where = where
        self._timeout = timeout
        self._problems: list[str] = []
        self._news: list[str] = []
        self._unpublished = 0

    def run(self) -> Synced:
        there = self._list()
        own = self._own_refs()
        self._check_remote(there, own)
        fetched = self._fetch({r: tip for r, tip in there.items() if self._is_wanted(r, tip, own)})
        follows = self._follow_spec(there.get(SPEC_REF))
        pushed = self._push(self._own_refs() if follows else own, there, spec=follows)
        return Synced(pushed, fetched, tuple(self._problems), self._unpublished, tuple(self._news))

    def _run(self, *arguments: str, stdin: str = "") -> bytes:
        os.ftruncate(self._turn, 0)
        os.pwrite(self._turn, stdin.encode(), 0)
        os.lseek(self._turn, 0, os.SEEK_SET)
        try:
            return run_git(
                self._swarm.path,
                *arguments,
                stdin=self._turn,
                timeout=self._timeout,
                user_config=True,
            )
        except GitError as error:
            if error.status is None and not error.hint:
                error.hint = "give it longer, and later exchanges too: evogit sync --timeout 1h"
            raise

    # ------------------------------------------------------------------ what is there

    def _list(self) -> dict[str, CommitId]:
        patterns = (HEADS + "*", JOURNALS + "*", SPEC_REF)
        out = self._run("ls-remote", "--quiet", "--refs", self._where, *patterns)
        rows = [line.split("\t") for line in out.decode("utf-8", "replace").splitlines()]
        return {
            row[1]: CommitId(row[0])
            for row in rows
            if len(row) == 2 and is_object_id(row[0]) and _is_ours_to_know(row[1])
        }

    def _check_remote(self, there: _Refs, own: _Refs) -> None:
        """Refuse a remote that is another swarm's, or no swarm's but somebody's project; tell a moved base.

        A first exchange that was cut off may have left branches there that are just like ours.
        """
        strange = any(own.get(ref) != tip for ref, tip in there.items())
        if strange and all(ref.startswith(HEADS) for ref in there):
            raise PreconditionError(
                "this remote holds branches and no swarm; each swarm needs a remote of its own",
                hint="make an empty repository and name it: evogit sync --remote URL",
            )
        base = there.get(BASE_REF, self._swarm.base)
        if base == self._swarm.base:
            return
        if not self._is_this_swarm(there):
            raise PreconditionError(
                f"the remote evolves from another base ({base[:12]}, here {self._swarm.base[:12]})",
                hint="each swarm needs a remote of its own",
            )
        self._unpublished += 1
        self._problems.append(
            f"{BASE_REF} was moved at the remote to {base[:12]}, which is not this swarm's base and is "
            f"not followed; {self._put_back(BASE_REF, base, self._swarm.base)}"
        )

    def _is_this_swarm(self, there: _Refs) -> bool:
        """Whether a version of the spec or a journal there is one that is known here."""
        told = [tip for ref, tip in there.items() if ref == SPEC_REF or ref.startswith(JOURNALS)]
        return any(self._git.has(tip) for tip in told)

    def _is_wanted(self, ref: str, tip: CommitId, own: _Refs) -> bool:
        """Whether a ref is to be fetched: all but ours, and ours if it holds what we never had."""
        return ref == SPEC_REF or ref not in own or (_is_agent(ref) and not self._git.has(tip))

    def _own_refs(self) -> dict[str, CommitId]:
        """The refs this clone publishes: base, spec, its identities' journals, its agents."""
        git = self._git
        found = {ref: tip for ref in (BASE_REF, SPEC_REF) if (tip := git.ref(ref)) is not None}
        mine = {path.name for path in identities(git).iterdir()}
        journals = git.refs_under(JOURNALS).items()
        found |= {ref: tip for ref, tip in journals if ref.removeprefix(JOURNALS) in mine}
        agents = git.refs_under(HEADS).items()
        return found | {ref: tip for ref, tip in agents if is_name(ref.removeprefix(HEADS))}

    # ------------------------------------------------------------------ fetching

    def _fetch(self, there: _Refs) -> int:
        """Take what others published and we have not; returns how many refs moved here."""
        before = self._git.refs_under(_MINE + "/")
        wanted = {ref: tip for ref, tip in there.items() if before.get(_tracking(ref)) != tip}
        self._fetch_some(sorted(wanted))
        after = self._git.refs_under(_MINE + "/")
        for ref in wanted:
            if after.get(_tracking(ref)) == before.get(_tracking(ref)):
                self._refused(ref, known=_tracking(ref) in before)
        return sum(before.get(name) != tip for name, tip in after.items())

    def _refused(self, ref: str, *, known: bool) -> None:
        short = clean_line(ref, 120)
        if known and not _moves_freely(ref):
            self._problems.append(f"{short} was rewritten at the remote; it is not followed")
        else:
            self._problems.append(f"{short} at the remote holds what git refuses; it is not read")

    def _fetch_some(self, wanted: Sequence[str]) -> None:
        """Fetch; what makes git give up as a whole is narrowed down to the refs at fault."""
        if not wanted:
            return
        specs = [f"{'+' if _moves_freely(ref) else ''}{ref}:{_tracking(ref)}" for ref in wanted]
        try:
            self._run(
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-auto-maintenance",
                "--no-recurse-submodules",
                "--stdin",
                self._where,
                stdin="".join(f"{spec}\n" for spec in specs),
            )
        except GitError as error:
            if error.status in (None, _REFUSED):
                if error.status is None:
                    raise
                return
            if len(wanted) > 1:
                half = len(wanted) // 2
                self._fetch_some(wanted[:half])
                self._fetch_some(wanted[half:])

    def _follow_spec(self, theirs: CommitId | None) -> bool:
        """Take over what the remote's spec says; whether ours may be published."""
        followed = follow_spec(self._git, theirs)
        if followed.problem:
            self._unpublished += 1
            self._problems.append(
                f"{followed.problem} (ours is published once {SPEC_REF} is deleted there)"
            )
        self._news += [followed.news] if followed.news else []
        return followed.publish

    # ------------------------------------------------------------------ pushing

    def _push(self, own: _Refs, there: _Refs, *, spec: bool) -> int:
        updates: list[tuple[str, str]] = []
        for ref, tip in own.items():
            if there.get(ref) == tip or (ref == SPEC_REF and not spec):
                continue
            if ref == BASE_REF and ref in there:  # moved there, as was told: never pushed over
                continue
            if _is_agent(ref) and ref in there and self._is_foreign(ref, there[ref], tip):
                self._keep(ref, there[ref], tip)
                continue
            lease = f"--force-with-lease={ref}:{there.get(ref, '')}" if _is_agent(ref) else ""
            updates.append((f"{'+' if lease else ''}{tip}:{ref}", lease))
        return sum(
            self._push_some(updates[start : start + _BATCH], own, there)
            for start in range(0, len(updates), _BATCH)
        )

    def _is_foreign(self, ref: str, there: CommitId, ours: CommitId) -> bool:
        """Whether a branch of ours holds at the remote what is not from here, nor in ours.

        What is from here is stored here and never fetched; the lease then says that the branch is
        still as we looked at it.
        """
        if self._git.has(there) and self._git.ref(_tracking(ref)) != there:
            return False
        return not self._git.descends(ours, there)

    def _keep(self, ref: str, there: CommitId, ours: CommitId) -> None:
        self._unpublished += 1
        self._problems.append(
            f"{ref} was moved at the remote by somebody else and is not overwritten; to publish "
            f"ours, rename theirs there (read here as {_tracking(ref)}), or if nothing of it is worth "
            f"keeping {self._put_back(ref, there, ours)}"
        )

    def _put_back(self, ref: str, there: CommitId, ours: CommitId) -> str:
        return put_back(self._swarm.path, self._where, ref, there, ours)

    def _push_some(self, updates: Sequence[tuple[str, str]], own: _Refs, there: _Refs) -> int:
        leases = [lease for _, lease in updates if lease]
        command = ("push", "--porcelain", "--no-verify", "--no-follow-tags", *leases, self._where)
        said = ""
        try:
            out = self._run(*command, *(spec for spec, _ in updates))
        except GitError as error:
            if error.stdout == b"":
                raise
            out, said = error.stdout, error.stderr
        lines = out.decode("utf-8", "replace").splitlines()
        rows = [line.split("\t") for line in lines if line.count("\t") >= 2]
        refused = [row for row in rows if row[0].startswith("!")]
        self._unpublished += len(refused)
        why = [(row[1].split(":")[-1], row[2]) for row in refused]
        self._problems += complaints(why, said)
        self._problems += advice(why, self._swarm.path)
        self._problems += [
            meddled(ref, self._put_back(ref, there[ref], own[ref]))
            for ref, reason in why
            if ref.startswith(JOURNALS) and "fetch first" in reason and ref in there
        ]
        return len(rows) - len(refused)


def _is_ours_to_know(ref: str) -> bool:
    """Journals have names of one kind; people may push branches of any name that git allows."""
    if ref.startswith(JOURNALS):
        return is_name(ref.removeprefix(JOURNALS))
    return ref == SPEC_REF or (ref.startswith(HEADS) and clean_line(ref, 300) == ref)


def _is_agent(ref: str) -> bool:
    return ref.startswith(HEADS) and ref != BASE_REF


def _moves_freely(ref: str) -> bool:
    """Whether our copy follows wherever the ref goes. The spec's copy is what is adopted or not."""
    return _is_agent(ref) or ref == SPEC_REF


def _tracking(ref: str) -> str:
    return f"{_MINE}/" + ref.removeprefix("refs/evogit/").removeprefix("refs/")
