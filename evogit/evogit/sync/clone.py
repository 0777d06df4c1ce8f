"""Joining a swarm from its remote: a clone of one's own, with a name of its own."""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from evogit.errors import EvoGitError, NotFoundError, PreconditionError
from evogit.git.program import run_git
from evogit.ids import BASE_REF, SPEC_REF, slug
from evogit.swarm.repository import Swarm, init_bare
from evogit.sync.exchange import sync
from evogit.sync.remote import ORIGIN, TIMEOUT, checked_url, set_sync_timeout

SWARM: Final = "swarm.git"


def clone_swarm(url: str, folder: Path, *, hostname: str, timeout: float | None = None) -> Swarm:
    """Make ``folder/swarm.git`` from a swarm's remote.

    Workers and agents of this clone get a prefix made of the host's name and four random digits,
    so that two clones never write the same journal, not even on one machine.

    Args:
        url: of the remote.
        folder: made if it is not there.
        hostname: of this machine.
        timeout: seconds one call of git may take, here and in later exchanges of this clone.

    Raises:
        PreconditionError: ``folder`` exists and is not empty.
        UserError: ``url`` can not be given to git, or ``timeout`` is no time at all.
        NotFoundError: the remote holds no swarm.
        ConfigError: its spec can not be read.
        GitError: the remote could not be reached.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PreconditionError(f"{folder} is not empty", hint="name another folder")
    usable = checked_url(url)
    made = not folder.exists()
    path = folder / SWARM
    try:
        git = init_bare(path)
        git.handle.config[f"remote.{ORIGIN}.url"] = usable
        git.handle.config["evogit.host"] = (
            f"{slug(hostname)[:16].rstrip('-')}-{secrets.token_hex(2)}"
        )
        _fetch_roots(path, url, timeout or TIMEOUT)
        swarm = Swarm(path)
        swarm.spec()
        if timeout is not None:
            set_sync_timeout(swarm, timeout)
        sync(swarm)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        if made:
            with suppress(OSError):
                folder.rmdir()
        raise
    return swarm


def _fetch_roots(path: Path, url: str, timeout: float) -> None:
    specs = (f"{BASE_REF}:{BASE_REF}", f"{SPEC_REF}:{SPEC_REF}")
    try:
        run_git(
            path,
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            ORIGIN,
            *specs,
            timeout=timeout,
            user_config=True,
        )
    except EvoGitError as error:
        if "couldn't find remote ref" in getattr(error, "stderr", ""):
            raise NotFoundError(
                f"{url} holds no swarm",
                hint="publish one first: evogit sync --remote URL, where it was made",
            ) from error
        raise
