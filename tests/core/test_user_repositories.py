"""Any user repository works or is refused with a sentence that says what to do; none is changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from evogit.config.load import parse
from evogit.errors import GitError, NotFoundError, PreconditionError
from evogit.source import find_source
from evogit.swarm.repository import Swarm, create_swarm

SETTINGS = parse('[evaluate]\nstages = [{ run = ["python", "x.py"], score = "speed" }]\n')


def git(folder: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_AUTHOR_NAME": "Someone",
        "GIT_AUTHOR_EMAIL": "someone@example.org",
        "GIT_COMMITTER_NAME": "Someone",
        "GIT_COMMITTER_EMAIL": "someone@example.org",
        "GIT_ALLOW_PROTOCOL": "file",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def repository(folder: Path, *options: str, commits: int = 3) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main", *options)
    for number in range(commits):
        (folder / "x.py").write_text(f"print({number})\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", f"commit {number}")
    return folder


def snapshot(folder: Path) -> dict[str, str]:
    """Every file of a repository but the swarm's, by content."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and "/evogit/" not in f"/{name}":
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def swarm_of(folder: Path, base: str = "HEAD") -> Swarm:
    source = find_source(folder)
    return create_swarm(source.swarm, source, source.resolve(base), SETTINGS, {}, author="me")


def test_making_a_swarm_leaves_the_repository_byte_for_byte_as_it_was(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    before = snapshot(user)
    swarm = swarm_of(user)
    assert snapshot(user) == before
    assert swarm.git.commit(swarm.base).message == "commit 2\n"
    assert git(swarm.path, "rev-list", "--count", "main") == "3"
    git(swarm.path, "fsck", "--full", "--strict")
    assert not (swarm.path / "objects" / "info" / "alternates").exists()


def test_a_base_that_is_no_tip_of_any_branch_works(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    swarm = swarm_of(user, "HEAD~1")
    assert swarm.git.commit(swarm.base).message == "commit 1\n"


def test_a_detached_head_and_a_dirty_work_tree_work_from_the_commit(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    git(user, "checkout", "-q", "--detach", "HEAD~1")
    (user / "x.py").write_text("dirty\n")
    assert find_source(user).is_dirty()
    before = snapshot(user)
    swarm = swarm_of(user)
    assert swarm.git.commit(swarm.base).message == "commit 1\n"
    assert snapshot(user) == before


def test_the_swarm_outlives_the_linked_work_tree_it_was_made_from(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    git(user, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    swarm = swarm_of(tmp_path / "linked")
    git(user, "worktree", "remove", str(tmp_path / "linked"))
    assert swarm.path == user / ".git" / "evogit" / "swarm.git"
    assert Swarm(swarm.path).base == swarm.base


@pytest.mark.parametrize("linked", [False, True])
def test_a_git_directory_that_lies_apart_does_not_move_the_work_tree(
    tmp_path: Path, linked: bool
) -> None:
    apart = tmp_path / "elsewhere" / "repo.git"
    apart.parent.mkdir()
    if linked:
        user = repository(tmp_path / "user")
        (user / ".git").rename(apart)
        (user / ".git").symlink_to(apart)
    else:
        user = repository(tmp_path / "user", f"--separate-git-dir={apart}")
    (user / "pkg").mkdir()
    for start in (user, user / "pkg"):
        source = find_source(start)
        assert source.work_tree is not None
        assert source.work_tree.samefile(user)
        assert not source.is_dirty()


def test_a_bare_repository_inside_a_work_tree_has_none(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    git(user, "clone", "-q", "--bare", ".", "inner.git")
    assert find_source(user / "inner.git").work_tree is None


def test_a_repository_without_commits_is_refused_with_what_to_do(tmp_path: Path) -> None:
    user = repository(tmp_path / "user", commits=0)
    with pytest.raises(NotFoundError) as error:
        swarm_of(user)
    assert "first commit" in error.value.hint


def test_a_folder_outside_any_repository_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as error:
        find_source(tmp_path)
    assert "git init" in error.value.hint


def test_a_sha256_repository_is_refused_with_what_to_do(tmp_path: Path) -> None:
    user = repository(tmp_path / "user", "--object-format=sha256")
    with pytest.raises(PreconditionError) as error:
        find_source(user)
    assert "SHA-256" in error.value.message
    assert "git format-patch there and git am here" in error.value.hint


def test_a_change_goes_from_a_copy_back_to_a_sha256_repository(tmp_path: Path) -> None:
    user = repository(tmp_path / "user", "--object-format=sha256")
    copy = repository(tmp_path / "copy")
    for folder in (user, copy):
        (folder / "x.py").write_text("x = 0\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "the same files")
    (copy / "x.py").write_text("x = 1\n")
    git(copy, "commit", "-q", "-a", "-m", "larger")
    git(copy, "format-patch", "-q", "-1", "-o", str(tmp_path))
    git(user, "am", "-q", str(tmp_path / "0001-larger.patch"))
    assert (user / "x.py").read_text() == "x = 1\n"


def test_a_shallow_clone_works_from_what_it_has(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{origin}", "user")
    before = snapshot(tmp_path / "user")
    swarm = swarm_of(tmp_path / "user")
    assert snapshot(tmp_path / "user") == before
    assert git(swarm.path, "rev-list", "--count", "main") == "1"
    assert swarm.git.files(swarm.git.commit(swarm.base).tree)


def test_a_partial_clone_whose_origin_is_gone_is_refused_with_what_to_do(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin")
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{origin}", "user")
    origin.rename(tmp_path / "gone")
    with pytest.raises(GitError) as error:
        swarm_of(tmp_path / "user")
    assert "partial clone" in error.value.hint
    assert not find_source(tmp_path / "user").swarm.exists()


def test_a_sparse_checkout_evolves_the_whole_tree(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    for name in ("a", "b"):
        (user / name).mkdir()
        (user / name / "f.py").write_text("pass\n")
    git(user, "add", "-A")
    git(user, "commit", "-q", "-m", "folders")
    git(user, "sparse-checkout", "set", "a")
    swarm = swarm_of(user)
    assert set(swarm.git.files(swarm.git.commit(swarm.base).tree)) == {"x.py", "a/f.py", "b/f.py"}


def test_submodules_and_links_of_the_base_are_kept_as_they_are(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner")
    user = repository(tmp_path / "user")
    git(user, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "lib")
    (user / "link").symlink_to("x.py")
    git(user, "add", "-A")
    git(user, "commit", "-q", "-m", "submodule")
    swarm = swarm_of(user)
    modes = {p: e.mode for p, e in swarm.git.files(swarm.git.commit(swarm.base).tree).items()}
    assert modes["lib"] == 0o160000
    assert modes["link"] == 0o120000


def test_lfs_pointers_come_along_as_pointers_and_no_filter_runs(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    marker = tmp_path / "filter-ran"
    (user / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (user / "big.bin").write_text("version https://git-lfs.github.com/spec/v1\n")
    git(user, "add", "-A")
    git(user, "commit", "-q", "-m", "lfs")
    git(user, "config", "filter.lfs.smudge", f"touch {marker}")
    git(user, "config", "filter.lfs.process", f"touch {marker}")
    swarm = swarm_of(user)
    assert "big.bin" in swarm.git.files(swarm.git.commit(swarm.base).tree)
    assert not marker.exists()


def test_hooks_and_monitors_of_the_user_never_run(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    marker = tmp_path / "hook-ran"
    for hook in ("post-checkout", "reference-transaction", "post-commit", "pre-push"):
        path = user / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {marker}\n")
        path.chmod(0o755)
    git(user, "config", "core.fsmonitor", f"touch {marker}")
    marker.unlink(missing_ok=True)
    swarm_of(user)
    find_source(user).is_dirty()
    assert not marker.exists()


def test_spaces_newlines_and_foreign_letters_in_paths_come_along(tmp_path: Path) -> None:
    user = repository(tmp_path / "us er\nÜ" / "répo")
    names = {"a b.py", "new\nline.py", "Ünïcödé.py", "-dash.py", "'quote\".py"}
    for name in names:
        (user / name).write_text("pass\n")
    git(user, "add", "-A")
    git(user, "commit", "-q", "-m", "names")
    swarm = swarm_of(user)
    assert set(swarm.git.files(swarm.git.commit(swarm.base).tree)) == names | {"x.py"}


def test_a_second_swarm_is_refused_and_a_half_made_one_is_never_found(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    swarm = swarm_of(user)
    with pytest.raises(PreconditionError):
        swarm_of(user)
    assert sorted(p.name for p in swarm.path.parent.iterdir()) == ["swarm.git"]
