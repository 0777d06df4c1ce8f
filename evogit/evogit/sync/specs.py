"""What becomes of our spec when the remote holds another version of it.

A version of theirs that follows ours is adopted, one that was written at the same time is joined
with ours (``swarm.spec_join``). Neither runs anything: commands and files of a version are run only
where their user agreed to exactly these.
"""

from __future__ import annotations

from dataclasses import dataclass

import pygit2

from evogit.errors import ConflictError, EvoGitError
from evogit.git.repository import GitRepository
from evogit.ids import SPEC_REF, CommitId
from evogit.swarm.spec import read_spec
from evogit.swarm.spec_join import changes_in_words, join_specs
from evogit.text import clean_line


@dataclass(frozen=True, slots=True)
class Followed:
    """Whether ours may be published now, what is wrong with theirs, and what is new here."""

    publish: bool
    problem: str = ""
    news: str = ""


def follow_spec(git: GitRepository, theirs: CommitId | None) -> Followed:
    """Make our spec one that has everything of ``theirs``, the version at the remote, if that can be read.

    Two hosts that join the same versions write the same commit, and whoever joins later joins with
    what was published, so that all end with one spec.
    """
    ours = git.ref(SPEC_REF)
    if theirs is None or ours is None or theirs == ours:
        return Followed(publish=True)
    if not git.has(theirs):
        return Followed(publish=False)
    try:
        git.commit(theirs)
        if git.handle.descendant_of(ours, theirs):
            return Followed(publish=True)
        if git.handle.descendant_of(theirs, ours):
            return _adopt(git, theirs, ours)
        return _join(git, theirs, ours)
    except ConflictError:  # somebody here wrote a version meanwhile: the next exchange looks again
        return Followed(publish=False)
    except (EvoGitError, pygit2.GitError, KeyError, ValueError) as error:
        return _refused(str(error))


def _adopt(git: GitRepository, theirs: CommitId, ours: CommitId) -> Followed:
    new = read_spec(git, theirs)  # nothing works without a spec that can be read
    try:
        changes = changes_in_words(read_spec(git, ours), new)
    except EvoGitError:
        changes = ("all of it, ours could not be read",)
    git.move_ref(SPEC_REF, old=ours, new=theirs)
    said = f"the spec was changed by another host: {', '.join(changes)}"
    return Followed(publish=True, news=said if changes else "")


def _join(git: GitRepository, theirs: CommitId, ours: CommitId) -> Followed:
    joined = join_specs(git, ours, theirs)
    git.move_ref(SPEC_REF, old=ours, new=joined.commit)
    said = ["the spec was changed here and by another host at the same time; both are joined"]
    for whose, version in (("theirs", theirs), ("ours", ours)):
        if parts := [part for part, counts in joined.disputed.items() if counts == version]:
            said.append(f"{whose} is newer and counts for {', '.join(parts)}")
    if changes := changes_in_words(read_spec(git, ours), read_spec(git, joined.commit)):
        said.append(f"new here: {', '.join(changes)}")
    hint = " (all versions: evogit goal history)" if joined.disputed else ""
    return Followed(publish=True, news="; ".join(said) + hint)


def _refused(why: str) -> Followed:
    said = f"the spec at the remote can not be read and is not adopted: {why}"
    return Followed(publish=False, problem=clean_line(said, 200))
