"""In a browser the application is reached with the token, from its own page, by its own address."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import psutil
import pytest
from aiohttp import web
from tests.tui.world import World

from evogit_tui.serve import HOST, TokenServer, free_port

TOKEN = "a-token-of-some-length"  # noqa: S105  # of a server that lives for one test


@asynccontextmanager
async def served(world: World) -> AsyncGenerator[tuple[TokenServer, aiohttp.ClientSession, str]]:
    command = [sys.executable, "-m", "evogit.cli", "tui", "-C", str(world.root)]
    port = free_port()
    server = TokenServer(command, port, TOKEN, lambda: None)
    runner = web.AppRunner(await server.application())
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    jar = aiohttp.CookieJar(unsafe=True)
    before = len(psutil.Process().children())
    try:
        async with aiohttp.ClientSession(cookie_jar=jar) as client:
            yield server, client, f"http://{HOST}:{port}"
    finally:
        await runner.cleanup()
        async with asyncio.timeout(30):  # what a tab ran ends with its tab
            while len(psutil.Process().children()) > before:
                await asyncio.sleep(0.02)


async def status(client: aiohttp.ClientSession, url: str, **headers: str) -> int:
    async with client.get(url, headers=headers, allow_redirects=False) as response:
        return response.status


def test_without_the_token_nothing_is_served(world: World) -> None:
    async def look() -> None:
        async with served(world) as (_, client, home):
            for path in ("/", "/ws", "/static/js/textual.js", "/download/x", "/?token=wrong"):
                assert await status(client, home + path) == 403

    asyncio.run(look())


def test_the_printed_address_opens_it_and_hides_the_token(world: World) -> None:
    async def look() -> None:
        async with served(world) as (server, client, home):
            async with client.get(server.address, allow_redirects=False) as response:
                assert response.status == 302
                assert response.headers["Location"] == "/"
                assert "HttpOnly" in response.headers["Set-Cookie"]
                assert "SameSite=Strict" in response.headers["Set-Cookie"]
            async with client.get(home + "/") as response:
                assert response.status == 200
                assert "default-src 'self'" in response.headers["Content-Security-Policy"]
                assert TOKEN not in await response.text()

    asyncio.run(look())


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_other_sites_and_other_names_are_refused(world: World, headers: dict[str, str]) -> None:
    async def look() -> None:
        async with served(world) as (server, client, home):
            assert await status(client, server.address) == 302
            assert await status(client, home + "/") == 200
            assert await status(client, home + "/", **headers) == 403
            assert await status(client, home + "/ws", **headers) == 403

    asyncio.run(look())


@pytest.mark.slow
def test_the_socket_carries_the_application(world: World) -> None:
    async def look() -> None:
        async with served(world) as (server, client, home):
            assert await status(client, server.address) == 302
            shown = b""
            async with client.ws_connect(f"{home}/ws?width=100&height=30") as socket:
                async with asyncio.timeout(60):
                    while b"individuals" not in shown:
                        message = await socket.receive()
                        if message.type is aiohttp.WSMsgType.BINARY:
                            shown += message.data
                        elif message.type is not aiohttp.WSMsgType.TEXT:
                            break
            assert b"evogit" in shown

    asyncio.run(look())


def test_the_command_prints_one_address_and_a_taken_port_is_a_clear_error(world: World) -> None:
    command = [sys.executable, "-m", "evogit.cli", "tui", "--serve", "--port"]
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = subprocess.run(
            [*command, port], cwd=world.root, capture_output=True, text=True, check=False
        )
        assert run.returncode == 4
        assert run.stdout == ""
        assert "--port" in run.stderr
    with subprocess.Popen(
        [*command, "0"], cwd=world.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith(f"http://{HOST}:")
        assert "?token=" in line
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
