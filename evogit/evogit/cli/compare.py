"""``evogit compare``: strategies against each other at equal budget, with honest statistics."""

from __future__ import annotations

import itertools
import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from evogit.cli.output import counted
from evogit.cli.session import Session
from evogit.errors import ConfigError, EvoGitError

if TYPE_CHECKING:
    from evogit.compare.arms import Arm

_EVALUATIONS: Final = 300
_MOST: Final = 10**9


def compare(
    session: Session,
    problems: Annotated[
        list[str],
        typer.Argument(metavar="PROBLEM...", help="Library problems, or folders with a swarm."),
    ],
    *,
    strategies: Annotated[
        str, typer.Option("--strategies", help="Arms, with commas between; default: all installed.")
    ] = "",
    arm: Annotated[
        list[str] | None,
        typer.Option(
            "--arm",
            metavar="[NAME=]ARM",
            help="One more arm, whose values may hold commas; may be repeated.",
        ),
    ] = None,
    against: Annotated[
        str, typer.Option("--against", help="The arm others are compared with.")
    ] = "evogit",
    seeds: Annotated[int, typer.Option("--seeds", min=1, max=1000, help="Runs of each arm.")] = 10,
    seed_list: Annotated[str, typer.Option("--seed-list", help="Exactly these: 3,5,8.")] = "",
    evaluations: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[PROBLEM=]N",
            help="Budget of each run, 300 by default; may be repeated for other problems.",
        ),
    ] = None,
    agents: Annotated[int, typer.Option("--agents", "-n", min=1, help="How many in each run.")] = 4,
    agent: Annotated[
        list[str] | None, typer.Option("--agent", help="Kind of agent; may be repeated.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Runs at once.")] = 1,
    ablate: Annotated[
        Literal["merge"] | None,
        typer.Option("--ablate", help="Add arms without merges, and with a fork of equal cost."),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="PROBLEM=SCORE", help="Time runs to this training score."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of runs and results.")] = Path(
        "comparison"
    ),
    so_far: Annotated[
        bool, typer.Option("--so-far", help="Run nothing, show the finished runs.")
    ] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="As in `evogit run`.")
    ] = False,
) -> None:
    """Compare strategies on problems: every arm with every seed, at equal evaluations.

    An arm is a strategy, a strategy with an option (evogit+merge_every=0), or one with other seeds
    (evogit@1000); --arm 'grid=map-elites+measures=size,depth' gives one a name. best-of-n and
    sequential are always in the table. Stop it at any time; the same
    command again goes on, and with --so-far it shows what is there, also beside one that runs.
    docs/compare.md explains the statistics.

    Example: `evogit compare tsp online-bin-packing --strategies evogit,islands --seeds 12 -j 2`
    """
    from evogit.cli.compare_runs import Work
    from evogit.compare.arms import choose_arms
    from evogit.compare.cell import held
    from evogit.compare.setting import Setting, hold_reference, pin
    from evogit.plugins import find

    arms = choose_arms(_named(strategies, arm or []), ablate_merge=ablate == "merge")
    places = _places(session, problems)
    setting = Setting(
        problems={name: str(place or "library") for name, place in places.items()},
        arms=tuple(one.text for one in arms),
        seeds=_seeds(seeds, seed_list),
        evaluations=_budgets(evaluations or [], list(places)),
        agents=agents,
        kinds=tuple(find("evogit.agents", kind).name for kind in agent or ()),
    )
    _check_known(against, [one.name for one in arms], "arm")
    _check_shifts(arms, setting.seeds)
    work = Work(session, session.cwd / out, setting, tuple(arms), unsafe)
    targets = _targets(target or [], list(places))
    if so_far:
        work.show_finished(against, targets)
        return
    pin(work.home, setting)
    with held(work.home, wait=False):
        hold_reference(work.home, against, begun=work.has_begun())
        work.warn_of_power(against)
        templates = _templates(session, work.home, places)
        _tell_options(session, templates, arms, setting.seeds)
        failed, left = work.run_missing(templates, jobs)
        work.report(against, targets, failed)
    if not left:
        return
    if session.output.form != "text":
        raise typer.Exit(EvoGitError.exit_code)  # the one object says what failed
    rest = f", {left - len(failed)} were not started" if left > len(failed) else ""
    raise EvoGitError(
        f"{counted(len(failed), 'run')} failed{rest}",
        hint=f"their logs are below {work.home}; the same command tries again",
    )


def _named(strategies: str, arms: list[str]) -> list[str]:
    from evogit.plugins import names

    known = names("evogit.strategies")
    typed = [word.strip() for word in strategies.split(",") if word.strip()]
    for before, word in itertools.pairwise(typed):
        if "=" in before and not word.startswith(tuple(known)):
            raise ConfigError(
                f"--strategies has no strategy {word!r}: it is split at commas",
                hint=f"if that belongs to a value, write --arm '{before},{word}'",
            )
    return [*typed, *arms] or [name for name in known if name != "fork"]


def _tell_options(
    session: Session, templates: dict[str, Path], arms: Sequence[Arm], seeds: Sequence[int]
) -> None:
    """Say what a problem brings for its own strategy, and that others run without it.

    Raises:
        ConfigError: with it two arms would make the same run.
    """
    from evogit.compare.arms import is_meant, options_of
    from evogit.swarm.repository import Swarm

    for problem, path in templates.items():
        search = Swarm(path).spec().settings.search
        if not search.options:
            continue
        run_with = [replace(one, options=tuple(options_of(one, search).items())) for one in arms]
        _check_shifts(run_with, seeds)
        users = [one.name for one in arms if is_meant(one, search)]
        told = ", ".join(f"{name} = {value}" for name, value in search.options.items())
        session.output.note(
            f"{problem}: its options for {search.strategy} ({told}) are used by"
            f" {', '.join(users) or 'no arm'}; other arms run with their own"
        )


def _seeds(count: int, listed: str) -> tuple[int, ...]:
    if not listed:
        return tuple(range(1, count + 1))
    words = listed.replace(",", " ").split()
    seeds = tuple(int(word) for word in words if word.isdecimal() and len(word) < 10)
    if len(set(seeds)) < len(words):
        raise ConfigError(f"--seed-list is {listed!r}", hint="write different numbers: 3,5,8")
    return seeds


def _check_shifts(arms: Sequence[Arm], seeds: Sequence[int]) -> None:
    """Refuse two arms that would make the same run: they are no independent samples."""
    known: dict[tuple[object, ...], str] = {}
    for arm in arms:
        options = tuple(sorted(dict(arm.options).items()))
        for seed in seeds:
            other = known.setdefault((arm.strategy, options, seed + arm.shift), arm.name)
            if other != arm.name:
                raise ConfigError(
                    f"{other} and {arm.name} share runs: with these seeds they are not independent",
                    hint=f"shift by more than the seeds reach, as in {arm.strategy}@1000",
                )


def _check_known(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        raise ConfigError(
            f"no {what} of this comparison is called {name!r}", hint=f"it has {', '.join(known)}"
        )


def _budgets(typed: list[str], problems: list[str]) -> dict[str, int]:
    found = dict.fromkeys(problems, _EVALUATIONS)
    for text in sorted(typed, key=lambda text: "=" in text):  # those of one problem come last
        name, _, count = text.rpartition("=")
        if not count.isdecimal() or not 0 < int(count) <= _MOST:
            raise ConfigError(f"--evaluations is {text!r}", hint="write 300 or tsp=100")
        if name:
            _check_known(name, problems, "problem")
        found |= dict.fromkeys([name] if name else problems, int(count))
    return found


def _targets(typed: list[str], problems: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in typed:
        name, _, score = text.rpartition("=")
        _check_known(name, problems, "problem")
        try:
            found[name] = float(score)
        except ValueError as error:
            raise ConfigError(f"--target is {text!r}", hint="write tsp=1.2") from error
        if not math.isfinite(found[name]):
            raise ConfigError(f"--target is {text!r}", hint="write tsp=1.2")
    return found


def _places(session: Session, problems: list[str]) -> dict[str, Path | None]:
    """Names of problems; a folder for each that is not the library's."""
    from evogit.ids import slug
    from evogit.plugins import find, names

    library, found = names("evogit.problems"), dict[str, Path | None]()
    for text in problems:
        folder = (session.cwd / text).resolve()
        if text in library:
            found[text] = None
        elif folder.is_dir():
            found[slug(folder.name)] = folder
        else:
            find("evogit.problems", text)
    if len(found) < len(problems):
        raise ConfigError("a problem is named twice", hint="names of folders must differ, too")
    return found


def _templates(session: Session, home: Path, places: dict[str, Path | None]) -> dict[str, Path]:
    """The swarm each problem's runs start from; those of the library are made when they are missing."""
    from evogit.cli import trusting
    from evogit.cli.init import make_problem
    from evogit.source import SWARM_FOLDER

    found: dict[str, Path] = {}
    for name, place in places.items():
        if place is not None:
            theirs = Session(session.output, place, session.environ)
            trusting.follow_config(theirs)
            trusting.require(theirs, theirs.swarm)
            found[name] = theirs.swarm_path
            continue
        folder = home / "problems" / name
        found[name] = folder / ".git" / SWARM_FOLDER
        if not found[name].exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a start that was interrupted
            make_problem(session, name, folder)
    return found
