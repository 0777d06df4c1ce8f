"""``evogit init``: a swarm for this repository, or for a library problem in a new folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.ids import CommitId
    from evogit.source import Source
    from evogit.swarm.repository import Swarm


def init(
    session: Session,
    path: Annotated[
        Path | None,
        typer.Argument(help="The repository; with --problem the new folder.", show_default="here"),
    ] = None,
    *,
    problem: Annotated[
        str, typer.Option("--problem", help="A library problem instead; see `evogit problems`.")
    ] = "",
    base: Annotated[
        str, typer.Option("--base", help="Start evolution from this revision.")
    ] = "HEAD",
    anew: Annotated[
        bool,
        typer.Option(
            "--anew", help="Begin again from the base; the swarm there is is moved aside."
        ),
    ] = False,
    private: Annotated[
        bool,
        typer.Option(
            "--private", help="Keep evogit.toml in the git directory, not beside your files."
        ),
    ] = False,
    detect_only: Annotated[
        bool,
        typer.Option(
            "--write-config", help="Only write evogit.toml, so that you can edit it first."
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Trust the commands that are printed.")
    ] = False,
) -> None:
    """Make a swarm for a repository, or for a library problem.

    In a repository this detects language, tests and a benchmark, writes evogit.toml unless there
    is one, and makes the swarm inside the git directory. Nothing else is touched.

    With --anew a swarm that is there, such as one of a base that has no score or is no longer
    where the work goes on, is moved beside the new one, and can be looked at as before.

    Examples: `evogit init`, `evogit init --problem online-bin-packing packing`
    """
    from evogit.initialise import set_aside

    if problem:
        _init_problem(session, problem, path or Path(problem))
        return
    folder = session.cwd / (path or Path())
    source = _source(folder, anew=anew)
    config, new = _configuration(session, source, folder, source.resolve(base), private=private)
    if detect_only:
        session.output.result({"config": str(config)}, lambda: session.output.line(str(config)))
        return
    _warn(session, source)
    aside = set_aside(source.swarm) if source.swarm.exists() else None
    try:
        swarm = _make(session, source, config, base, yes=yes)
    except BaseException:
        if aside is not None:
            aside.rename(source.swarm)
        if new:
            session.output.note(f"{config} stays: the next evogit init uses it as it then is")
        raise
    _report(session, swarm, config, aside)


def make_problem(session: Session, name: str, folder: Path) -> Swarm:
    """Make a library problem in a new folder, trusted.

    Asked for by name, and installed by the user: that is consent to its commands.

    Raises:
        NotFoundError: there is no such problem.
        PreconditionError: the folder exists and is not empty.
    """
    from evogit.cli import trusting
    from evogit.initialise import init_problem

    swarm = init_problem(name, session.cwd / folder, author=session.user)
    trusting.store(session).trust(swarm.path, trusting.content_digest(swarm))
    return swarm


def _init_problem(session: Session, name: str, folder: Path) -> None:
    swarm = make_problem(session, name, folder)
    session.output.result(
        {"swarm": str(swarm.path), "folder": str(folder)},
        lambda: session.output.line(f"made {folder} from the problem {name}"),
    )
    session.output.note(f"next: cd {folder} && evogit run --max-time 1m")


def _source(folder: Path, *, anew: bool) -> Source:
    """The repository to make a swarm for."""
    from evogit.errors import ConflictError, NotFoundError
    from evogit.source import find_source

    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "does not exist"
        raise NotFoundError(f"{folder} {what}", hint="name the folder of a git repository")
    source = find_source(folder)
    if source.swarm.exists() and not anew:
        raise ConflictError(
            f"there is a swarm at {source.swarm} already",
            hint="see it with `evogit status`, or begin again from another base with `evogit init --anew`",
        )
    return source


def _warn(session: Session, source: Source) -> None:
    """Say what about the repository may surprise later."""
    if source.is_dirty():
        session.output.warn(
            "your uncommitted changes are not part of the base; commit them first if they should be"
        )
    if (source.common_dir / "shallow").exists():
        session.output.warn(
            "this clone is shallow: its swarm can not be shared by evogit sync; git fetch --unshallow first"
        )
    _check_names(session, source)


def _make(session: Session, source: Source, config: Path, base: str, *, yes: bool) -> Swarm:
    """The swarm, once its commands were agreed to; nothing of it stays if they were not."""
    from evogit.cli import trusting
    from evogit.cli.submodules import MEND, left_out
    from evogit.initialise import discard, init_repository

    swarm = init_repository(
        source, config, base=base, author=session.user, settings=session.read_settings(config)
    )
    try:
        for what in left_out(swarm, source):
            session.output.warn(f"{what}; {MEND}")
        trusting.agree(session, swarm, yes=yes)
    except BaseException:
        discard(swarm.path)
        raise
    return swarm


def _report(session: Session, swarm: Swarm, config: Path, aside: Path | None) -> None:
    data = {"swarm": str(swarm.path), "config": str(config), "base": swarm.base}
    if aside is not None:
        data["aside"] = str(aside)
        session.output.note(
            f"the earlier swarm is now {aside}; see it with `evogit -C {aside} status`"
        )
    session.output.result(
        data, lambda: session.output.line(f"made the swarm {swarm.path} from {swarm.base[:12]}")
    )
    session.output.note("next: evogit eval base, then evogit run --max-time 10m")


def _check_names(session: Session, source: Source) -> None:
    """Say now what would reject every individual: a file whose name none may have."""
    from evogit.errors import UserError
    from evogit.git.trees import check_path

    for name in source.tracked():
        try:
            check_path(name)
        except UserError as error:
            session.output.warn(f"{error.message}; every individual would be rejected: rename it")
            return


def _configuration(
    session: Session, source: Source, folder: Path, base: CommitId, *, private: bool
) -> tuple[Path, bool]:
    """The configuration file: the nearest one from ``folder`` up, or a detected one, newly written."""
    from evogit.config.load import find
    from evogit.errors import PreconditionError

    root = source.work_tree or source.common_dir
    hidden = source.common_dir / "evogit" / "evogit.toml"
    below = source.work_tree is not None and folder.resolve().is_relative_to(root.resolve())
    start = folder.resolve() if below else root.resolve()
    found = hidden if hidden.exists() else find(start, root.resolve())
    if found is not None:
        session.output.note(f"using {found}")
        return found, False
    target = hidden if private else root / "evogit.toml"
    if source.work_tree is None:
        raise PreconditionError(
            f"{root} is bare: there are no files to look for tests or a benchmark in",
            hint=f"run evogit init in a clone that has files, or write {target} yourself first",
        )
    target.parent.mkdir(exist_ok=True)
    _write(session, source, target, base)
    if start != root.resolve():
        session.output.warn(
            f"all of {root} was looked at, not {start.name} alone: for a swarm of that folder narrow "
            "search.editable and let the commands begin with its folder, in evogit.toml"
        )
    return target, True


def _write(session: Session, source: Source, target: Path, base: CommitId) -> None:
    """Write what is detected in the base, which is what counts, whatever the work tree holds."""
    from evogit.config.detect import detect, doubts, render
    from evogit.config.toolchain import toolchain

    root = source.work_tree or source.common_dir
    detected = detect(root, source.tracked(base), source.reader(base))
    wanted = detected.tests or detected.bench
    if wanted is not None:
        detected = replace(detected, toolchain=toolchain(wanted, session.environ))
    target.write_text(render(detected))
    session.output.note(f"wrote {target}; look at it before an important run")
    for text in doubts(detected):
        session.output.warn(text)
