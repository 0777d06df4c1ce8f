"""Individuals: ordinary commits whose last paragraph says how they came to be.

Trailers are data: provenance that the host itself writes, never a score. Text from a model can
not forge one, because any of its lines that looks like ours is quoted before ours are appended.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evogit.git.repository import Commit
from evogit.ids import CommitId, is_object_id
from evogit.records import Spend
from evogit.text import clean, clean_line

PREFIX: Final = "Evogit-"
_FORGED: Final = re.compile(r"^(?=\s*evogit-)", re.IGNORECASE | re.MULTILINE)
_TRAILER: Final = re.compile(r"(Evogit-[A-Za-z-]{1,30}): (.{1,400})")
_MAX_BODY: Final = 20_000


@dataclass(frozen=True, slots=True)
class Provenance:
    """How an individual came to be; becomes its trailers.

    ``spec`` names the version of the spec by its tree, which is the same for the same settings,
    so that a repeated run yields the same commits.
    """

    agent: str
    operator: str
    step: int
    spec: str = ""
    seed: int | None = None
    model: str = ""
    inspirations: tuple[CommitId, ...] = ()
    merge_base: CommitId | None = None
    spend: Spend = Spend()


def compose(subject: str, body: str, provenance: Provenance) -> str:
    """The commit message: one clean subject line, the quoted body, the trailers."""
    subject = _FORGED.sub("> ", clean_line(subject, 120)) or provenance.operator
    body = _FORGED.sub("> ", clean(body, _MAX_BODY).strip())
    paragraphs = [subject, body] if body else [subject]
    trailers = "\n".join(f"{PREFIX}{name}: {value}" for name, value in _trailers(provenance))
    return "\n\n".join([*paragraphs, trailers]) + "\n"


def _trailers(provenance: Provenance) -> list[tuple[str, str]]:
    spend = provenance.spend
    found = [
        ("Agent", provenance.agent),
        ("Operator", clean_line(provenance.operator, 60)),
        ("Step", str(provenance.step)),
        ("Model", clean_line(provenance.model, 200)),
        *(("Inspiration", commit) for commit in provenance.inspirations),
        ("Merge-Base", provenance.merge_base or ""),
        ("Seed", "" if provenance.seed is None else str(provenance.seed)),
        ("Spec", provenance.spec),
        (
            "Tokens",
            str(spend.tokens_in + spend.tokens_out) if spend.tokens_in + spend.tokens_out else "",
        ),
        ("Cost-USD", f"{spend.cost_usd:.6f}" if spend.cost_usd else ""),
    ]
    return [(name, value) for name, value in found if value]


def parse(message: str) -> dict[str, list[str]]:
    """The trailers of a message: values by name without the prefix, from its last paragraph only.

    A paragraph with any other line is prose, not trailers.
    """
    lines = message.rstrip().rsplit("\n\n", 1)[-1].split("\n")
    found: dict[str, list[str]] = {}
    for line in lines:
        match = _TRAILER.fullmatch(line)
        if match is None:
            return {}
        found.setdefault(match[1][len(PREFIX) :], []).append(clean_line(match[2], 400))
    return found


def read_provenance(commit: Commit) -> Provenance:
    """What a commit says of itself; a human's commit says nothing and gets operator ``human``."""
    found = parse(commit.message)
    base = _first(found, "Merge-Base")
    return Provenance(
        agent=_first(found, "Agent") or clean_line(commit.author, 60),
        operator=_first(found, "Operator") or "human",
        step=_whole(found, "Step"),
        spec=_first(found, "Spec"),
        seed=_whole(found, "Seed") if "Seed" in found else None,
        model=_first(found, "Model"),
        inspirations=tuple(
            CommitId(i) for i in found.get("Inspiration", [])[:100] if is_object_id(i)
        ),
        merge_base=CommitId(base) if is_object_id(base) else None,
        spend=Spend(tokens_in=_whole(found, "Tokens"), cost_usd=_amount(found, "Cost-USD")),
    )


def _first(found: Mapping[str, list[str]], name: str) -> str:
    return found.get(name, [""])[0]


def _whole(found: Mapping[str, list[str]], name: str) -> int:
    text = _first(found, name)
    return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else 0


def _amount(found: Mapping[str, list[str]], name: str) -> float:
    text = _first(found, name)
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII) else 0.0
