"""What an interpreter says about itself."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from evogit.errors import EvaluatorError
from evogit.text import clean_line, decode

_PROBE_SECONDS: Final = 30.0

_QUESTION: Final = """
import json, os, platform, sys, sysconfig
site = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
found = [n for p in site if os.path.isdir(p) for n in os.listdir(p) if n.endswith((".dist-info", ".egg-info"))]
print(json.dumps({
    "executable": sys.executable,
    "version": sys.version.split()[0],
    "implementation": sys.implementation.name,
    "prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix],
    "library": [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")],
    "packages": sorted(set(found)),
}))
"""

_SYSTEM: Final = tuple(map(Path, ("/usr", "/bin", "/lib", "/lib64", "/sbin")))
"""Visible in every sandbox anyway; in a container they are the image's own."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What an interpreter says about itself.

    Args:
        python: its absolute path; a virtual environment's own, not what it links to.
        version: such as ``3.11.7``.
        implementation: such as ``cpython``.
        paths: its prefix, its base's prefix, the standard library; outermost folders only.
        packages: names of the installed packages' metadata folders, with versions.
    """

    python: Path
    version: str
    implementation: str
    paths: tuple[Path, ...]
    packages: tuple[str, ...]

    def identity(self) -> list[str]:
        """What makes two hosts' interpreters the same one; holds no path."""
        return [self.implementation, self.version, platform.system(), platform.machine()]


def inspect_python(python: Path) -> Interpreter:
    """Run an interpreter once, isolated, and ask what it is.

    Raises:
        EvaluatorError: there is no such file, it does not answer within 30 s, or not as Python does.
    """
    shown = clean_line(str(python))
    hint = "set environment.python to a working interpreter, or leave it out to use EvoGit's own"
    try:
        done = subprocess.run(  # noqa: S603  # consented to
            [str(python), "-I", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EvaluatorError(
            f"the interpreter {shown} did not answer in {_PROBE_SECONDS:g} s", hint=hint
        ) from None
    except OSError as error:
        raise EvaluatorError(
            f"the interpreter {shown} does not start: {error.strerror}", hint=hint
        ) from None
    if done.returncode != 0:
        said = clean_line(decode(done.stderr, 400))
        raise EvaluatorError(f"the interpreter {shown} failed: {said}", hint=hint)
    try:
        return _interpreter(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError):
        raise EvaluatorError(f"{shown} is no Python interpreter", hint=hint) from None


def _interpreter(answer: Any) -> Interpreter:
    paths = [Path(path) for path in [*answer["prefixes"], *answer["library"]] if path]
    # A prefix may be reached through links (3.12 -> 3.12.4): both names are needed inside.
    real = [path.resolve() for path in paths]
    return Interpreter(
        python=Path(answer["executable"]),
        version=str(answer["version"]),
        implementation=str(answer["implementation"]),
        paths=tuple(outermost([path for path in [*paths, *real] if path.exists()])),
        packages=tuple(map(str, answer["packages"])),
    )


def outermost(folders: Sequence[Path]) -> list[Path]:
    """``folders`` without the system's and without those inside another of them."""
    kept: list[Path] = []
    for folder in sorted({Path(os.path.normpath(f)) for f in folders}):
        if not any(folder.is_relative_to(outer) for outer in (*_SYSTEM, *kept)):
            kept.append(folder)
    return kept
