"""A model's part for real coding agents: edits ``program.py`` by whatever tools it is offered.

A plain module; it answers on the scripted server of the models' tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.agents.models.server import Asked, Said, answer

_USAGE = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}
_DONE = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def editor(value: Callable[[], int], path: str = "program.py") -> Callable[[Asked], Said]:
    """A behaviour that makes ``value`` in the program a new constant, then ends.

    Args:
        value: asked for each edit.
        path: what is overwritten.
    """

    def behave(asked: Asked) -> Said:
        tools = _tools(asked)
        answered = any(message["role"] == "tool" for message in asked.body["messages"])
        content = f"def value(x):\n    return x + {value()}\n"
        edit = f"cat > {path} <<'END'\n{content}END\n"
        if "bash" in tools:
            command = _DONE if answered else edit
            return _call(asked, "bash", {"command": command})
        if "run_shell_command" in tools and not answered:
            return _call(asked, "run_shell_command", {"command": edit, "is_background": False})
        if tools or "program.py" not in asked.prompt:
            return _said(asked, {"role": "assistant", "content": "I am done."}, "stop")
        text = f"Here it is.\n\n{path}\n```python\n{content}```\n"
        return _said(asked, {"role": "assistant", "content": text}, "stop")

    return behave


def idle(asked: Asked) -> Said:
    """A behaviour that finds nothing to do."""
    if "bash" in _tools(asked):
        return _call(asked, "bash", {"command": _DONE})
    return _said(asked, {"role": "assistant", "content": "It is perfect already."}, "stop")


def _tools(asked: Asked) -> list[str]:
    offered: list[dict[str, Any]] = asked.body.get("tools") or []
    return [str(tool["function"]["name"]) for tool in offered]


def _call(asked: Asked, tool: str, arguments: dict[str, Any]) -> Said:
    call = {
        "index": 0,
        "id": f"call_{asked.number}",
        "type": "function",
        "function": {"name": tool, "arguments": json.dumps(arguments)},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return _said(asked, message, "tool_calls")


def _said(asked: Asked, message: dict[str, Any], finish: str) -> Said:
    if not asked.body.get("stream"):
        more = {key: value for key, value in message.items() if key not in {"role", "content"}}
        return answer(message["content"], finish, usage=_USAGE, **more)
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "mock-1"}
    chunks: list[dict[str, Any]] = [
        base | {"choices": [{"index": 0, "delta": message, "finish_reason": None}]},
        base | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
        base | {"choices": [], "usage": _USAGE},
    ]
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    body = "".join([*lines, "data: [DONE]\n\n"]).encode()
    return Said(body, headers={"Content-Type": "text/event-stream"})
