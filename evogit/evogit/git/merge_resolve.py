"""Ways to decide the hunks of a conflicting merge."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Final, Literal

import pygit2
from pygit2.enums import FileMode

from evogit.git.merge import FOLDER, Conflict, Merge
from evogit.git.merge_text import Hunk
from evogit.git.repository import GitRepository
from evogit.git.trees import Entry
from evogit.ids import BlobId, TreeId

Choice = Literal["ours", "theirs", "both", "base"]
Choose = Callable[[Hunk], Choice]

_TRIED: Final[tuple[Choice, ...]] = ("ours", "theirs", "both")


def resolve(git: GitRepository, merge: Merge, choose: Choose) -> TreeId:
    """The merged tree with every hunk decided by ``choose``; a clean merge is returned as it is.

    Args:
        git: where the merge was made.
        merge: its result.
        choose: called once per hunk, in order of conflicts and lines. ``both`` is our lines, then
            theirs; for a conflict that is not about lines it is our side, or theirs if we deleted.
    """
    if merge.tree is not None:
        return merge.tree
    edits: dict[str, Entry | None] = {}
    for conflict in merge.conflicts:
        edits |= dict.fromkeys(conflict.also)
        edits[conflict.path] = _decide(git, conflict, choose)
    return _edited(git, merge.partial, edits)


def _decide(git: GitRepository, conflict: Conflict, choose: Choose) -> Entry | None:
    if not conflict.pieces:
        choice = choose(conflict.hunks[0])
        if choice == "base":
            return conflict.base
        if choice == "both":
            return conflict.ours or conflict.theirs
        return conflict.ours if choice == "ours" else conflict.theirs
    parts = [p if isinstance(p, bytes) else _text(p, choose(p)) for p in conflict.pieces]
    return Entry(conflict.mode, git.write_blob(b"".join(parts)))


def _text(hunk: Hunk, choice: Choice) -> bytes:
    if choice == "both":
        gap = b"\n" if hunk.ours and hunk.theirs and not hunk.ours.endswith(b"\n") else b""
        return hunk.ours + gap + hunk.theirs
    return {"ours": hunk.ours, "theirs": hunk.theirs, "base": hunk.base}[choice]


def by_fitness(ours: float, theirs: float) -> Choose:
    """Every hunk from the fitter side; a side without fitness (NaN) loses, a tie is ours."""
    choice: Choice = "theirs" if theirs > ours or (ours != ours and theirs == theirs) else "ours"
    return lambda _hunk: choice


def at_random(random: Random) -> Choose:
    """Every hunk from either side by the toss of a coin, as in the EvoGit paper."""
    return lambda _hunk: "ours" if random.random() < 0.5 else "theirs"


def combinations(git: GitRepository, merge: Merge, limit: int, random: Random) -> Iterator[TreeId]:
    """Distinct trees from combinations of ours, theirs and both, hunk by hunk, in random order.

    Few combinations are all made; of many, random ones, at most ten tries per tree wanted. The
    caller evaluates them and stops when it has enough.

    Args:
        git: where the merge was made.
        merge: its result; a clean one yields its tree.
        limit: how many trees at most.
        random: decides the order.
    """
    hunks = sum(len(conflict.hunks) for conflict in merge.conflicts)
    seen: set[TreeId] = set()
    for choices in _choices(hunks, limit, random):
        if len(seen) >= limit:
            return
        remaining = iter(choices)
        tree = resolve(git, merge, lambda _hunk, rest=remaining: next(rest))
        if tree not in seen:
            seen.add(tree)
            yield tree


def _choices(hunks: int, limit: int, random: Random) -> Iterator[tuple[Choice, ...]]:
    if len(_TRIED) ** min(hunks, 20) <= 10 * limit:
        every = list(itertools.product(_TRIED, repeat=hunks))
        random.shuffle(every)
        yield from every
        return
    for _ in range(10 * limit):
        yield tuple(random.choice(_TRIED) for _ in range(hunks))


def _edited(git: GitRepository, tree: TreeId, edits: Mapping[str, Entry | None]) -> TreeId:
    """``tree`` with entries of any kind put or removed; paths come from the merged trees."""
    parts = [(path.split("/"), entry) for path, entry in edits.items()]
    node = git.storing(lambda: _edit(git, tree, parts))
    return TreeId(node) if node else git.build_tree([])


def _edit(
    git: GitRepository, tree: str | None, edits: list[tuple[list[str], Entry | None]]
) -> str | None:
    handle = git.handle
    base = None if tree is None else pygit2.Oid(hex=tree)
    builder = handle.TreeBuilder() if base is None else handle.TreeBuilder(base)
    below: dict[str, list[tuple[list[str], Entry | None]]] = {}
    for parts, entry in edits:
        if len(parts) > 1:
            below.setdefault(parts[0], []).append((parts[1:], entry))
        else:
            _put(builder, parts[0], entry)
    for name, inner in below.items():
        old = _existing(builder, name)
        folder = str(old.id) if old is not None and int(old.filemode) == FOLDER else None
        new = _edit(git, folder, inner)
        _put(builder, name, None if new is None else Entry(FOLDER, BlobId(new)))
    return str(builder.write()) if len(builder) else None


def _put(builder: pygit2.TreeBuilder, name: str, entry: Entry | None) -> None:
    old = _existing(builder, name)
    if entry is not None:
        builder.insert(name, pygit2.Oid(hex=entry.blob), FileMode(entry.mode))
    elif old is not None:
        builder.remove(name)


def _existing(builder: pygit2.TreeBuilder, name: str) -> pygit2.Object | None:
    return builder.get(name)  # its stub forgets that a missing name gives None
