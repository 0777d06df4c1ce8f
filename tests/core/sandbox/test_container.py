"""The container sandbox on a real engine, with an image made here. Skipped where none answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evogit.config.model import Limits
from evogit.errors import EvaluatorError
from evogit.sandbox.base import Completed, Job, Mount, Runtime, Sandbox
from evogit.sandbox.cgroup import Counters, counters
from evogit.sandbox.container import ContainerSandbox
from evogit.sandbox.engine import LABEL, connect
from evogit.sandbox.image import Dockerfile, find

_SMALL = Limits(wall=60, cpu=1, memory=64 * 2**20, processes=16, output=100_000, disk=2**22)


def test_counters_of_unified_control_groups_are_read(tmp_path: Path) -> None:
    tmp_path.joinpath("cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    tmp_path.joinpath("pids.current").write_text("7\n")
    tmp_path.joinpath("pids.events").write_text("max 0\n")
    tmp_path.joinpath("memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    found = Counters(1, {"": tmp_path})
    assert (found.cpu(), found.tasks()) == (2.5, 7)
    assert (found.tasks_ran_out(), found.ran_out_of_memory()) == (False, True)


def test_no_other_process_is_taken_for_a_container() -> None:
    assert counters(os.getpid(), "0" * 64) is None


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


def test_the_wall_limit_holds_and_daemons_die(container: Sandbox) -> None:
    done = run(container, "sleep", "60", limits=Limits(wall=0.5))
    assert (done.limit, done.status) == ("wall", -9)
    done = run(container, "sh", "-c", "sleep 60 & echo done")
    assert (done.limit, done.status, done.stdout) == (None, 0, b"done\n")


def test_kill_ends_it(container: Sandbox) -> None:
    running = container.start(Job(["sleep", "60"]))
    running.kill()
    assert running.wait().status == -9


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


def test_processor_time_is_counted_exactly_even_of_short_jobs(container: Sandbox) -> None:
    code = "import time\nwhile time.process_time() < 0.2: pass\nprint(time.process_time())"
    for _ in range(3):  # cold, and from a container that waited
        done = run(container, "python", "-I", "-c", code)
        assert 0 <= done.cpu_seconds - float(done.stdout) < 0.1


def test_no_container_runs_two_jobs(container: Sandbox) -> None:
    leave = "ls /tmp /dev/shm | grep -c left; touch /tmp/left /dev/shm/left"
    assert [run(container, "sh", "-c", leave).stdout for _ in range(4)] == [b"0\n"] * 4


def test_a_waiting_container_sees_its_folder_as_it_is_when_the_job_starts(
    container: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "candidate"
    folder.mkdir()
    mount = Mount(folder, "/candidate")
    for number in range(4):
        folder.joinpath("answer").write_text(f"{number}")
        assert run(container, "cat", "/candidate/answer", mounts=[mount]).stdout == b"%d" % number
    folder.rename(tmp_path / "old")  # what waits by now has the old folder mounted
    folder.mkdir()
    folder.joinpath("answer").write_text("new")
    assert run(container, "cat", "/candidate/answer", mounts=[mount]).stdout == b"new"


def test_a_command_that_is_not_there_and_one_that_kills_its_shell_fail(container: Sandbox) -> None:
    done = run(container, "no-such-program")
    assert (done.status, b"not found" in done.stderr) == (127, True)
    assert run(container, "sh", "-c", "kill -9 $PPID; sleep 5").status != 0


@pytest.mark.parametrize(
    "trick",
    [
        "exec 9>/run/evogit/life; sleep 60",
        "kill -STOP 0 -1; sleep 60",
        "for f in out err end; do cat /run/evogit/$f & done; sleep 60",
    ],
)
def test_a_job_can_not_keep_its_container_from_being_ended(container: Sandbox, trick: str) -> None:
    running = container.start(Job(["sh", "-c", f"{trick}"], limits=Limits(wall=1)))
    done = running.wait()
    assert done.status != 0


def test_a_job_can_not_forge_its_status(container: Sandbox) -> None:
    """Such as a candidate that a gate starts as a child, and then judges."""
    forge = "for word in '' 0 '0 0'; do echo $word; done >/run/evogit/end; echo $word"
    peek = "cat /run/evogit/job; env; cat /proc/$PPID/cmdline /proc/$PPID/environ"
    done = run(container, "sh", "-c", f"{forge}; {peek}; exit 3")
    assert done.status == 3
    flood = "head -c 100000 /dev/zero >/run/evogit/end; exit 4"
    assert run(container, "sh", "-c", flood).status == 4


@pytest.mark.parametrize("busy", [False, True])
def test_containers_end_with_their_worker_and_the_next_one_clears_up(
    engine_image: str, busy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = _WORKER.format(image=engine_image, job=["sleep", "90"] if busy else ["true"])
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        mark = worker.stdout.readline().decode().strip()
        assert _containers(mark)
        worker.send_signal(signal.SIGKILL)
    assert _eventually(lambda: not any(state == "running" for state in _containers(mark)))
    another = ContainerSandbox(Runtime(Path("/usr/bin/python3")), image=engine_image)
    assert another.probe().works
    assert _containers(mark) == []
    another.close()
    assert list(tmp_path.glob("evogit-*")) == []


_WORKER = """
import sys
import time
from pathlib import Path
from evogit.sandbox.base import Job, Runtime
from evogit.sandbox.container import ContainerSandbox
from evogit.sandbox.engine import owner

sandbox = ContainerSandbox(Runtime(Path(sys.executable)), image={image!r})
for _ in range(2):
    assert sandbox.start(Job(["true"])).wait().status == 0
running = sandbox.start(Job({job!r}))
print(owner(), flush=True)
running.wait()
time.sleep(90)
"""


def _containers(owner: str) -> list[str]:
    """The states of those that belong to a process."""
    engine = connect()
    try:
        found = engine.api.containers(all=True, filters={"label": f"{LABEL}={owner}"})
        return [one["State"] for one in found]
    finally:
        engine.close()


def _eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_closing_leaves_no_container_and_no_file(
    engine_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    sandbox = ContainerSandbox(Runtime(Path("/usr/bin/python3")), image=engine_image)
    for _ in range(3):
        assert run(sandbox, "true").status == 0
    running = sandbox.start(Job(["sleep", "60"]))
    sandbox.close()
    assert running.wait().status == -9
    assert list(folder.iterdir()) == []
    with pytest.raises(EvaluatorError, match="closed"):
        sandbox.start(Job(["true"]))


def test_where_no_engine_answers_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    probe = ContainerSandbox(Runtime(Path("/usr/bin/python3"))).probe()
    assert (probe.works, str(tmp_path) in probe.reason) == (False, True)
    assert "DOCKER_HOST" in probe.hint


def test_a_socket_one_may_not_use_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root, to stop being it")
    tmp_path.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "engine"))
        server.listen()
        (tmp_path / "engine").chmod(0o600)
        code = (
            "import os, docker, evogit.sandbox.engine as engine\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "try: engine.connect()\n"
            "except engine.EvaluatorError as error: print(error.message, error.hint)"
        )
        environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/engine"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
    assert "no permission" in done.stdout
    assert "group" in done.stdout


def test_an_interpreter_that_does_not_start_in_the_image_is_named(engine_image: str) -> None:
    runtime = Runtime(Path("/opt/none/bin/python"), named=True)
    sandbox = ContainerSandbox(runtime, image=engine_image)
    probe = sandbox.probe()
    assert (probe.works, "/opt/none/bin/python" in probe.reason + probe.hint) == (False, True)
    sandbox.close()


def test_an_image_is_built_from_a_dockerfile_once_per_content(engine_image: str) -> None:
    text = f"FROM {engine_image}\nCOPY list.txt /list.txt\nVOLUME /data\nHEALTHCHECK CMD touch /x\n"
    recipe = Dockerfile("Dockerfile", {"Dockerfile": text.encode(), "list.txt": b"42"})
    sandbox = ContainerSandbox(Runtime(Path("/usr/bin/python3")), image=recipe)
    done = run(sandbox, "sh", "-c", "cat /list.txt; touch /data/new")
    assert done.stdout == b"42"
    assert b"/data/new" in done.stderr  # a volume of the image is no place to write to
    changed = Dockerfile("Dockerfile", {**recipe.files, "list.txt": b"43"})
    assert sandbox.digest() == recipe.digest != changed.digest
    sandbox.close()
    engine = connect()
    assert find(engine, recipe).digest == recipe.digest  # it is there: nothing is built again
    engine.images.remove(find(engine, recipe).name, force=True)
    engine.close()


def test_a_build_that_fails_says_what_it_printed(engine_image: str) -> None:
    text = f"FROM {engine_image}\nCOPY missing.txt /\n".encode()
    sandbox = ContainerSandbox(Runtime(Path("/usr/bin/python3")), Dockerfile("D", {"D": text}))
    with pytest.raises(EvaluatorError, match=r"missing\.txt"):
        sandbox.start(Job(["true"]))
    sandbox.close()
