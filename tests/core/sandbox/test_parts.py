"""The parts sandboxes are made of: filter, limits, interpreter, choice."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from evogit.config.model import Limits
from evogit.errors import ConfigError, EvaluatorError
from evogit.sandbox import limits
from evogit.sandbox.base import Runtime
from evogit.sandbox.choose import choose, make
from evogit.sandbox.interpreter import interpreter
from evogit.sandbox.seccomp import program

_ALLOW = 0x7FFF0000


def decide(machine: str, number: int, *arguments: int) -> int:
    """What the kernel would do: interprets the program as the kernel documents it."""
    audit = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    data = struct.pack("<IIQQQ", number, audit, 0, *(*arguments, 0, 0)[:2])
    steps = list(struct.iter_unpack("<HBBI", program(machine)))
    at = value = 0
    while True:
        code, true, false, operand = steps[at]
        at += 1
        if code == 0x06:
            return operand
        if code == 0x20:
            value = struct.unpack_from("<I", data, operand)[0]
            continue
        holds = {0x15: value == operand, 0x35: value >= operand, 0x45: value & operand != 0}[code]
        at += true if holds else false


@pytest.mark.parametrize(
    ("machine", "name", "number"),
    [
        ("x86_64", "socket", 41),
        ("x86_64", "mount", 165),
        ("x86_64", "unshare", 272),
        ("aarch64", "socket", 198),
        ("aarch64", "unshare", 97),
        ("x86_64", "x32 read", 0x40000000),
    ],
)
def test_the_filter_refuses(machine: str, name: str, number: int) -> None:
    assert decide(machine, number) & 0xFFFF0000 == 0x00050000, name


@pytest.mark.parametrize(
    ("machine", "number"),
    [("x86_64", 0), ("x86_64", 59), ("x86_64", 57), ("aarch64", 63), ("aarch64", 221)],
)
def test_the_filter_allows_what_programs_need(machine: str, number: int) -> None:
    assert decide(machine, number) == _ALLOW


@pytest.mark.parametrize(("machine", "clone", "ioctl"), [("x86_64", 56, 16), ("aarch64", 220, 29)])
def test_the_filter_looks_at_the_arguments_of_clone_and_ioctl(
    machine: str, clone: int, ioctl: int
) -> None:
    fork, thread, user_namespace = 0x11, 0x3D0F00, 0x10000011
    assert decide(machine, clone, fork) == _ALLOW
    assert decide(machine, clone, thread) == _ALLOW
    assert decide(machine, clone, user_namespace) != _ALLOW
    assert decide(machine, ioctl, 0, 0x5401) == _ALLOW
    assert decide(machine, ioctl, 0, 0x5412) != _ALLOW


def test_an_unknown_machine_is_refused_by_name() -> None:
    with pytest.raises(EvaluatorError, match="riscv64"):
        program("riscv64")


def test_the_filter_can_be_installed_by_a_process_for_itself() -> None:
    code = """
import socket
from evogit.sandbox.seccomp import install
install()
try: socket.socket()
except PermissionError: print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"refused\n"


def test_limits_never_exceed_what_the_system_already_set() -> None:
    code = """
import resource
from evogit.config.model import Limits
from evogit.sandbox.limits import apply, resource_limits
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
apply(resource_limits(Limits()))
print(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"100\n"


def test_the_process_limit_leaves_room_to_see_it_exceeded() -> None:
    values = limits.with_processes(Limits(processes=10), others=1)
    assert values[resource.RLIMIT_NPROC] == 10 + 1 + limits.SPARE_PROCESSES


def test_an_interpreter_is_followed_through_links_and_virtual_environments(tmp_path: Path) -> None:
    real = tmp_path / "versions" / "3.12.4"
    (real / "lib" / "python3.12").mkdir(parents=True)
    (real / "bin").mkdir()
    (real / "bin" / "python3.12").touch()
    environment = tmp_path / "project" / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "pyvenv.cfg").touch()
    shared = tmp_path / "home" / ".local" / "bin"
    shared.mkdir(parents=True)
    (shared / "python3").symlink_to("../../../versions/3.12.4/bin/python3.12")
    (environment / "bin" / "python").symlink_to(shared / "python3")
    found = interpreter(environment / "bin" / "python")
    assert set(found.folders) == {environment, real}
    target = "../../../versions/3.12.4/bin/python3.12"
    assert found.links == ((shared / "python3", target),)


def test_the_system_s_interpreter_needs_nothing_more() -> None:
    assert interpreter(Path("/usr/bin/python3")).folders == ()


@pytest.fixture
def runtime() -> Runtime:
    return Runtime(Path(sys.executable))


def test_no_sandbox_at_all_is_only_used_when_it_was_allowed(runtime: Runtime) -> None:
    with pytest.raises(ConfigError, match="does not protect"):
        choose("process", runtime, image=None, allow_unsafe=False)
    chosen = choose("process", runtime, image=None, allow_unsafe=True)
    assert chosen.name == "process"
    chosen.close()


def test_an_unknown_sandbox_is_refused_with_the_known_names(runtime: Runtime) -> None:
    with pytest.raises(ConfigError) as caught:
        choose("jail", runtime, image=None, allow_unsafe=True)
    assert "bubblewrap" in caught.value.hint


def test_auto_never_falls_back_to_no_sandbox(runtime: Runtime) -> None:
    nowhere = Runtime(runtime.python, variables={"BIG": "x" * 200_000})  # more than exec takes
    with pytest.raises(EvaluatorError) as caught:
        choose("auto", nowhere, image="evogit/none:1", allow_unsafe=True)
    assert "bubblewrap: " in caught.value.message
    assert "container: " in caught.value.message
    assert caught.value.hint


def test_auto_chooses_a_sandbox_that_protects(runtime: Runtime) -> None:
    if not any(_works(name, runtime) for name in ("bubblewrap", "container")):
        pytest.skip("no sandbox works here")
    chosen = choose("auto", runtime, image=None, allow_unsafe=False)
    assert chosen.name in {"bubblewrap", "container"}
    chosen.close()


def _works(name: str, runtime: Runtime) -> bool:
    sandbox = make(name, runtime, None)
    try:
        return sandbox.probe().works
    finally:
        sandbox.close()
