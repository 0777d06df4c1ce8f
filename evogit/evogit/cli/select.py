"""Names for individuals, as people type them.

======================  ==================================================================
``3f2a91``              a commit id, in full or as many digits (4 or more) as make it unique
``a3``                  an agent: the individual at its tip; as much of a name as is unique
``record``              a tag
``best``, ``best:3``    the best individual, the third best
``best@gen50``          the best one of the first 50 generations
``distilled``           what ``evogit distill`` left last
``base``                where evolution started
``a3~2``, ``best^2``    the first parent's first parent; the second parent
======================  ==================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from evogit.errors import NotFoundError
from evogit.ids import ABBREVIATED, BEST, DISTILLED, CommitId, is_object_id
from evogit.proposals import DISTILL
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

_STEPS: Final = re.compile(r"(?:~\d{0,6}|\^\d{0,3})+$", re.ASCII)
_STEP: Final = re.compile(r"([~^])(\d*)", re.ASCII)
_OPERATION: Final = re.compile(r"@(-+|-\d{1,6})", re.ASCII)
_SHOWN: Final = 6


def select(phylogeny: Phylogeny, base: CommitId, text: str) -> int:
    """The row of the individual that ``text`` names.

    Raises:
        NotFoundError: it names none, or several; the hint lists candidates.
    """
    steps = _STEPS.search(text)
    name = text[: steps.start()] if steps else text
    row = _named(phylogeny, base, name)
    for kind, count in _STEP.findall(steps[0] if steps else ""):
        row = _walk(phylogeny, row, kind, int(count or 1), text)
    return row


def select_operation(operations: Sequence[CommitId], text: str) -> CommitId:
    """The operation ``text`` names: ``@-`` is the last, ``@--`` or ``@-2`` the one before it.

    Args:
        operations: ids of journal entries, newest first.
        text: one of these, or an id in full or abbreviated.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    match = _OPERATION.fullmatch(text)
    if match:
        mark = match[1]
        back = int(mark[1:]) if len(mark) > 1 and mark[1] != "-" else len(mark)
        if not 1 <= back <= len(operations):
            raise _nothing(text, "operation", f"there are {len(operations)}")
        return operations[back - 1]
    found = [
        entry for entry in operations if ABBREVIATED.fullmatch(text) and entry.startswith(text)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise _several(text, (entry[:12] for entry in found))
    raise _nothing(text, "operation", "evogit op log lists operations; @- is the last one")


def _named(phylogeny: Phylogeny, base: CommitId, name: str) -> int:
    if name == "base":
        return phylogeny.index(base)
    if name == DISTILLED:
        return _distilled(phylogeny)
    best = BEST.fullmatch(name)
    if best:
        generation = int(best[2]) if best[2] else None
        return _best(phylogeny, int(best[1] or 1), generation, name)
    for known in (phylogeny.tips, phylogeny.tags):
        if name in known:
            return known[name]
    if is_object_id(name):
        return phylogeny.index(CommitId(name))
    if name in phylogeny.agents:  # it has moved nowhere yet
        return phylogeny.index(base)
    return _abbreviated(phylogeny, name)


def _distilled(phylogeny: Phylogeny) -> int:
    found = [row for row in range(len(phylogeny)) if phylogeny.operator(row) == DISTILL]
    if not found:
        raise _nothing(DISTILLED, "individual", "evogit distill makes one")
    return max(found, key=lambda row: (phylogeny.judged_at(row) or 0.0, phylogeny.step(row)))


def _best(phylogeny: Phylogeny, rank: int, generation: int | None, text: str) -> int:
    if generation is None:
        found = phylogeny.best(rank)
    else:
        ranked = phylogeny.best(len(phylogeny))
        found = [row for row in ranked if phylogeny.generation(row) <= generation]
    if not 1 <= rank <= len(found):
        count = len(found) if generation is not None else len(phylogeny.best(len(phylogeny)))
        hint = f"there are {count} in this selection"
        if not phylogeny.best(1):
            hint = "nothing has a score yet: run `evogit eval base`, or `evogit run` to evolve"
        raise _nothing(text, "scored individual", hint)
    return found[rank - 1]


def _abbreviated(phylogeny: Phylogeny, name: str) -> int:
    names = {**phylogeny.tags, **phylogeny.tips}
    found = {known: row for known, row in names.items() if name and known.startswith(name)}
    if ABBREVIATED.fullmatch(name):
        for row in range(len(phylogeny)):
            commit = phylogeny.commit(row)
            if commit.startswith(name):
                found[commit[:12]] = row
    rows = set(found.values())
    if len(rows) == 1:
        return rows.pop()
    if rows:
        raise _several(name, found)
    raise _nothing(name, "individual", _near(name, [*names, "best", DISTILLED, "base"]))


def _walk(phylogeny: Phylogeny, row: int, kind: str, count: int, text: str) -> int:
    if kind == "^":
        parents = phylogeny.parents(row)
        if count > len(parents):
            raise _nothing(text, "individual", f"{phylogeny.commit(row)[:12]} has {len(parents)}")
        return parents[count - 1] if count else row
    for _ in range(count):
        parents = phylogeny.parents(row)
        if not parents:
            raise _nothing(text, "individual", "its line starts later than that")
        row = parents[0]
    return row


def _near(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "evogit status lists agents, evogit log ids; best and base always work"


def _nothing(text: str, what: str, hint: str) -> NotFoundError:
    return NotFoundError(f"{clean_line(text, 80)!r} names no {what}", hint=hint)


def _several(text: str, candidates: Iterable[str]) -> NotFoundError:
    found = sorted(candidates)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return NotFoundError(
        f"{clean_line(text, 80)!r} is ambiguous",
        hint=f"it could be {', '.join(found[:_SHOWN])}{more}",
    )
