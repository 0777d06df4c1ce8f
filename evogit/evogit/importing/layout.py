"""The files of a folder of ours that runs a foreign evaluator unchanged, in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from typing import Final

from evogit.importing.foreign import Foreign
from evogit.importing.modules import missing, needed, of_the_network, requirements
from evogit.importing.wishes import Wishes
from evogit.text import clean_line

_HARNESS: Final = ("parent.py", "child.py")
_SYSTEMS: Final = {
    "openevolve": "openevolve",
    "shinka": "ShinkaEvolve",
    "alphaevolve": "AlphaEvolve",
}
_SKIPPED: Final = "__pycache__"

_TOML: Final = """\
# Imported from a problem for {system}. Every key: docs/configuration.md, or evogit config schema.
# The score is the foreign evaluator's own word: it loads the candidate into its own process, so that
# a program can fool it. docs/problems.md says what is guarded and what is not.

[goal]
text = {goal}

[evaluate]
direction = "maximize"
# The best guard you can add: scores outside are held until you looked at them.
# plausible = [0.0, 1.0]

[evaluate.files]
run = {run}
score = ["evaluator/score.py", "evaluator/import.json"]

[[evaluate.stages]]
name = "{format}, unverified"
run = ["python", "/eval/run.py"]
score = ["python", "/eval/score.py"]
limits = {{ wall = {wall}, cpu = {wall}, memory = "2GB", processes = 64, output = "4MB", disk = "512MB" }}
{environment}
[search]
agents = ["genetic"]
editable = [{program}]
"""

_ENVIRONMENT: Final = """
# What the evaluator or the program imports and EvoGit's own Python has not: {names}.
[environment]
python = "{{target}}/bin/python"
setup = ["sh", "-c", "{{python}} -m venv {{target}} && {{target}}/bin/python -m pip install -r requirements.txt"]
lock = ["requirements.txt"]
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a folder will hold, and what its owner should know.

    Args:
        seed: the files of the first individual, by path.
        beside: ``evogit.toml`` and the evaluator, by path.
        notes: what is different from home, one sentence each.
    """

    seed: dict[str, bytes]
    beside: dict[str, bytes]
    notes: tuple[str, ...]


def lay_out(foreign: Foreign, wishes: Wishes, metric: str | None = None) -> Layout:
    """The folder for a foreign problem.

    Args:
        foreign: what was recognised.
        wishes: what its settings say.
        metric: the number that is the score; ``None``: ``combined_score``, else the system's rule.
    """
    names = needed(foreign)
    absent = missing(names)
    whole = foreign.format == "alphaevolve"
    taken = [name for name in foreign.files if name == foreign.program or (whole and _free(name))]
    seed = {name: foreign.files[name] for name in taken}
    if absent and "requirements.txt" not in seed:
        listed = foreign.files.get("requirements.txt")
        seed["requirements.txt"] = listed or requirements(names).encode()
    evaluator = dict(_inside())
    if not whole:
        evaluator |= {f"foreign/{name}": data for name, data in foreign.files.items()}
    evaluator["import.json"] = _facts(foreign, wishes, metric).encode()
    beside = {f"evaluator/{name}": data for name, data in evaluator.items()}
    beside["evogit.toml"] = _toml(foreign, wishes, sorted(evaluator), absent).encode()
    return Layout(seed, beside, tuple(_notes(foreign, wishes, names)))


def _free(name: str) -> bool:
    """Whether a file of theirs is not in the way of one of ours."""
    return name != "evogit.toml" and not name.startswith("evaluator/")


def _facts(foreign: Foreign, wishes: Wishes, metric: str | None) -> str:
    facts = {
        "format": foreign.format,
        "program": foreign.program,
        "evaluator": foreign.evaluator,
        "thresholds": wishes.thresholds,
        "features": wishes.features,
        "inputs": foreign.inputs,
        "metric": metric,
    }
    return json.dumps(facts, indent=2) + "\n"


def _inside() -> Iterator[tuple[str, bytes]]:
    """What is laid beside the evaluator: how it is started, and stand-ins for what it imports."""
    yield from below(package_files("evogit.importing") / "inside")
    harness = package_files("evogit.judge") / "harness_inside"
    for name in _HARNESS:
        yield name, (harness / name).read_bytes()


def below(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """The files of a packaged folder by their path in it, sorted; not what Python compiled there."""
    for item in sorted(folder.iterdir(), key=lambda found: found.name):
        if item.is_file():
            yield prefix + item.name, item.read_bytes()
        elif item.name != _SKIPPED:
            yield from below(item, f"{prefix}{item.name}/")


def _toml(foreign: Foreign, wishes: Wishes, evaluator: list[str], absent: list[str]) -> str:
    tops = dict.fromkeys(name.partition("/")[0] for name in evaluator)
    run = [f"evaluator/{name}" for name in tops if name != "score.py"]
    environment = _ENVIRONMENT.format(names=clean_line(", ".join(absent))) if absent else ""
    text = _TOML.format(
        system=_SYSTEMS[foreign.format],
        goal=_string(wishes.goal or f"Improve {foreign.program}."),
        run=json.dumps(run),
        format=foreign.format,
        wall=wishes.timeout,
        environment=environment,
        program=_string(_literal(foreign.program)),
    )
    return text + (
        f"\n[budget]\nevaluations = {wishes.evaluations}\n" if wishes.evaluations else ""
    )


def _string(text: str) -> str:
    """A TOML basic string; JSON's differ only in what must not be in TOML: DEL and surrogates."""
    return json.dumps(text.replace("\x7f", ""), ensure_ascii=False)


def _literal(name: str) -> str:
    """A pattern that matches this name alone, at the top."""
    return "/" + "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _notes(foreign: Foreign, wishes: Wishes, names: list[str]) -> Iterator[str]:
    yield from wishes.notes
    if not foreign.program.endswith(".py"):
        yield f"{foreign.program} is no Python: the genetic agent leaves it alone (see [search] agents)"
    if not foreign.marked:
        yield f"{foreign.program} has no EVOLVE-BLOCK comments: all of it may change"
    if foreign.left_out:
        yield f"left out: {', '.join(foreign.left_out[:10])} (links, solutions and outputs)"
    network = of_the_network(names)
    if network:
        yield f"it imports {', '.join(network)}: an evaluation has no network, so that part will fail"
    if missing(names):
        yield f"not installed here: {', '.join(missing(names))}; [environment] builds them at the first run"
