"""What every sandbox promises about a job."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evogit.config.model import Limits
from evogit.errors import EvaluatorError
from evogit.sandbox.base import Completed, Job, Mount, Sandbox


def run(sandbox: Sandbox, *argv: str, **options: object) -> Completed:
    return sandbox.start(Job(argv, **options)).wait()  # type: ignore[arg-type]


def test_python_names_the_interpreter_of_the_environment(sandbox: Sandbox) -> None:
    import sys

    done = run(sandbox, "python", "-c", "import sys; print(sys.prefix)")
    assert (done.status, done.stdout.decode().strip()) == (0, sys.prefix)


def test_a_script_in_a_folder_closed_to_others_runs(sandbox: Sandbox, candidate: Path) -> None:
    done = run(sandbox, "python", "/candidate/answer.py", mounts=[Mount(candidate, "/candidate")])
    assert done.stdout == b"42\n", done.stderr


def test_the_working_directory_is_the_one_asked_for(sandbox: Sandbox, candidate: Path) -> None:
    mounts = [Mount(candidate, "/candidate")]
    assert run(sandbox, "python", "answer.py", mounts=mounts, cwd="/candidate").status == 0


def test_the_environment_is_exactly_the_one_given(
    sandbox: Sandbox, candidate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "sk-1")
    done = run(
        sandbox,
        "env",
        mounts=[Mount(candidate, "/candidate"), Mount(candidate, "/eval")],
        variables={"MINE": "1"},
    )
    names = {line.split("=")[0] for line in done.stdout.decode().splitlines()}
    assert names >= {"PATH", "HOME", "LANG", "MINE", "FROM_RUNTIME"}
    ours = {"EVOGIT_CANDIDATE", "EVOGIT_EVAL", "EVOGIT_JOB", "TMPDIR", "PWD", "OLDPWD", "_"}
    assert names - ours == {"PATH", "HOME", "LANG", "MINE", "FROM_RUNTIME"}


def test_scripts_learn_where_candidate_and_evaluator_are(sandbox: Sandbox, candidate: Path) -> None:
    mounts = [Mount(candidate, "/candidate"), Mount(candidate, "/eval")]
    script = 'cat "$EVOGIT_CANDIDATE/answer.py" "$EVOGIT_EVAL/answer.py"'
    assert run(sandbox, "sh", "-c", script, mounts=mounts).stdout == b"print(41 + 1)" * 2


def test_a_private_copy_can_be_written_and_the_host_s_is_not(
    sandbox: Sandbox, candidate: Path
) -> None:
    script = "echo 1 > new && echo changed > answer.py && rm -r . 2>/dev/null; ls"
    mounts = [Mount(candidate, "/candidate", copy=True)]
    done = run(sandbox, "sh", "-c", script, mounts=mounts, cwd="/candidate")
    assert done.status == 0, done.stderr
    assert [path.name for path in candidate.iterdir()] == ["answer.py"]
    assert (candidate / "answer.py").read_text() == "print(41 + 1)"


def test_a_mount_that_is_no_copy_can_not_be_written(bubblewrap: Sandbox, candidate: Path) -> None:
    mounts = [Mount(candidate, "/candidate")]
    assert run(bubblewrap, "touch", "/candidate/new", mounts=mounts).status != 0
    assert not (candidate / "new").exists()


def test_bytes_come_in_on_standard_input(sandbox: Sandbox) -> None:
    data = os.urandom(300_000)
    assert run(sandbox, "cat", stdin=data).stdout == data


def test_without_input_it_is_at_its_end(sandbox: Sandbox) -> None:
    assert run(sandbox, "cat").stdout == b""


def test_input_given_as_bytes_can_not_be_grown(sandbox: Sandbox) -> None:
    done = run(sandbox, "sh", "-c", "echo more >> /proc/self/fd/0", stdin=b"x")
    assert done.status != 0


def test_two_jobs_talk_through_pipes_and_the_channel(sandbox: Sandbox) -> None:
    questions, ask = os.pipe()
    answers, say = os.pipe()
    scorer = sandbox.start(
        Job(["sh", "-c", "echo 20 >&3; exec 3>&-; cat"], stdin=answers, channel=ask)
    )
    solver = sandbox.start(
        Job(["sh", "-c", "while read n; do echo $((n + 22)); done"], stdin=questions, stdout=say)
    )
    for fd in (questions, ask, answers, say):
        os.close(fd)
    assert scorer.wait().stdout == b"42\n"
    assert solver.wait().stdout == b""


def test_no_other_descriptor_is_inherited(sandbox: Sandbox) -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        done = run(sandbox, "python", "-c", "import os; print(os.listdir('/proc/self/fd'))")
        assert done.stdout == b"['0', '1', '2', '3']\n"  # 3 is the listing itself
    finally:
        os.close(read)
        os.close(write)


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -SEGV $$", -11)])
def test_the_status_is_the_command_s_own(sandbox: Sandbox, script: str, status: int) -> None:
    assert run(sandbox, "sh", "-c", script).status == status


def test_a_command_that_does_not_exist_is_the_job_s_failure(sandbox: Sandbox) -> None:
    assert run(sandbox, "no-such-command").status == 127


def test_a_missing_mount_is_the_caller_s_failure(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(EvaluatorError, match="nothing-here"):
        sandbox.start(Job(["true"], mounts=[Mount(tmp_path / "nothing-here", "/x")]))


def test_times_are_measured(sandbox: Sandbox) -> None:
    script = "import time; e = time.process_time() + .3\nwhile time.process_time() < e: pass"
    done = run(sandbox, "sh", "-c", f'python3 -c "{script}"; true')
    assert 0.3 <= done.cpu_seconds < 0.8
    assert 0.3 <= done.seconds < 3


def test_kill_ends_a_job_that_another_thread_waits_for(sandbox: Sandbox) -> None:
    running = sandbox.start(Job(["sleep", "60"]))
    threading.Timer(0.1, running.kill).start()
    done = running.wait()
    assert (done.status, done.limit) == (-signal.SIGKILL, None)
    assert done.seconds < 5
    running.kill()
    assert running.wait() is done


def test_kill_at_once_ends_a_job_that_has_hardly_started(sandbox: Sandbox) -> None:
    for _ in range(20):
        running = sandbox.start(Job(["sleep", "60"]))
        running.kill()
        assert running.wait().status == -signal.SIGKILL


def test_the_limits_hold_though_nobody_waits(sandbox: Sandbox) -> None:
    read, write = os.pipe()
    sandbox.start(Job(["sleep", "60"], limits=Limits(wall=0.3), stdout=write))
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)


def test_a_job_outlives_the_thread_that_started_it(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(sandbox.start, Job(["sh", "-c", "sleep 0.3; echo alive"])).result()
    assert running.wait().stdout == b"alive\n"


def test_many_jobs_at_once_keep_their_output_apart(sandbox: Sandbox) -> None:
    def echo(number: int) -> Completed:
        return run(sandbox, "sh", "-c", f"echo {number}; sleep 0.05")

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(echo, range(40)))
    assert [int(done.stdout) for done in results] == list(range(40))


def test_close_ends_everything_and_later_starts_are_refused(sandbox: Sandbox) -> None:
    running = sandbox.start(Job(["sleep", "60"]))
    started = time.monotonic()
    sandbox.close()
    sandbox.close()
    assert running.wait().status == -signal.SIGKILL
    assert time.monotonic() - started < 2
    with pytest.raises(EvaluatorError):
        sandbox.start(Job(["true"]))
