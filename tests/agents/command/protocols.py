"""What models of four providers hear and say on the wire, for scripted models of coding agents.

A plain module. The forms are those of OpenAI's chat completions and responses, of Anthropic's
messages and of Gemini's ``generateContent``, as far as coding agents use them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tests.agents.models.server import Asked, Said, answer

TOKENS_IN: Final = 1000
TOKENS_OUT: Final = 20
Json = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """What a model says: words, or a call of the tool ``tool``."""

    text: str = ""
    tool: str = ""
    arguments: Json = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Heard:
    """What a model is told: everything as text, the tools it may call, and whether one has answered."""

    text: str
    tools: list[str]
    answered: bool


def heard(asked: Asked) -> Heard:
    """One request, of whichever provider it is."""
    body = asked.body
    turns: list[Json] = body.get("messages") or body.get("contents") or body.get("input") or []
    return Heard(json.dumps(body), _offered(body), any(map(_is_result, turns)))


def say(asked: Asked, turn: Turn) -> Said:
    """The response in the form that was asked for."""
    path = asked.path.partition("?")[0]
    if path.endswith("/count_tokens"):
        return Said(json.dumps({"input_tokens": TOKENS_IN}).encode())
    if path.endswith("/messages"):
        return _streamed(_anthropic(asked, turn), named=True)
    if path.endswith("/responses"):
        return _streamed(_responses(asked, turn), named=True)
    if "GenerateContent" in path or "generateContent" in path:
        found = _gemini(turn)
        streams = "streamGenerateContent" in path
        return _streamed([found]) if streams else Said(json.dumps(found).encode())
    return _chat(asked, turn)


def _offered(body: Json) -> list[str]:
    found: list[str] = []
    tools: list[Json] = body.get("tools") or []
    for tool in tools:
        inner: list[Json] = tool.get("functionDeclarations") or [tool.get("function") or tool]
        found += [str(one["name"]) for one in inner if "name" in one]
    return found


def _is_result(turn: Json) -> bool:
    if turn.get("role") == "tool" or str(turn.get("type", "")).endswith("call_output"):
        return True
    parts = cast("list[Json] | str", turn.get("content") or turn.get("parts") or [])
    return isinstance(parts, list) and any(
        part.get("type") == "tool_result" or "functionResponse" in part for part in parts
    )


def _streamed(events: list[Json], *, named: bool = False) -> Said:
    lines = [
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n"
        for event in events
    ]
    return Said("".join(lines).encode(), headers={"Content-Type": "text/event-stream"})


def _anthropic(asked: Asked, turn: Turn) -> list[Json]:
    message: Json = {
        "id": f"msg_{asked.number}",
        "type": "message",
        "role": "assistant",
        "content": [],
    }
    message |= {"model": asked.body["model"], "stop_reason": None, "stop_sequence": None}
    message |= {"usage": {"input_tokens": TOKENS_IN, "output_tokens": 1}}
    if turn.tool:
        block: Json = {"type": "tool_use", "id": f"toolu_{asked.number}", "name": turn.tool}
        block["input"] = {}
        delta: Json = {"type": "input_json_delta", "partial_json": json.dumps(turn.arguments)}
    else:
        block = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": turn.text}
    ending = {"stop_reason": "tool_use" if turn.tool else "end_turn", "stop_sequence": None}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ending, "usage": {"output_tokens": TOKENS_OUT}},
        {"type": "message_stop"},
    ]


def _responses(asked: Asked, turn: Turn) -> list[Json]:
    if turn.tool:
        item: Json = {"type": "function_call", "id": f"fc_{asked.number}", "name": turn.tool}
        item |= {"call_id": f"call_{asked.number}", "arguments": json.dumps(turn.arguments)}
    else:
        content = [{"type": "output_text", "text": turn.text}]
        item = {"type": "message", "role": "assistant", "id": f"msg_{asked.number}"}
        item["content"] = content
    usage = {"input_tokens": TOKENS_IN, "output_tokens": TOKENS_OUT}
    usage |= {"total_tokens": TOKENS_IN + TOKENS_OUT}
    response: Json = {"id": f"resp_{asked.number}"}
    return [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": response | {"usage": usage}},
    ]


def _gemini(turn: Turn) -> Json:
    call = {"functionCall": {"name": turn.tool, "args": turn.arguments}}
    part = call if turn.tool else {"text": turn.text}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": TOKENS_IN, "candidatesTokenCount": TOKENS_OUT}
    usage["totalTokenCount"] = TOKENS_IN + TOKENS_OUT
    return {"candidates": [candidate], "usageMetadata": usage}


def _chat(asked: Asked, turn: Turn) -> Said:
    message: Json = {"role": "assistant", "content": turn.text or None}
    if turn.tool:
        function = {"name": turn.tool, "arguments": json.dumps(turn.arguments)}
        call = {"index": 0, "id": f"call_{asked.number}", "type": "function", "function": function}
        message["tool_calls"] = [call]
    finish = "tool_calls" if turn.tool else "stop"
    usage = {"prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT}
    usage["total_tokens"] = TOKENS_IN + TOKENS_OUT
    if not asked.body.get("stream"):
        more = {key: value for key, value in message.items() if key not in {"role", "content"}}
        return answer(message["content"], finish, usage=usage, **more)
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "mock-1"}
    said = _streamed(
        [
            base | {"choices": [{"index": 0, "delta": message, "finish_reason": None}]},
            base | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
            base | {"choices": [], "usage": usage},
        ]
    )
    return Said(said.body + b"data: [DONE]\n\n", headers=said.headers)
