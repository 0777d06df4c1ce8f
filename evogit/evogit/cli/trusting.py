"""Consent: nothing from a repository is executed before its user agreed to exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evogit.errors import PreconditionError

if TYPE_CHECKING:
    from pathlib import Path

    from evogit.cli.session import Session
    from evogit.config.model import Settings
    from evogit.config.trust import TrustStore
    from evogit.swarm.repository import Swarm
    from evogit.swarm.spec import Spec


def store(session: Session) -> TrustStore:
    """This person's consents."""
    from evogit.config.trust import TrustStore

    return TrustStore(session.state_home / "trust.json")


def content_digest(swarm: Swarm, spec: Spec | None = None) -> str:
    """What consent is about, as pinned: commands, evaluator, lock files and the Dockerfile.

    Of ``spec``, or else of the swarm's now.
    """
    from evogit.config.trust import digest

    spec = spec or swarm.spec()
    base = swarm.git.commit(swarm.base).tree
    built_from = [*spec.settings.environment.lock, spec.settings.sandbox.dockerfile]
    found = [swarm.git.entry(base, path) for path in built_from if path is not None]
    blobs = [entry.blob for entry in found if entry is not None]
    return digest(spec.settings, " ".join([spec.evaluator, *blobs]))


def question(settings: Settings) -> list[str]:
    """What is shown before somebody is asked to agree, line by line."""
    from evogit.config.trust import commands

    where = "WITHOUT a sandbox" if settings.sandbox.kind == "process" else "in a sandbox"
    return [
        f"These commands will run on this machine, the gates and stages {where}:",
        *(f"  {line}" for line in commands(settings)),
    ]


def agree(session: Session, swarm: Swarm, *, yes: bool) -> None:
    """Show what would run and remember the answer.

    Raises:
        UserError: nobody can be asked and ``yes`` is not given.
        EvoGitError: the answer was no.
    """
    output = session.output
    if not (yes and output.manner.quiet):
        output.tell("\n".join(question(swarm.spec().settings)))
    output.confirm("Trust exactly these commands?", yes=yes)
    store(session).trust(swarm.path, content_digest(swarm))


def follow_config(session: Session) -> None:
    """Take an edited evogit.toml over into the spec, and say so. A clone has none to follow.

    Raises:
        ConfigError: something in it is not allowed.
        NotFoundError: it names a strategy, agent or sandbox that is not installed here.
    """
    from evogit.cli.installed import require_installed
    from evogit.config.load import is_override
    from evogit.errors import ConfigError
    from evogit.initialise import follow_config as follow

    overrides = sorted(filter(is_override, session.environ))
    if session.in_clone:
        if overrides:
            session.output.warn(
                f"in a clone the swarm's spec counts; {', '.join(overrides)} has no effect "
                "(limits of one run: --max-evaluations, --max-time, --max-cost)"
            )
        return
    source = session.source
    try:
        config = session.config_file
    except ConfigError:
        session.output.warn("there is no evogit.toml any more; the spec stays as it is")
        return
    config = _made_from(session, config)
    now = int(session.clock())
    settings = session.read_settings(config)
    require_installed(settings)
    changed = follow(
        session.swarm, source, config, author=session.user, time=now, settings=settings
    )
    if changed:
        more = f" (with {', '.join(overrides)} of the environment)" if overrides else ""
        session.output.note(f"{changed}{more}; this is a new version of the spec")


def tell_looser_caps(session: Session) -> None:
    """Warn of caps that the spec has by now, and that are looser than this clone's configuration."""
    spec = session.swarm.spec().settings.budget
    held = spec.strictest(session.own_budget)
    looser = [
        f"{name} {getattr(held, name):g} (the spec: {'none' if said is None else f'{said:g}'})"
        for name, said in spec
        if said != getattr(held, name)
    ]
    if looser:
        session.output.warn(
            f"the spec allows more than {session.config_file.name} here, whose caps count on this "
            f"host: {', '.join(looser)}"
        )


def _made_from(session: Session, nearest: Path) -> Path:
    """Which configuration counts: the one that made the swarm, wherever in the tree a run is started."""
    from evogit.initialise import made_from

    first = made_from(session.swarm, session.source)
    if (
        first is None
        or session.environ.get("EVOGIT_CONFIG")
        or first.resolve() == nearest.resolve()
    ):
        return nearest
    session.output.warn(f"the swarm is made from {first}, so {nearest} does not count; remove one")
    return first


def is_trusted(session: Session, swarm: Swarm, spec: Spec | None = None) -> bool:
    """Whether this person agreed to the commands of ``spec``, or else the swarm's now.

    Once and for all, or for this invocation.
    """
    if session.environ.get("EVOGIT_TRUST") == "1":
        return True
    return store(session).is_trusted(swarm.path, content_digest(swarm, spec))


def require(session: Session, swarm: Swarm, spec: Spec | None = None) -> None:
    """Refuse to go on without consent; ``EVOGIT_TRUST=1`` is consent for one invocation.

    Raises:
        PreconditionError: the commands of ``spec``, or else the swarm's now, were never agreed to.
    """
    if not is_trusted(session, swarm, spec):
        raise PreconditionError(
            "the commands of this swarm's spec are not trusted on this machine",
            hint="look at them and agree with `evogit trust`",
        )
