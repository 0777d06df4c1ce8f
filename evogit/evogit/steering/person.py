"""Who a promoted commit is by, and whether it is signed: what git itself would make of it.

Names, addresses, the wish for a signature and the key come from wherever git takes them, the user's
environment and the repository's own configuration included. A program does not: a repository that
was unpacked from an archive brings its configuration along, and promoting must not be what starts a
program of it. One that the user's own configuration names is started, as git would.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evogit.errors import GitError, PreconditionError
from evogit.git.program import run_git
from evogit.ids import CommitId, TreeId, commit_id
from evogit.source import Source
from evogit.steering.users_git import setting, settings
from evogit.swarm.repository import Swarm
from evogit.text import clean_line, decode

_IDENT: Final = re.compile(r"(.*) <(.*)> \d+ [-+]\d+")
_PROGRAMS: Final = r"^gpg\.(.+\.)?(program|defaultkeycommand)$"
_OF_REPOSITORY: Final = ("local", "worktree")


@dataclass(frozen=True, slots=True)
class Person:
    """Who a commit in the user's repository is by."""

    name: str
    email: str

    def __str__(self) -> str:
        """As git shows it."""
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True)
class Hand:
    """By whose hand a commit is made. ``signature`` is git's name of its format; empty: it has none."""

    author: Person
    committer: Person
    signature: str

    def variables(self, time: int) -> dict[str, str]:
        """For git, to write as this hand at ``time``."""
        found = {"GIT_AUTHOR_DATE": f"{time} +0000", "GIT_COMMITTER_DATE": f"{time} +0000"}
        for role, person in (("AUTHOR", self.author), ("COMMITTER", self.committer)):
            found |= {f"GIT_{role}_NAME": person.name, f"GIT_{role}_EMAIL": person.email}
        return found


def hand_of(source: Source, *, sign: bool = True) -> Hand:
    """The human's, as git would have it for a commit in this repository now.

    Args:
        source: the user's repository.
        sign: whether to sign if ``commit.gpgsign`` asks for it.

    Raises:
        PreconditionError: git does not know who that is, or the repository itself names the program
            that would sign.
    """
    signs = sign and setting(source, "commit.gpgsign", "--type=bool") == "true"
    if signs:
        _refuse_foreign_program(source)
    signature = (setting(source, "gpg.format") or "openpgp") if signs else ""
    return Hand(_ident(source, "AUTHOR"), committer(source), signature)


def write_commit(
    swarm: Swarm,
    source: Source,
    hand: Hand,
    tree: TreeId,
    parents: Sequence[CommitId],
    message: str,
    time: int,
) -> CommitId:
    """Write a commit of the user's into the swarm's repository; no ref names it.

    git does so as in the user's repository, whose configuration says how to sign, but with the swarm's
    objects. No hook runs and no filter: ``commit-tree`` knows none.

    Raises:
        PreconditionError: it can not be signed.
    """
    named = [word for parent in parents for word in ("-p", parent)]
    command = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", *named, "-F", "-")
    try:
        made = run_git(
            source.git_dir,
            *command,
            "-S" if hand.signature else "--no-gpg-sign",
            tree,
            stdin=message.encode(),
            as_user=True,
            variables=hand.variables(time) | _objects_of(swarm),
        )
    except GitError as error:
        if not hand.signature:
            raise
        raise PreconditionError(
            f"the commit can not be signed ({hand.signature}), so nothing was written: {error.message}",
            hint="unlock the key (ssh-add, or gpg's agent) and repeat; evogit promote --no-gpg-sign does without",
        ) from error
    return commit_id(made.decode().strip())


def _objects_of(swarm: Swarm) -> dict[str, str]:
    """All that it needs is there: nothing is to be fetched that a partial clone lacks."""
    objects = str(swarm.git.path / "objects")
    return {
        "GIT_OBJECT_DIRECTORY": objects,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
    }


def committer(source: Source) -> Person:
    """Who moves a branch.

    Raises:
        PreconditionError: git does not know.
    """
    return _ident(source, "COMMITTER")


def _ident(source: Source, role: str) -> Person:
    """What git would not be told but guess from the machine is nobody's name."""
    command = ("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT")
    try:
        said = run_git(source.git_dir, *command, as_user=True)
    except GitError as error:
        raise PreconditionError(
            f"git does not know who you are, and a promoted commit is yours: {_reason(error)}",
            hint='git config --global user.name "Your Name"; git config --global user.email you@example.org',
        ) from error
    found = _IDENT.fullmatch(decode(said).strip())
    name, email = found.groups() if found else ("", "")
    return Person(clean_line(name), clean_line(email))


def _refuse_foreign_program(source: Source) -> None:
    last = {key: scope for scope, key, _ in settings(source, _PROGRAMS)}
    foreign = [clean_line(key) for key, scope in last.items() if scope in _OF_REPOSITORY]
    if foreign:
        raise PreconditionError(
            f"the configuration of {source.common_dir} itself names a program that signs"
            f" ({', '.join(foreign)}), and EvoGit starts only one of your own",
            hint=f"git config --global {foreign[0]} PROGRAM, and --unset it here; or evogit promote --no-gpg-sign",
        )


def _reason(error: GitError) -> str:
    lines = [line for line in error.stderr.splitlines() if line.startswith("fatal:")]
    return clean_line(lines[0].removeprefix("fatal:"), 200).strip() if lines else error.message
