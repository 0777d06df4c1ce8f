"""What is known of each language: how to tell it, test it, and which files offspring must not touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from evogit.config import javascript
from evogit.inline_tests.rust import files_of_tests

BENCHMARK_FOLDERS: Final = frozenset({"bench", "benchmark", "benchmarks", "perf"})

Command = tuple[str, ...]
Reader = Callable[[str], str]
"""The text of a file of the repository by its path; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Args:
        name: as shown.
        markers: files at the top that settle it.
        suffixes: of its source files.
        locks: regular expressions of files that pin what is installed.
        patterns: what offspring may change when nothing better is known.
        protected: what they may never change: whatever steers tests, builds or the interpreter.
    """

    name: str
    markers: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()


PYTHON: Final = Language(
    "python",
    ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile"),
    (".py",),
    (r"uv\.lock", r"poetry\.lock", r"pdm\.lock", r"Pipfile\.lock", r"requirements[\w.-]*\.txt"),
    ("**/*.py",),
    (
        "**/test/**",
        "**/tests/**",
        "**/test_*.py",
        "**/*_test.py",
        "conftest.py",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "tox.ini",
        "noxfile.py",
        "pytest.ini",
        ".pytest.ini",
        "pytest.toml",
        "sitecustomize.py",
        "usercustomize.py",
        "*.pth",
        "requirements*.txt",
        "*.lock",
    ),
)
RUST: Final = Language(
    "rust",
    ("Cargo.toml",),
    (".rs",),
    (r"Cargo\.lock",),
    ("**/src/**/*.rs",),
    (
        "**/tests/**",
        "**/benches/**",
        "**/tests.rs",
        "**/test_*.rs",
        "**/*_test.rs",
        "**/*_tests.rs",
        "build.rs",
        "Cargo.toml",
        "Cargo.lock",
        ".cargo/**",
        "rust-toolchain*",
    ),
)
_BESIDE: Final = (
    *("**/test.*", "**/tests.*", "**/test-*", "**/test_*", "**/*-test.*", "**/*_test.*"),
    *("**/bench.*", "**/benchmark.*", "/bench/**", "/benchmark/**", "/benchmarks/**"),
)
"""Tests and benchmarks that lie beside the code."""
GO: Final = Language(
    "go",
    ("go.mod",),
    (".go",),
    (r"go\.sum",),
    ("**/*.go",),
    ("**/*_test.go", "**/testdata/**", "go.mod", "go.sum", "go.work", "vendor/**"),
)
JAVASCRIPT: Final = Language(
    "javascript",
    ("package.json",),
    (".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx"),
    (r"package-lock\.json", r"yarn\.lock", r"pnpm-lock\.yaml"),
    ("**/*.js", "**/*.mjs", "**/*.cjs", "**/*.ts", "**/*.jsx", "**/*.tsx"),
    (
        "**/test/**",
        "**/tests/**",
        "**/__tests__/**",
        "**/*.test.*",
        "**/*.spec.*",
        *_BESIDE,
        "*.config.*",
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        ".npmrc",
        "node_modules/**",
    ),
)
C: Final = Language(
    "c",
    ("CMakeLists.txt", "meson.build", "configure"),
    (".c", ".h", ".cc", ".cpp", ".hpp"),
    patterns=("**/*.c", "**/*.h", "**/*.cc", "**/*.cpp", "**/*.hpp"),
    protected=(
        *("**/test/**", "**/tests/**", *_BESIDE),
        *("CMakeLists.txt", "meson.build", "configure", "*.mk"),
    ),
)
LANGUAGES: Final = (PYTHON, RUST, GO, JAVASCRIPT, C)
"""In order of preference where two are equally likely."""


_DECLARED: Final = re.compile(r"test[^;{}]{0,200}\bmod\s+\w+\s*;")
"""What a file with such a declaration holds; spares the reading of all others."""


def rust_test_files(files: Sequence[str], read: Reader) -> list[str]:
    """Files that hold what ``#[cfg(test)] mod NAME;`` declares, whatever they are called."""
    known = set(files)
    found: list[str] = []
    for path in files:
        text = read(path) if path.endswith(".rs") else ""
        folder, stem = path.rpartition("/")[0], path.rpartition("/")[2].removesuffix(".rs")
        inner = folder if stem in ("lib", "main", "mod") else f"{folder}/{stem}"
        for name in files_of_tests(text) if _DECLARED.search(text) else ():
            places = (f"{inner}/{name}.rs", f"{inner}/{name}/mod.rs")
            found += [place.lstrip("/") for place in places if place.lstrip("/") in known]
    return found


def test_command(files: Sequence[str], language: Language, read: Reader) -> Command | None:
    """The command that runs the tests of a repository, or ``None``."""
    names = set(files)
    if language is PYTHON and (found := _python_tests(files, read)) is not None:
        return found
    if "Cargo.toml" in names:
        return ("cargo", "test", "--offline", "--quiet")
    if "go.mod" in names:
        return ("go", "test", "./...")
    if "package.json" in names and javascript.has_tests(read("package.json")):
        return ("npm", "test", "--silent")
    return ("make", "test") if _make_target(r"test", files, read) else None


def bench_command(files: Sequence[str], read: Reader) -> Command | None:
    """The command of a benchmark that is no Python script, or ``None``."""
    script = javascript.bench_script(read("package.json")) if "package.json" in files else ""
    if re.fullmatch(r"[\w:.-]{1,20}", script):
        return ("npm", "run", "--silent", script)
    target = _make_target(r"bench(?:marks?)?|perf", files, read)
    return ("make", target) if target else None


def _make_target(pattern: str, files: Sequence[str], read: Reader) -> str:
    for makefile in ("GNUmakefile", "makefile", "Makefile"):
        text = read(makefile) if makefile in files else ""
        found = re.search(rf"^({pattern})\s*:(?!=)", text, re.MULTILINE)
        if found:
            return found[1]
    return ""


def timed(tests: Command) -> Command:
    """The tests as a command whose output is the same each time, so that it can be compared."""
    if tests[1:3] == ("-m", "pytest"):
        # Twice quiet leaves out "in 0.12s"; a random order would print other dots.
        return (*("-qq" if word == "-q" else word for word in tests), "-p", "no:randomly")
    if tests[1:3] == ("-m", "unittest"):
        return tests  # reports on standard error
    return (
        "sh",
        "-c",
        f"{' '.join((*tests, '-count=1') if tests[0] == 'go' else tests)} >/dev/null",
    )


def _python_tests(files: Sequence[str], read: Reader) -> Command | None:
    tests = [f for f in files if re.fullmatch(r"(?:.*/)?(?:test_[^/]*|[^/]*_test|tests)\.py", f)]
    if not tests:
        return None
    if _uses_pytest(files, tests, read):
        # The first failure decides. Measuring coverage would only take time and write files.
        quick = ("--no-cov",) if _measures_coverage(files, read) else ()
        return ("python", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *quick)
    inside = [f for f in tests if f.startswith("tests/")]
    if len(inside) == len(tests) and "tests/__init__.py" not in files:
        return ("python", "-m", "unittest", "discover", "-s", "tests")
    return ("python", "-m", "unittest", "discover")


def _measures_coverage(files: Sequence[str], read: Reader) -> bool:
    settings = ("pyproject.toml", "pytest.ini", ".pytest.ini", "setup.cfg", "tox.ini")
    stated = re.compile(r"^\s*(?:addopts\b.*|[\"'])--cov\b", re.MULTILINE)
    return any(stated.search(read(f)) for f in settings if f in files)


def _uses_pytest(files: Sequence[str], tests: Sequence[str], read: Reader) -> bool:
    if any(f.rsplit("/", 1)[-1] in {"conftest.py", "pytest.ini"} for f in files):
        return True
    stated = ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "Pipfile")
    settings = [f for f in files if f in stated or re.fullmatch(r"requirements[\w.-]*\.txt", f)]
    if any("pytest" in read(f) for f in settings):
        return True
    plain = re.compile(r"^(?:import pytest|from pytest|(?:async )?def test)", re.MULTILINE)
    return any(plain.search(read(f)) for f in tests[:50])
