"""Refs of the swarm repository sorted into agents' tips, journals and tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evogit.ids import BASE_BRANCH, HEADS, JOURNALS, REMOTES, CommitId, is_name
from evogit.phylogeny.messages import tidy

_TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True)
class Tips:
    """What the refs point to.

    ``heads`` are tips by agent, ``branches`` all branches by ref, those of other hosts that a
    branch of this host overrules included; ``journals`` holds (writer, ref, id), this host's first.
    """

    heads: Mapping[str, CommitId]
    branches: Mapping[str, CommitId]
    journals: tuple[tuple[str, str, CommitId], ...]
    tags: Mapping[str, CommitId]
    problems: tuple[str, ...]


def sort_refs(refs: Mapping[str, CommitId]) -> Tips:
    """Sort refs by meaning; names that are no names are left out and reported.

    A branch of this host wins over one of the same name that another host published. A branch may
    have any name that is safe to show, because people push; journals belong to workers and
    people whose names are checked.
    """
    heads: dict[str, CommitId] = {}
    branches: dict[str, CommitId] = {}
    journals: list[tuple[str, str, CommitId]] = []
    problems: list[str] = []
    tags: dict[str, CommitId] = {}
    for ref in sorted(refs, key=lambda name: (name.startswith(REMOTES), name)):
        kind, name = _kind(ref)
        if kind == "journal" and is_name(name):
            journals.append((name, ref, refs[ref]))
        elif kind == "tag" and tidy(name) == name:
            tags[name] = refs[ref]
        elif kind == "head" and tidy(name) == name:
            if name != BASE_BRANCH:
                heads.setdefault(name, refs[ref])
                branches[ref] = refs[ref]
        elif kind:
            problems.append(f"ref {tidy(ref)!r} has a name that is not allowed and is not read")
    return Tips(heads, branches, tuple(journals), tags, tuple(problems))


def _kind(ref: str) -> tuple[str, str]:
    for prefix, kind in ((HEADS, "head"), (JOURNALS, "journal"), (_TAGS, "tag")):
        if ref.startswith(prefix):
            return kind, ref[len(prefix) :]
    if ref.startswith(REMOTES):
        _, _, rest = ref[len(REMOTES) :].partition("/")
        kind, _, name = rest.partition("/")
        if kind in {"heads", "journal"} and name:
            return ("head" if kind == "heads" else kind), name
    return "", ""
