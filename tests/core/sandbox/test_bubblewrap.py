"""What only bubblewrap promises: nobody outside notices, whoever starts it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import venv
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import evogit
from evogit.config.model import Limits
from evogit.sandbox.base import Job, Mount, Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox

_PACKAGE = Path(evogit.__file__).parent
_PROGRAM = """
import json, os, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from evogit.sandbox.base import Job, Mount, Runtime
from evogit.sandbox.bubblewrap import BubblewrapSandbox
sandbox = BubblewrapSandbox(Runtime(Path({python!r})))
{body}
"""
_FIVE_JOBS = """
os.mkdir("mine", 0o700)
Path("mine/answer.py").write_text("print(42)")
def run(argv, copy=False, **more):
    job = Job(argv, mounts=[Mount(Path("mine"), "/candidate", copy=copy)], cwd="/candidate", **more)
    done = sandbox.start(job).wait()
    return [done.status, done.limit, done.stdout.decode()]
print(json.dumps([
    run(["python", "answer.py"]),
    run(["sh", "-c", "touch new 2>/dev/null; ls"]),
    run(["sh", "-c", "touch new; ls"], copy=True),
    run(["python", "-c", "import os; os.getuid() or print('root')"]),
    run(["python", "-c", "x = b'x' * (800 * 2**20)"]),
]))
sandbox.close()
"""


def test_a_job_runs_as_an_ordinary_user_even_when_root_starts_it(bubblewrap: Sandbox) -> None:
    job = Job(["python", "-c", "import os; print(os.getuid(), os.getgid(), os.getgroups())"])
    uid, gid = (65534, 65534) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    words = bubblewrap.start(job).wait().stdout.decode().split(maxsplit=2)
    assert [int(words[0]), int(words[1])] == [uid, gid]


@pytest.mark.root
def test_it_works_for_a_user_without_any_rights(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("already an ordinary user; the other tests show it")
    site = str(Path(json.__file__).parents[1] / "site-packages")
    pydantic = str(Path(sys.modules["pydantic"].__file__ or "").parents[1])
    # tmp_path is closed to others.
    where = Path("/tmp", f"evogit-user-{os.getpid()}")  # noqa: S108
    try:
        where.mkdir(mode=0o755)
        shutil.copytree(_PACKAGE, where / "lib" / "evogit")
        (where / "home").mkdir()
        os.chown(where / "home", 1500, 1500)
        python = "/usr/bin/python3"
        program = _PROGRAM.format(
            paths=[str(where / "lib"), pydantic, site], python=python, body=_FIVE_JOBS
        )
        done = subprocess.run(
            [python, "-I", "-c", program],
            user=1500,
            group=1500,
            extra_groups=[],
            cwd=where / "home",
            env={},
            capture_output=True,
            check=False,
        )
        if b"ModuleNotFoundError" in done.stderr or b"ImportError" in done.stderr:
            pytest.skip("the system's Python can not use this environment's packages")
        assert json.loads(done.stdout or "null") == [
            [0, None, "42\n"],
            [0, None, "answer.py\n"],
            [0, None, "answer.py\nnew\n"],
            [0, None, ""],
            [-9, "memory", ""],
        ], done.stderr.decode()
    finally:
        shutil.rmtree(where, ignore_errors=True)


def test_jobs_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    program = _PROGRAM.format(
        paths=[],
        python=sys.executable,
        body="sandbox.start(Job(['sleep', '61.5']))\nprint('up', flush=True)\nsys.stdin.read()",
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"up\n"
        assert _until(lambda: _running("61.5"), wanted=True)
        host.send_signal(signal.SIGKILL)
    assert _until(lambda: _running("61.5"), wanted=False)


def test_nothing_is_left_after_many_jobs(bubblewrap: Sandbox, candidate: Path) -> None:
    job = Job(["true"], mounts=[Mount(candidate, "/candidate", copy=True)])
    for _ in range(3):
        bubblewrap.start(job).wait()
    descriptors, threads = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    mounts = Path("/proc/self/mounts").read_text()
    for _ in range(20):
        bubblewrap.start(job).wait()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert threading.active_count() <= threads + 1
    assert Path("/proc/self/mounts").read_text() == mounts


def test_a_copy_is_real_where_overlays_are_not_possible(
    bubblewrap: Sandbox, candidate: Path
) -> None:
    assert isinstance(bubblewrap, BubblewrapSandbox)
    prepared = bubblewrap._prepared  # pyright: ignore[reportPrivateUsage]
    assert prepared is not None
    bubblewrap._prepared = replace(prepared, overlay=False)  # pyright: ignore[reportPrivateUsage]
    job = Job(
        ["sh", "-c", "python3 answer.py; echo x > answer.py && cat answer.py"],
        mounts=[Mount(candidate, "/candidate", copy=True)],
        cwd="/candidate",
    )
    assert bubblewrap.start(job).wait().stdout == b"42\nx\n"
    assert (candidate / "answer.py").read_text() == "print(41 + 1)"


def test_memory_above_the_limit_that_is_only_reserved_is_allowed(bubblewrap: Sandbox) -> None:
    code = "import mmap; mmap.mmap(-1, 2**30); print('ok')"
    job = Job(["python", "-c", code], limits=Limits(memory=64 * 2**20))
    assert bubblewrap.start(job).wait().stdout == b"ok\n"


def test_pages_shared_by_forked_children_count_once(bubblewrap: Sandbox) -> None:
    code = """
import os, time
block = b"x" * (100 * 2**20)
for _ in range(5):
    if os.fork() == 0:
        time.sleep(0.4)
        os._exit(0)
while True:
    try: os.wait()
    except ChildProcessError: break
print("ok")
"""
    job = Job(["python", "-c", code], limits=Limits(memory=200 * 2**20))
    done = bubblewrap.start(job).wait()
    assert (done.limit, done.stdout) == (None, b"ok\n")


def test_a_probe_of_a_missing_interpreter_still_tells_of_bubblewrap() -> None:
    sandbox = BubblewrapSandbox(Runtime(Path("/nowhere/bin/python")))
    try:
        assert sandbox.start(Job(["python", "-c", ""])).wait().status == 127
    finally:
        sandbox.close()


def _running(argument: str) -> bool:
    wanted = f"sleep\0{argument}\0".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == wanted:
                return True
        except OSError:
            continue
    return False


def _until(condition: object, *, wanted: bool) -> bool:
    assert callable(condition)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if condition() is wanted:
            return True
        time.sleep(0.01)
    return False


def test_a_virtual_environment_below_tmp_can_be_used() -> None:
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        venv.create(folder, with_pip=False)
        sandbox = BubblewrapSandbox(Runtime(Path(folder, "bin", "python"), paths=(Path(folder),)))
        try:
            done = sandbox.start(Job(["python", "-c", "import sys; print(sys.prefix)"])).wait()
        finally:
            sandbox.close()
    assert done.stdout.decode().strip() == folder
