"""The message of a promoted commit: what changed and on what evidence."""

from __future__ import annotations

from collections.abc import Collection
from textwrap import fill
from typing import TYPE_CHECKING, Final

import pygit2

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
_MAX_WIDTH: Final = 72


def message_for(swarm: Swarm, phylogeny: Phylogeny, row: int, message: str | None = None) -> str:
    """What a human said, or what all of the change does, the steps that led to it, and the evidence.

    Lines of ours have 72 characters at most, but for words that are longer.

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
    claim = claim_for(swarm, phylogeny, row)
    steps = _steps(phylogeny, told, len(behind)) if claim or len(behind) > 1 else []
    evidence = _evidence(swarm, phylogeny, row, behind)
    text = "\n\n".join([_subject(swarm, phylogeny, row, claim), *steps, *distilled, evidence])
    return "\n".join(_folded(line) for line in text.split("\n")) + "\n"


def _subject(swarm: Swarm, phylogeny: Phylogeny, row: int, claim: str) -> str:
    """What all of the change does to the score, and where; of no clear gain, its last step's subject."""
    if not claim:
        return clean_line(phylogeny.subject(row), _MAX_WIDTH) or "Evolved individual"
    whole = f"{claim}: {_extent(swarm, phylogeny, row)}"
    return whole if len(whole) <= _MAX_WIDTH else claim


def claim_for(swarm: Swarm, phylogeny: Phylogeny, row: int) -> str:
    """What it does to the score, in words; empty if it gains nothing beyond noise or there is no figure."""
    evaluate = swarm.spec().settings.evaluate
    found, stage = compared(phylogeny, row, evaluate), evaluate.stages[-1]
    if found is None or found.gain <= found.floor or stage.score == "pairwise":
        return ""
    if stage.score == "speed":
        return f"Make it {_apart(1.0, found.score, 3)[1]} times faster"
    verb = "Raise" if evaluate.direction == "maximize" else "Lower"
    what = "the score" if stage.name == "main" else f"the {stage.name} score"
    base, score = _apart(found.base, found.score, 4)
    return f"{verb} {what} from {base} to {score}"


def _apart(one: float, other: float, digits: int) -> tuple[str, str]:
    """Both with as few digits, but so many at least, as show a difference."""
    for many in range(digits, 17):
        texts = f"{one:.{many}g}", f"{other:.{many}g}"
        if texts[0] != texts[1]:
            return texts
    return str(one), str(other)


def _extent(swarm: Swarm, phylogeny: Phylogeny, row: int) -> str:
    """How many places of which files differ from the base."""
    handle = swarm.git.handle
    base, own = (handle[phylogeny.tree(i)].peel(pygit2.Tree) for i in (0, row))
    patches = [patch for patch in base.diff_to_tree(own) if patch is not None]
    places = sum(max(len(patch.hunks), 1) for patch in patches)
    changes = f"{places} change{'' if places == 1 else 's'}"
    if len(patches) != 1:
        return f"{changes} in {len(patches)} files"
    path = patches[0].delta.new_file.raw_path.decode("utf-8", "replace")
    return f"{changes} to {clean_line(path.rpartition('/')[2])}"


def _folded(line: str) -> str:
    """Continued as a trailer may be, and as an item of a list looks well."""
    if len(line) <= _MAX_WIDTH:
        return line
    return fill(
        line,
        _MAX_WIDTH,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


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
