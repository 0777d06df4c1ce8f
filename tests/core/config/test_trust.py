"""Consent: any change of what would run asks again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evogit.config.load import parse
from evogit.config.model import Settings
from evogit.config.trust import TrustStore, commands, digest
from evogit.errors import PreconditionError

TEXT = """\
[goal]
text = "faster"
[evaluate.files]
run = ["bench.py"]
[[evaluate.stages]]
name = "quick"
run = ["python", "/eval/bench.py", "--rounds", "3"]
score = ["python", "/eval/score.py"]
[[evaluate.gates]]
name = "tests"
command = ["python", "-m", "pytest"]
[evaluate.holdout]
run = ["python", "/eval/hidden.py"]
score = "speed"
[environment]
python = ".venv/bin/python"
setup = ["{python}", "-m", "venv", "{target}"]
lock = ["requirements.txt"]
paths = ["/opt/tools"]
[environment.variables]
PYTHONPATH = "/candidate"
[sandbox]
kind = "container"
image = "python:3.11"
[budget]
evaluations = 10
"""


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "state" / "trust.json")


def settings() -> Settings:
    return parse(TEXT)


CHANGES = pytest.mark.parametrize(
    ("old", "new"),
    [
        ("--rounds", "--round"),
        ('"--rounds", "3"', '"--rounds 3"'),
        ("/eval/score.py", "/eval/evil.py"),
        ('"-m", "pytest"', '"-m", "pytest", "-x"'),
        ("hidden.py", "other.py"),
        (".venv/bin/python", "venv/bin/python"),
        ('"-m", "venv"', '"-m", "virtualenv"'),
        ('"/candidate"', '"/candidate/src"'),
        ("PYTHONPATH", "PYTHONHOME"),
        ("requirements.txt", "other.txt"),
        ("python:3.11", "python:3.12"),
        ('["bench.py"]', '["bench.py", "more.py"]'),
        ('name = "quick"', 'name = "quick"\npreload = ["evil"]'),
        ('name = "quick"', 'name = "slow"'),
        ("[evaluate.holdout]", '[evaluate.holdout]\nname = "other"'),
        ("[evaluate.files]", '[evaluate.files]\nscore = ["score.py"]'),
        ('"/opt/tools"', '"/opt/other"'),
        ("PYTHONPATH", 'LD_PRELOAD = "x.so"\nPYTHONPATH'),
        ('kind = "container"\nimage = "python:3.11"', 'kind = "process"'),
        ('image = "python:3.11"', 'dockerfile = "Dockerfile"'),
    ],
)


@CHANGES
def test_any_changed_command_is_not_trusted(
    store: TrustStore, tmp_path: Path, old: str, new: str
) -> None:
    store.trust(tmp_path, digest(settings(), "files"))
    changed = parse(TEXT.replace(old, new, 1))

    assert TEXT.replace(old, new, 1) != TEXT
    assert not store.is_trusted(tmp_path, digest(changed, "files"))


@CHANGES
def test_whatever_needs_new_consent_is_shown_to_who_is_asked(old: str, new: str) -> None:
    assert commands(parse(TEXT.replace(old, new, 1))) != commands(settings())


def test_changed_evaluator_files_are_not_trusted() -> None:
    assert digest(settings(), "one") != digest(settings(), "two")


@pytest.mark.parametrize(
    ("old", "new"), [("faster", "smaller"), ("evaluations = 10", "evaluations = 99")]
)
def test_a_new_goal_or_budget_needs_no_new_consent(old: str, new: str) -> None:
    assert digest(parse(TEXT.replace(old, new)), "f") == digest(settings(), "f")


def test_consent_is_for_one_repository_and_can_be_revoked(
    store: TrustStore, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    (tmp_path / "link").symlink_to(one)
    store.trust(one, "d1")
    store.trust(one, "d2")

    assert store.is_trusted(one, "d1")
    assert store.is_trusted(tmp_path / "link", "d2")
    assert not store.is_trusted(two, "d1")
    assert store.revoke(one)
    assert not store.is_trusted(one, "d1")
    assert not store.revoke(one)


def test_the_file_is_private_to_the_user(store: TrustStore, tmp_path: Path) -> None:
    store.trust(tmp_path, "d")

    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.path.parent.stat().st_mode & 0o777 == 0o700
    assert TrustStore(store.path).is_trusted(tmp_path, "d")


def test_a_file_that_others_may_write_gives_no_consent(store: TrustStore, tmp_path: Path) -> None:
    store.trust(tmp_path, "d")
    store.path.chmod(0o666)

    with pytest.raises(PreconditionError, match="somebody else"):
        store.is_trusted(tmp_path, "d")


@pytest.mark.parametrize("content", ["", "[]", '{"trusted": 3}', "{" * 50, "[" * 100_000, "\xff"])
def test_a_damaged_file_gives_no_consent(store: TrustStore, tmp_path: Path, content: str) -> None:
    store.trust(tmp_path, "d")
    store.path.write_bytes(content.encode("latin-1"))

    with pytest.raises(PreconditionError, match="damaged"):
        store.is_trusted(tmp_path, "d")


def test_a_link_or_pipe_in_the_files_place_is_refused(store: TrustStore, tmp_path: Path) -> None:
    store.path.parent.mkdir()
    real = tmp_path / "real.json"
    real.write_text(json.dumps({"version": 1, "trusted": {str(tmp_path): ["d"]}}))
    store.path.symlink_to(real)
    with pytest.raises(PreconditionError):
        store.is_trusted(tmp_path, "d")

    store.path.unlink()
    os.mkfifo(store.path)
    with pytest.raises(PreconditionError):
        store.is_trusted(tmp_path, "d")


TRUST_FIVE = """
import sys
from pathlib import Path
from evogit.config.trust import TrustStore
for number in range(5):
    TrustStore(Path(sys.argv[1])).trust(Path(sys.argv[2]), f"d{sys.argv[3]}{number}")
"""


def test_processes_that_trust_at_once_lose_nothing(store: TrustStore, tmp_path: Path) -> None:
    command = [sys.executable, "-c", TRUST_FIVE, str(store.path), str(tmp_path)]
    workers = [subprocess.Popen([*command, str(n)]) for n in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]

    wanted = [f"d{n}{k}" for n in range(3) for k in range(5)]
    assert all(store.is_trusted(tmp_path, d) for d in wanted)
    assert {p.name for p in store.path.parent.iterdir()} == {"trust.json", "trust.json.lock"}


def test_every_command_is_listed_with_its_role() -> None:
    listed = commands(settings())

    assert "set-up, outside the sandbox, with network: '{python}' -m venv '{target}'" in listed
    assert "files the set-up or image is built from: requirements.txt" in listed
    assert "variable PYTHONPATH of every command: /candidate" in listed
    assert "folders every command may read: /opt/tools" in listed
    assert "evaluator's files, beside the candidate: bench.py" in listed
    assert "sandbox: container" in listed
    assert "image: python:3.11" in listed
    assert "interpreter: .venv/bin/python" in listed
    assert "gate tests: python -m pytest" in listed
    assert "stage quick, candidate: python /eval/bench.py --rounds 3" in listed
    assert "stage quick, scorer: python /eval/score.py" in listed
    assert "hold-out, candidate: python /eval/hidden.py" in listed


def test_a_command_can_hide_nothing_from_the_reader() -> None:
    hidden = "rm" + " " * 5000 + "-rf\x1b[2K\u202e\n"
    text = TEXT.replace('"--rounds"', json.dumps(hidden))
    line = next(line for line in commands(parse(text)) if "stage quick" in line)

    assert line.isprintable()
    assert "-rf\\x1b[2K\\u202e\\n" in line
