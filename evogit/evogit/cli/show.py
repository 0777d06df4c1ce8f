"""``evogit show``: everything known about one individual."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evogit.cli.diff import first_parent, print_changes
from evogit.cli.individuals import FINDINGS, Individuals, doubted, number, print_reason
from evogit.cli.options import OutputFile, Revision
from evogit.cli.select import select
from evogit.cli.session import Session
from evogit.errors import NotFoundError, PreconditionError
from evogit.git.patch import changes
from evogit.ids import CommitId
from evogit.outcome import describe, in_full, to_json
from evogit.quarantine.finding import to_json as finding_json
from evogit.swarm.individuals import parse, read_provenance
from evogit.swarm.journal import artefacts
from evogit.text import clean_line, decode


def show(
    session: Session,
    revision: Revision,
    artefact: Annotated[
        str | None,
        typer.Option("--artefact", metavar="NAME", help="Print this artefact of its attempt."),
    ] = None,
    output: OutputFile = None,
    patch: Annotated[bool, typer.Option("--patch", "-p", help="Its changes too.")] = False,
) -> None:
    """Show how an individual came to be and how it was judged.

    Examples: evogit show best -p; evogit show best --artefact prompt
    """
    row = select(session.phylogeny, session.swarm.base, revision)
    entry = _attempt_entry(session, row)
    found = {} if entry is None else artefacts(session.swarm.git, entry)
    if artefact is not None:
        _print_artefact(session, found, artefact, output)
        return
    data = _collect(session, row, entry, found)
    session.output.result(data, lambda: _print(session, data))
    if patch and session.output.form == "text":
        _print_patch(session, row)


def _attempt_entry(session: Session, row: int) -> CommitId | None:
    """The journal entry of the attempt that made an individual."""
    phylogeny = session.phylogeny
    commit = phylogeny.commit(row)
    attempts = phylogeny.attempts(phylogeny.agent(row))
    return next((a.entry for a in reversed(attempts) if a.offspring == commit), None)


def _collect(
    session: Session, row: int, entry: CommitId | None, found: dict[str, bytes]
) -> dict[str, Any]:
    phylogeny, git = session.phylogeny, session.swarm.git
    commit = git.commit(phylogeny.commit(row))
    made = read_provenance(commit)
    outcome = phylogeny.outcome(row)
    seed = session.spec.settings.evaluate.seed
    judged = phylogeny.evaluation(commit.tree, seed)
    holdout = phylogeny.evaluation(commit.tree, seed, "holdout")
    subject, _, body = commit.message.partition("\n")
    if parse(commit.message):  # its last paragraph is shown as fields
        body = body.rstrip().rpartition("\n\n")[0]
    return {
        **Individuals(session).row(row),
        "subject": subject,
        "body": body.strip(),
        "author": commit.author,
        "model": made.model,
        "seed": made.seed,
        "spec": made.spec,
        "inspirations": list(made.inspirations),
        "merge_base": made.merge_base,
        "tokens": made.spend.tokens_in + made.spend.tokens_out,
        "cost_usd": made.spend.cost_usd,
        "described": "not judged yet" if outcome is None else describe(outcome),
        "reason": "" if outcome is None else in_full(outcome),
        "gates": [gate.name for gate in session.spec.settings.evaluate.gates],
        "holdout": None if holdout is None else to_json(holdout.outcome),
        "doubt": doubted(session, row) if phylogeny.fitness(row) > phylogeny.fitness(0) else "",
        "findings": [] if judged is None else [finding_json(f) for f in judged.findings],
        "released": phylogeny.quarantine.released(commit.tree),
        "duplicates": [phylogeny.commit(i) for i in phylogeny.duplicates(row)],
        "children": len(phylogeny.children(row)),
        "attempt": entry,
        "artefacts": {name: len(data) for name, data in found.items()},
    }


def _print(session: Session, data: dict[str, Any]) -> None:
    if data["doubt"]:
        session.output.warn(data["doubt"])
    passed = isinstance(data["score"], float) and data["gates"]
    session.output.pairs(
        [
            ("commit", data["commit"]),
            ("marks", ", ".join(data["marks"])),
            ("subject", data["subject"]),
            ("agent", data["agent"] or data["author"]),
            ("operator", data["operator"] or "human"),
            ("step", str(data["step"] or "")),
            ("generation", str(data["generation"])),
            ("parents", " ".join(parent[:12] for parent in data["parents"])),
            ("inspirations", " ".join(i[:12] for i in data["inspirations"])),
            ("merge base", data["merge_base"] or ""),
            ("children", str(data["children"])),
            ("duplicates", " ".join(i[:12] for i in data["duplicates"][:8])),
            ("model", data["model"]),
            ("tokens", str(data["tokens"] or "")),
            ("cost", f"${data['cost_usd']:.4f}" if data["cost_usd"] else ""),
            ("outcome", data["described"]),
            ("gates", f"passed {', '.join(data['gates'])}" if passed else ""),
            ("hold-out", _held(data["holdout"])),
            *((f"  {name}", number(value)) for name, value in _metrics(data).items()),
            ("artefacts", ", ".join(sorted(data["artefacts"]))),
        ]
    )
    print_reason(session.output, data["reason"])
    if data["body"]:
        session.output.line()
        session.output.line(data["body"])
    _print_findings(session, data)


def _print_findings(session: Session, data: dict[str, Any]) -> None:
    if not data["findings"]:
        return
    session.output.line()
    session.output.table(data["findings"], FINDINGS)
    if data["outcome"] and data["outcome"]["status"] == "quarantined":
        commit = data["commit"][:12]
        measured = data["outcome"].get("held")
        score = f"its score of {number(measured['score'])} counts" if measured else "it is judged"
        session.output.note(f"evogit release {commit}: then {score}; evogit show {commit} -p")


def _metrics(data: dict[str, Any]) -> dict[str, float]:
    outcome: dict[str, Any] = data["outcome"] or {}
    return outcome.get("metrics", {})


def _held(outcome: dict[str, Any] | None) -> str:
    if outcome is None:
        return ""
    return number(outcome["score"]) if outcome["status"] == "scored" else outcome["status"]


def _print_patch(session: Session, row: int) -> None:
    phylogeny = session.phylogeny
    if phylogeny.parents(row):
        old = first_parent(session, row)
        session.output.line()
        found = changes(session.swarm.git, phylogeny.tree(old), phylogeny.tree(row))
        print_changes(session, found, stat=False)


def _print_artefact(
    session: Session, found: dict[str, bytes], name: str, file: Path | None
) -> None:
    if name not in found:
        raise NotFoundError(
            f"its attempt has no artefact {clean_line(name, 60)!r}",
            hint=f"it has {', '.join(sorted(found)) or 'none'}",
        )
    if file is not None:
        try:
            file.write_bytes(found[name])
        except OSError as error:
            raise PreconditionError(f"{file} can not be written: {error.strerror}") from error
        session.output.note(f"{len(found[name])} bytes in {file}")
        return
    text = decode(found[name], 2**20)
    session.output.result({"name": name, "text": text}, lambda: session.output.line(text))
