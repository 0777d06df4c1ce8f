"""``evogit notes``: scores where plain ``git log`` shows them."""

from __future__ import annotations

from typing import Final

from evogit.cli.session import Session
from evogit.git.trees import FILE, Entry
from evogit.outcome import describe

NOTES_REF: Final = "refs/notes/evogit"


def notes(session: Session) -> None:
    """Write scores as git notes, for git log.

    They go to refs/notes/evogit of the swarm repository; nothing reads them back.

    Example: evogit notes; git --git-dir="$(evogit path)" log --all --notes=evogit
    """
    git, phylogeny = session.swarm.git, session.phylogeny
    blobs: dict[str, Entry] = {}
    for row in range(len(phylogeny)):
        outcome = phylogeny.outcome(row)
        if outcome is not None:
            commit = phylogeny.commit(row)
            text = f"evogit: {describe(outcome)}\n"
            blobs[f"{commit[:2]}/{commit[2:]}"] = Entry(FILE, git.write_blob(text.encode()))
    tree = git.build_tree(blobs.items())
    old = git.ref(NOTES_REF)
    if old is None or git.commit(old).tree != tree:
        # No parent: notes are a projection, and their history would only grow.
        new = git.write_commit(
            tree, [], "evogit notes\n", author=session.user, time=int(session.clock())
        )
        git.move_ref(NOTES_REF, old=old, new=new)
    session.output.result(
        {"ref": NOTES_REF, "notes": len(blobs)},
        lambda: session.output.note(f"{len(blobs)} notes in {NOTES_REF}"),
    )
