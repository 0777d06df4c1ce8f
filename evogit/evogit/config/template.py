"""The ``evogit.toml`` that ``evogit init`` writes: short, commented, ready to run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from evogit.config.javascript import LOCKED, linked, listing
from evogit.config.languages import BENCHMARK_FOLDERS, timed

if TYPE_CHECKING:
    from evogit.config.detect import Detected

_HEAD: Final = """\
# How EvoGit evolves this repository. Every key: docs/configuration.md, or evogit config schema.
# Your files are not touched: a swarm works in its own repository and you promote what you like.

[goal]
# What the swarm is for, in your words; agents that use a language model read it.
text = "Make it faster without changing what it computes."
"""

_EVALUATE: Final = """\
[evaluate]
# The score says how many times faster than today's code an individual is: 1.0 is no change.
direction = "maximize"
"""

_STAGE: Final = """\
[[evaluate.stages]]
name = "speed"
{comment}run = {run}
# "speed": today's code and the individual run in turns; what they print must be the same.
score = "speed"
repeats = 9
{writable}limits = {{ wall = "2m", cpu = "2m", memory = "2GB", processes = 256, disk = "512MB" }}
"""

_GATE: Final = """\
# A gate must succeed, or there is no score. Offspring can not change the tests, see [search].
[[evaluate.gates]]
name = "tests"
command = {command}
{harness}limits = {{ wall = "10m", cpu = "10m", memory = "2GB", processes = 256, disk = "512MB" }}
"""

_HARNESS: Final = "# Not the exit status counts, but that every test passes which passes today.\n"

_STATUS: Final = """\
# Only the exit status is believed here, and code that ends the program before its tests are through may
# end it with status 0. Let the tests print how many passed, the same each time, and time them without
# >/dev/null: a stage with score = "speed" compares what is printed with what today's code prints.
"""

_LISTED: Final = """\
# The exit status alone would not do: code may end the program before its tests are through. So what is
# timed above prints which tests passed, and has to print the same as today's code.
"""

_NPM: Final = """\
# What package.json asks for is installed once per content of these files, outside the sandbox, with
# network; commands link it as node_modules into their own copy of the folder. Leave out
# --ignore-scripts if a package has to be built.
setup = ["sh", "-c", "cp -R . {target} && cd {target} && npm ci --ignore-scripts"]
"""

_UNLOCKED: Final = """\
# package.json asks for packages, no node_modules is committed, and candidates have none. Commit a
# package-lock.json and see docs/configuration.md, JavaScript:
# setup = ["sh", "-c", "cp -R . {target} && cd {target} && npm ci --ignore-scripts"]
# lock = ["package.json", "package-lock.json"]
# variables = { NODE_PATH = "{target}/node_modules" }
"""

_NO_GATE: Final = """\
# No tests were found. Without them only the output of the benchmark says what is still correct.
# [[evaluate.gates]]
# name = "tests"
# command = ["python", "-m", "pytest", "-q"]
"""

_TAIL: Final = """\
[budget]
# Limits of the whole swarm. Others: seconds = "8h", tokens, cost_usd; step_cost_usd,
# agent_cost_usd and day_cost_usd for one step, one agent, one day.
evaluations = 500
"""


def render(detected: Detected) -> str:
    """The text of a commented ``evogit.toml``; it parses into settings."""
    parts = [_HEAD, _evaluate(detected), _stage(detected), _gate(detected), _environment(detected)]
    return "\n".join([*parts, _search(detected), _TAIL])


def _evaluate(detected: Detected) -> str:
    if detected.benchmark is None and detected.tests is not None:
        return _EVALUATE
    run = _array([_pinned(detected)[0]])
    return (
        f"{_EVALUATE}\n[evaluate.files]\n"
        f"# Copied into the swarm, out of reach of offspring; commands find it in /eval.\nrun = {run}\n"
    )


def _pinned(detected: Detected) -> tuple[str, str]:
    """What is copied for the benchmark, and where below ``/eval`` its script then is.

    A file lands there under its own name, a folder with all that is in it: a script in a folder of
    benchmarks may need its neighbours.
    """
    path = detected.benchmark or "bench.py"
    top, _, inner = path.partition("/")
    return (top, path) if inner and top in BENCHMARK_FOLDERS else (path, path.rpartition("/")[2])


def _stage(detected: Detected) -> str:
    if detected.benchmark is not None:
        comment = "# Works in /candidate, the individual's folder.\n"
        run = ("python", f"/eval/{_pinned(detected)[1]}")
    elif (tests := detected.tests) is not None:
        comment = (
            "# No benchmark was found, so the tests are timed. A benchmark of your own is better.\n"
            if detected.bench is None
            else ""
        )
        if detected.ignored_benchmarks:
            shown = ", ".join(detected.ignored_benchmarks[:3])
            comment += f"# {shown}: seems to print times, which differ in each run; print results instead.\n"
        if detected.bench is not None:
            comment += _bench(detected, detected.bench)
        run = _command(detected, listing(tests) if detected.lists_tests else timed(tests))
    else:
        comment = (
            "# Neither tests nor a benchmark were found. Write bench.py: let it use the code to be\n"
            "# made faster, and print what must stay the same (results, never times).\n"
        )
        run = ("python", "/eval/bench.py")
    writable = "" if run[1].startswith("/eval/") else "writable = true\n"
    return _STAGE.format(comment=comment, run=_array(run), writable=writable)


def _gate(detected: Detected) -> str:
    if detected.tests is None:
        return _NO_GATE
    kind = detected.harness
    if kind == "none":
        harness = _LISTED if detected.lists_tests else _STATUS
    else:
        harness = f"{_HARNESS}harness = {_text(kind)}\n"
    command = _array(_command(detected, detected.tests))
    return _GATE.format(command=command, harness=harness)


def _command(detected: Detected, command: Sequence[str]) -> Sequence[str]:
    return linked(command) if detected.packages == "install" else command


def _bench(detected: Detected, command: Sequence[str]) -> str:
    """Why a benchmark that is there is not timed, and what to write if it should be."""
    run = _command(detected, ("sh", "-c", f"{' '.join(command)} >/dev/null"))
    return (
        "# There is a benchmark, but the tests are timed: benchmarks mostly print times, which differ in each\n"
        "# run, and some run for as long as they like. One that does the same work each time tells more than\n"
        "# tests do (what it prints is not compared then):\n"
        f"# run = [{', '.join(map(_text, run))}]\n"
    )


def _environment(detected: Detected) -> str:
    lines = ["[environment]"]
    if detected.python is not None:
        lines += ["# The repository's own virtual environment.", f'python = "{detected.python}"']
    elif detected.language == "python":
        lines += _own_environment(detected)
    else:
        lines += ["# Besides /usr, commands see only these folders: add where your tools live."]
        tools = detected.toolchain
        shown = tools.folder if tools is not None else ""
        lines += [f"paths = {_array([shown])}" if shown else _NO_TOOLS]
    lock = detected.lock
    if detected.packages == "install":
        lines += _NPM.splitlines()
        lock = LOCKED
    elif detected.packages == "unlocked":
        lines += _UNLOCKED.splitlines()
    if lock:
        lines += [
            "# Another content of these files is another environment.",
            f"lock = {_array(lock)}",
        ]
    variables = _variables(detected)
    if variables:
        lines += ["", "[environment.variables]"]
        lines += [f"{name} = {_text(value)}" for name, value in variables.items()]
    return "\n".join(lines) + "\n"


def _variables(detected: Detected) -> dict[str, str]:
    found: dict[str, str] = {}
    if detected.packages == "install":
        found["NODE_PATH"] = "{target}/node_modules"
    if detected.language == "python":
        path = ":".join(f"/candidate/{root}".rstrip("/") for root in detected.roots)
        found |= {"PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    elif detected.toolchain is not None and detected.toolchain.folder:
        found["PATH"] = detected.toolchain.search_path
    return found


def _own_environment(detected: Detected) -> list[str]:
    wanted = "-r " + detected.lock[0] if _is_list(detected) else "pytest"
    return [
        "# No virtual environment was found here, so commands run in EvoGit's own Python. If they",
        "# need packages, let EvoGit build one; this runs once, outside the sandbox, with network:",
        '# python = "{target}/bin/python"',
        "# setup = [",
        '#   "sh", "-c",',
        f'#   "{{python}} -m venv {{target}} && {{target}}/bin/python -m pip install {wanted}",',
        "# ]",
    ]


def _is_list(detected: Detected) -> bool:
    return bool(detected.lock) and detected.lock[0].endswith(".txt")


_NO_TOOLS: Final = """\
# paths = ["/opt/toolchain"]
# and, in [environment.variables], PATH = "/opt/toolchain/bin:/usr/local/bin:/usr/bin:/bin"\
"""

_INSIDE: Final = {
    "rust": "# Nor tests inside source files: items below #[cfg(test)] or #[test], examples in doc comments.\n",
    "python": "# Nor docstrings with examples (>>>). Other self-tests in a source file are not known as such.\n",
}


def _search(detected: Detected) -> str:
    inside = _INSIDE.get(
        detected.language,
        "# Tests that stand in one file with the code are not known as such: keep tests in files of their own.\n",
    )
    return (
        "[search]\n"
        "# Who proposes offspring: genetic needs no model and no key.\n"
        'agents = ["genetic"]\n'
        "# What offspring may change (patterns as in .gitignore) ...\n"
        f"editable = {_array(detected.editable)}\n"
        "# ... and what they never may, whatever stands above.\n"
        f"{inside}"
        f"protected = {_array(detected.protected)}\n"
    )


def _array(items: Sequence[str]) -> str:
    line = f"[{', '.join(map(_text, items))}]"
    if len(line) <= 88:
        return line
    return "[\n" + "".join(f"  {_text(item)},\n" for item in items) + "]"


def _text(value: str) -> str:
    # Detection admits only names without quotes, backslashes and control characters, and for those
    # a JSON string is a TOML string.
    return json.dumps(value, ensure_ascii=False)
