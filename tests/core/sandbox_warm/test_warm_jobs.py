"""What a job in the fork server is and is not told, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from evogit.sandbox.base import Completed, Job, Mount, Runtime, Sandbox
from evogit.sandbox.warm import WarmSandbox

MakeJob = Callable[..., Job]
Run = Callable[..., Completed]


def test_a_job_gets_its_arguments_variables_folder_and_input(run: Run) -> None:
    source = (
        "import json, os, sys\n"
        "print(json.dumps([sys.argv, dict(os.environ), os.getcwd(), sys.stdin.read(), sys.path[0]]))"
    )
    done = run(source, "one", "two", cwd="/eval", variables={"SIZE": "3"}, stdin="grüße".encode())
    argv, variables, cwd, text, first = json.loads(done.stdout)
    assert argv == ["/eval/run.py", "one", "two"]
    assert variables.items() >= {"SIZE": "3", "EVOGIT_EVAL": "/eval"}.items()
    assert (cwd, text, first) == ("/eval", "grüße", "/eval")
    assert (done.status, done.limit, done.stderr) == (0, None, b"")


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        ("raise SystemExit", 0, b""),
        ("raise SystemExit(7)", 7, b""),
        ("raise SystemExit('why')", 1, b"why\n"),
        ("import os; os._exit(9)", 9, b""),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV, None),
        ("def f(): return f()\nf()", 1, None),
        ("1 +", 1, None),
    ],
)
def test_a_job_ends_as_python_ends(
    run: Run, source: str, status: int, message: bytes | None
) -> None:
    done = run(source)
    assert done.status == status
    assert message is None or done.stderr == message


def test_a_traceback_begins_with_the_job_itself(run: Run) -> None:
    done = run("def broken():\n    return 1 / 0\nbroken()")
    lines = done.stderr.decode().splitlines()
    assert lines[:2] == [
        "Traceback (most recent call last):",
        '  File "/eval/run.py", line 3, in <module>',
    ]
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_exit_functions_threads_and_buffers_are_finished(run: Run) -> None:
    source = (
        "import atexit, threading, time\n"
        "atexit.register(print, 'bye')\n"
        "threading.Thread(target=lambda: (time.sleep(0.05), print('thread'))).start()\n"
        "print('main')"
    )
    assert run(source).stdout == b"main\nthread\nbye\n"


def test_a_job_may_start_processes_of_its_own(run: Run) -> None:
    source = (
        "import subprocess, sys\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "def square(x): return x * x\n"
        "if __name__ == '__main__':\n"
        "    with ProcessPoolExecutor(2) as pool: print(list(pool.map(square, range(4))))\n"
        "    print(subprocess.run([sys.executable, '-c', 'print(5)'], capture_output=True, text=True).stdout)"
    )
    done = run(source)
    assert done.stdout.split() == b"[0, 1, 4, 9] 5".split(), done.stderr.decode()


def test_output_and_channel_go_to_the_given_descriptors(run: Run, tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    with tmp_path.joinpath("out").open("w+b") as out:
        done = run(
            "import os; print('answer'); os.write(3, b'question')",
            stdout=out.fileno(),
            channel=theirs,
        )
        out.seek(0)
        assert (out.read(), done.stdout) == (b"answer\n", b"")
    os.close(theirs)
    assert os.read(ours, 100) == b"question"
    assert os.read(ours, 100) == b"", "somebody still holds the channel"
    os.close(ours)


def test_nothing_of_one_job_is_seen_by_the_next(run: Run) -> None:
    source = (
        "import json, os, sys, builtins\n"
        "print(json.__doc__, hasattr(builtins, 'left'), os.path.exists('/tmp/left'), os.listdir('/dev/shm'))\n"
        "json.__doc__ = 'changed'; builtins.left = 1; json.loads = None; sys.path.append('/tmp')\n"
        "open('/tmp/left', 'w').write('x'); open('/dev/shm/left', 'w').write('x')"
    )
    first = run(source, preload=("json",))
    assert first.stdout == run(source, preload=("json",)).stdout
    assert b"changed" not in first.stdout
    assert first.stdout.endswith(b"False False []\n")


def test_modules_are_imported_before_and_randomness_is_not_shared(run: Run) -> None:
    source = "import sys; print('fractions' in sys.modules); import random; print(random.random())"
    outputs = [run(source, preload=("random", "fractions")).stdout.split() for _ in range(3)]
    assert {loaded for loaded, _ in outputs} == {b"True"}
    assert len({number for _, number in outputs}) == 3
    assert run(source).stdout.startswith(b"False")


def test_our_own_modules_are_not_left_in_the_interpreter(run: Run) -> None:
    source = "import sys; print([m for m in sys.modules if 'evogit' in m])"
    assert run(source).stdout == b"[]\n"


def test_a_fixed_hash_seed_is_obeyed(run: Run) -> None:
    source = "import sys; print(hash('evolution'), sys.flags.hash_randomization)"
    fixed = {run(source, variables={"PYTHONHASHSEED": "0"}).stdout for _ in range(2)}
    assert len(fixed) == 1
    assert fixed != {run(source, variables={"PYTHONHASHSEED": "1"}).stdout}


def test_what_can_not_run_warm_runs_cold(shared: WarmSandbox, make_job: MakeJob) -> None:
    warm = make_job("pass")
    cold = [
        Job(warm.argv, mounts=warm.mounts),
        Job(["sh", "-c", "true"], warm=True),
        Job(["python", "-c", "pass"], warm=True),
        Job(warm.argv, mounts=[Mount(warm.mounts[0].source, "/eval", copy=True)], warm=True),
        make_job("pass", preload=("no_such_module",)),
    ]
    for job in cold:
        with pytest.raises(Exception, match="was not run warm"):
            shared.start(job)


def test_a_missing_mount_is_told_at_once(shared: WarmSandbox, make_job: MakeJob) -> None:
    with pytest.raises(Exception, match="nowhere"):
        shared.start(make_job("pass", mounts=[Mount(Path("/nowhere"), "/eval")]))


def test_seconds_and_processor_time_are_measured_outside(run: Run) -> None:
    source = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    done = run(source)
    assert 0.2 <= done.cpu_seconds < 0.4
    assert done.seconds >= 0.2


def test_killing_ends_a_job_that_another_thread_waits_for(
    shared: WarmSandbox, make_job: MakeJob
) -> None:
    ours, theirs = os.pipe()
    job = make_job("import os, time; os.write(3, b'x'); time.sleep(600)", channel=theirs)
    running = shared.start(job)
    os.close(theirs)
    os.read(ours, 1)
    thread = threading.Thread(target=running.kill)
    thread.start()
    done = running.wait()
    thread.join()
    running.kill()
    assert running.wait() is done
    assert (done.status, done.limit) == (-signal.SIGKILL, None)
    os.close(ours)


def test_eight_threads_share_one_server(shared: WarmSandbox, make_job: MakeJob) -> None:
    jobs = [make_job(f"import os; print({number}, os.getpid())") for number in range(40)]

    def output(job: Job) -> bytes:
        return shared.start(job).wait().stdout

    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(output, jobs))
    assert outputs == [f"{number} 1\n".encode() for number in range(40)]


def test_an_output_of_exactly_the_limit_is_whole_and_no_more_is_kept(run: Run) -> None:
    assert len(run("print('x' * 99_999)").stdout) == 100_000
    over = run("print('x' * 100_000)")
    assert (len(over.stdout), over.limit) == (100_000, "output")


def test_startup_variables_of_the_runtime_reach_the_interpreter(
    make_sandbox: Callable[..., WarmSandbox], make_job: MakeJob
) -> None:
    sandbox = make_sandbox({"PYTHONUNBUFFERED": "1", "PYTHONPATH": "/eval"})
    try:
        job = make_job("import sys; print(sys.stdout.write_through, sys.path.count('/eval'))")
        unbuffered, count = sandbox.start(job).wait().stdout.split()
    finally:
        sandbox.close()
    assert (unbuffered, count) == (b"True", b"2")


def test_modules_are_found_in_a_mounted_folder_of_pythonpath(
    make_sandbox: Callable[..., WarmSandbox], make_job: MakeJob, tmp_path: Path
) -> None:
    folder = tmp_path / "tree"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "brought_along.py").write_text("ANSWER = 42\n")
    sandbox = make_sandbox({"PYTHONPATH": "/candidate/src"})
    try:
        # What the first job does not find must not stay unfound for the second.
        missing = sandbox.start(make_job("import brought_along")).wait()
        job = make_job("import brought_along as b; print(b.ANSWER)")
        job = replace(job, mounts=[*job.mounts, Mount(folder, "/candidate")])
        found = sandbox.start(job).wait()
    finally:
        sandbox.close()
    assert (missing.status, found.stdout) == (1, b"42\n")


def test_folders_of_the_environment_below_tmp_are_seen_in_the_private_tmp(
    cold_refused: Callable[[], Sandbox], make_job: MakeJob, tmp_path: Path
) -> None:
    if not tmp_path.is_relative_to("/tmp"):  # noqa: S108
        pytest.skip("the temporary folder is elsewhere")
    folder = tmp_path / "lib"
    folder.mkdir()
    folder.joinpath("kept_here.py").write_text("ANSWER = 42\n")
    runtime = Runtime(Path(sys.executable), (folder,), {"PYTHONPATH": str(folder)})
    sandbox = WarmSandbox(cold_refused(), runtime)
    try:
        source = (
            "import os, kept_here\n"
            f"print(kept_here.ANSWER, os.listdir({str(tmp_path)!r}), os.access({str(folder)!r}, os.W_OK))"
        )
        done = sandbox.start(make_job(source)).wait()
    finally:
        sandbox.close()
    assert done.stdout == b"42 ['lib'] False\n", done.stderr.decode()
