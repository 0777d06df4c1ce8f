"""The message of a promoted commit: what changed and on what evidence."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from evogit.analysis.separation import compared, doubt, held_out
from evogit.config.model import Evaluate
from evogit.errors import UserError
from evogit.ids import natural
from evogit.proposals import DISTILL
from evogit.swarm.individuals import read_provenance
from evogit.swarm.repository import Swarm
from evogit.text import clean, clean_line

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

_MAX_STEPS: Final = 20
_MAX_SUBJECT: Final = 72


def message_for(swarm: Swarm, phylogeny: Phylogeny, row: int, message: str | None = None) -> str:
    """What a human said, or the individual's subject, the steps that led to it, and the evidence.

    Args:
        swarm: the swarm.
        phylogeny: its index.
        row: of the individual.
        message: the human's own words.

    Raises:
        UserError: those are none.
    """
    if message is not None:
        said = clean(message, 20_000).strip()
        if not said:
            raise UserError(
                "the message is empty", hint="leave it out for one that says what changed"
            )
        return said + "\n"
    told, distilled = _original(swarm, phylogeny, row)
    behind = {told, *phylogeny.ancestors(told)} - {0}
    subject = clean_line(phylogeny.subject(row), _MAX_SUBJECT) or "Evolved individual"
    steps = _steps(phylogeny, told, len(behind))
    evidence = _evidence(swarm, phylogeny, row, behind)
    return "\n\n".join([subject, *steps, *distilled, evidence]) + "\n"


def _original(swarm: Swarm, phylogeny: Phylogeny, row: int) -> tuple[int, list[str]]:
    """Where a distilled individual came from, and what was left of that; any other is its own original."""
    if phylogeny.operator(row) == DISTILL:
        commit = swarm.git.commit(phylogeny.commit(row))
        found = [i for i in read_provenance(commit).inspirations if i in phylogeny]
        if found:
            paragraphs = clean(commit.message, 20_000).strip().split("\n\n")
            return phylogeny.index(found[0]), paragraphs[2:-1]
    return row, []


def _steps(phylogeny: Phylogeny, row: int, count: int) -> list[str]:
    """The first parents of an individual, newest first, and how many more led to it."""
    lineage = phylogeny.lineage(row)[:-1][:_MAX_STEPS]
    if count < 2:
        return []
    steps = [f"- {clean_line(phylogeny.subject(i), 100)}" for i in lineage]
    if count > len(lineage):
        steps.append(f"- and {count - len(lineage)} more, earlier or merged in")
    return ["\n".join(steps)]


def _evidence(swarm: Swarm, phylogeny: Phylogeny, row: int, behind: Collection[int]) -> str:
    agents = sorted({name for i in behind if (name := phylogeny.agent(i))}, key=natural)
    lines = [f"Evolved by EvoGit from {swarm.base[:12]} in {len(behind)} steps."]
    lines += _scores(phylogeny, row, swarm.spec().settings.evaluate)
    lines.append(f"Evaluations: {phylogeny.evaluation_count}")
    if agents:
        lines.append(f"Agents: {clean_line(', '.join(agents), 400)}")
    lines.append(f"Individual: {phylogeny.commit(row)}")
    return "\n".join(lines)


def _scores(phylogeny: Phylogeny, row: int, evaluate: Evaluate) -> list[str]:
    """What is known of them now; under noise those of fresh repeats, not the lucky one that chose it."""
    lines: list[str] = []
    found = compared(phylogeny, row, evaluate)
    if found is not None:
        fresh = f", mean of {found.fresh} fresh repeats" if found.fresh > 1 else ""
        lines.append(f"Score: {found.base:.6g} -> {found.score:.6g} ({evaluate.direction}{fresh})")
    scores = held_out(phylogeny, row, evaluate)
    if scores is not None:
        lines.append(f"Held out: {scores[1]:.6g} -> {scores[0]:.6g}")
    doubted = doubt(phylogeny, row, evaluate)
    return [*lines, f"Doubt: {doubted}"] if doubted else lines
