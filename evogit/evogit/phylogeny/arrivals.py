"""Taking in what the refs gained since the last look."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Generator

from evogit.git.repository import GitRepository
from evogit.phylogeny.reading import follow, is_commit, stream
from evogit.phylogeny.state import State
from evogit.phylogeny.tips import Tips


def read(git: GitRepository, state: State, base: str, tips: Tips) -> None:
    """Bring ``state`` up to date with ``tips``.

    A few new commits are followed one by one, many are streamed. Refs that name no commit, and
    branches that do not descend from ``base``, are noted as problems.

    Raises:
        GitError: git can not read the history.
    """
    wanted = dict(tips.branches) | {ref: tip for _, ref, tip in tips.journals}
    moved = {ref: tip for ref, tip in wanted.items() if state.seen.get(ref) != tip}
    usable = {ref: tip for ref, tip in moved.items() if is_commit(git, tip)}
    for ref in moved.keys() - usable.keys():
        state.note(f"{ref} does not name a commit and is not read")
    written = {tip for _, _, tip in tips.journals}
    new = {tip for tip in usable.values() if not _known(state, tip)}
    # The last is followed first: a journal numbers individuals as they were made, a branch only some.
    _take(git, state, base, sorted(new, key=lambda tip: (tip in written, tip)))
    journals = tuple(item for item in tips.journals if item[1] in usable)
    state.accept(journals)
    rows = state.individuals.ids.rows
    for ref, tip in usable.items():
        if ref in tips.branches and bytes.fromhex(tip) not in rows:
            state.note(f"{ref} does not descend from the base and is not read")
    state.seen = {ref: tip for ref, tip in state.seen.items() if ref in wanted} | usable


def _known(state: State, tip: str) -> bool:
    name = bytes.fromhex(tip)
    return (
        name in state.individuals.ids.rows
        or name in state.foreign
        or state.journals.offset(name) >= 0
    )


def _take(git: GitRepository, state: State, base: str, new: list[str]) -> None:
    if not new:
        return
    seen = {bytes.fromhex(tip) for tip in state.seen.values()}
    rows, foreign = state.individuals.ids.rows, state.foreign
    found = None
    if seen:
        found = follow(
            git,
            [bytes.fromhex(tip) for tip in new],
            lambda name: name in rows or name in seen or name in foreign,
        )
    if found is not None:
        state.take(found)
        return
    old = [tip for tip in sorted(set(state.seen.values())) if git.has(tip)]
    with _collector_paused():
        state.take(stream(git, new, [base, *old]))


@contextlib.contextmanager
def _collector_paused() -> Generator[None, None, None]:
    """No cyclic garbage is made while much is read, yet looking for it costs a fifth of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
