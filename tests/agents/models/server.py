"""An OpenAI-compatible server on loopback that answers well, or badly in a named way.

A plain module: a test starts a ``Server`` with a behaviour's name, or a function, and counts what
came in. ``python server.py BEHAVIOUR [PORT]`` serves until it is killed.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self, cast

GOOD: Final = "Here it is.\n\n```python\nprint(1)\n```\n"


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    number: int

    @property
    def prompt(self) -> str:
        """All that was said."""
        return "\n".join(str(message["content"]) for message in self.body.get("messages", []))


@dataclass(frozen=True)
class Said:
    """One response. ``raw`` is sent after the headers as it is, slowly if there is a ``pause``."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    length: int | None = None
    pause: float = 0.0
    step: int = 1
    drop: bool = False


Behaviour = Callable[[Asked], Said]


def answer(text: str | None, finish: str = "stop", usage: Any = "count", **more: Any) -> Said:
    """A response as it should be, around any text."""
    if usage == "count":
        usage = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    data = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "mock-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text} | more,
                "finish_reason": finish,
            }
        ],
    }
    return Said(json.dumps(data | ({} if usage is None else {"usage": usage})).encode())


def error(status: int, message: str, code: str = "", **headers: str) -> Said:
    """A response that says what is wrong."""
    body = {"error": {"message": message, "type": "error", "code": code or None}}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(json.dumps(body).encode(), status, names)


def _block(path: str, search: str, replace: str) -> str:
    marks = f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"
    return f"{path}\n```python\n{marks}```\n"


def _file(path: str, content: str) -> str:
    return f"FILE: {path}\n```python\n{content}\n```\n\n{path}\n```python\n{content}\n```\n"


def _injected(path: str) -> Said:
    return answer(_file(path, "raise SystemExit(0)") + _block(path, "x = 0", "x = 99"))


BEHAVIOURS: Final[dict[str, Behaviour]] = {
    "good": lambda _: answer(GOOD),
    "slow": lambda _: Said(answer(GOOD).body, pause=0.3, step=1000),
    "drip": lambda _: Said(answer(GOOD).body, pause=0.1, step=1),
    "hang": lambda _: Said(answer(GOOD).body, pause=30.0, step=10),
    "cut off": lambda _: Said(answer(GOOD).body[:60], length=5000, drop=True),
    "closed without an answer": lambda _: Said(b"", drop=True, length=-1),
    "wrong JSON": lambda _: Said(b'{"choices": [{"message": {"content": "x"'),
    "other JSON": lambda _: Said(b"[1, 2, 3]"),
    "JSON without end": lambda _: Said(b"[" * 200_000),
    "no choices": lambda _: Said(b'{"object": "chat.completion", "choices": []}'),
    "HTML": lambda _: Said(b"<html><body>Log in to the Wi-Fi</body></html>"),
    "429 with seconds": lambda _: error(429, "slow down", Retry_After="7"),
    "429 with a date": lambda _: error(
        429, "slow down", Retry_After=formatdate(time.time() + 60, usegmt=True)
    ),
    "429 with nonsense": lambda _: error(429, "slow down", Retry_After="-inf"),
    "429 for a year": lambda _: error(429, "slow down", Retry_After="31536000"),
    "429": lambda _: error(429, "slow down"),
    "no money": lambda _: error(429, "You exceeded your quota", "insufficient_quota"),
    "500": lambda _: error(500, "oops"),
    "502 in HTML": lambda _: Said(b"<html>Bad gateway</html>", 502),
    "503": lambda _: error(503, "overloaded", Retry_After="3"),
    "auth failure": lambda asked: error(
        401, f"Incorrect API key provided: {asked.headers.get('authorization', '')}"
    ),
    "no such model": lambda _: error(404, "The model does not exist", "model_not_found"),
    "context overflow": lambda _: error(
        400, "This model's maximum context length is 4096 tokens", "context_length_exceeded"
    ),
    "bad request": lambda _: error(400, "temperature is not supported"),
    "redirect elsewhere": lambda _: Said(
        b"", 307, {"Location": "http://127.0.0.1:1/v1/chat/completions"}
    ),
    "empty": lambda _: answer(""),
    "blank": lambda _: answer(" \n\t\n"),
    "null": lambda _: answer(None),
    "thinks only": lambda _: answer("", finish="length"),
    "refusal": lambda _: answer(None, finish="content_filter"),
    "refusal in words": lambda _: answer(None, refusal="I can not help with that."),
    "huge": lambda _: Said(b" ", length=2**34),
    "huge without a length": lambda _: Said(b"x" * 65536, length=-1, pause=1e-9, step=65536),
    "missing usage": lambda _: answer(GOOD, usage=None),
    "negative usage": lambda _: answer(
        GOOD, usage={"prompt_tokens": -5000, "completion_tokens": -1}
    ),
    "absurd usage": lambda _: answer(
        GOOD, usage={"prompt_tokens": 10**18, "completion_tokens": 10**300}
    ),
    "NaN usage": lambda _: Said(
        answer(GOOD, usage={"prompt_tokens": 1, "completion_tokens": 2}).body.replace(
            b'"prompt_tokens": 1', b'"prompt_tokens": NaN'
        )
    ),
    "usage in words": lambda _: answer(
        GOOD, usage={"prompt_tokens": "many", "completion_tokens": True}
    ),
    "ANSI escapes": lambda _: answer("\x1b]52;c;ZXZpbA==\x07\x1b[2J\x00" + GOOD),
    "lone surrogates": lambda _: Said(
        answer("MARK" + GOOD).body.replace(b"MARK", b"\\ud800\\udc00 \\udfff")
    ),
    "error in an answer": lambda _: Said(b'{"error": {"message": "upstream", "code": 502}}'),
    "parts": lambda _: Said(
        answer("MARK").body.replace(b'"MARK"', b'[{"type": "text", "text": "one"}, 3, {"a": 1}]')
    ),
    # What comes as a good answer and goes for the repository.
    "edits the evaluator": lambda _: _injected("score.py"),
    "climbs out": lambda _: _injected("../../../../tmp/evogit-was-here.py"),
    "writes .GIT": lambda _: _injected(".GIT/config"),
    "writes .git hooks": lambda _: _injected(".git/hooks/post-checkout"),
    "absolute path": lambda _: _injected("/tmp/evogit-was-here.py"),  # noqa: S108 - nobody may write it
    "odd path": lambda _: _injected("pkg/\x00\x1b[31mx.py"),
    "duplicate blocks": lambda _: answer(_block("x.py", "x = 0", "x = 1") * 3),
    "ambiguous block": lambda _: answer(_block("x.py", "", "x = 1")),
    "CRLF": lambda _: answer(_file("x.py", "x = 1").replace("\n", "\r\n")),
    "BOM": lambda _: answer("\ufeff" + _file("x.py", "\ufeffx = 1")),
    "no final newline": lambda _: answer("x.py\n```python\nx = 1\n```"),
    "unclosed fence": lambda _: answer("x.py\n```python\nx = 1", finish="length"),
    "another language": lambda _: answer('```rust\nfn main() { println!("hi"); }\n```'),
    "prose": lambda _: answer("Certainly! I would suggest to rethink the whole approach."),
}
"""Every way to answer that has a name. Some take seconds: ``hang``, ``drip``."""

ENDLESS: Final = frozenset({"huge without a length"})
"""These go on until the client hangs up."""


class Server:
    """Serves one behaviour on a free port of loopback; a context manager.

    Args:
        behaviour: a name in ``BEHAVIOURS``, or a function from what was asked to what is said.
        latency: seconds before it answers.
        port: 0 for any that is free.
    """

    def __init__(self, behaviour: str | Behaviour, latency: float = 0.0, port: int = 0) -> None:
        self.latency = latency
        self.endless = behaviour in ENDLESS
        self.behaviour = BEHAVIOURS[behaviour] if isinstance(behaviour, str) else behaviour
        self.asked: list[Asked] = []
        self.times: list[float] = []
        self.connections = 0
        self.open: list[socket.socket] = []
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self._server = _Threads(("127.0.0.1", port), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """What ``base_url`` is set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def hang_up(self) -> None:
        """Close every connection, as servers do with those that are idle."""
        with self.lock:
            closing, self.open[:] = list(self.open), []
        for connection in closing:
            with suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self.hang_up()
        self._server.server_close()
        self._thread.join()


class _Threads(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    owner: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up on purpose here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        with self.server_owner.lock:
            self.server_owner.connections += 1
            self.server_owner.open.append(self.connection)

    @property
    def server_owner(self) -> Server:
        return cast("_Threads", self.server).owner

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        """Health checks of some clients: the list of models."""
        body = json.dumps({"object": "list", "data": [{"id": "mock-1", "object": "model"}]})
        self._send(Said(body.encode()))

    def do_POST(self) -> None:
        owner = self.server_owner
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with owner.lock:
            asked = Asked(self.path, headers, json.loads(body), len(owner.asked))
            owner.asked.append(asked)
            owner.times.append(time.monotonic())
        if owner.latency:
            owner.ending.wait(owner.latency)
        self._send(owner.behaviour(asked))

    def _send(self, said: Said) -> None:
        if said.drop and said.length == -1:
            self._hang_up()
            return
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        if said.length == -1:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            length = len(said.body) if said.length is None else said.length
            self.send_header("Content-Length", str(length))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self._write(said)
        if said.drop:
            self._hang_up()

    def _write(self, said: Said) -> None:
        owner = self.server_owner
        if not said.pause:
            self.wfile.write(said.body)
            self.wfile.flush()
            return
        again = True
        while again and not owner.ending.is_set():
            for start in range(0, len(said.body), said.step):
                self.wfile.write(said.body[start : start + said.step])
                self.wfile.flush()
                if owner.ending.wait(said.pause):
                    return
            again = owner.endless

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def main() -> None:
    """Serve the behaviour named first, on the port named second, with the latency named third."""
    name, port, latency = [*sys.argv[1:], *("good", "0", "0")[len(sys.argv) - 1 :]]
    with Server(name, float(latency), int(port)) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
