"""The container sandbox on a real engine, with an image made here. Skipped where none answers."""

from __future__ import annotations

import importlib
import io
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evogit.config.model import Limits
from evogit.errors import EvaluatorError
from evogit.sandbox.base import Completed, Job, Mount, Runtime, Sandbox
from evogit.sandbox.container import ContainerSandbox

_IMAGE = "evogit-test:latest"
_PROGRAMS = ("sh", "cp", "cat", "ls", "true", "sleep", "id", "env", "yes", "touch", "head")
_SMALL = Limits(wall=10, cpu=1, memory=64 * 2**20, processes=16, output=100_000, disk=2**22)


@pytest.fixture(scope="module")
def container() -> Iterator[Sandbox]:
    """A sandbox with an image of a few of this machine's programs and their libraries."""
    docker: Any = importlib.import_module("docker")
    sandbox = ContainerSandbox(Runtime(Path("/usr/bin/python3")), image=_IMAGE)
    reason = sandbox.probe().reason
    if "no container engine" in reason:
        pytest.skip(reason)
    engine = docker.from_env()
    engine.api.import_image_from_data(_root(), repository="evogit-test", tag="latest")
    yield sandbox
    sandbox.close()
    left = engine.containers.list(all=True, filters={"label": "evogit.sandbox"})
    engine.images.remove(_IMAGE, force=True)
    engine.close()
    assert left == []


def _root() -> bytes:
    wanted: set[Path] = set()
    for name in _PROGRAMS:
        program = shutil.which(name)
        assert program is not None
        wanted.add(Path(program))
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
        wanted |= {Path(word) for word in listed.stdout.split() if word.startswith("/")}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", dereference=True) as archive:
        for path in sorted(wanted):
            name = f"bin/{path.name}" if path.name in _PROGRAMS else str(path).lstrip("/")
            archive.add(path, name)
        for folder in ("tmp", "candidate", "run", "proc", "dev", "sys", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
    return data.getvalue()


def run(sandbox: Sandbox, *argv: str, **options: Any) -> Completed:
    return sandbox.start(Job(argv, limits=options.pop("limits", _SMALL), **options)).wait()


def test_it_works_and_says_so(container: Sandbox) -> None:
    assert container.probe().works


def test_an_image_the_engine_lacks_is_named(container: Sandbox) -> None:
    sandbox = ContainerSandbox(Runtime(Path("/usr/bin/python3")), image="evogit/none:1")
    probe = sandbox.probe()
    assert not probe.works
    assert "evogit/none:1" in probe.reason
    sandbox.close()


def test_streams_and_status_are_the_job_s_own(container: Sandbox) -> None:
    data = os.urandom(50_000)
    assert run(container, "cat", stdin=data).stdout == data
    done = run(container, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout, done.stderr) == (7, b"out\n", b"err\n")
    assert run(container, "sh", "-c", "kill -SEGV $$").status == -11


def test_mounts_are_read_only_and_copies_private(container: Sandbox, candidate: Path) -> None:
    mount, copy = Mount(candidate, "/candidate"), Mount(candidate, "/candidate", copy=True)
    assert run(container, "cat", "/candidate/answer.py", mounts=[mount]).stdout == b"print(41 + 1)"
    assert run(container, "touch", "/candidate/new", mounts=[mount]).status != 0
    script = "touch new && ls"
    done = run(container, "sh", "-c", script, mounts=[copy], cwd="/candidate")
    assert done.stdout == b"answer.py\nnew\n", done.stderr
    assert [path.name for path in candidate.iterdir()] == ["answer.py"]


def test_two_jobs_talk_through_pipes_and_the_channel(container: Sandbox) -> None:
    questions, ask = os.pipe()
    answers, say = os.pipe()
    scorer = container.start(
        Job(["sh", "-c", "echo 20 >&3; exec 3>&-; cat"], stdin=answers, channel=ask)
    )
    solver = container.start(
        Job(["sh", "-c", "while read n; do echo $((n + 22)); done"], stdin=questions, stdout=say)
    )
    for fd in (questions, ask, answers, say):
        os.close(fd)
    assert scorer.wait().stdout == b"42\n"
    assert solver.wait().status == 0


@pytest.mark.parametrize(
    ("script", "limit"),
    [
        ("while :; do :; done", "cpu"),
        ("(while :; do :; done) & (while :; do :; done) & sleep 60", "cpu"),
        ("for n in 1 2 3 4 5 6 7 8 9 a b c d e f g; do sleep 60 & done; wait", "processes"),
        ("yes", "output"),
        ("exec yes > /tmp/file", "disk"),
        ("a=xxxxxxxxxxxxxxxx; while :; do a=$a$a; done", "memory"),
    ],
)
def test_using_too_much_is_ended_and_named(container: Sandbox, script: str, limit: str) -> None:
    done = run(container, "sh", "-c", script)
    assert (done.limit, done.status == 0) == (limit, False)
    assert done.seconds < 8


def test_the_wall_limit_holds_and_daemons_die(container: Sandbox) -> None:
    done = run(container, "sleep", "60", limits=Limits(wall=0.5))
    assert (done.limit, done.status) == ("wall", -9)
    done = run(container, "sh", "-c", "sleep 60 & echo done")
    assert (done.limit, done.status, done.stdout) == (None, 0, b"done\n")


def test_kill_ends_it(container: Sandbox) -> None:
    running = container.start(Job(["sleep", "60"]))
    started = time.monotonic()
    running.kill()
    assert running.wait().status == -9
    assert time.monotonic() - started < 10


def test_it_is_nobody_and_has_nothing(container: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "sk-1")
    uid = os.getuid() or 65534
    assert run(container, "id", "-u").stdout.decode() == f"{uid}\n"
    assert b"sk-1" not in run(container, "env").stdout
    assert b"CapEff:\t0000000000000000" in run(container, "cat", "/proc/self/status").stdout
    assert run(container, "cat", "/proc/net/dev").stdout.count(b":") == 1  # loopback only
    assert run(container, "touch", "/etc/x").status != 0


def test_a_missing_mount_is_the_caller_s_failure(container: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(EvaluatorError):
        container.start(Job(["true"], mounts=[Mount(tmp_path / "none", "/x")]))
