"""What a comparison is, pinned in its folder: other settings make another comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from evogit.compare.arms import Cell
from evogit.errors import PreconditionError
from evogit.text import clean_line

VERSION: Final = 1
_FILE: Final = "comparison.json"
_REFERENCE: Final = "against"


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that decides a result.

    Args:
        problems: name of each to the swarm its runs start from.
        arms: as they were written.
        seeds: of randomness; runs of one seed are compared with each other.
        evaluations: of each run, by problem.
        agents: of each run.
        kinds: of agents; empty for what the problem says.
    """

    problems: Mapping[str, str]
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    evaluations: Mapping[str, int]
    agents: int
    kinds: tuple[str, ...] = ()


def pin(folder: Path, setting: Setting) -> None:
    """Write the setting into a folder, or check that it is the one written there.

    Raises:
        PreconditionError: the folder holds another comparison, or something else.
    """
    if (folder / _FILE).exists():
        check(folder, setting)
    else:
        _begin(folder, folder / _FILE, _as_json(setting))


def hold_reference(folder: Path, against: str, *, begun: bool) -> None:
    """Write down what others are compared with, as long as no result can have been seen.

    A reference that is chosen afterwards, from several, is one more way to find differences.
    """
    path = folder / _FILE
    data: dict[str, object] = dict(json.loads(path.read_text("utf-8")))
    if not begun or _REFERENCE not in data:
        _replace(path, data | {_REFERENCE: against})


def reference(folder: Path, default: str) -> str:
    """The reference a comparison began with; ``default`` if it was not written down."""
    found: object = json.loads((folder / _FILE).read_text("utf-8")).get(_REFERENCE)
    return found if isinstance(found, str) else default


def check(folder: Path, setting: Setting) -> None:
    """Check that a folder holds the comparison with this setting.

    Raises:
        PreconditionError: it holds another one, or none.
    """
    path, wanted = folder / _FILE, _as_json(setting)
    try:
        found: dict[str, object] = dict(json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PreconditionError(
            f"{folder} holds no comparison", hint="name its folder with --out"
        ) from error
    except (ValueError, TypeError) as error:
        raise PreconditionError(
            f"{path} can not be read: {error}", hint="name another folder with --out"
        ) from error
    changed = [key for key in wanted if found.get(key) != wanted[key]]
    if changed:
        told = "; ".join(
            f"{key}: {_told(found.get(key))} there, {_told(wanted[key])} now" for key in changed
        )
        raise PreconditionError(
            f"{folder} holds a comparison with other settings ({told})",
            hint="name another folder with --out; results of different settings can not share a table",
        )


def _as_json(setting: Setting) -> dict[str, object]:
    return json.loads(json.dumps({"v": VERSION, **asdict(setting)}))


def _begin(folder: Path, path: Path, wanted: dict[str, object]) -> None:
    new = path.with_suffix(".new")
    if folder.exists() and {item.name for item in folder.iterdir()} - {new.name}:
        raise PreconditionError(
            f"{folder} is not empty and holds no comparison", hint="name another folder with --out"
        )
    folder.mkdir(parents=True, exist_ok=True)
    _replace(path, wanted)


def _replace(path: Path, data: dict[str, object]) -> None:
    new = path.with_suffix(".new")
    new.write_text(json.dumps(data, indent=2) + "\n", "utf-8")
    new.rename(path)


def _told(value: object) -> str:
    return clean_line(json.dumps(value), 200)


def folder_of(home: Path, cell: Cell) -> Path:
    """Where a run lies."""
    return home / "cells" / cell.problem / cell.arm.name / str(cell.seed)
