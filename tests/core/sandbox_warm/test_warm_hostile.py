"""Candidates that attack the fork server, its other jobs or the host; all are contained."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from evogit.sandbox.base import Completed, Job, Mount
from evogit.sandbox.warm import WarmSandbox

GENERAL = Path(__file__).parents[2] / "hostile" / "candidates"
MakeJob = Callable[..., Job]
Run = Callable[..., Completed]


@pytest.fixture(autouse=True)
def server_survives(shared: WarmSandbox, make_job: MakeJob) -> object:
    """After each attack the same server still serves, and runs nothing but itself."""
    shared.start(make_job("pass")).wait()
    before = shared.server_pids()
    yield
    done = shared.start(make_job("import json; print(json.dumps('intact'))")).wait()
    assert done.stdout == b'"intact"\n'
    assert shared.server_pids()[: len(before)] == before
    for pid in before:
        launcher = psutil.Process(pid)
        # launcher, supervisor, zygote, and at most a few prepared children
        assert len(launcher.children(recursive=True)) <= 6


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("spin", {"cpu"}),
        ("spin_in_sessions", {"cpu"}),
        ("spin_unreaped", {"cpu"}),
        ("ignore_signals", {"wall"}),
        ("memory_in_one_process", {"memory"}),
        ("memory_in_many_processes", {"memory"}),
        ("memory_shared", {"memory"}),
        ("fork_bomb", {"processes"}),
        ("thread_bomb", {"processes"}),
        ("fill_disk", {"disk"}),
        ("one_huge_file", {"disk"}),
        ("empty_files", {"disk"}),
        ("print_for_ever", {"output"}),
        ("print_errors_for_ever", {"output"}),
    ],
)
def test_using_too_much_is_ended_and_named(
    shared: WarmSandbox, make_job: MakeJob, name: str, limits: set[str]
) -> None:
    done = _attack(shared, make_job, name)
    assert done.limit in limits
    assert done.status != 0
    assert done.seconds < 5
    assert len(done.stdout) + len(done.stderr) <= 200_000
    if limits == {"cpu"}:
        assert done.cpu_seconds >= 0.5


@pytest.mark.parametrize(
    "name",
    [
        "daemon",
        "descriptors",
        "keep_output_open",
        "kernel_calls",
        "kernel_settings",
        "kill_others",
        "memory_in_a_file_without_a_name",
        "namespaces",
        "raise_limits",
        "read_environments",
        "read_memory",
        "read_secrets",
        "type_into_the_terminal",
        "unix_sockets",
        "write_outside",
    ],
)
def test_a_general_attack_comes_to_nothing(
    shared: WarmSandbox, make_job: MakeJob, name: str
) -> None:
    done = _attack(shared, make_job, name)
    assert b"ESCAPED" not in done.stdout, done.stdout.decode()
    assert done.stdout.endswith(b"done\n"), done.stderr.decode()
    assert done.limit is None


def _attack(shared: WarmSandbox, make_job: MakeJob, name: str) -> Completed:
    variables = {"SECRET": __file__, "NEEDLE": "yranac", "VICTIM": str(os.getpid())}
    variables |= {"SOCKET": "/run/x", "ABSTRACT": "x", "PORT": "1"}
    job = make_job("", mounts=[Mount(GENERAL, "/candidate")], variables=variables)
    return shared.start(
        Job(
            ["python", f"/candidate/{name}.py"],
            mounts=job.mounts,
            cwd="/candidate",
            variables=variables,
            limits=job.limits,
            warm=True,
        )
    ).wait()


def test_signals_reach_neither_the_server_nor_a_sibling(
    shared: WarmSandbox, make_job: MakeJob
) -> None:
    ours, theirs = os.pipe()
    sibling = shared.start(
        make_job(
            "import os, time\nos.write(3, b'x')\ntime.sleep(0.5)\nprint('alive')", channel=theirs
        )
    )
    os.close(theirs)
    os.read(ours, 1)
    host = [pid for pid in shared.server_pids() for pid in _tree(pid)] + [os.getpid()]
    source = (
        "import os, sys, signal\n"
        "sent = 0\n"
        f"for pid in [*{host!r}, *range(2, 400), -1, 0, os.getppid()]:\n"
        "    for what in (9, 19, 15):\n"
        "        try: os.kill(pid, what)\n"
        "        except OSError: continue\n"
        "        sent += pid > 1\n"
        "print('sent', sent)"
    )
    assert shared.start(make_job(source)).wait().stdout == b"sent 0\n"
    assert sibling.wait().stdout == b"alive\n"
    os.close(ours)


def _tree(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


SEARCH = r"""
import re, sys
def count(pattern):
    found = 0
    with open("/proc/self/mem", "rb", buffering=0) as mine, open("/proc/self/maps") as maps:
        for line in maps.readlines():
            start, end, access = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            try:
                mine.seek(int(start, 16))
                found += len(re.findall(pattern, mine.read(int(end, 16) - int(start, 16))))
            except (OSError, OverflowError):
                continue
    return found
# The argument is the text with brackets around each letter, so that it does not find itself.
pattern = sys.argv[1].encode()
before = count(pattern)
own = pattern.replace(b"[", b"").replace(b"]", b"")
print(before, count(pattern) > 0)
"""


def test_nothing_of_another_job_is_in_the_memory_a_job_inherits(
    shared: WarmSandbox, make_job: MakeJob
) -> None:
    told = secrets.token_hex(12)
    source = (
        "import sys, os, time\n"
        "print(sys.argv, sys.stdin.read(), os.environ['KEY'], flush=True)\n"
        "time.sleep(1)"
    )
    running = [
        shared.start(make_job(source, told, variables={"KEY": told}, stdin=told.encode()))
        for _ in range(4)
    ]
    pattern = "".join(f"[{letter}]" for letter in told)
    for _ in range(4):  # more than were prepared before
        done = shared.start(make_job(SEARCH, pattern)).wait()
        assert done.stdout == b"0 True\n", done.stderr.decode()
    assert all(told.encode() in one.wait().stdout for one in running)


def test_no_process_of_the_server_is_visible_in_proc(run: Run) -> None:
    done = run(
        "import os; print(sorted(n for n in os.listdir('/proc') if n.isdigit()), os.getppid())"
    )
    assert done.stdout == b"['1'] 0\n"


def test_no_socket_to_the_server_and_no_descriptor_is_left(run: Run) -> None:
    source = (
        "import os, gc, socket\n"
        "print([fd for fd in range(3, 256) if os.path.exists(f'/proc/self/fd/{fd}') "
        "and 'fd' not in os.readlink(f'/proc/self/fd/{fd}')])\n"
        "for s in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:\n"
        "    print('socket', s.fileno()) if s.fileno() >= 0 else None\n"
        "try: socket.socket(socket.AF_UNIX)\n"
        "except PermissionError: print('refused')"
    )
    assert run(source).stdout == b"[]\nrefused\n"


def test_jobs_can_not_meet_in_shared_memory_or_abstract_sockets(
    shared: WarmSandbox, make_job: MakeJob
) -> None:
    source = (
        "import ctypes, os, socket, time\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.shmget(77, 4096, 0o1666), os.listdir('/dev/shm'), os.path.exists('/tmp/meet'))\n"
        "open('/dev/shm/meet', 'w').close(); open('/tmp/meet', 'w').close()\n"
        "print(libc.msgget(77, 0) >= 0); libc.msgget(77, 0o1666)\n"
        "time.sleep(0.3)"
    )
    jobs = [shared.start(make_job(source)) for _ in range(2)]
    assert [one.wait().stdout for one in jobs] == [b"-1 [] False\nFalse\n"] * 2


def test_what_every_job_sees_can_not_be_written(run: Run) -> None:
    source = (
        "import os, sys\n"
        "for place in ('/', '/eval', '/candidate', '/usr', '/dev', '/etc', '/proc/sys/kernel', "
        "os.path.dirname(os.__file__)):\n"
        "    try: open(place + '/mine', 'w'); print('wrote', place)\n"
        "    except OSError: pass\n"
        "try: open('/proc/sys/kernel/core_pattern', 'w'); print('core pattern')\n"
        "except OSError: pass\n"
        "try: os.chmod('/eval/run.py', 0o777); print('chmod')\n"
        "except OSError: pass"
    )
    assert run(source).stdout == b""


def test_no_way_leads_back_to_the_old_root(run: Run) -> None:
    source = (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "results = [libc.umount2(p, 2) for p in (b'/', b'/proc', b'/tmp', b'/proc/sys')]\n"
        "results += [libc.setns(os.open(f'/proc/self/ns/{n}', 0), 0) for n in ('mnt', 'user', 'pid')]\n"
        "results += [libc.pivot_root(b'/tmp', b'/tmp'), libc.chroot(b'/tmp')]\n"
        "os.chdir('/proc/1/root/../..')\n"
        "print(set(results), sorted(os.listdir('.')) == sorted(os.listdir('/')), os.path.exists('/etc/passwd'))"
    )
    assert run(source).stdout == b"{-1} True False\n"


def test_breaking_what_runs_at_the_end_breaks_only_the_job(run: Run) -> None:
    source = (
        "import os, sys, threading, atexit\n"
        "threading._shutdown = sys.exit; sys.stdout = None; sys.stderr = 3\n"
        "atexit.register(lambda: 1 / 0); os.write(1, b'here')"
    )
    done = run(source)
    assert (done.stdout, done.limit) == (b"here", None)
    assert done.status != 0


def test_a_gigabyte_of_output_is_cut_at_the_limit(run: Run) -> None:
    done = run("import os\nfor _ in range(16_000): os.write(1, b'x' * 65536)")
    assert done.limit == "output"
    assert len(done.stdout) == 100_000
    assert done.seconds < 3
