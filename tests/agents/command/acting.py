"""A model's part for real coding agents: edits ``program.py`` by whatever tools it is offered.

A plain module; it answers on the scripted server of the models' tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.agents.command.protocols import Turn, heard, say
from tests.agents.models.server import Asked, Said

_DONE: Final = Turn("I am done.")
_SUBMIT: Final = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
_SHELLS: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "bash": lambda command: {"command": command, "description": "edit"},
    "Bash": lambda command: {"command": command, "description": "edit"},
    "run_shell_command": lambda command: {"command": command, "is_background": False},
    "terminal": lambda command: {"command": command, "security_risk": "LOW"},
    "exec_command": lambda command: {"cmd": command},
    "shell_command": lambda command: {"command": command},
    "shell": lambda command: {"command": ["sh", "-c", command]},
}
"""The tools that run a command, by the names that coding agents give them, and their arguments."""


def editor(value: Callable[[], int], path: str = "program.py") -> Callable[[Asked], Said]:
    """A behaviour that makes ``value`` in the program a new constant, then ends.

    Args:
        value: asked for each edit.
        path: what is overwritten.
    """

    def behave(asked: Asked) -> Said:
        told = heard(asked)
        shell = next((name for name in _SHELLS if name in told.tools), None)
        content = f"def value(x):\n    return x + {value()}\n"
        edit = f"cat > {path} <<'END'\n{content}END\n"
        if shell == "bash" and told.tools == ["bash"]:
            command = _SUBMIT if told.answered else edit
            return say(asked, Turn(tool="bash", arguments={"command": command}))
        if shell is not None and not told.answered:
            return say(asked, Turn(tool=shell, arguments=_SHELLS[shell](edit)))
        if told.tools or "program.py" not in told.text:
            return say(asked, _DONE)
        return say(asked, Turn(f"Here it is.\n\n{path}\n```python\n{content}```\n"))

    return behave


def idle(asked: Asked) -> Said:
    """A behaviour that finds nothing to do."""
    if heard(asked).tools == ["bash"]:
        return say(asked, Turn(tool="bash", arguments={"command": _SUBMIT}))
    return say(asked, Turn("It is perfect already."))
