"""``evogit replay``: the recorded answers of models once more, without a model."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Annotated, Final

import typer

from evogit.cli.session import Session
from evogit.errors import EvoGitError, NotFoundError
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.sandbox.base import Runtime, Sandbox
    from evogit_agents.replay.again import Replayed

_NAMES: Final = 20


def replay(
    session: Session,
    agents: Annotated[
        list[str] | None, typer.Argument(metavar="[AGENT]...", help="Only attempts of these.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--all", "-a", help="List attempts that came out the same too.")
    ] = False,
) -> None:
    """Make the offspring of language models again from their recorded answers, and compare.

    Every attempt that asked a model is carried out once more, as the swarm was when it began, with
    the answers from its journal: nothing is sent, judged or changed. Exit code 1 if a tree, or the
    reason there is none, comes out different.

    Examples: evogit replay; evogit replay a1 --all; evogit replay --json
    """
    wanted = _known(session, agents or [])
    found = [one for one in _replayed(session) if not wanted or one.attempt.agent in wanted]
    counts = Counter(one.verdict for one in found)
    other = sum(not one.prompt for one in found if one.verdict != "not replayable")
    data = {
        "ok": not counts["different"],
        "same": counts["same"],
        "different": counts["different"],
        "not_replayable": counts["not replayable"],
        "other_prompt": other,
        "attempts": [_row(one) for one in found],
    }
    session.output.result(data, lambda: _print(session, found, other, verbose=verbose))
    if counts["different"]:
        raise typer.Exit(1)


def _known(session: Session, agents: list[str]) -> set[str]:
    """These agents.

    Raises:
        NotFoundError: one never made an attempt.
    """
    known = session.phylogeny.agents
    for name in agents:
        if name not in known:
            raise NotFoundError(
                f"no agent {clean_line(name, 60)!r} ever made an attempt here",
                hint=f"these did: {', '.join(known[:_NAMES])}" if known else "nobody did so far",
            )
    return set(agents)


def _replayed(session: Session) -> Iterator[Replayed]:
    from evogit.proposals import Setup
    from evogit_agents.models import live
    from evogit_agents.replay.again import Theatre
    from evogit_agents.replay.rewind import Rewound

    settings = session.spec.settings
    with TemporaryDirectory(prefix="evogit-replay-") as name, live.forbidden("this is a replay"):
        folder = Path(name)
        sandbox, runtime = _sandbox(session)
        rewound = Rewound(session.swarm, folder, session.environment_digest)
        setup = Setup(
            argument="",
            settings=settings,
            environment={},
            redactor=session.keep_secrets(settings.secrets.variables),
            folder=folder / "scratch",
            own=session.config_home,
            stop=Event(),
            sandbox=sandbox,
            runtime=runtime,
        )
        theatre = Theatre(session.swarm.git, rewound, setup)
        try:
            for past in rewound.attempts:
                found = theatre.replay(past)
                if found is not None:
                    yield found
        finally:
            sandbox.close()


def _sandbox(session: Session) -> tuple[Sandbox, Runtime]:
    """For the linter whose findings stand in prompts."""
    from evogit.sandbox.base import Runtime
    from evogit.sandbox.choose import choose, make

    runtime = Runtime(Path(sys.executable))
    try:
        return choose("auto", runtime, image=None, allow_unsafe=False), runtime
    except EvoGitError as error:
        session.output.warn(f"prompts lack what a linter says: {error.message}")
        return make("bubblewrap", runtime, None), runtime


def _row(one: Replayed) -> dict[str, object]:
    attempt = one.attempt
    return {
        "entry": one.entry,
        "agent": attempt.agent,
        "step": attempt.step,
        "operator": attempt.operator,
        "model": attempt.model,
        "offspring": attempt.offspring,
        "verdict": one.verdict,
        "same_prompt": one.prompt,
        "same_commit": one.commit,
        "why": one.why,
    }


def _print(session: Session, found: list[Replayed], other: int, *, verbose: bool) -> None:
    from evogit.cli.output import counted

    output = session.output
    for one in found:
        if verbose or one.verdict != "same" or not one.prompt:
            attempt = one.attempt
            made = attempt.offspring[:12] if attempt.offspring else "no offspring"
            notes = [one.why, "" if one.prompt else "the prompt would be another now"]
            text = "; ".join(note for note in notes if note)
            where = f"{attempt.agent} step {attempt.step}"
            output.line(
                f"{one.verdict}: {where} ({attempt.operator}), {made}{': ' * bool(text)}{text}"
            )
    counts = Counter(one.verdict for one in found)
    output.line(
        f"{counted(len(found), 'attempt')} replayed: {counts['same']} same,"
        f" {counts['different']} different, {counts['not replayable']} not replayable;"
        f" {other} with another prompt"
    )
