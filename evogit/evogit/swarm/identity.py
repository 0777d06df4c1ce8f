"""Who is who: names held by a file lock for as long as a process lives.

A worker takes the lowest free name (``w1``, ``w2``, ...). The kernel lets go of the lock when the
process dies, however it dies, so the next worker gets the name, and with it the journal, the
agents, the claims and the stale ref locks of the dead one.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from evogit.errors import PreconditionError
from evogit.git.refs import remove_stale_locks
from evogit.git.repository import GitRepository
from evogit.ids import HEADS, JOURNALS, checked_name, slug
from evogit.swarm.recovery import recover

_MAX_WORKERS: Final = 10_000
_MAX_NAME: Final = 40
_SHORTEST: Final = 17
"""So much of a person's name at least is in that of a journal."""
_WORKER: Final = re.compile(r"(?:.*-)?w[0-9]+")
_AGENT: Final = re.compile(r"((?:.*-)?)([a-z]{1,3})([1-9][0-9]{0,8})")
JUDGE_SUFFIX: Final = "-judge"
"""What the name ends in under which an agent, or a worker, pays for what its judge asks."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A name this process holds. Keep it alive; ``release`` or the process's end lets go."""

    name: str
    number: int
    host: str
    _descriptor: int

    def agent(self, k: int) -> str:
        """The name of this worker's ``k``-th agent (from 0): a1, a2 for w1; b1 for w2; ..."""
        plain = f"{_letters(self.number)}{k + 1}"
        return f"{self.host}-{plain}" if self.host else plain

    def owns_agent(self, agent: str) -> bool:
        """Whether an agent's name belongs to this worker."""
        plain = agent.removeprefix(f"{self.host}-") if self.host else agent
        letters = _letters(self.number)
        return plain.startswith(letters) and plain[len(letters) :].isdecimal()

    def release(self) -> None:
        """Give the name back."""
        os.close(self._descriptor)


def _letters(number: int) -> str:
    text = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("a") + rest) + text
    return text


def take_worker(git: GitRepository, host: str) -> Identity:
    """Take the lowest free worker name of this clone, and heal what its dead owner left locked.

    Args:
        git: the swarm repository.
        host: this clone's prefix, empty for the clone that ``init`` made.

    Raises:
        PreconditionError: 10,000 workers are alive.
    """
    recover(git)
    folder = identities(git)
    for number in range(1, _MAX_WORKERS):
        name = f"{host}-w{number}" if host else f"w{number}"
        descriptor = _try_lock(folder / name)
        if descriptor is not None:
            identity = Identity(name, number, host, descriptor)
            _heal(git, identity)
            return identity
    raise PreconditionError(f"no free worker name in {folder}", hint="stop some workers")


def worker_of(agent: str) -> str:
    """The name of the worker that hosts an agent; empty if no worker's agent is called so."""
    return seat_of(agent)[0]


def seat_of(agent: str) -> tuple[str, int]:
    """The worker that hosts an agent, and which of its agents it is, from 1; no worker's: 0."""
    found = _AGENT.fullmatch(agent)
    if found is None:
        return "", 0
    number = 0
    for letter in found[2]:
        number = number * 26 + ord(letter) - ord("a") + 1
    return f"{found[1]}w{number}", int(found[3])


@lru_cache(maxsize=4096)
def speaks_for(writer: str, agent: str) -> bool:
    """Whether records of ``writer`` count for ``agent``: nobody but its worker speaks for an agent.

    A name that is no worker's agent, such as a person's, may be used by every writer.
    """
    payer = agent.removesuffix(JUDGE_SUFFIX)
    return payer == writer or worker_of(payer) in {"", writer}


def decides_as(writer: str, by: str) -> bool:
    """Whether a journal can be that of the person ``by``: called so, with a clone's name behind it."""
    cut = by[:_SHORTEST]  # a long name is cut, so that the clone's fits in
    return writer == by or writer.startswith(f"{by}-" if cut == by else cut)


@contextmanager
def take_person(git: GitRepository, user: str, host: str) -> Generator[str]:
    """Hold a person's journal name while one decision is written; waits for other processes.

    Args:
        git: the swarm repository.
        user: login name; made into a valid name.
        host: what tells this clone apart from others of the same person.
    """
    recover(git)
    name = _person(identities(git), user, host)
    descriptor = os.open(identities(git) / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        remove_stale_locks(git.path, [JOURNALS + name])
        yield name
    finally:
        os.close(descriptor)


def _person(folder: Path, user: str, host: str) -> str:
    """A person's journal name. It ends in the whole of ``host``: its digits tell clones apart."""
    before = slug(f"{user}-{host}" if host else user, "human")
    if _WORKER.fullmatch(before):  # a login such as "w1" is not that worker
        before = f"{before[:34]}-human"
    if not host or before.endswith(f"-{host}") or (folder / before).exists():
        return before
    return f"{slug(user, 'human')[: _MAX_NAME - 1 - len(host)].rstrip('-')}-{host}"


def is_alive(git: GitRepository, name: str) -> bool:
    """Whether a process of this machine holds ``name`` now."""
    path = identities(git) / checked_name(name)
    return path.exists() and _is_held(path)


def holders(swarm: Path) -> list[str]:
    """Names that processes of this machine hold in a swarm repository now; it need not be whole."""
    folder = swarm / "evogit" / "identities"
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path.name for path in found if path.is_file() and _is_held(path)]


def identities(git: GitRepository) -> Path:
    """The folder of identity files, made if it is missing."""
    folder = git.path / "evogit" / "identities"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _try_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _locked(descriptor, fcntl.LOCK_EX):
            # Somebody may only be asking whether the owner lives; a name must not be skipped
            # for that, or its journal and agents would wait for nobody.
            if _is_held(path):
                os.close(descriptor)
                return None
            time.sleep(0.0002)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_held(path: Path) -> bool:
    """Askers share the lock among themselves, so that none takes another for the owner."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not _locked(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _heal(git: GitRepository, identity: Identity) -> None:
    """Remove the locks a dead predecessor left on refs that are now ours."""
    stale = [JOURNALS + identity.name]
    heads = git.path / "refs" / "heads"
    for lock in heads.glob("*.lock"):
        agent = lock.name.removesuffix(".lock")
        if identity.owns_agent(agent):
            stale.append(HEADS + agent)
    remove_stale_locks(git.path, stale)
