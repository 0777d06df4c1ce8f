"""``cross``: two parents, as their common ancestor and what each changed since."""

from __future__ import annotations

from evogit.proposals import Genome
from evogit_agents.llm.ground import Ground, Order, diff
from evogit_agents.llm.operators.whole import choose_window, read_whole
from evogit_agents.llm.source import Source, editable_paths


def prepare(ground: Ground) -> Order | str:
    """Show a file in which the parents differ and take a version with the best of both."""
    task = ground.task
    if len(task.parents) < 2:
        return "a crossover takes two parents"
    paths = editable_paths(ground.parent, task.search)
    for path in task.random.sample(paths, len(paths)):
        mine, theirs = ground.source(path), ground.source(path, task.parents[1])
        if mine is None or theirs is None or mine.text == theirs.text:
            continue
        window = choose_window(ground, mine)
        if window is not None:
            break
    else:
        return "the parents differ in no file that is short enough to be written anew"
    facts = {
        "path": path,
        "what": "block" if mine.framed else "file",
        "score_ours": _score(task.parents[0]),
        "score_theirs": _score(task.parents[1]),
    }
    prompt = ground.prompt("cross", facts, _versions(ground, mine, theirs), mine)
    return Order("cross", prompt, lambda answer: read_whole(answer, mine, window))


def _versions(ground: Ground, mine: Source, theirs: Source) -> dict[str, str]:
    """The ancestor with both changes, or the first parent with its distance to the second."""
    base = ground.task.base
    origin = ground.source(mine.path, base) if base is not None else None
    start = origin or mine
    return {
        "code": _within(start),
        "ours": diff(start.text, mine.text) if origin is not None else "",
        "theirs": diff(start.text, theirs.text),
    }


def _within(source: Source) -> str:
    return "\n".join(source.part(window) for window in source.ranges).rstrip("\n")


def _score(genome: Genome) -> str:
    return "unknown" if genome.score is None else f"{genome.score:.6g}"
