"""The user's repository as the target of a promotion: the only code here that writes to it.

What it writes is objects that no ref names, and then one branch by compare-and-swap. It never touches
configuration, index, work trees, hooks or other refs. A branch gets its own reflog line, as from git.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evogit.errors import ConflictError, GitError, NotFoundError, PreconditionError
from evogit.git.program import SERVE, run_git
from evogit.git.repository import GitRepository
from evogit.ids import HEADS, CommitId, commit_id
from evogit.source import Source, find_source
from evogit.steering import person
from evogit.swarm.repository import Swarm
from evogit.text import clean_line

_ZERO: Final = "0" * 40
_MAX_HEAD: Final = 4096
_IN_PROGRESS: Final = ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START")
_UPDATED: Final = "rebase-merge/update-refs"
"""Of ``git rebase --update-refs``: a ref, where it was and where it will be, a line each."""
_MAX_UPDATED: Final = 2**20


def source_of(swarm: Swarm) -> Source:
    """The user's repository that a swarm belongs to.

    Raises:
        PreconditionError: it is not on this machine.
    """
    places = [swarm.path.parent.parent, Path(swarm.setting("evogit.source") or "/nonexistent")]
    for place in places:
        try:
            found = find_source(place)
        except NotFoundError:
            continue
        if found.swarm.resolve() == swarm.path.resolve() or place == places[1]:
            return found
    raise PreconditionError(
        f"the repository that {swarm.path} was made from is not here",
        hint="run evogit sync here and where evogit init was run; promote and undo promotions there",
    )


def read_branch(source: Source, ref: str) -> CommitId | None:
    """Where a branch of the user's repository is, or ``None``.

    Raises:
        PreconditionError: it is a symbolic ref: moving it would move another branch.
    """
    out = run_git(
        source.common_dir, "for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", ref
    )
    for line in out.decode("utf-8", "surrogateescape").split("\n"):
        name, _, rest = line.partition("\0")
        if name == ref:
            found, _, symbolic = rest.partition("\0")
            if symbolic:
                raise PreconditionError(f"{ref} is a symbolic ref", hint="name the branch it means")
            return commit_id(found)
    return None


def blocking(source: Source, ref: str) -> str | None:
    """A branch whose name leaves no room for ``ref``, as ``a`` does for ``a/b`` and the reverse."""
    parts = ref.removeprefix(HEADS).split("/")
    above = {HEADS + "/".join(parts[:n]) for n in range(1, len(parts))}
    for line in run_git(source.common_dir, "for-each-ref", "--format=%(refname)", HEADS).split():
        name = line.decode("utf-8", "surrogateescape")
        if name in above or name.startswith(ref + "/"):
            return name
    return None


def in_use(source: Source, ref: str) -> str:
    """By which work tree branch ``ref`` is in use, in words; empty if by none.

    The files are read directly: an unborn branch counts too, and no work tree's files are looked at.
    """
    for folder, work_tree in _work_trees(source):
        if ref == _line(folder / "HEAD").removeprefix("ref:").strip():
            return f"is checked out in {work_tree}"
        busy = {_line(folder / name).strip() for name in _IN_PROGRESS}
        busy |= set(_line(folder / _UPDATED, _MAX_UPDATED).split("\n")[::3])
        if busy & {ref, ref.removeprefix(HEADS)}:
            return f"is held by an unfinished rebase or bisection in {work_tree}"
    return ""


def _work_trees(source: Source) -> Iterator[tuple[Path, Path]]:
    main = find_source(source.common_dir).work_tree
    if main is not None:
        yield source.common_dir, main
    linked = source.common_dir / "worktrees"
    for folder in sorted(linked.iterdir()) if linked.is_dir() else ():
        pointer = _line(folder / "gitdir").rstrip("\n")
        yield folder, Path(pointer).parent if pointer else folder


def _line(path: Path, limit: int = _MAX_HEAD) -> str:
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def refuse_checked_out(source: Source, ref: str, hint: str) -> None:
    """Refuse a branch that is in use: moving it would make its work tree look changed.

    Raises:
        PreconditionError: it is checked out, or git is about to move it; ``hint`` says what to
            type instead.
    """
    use = in_use(source, ref)
    if use:
        raise PreconditionError(f"branch {ref.removeprefix(HEADS)} {use}", hint=hint)


def bring_in(swarm: Swarm, source: Source, commit: CommitId) -> None:
    """Copy a commit of the user's repository and its history into the swarm's; no ref moves."""
    run_git(
        swarm.path,
        *("-c", "fetch.fsckObjects=false", "-c", "transfer.fsckObjects=false"),
        *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--update-shallow"),
        f"--upload-pack={SERVE}",
        str(source.common_dir),
        commit,
        timeout=3600,
    )


def hand_over(swarm: Swarm, source: Source, commit: CommitId, known: tuple[CommitId, ...]) -> None:
    """Copy a commit of the swarm into the user's repository as loose objects that no ref names.

    Args:
        swarm: where it is.
        source: where it goes.
        commit: what to copy, with all it needs.
        known: commits the user's repository has.

    Raises:
        GitError: an object is missing or broken; nothing names what was copied so far.
    """
    wanted = "".join([f"{commit}\n", *(f"^{old}\n" for old in known)])
    pack = run_git(
        swarm.path, "pack-objects", "--revs", "--stdout", "-q", stdin=wanted.encode(), timeout=3600
    )
    run_git(source.common_dir, "unpack-objects", "-q", "--strict", stdin=pack, timeout=3600)


def check_movable(source: Source, ref: str, new: CommitId | None) -> None:
    """Refuse a move of a branch that can not be made.

    Raises:
        PreconditionError: it is checked out, or ``new`` is not in the repository any more.
    """
    refuse_checked_out(source, ref, "git switch to another branch there, then repeat")
    # Asked of libgit2, because git would fetch what a partial clone lacks.
    if new is not None and not GitRepository(source.common_dir).has(new):
        raise PreconditionError(
            f"{source.common_dir} does not hold {new[:12]} any more", hint="promote it again"
        )


def move_branch(
    source: Source, ref: str, old: CommitId | None, new: CommitId | None, reason: str
) -> None:
    """Move, make (``old`` is ``None``) or delete (``new`` is ``None``) a branch.

    Raises:
        ConflictError: it is not at ``old``; it was not moved.
        PreconditionError: it is checked out, or ``new`` is not in the repository any more.
    """
    check_movable(source, ref, new)
    name = ref.removeprefix(HEADS)
    if new is None:
        command = ("update-ref", "--no-deref", "-d", ref, old or _ZERO)
    else:
        command = ("update-ref", "--no-deref", "-m", clean_line(reason), ref, new, old or _ZERO)
    try:
        run_git(source.common_dir, *command, variables=_signature(source))
    except GitError as error:
        now = read_branch(source, ref)
        if now == old:
            raise
        raise ConflictError(
            f"branch {name} is at {now or 'nothing'}, not at {old or 'nothing'}",
            hint="somebody else moved it; look again and repeat",
        ) from error


def _signature(source: Source) -> dict[str, str]:
    """For the branch's own reflog; git would guess one from the machine otherwise."""
    try:
        who = person.committer(source)
    except PreconditionError:
        return {}
    return {"GIT_COMMITTER_NAME": who.name, "GIT_COMMITTER_EMAIL": who.email}
