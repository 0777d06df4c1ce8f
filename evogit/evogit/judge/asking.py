"""A candidate that asks a language model: line by line, through the judge, a few times.

The candidate has no network and no key. It prints a line ``{"prompt": "..."}`` and reads a line
``{"text": "..."}`` or ``{"error": "..."}``; whatever else it prints is its answer to the scorer.
"""

from __future__ import annotations

import json
import os
import select
from dataclasses import dataclass, field
from typing import Final, cast

from evogit.config.model import Stage
from evogit.config.models import Asking
from evogit.judge.stages import Bench, candidate_job
from evogit.oracle import LONGEST_PROMPT, not_reached
from evogit.sandbox.base import Completed
from evogit.text import clean

_SYSTEM: Final = "Answer what is asked, and with nothing else."
_CHUNK: Final = 1 << 16


def run_asking(stage: Stage, bench: Bench) -> tuple[Completed, bytes]:
    """Run the candidate and answer its prompts; how it ended, and what it said besides.

    Raises:
        EvaluatorError: the sandbox could not start, or the model can not be reached, or the
            candidate's time ran out while that was waited for.
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
        _converse(talk, said)
        if talk.over:
            running.kill()
        ran = running.wait()
        if talk.down or (talk.waited and ran.limit == "wall"):
            raise not_reached(talk.down or "it was not reached before the candidate's time was up")
        return ran, talk.rest()
    finally:
        os.close(tell)
        os.close(said)


def _converse(talk: _Talk, said: int) -> None:
    """Hear and answer until the candidate says nothing more, or must not."""
    while not talk.over:
        poll = select.poll()
        poll.register(said, select.POLLIN)
        if talk.pending:
            poll.register(talk.tell, select.POLLOUT)
        ready = {descriptor for descriptor, _ in poll.poll()}
        if talk.tell in ready:
            talk.flush()
        if said in ready:
            data = os.read(said, _CHUNK)
            if not data:
                return
            talk.hear(data)


@dataclass(slots=True)
class _Talk:
    """What was said so far; ``pending`` is told as soon as the candidate reads."""

    ask: Asking
    bench: Bench
    tell: int
    limit: int
    buffer: bytes = b""
    answer: list[bytes] = field(default_factory=list[bytes])
    size: int = 0
    calls: int = 0
    pending: bytearray = field(default_factory=bytearray)
    down: str = ""
    waited: bool = False

    @property
    def over(self) -> bool:
        """Whether it said more than it may, or asked what nobody can answer now."""
        return bool(self.down) or self.size + len(self.buffer) > self.limit

    def hear(self, data: bytes) -> None:
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            prompt = _prompt(line)
            if prompt is None:
                self.answer.append(line + b"\n")
                self.size += len(line) + 1
            else:
                self._reply(prompt)
            if self.down:
                return

    def flush(self) -> None:
        """Tell as much as fits into the pipe."""
        try:
            del self.pending[: os.write(self.tell, self.pending)]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.pending.clear()

    def rest(self) -> bytes:
        return b"".join(self.answer) + self.buffer

    def _reply(self, prompt: str) -> None:
        paid = self.calls < self.ask.calls
        if not paid and len(self.pending) > _CHUNK:
            return  # it asks more than it may, without reading
        said = json.dumps(self._ask(prompt), ensure_ascii=False)
        self.pending += said.encode("utf-8", "replace") + b"\n"
        self.flush()

    def _ask(self, prompt: str) -> dict[str, str]:
        if self.calls >= self.ask.calls or self.bench.oracle is None:
            return {"error": f"only {self.ask.calls} prompts are allowed"}
        self.calls += 1
        waited = self.bench.oracle.waited
        found = self.bench.oracle.ask(_SYSTEM, prompt, self.ask.max_tokens)
        self.waited |= self.bench.oracle.waited > waited
        self.down = found.down
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
