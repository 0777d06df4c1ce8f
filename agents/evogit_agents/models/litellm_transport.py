"""What litellm sends goes through here: no redirects, no endless answers, failures as they are.

A module of its own because it needs httpx, which litellm brings along.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import httpx

from evogit_agents.models import live
from evogit_agents.models.answer import MAX_ANSWER_BYTES, read_error
from evogit_agents.models.trouble import Trouble, from_status, retry_after


class Guarded(httpx.HTTPTransport):
    """Refuses redirects, and answers of more than ``MAX_ANSWER_BYTES``.

    What a status other than 2xx means is decided here, from the response itself: litellm makes
    other exceptions of it, without the headers, differently for each provider.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; see the class."""
        live.check(request.url.host)
        response = super().handle_request(request)
        response.stream = _Bounded(response.stream)
        if not response.is_success:
            said = read_error(response.read())
            response.close()
            after = retry_after(response.headers, time.time())
            raise from_status(response.status_code, said, after)
        return response

    def close(self) -> None:
        """Nothing: clients that litellm drops share this transport with those it keeps."""


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        seen = 0
        for part in self._stream:
            seen += len(part)
            if seen > MAX_ANSWER_BYTES:
                size = f"the answer is larger than {MAX_ANSWER_BYTES // 2**20} MiB"
                raise Trouble("malformed", size, billed=None)
            yield part

    def close(self) -> None:
        self._stream.close()


def install(litellm: Any) -> None:
    """Let litellm use a guarded transport everywhere, and keep it quiet."""
    transport = Guarded()
    litellm.sync_transport = transport
    litellm.client_session = httpx.Client(transport=transport, follow_redirects=False)
    litellm.suppress_debug_info = True
    litellm.num_retries = 0
    litellm.drop_params = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
