"""What ``evogit doctor`` looks at. A check returns what it found; an error means "no run"."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from evogit.cli import trusting
from evogit.cli.output import counted
from evogit.cli.session import Session
from evogit.cli.submodules import MEND, left_out
from evogit.errors import EvoGitError, NotFoundError, PreconditionError
from evogit.git.program import run_git
from evogit.git.refs import locks
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.config.toolchain import Toolchain
    from evogit.sandbox.image import Dockerfile
    from evogit.sandbox.trial import Finding, Trial

Severity = Literal["ok", "warning", "error"]

OLDEST_GIT: Final = (2, 38)
_STALE_SECONDS: Final = 60
_SHOWN_PROBLEMS: Final = 20
_UNSAFE: Final = "process"
_LOW_SPACE: Final = 2**30
_FREE_SPACE: Final = "free some space; evogit gc packs the swarm, but needs room for that itself"
_NO_SPACE: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``fix`` is a command or a sentence; empty if nothing needs doing.

    Of a sandbox that works, ``attacks`` says by name how each attack on it ended.
    """

    id: str
    severity: Severity
    message: str
    fix: str = ""
    attacks: dict[str, Finding] = field(default_factory=dict["str", "Finding"])


def _git(session: Session) -> Iterator[Check]:
    text = clean_line(run_git(session.cwd, "version").decode("utf-8", "replace"), 80)
    numbers = re.search(r"(\d+)\.(\d+)", text)
    version: tuple[int, ...] = tuple(map(int, numbers.groups())) if numbers else ()
    if version < OLDEST_GIT:
        yield Check("git", "error", f"{text} is too old", "install git 2.38 or newer")
    else:
        yield Check("git", "ok", text)


def _repository(session: Session) -> Iterator[Check]:
    try:
        path = session.swarm_path
    except NotFoundError as error:
        yield Check("swarm", "warning", error.message, error.hint)
        return
    spec = session.swarm.spec()
    yield Check("swarm", "ok", f"{path}, spec {spec.commit[:12]}")
    if not os.access(path, os.W_OK):
        yield Check("swarm", "error", f"{path} can not be written", "use an account that owns it")


def _submodules(session: Session) -> Iterator[Check]:
    if not _has_swarm(session) or session.in_clone:
        return
    for what in left_out(session.swarm, session.source):
        yield Check("submodules", "warning", what, MEND)


def _settings(session: Session) -> Iterator[Check]:
    try:
        path = session.config_file
    except EvoGitError as error:
        yield Check("settings", "warning", error.message, error.hint)
        return
    _ = session.settings
    yield Check("settings", "ok", str(path))


def _trust(session: Session) -> Iterator[Check]:
    if not _has_swarm(session):
        return
    try:
        trusting.require(session, session.swarm)
    except PreconditionError as error:
        yield Check("trust", "warning", error.message, error.hint)
    else:
        yield Check("trust", "ok", "the commands are agreed to")


def _parts(session: Session) -> Iterator[Check]:
    from evogit.plugins import find

    if not _has_swarm(session):
        return
    search = session.spec.settings.search
    for name in dict.fromkeys(search.agents):
        yield Check("agents", "ok", f"{name} ({find('evogit.agents', name).value})")
    yield Check("strategy", "ok", find("evogit.strategies", search.strategy).name)


def _programs(session: Session) -> Iterator[Check]:
    """Programs of the commands that this machine has where no candidate sees them."""
    from evogit.config.toolchain import toolchain

    settings = session.spec.settings if _has_swarm(session) else None
    if settings is None or settings.sandbox.kind == "container":
        return
    evaluate, named = settings.evaluate, settings.environment
    commands = [gate.command for gate in evaluate.gates] + [one.run for one in evaluate.stages]
    shown = named.variables.get("PATH", "").split(":")
    for program in dict.fromkeys(command[0] for command in commands):
        tools = toolchain((program,), session.environ)
        if (
            tools is None
            or named.python
            or any((Path(at) / program).exists() for at in shown if at)
        ):
            continue
        if not tools.found:
            yield Check("programs", "warning", f"{program} is not on PATH", f"install {program}")
            continue
        message = f"{program} is {tools.found}, which candidates are not shown"
        yield Check("programs", "warning", message, _how_to_show(tools))


def _how_to_show(tools: Toolchain) -> str:
    if not tools.folder:
        return "name its folder in environment.paths, and in PATH of environment.variables"
    return (
        f'in [environment]: paths = ["{tools.folder}"]; in [environment.variables]: '
        f'PATH = "{tools.search_path}"'
    )


def _sandboxes(session: Session) -> Iterator[Check]:
    import sys

    from evogit.config.model import Environment
    from evogit.environment.prepare import prepare
    from evogit.sandbox.trial import try_installed

    cache = session.cache_home / "environments"
    python = Path(sys.executable)
    runtime = prepare(Environment(), session.cwd, cache, default_python=python, lock_contents={})
    trials = try_installed(runtime, _image(session))
    for name, trial in trials.items():
        yield _sandbox(name, trial)
    if not any(trial.probe.works for name, trial in trials.items() if name != _UNSAFE):
        yield Check(
            "sandbox",
            "error",
            "no sandbox works here, so candidates can not be run safely",
            "see the hints above",
        )


def _sandbox(name: str, trial: Trial) -> Check:
    title, findings = f"sandbox {name}", dict(trial.findings)
    if not trial.probe.works:
        return Check(title, "warning", trial.probe.reason, trial.probe.hint)
    through = [attack for attack, found in findings.items() if found.verdict == "NOT stopped"]
    untried = [attack for attack, found in findings.items() if found.verdict == "not available"]
    if name == _UNSAFE:
        return Check(title, "ok", "works; for candidates you trust", attacks=findings)
    if through:
        fix = "use another sandbox for what you do not trust; --json says what got through"
        return Check(title, "warning", f"lets through: {', '.join(through)}", fix, findings)
    if untried:
        why = findings[untried[0]].detail
        return Check(title, "warning", f"not tried: {', '.join(untried)}: {why}", "", findings)
    return Check(title, "ok", f"works, and stopped all {len(findings)} attacks", attacks=findings)


def _image(session: Session) -> str | Dockerfile | None:
    """What containers start from. A Dockerfile runs commands, so only one that was agreed to."""
    from evogit.evolve.assembly import container_image

    if not _has_swarm(session):
        return None
    settings = session.spec.settings
    if settings.sandbox.dockerfile and not trusting.is_trusted(session, session.swarm):
        return None
    return container_image(session.swarm, settings)


def _disk(session: Session) -> Iterator[Check]:
    path = session.swarm.path if _has_swarm(session) else session.cwd
    stats = os.statvfs(path)
    free = stats.f_bavail * stats.f_frsize
    message = f"{free / 2**30:.1f} GiB free at {path}"
    nodes = stats.f_files > 0 and stats.f_favail < 10_000
    if free < _NO_SPACE or (nodes and stats.f_favail < 100):
        yield Check("disk", "error", message, _FREE_SPACE)
    elif free < _LOW_SPACE or nodes:
        note = f"{message}, {stats.f_favail} inodes"
        yield Check("disk", "warning", note, _FREE_SPACE)
    else:
        yield Check("disk", "ok", message)


def _locks(session: Session) -> Iterator[Check]:
    if not _has_swarm(session):
        return
    stale = 0
    for lock in locks(session.swarm.path):
        try:
            age = time.time() - lock.stat().st_mtime
        except FileNotFoundError:
            continue
        if age > _STALE_SECONDS:
            stale += 1
            yield Check(
                "locks",
                "warning",
                f"{lock.relative_to(session.swarm.path)} is {age / 60:.0f} min old",
                f"if no worker is running: rm {lock}",
            )
    if not stale:
        yield Check("locks", "ok", "none left over")


def _journals(session: Session) -> Iterator[Check]:
    if not _has_swarm(session):
        return
    problems = session.phylogeny.problems
    for problem in problems[:_SHOWN_PROBLEMS]:
        yield Check("journals", "warning", clean_line(problem), "what can not be read is left out")
    if len(problems) > _SHOWN_PROBLEMS:
        more = len(problems) - _SHOWN_PROBLEMS
        yield Check("journals", "warning", f"and {counted(more, 'more problem')}")
    if not problems:
        yield Check("journals", "ok", f"{len(session.phylogeny)} individuals read")


def _clock(session: Session) -> Iterator[Check]:
    now = session.clock()
    if not _has_swarm(session):
        return
    newest = max((decision.time for _, decision in session.phylogeny.decisions), default=0.0)
    newest = max(newest, float(session.phylogeny.time(0)))
    if newest > now + _STALE_SECONDS:
        yield Check(
            "clock",
            "warning",
            f"the swarm holds dates {newest - now:.0f} s in the future",
            "set the clock of this machine, or of the one that wrote them",
        )
    else:
        yield Check("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now)))


def _has_swarm(session: Session) -> bool:
    try:
        return session.swarm_path.exists()
    except NotFoundError:
        return False


CHECKS: Final[dict[str, Callable[[Session], Iterator[Check]]]] = {
    "git": _git,
    "swarm": _repository,
    "submodules": _submodules,
    "settings": _settings,
    "trust": _trust,
    "agents": _parts,
    "programs": _programs,
    "sandbox": _sandboxes,
    "disk": _disk,
    "locks": _locks,
    "journals": _journals,
    "clock": _clock,
}
