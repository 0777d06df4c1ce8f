"""What an existing repository is: its language, tests, benchmark, and what offspring may change.

Only looks: reads a few files, runs nothing. ``render`` turns the answer into ``evogit.toml``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from evogit.config import javascript
from evogit.config.javascript import Dependencies
from evogit.config.languages import (
    BENCHMARK_FOLDERS,
    LANGUAGES,
    PYTHON,
    RUST,
    Command,
    Language,
    Reader,
    bench_command,
    rust_test_files,
    test_command,
)
from evogit.config.template import render
from evogit.config.toolchain import Toolchain
from evogit.config.trust import commands
from evogit.text import clean_line

__all__ = ["Detected", "commands", "detect", "doubts", "render"]

_PLAIN: Final = re.compile(r"[\w.+@-][\w.+@ -]*(?:/[\w.+@-][\w.+@ -]*)*")
"""Names that mean the same in a path, a pattern and TOML; files with others are not considered."""

_VIRTUAL: Final = (".venv", "venv", "env")
_ASIDE: Final = frozenset(
    [
        "test",
        "tests",
        "testing",
        "doc",
        "docs",
        "example",
        "examples",
        "sample",
        "samples",
        "benchmark",
        "benchmarks",
        "bench",
        "perf",
        "script",
        "scripts",
        "tool",
        "tools",
        "ci",
        "vendor",
        "vendored",
        "third_party",
        "node_modules",
        "build",
        "dist",
        "target",
    ]
)
_NOT_CODE: Final = re.compile(
    r"(?:setup|conftest|noxfile|fabfile|tasks|sitecustomize|usercustomize|test_.*|.*_test|bench.*|perf.*|.*_bench)\.py"
)
_BENCH: Final = re.compile(r"(?:bench\w*|perf\w*|\w+_bench(?:mark)?)\.py")
_CLOCK: Final = re.compile(
    r"\b(?:perf_counter|timeit|time\.time|process_time|monotonic|datetime)\b"
)
_READ: Final = 200_000


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found; the parts of a configuration that depend on the repository.

    Args:
        language: such as ``python`` or ``rust``; ``other`` if none is known.
        tests: the command that runs the tests, or ``None``.
        python: an interpreter inside the repository, relative to it, or ``None``.
        lock: files that pin what is installed.
        editable: path patterns offspring may change.
        protected: path patterns offspring may not change.
        roots: folders that imports start from (``""`` is the repository itself).
        benchmark: a script whose output can be compared and whose time can be taken, or ``None``.
        ignored_benchmarks: scripts that look like benchmarks but print times of their own.
        bench: the command of a benchmark that was not looked into, or ``None``.
        lists_tests: whether the tests can print one line for each, so that they can be compared.
        packages: how candidates come by what a ``package.json`` asks for.
        toolchain: what the commands need of this machine that no sandbox shows, or ``None``.
    """

    language: str
    tests: tuple[str, ...] | None
    python: str | None
    lock: tuple[str, ...]
    editable: tuple[str, ...]
    protected: tuple[str, ...]
    roots: tuple[str, ...]
    benchmark: str | None
    ignored_benchmarks: tuple[str, ...]
    bench: Command | None = None
    lists_tests: bool = False
    packages: Dependencies = "none"
    toolchain: Toolchain | None = None

    @property
    def harness(self) -> Literal["pytest", "unittest", "none"]:
        """How the tests are watched: what ``[[evaluate.gates]] harness`` should say."""
        match self.tests:
            case ("python", "-m", ("pytest" | "unittest") as kind, *_):
                return "pytest" if kind == "pytest" else "unittest"
            case _:
                return "none"


def detect(repository_root: Path, files: Sequence[str], read: Reader | None = None) -> Detected:
    """Look at a repository.

    Args:
        repository_root: its work tree.
        files: the tracked files, relative to it; hostile names are left out.
        read: the text of one of them; from the work tree if it is not given.
    """
    read = read or (lambda path: read_text(repository_root / path))
    known = sorted(f for f in files if _PLAIN.fullmatch(f) and clean_line(f, 4096) == f)
    language = _language(known)
    benchmarks, ignored = (
        _benchmarks(repository_root, known, read) if language is PYTHON else ([], [])
    )
    package = read("package.json") if "package.json" in known else ""
    scripts = javascript.named_files(known, package)
    roots, editable = _code(known, language)
    tests = test_command(known, language, read)
    apart = rust_test_files(known, read) if language is RUST else []
    npm = tests is not None and tests[0] == "npm"
    return Detected(
        language=language.name,
        tests=tests,
        python=_interpreter(repository_root, known),
        lock=tuple(f for f in known if any(re.fullmatch(p, f) for p in language.locks)),
        editable=editable,
        protected=_protected(known, language, [*benchmarks, *ignored, *scripts, *apart]),
        roots=roots,
        benchmark=benchmarks[0] if benchmarks else None,
        ignored_benchmarks=tuple(ignored),
        bench=bench_command(known, read),
        lists_tests=npm and not benchmarks and javascript.lists_tests(package),
        packages=javascript.dependencies(known, package) if npm else "none",
    )


def doubts(detected: Detected) -> list[str]:
    """What the user should know of the configuration that ``render`` makes, one sentence each."""
    tests, bench = detected.tests, detected.bench
    found: list[str] = []
    if detected.benchmark is None and tests is None:
        found.append(
            "found neither tests nor a benchmark: write the bench.py that evogit.toml names, or name yours there"
        )
    elif detected.benchmark is None and bench is not None:
        found.append(
            f"found the benchmark `{' '.join(bench)}`, but not whether it prints the same and does the same "
            "work each time: the tests are timed instead; evogit.toml says how to time it"
        )
    elif detected.benchmark is None:
        found.append(
            "found no benchmark: the tests are timed, with the start of their programs and whatever they compile; "
            "a benchmark of your own in evaluate.stages tells more"
        )
    if tests is not None and detected.harness == "none" and not detected.lists_tests:
        found.append(
            f"only the exit status of `{' '.join(tests)}` is believed: code that ends the program passes; "
            "let the tests print how many passed, as evogit.toml says beside the gate"
        )
    found += _not_shown(detected.toolchain)
    if detected.packages == "install":
        found.append(
            "package.json asks for packages, which candidates do not have from git: evogit.toml installs "
            "them with npm ci, outside the sandbox, and without their install scripts"
        )
    elif detected.packages == "unlocked":
        found.append(
            "package.json asks for packages and candidates have none: commit a package-lock.json, and write "
            "what evogit.toml says in [environment]"
        )
    return found


def _not_shown(tools: Toolchain | None) -> list[str]:
    if tools is None:
        return []
    if not tools.found:
        return [f"{tools.program} is not on your PATH: commands that need it will fail"]
    where = f"{tools.program} is {tools.found}, which candidates are not shown by themselves"
    if tools.folder:
        return [f"{where}: evogit.toml shows them {tools.folder}"]
    return [f"{where}: name its folder in environment.paths and PATH, as evogit.toml says"]


def _language(files: Sequence[str]) -> Language:
    names = set(files)
    scores = {
        language: 1000 * any(m in names for m in language.markers)
        + sum(f.endswith(language.suffixes) for f in files)
        for language in LANGUAGES
    }
    best = max(LANGUAGES, key=lambda language: scores[language])
    return best if scores[best] else Language("other", patterns=("**",))


def _interpreter(root: Path, files: Sequence[str]) -> str | None:
    for folder in _VIRTUAL:
        python = f"{folder}/bin/python"
        # An interpreter that came with the repository is a program of its author, not the user's.
        if (root / folder / "pyvenv.cfg").is_file() and not any(
            f.startswith(f"{folder}/") for f in files
        ):
            return python if (root / python).exists() else None
    return None


def _code(files: Sequence[str], language: Language) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where imports start, and the patterns of files that offspring may change."""
    if language is not PYTHON:
        return (), language.patterns
    code = [f for f in files if f.endswith(".py") and not _is_aside(f)]
    folders = {str(PurePosixPath(f).parent) for f in code if f.endswith("/__init__.py")}
    packages = sorted(f for f in folders if str(PurePosixPath(f).parent) not in folders)
    within = tuple(f"{package}/" for package in packages)
    loose = [f for f in code if not f.startswith(within)] if within else code
    patterns = [f"{package}/**/*.py" for package in packages]
    roots = [str(PurePosixPath(package).parent) for package in packages]
    for path in loose:
        top, _, rest = path.partition("/")
        if not rest:
            patterns.append(f"/{path}")
            roots.append("")
        elif top == "src" or not packages:
            patterns.append(f"{top}/**/*.py")
            roots.append("src" if top == "src" else "")
    plain_roots = sorted({"" if r == "." else r for r in roots}) or [""]
    return tuple(plain_roots), tuple(dict.fromkeys(patterns)) or PYTHON.patterns


def _is_aside(path: str) -> bool:
    *folders, name = path.split("/")
    hidden = any(f.lower() in _ASIDE or f.startswith(".") for f in folders)
    return hidden or _NOT_CODE.fullmatch(name) is not None


def _protected(
    files: Sequence[str], language: Language, benchmarks: Iterable[str]
) -> tuple[str, ...]:
    found = ["evogit.toml", ".evogit.toml", ".github/**", ".gitlab-ci.yml", ".ci/**", "Makefile"]
    found += [f"{folder}/**" for folder in _test_folders(files)]
    found += language.protected
    found += [f"/{path}" for path in benchmarks]
    return tuple(dict.fromkeys(found))


def _test_folders(files: Sequence[str]) -> list[str]:
    tops = {f.split("/", 1)[0] for f in files if "/" in f}
    return sorted(tops & {"test", "tests", "testing", *BENCHMARK_FOLDERS}) or ["tests"]


def _benchmarks(root: Path, files: Sequence[str], read: Reader) -> tuple[list[str], list[str]]:
    """Scripts that can be timed, and those that print times: their output never repeats.

    A script is pinned from the work tree, which need not have all files (a sparse checkout).
    """
    silent: list[str] = []
    ignored: list[str] = []
    for path in sorted(filter(_looks_like_benchmark, files), key=lambda f: (f.count("/"), f)):
        kind = _script(read(path)) if (root / path).is_file() else "none"
        if kind == "silent":
            silent.append(path)
        elif kind == "clock":
            ignored.append(path)
    return silent, ignored


def _looks_like_benchmark(path: str) -> bool:
    *folders, name = path.split("/")
    if len(folders) > 2 or {"test", "tests"} & set(folders) or not name.endswith(".py"):
        return False
    in_folder = (
        bool(folders) and folders[0] in BENCHMARK_FOLDERS and not name.startswith(("_", "test_"))
    )
    return _BENCH.fullmatch(name) is not None or (in_folder and name != "conftest.py")


def _script(text: str) -> Literal["silent", "clock", "none"]:
    """``none`` if running the file would do nothing: definitions only, or tests for pytest."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "none"
    active = (ast.If, ast.For, ast.While, ast.With, ast.Try)
    runs = any(
        isinstance(node, active)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        for node in body
    )
    if not runs:
        return "none"
    return "clock" if _CLOCK.search(text) else "silent"


def read_text(path: Path) -> str:
    """The start of a regular file as text; empty if there is none. Links are not followed."""
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        with path.open("rb") as stream:
            return stream.read(_READ).decode("utf-8", "replace")
    except OSError:
        return ""
