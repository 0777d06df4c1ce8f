"""Hostile candidates: each is stopped, its limit is named, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from evogit.sandbox.base import Completed, Sandbox

Attack = Callable[..., Completed]


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("spin", "cpu"),
        ("spin_in_sessions", "cpu"),
        ("sleep_for_ever", "wall"),
        ("ignore_signals", "wall"),
        ("memory_in_one_process", "memory"),
        ("memory_in_many_processes", "memory"),
        ("memory_shared", "memory"),
        ("fork_bomb", "processes"),
        ("thread_bomb", "processes"),
        ("fill_disk", "disk"),
        ("one_huge_file", "disk"),
        ("print_for_ever", "output"),
        ("print_errors_for_ever", "output"),
    ],
)
def test_using_too_much_is_ended_and_named(
    attack: Attack, either: Sandbox, name: str, limit: str
) -> None:
    tight = {"cpu": {"cpu": 0.5}, "wall": {"wall": 0.7}}.get(limit, {})
    done = attack(either, name, limits=tight)
    assert done.limit == limit
    assert done.status != 0
    assert len(done.stdout) <= 100_000
    assert len(done.stderr) <= 100_000


def test_time_hidden_in_children_nobody_waits_for_is_found(attack: Attack, either: Sandbox) -> None:
    done = attack(either, "spin_unreaped", limits={"cpu": 0.5})
    assert done.limit == "cpu"
    assert done.cpu_seconds >= 0.5


def test_empty_files_can_not_use_up_the_file_system(attack: Attack, bubblewrap: Sandbox) -> None:
    assert attack(bubblewrap, "empty_files").limit == "disk"


def test_a_private_copy_can_not_fill_memory(attack: Attack, bubblewrap: Sandbox) -> None:
    assert attack(bubblewrap, "fill_the_copy", copy=True).limit == "disk"


@pytest.mark.parametrize("name", ["daemon", "keep_output_open"])
def test_what_outlives_the_leader_dies_and_blocks_nobody(
    attack: Attack, either: Sandbox, name: str
) -> None:
    done = attack(either, name)
    assert (done.status, done.limit, done.stdout) == (0, None, b"done\n")
    assert done.seconds < 10


@pytest.mark.parametrize(
    "name",
    [
        "descriptors",
        "kernel_calls",
        "kernel_settings",
        "memory_in_a_file_without_a_name",
        "namespaces",
        "raise_limits",
        "type_into_the_terminal",
        "write_outside",
    ],
)
def test_nothing_outside_can_be_used(attack: Attack, bubblewrap: Sandbox, name: str) -> None:
    _stopped(attack(bubblewrap, name))


def test_no_server_can_be_reached(attack: Attack, bubblewrap: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        _stopped(attack(bubblewrap, "network", PORT=str(server.getsockname()[1])))


def test_no_unix_socket_can_be_reached(attack: Attack, bubblewrap: Sandbox) -> None:
    with ExitStack() as open_sockets, tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for address in (f"{folder}/agent", "\0evogit-hostile-test"):
            server = open_sockets.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(address)
            server.listen()
        variables = {"SOCKET": f"{folder}/agent", "ABSTRACT": "evogit-hostile-test"}
        _stopped(attack(bubblewrap, "unix_sockets", **variables))


def test_no_secret_of_the_host_can_be_read(
    attack: Attack, bubblewrap: Sandbox, tmp_path: Path
) -> None:
    secret = tmp_path / "hidden_test.py"
    secret.write_text("assert answer == 42")
    _stopped(attack(bubblewrap, "read_secrets", SECRET=str(secret)))


def test_no_key_in_an_environment_can_be_read(
    attack: Attack, bubblewrap: Sandbox, monkeypatch: pytest.MonkeyPatch, victim: int
) -> None:
    key = "sk-canary-0123456789"
    monkeypatch.setenv("EVOGIT_CANARY", key)
    _stopped(attack(bubblewrap, "read_environments", NEEDLE=key[::-1]))


@pytest.mark.parametrize("name", ["kill_others", "read_memory"])
def test_no_other_process_can_be_touched(
    attack: Attack, bubblewrap: Sandbox, victim: int, name: str
) -> None:
    _stopped(attack(bubblewrap, name, VICTIM=str(victim)))
    os.kill(victim, 0)


@pytest.fixture
def victim() -> Iterator[int]:
    """A process of the uid the jobs run under."""
    uid = 65534 if os.geteuid() == 0 else None
    with subprocess.Popen(
        ["/bin/sleep", "60"], user=uid, env={"KEY": "sk-canary-0123456789"}
    ) as process:
        yield process.pid
        assert process.poll() is None, "a candidate killed a process outside"
        process.send_signal(signal.SIGKILL)


def _stopped(done: Completed) -> None:
    assert b"ESCAPED" not in done.stdout, done.stdout.decode()
    assert done.stdout.endswith(b"done\n"), done.stderr.decode()
