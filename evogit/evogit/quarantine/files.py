"""What a file is by its name, and which part of a configuration steers tests, lint or the interpreter."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final, Literal, cast

Kind = Literal["code", "test", "words", "data", "binary"]

_CONFIG: Final = re.compile(
    r"(?:.*/)?(?:"
    r"conftest\.py|\.?pytest\.(?:ini|toml)|tox\.(?:ini|toml)|noxfile\.py|\.coveragerc"
    r"|(?:site|user)customize\.py|[^/]*\.pth|__pycache__/.*"
    r"|\.pre-commit-config\.ya?ml|\.?ruff\.toml|\.flake8|\.?pylintrc|\.?mypy\.ini"
    r"|pyrightconfig\.json|\.?evogit\.toml|\.gitattributes"
    r"|\.eslintrc(?:\.\w+)?|\.eslintignore|eslint\.config\.\w+|biome\.jsonc?"
    r"|(?:jest|vitest|karma|playwright|cypress|wdio)\.con(?:fig|f)\.\w+|\.mocharc(?:\.\w+)?"
    r"|clippy\.toml|\.clippy\.toml|rust-toolchain(?:\.toml)?|\.golangci\.(?:ya?ml|toml|json)"
    r"|\.rspec|\.rubocop\.yml|phpunit\.xml(?:\.dist)?|checkstyle\.xml|detekt\.yml"
    r"|CTestCustom\.\w+|azure-pipelines\.ya?ml|Jenkinsfile|\.gitlab-ci\.ya?ml|\.travis\.yml"
    r"|\.appveyor\.yml|\.drone\.yml|bitbucket-pipelines\.yml"
    r")|\.github/.*|\.circleci/.*|\.gitlab/.*|\.buildkite/.*|(?:.*/)?\.cargo/config(?:\.toml)?"
)
_TEST: Final = re.compile(
    r"(?:.*/)?(?:tests?|__tests__|spec|specs|testdata)/.*"
    r"|(?:.*/)?(?:test_[^/]*\.py|[^/]*_test\.(?:py|go|cc|cpp|exs|rb|dart)"
    r"|(?:test_[^/]*|[^/]*_tests?|tests?)\.rs|tests?\.(?:[cm]?[jt]sx?|c|cc|cpp)|[^/]*[-_]test\.(?:[cm]?[jt]sx?|c)|test[-_][^/]*\.(?:[cm]?[jt]sx?|c|cc|cpp)"
    r"|[^/]*\.(?:test|spec)\.[cm]?[jt]sx?|[^/]*_spec\.rb|[^/]*Tests?\.(?:java|kt|cs|scala))"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CODE: Final = _words(
    ".py .pyi .pyx .js .mjs .cjs .ts .mts .cts .jsx .tsx .go .rs .c .h .cc .cpp .cxx .hpp .cu .java .kt "
    ".scala .cs .rb .php .swift .lua .jl .r .pl .sh .bash .zsh .ex .exs .hs .ml .zig .nim .dart .m "
    ".f90 .mk .cmake .sql .vue .svelte"
)
_PROSE: Final = _words(
    ".md .markdown .rst .adoc .tex .org .html .htm .css .scss .svg .png .jpg .gif .ico .pdf .po .typed"
)
_BINARY: Final = _words(
    ".so .pyd .pyc .pyo .dll .dylib .o .a .exe .class .jar .whl .egg .wasm .node"
)
_TOOLS: Final = _words(
    "pytest tox nox coverage ruff mypy pyright basedpyright pylint flake8 black isort hatch pdm poe "
    "evogit importlinter setuptools"
)
_PACKAGE_KEYS: Final = (
    "scripts",
    "jest",
    "mocha",
    "ava",
    "vitest",
    "eslintConfig",
    "eslintIgnore",
    "lint-staged",
    "nyc",
    "c8",
    "overrides",
    "resolutions",
)
_SECTION: Final = re.compile(
    r"tool:pytest|pytest|flake8|mypy.*|pylint.*|coverage.*|tox.*|testenv.*|isort|aliases|options\.entry_points"
)


def kind_of(path: str) -> Kind:
    """What a file is; a test file is ``test`` whatever its language, and what is unknown is data."""
    if _TEST.fullmatch(path):
        return "test"
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in CODE or PurePosixPath(path).name in {"Makefile", "GNUmakefile", "Dockerfile"}:
        return "code"
    if suffix in _BINARY:
        return "binary"
    return "words" if suffix in _PROSE else "data"


def is_config(path: str) -> bool:
    """Whether all of a file configures tests, lint, CI or the interpreter."""
    return _CONFIG.fullmatch(path) is not None


def changed_settings(path: str, old: bytes | None, new: bytes | None) -> list[str]:
    """Which settings of tests, lint or builds changed in a file that holds other things too.

    Empty for a file of another name, or if only the other things changed.
    """
    read = {
        "pyproject.toml": _pyproject,
        "package.json": _package,
        "setup.cfg": _setup,
        "Cargo.toml": _cargo,
    }.get(PurePosixPath(path).name)
    if read is None:
        return []
    try:
        before = read((old or b"").decode("utf-8", "replace"))
        after = read((new or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError, configparser.Error):
        return ["(can not be read)"]
    return sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))


def _tables(data: Mapping[str, object], key: str) -> dict[str, object]:
    found = data.get(key)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _pyproject(text: str) -> dict[str, object]:
    data = tomllib.loads(text)
    tools = {f"tool.{k}": v for k, v in _tables(data, "tool").items() if k in _TOOLS}
    return tools | {k: data[k] for k in ("build-system",) if k in data}


def _package(text: str) -> dict[str, object]:
    data: object = json.loads(text) if text.strip() else {}
    found = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    return {key: found[key] for key in _PACKAGE_KEYS if key in found}


def _cargo(text: str) -> dict[str, object]:
    data = tomllib.loads(text)
    keys = ("test", "lints", "bench", "patch", "profile")
    return {key: data[key] for key in keys if key in data}


def _setup(text: str) -> dict[str, object]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections() if _SECTION.fullmatch(name)}
