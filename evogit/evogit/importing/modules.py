"""Which packages a foreign problem needs that Python has not by itself."""

from __future__ import annotations

import ast
import sys
from importlib.util import find_spec
from typing import Final

from evogit.importing.foreign import Foreign, parse

_OURS: Final = frozenset({"openevolve", "shinka"})
"""Packages whose stand-ins are laid beside the evaluator."""
_DISTRIBUTIONS: Final = {
    "cv2": "opencv-python",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
_NETWORK: Final = frozenset({"requests", "httpx", "openai", "anthropic", "aiohttp"})


def needed(foreign: Foreign) -> list[str]:
    """Top-level names of the packages that its Python files import, sorted; its own files do not count."""
    own = {name.partition("/")[0].removesuffix(".py") for name in foreign.files}
    known = sys.stdlib_module_names | own | _OURS
    found: set[str] = set()
    for name in _judging(foreign):
        for node in ast.walk(parse(foreign.files, name)):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return sorted(found - known)


def _judging(foreign: Foreign) -> list[str]:
    """The evaluator, the program, and what lies beside them; not what starts a run of theirs."""
    both = {foreign.evaluator, foreign.program}
    return [
        name
        for name in foreign.files
        if name.endswith(".py")
        and (name in both or not name.startswith(("run_", "start_", "test")))
    ]


def missing(names: list[str]) -> list[str]:
    """Those that EvoGit's own interpreter has not."""
    return [name for name in names if find_spec(name) is None]


def requirements(names: list[str]) -> str:
    """The text of a ``requirements.txt`` for these top-level names, as their packages are called."""
    return "".join(f"{_DISTRIBUTIONS.get(name, name)}\n" for name in names)


def of_the_network(names: list[str]) -> list[str]:
    """Those that are of no use without a network, which no candidate gets."""
    return [name for name in names if name in _NETWORK]
