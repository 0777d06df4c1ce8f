"""``multi``: search/replace blocks in several files at once, and new files."""

from __future__ import annotations

from typing import Final

from evogit_agents.llm.answers import Swap, UnusableError, summary, swaps
from evogit_agents.llm.ground import Edit, Ground, Order
from evogit_agents.llm.operators.excerpt import example
from evogit_agents.llm.source import NO_CHANGE, Source, check_new

_MOST_FILES: Final = 12
_FEWEST: Final = 2


def prepare(ground: Ground) -> Order | str:
    """Show several whole files and take replacements of lines in any of them."""
    shown = _that_fit(ground, ground.sources(_MOST_FILES))
    if len(shown) < _FEWEST:
        return "there are no two editable files that fit into a prompt together"
    code = "\n\n".join(f"{source.path}\n{source.text.rstrip()}" for source in shown)
    paths = ", ".join(source.path for source in shown)
    data = {"code": code, "example": f"{shown[0].path}\n{example(ground, shown[0])}"}
    prompt = ground.prompt("multi", {"paths": paths}, data)
    return Order("multi", prompt, lambda answer: _read(answer, ground, shown))


def _that_fit(ground: Ground, sources: list[Source]) -> list[Source]:
    room = ground.room // 2
    found: list[Source] = []
    for source in sources:
        room -= ground.count(source.path + source.text)
        if room < 0:
            break
        found.append(source)
    return found


def _read(answer: str, ground: Ground, shown: list[Source]) -> Edit:
    found = swaps(answer)
    if not found:
        raise UnusableError("there is no SEARCH/REPLACE block")
    old = {source.path: source for source in shown}
    now, new = dict(old), dict[str, bytes | None]()
    for one in found:
        if one.path in now:
            now[one.path] = now[one.path].swapped([one])
        else:
            new |= _new_file(one, ground)
    changed = {
        path: old[path].become(source.text) for path, source in now.items() if source != old[path]
    }
    if not changed and not new:
        raise UnusableError(NO_CHANGE)
    return Edit(changed | new, summary(answer))


def _new_file(one: Swap, ground: Ground) -> dict[str, bytes | None]:
    if not one.path:
        raise UnusableError("name the file on the line before each SEARCH block")
    if one.search.strip():
        raise UnusableError(f"{one.path[:100]} is not one of the files shown")
    path = check_new(one.path, ground.parent, ground.task.search)
    return {path: (one.replace.strip("\n") + "\n").encode()}
