"""What a job for a human's own tool may do that a candidate's job may not, and what it still can not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from evogit.config.model import Limits
from evogit.errors import EvaluatorError
from evogit.sandbox.base import Completed, Job, Mount, Sandbox

_ASK = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20) as s:
    print(s.recv(5).decode())
"""


@pytest.fixture
def greeter() -> Iterator[int]:
    """The port of a server on this host's loopback that says hello to whoever comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                connection, _ = server.accept()
                with connection:
                    connection.sendall(b"hello")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port: int = server.getsockname()[1]
        yield port
        stopped.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join(20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir(mode=0o700)
    (made / "old.txt").write_text("old")
    return made


def run(sandbox: Sandbox, *argv: str, **options: object) -> Completed:
    return sandbox.start(Job(argv, **options)).wait()  # type: ignore[arg-type]


def test_a_job_with_network_reaches_a_server_of_this_host(
    bubblewrap: Sandbox, greeter: int
) -> None:
    done = run(bubblewrap, "python", "-c", _ASK, str(greeter), network=True)
    assert done.stdout == b"hello\n", done.stderr


def test_a_job_without_network_does_not(bubblewrap: Sandbox, greeter: int) -> None:
    done = run(bubblewrap, "python", "-c", _ASK, str(greeter))
    assert done.status != 0
    assert b"PermissionError" in done.stderr


@pytest.mark.parametrize("family", ["AF_UNIX", "AF_PACKET", "AF_VSOCK"])
def test_network_is_the_internet_and_no_other_family(bubblewrap: Sandbox, family: str) -> None:
    program = f"import socket; socket.socket(socket.{family}, socket.SOCK_STREAM)"
    done = run(bubblewrap, "python", "-c", program, network=True)
    assert b"PermissionError" in done.stderr


def test_an_abstract_socket_of_this_host_is_out_of_reach(bubblewrap: Sandbox) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind("\0evogit-test-abstract")
        server.listen()
        program = "import socket; socket.socket(socket.AF_UNIX).connect('\\0evogit-test-abstract')"
        done = run(bubblewrap, "python", "-c", program, network=True)
    assert b"PermissionError" in done.stderr


def test_a_writable_mount_is_the_host_s_folder(sandbox: Sandbox, folder: Path) -> None:
    mounts = [Mount(folder, "/agent/work", writable=True)]
    script = "cat old.txt && echo new > new.txt && rm old.txt && mkdir -p a/b && echo x > a/b/c"
    done = run(sandbox, "sh", "-c", script, mounts=mounts, cwd="/agent/work")
    assert (done.status, done.stdout) == (0, b"old"), done.stderr
    assert sorted(path.name for path in folder.rglob("*")) == ["a", "b", "c", "new.txt"]
    assert (folder / "new.txt").read_text() == "new\n"


def test_a_mount_beside_a_writable_one_stays_read_only(bubblewrap: Sandbox, folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    mounts = [Mount(folder, "/agent/work", writable=True), Mount(other, "/agent/other")]
    assert run(bubblewrap, "touch", "/agent/other/new", mounts=mounts).status != 0
    assert not list(other.iterdir())


def test_what_is_written_to_the_host_counts_as_disk(sandbox: Sandbox, folder: Path) -> None:
    mounts = [Mount(folder, "/agent/work", writable=True)]
    # Several files, each smaller than the limit of one.
    script = "for i in 1 2 3 4 5 6 7 8; do head -c 3000000 /dev/urandom > $i; done; sleep 60"
    limits = Limits(disk=10_000_000, wall=60)
    done = run(sandbox, "sh", "-c", script, mounts=mounts, cwd="/agent/work", limits=limits)
    assert done.limit == "disk"


def test_a_mount_can_not_be_a_copy_and_the_original(sandbox: Sandbox, folder: Path) -> None:
    mounts = [Mount(folder, "/agent/work", copy=True, writable=True)]
    with pytest.raises(EvaluatorError, match="both a copy and the original"):
        run(sandbox, "true", mounts=mounts)


def test_a_tool_may_reserve_address_space_but_not_touch_it(bubblewrap: Sandbox) -> None:
    program = (
        "import mmap; print(len(mmap.mmap(-1, 64 * 2**30, flags=0x4022, prot=mmap.PROT_READ)))"
    )
    assert run(bubblewrap, "python", "-c", program).status != 0
    assert run(bubblewrap, "python", "-c", program, tool=True).stdout == b"68719476736\n"
    greedy = "x = b'x' * (900 * 2**20); input()"
    done = run(bubblewrap, "python", "-c", greedy, tool=True, limits=Limits(memory=2**28))
    assert done.limit == "memory"


def test_the_environment_of_a_job_is_on_no_command_line(bubblewrap: Sandbox) -> None:
    job = Job(["sleep", "60"], variables={"SERVICE_KEY": "a-very-secret-value"})
    running = bubblewrap.start(job)
    try:
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    finally:
        running.kill()
        running.wait()
    assert not [line for line in lines if b"a-very-secret-value" in line]
