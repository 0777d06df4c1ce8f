"""The same application in a browser: on this machine only, and only with the token that was printed.

Whoever reaches the application can steer the swarm, so three things are asked of every request: that it
came to a loopback address under its own name (or a page elsewhere could point its name here), that it
carries the token, and, for the socket, that the page it belongs to is ours.
"""

from __future__ import annotations

import hmac
import shlex
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp import web
from textual_serve.server import Server

HOST: Final = "127.0.0.1"
_COOKIE: Final = "evogit"
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TokenServer(Server):
    """Serves a Textual application to browsers that know the token.

    Args:
        command: what each browser tab runs.
        port: a free port of the loopback interface.
        token: what a browser has to show once, as ``/?token=…``; it keeps it as a cookie.
        ready: called once the server listens.
    """

    def __init__(
        self, command: Sequence[str], port: int, token: str, ready: Callable[[], None]
    ) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  # an argument of theirs lacks a type
            shlex.join(command), host=HOST, port=port, title="evogit"
        )
        self._token = token
        self._ready = ready
        self._names = frozenset({f"{HOST}:{port}", f"localhost:{port}"})

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"{self.public_url}/?token={self._token}"

    def initialize_logging(self) -> None:
        """Leave logging alone: the command line decides what is printed."""

    async def on_startup(self, app: web.Application) -> None:
        """Say that it listens; the original prints a banner."""
        del app
        self._ready()

    async def _make_app(self) -> web.Application:
        return await self.application()

    async def application(self) -> web.Application:
        """What answers requests: the original's routes behind our guard."""
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.host not in self._names:
            raise web.HTTPForbidden(text="this server answers to its own address only")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] not in self._names:
            raise web.HTTPForbidden(text="another site may not use this server")
        if self._knows(request.query.get("token", "")):
            return self._welcome()
        if not self._knows(request.cookies.get(_COOKIE, "")):
            raise web.HTTPForbidden(text="open the address that evogit tui --serve printed")
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = _POLICY
            response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())

    def _welcome(self) -> web.StreamResponse:
        # The address bar then no longer shows the token.
        response = web.Response(status=302, headers={"Location": "/"})
        response.set_cookie(_COOKIE, self._token, httponly=True, samesite="Strict", path="/")
        return response


def free_port(wanted: int = 0) -> int:
    """A port of the loopback interface that is free right now: ``wanted``, or any for 0.

    Raises:
        OSError: it is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, wanted))
        return int(probe.getsockname()[1])
