"""A candidate that prints and raises all it can read leaves no secret anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evogit.sandbox.base import Job, Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.process import ProcessSandbox
from evogit.sandbox.warm import WarmSandbox

if TYPE_CHECKING:
    from tests.core.conftest import UserRepository

VARIABLES = {
    "OPENAI_API_KEY": "canary-of-a-variable-with-a-telling-name",
    "EDITION": "canary-of-a-variable-that-is-named",
}
FILE = "canary+of/a+file" * 4
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{FILE}\n-----END OPENSSH PRIVATE KEY-----\n"
CONFIG = """
[evaluate]
[[evaluate.stages]]
run = ["python", "/eval/run.py"]
score = ["python", "/eval/score.py"]
[[evaluate.gates]]
name = "gate"
command = ["python", "gate.py"]
[evaluate.files]
run = ["run.py"]
score = ["score.py"]
[search]
editable = ["work.py"]
[secrets]
variables = ["EDITION"]
[sandbox]
kind = "{kind}"
"""
# Everything it can read: its own and its parent's variables, and the files of the person's home.
LOOK = """
import os
found = [repr(dict(os.environ))]
for path in ("/proc/self/environ", "/proc/%d/environ" % os.getppid(), {files}):
    try:
        found.append(open(path, errors="replace").read())
    except OSError as error:
        found.append(str(error))
TEXT = " ".join(found)
"""
WORK = "def work(x):\n    y = x + 1\n    z = y * 2\n    return z - y\n"
# The stage prints all; whatever differs from the base raises all.
RUN = "import sys\nprint(TEXT, file=sys.stderr)\nfrom work import work\n"
RAISE = "if [work(n) for n in range(9)] != list(range(1, 10)):\n    raise SystemExit(TEXT)\n"


def evogit(
    cwd: Path, home: Path, *arguments: str, status: int | None = 0
) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **VARIABLES}
    done = subprocess.run(
        [sys.executable, "-m", "evogit.cli", "--log-file", str(home / "log"), *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    if status is not None:
        assert done.returncode == status, done.stderr.decode()
    return done


def repository(user_repository: UserRepository, home: Path, kind: str) -> Path:
    files = [home / ".ssh" / "id_ed25519", home / ".netrc"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(KEY)
    look = LOOK.replace("{files}", ", ".join(repr(str(file)) for file in files))
    return user_repository(
        files={
            "work.py": WORK,
            "gate.py": look + RUN + RAISE,
            "run.py": look + "import sys\nsys.path.insert(0, '/candidate')\n" + RUN + "print(1)\n",
            "score.py": "import sys\nsys.stdin.read()\nprint('{\"score\": 1}')\n",
            "evogit.toml": CONFIG.replace("{kind}", kind),
        }
    )


def everything(swarm: Path, home: Path) -> Iterator[tuple[str, bytes]]:
    """Every object of the swarm, unpacked, and every file of ours."""
    command = ["git", f"--git-dir={swarm}", "cat-file", "--batch-all-objects", "--batch"]
    yield "objects", subprocess.run(command, capture_output=True, check=True).stdout
    kept = (".ssh", ".netrc")  # where the canaries themselves live
    for folder in (swarm, home):
        for path in folder.rglob("*"):
            if path.is_file() and path.relative_to(folder).parts[0] not in kept:
                yield str(path), path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["auto", "process"])
def test_no_canary_is_in_the_swarm_the_output_the_log_or_the_sandbox(
    user_repository: UserRepository, tmp_path: Path, kind: str
) -> None:
    home = tmp_path / "home"
    root = repository(user_repository, home, kind)
    before = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
    unsafe = ["--unsafe-no-sandbox"] if kind == "process" else []
    said = [
        evogit(root, home, "init", "--yes"),
        evogit(
            root, home, "run", "-n", "1", "--seed", "3", "--max-evaluations", "4", "-v", *unsafe
        ),
        evogit(root, home, "log", "--all"),
        evogit(root, home, "show", "a1", "--json", status=None),
        evogit(root, home, "show", VARIABLES["OPENAI_API_KEY"], status=3),
        evogit(root, home, "diff", "a1", KEY, status=2),
    ]
    swarm = root / ".git" / "evogit" / "swarm.git"
    texts = dict(everything(swarm, home))
    assert b"gate" in texts["objects"]  # a candidate failed, and its reason was recorded
    assert (b"redacted" in texts["objects"]) == (kind == "process")  # else it never saw one
    for number, done in enumerate(said):
        texts[f"output of command {number}"] = done.stdout + done.stderr
    for where, text in texts.items():
        for canary in (*VARIABLES.values(), FILE[:20]):
            assert canary.encode() not in text, where
    assert {p.name: p.read_bytes() for p in root.iterdir() if p.is_file()} == before


@pytest.mark.parametrize("kind", ["bubblewrap", "process", "warm"])
def test_a_job_has_the_variables_on_the_list_and_no_others(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_TOKEN", "canary-in-the-environment")
    runtime = Runtime(Path(sys.executable), variables={"GIVEN": "by the swarm"})
    sandbox: Sandbox = ProcessSandbox(runtime) if kind == "process" else BubblewrapSandbox(runtime)
    sandbox = WarmSandbox(sandbox, runtime) if kind == "warm" else sandbox
    probe = sandbox.probe()
    if not probe.works:
        sandbox.close()
        pytest.skip(f"{kind} does not work here: {probe.reason}")
    try:
        done = sandbox.start(Job(["env"], variables={"OWN": "1"})).wait()
    finally:
        sandbox.close()
    names = {line.partition("=")[0] for line in done.stdout.decode().splitlines()}
    mine = {"PATH", "HOME", "LANG", "GIVEN", "OWN"}
    # TMPDIR and the mark by which stray processes are found, where nothing isolates them; PWD,
    # OLDPWD and SHLVL are the shell's.
    assert mine <= names <= mine | {"TMPDIR", "EVOGIT_JOB", "PWD", "OLDPWD", "SHLVL", "_"}
    assert b"canary" not in done.stdout
