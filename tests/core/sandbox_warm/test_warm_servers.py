"""How fork servers live and die."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from evogit.errors import EvaluatorError
from evogit.sandbox.base import Job, Runtime, Sandbox
from evogit.sandbox.process import ProcessSandbox
from evogit.sandbox.warm import WarmSandbox

MakeJob = Callable[..., Job]
MakeSandbox = Callable[..., WarmSandbox]


def tree(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until_ended(pids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while not all(ended(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def test_closing_leaves_no_process_and_refuses_new_jobs(
    make_sandbox: MakeSandbox, make_job: MakeJob
) -> None:
    sandbox = make_sandbox()
    running = sandbox.start(make_job("import time; time.sleep(600)"))
    processes = tree(sandbox.server_pids()[0])
    assert len(processes) >= 3
    sandbox.close()
    sandbox.close()
    assert all(ended(pid) for pid in processes)
    with pytest.raises(EvaluatorError):
        running.wait()
    with pytest.raises(EvaluatorError, match="closed"):
        sandbox.start(make_job("pass"))


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_killed_server_is_replaced(warm: WarmSandbox, make_job: MakeJob, victim: int) -> None:
    warm.start(make_job("pass")).wait()
    processes = tree(warm.server_pids()[0])
    os.kill(processes[victim], signal.SIGKILL)
    assert until_ended(processes)
    assert warm.start(make_job("print(5)")).wait().stdout == b"5\n"


def test_a_job_in_flight_when_the_server_dies_is_repeated_cold(make_job: MakeJob) -> None:
    runtime = Runtime(Path(sys.executable))
    sandbox = WarmSandbox(ProcessSandbox(runtime), runtime)
    if sandbox.probe().reason:
        pytest.skip(sandbox.probe().reason)
    try:
        job = make_job("import os, time\nif os.getpid() == 1: time.sleep(600)\nprint('cold')")
        running = sandbox.start(job)
        os.kill(sandbox.server_pids()[0], signal.SIGKILL)
        assert running.wait().stdout == b"cold\n"
    finally:
        sandbox.close()


def test_a_dialogue_is_not_repeated_when_the_server_dies(
    warm: WarmSandbox, make_job: MakeJob
) -> None:
    ours, theirs = os.pipe()
    running = warm.start(make_job("import time; time.sleep(600)", channel=theirs))
    os.kill(warm.server_pids()[0], signal.SIGKILL)
    with pytest.raises(EvaluatorError, match="in flight"):
        running.wait()
    with pytest.raises(EvaluatorError, match="in flight"):
        running.wait()
    os.close(ours)
    os.close(theirs)


def test_the_server_dies_with_its_client(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, threading, time
        from pathlib import Path
        from evogit.sandbox.base import Job, Mount, Runtime
        from evogit.sandbox.process import ProcessSandbox
        from evogit.sandbox.warm import WarmSandbox
        runtime = Runtime(Path(sys.executable))
        sandbox = WarmSandbox(ProcessSandbox(runtime), runtime)
        job = Job(["python", "/eval/run.py"], mounts=[Mount(Path(sys.argv[1]), "/eval")], warm=True)
        # The thread that starts the server ends before the process does.
        thread = threading.Thread(target=sandbox.start, args=(job,))
        thread.start(); thread.join()
        print(*sandbox.server_pids(), flush=True)
        time.sleep(600)
        """
    )
    tmp_path.joinpath("run.py").write_text("import time; time.sleep(600)")
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        pids = client.stdout.readline().split()
        if not pids:
            pytest.skip("warm start does not work here")
        processes = tree(int(pids[0]))
        assert len(processes) >= 3
        client.kill()
    assert until_ended(processes)


def test_a_sandbox_that_isolates_more_is_never_bypassed(
    cold_refused: Callable[[], Sandbox], make_job: MakeJob
) -> None:
    container = cold_refused()
    container.name = "container"
    sandbox = WarmSandbox(container, Runtime(Path(sys.executable)))
    assert "container isolates more" in sandbox.probe().reason
    with pytest.raises(EvaluatorError, match="not run warm"):
        sandbox.start(make_job("pass"))
    assert sandbox.name == "container+warm"


def test_an_interpreter_that_does_not_exist_means_cold_jobs(
    cold_refused: Callable[[], Sandbox], make_job: MakeJob
) -> None:
    sandbox = WarmSandbox(cold_refused(), Runtime(Path("/nowhere/python")))
    assert "warm start is off" in sandbox.probe().reason
    with pytest.raises(EvaluatorError, match="not run warm"):
        sandbox.start(make_job("pass"))
    sandbox.close()


def test_an_ordinary_user_gets_the_same(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the other tests show it")
    if shutil.which("unshare") is None or not Path("/usr/bin/python3").exists():
        pytest.skip("needs unshare and the system's Python")
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from evogit.sandbox.base import Job, Mount, Runtime
        from evogit.sandbox.process import ProcessSandbox
        from evogit.sandbox.warm import WarmSandbox
        runtime = Runtime(Path("/usr/bin/python3"))
        sandbox = WarmSandbox(ProcessSandbox(runtime), runtime)
        print(sandbox.probe().reason)
        job = Job(["python", "/eval/run.py"], mounts=[Mount(Path(sys.argv[1]), "/eval")], warm=True)
        print(sandbox.start(job).wait())
        sandbox.close()
        """
    )
    folder = tmp_path / "evaluator"
    folder.mkdir()
    folder.joinpath("run.py").write_text("import os; print(os.getpid(), os.getuid())")
    result = subprocess.run(
        [
            "unshare",
            "--map-user=1500",
            "--map-group=1500",
            "--user",
            sys.executable,
            "-c",
            program,
            folder,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "b'1 1000\\n'" in result.stdout, result.stdout + result.stderr
