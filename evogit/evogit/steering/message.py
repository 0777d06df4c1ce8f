"""The message of a promoted commit: what changed and on what evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from evogit.errors import UserError
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
    lineage = phylogeny.lineage(row)[:-1]
    subject = clean_line(phylogeny.subject(row), _MAX_SUBJECT) or "Evolved individual"
    steps = [f"- {clean_line(phylogeny.subject(i), 100)}" for i in lineage[:_MAX_STEPS]]
    if len(lineage) > _MAX_STEPS:
        steps.append(f"- and {len(lineage) - _MAX_STEPS} earlier steps")
    body = ["\n".join(steps)] if len(steps) > 1 else []
    return "\n\n".join([subject, *body, _evidence(swarm, phylogeny, row, lineage)]) + "\n"


def _evidence(swarm: Swarm, phylogeny: Phylogeny, row: int, lineage: Sequence[int]) -> str:
    agents = sorted({name for i in lineage if (name := phylogeny.agent(i))})
    lines = [f"Evolved by EvoGit from {swarm.base[:12]} in {len(lineage)} steps."]
    before, after = phylogeny.score(0), phylogeny.score(row)
    direction = swarm.spec().settings.evaluate.direction
    if after is not None:
        start = "" if before is None else f"{before:.6g} -> "
        lines.append(f"Score: {start}{after:.6g} ({direction})")
    lines.append(f"Evaluations: {phylogeny.evaluation_count}")
    if agents:
        lines.append(f"Agents: {clean_line(', '.join(agents), 400)}")
    lines.append(f"Individual: {phylogeny.commit(row)}")
    return "\n".join(lines)
