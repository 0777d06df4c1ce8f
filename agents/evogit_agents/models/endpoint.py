"""The client ``http``: any OpenAI-compatible endpoint, over kept connections, without litellm.

Redirects are not followed and proxies not used, so the key reaches the host of ``base_url`` alone.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from typing import Final
from urllib.parse import urlsplit

from evogit.config import model as config
from evogit.errors import ConfigError
from evogit_agents.models.answer import MAX_ANSWER_BYTES, Answer, read_answer, read_error
from evogit_agents.models.asking import Question
from evogit_agents.models.deadline import Deadline
from evogit_agents.models.trouble import Trouble, from_status, retry_after
from evogit_agents.models.wire import Wire

_CONNECT_SECONDS: Final = 10.0
_MAX_ERROR_BYTES: Final = 64 * 1024
_PREFIX: Final = "openai/"


class Endpoint:
    """Asks the chat completions of one endpoint: an ``Exchange``. Thread-safe.

    Args:
        settings: a model with a ``base_url``.
        key: sent as a bearer token; empty for none.

    Raises:
        ConfigError: ``base_url`` is no http(s) address, or holds a user, query or fragment.
    """

    def __init__(self, settings: config.LanguageModel, key: str) -> None:
        self._https, self._host, self._port, self._path = _address(settings)
        self._settings = settings
        self._model = settings.model.removeprefix(_PREFIX)
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._tls = ssl.create_default_context() if self._https else None
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()

    def __call__(self, question: Question, deadline: Deadline) -> Answer:
        """Send one question and read the answer, once."""
        body = self._body(question)
        connection = self._connection(deadline)
        try:
            status, headers, data = _exchange(connection, self._path, body, self._headers)
        except BaseException:
            connection.wire.abort()
            raise
        self._keep(connection)
        if status != 200:
            raise from_status(status, read_error(data), retry_after(headers, time.time()))
        return read_answer(data)

    def _body(self, question: Question) -> bytes:
        omit = self._settings.omit
        fields: dict[str, object] = {
            "model": self._model,
            "messages": [
                {"role": message.role, "content": _sendable(message.text)}
                for message in question.messages
            ],
        }
        # Some providers know the limit by its newer name only; without one nothing bounds the cost.
        limit = "max_completion_tokens" if "max_tokens" in omit else "max_tokens"
        fields[limit] = question.max_tokens
        if "temperature" not in omit:
            fields["temperature"] = self._settings.temperature
        if question.seed is not None and "seed" not in omit:
            fields["seed"] = question.seed
        return json.dumps(fields).encode()

    def _connection(self, deadline: Deadline) -> _Connection:
        while True:
            with self._lock:
                kept = self._idle.pop() if self._idle else None
            if kept is None:
                return self._connect(deadline)
            if not kept.wire.stale:
                kept.wire.deadline = deadline
                return kept
            kept.close()

    def _connect(self, deadline: Deadline) -> _Connection:
        deadline.slice()
        try:
            plain = socket.create_connection((self._host, self._port), _CONNECT_SECONDS)
        except OSError as error:
            raise Trouble("down", f"{self._host}:{self._port}: {error}") from error
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made = self._tls.wrap_socket(plain, server_hostname=self._host) if self._tls else plain
        except OSError as error:
            plain.close()
            raise Trouble("down", f"{self._host}:{self._port}: {error}") from error
        return _Connection(self._host, self._port, Wire(made, deadline), https=self._https)

    def _keep(self, connection: _Connection) -> None:
        if connection.sock is None:  # http.client closed it: the response said so
            return
        with self._lock:
            if len(self._idle) < self._settings.parallel:
                self._idle.append(connection)
                return
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection that is made already; ``http.client`` speaks the protocol on it."""

    def __init__(self, host: str, port: int, wire: Wire, *, https: bool) -> None:
        super().__init__(host, port)
        self.default_port = 443 if https else 80
        self.wire = wire
        self.sock = wire  # pyright: ignore[reportAttributeAccessIssue] - all that is used of one
        self.auto_open = 0


def _exchange(
    connection: _Connection, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case names, and the bounded body of the response.

    Raises:
        Trouble: the request may have been billed, or may not.
    """
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        most = MAX_ANSWER_BYTES if response.status == 200 else _MAX_ERROR_BYTES
        data = _read(response, most)
    except (OSError, http.client.HTTPException) as error:
        kind = type(error).__name__
        raise Trouble("down", f"the connection broke: {kind}: {error}", billed=None) from error
    if not response.isclosed():
        response.close()
        connection.close()
        if response.status == 200:
            size = f"the answer is larger than {most // 2**20} MiB"
            raise Trouble("malformed", size, billed=None)
    return response.status, {k.lower(): v for k, v in response.getheaders()}, data


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """All of it, or what shows that it is more than ``most`` bytes: one more, or a part."""
    parts: list[bytes] = []
    left = most + 1 if (response.length or 0) <= most else 0
    while left > 0 and (part := response.read(min(left, 65536))):
        parts.append(part)
        left -= len(part)
    if left > 0 and response.length:  # promised, and not sent
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)


def _sendable(text: str) -> str:
    """``text`` without lone surrogates, which are no text in JSON."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _address(settings: config.LanguageModel) -> tuple[bool, str, int, str]:
    where = f"models.{settings.name}.base_url"
    try:
        parts = urlsplit(settings.base_url or "")
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"{where} is no address: {error}") from error
    odd = parts.username or parts.password or parts.query or parts.fragment
    if parts.scheme not in {"http", "https"} or not parts.hostname or odd:
        raise ConfigError(
            f"{where} is not an http(s) address: {settings.base_url!r}",
            hint='for example base_url = "http://127.0.0.1:8080/v1"; keys go to `key`',
        )
    https = parts.scheme == "https"
    path = parts.path.rstrip("/") + "/chat/completions"
    if not path.isascii() or not path.isprintable() or " " in path:
        raise ConfigError(f"{where} holds characters that an address may not: {parts.path!r}")
    return https, parts.hostname, port or (443 if https else 80), path
