"""A candidate that asks a language model: line by line, through the judge, a few times.

The candidate has no network and no key. It prints a line ``{"prompt": "..."}`` and reads a line
``{"text": "..."}`` or ``{"error": "..."}``; whatever else it prints is its answer to the scorer.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, cast

from evogit.config.model import Stage
from evogit.config.models import Asking
from evogit.judge.stages import Bench, candidate_job
from evogit.sandbox.base import Completed
from evogit.text import clean

_SYSTEM: Final = "Answer what is asked, and with nothing else."
LONGEST_PROMPT: Final = 64 * 1024
"""Bytes of one prompt."""
_CHUNK: Final = 1 << 16


def run_asking(stage: Stage, bench: Bench) -> tuple[Completed, bytes]:
    """Run the candidate and answer its prompts; how it ended, and what it said besides.

    Raises:
        EvaluatorError: the sandbox could not start.
    """
    hear, tell = os.pipe()
    said, speak = os.pipe()
    try:
        try:
            running = bench.sandbox.start(candidate_job(stage, bench, stdin=hear, stdout=speak))
        finally:
            os.close(hear)
            os.close(speak)
        os.set_blocking(tell, False)
        talk = _Talk(cast("Asking", stage.ask), bench, tell, stage.limits.output)
        while not talk.full and (data := os.read(said, _CHUNK)):
            talk.hear(data)
        if talk.full:
            running.kill()
        return running.wait(), talk.rest()
    finally:
        os.close(tell)
        os.close(said)


@dataclass(slots=True)
class _Talk:
    ask: Asking
    bench: Bench
    tell: int
    limit: int
    buffer: bytes = b""
    answer: list[bytes] = field(default_factory=list[bytes])
    size: int = 0
    calls: int = 0

    @property
    def full(self) -> bool:
        """Whether it said more than it may."""
        return self.size + len(self.buffer) > self.limit

    def hear(self, data: bytes) -> None:
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            prompt = _prompt(line)
            if prompt is None:
                self.answer.append(line + b"\n")
                self.size += len(line) + 1
            else:
                self._reply(prompt)

    def rest(self) -> bytes:
        return b"".join(self.answer) + self.buffer

    def _reply(self, prompt: str) -> None:
        said = self._ask(prompt)
        # If it asks without reading, or is gone, nobody waits for this answer.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self.tell, json.dumps(said).encode() + b"\n")

    def _ask(self, prompt: str) -> dict[str, str]:
        if self.calls >= self.ask.calls or self.bench.oracle is None:
            return {"error": f"only {self.ask.calls} prompts are allowed"}
        self.calls += 1
        found = self.bench.oracle.ask(_SYSTEM, prompt, self.ask.max_tokens)
        return {"error": found.problem} if found.problem else {"text": clean(found.text, 32_000)}


def _prompt(line: bytes) -> str | None:
    if not line.startswith(b'{"prompt"') or len(line) > LONGEST_PROMPT:
        return None
    try:
        found: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    prompt = cast("dict[str, object]", found).get("prompt") if isinstance(found, dict) else None
    return prompt if isinstance(prompt, str) else None
