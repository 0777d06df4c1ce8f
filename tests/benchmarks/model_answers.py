"""What became of the answers of models in a swarm: python tests/benchmarks/model_answers.py SWARM.GIT

For a figure: a folder of a library problem with a [[models]] table (docs/llm.md), then
``evogit run -n 4 --agent llm --agent genetic --max-time 20m`` and this on ``$(evogit path)``.

Counts every answer in the journals, retries included, in the order of their time. An answer counts
as applied only if a new individual came of it: one that changes nothing, only comments, or gives a
tree that is known already does not.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from evogit.git.repository import GitRepository
from evogit.ids import JOURNALS, CommitId
from evogit.outcome import Outcome, Scored, describe
from evogit.records import Attempt, Evaluation, Record
from evogit.swarm.journal import artefacts, entries


@dataclass(frozen=True)
class Answer:
    """One answer of a model: what came of it, in a word or two."""

    time: float
    operator: str
    fate: str
    made: CommitId | None


def main(path: Path) -> None:
    """Print the figures of one swarm."""
    git = GitRepository(path)
    records = _records(git)
    answers = sorted(_answers(git, records), key=lambda answer: answer.time)
    verdicts: dict[CommitId | None, Outcome] = {
        r.commit: r.outcome for _, r in records if isinstance(r, Evaluation)
    }
    print(f"answers {len(answers)}")
    _table("fate", Counter(answer.fate for answer in answers))
    for operator in sorted({answer.operator for answer in answers}):
        own = [answer.fate for answer in answers if answer.operator == operator]
        print(f"  {operator}: {own.count('applied')} of {len(own)} applied")
    applied = [answer for answer in answers if answer.made is not None]
    print(f"applied {len(applied)} = {len(applied) / max(len(answers), 1):.1%}")
    _windows([answer.made is not None for answer in answers])
    outcomes = [verdicts[a.made] for a in applied if a.made in verdicts]
    ran = sum(isinstance(outcome, Scored) for outcome in outcomes)
    print(f"judged {len(outcomes)}, ran {ran} = {ran / max(len(outcomes), 1):.1%}")
    _table("did not run", Counter(describe(o)[:70] for o in outcomes if not isinstance(o, Scored)))
    _costs(records)


def _records(git: GitRepository) -> list[tuple[CommitId, Record]]:
    found: list[tuple[CommitId, Record]] = []
    for tip in git.refs_under(JOURNALS).values():
        found += [(entry.id, entry.record) for entry in entries(git, tip) if entry.record]
    return found


def _answers(git: GitRepository, records: list[tuple[CommitId, Record]]) -> list[Answer]:
    found: list[Answer] = []
    for entry, record in records:
        if not isinstance(record, Attempt) or not record.model:
            continue
        names = [name for name in artefacts(git, entry) if name.startswith("response")]
        fates = ["not usable"] * (len(names) - 1) + ([_fate(record)] if names else [])
        for i, fate in enumerate(fates):
            made = record.offspring if i == len(fates) - 1 else None
            found.append(Answer(record.time + i / 1000, record.operator, fate, made))
    return found


def _fate(record: Attempt) -> str:
    if record.offspring is not None:
        return "applied"
    if record.duplicate_of is not None:
        return "known tree"
    reason = record.reason.removeprefix("the answer can not be used: ")
    return reason[:40]


def _windows(applied: list[bool]) -> None:
    """The best and the last hundred consecutive answers."""
    sums = [sum(applied[i : i + 100]) for i in range(len(applied) - 99)]
    if sums:
        print(f"of 100 consecutive: last {sums[-1]}, best {max(sums)}, worst {min(sums)}")


def _table(title: str, counts: Counter[str]) -> None:
    print(f"{title}:")
    for name, count in counts.most_common():
        print(f"  {count:4d}  {name}")


def _costs(records: list[tuple[CommitId, Record]]) -> None:
    attempts = [r for _, r in records if isinstance(r, Attempt) and r.model]
    if not attempts:
        return
    tokens_in = sum(r.spend.tokens_in for r in attempts)
    tokens_out = sum(r.spend.tokens_out for r in attempts)
    print(f"steps {len(attempts)}, tokens in {tokens_in}, out {tokens_out}")
    seconds = max(r.time for r in attempts) - min(r.time - r.seconds for r in attempts)
    print(f"over {seconds:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
