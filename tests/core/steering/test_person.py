"""A promoted commit is by whom git says and signed as git would; no program of the repository is started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.core.conftest import Garden
from tests.core.steering.test_promote import desk_of, git, plan

from evogit.errors import PreconditionError
from evogit.source import find_source
from evogit.steering import person
from evogit.steering.person import Person


@pytest.fixture(autouse=True)
def _grown(garden: Garden) -> None:
    garden.grow("a1", {"pkg/x.py": "x = 1\n"}, subject="set x to 1")


def promoted(garden: Garden, form: str, *, sign: bool = True) -> str:
    """What ``git log --format=FORM`` says of it."""
    made = plan(garden, to="work", sign=sign)
    desk_of(garden).promote(made, lambda _: None)
    return git(garden.root, "log", "-1", f"--format={form}", "work")


def configure(home: Path, *lines: str) -> None:
    home.joinpath(".gitconfig").write_text("\n".join(lines) + "\n")


@pytest.fixture
def signer(tmp_path: Path) -> Path:
    """The home of a user who signs with a key of ssh; others know it."""
    home = tmp_path / "home"
    key = home / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(command, check=True)
    (home / "allowed").write_text(f"ada@example.org {(home / 'key.pub').read_text()}")
    configure(
        home,
        "[commit]\ngpgSign = yes",
        f"[user]\nsigningKey = {key}",
        f'[gpg]\nformat = ssh\n[gpg "ssh"]\nallowedSignersFile = {home}/allowed',
    )
    return home


def test_whoever_signs_gets_a_signed_commit(garden: Garden, signer: Path) -> None:
    hand = plan(garden).hand
    assert hand is not None
    assert hand.signature == "ssh"
    assert promoted(garden, "%G? %GS %ae") == "G ada@example.org ada@example.org"
    git(garden.root, "fsck", "--strict")


def test_without_a_signature_if_asked_to(garden: Garden, signer: Path) -> None:
    assert promoted(garden, "%G?", sign=False) == "N"


def test_a_signature_that_fails_is_refused_before_anything_is_judged_or_written(
    garden: Garden, signer: Path
) -> None:
    (signer / "key").unlink()
    judged: list[str] = []
    with pytest.raises(
        PreconditionError, match=r"not be signed \(ssh\).*git commit-tree"
    ) as refused:
        desk_of(garden).promote(plan(garden, to="work"), judged.append)
    assert "--no-gpg-sign" in refused.value.hint
    assert not judged
    assert git(garden.root, "branch", "--list", "work") == ""


@pytest.mark.parametrize("key", ["gpg.ssh.program", "gpg.program", "gpg.ssh.defaultKeyCommand"])
def test_no_program_that_the_repository_names_is_started(
    garden: Garden, signer: Path, key: str
) -> None:
    program = garden.root / "program"
    program.write_text(f"#!/bin/sh\ntouch '{garden.root}/ran'\n")
    program.chmod(0o755)
    git(garden.root, "config", key, str(program))
    with pytest.raises(PreconditionError, match="itself names a program that signs") as refused:
        plan(garden, to="work")
    assert f"git config --global {key.lower()} PROGRAM" in refused.value.hint
    assert promoted(garden, "%an", sign=False) == "Ada Lovelace"
    assert not (garden.root / "ran").exists()


def test_the_users_own_program_signs(garden: Garden, signer: Path) -> None:
    program = signer / "program"
    program.write_text(f"#!/bin/sh\ntouch '{signer}/ran'\nexec ssh-keygen \"$@\"\n")
    program.chmod(0o755)
    with (signer / ".gitconfig").open("a") as file:
        file.write(f'[gpg "ssh"]\nprogram = {program}\n')
    assert promoted(garden, "%G?") == "G"
    assert (signer / "ran").exists()


def test_the_environment_says_who_somebody_is_as_it_does_to_git(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace Hopper")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "grace@example.org")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "bot@example.org")
    said = promoted(garden, "%an <%ae> %cn <%ce>")
    assert said == "Grace Hopper <grace@example.org> Ada Lovelace <bot@example.org>"


def test_settings_of_the_environment_say_it_too_but_move_no_repository(
    garden: Garden, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "author.email")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "once@example.org")
    hand = plan(garden).hand
    assert hand is not None
    assert hand.author == Person("Ada Lovelace", "once@example.org")
    assert hand.committer.email == "ada@example.org"
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert plan(garden).hand == hand


@pytest.mark.parametrize("named", [False, True])
def test_a_name_and_an_address_are_needed(
    garden: Garden, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, named: bool
) -> None:
    git(garden.root, "config", "--unset", "user.email")
    with pytest.raises(PreconditionError, match=r"who you are.*no email was given"):
        plan(garden)
    plan(garden, mode="ff")  # makes no commit
    configure(tmp_path / "home", "[user]\nemail = home@example.org")
    if named:
        other = tmp_path / "other"
        other.write_text("[user]\nemail = other@example.org\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(other))
    email = "other@example.org" if named else "home@example.org"
    hand = person.hand_of(find_source(garden.root))
    assert hand.author == hand.committer == Person("Ada Lovelace", email)


@pytest.mark.parametrize("where", ["default", "relative", "home"])
def test_hooks_that_git_would_run_are_named_and_not_run(
    garden: Garden, tmp_path: Path, where: str
) -> None:
    folder = {
        "default": garden.root / ".git" / "hooks",
        "relative": garden.root / ".husky",
        "home": tmp_path / "home" / "hooks",
    }[where]
    folder.mkdir(exist_ok=True, parents=True)
    for name, mode in (("pre-commit", 0o755), ("commit-msg", 0o644), ("pre-push", 0o755)):
        (folder / name).write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
        (folder / name).chmod(mode)
    if where == "relative":
        git(garden.root, "config", "core.hooksPath", ".husky")
    elif where == "home":
        configure(tmp_path / "home", "[core]\nhooksPath = ~/hooks")
    made = plan(garden, to="work")
    assert made.hooks == ("pre-commit",)
    assert plan(garden, to="work", mode="ff").hooks == ()
    desk_of(garden).promote(made, lambda _: None)
    assert not (tmp_path / "ran").exists()
    git(garden.root, "switch", "-q", "work")
    git(garden.root, "commit", "-q", "--amend", "--no-edit")
    assert (tmp_path / "ran").exists()
