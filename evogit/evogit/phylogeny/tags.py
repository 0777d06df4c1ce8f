"""Which individuals have names: what humans of all hosts decided, and tags made here by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pygit2

from evogit.git.repository import GitRepository
from evogit.ids import CommitId, is_selector
from evogit.records import Decision
from evogit.steering.state import derive

Find = Callable[[CommitId], int | None]


def named(
    git: GitRepository,
    decisions: Sequence[tuple[CommitId, Decision]],
    refs: Mapping[str, CommitId],
    find: Find,
) -> dict[str, int]:
    """Individuals by tag. A ref that some decision set is a copy, which may be out of date.

    What selects something else on the command line, such as ``best``, is no name, whoever gave it.

    Args:
        git: peels tags that are objects of their own.
        decisions: all, in order.
        refs: this repository's tags.
        find: the number of an individual, if it is one.
    """
    given = derive(decisions).tags
    tagged = ((name, find(commit)) for name, commit in given if not is_selector(name))
    found = {name: row for name, row in tagged if row is not None}
    copies = {(d.target, c) for _, d in decisions if d.verb == "tag" for c in d.selects}
    for name, target in refs.items():
        if (name, target) not in copies:
            row = find(target)
            row = row if row is not None else find(_peeled(git, target))
            if row is not None:
                found[name] = row
    return found


def _peeled(git: GitRepository, tag: str) -> CommitId:
    try:
        return CommitId(str(git.handle[tag].peel(pygit2.Commit).id))
    except (KeyError, ValueError, pygit2.GitError):
        return CommitId("")
