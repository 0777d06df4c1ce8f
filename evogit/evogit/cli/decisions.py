"""What the commands that decide something have in common."""

from __future__ import annotations

from collections.abc import Sequence

from evogit.cli.select import select
from evogit.cli.session import Session
from evogit.cli.stamps import stamp
from evogit.errors import NotFoundError
from evogit.ids import CommitId
from evogit.steering.history import about
from evogit.text import clean_line


def commits(session: Session, names: Sequence[str]) -> list[CommitId]:
    """The individuals of these names, each once, in order.

    Raises:
        NotFoundError: a name is that of none, or of several.
    """
    phylogeny, base = session.phylogeny, session.swarm.base
    rows = dict.fromkeys(select(phylogeny, base, name) for name in names)
    return [phylogeny.commit(row) for row in rows]


def known_agents(session: Session, names: Sequence[str]) -> list[str]:
    """These names, if each is an agent's.

    Raises:
        NotFoundError: there is no such agent.
    """
    tips = session.phylogeny.tips
    for name in names:
        if name not in tips:
            raise NotFoundError(
                f"there is no agent {clean_line(name, 60)!r}",
                hint=f"agents are {', '.join(sorted(tips)[:20]) or 'none yet'}",
            )
    return list(names)


def report(
    session: Session, entry: CommitId, text: str, *, back: str = "evogit undo takes it back"
) -> None:
    """Say what was decided and how to take it back."""
    decision = dict(session.phylogeny.decisions).get(entry)
    data: dict[str, object] = {"operation": entry, "text": text}
    if decision is not None:
        data |= {
            "verb": decision.verb,
            "selects": list(decision.selects),
            "target": decision.target,
            "moves": [[move.ref, move.old, move.new] for move in decision.moves],
        }
    session.output.result(data, lambda: session.output.note(f"{text} ({entry[:12]}; {back})"))


def described(session: Session, named: CommitId | None) -> str:
    """A decision, with whose it is: on a swarm of several hosts two people may have one name."""
    known = dict(session.phylogeny.decisions)
    decision = known.get(named) if named is not None else None
    while decision is not None and decision.undoes is not None:  # it is about what it took back
        decision = known.get(decision.undoes)
    if decision is None:
        return "nothing"
    return f"{decision.verb} {about(decision)} by {decision.by} of {stamp(decision.time)}"
