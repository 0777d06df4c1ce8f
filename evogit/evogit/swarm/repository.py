"""The swarm repository: creating it beside the user's, opening it, where everything lies."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pygit2

from evogit.config.model import Settings
from evogit.errors import ConflictError, GitError, NotFoundError, PreconditionError
from evogit.git.program import SERVE, run_git
from evogit.git.repository import GitRepository, isolate_libgit2
from evogit.ids import BASE_REF, SPEC_REF, CommitId
from evogit.source import Source
from evogit.swarm.spec import PinnedFile, Spec, read_spec, write_spec
from evogit.text import clean_line

_CONFIG: Final = {
    "core.logAllRefUpdates": "false",
    "core.hooksPath": "/dev/null",
    "core.fsync": "all",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "core.useReplaceRefs": "false",
    "transfer.fsckObjects": "true",
    "receive.denyNonFastForwards": "true",
    "receive.hideRefs": "refs/replace",
    "fetch.writeCommitGraph": "false",
    "core.commitGraph": "true",
}


class Swarm:
    """An open swarm repository.

    Args:
        path: the bare repository ``swarm.git``.

    Raises:
        NotFoundError: there is none at ``path``, or it holds no spec.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise NotFoundError(f"there is no swarm at {path}", hint="run evogit init first")
        self.path = path
        self.git = GitRepository(path)
        base = self.git.ref(BASE_REF)
        if base is None or self.git.ref(SPEC_REF) is None:
            raise self._incomplete(BASE_REF if base is None else SPEC_REF)
        self.base = base

    def _incomplete(self, missing: str) -> NotFoundError:
        """What to do about a missing ref; a swarm that anybody worked in is never to be thrown away."""
        if any(ref not in {BASE_REF, SPEC_REF} for ref in self.git.refs_under("refs/")):
            return NotFoundError(
                f"{self.path} has lost {missing}; everything else is there",
                hint=f"put it back: git --git-dir={self.path} update-ref {missing} COMMIT "
                "(see for-each-ref refs/evogit/remotes, or the same ref in another clone)",
            )
        return NotFoundError(
            f"{self.path} is not a complete swarm repository",
            hint=f"if evogit init was interrupted, remove {self.path} and run it again",
        )

    @property
    def host(self) -> str:
        """This clone's name prefix; empty for the clone that ``init`` made."""
        return self.setting("evogit.host")

    @property
    def private(self) -> Path:
        """Folder of caches and locks that only this clone knows; disposable except identities."""
        folder = self.path / "evogit"
        folder.mkdir(exist_ok=True)
        return folder

    def spec(self) -> Spec:
        """The newest version of the spec."""
        return read_spec(self.git)

    def setting(self, name: str) -> str:
        """A value of this repository's own git configuration; empty if it is not set."""
        config = self.git.handle.config
        return clean_line(str(config[name]), 2000) if name in config else ""

    def configure(self, name: str, value: str) -> None:
        """Set a value of this repository's own git configuration."""
        self.git.handle.config[name] = value


def create_swarm(
    path: Path,
    source: Source,
    base: CommitId,
    settings: Settings,
    files: Mapping[str, PinnedFile],
    *,
    author: str,
) -> Swarm:
    """Make a swarm repository holding the history of ``base`` and the first spec.

    It is built beside its final place and renamed, so that a half-made one is never found. The
    source is read by ``git upload-pack``; nothing in it changes.

    Raises:
        ConflictError: there is a swarm already.
        GitError: git could not read the base's history, for instance in a partial clone offline.
        PreconditionError: no space or no permission below ``path``.
    """
    if path.exists():
        raise ConflictError(
            f"there is a swarm at {path} already",
            hint="use it, or begin again with evogit init --anew",
        )
    building = path.with_name(path.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    try:
        git = init_bare(building)
        _fetch_base(git, source, base)
        when = git.commit(base).time
        write_spec(
            git,
            settings,
            base=git.commit(base).tree,
            files=files,
            author=author,
            time=when,
            subject="first version",
        )
        git.handle.config["evogit.source"] = str(source.work_tree or source.common_dir)
        git.sync()
        building.rename(path)
    except OSError as error:
        raise PreconditionError(f"the swarm can not be made at {path}: {error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Swarm(path)


def init_bare(path: Path) -> GitRepository:
    """A new, empty bare repository with the configuration every swarm repository has."""
    isolate_libgit2()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = pygit2.init_repository(str(path), bare=True, initial_head="main")
    for name, value in _CONFIG.items():
        handle.config[name] = value
    shutil.rmtree(path / "hooks", ignore_errors=True)
    return GitRepository(path)


def _fetch_base(git: GitRepository, source: Source, base: CommitId) -> None:
    # The base may be no branch's tip; upload-pack serves any commit only if told to. Old histories
    # may hold objects today's fsck dislikes, and they are the user's own: not checked here.
    try:
        run_git(
            git.path,
            "-c",
            "fetch.fsckObjects=false",
            "-c",
            "transfer.fsckObjects=false",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--update-shallow",
            f"--upload-pack={SERVE}",
            str(source.common_dir),
            f"{base}:{BASE_REF}",
            timeout=3600,
        )
    except GitError as error:
        raise GitError(
            f"the history of {base[:12]} can not be read from {source.common_dir}: {error.message}",
            command=error.command,
            status=error.status,
            stderr=error.stderr,
            hint="in a partial clone, first fetch everything: git fetch --refetch --no-filter",
        ) from error
