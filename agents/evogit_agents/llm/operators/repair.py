"""``repair``: an offspring of the parent that failed, and what judging it said."""

from __future__ import annotations

from evogit.proposals import Genome
from evogit_agents.llm.answers import UnusableError
from evogit_agents.llm.ground import Edit, Ground, Order
from evogit_agents.llm.operators.whole import choose_window, read_whole
from evogit_agents.llm.source import Source, editable_paths


def prepare(ground: Ground) -> Order | str:
    """Show a failed offspring's file with its failure and take a version that works."""
    for trial in ground.task.past.trials(ground.parent):
        if trial.genome is None or trial.score is not None or not trial.outcome:
            continue
        error = ground.says(ground.task.past.output(trial.genome) or trial.outcome, 4000)
        for path in sorted(_changed(ground, trial.genome), key=lambda path: path not in error):
            source = ground.source(path, trial.genome)
            window = choose_window(ground, source) if source is not None else None
            if source is not None and window is not None:
                return _order(ground, trial.genome, error, source, window)
    return "no offspring of the parent failed in a file that is short enough"


def _changed(ground: Ground, failed: Genome) -> list[str]:
    return [
        path
        for path in editable_paths(failed, ground.task.search)
        if _content(failed, path) != _content(ground.parent, path)
    ]


def _content(genome: Genome, path: str) -> bytes | None:
    try:
        return genome.read(path)
    except KeyError:
        return None


def _order(
    ground: Ground, failed: Genome, error: str, source: Source, window: tuple[int, int]
) -> Order:
    facts = {"path": source.path, "what": "block" if source.framed else "file"}
    data = {"code": source.part(window), "error": error}
    prompt = ground.prompt("repair", facts, data)
    return Order(
        "repair",
        prompt,
        lambda answer: _read(answer, ground, failed, source, window),
        (failed.commit,),
    )


def _read(
    answer: str, ground: Ground, failed: Genome, source: Source, window: tuple[int, int]
) -> Edit:
    """The failed offspring's changes with the repaired file among them."""
    edit = read_whole(answer, source, window)
    if edit.changes[source.path] == _content(ground.parent, source.path):
        raise UnusableError("that is the program before the failed change; keep its idea")
    kept = {
        path: _content(failed, path) for path in _changed(ground, failed) if path != source.path
    }
    return Edit({**kept, **edit.changes}, edit.about)
