"""What Python code does that no honest offspring needs to do: rules over its syntax tree.

Only names are followed, through imports and plain assignments; code that hides them better is
caught by ``hidden-code`` or not at all. The sandbox and the split scorer protect the score
(docs/quarantine.md); this only finds what a human should see.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from evogit.quarantine.names import Nodes, aliases, dotted, starts
from evogit.quarantine.signal import Signal

USES: Final[Mapping[str, tuple[str, ...]]] = {
    "walks-frames": (
        "sys._getframe",
        "sys._current_frames",
        "sys.settrace",
        "sys.setprofile",
        "sys.monitoring",
        "threading.settrace",
        "threading.setprofile",
        "inspect.stack",
        "inspect.currentframe",
        "inspect.trace",
        "inspect.getouterframes",
        "inspect.getinnerframes",
        "gc.get_objects",
        "gc.get_referrers",
        "gc.get_referents",
        "traceback.walk_stack",
    ),
    "native-access": ("ctypes", "_ctypes", "cffi", "_posixsubprocess", "ptrace"),
    "reaches-interpreter": (
        "sys.modules",
        "sys.meta_path",
        "sys.path_hooks",
        "sys.path_importer_cache",
        "sys.addaudithook",
        "importlib.reload",
        "importlib.abc",
        "importlib.machinery",
        "importlib.util.spec_from_file_location",
        "zipimport",
        "imp",
        "_imp",
        "site.addsitedir",
    ),
    "ends-process": (
        "atexit",
        "os._exit",
        "os.abort",
        "os.kill",
        "os.killpg",
        "signal.raise_signal",
    ),
    "hidden-code": ("marshal", "runpy", "types.FunctionType", "types.CodeType", "code.interact"),
    "process": ("subprocess", "multiprocessing", "os.fork", "os.system", "os.popen", "socket"),
    "seeds-globally": ("random.seed", "numpy.random.seed"),
}
_FRAME_PART: Final = re.compile(
    r"f_(?:back|locals|globals|builtins)|(?:gi|cr|ag|tb)_frame|cell_contents"
    r"|__subclasses__|__globals__"
)
_HIDES: Final = frozenset({"exec", "eval", "compile"})
_POWERFUL: Final = frozenset(
    {"sys", "os", "time", "builtins", "inspect", "gc", "importlib", "ctypes", "random", "signal"}
)
_PATCHED: Final = sys.stdlib_module_names | {"numpy", "scipy", "pytest", "_pytest"}
_SETTINGS: Final = (
    "decimal",
    "logging",
    "warnings",
    "sys.dont_write_bytecode",
    "sys.tracebacklimit",
)
"""Modules and attributes that are meant to be assigned to."""
_VARIABLE: Final = re.compile(r"EVOGIT_\w*|PYTEST_(?:CURRENT_TEST|VERSION|XDIST_\w+)")
_CI: Final = re.compile(
    r"CI|CONTINUOUS_INTEGRATION|GITHUB_ACTIONS|GITLAB_CI|TRAVIS|JENKINS_URL|BUILDKITE|TOX_ENV_NAME"
)
_EVALUATOR_PATH: Final = re.compile(r"/(?:eval|candidate)(?:/.*)?", re.DOTALL)
_PROC: Final = re.compile(r"/proc/(?:self|thread-self|\d+|\{|%|$).*", re.DOTALL)
_FORGED: Final = {"__eq__": True, "__ne__": False}
_ENDS: Final = ("sys.exit", "builtins.exit", "builtins.quit", "builtins.SystemExit")
_ENDING: Final = frozenset({"exit", "quit", "SystemExit"})
"""The same as builtin names."""
_ENVIRONMENT: Final = ("os.environ", "os.getenv", "os.environb", "posix.environ")


def signals(nodes: Nodes) -> Iterator[Signal]:
    """Everything the rules see in a module.

    Args:
        nodes: all nodes of its tree, as ``ast.walk`` gives them.
    """
    known = aliases(nodes)
    spared, own = _spared(nodes), _own_module(nodes)
    for node in nodes:
        match node:
            case ast.Import() | ast.ImportFrom():
                yield from _import(node)
            case ast.Attribute():
                yield from _attribute(node, known, own)
            case ast.Name():
                yield from _name(node, known)
            case ast.Subscript():
                yield from _subscript(node, known)
            case ast.Call():
                yield from _call(node, known)
            case ast.Constant(value=str() as text):
                yield from _text(text, node.lineno)
            case ast.Compare() | ast.If() | ast.IfExp() | ast.While():
                yield from _branch(node, known, spared)
            case ast.ClassDef():
                yield from _comparisons(node)
            case _:
                pass
    yield from _ends(nodes, known, spared)


def _used(name: str, line: int) -> Iterator[Signal]:
    for rule, prefixes in USES.items():
        prefix = starts(name, prefixes)
        if prefix:
            yield Signal(rule, prefix, line, f"uses {prefix}")


def _import(node: ast.Import | ast.ImportFrom) -> Iterator[Signal]:
    if isinstance(node, ast.Import):
        names = [item.name for item in node.names]
    else:
        names = [f"{node.module}.{item.name}" for item in node.names if not node.level]
    for name in names:
        yield from _used(name, node.lineno)
        if starts(name, ("unittest.mock", "pytest.MonkeyPatch")):
            yield Signal("patches-module", "unittest.mock", node.lineno, f"imports {name}")


def _attribute(node: ast.Attribute, known: Mapping[str, str], own: set[int]) -> Iterator[Signal]:
    if _FRAME_PART.fullmatch(node.attr):
        yield Signal("walks-frames", node.attr, node.lineno, f"reads .{node.attr}")
    name = dotted(node, known)
    if not name or (name == "sys.modules" and id(node) in own):
        return
    yield from _used(name, node.lineno)
    if isinstance(node.ctx, ast.Store | ast.Del) and _patchable(name):
        yield Signal("patches-module", name, node.lineno, f"assigns {name}")


def _patchable(name: str) -> bool:
    return name.partition(".")[0] in _PATCHED and not starts(name, _SETTINGS)


def _name(node: ast.Name, known: Mapping[str, str]) -> Iterator[Signal]:
    if node.id in {"__builtins__", "__import__", "__loader__", "__spec__"}:
        yield Signal("reaches-interpreter", node.id, node.lineno, f"uses {node.id}")
    elif node.id in _HIDES and isinstance(node.ctx, ast.Load) and node.id not in known:
        yield Signal("hidden-code", node.id, node.lineno, f"uses {node.id}()")
    elif node.id in known:
        yield from _used(known[node.id], node.lineno)


def _subscript(node: ast.Subscript, known: Mapping[str, str]) -> Iterator[Signal]:
    name = dotted(node.value, known)
    if name.endswith(".__dict__") and isinstance(node.ctx, ast.Store | ast.Del):
        yield Signal("patches-module", name, node.lineno, f"assigns into {name}")
    elif starts(name, _ENVIRONMENT):
        yield from _variable(node.slice, node.lineno)


def _own_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "__name__"


def _variable(node: ast.AST, line: int) -> Iterator[Signal]:
    """A variable of the environment that only says who is looking."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CI.fullmatch(node.value):
        yield Signal("detects-evaluator", node.value, line, f"reads the variable {node.value}")


def _call(node: ast.Call, known: Mapping[str, str]) -> Iterator[Signal]:
    name = dotted(node.func, known)
    first = node.args[0] if node.args else None
    if first is None:
        return
    if starts(name, _ENVIRONMENT):
        yield from _variable(first, node.lineno)
    if name == "importlib.import_module" and not isinstance(first, ast.Constant):
        yield Signal("hidden-code", name, node.lineno, "imports a module by a computed name")
    if isinstance(node.func, ast.Name):
        yield from _reflection(node, node.func.id, dotted(first, known))


def _reflection(node: ast.Call, function: str, target: str) -> Iterator[Signal]:
    """``setattr(time, ...)``, ``vars(time)`` and ``getattr(sys, <computed>)``."""
    if not target or not _patchable(target):
        return
    if function in {"setattr", "delattr", "vars"}:
        yield Signal("patches-module", f"{function} {target}", node.lineno, f"{function}({target})")
    elif function == "getattr" and target in _POWERFUL and _computed(node.args[1:]):
        evidence = f"takes a computed attribute of {target}"
        yield Signal("hidden-code", f"getattr {target}", node.lineno, evidence)


def _computed(arguments: list[ast.expr]) -> bool:
    return bool(arguments) and not isinstance(arguments[0], ast.Constant)


def _text(text: str, line: int) -> Iterator[Signal]:
    if _VARIABLE.fullmatch(text):
        yield Signal("detects-evaluator", text, line, f"names the variable {text}")
    elif _EVALUATOR_PATH.fullmatch(text):
        yield Signal("detects-evaluator", text, line, f"names the path {text}")
    elif text == "LD_PRELOAD" or _PROC.fullmatch(text):
        yield Signal("native-access", text, line, f"names {text}")


def _branch(node: ast.AST, known: Mapping[str, str], spared: set[int]) -> Iterator[Signal]:
    if id(node) in spared:
        return
    if isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
        operators = [type(operator) for operator in node.ops]
        for part in parts[1:] if {ast.In, ast.NotIn} & set(operators) else ():
            if starts(dotted(part, known), _ENVIRONMENT):
                yield from _variable(node.left, node.lineno)
    else:
        parts = [node.test] if isinstance(node, ast.If | ast.IfExp | ast.While) else []
    for part in parts:
        inner = part.value if isinstance(part, ast.Subscript) else part
        if dotted(inner, known) == "sys.argv":
            line = part.lineno
            yield Signal("detects-evaluator", "sys.argv", line, "branches on sys.argv")


def _spared(nodes: Nodes) -> set[int]:
    """Nodes of ``main`` and of its guard: a program's own command line may branch on it."""
    spared: set[int] = set()
    for node in nodes:
        if id(node) in spared:  # its whole block is
            continue
        guard = isinstance(node, ast.If) and any(_own_name(n) for n in ast.walk(node.test))
        if guard or (isinstance(node, ast.FunctionDef) and node.name in {"main", "_main"}):
            spared.update(id(inner) for inner in ast.walk(node))
    return spared


def _ends(nodes: Nodes, known: Mapping[str, str], spared: set[int]) -> Iterator[Signal]:
    """``sys.exit()``, ``exit()`` and ``raise SystemExit`` outside of a program's ``main``.

    Ordinary where the base does it, and not in another function: so that names the place.
    """
    own = {name for node in nodes if (name := _defined(node))}
    found = [
        (node, name)
        for node in nodes
        if id(node) not in spared and (name := _ending(node, known)) and name not in own
    ]
    places = _places(nodes) if found else {}
    for node, name in found:
        place = places.get(id(node), "")
        line = node.lineno if isinstance(node, ast.expr | ast.stmt) else 0
        yield Signal("ends-process", f"{name} in {place}", line, f"uses {name}")


def _defined(node: ast.AST) -> str:
    """A name that a module gives a meaning of its own, so that it is no builtin there."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case _:
            return ""


def _ending(node: ast.AST, known: Mapping[str, str]) -> str:
    """What ends the program there, if anything does."""
    match node:
        case ast.Call(func=used) | ast.Raise(exc=ast.Name() | ast.Attribute() as used):
            if isinstance(used, ast.Name) and used.id not in known:
                return used.id if used.id in _ENDING else ""
            return starts(dotted(used, known), _ENDS)
        case _:
            return ""


def _places(nodes: Nodes) -> dict[int, str]:
    """The name of the innermost function around each node that has one."""
    return {
        id(inner): node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }


def _own_module(nodes: Nodes) -> set[int]:
    """``sys.modules`` in ``sys.modules[__name__]``."""
    return {
        id(node.value)
        for node in nodes
        if isinstance(node, ast.Subscript) and _own_name(node.slice)
    }


def _comparisons(node: ast.ClassDef) -> Iterator[Signal]:
    """``__eq__`` that says yes whatever it is asked."""
    for inner in node.body:
        if not isinstance(inner, ast.FunctionDef) or inner.name not in _FORGED:
            continue
        match inner.body[-1]:
            case ast.Return(value=ast.Constant(value=bool() as said)) if (
                said is _FORGED[inner.name]
            ):
                key = f"{node.name}.{inner.name}"
                yield Signal("forges-comparison", key, inner.lineno, f"{key} always says {said}")
            case _:
                pass
