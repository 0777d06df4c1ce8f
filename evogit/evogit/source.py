"""The user's own repository: looked at here, never written (only ``steering.promote`` writes)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import FileStatus

from evogit.errors import GitError, NotFoundError, PreconditionError
from evogit.git.program import run_git
from evogit.git.repository import isolate_libgit2
from evogit.git.trees import EXECUTABLE, FILE
from evogit.ids import CommitId, commit_id
from evogit.text import decode

_READ: Final = 200_000
_CLEAN: Final = (FileStatus.CURRENT, FileStatus.IGNORED)
SWARM_FOLDER: Final = Path("evogit") / "swarm.git"


@dataclass(frozen=True, slots=True)
class Source:
    """A user's repository.

    Args:
        git_dir: of the work tree at hand; differs from ``common_dir`` in a linked work tree.
        common_dir: shared by all linked work trees; the swarm lives below it.
        work_tree: its top folder, or ``None`` for a bare repository.
    """

    git_dir: Path
    common_dir: Path
    work_tree: Path | None

    @property
    def swarm(self) -> Path:
        """Where this repository's swarm lies."""
        return self.common_dir / SWARM_FOLDER

    def resolve(self, revision: str) -> CommitId:
        """The commit a revision such as ``HEAD`` or ``main~2`` names.

        Raises:
            NotFoundError: it names no commit, or the repository has none yet.
        """
        try:
            out = run_git(
                self.git_dir, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"
            )
        except GitError as error:
            raise NotFoundError(
                f"{revision!r} names no commit in {self.common_dir}",
                hint="make a first commit" if revision == "HEAD" else "look at git branch --all",
            ) from error
        return commit_id(out.decode().strip())

    def is_dirty(self) -> bool:
        """Whether the work tree has changes that no commit holds (untracked files do not count)."""
        if self.work_tree is None:
            return False
        # Asked of libgit2: git would run the clean filters that the repository's settings name.
        found = pygit2.Repository(str(self.work_tree)).status(untracked_files="no")
        dirty = {path for path, flags in found.items() if flags not in _CLEAN}
        return bool(dirty and dirty - self._not_wanted())

    def _not_wanted(self) -> set[str]:
        """Files that a sparse checkout leaves out, which libgit2 takes for deleted ones."""
        out = run_git(self.git_dir, "ls-files", "-z", "-t")
        return {os.fsdecode(line[2:]) for line in out.split(b"\0") if line.startswith(b"S ")}

    def tracked(self, commit: str = "HEAD") -> list[str]:
        """Paths of the files of a commit, for detection; at most 200,000."""
        out = run_git(self.git_dir, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        return [decode(path, 4096) for path in out.split(b"\0") if path][:200_000]

    def reader(self, commit: CommitId) -> Callable[[str], str]:
        """Reads the start of a regular file of a commit as text; empty if there is none here."""
        repository = pygit2.Repository(str(self.git_dir))
        tree = repository[commit].peel(pygit2.Tree)

        def read(path: str) -> str:
            try:
                entry: object = tree[path]
                regular = isinstance(entry, pygit2.Blob) and entry.filemode in (FILE, EXECUTABLE)
                data = entry.data if isinstance(entry, pygit2.Blob) and regular else b""
            except (KeyError, ValueError, pygit2.GitError):  # a partial clone may lack it
                return ""
            return data[:_READ].decode("utf-8", "replace")

        return read

    def checked_out(self, submodules: Iterable[str]) -> list[str]:
        """Those of ``submodules``, given by path, that have files in the work tree."""
        top = self.work_tree
        if top is None:
            return []
        return [p for p in submodules if (top / p).is_dir() and any((top / p).iterdir())]


def find_source(start: Path) -> Source:
    """The repository that holds ``start``.

    Raises:
        NotFoundError: ``start`` is in no git repository.
        PreconditionError: it uses SHA-256 object names, or belongs to somebody else.
    """
    isolate_libgit2()
    found = pygit2.discover_repository(str(start))
    if found is None:
        raise NotFoundError(
            f"{start} is in no git repository", hint="run git init and make a first commit"
        )
    git_dir = Path(found)
    common = _common_dir(git_dir)
    _check_format(git_dir, common)
    return Source(git_dir, common, _work_tree(start, git_dir))


def _common_dir(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"
    if not pointer.exists():
        return git_dir.resolve()
    return (git_dir / pointer.read_text("utf-8", "surrogateescape").strip()).resolve()


def _check_format(git_dir: Path, common: Path) -> None:
    config = common / "config"
    text = config.read_text("utf-8", "replace").lower() if config.exists() else ""
    if "objectformat" in text and "sha256" in text:
        raise PreconditionError(
            f"{common} uses SHA-256 object names, which libgit2 can not read",
            hint="work on a SHA-1 copy: git init --object-format=sha1, then import and commit the files; what you"
            " promote there comes back with git format-patch there and git am here, or as evogit diff base best",
        )
    try:
        pygit2.Repository(str(git_dir))
    except pygit2.GitError as error:
        raise PreconditionError(
            f"git repository {git_dir} can not be opened: {error}",
            hint="if it belongs to another user, work on a clone of your own",
        ) from error


def _work_tree(start: Path, git_dir: Path) -> Path | None:
    """Asked for where ``.git`` lies: of a git directory that lies apart libgit2 would take the parent."""
    here = start.absolute()
    place = next((at for at in (here, *here.parents) if (at / ".git").exists()), git_dir)
    found = pygit2.Repository(str(place))
    if Path(found.path).resolve() != git_dir.resolve():  # a bare one inside another's work tree
        found = pygit2.Repository(str(git_dir))
    return Path(found.workdir) if found.workdir else None
