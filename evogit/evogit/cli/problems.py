"""List the library's problems, make one of your own, or take over another system's."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer
from typer.core import TyperGroup

from evogit.cli.common import lists
from evogit.cli.output import Column
from evogit.cli.session import Session
from evogit.errors import NotFoundError, UserError
from evogit.plugins import Plugin
from evogit.text import clean, clean_line

if TYPE_CHECKING:
    from evogit.swarm.repository import Swarm


class _Shows(TyperGroup):
    """``evogit problems`` and ``evogit problems NAME`` mean ``evogit problems show``."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        asks = not args or (args[0] not in self.commands and not {"-h", "--help"} & set(args))
        return super().parse_args(ctx, ["show", *args] if asks else args)


app = typer.Typer(help=__doc__, cls=_Shows)

_COLUMNS: Final = (
    Column("problem", "name", style="cyan"),
    Column("direction", "direction"),
    Column("summary", "summary", flexible=True),
)
_Folder = Annotated[
    Path | None, typer.Argument(metavar="FOLDER", help="A new folder.", show_default="its name")
]


@app.command("show")
@lists
def show(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show this one.")] = None,
) -> None:
    """List the library's problems, or show one; the word show may be left out.

    Examples: evogit problems; evogit problems show online-bin-packing
    """
    points = {point.name: point for point in entry_points(group="evogit.problems")}
    if name is None:
        rows = [_listed(point) for _, point in sorted(points.items())]
        session.output.rows("problems", rows, _COLUMNS)
        return
    if name not in points:
        from evogit.plugins import find

        find("evogit.problems", name)
    row = _problem(points[name])
    session.output.result(row, lambda: _print_problem(session, row))


@app.command("new")
def new(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    folder: _Folder = None,
) -> None:
    """Make a problem of your own that runs at once.

    The new folder holds a program to evolve, a scorer that never loads it, evogit.toml, and tests
    that try to fool the scorer.

    Example: evogit problems new spread-points
    """
    from evogit.cli import trusting
    from evogit.importing.scaffold import scaffold
    from evogit.initialise import init_folder
    from evogit.plugins import names

    if name in names("evogit.problems"):
        raise UserError(
            f"the library has a problem {name} already",
            hint="name yours otherwise: evogit run NAME and evogit compare NAME would mean one of them",
        )
    seed, beside = scaffold(name)
    target = folder or Path(name)
    swarm = init_folder(name, session.cwd / target, seed, beside, author=session.user)
    # All of it is EvoGit's own text, and nothing of it came from anywhere else.
    trusting.store(session).trust(swarm.path, trusting.content_digest(swarm))
    _made(session, swarm, target, {}, [])
    session.output.note(f"next: cd {target} && evogit run --max-time 1m; then read README.md there")


@app.command("import")
def import_(
    session: Session,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Its folder, or its program.")],
    folder: _Folder = None,
    *,
    metric: Annotated[
        str | None, typer.Option("--metric", help="The number that is the score.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Trust its evaluator, in the sandbox.")
    ] = False,
) -> None:
    """Take over a problem of openevolve, ShinkaEvolve or AlphaEvolve.

    Its evaluator runs unchanged, in the sandbox. It loads the program it judges into its own
    process, so its score is no better than the program's word: see docs/problems.md. Importing
    executes nothing.

    Example: evogit problems import openevolve/examples/function_minimization
    """
    from evogit.cli import trusting
    from evogit.importing.foreign import recognise
    from evogit.importing.layout import lay_out
    from evogit.importing.wishes import read_wishes
    from evogit.initialise import init_folder

    foreign = recognise(session.cwd / path)
    layout = lay_out(foreign, read_wishes(foreign), metric)
    target = folder or _beside(session.cwd, (session.cwd / path).resolve())
    swarm = init_folder(
        target.name, session.cwd / target, layout.seed, layout.beside, author=session.user
    )
    if yes:
        trusting.store(session).trust(swarm.path, trusting.content_digest(swarm))
    facts: dict[str, object] = {
        "format": foreign.format,
        "program": clean_line(foreign.program),
        "evaluator": clean_line(foreign.evaluator),
        "trusted": yes,
    }
    _made(session, swarm, target, facts, [clean_line(note, 500) for note in layout.notes])
    agree = "" if yes else "evogit trust && "
    session.output.note(
        f"next: cd {target} && {agree}evogit eval base && evogit run --max-time 10m"
    )


def _beside(here: Path, source: Path) -> Path:
    """A folder for what is made of ``source``: its name, or with a word added if that is its own."""
    name = Path(source.stem)
    return name if (here / name) != source else Path(f"{name}-evogit")


def _made(
    session: Session, swarm: Swarm, folder: Path, facts: dict[str, object], notes: list[str]
) -> None:
    """Say what was made, and what its owner should know."""
    output = session.output
    data = {"folder": str(folder), "swarm": str(swarm.path), **facts, "notes": notes}
    what = f" from {facts['program']}, a problem for {facts['format']}" if facts else ""
    output.result(data, lambda: output.line(f"made {folder}{what}"))
    for note in notes:
        output.note(f"- {note}")


def _print_problem(session: Session, row: dict[str, object]) -> None:
    keys = ("name", "summary", "direction", "source", "best_known", "folder")
    session.output.pairs((key.replace("_", " "), str(row[key])) for key in keys)
    session.output.line()
    session.output.line(str(row["goal"]).strip())


def _listed(point: EntryPoint) -> dict[str, object]:
    """As ``_problem``; one that can not be read says so and hides no other."""
    try:
        return _problem(point)
    except NotFoundError as error:
        empty = dict.fromkeys(("source", "best_known", "direction", "goal", "folder"), "")
        return {"name": point.name, "summary": clean_line(error.message, 300), **empty}


def _folder(point: EntryPoint) -> Path:
    """Where the package of a problem lies."""
    try:
        spec = find_spec(point.module)
    except (ImportError, ValueError) as error:
        raise _unreadable(point, str(error)) from error
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise _unreadable(point, f"there is no package {point.module}")
    return Path(places[0])


def _unreadable(point: EntryPoint, why: str) -> NotFoundError:
    plugin = Plugin("evogit.problems", point)
    return NotFoundError(f"{plugin} can not be read: {why}", hint=plugin.whose_fault)


def _problem(point: EntryPoint) -> dict[str, object]:
    """What a problem's ``problem.toml`` says of it; none of its code runs.

    Raises:
        NotFoundError: there is no such file, or it can not be read.
    """
    path = _folder(point) / "problem.toml"
    try:
        with path.open("rb") as file:
            data: dict[str, object] = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _unreadable(point, str(error)) from error
    info, goal, judged = (_table(data, key) for key in ("problem", "goal", "evaluate"))
    return {
        "name": point.name,
        "summary": clean_line(str(info.get("summary", ""))),
        "source": clean_line(str(info.get("source", ""))),
        "best_known": clean_line(str(info.get("best_known", ""))),
        "direction": clean_line(str(judged.get("direction", "maximize"))),
        "goal": clean(str(goal.get("text", ""))),
        "folder": str(path.parent),
    }


def _table(data: dict[str, object], key: str) -> dict[str, object]:
    found = data.get(key)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
