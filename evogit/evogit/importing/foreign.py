"""Recognises problems made for openevolve, ShinkaEvolve and AlphaEvolve, by reading, never running."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from evogit.errors import ConfigError, NotFoundError
from evogit.git.trees import MAX_BLOB_BYTES
from evogit.paths import editable_ranges
from evogit.text import clean_line

Format = Literal["openevolve", "shinka", "alphaevolve"]

MARKER: Final = "EVOLVE-BLOCK-START"
_LEFT_OUT: Final = frozenset(
    {".git", "__pycache__", ".venv", "venv", "node_modules", "openevolve_output", ".DS_Store"}
)
_MOST_FILES: Final = 1000
_MOST_BYTES: Final = 32 * 2**20
_INPUTS: Final = "eval_inputs.json"
_HELP: Final = (
    "expected evaluator.py with evaluate(program_path) beside initial_program.py (openevolve), "
    "evaluate.py with --program_path and --results_dir beside initial.py (ShinkaEvolve), or one "
    f"Python file with a {MARKER} comment and a function evaluate (AlphaEvolve)"
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A problem of another system.

    Args:
        format: whose it is.
        folder: where it lies.
        program: name of the file that evolves.
        evaluator: name of the file that judges; the same one for ``alphaevolve``.
        files: what belongs to it, by its path in the folder; solutions and outputs are left out.
        cascade: whether an openevolve evaluator judges in stages.
        inputs: name of the file with the argument of an AlphaEvolve ``evaluate``, if it takes one.
        left_out: names that were not taken over.
    """

    format: Format
    folder: Path
    program: str
    evaluator: str
    files: dict[str, bytes]
    cascade: bool = False
    inputs: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def marked(self) -> bool:
        """Whether the program says which of its lines may change."""
        return editable_ranges(self.files[self.program].decode("utf-8", "replace")) is not None


def recognise(path: Path) -> Foreign:
    """The problem in a folder, or the one around a file.

    Raises:
        NotFoundError: there is nothing at ``path``.
        ConfigError: it is no problem of a known kind, is too large, or its Python does not parse.
    """
    if not path.exists():
        raise NotFoundError(f"there is no {clean_line(str(path))}", hint="name a file or a folder")
    folder = path if path.is_dir() else path.parent
    files, left_out = _read(folder)
    only = None if path.is_dir() else path.name
    if only is not None and only in files and MARKER.encode() in files[only]:
        found = _alphaevolve(folder, files, [only])
    else:
        tops = sorted(name for name in files if "/" not in name)
        found = _openevolve(folder, files, tops) or _shinka(folder, files, tops)
        found = found or _alphaevolve(folder, files, [n for n in tops if n.endswith(".py")])
    if found is None:
        raise ConfigError(f"{clean_line(str(path))} holds no problem of a known kind", hint=_HELP)
    return replace(found, left_out=tuple(left_out))


def functions(files: dict[str, bytes], name: str) -> dict[str, ast.FunctionDef]:
    """The functions at the top of a Python file.

    Raises:
        ConfigError: it does not parse.
    """
    tree = parse(files, name)
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def parse(files: dict[str, bytes], name: str) -> ast.Module:
    """A Python file's syntax tree.

    Raises:
        ConfigError: it does not parse.
    """
    try:
        return ast.parse(files[name])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"{clean_line(name)} does not parse: {clean_line(str(error))}") from None


def _openevolve(folder: Path, files: dict[str, bytes], tops: list[str]) -> Foreign | None:
    if "evaluator.py" not in tops:
        return None
    known = functions(files, "evaluator.py")
    if "evaluate" not in known or not _takes(known["evaluate"]):
        return None
    program = _program(files, tops, "initial_program", "evaluator.py")
    cascade = "evaluate_stage1" in known
    return Foreign("openevolve", folder, program, "evaluator.py", files, cascade=cascade)


def _shinka(folder: Path, files: dict[str, bytes], tops: list[str]) -> Foreign | None:
    script = files.get("evaluate.py", b"")
    if b"results_dir" not in script or b"program_path" not in script:
        return None
    parse(files, "evaluate.py")
    return Foreign(
        "shinka", folder, _program(files, tops, "initial", "evaluate.py"), "evaluate.py", files
    )


def _alphaevolve(folder: Path, files: dict[str, bytes], names: list[str]) -> Foreign | None:
    for name in names:
        function = (
            functions(files, name).get("evaluate") if MARKER.encode() in files[name] else None
        )
        if function is None:
            continue
        inputs = _INPUTS if _takes(function) else None
        if inputs is not None and inputs not in files:
            raise ConfigError(
                f"evaluate of {clean_line(name)} takes an argument, and there is no {_INPUTS}",
                hint=f"write the argument into {_INPUTS} beside it, as JSON",
            )
        return Foreign("alphaevolve", folder, name, name, files, inputs=inputs)
    return None


def _takes(function: ast.FunctionDef) -> bool:
    """Whether a function can not be called without an argument."""
    arguments = function.args
    return len(arguments.posonlyargs) + len(arguments.args) > len(arguments.defaults)


def _program(files: dict[str, bytes], tops: list[str], stem: str, evaluator: str) -> str:
    """The file that evolves: ``stem`` with any ending, else the only other one with markers.

    Raises:
        ConfigError: there is none, or it is not clear which.
    """
    named = [name for name in tops if Path(name).stem == stem]
    marked = [name for name in tops if name != evaluator and MARKER.encode() in files[name]]
    found = named or marked
    if len(found) != 1:
        what = "several programs" if found else "no program"
        raise ConfigError(
            f"there is {what} beside {evaluator}",
            hint=f"name the program {stem}.py, or mark only one file with {MARKER}",
        )
    return found[0]


def _read(folder: Path) -> tuple[dict[str, bytes], list[str]]:
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    total = 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or _is_result(path):
            left_out.append(name)
            continue
        total += path.stat().st_size
        if len(files) >= _MOST_FILES or total > _MOST_BYTES or path.stat().st_size > MAX_BLOB_BYTES:
            raise ConfigError(
                f"{clean_line(str(folder))} holds more than {_MOST_FILES} files or"
                f" {_MOST_BYTES // 2**20} MiB",
                hint="name a folder that holds the problem alone",
            )
        files[name] = path.read_bytes()
    return files, left_out


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder, sorted; links are named and not followed."""
    for path in sorted(folder.iterdir()):
        if path.name in _LEFT_OUT or path.name.startswith(("results_", "best_program")):
            yield from () if path.is_dir() else (path,)
        elif path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _is_result(path: Path) -> bool:
    """Whether a file is a solution or output of an earlier run, which no candidate should see."""
    return path.name.startswith("best_program") or path.suffix in {".db", ".sqlite", ".ipynb"}
