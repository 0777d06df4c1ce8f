"""A browser's processes may talk to each other, and to nobody else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from evogit.config.model import Environment
from evogit.environment import prepare
from evogit.sandbox.base import Job
from evogit.sandbox.choose import choose

SOCKETS = """
import json, socket
found = {}
for name in ("AF_UNIX", "AF_NETLINK", "AF_INET", "AF_INET6", "AF_VSOCK", "AF_PACKET"):
    try:
        kind = socket.SOCK_RAW if name in ("AF_NETLINK", "AF_PACKET") else socket.SOCK_STREAM
        socket.socket(getattr(socket, name), kind).close()
        found[name] = True
    except OSError:
        found[name] = False
print(json.dumps(found))
"""


def sockets(tmp_path: Path, *, browser: bool) -> dict[str, bool]:
    python = Path(sys.executable)
    runtime = prepare(
        Environment(), tmp_path, tmp_path / "cache", default_python=python, lock_contents={}
    )
    sandbox = choose("auto", runtime, image=None, allow_unsafe=False)
    try:
        done = sandbox.start(Job(("python", "-c", SOCKETS), browser=browser)).wait()
    finally:
        sandbox.close()
    assert done.status == 0, done.stderr
    return json.loads(done.stdout)


def test_a_browser_opens_sockets_that_lead_nowhere_and_no_others(tmp_path: Path) -> None:
    found = sockets(tmp_path, browser=True)
    assert {name for name, works in found.items() if works} == {"AF_UNIX", "AF_NETLINK"}


def test_any_other_candidate_opens_none(tmp_path: Path) -> None:
    assert not any(sockets(tmp_path, browser=False).values())
