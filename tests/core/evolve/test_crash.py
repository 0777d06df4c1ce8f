"""What a killed process, a power cut or a full disk leaves behind, and that it heals by itself."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.core.conftest import Garden

from evogit.errors import EvoGitError
from evogit.git.repository import GitRepository
from evogit.ids import CLAIMS, JOURNALS, BlobId, CommitId
from evogit.records import Lease
from evogit.swarm.claims import Claims
from evogit.swarm.identity import Identity, is_alive, take_worker
from evogit.swarm.journal import Journal, entries
from evogit.swarm.maintenance import maintain
from evogit.swarm.recovery import recover


def _worker(git: GitRepository) -> tuple[Identity, Claims]:
    identity = take_worker(git, "")
    return identity, Claims(git, identity.name)


def _claim_file(git: GitRepository) -> Path:
    (name,) = git.refs_under(CLAIMS)
    return git.path / name


def test_a_job_has_one_owner_until_it_is_released(garden: Garden) -> None:
    git = garden.swarm.git
    (one, first), (two, second) = _worker(git), _worker(git)
    assert first.take("job")
    assert not second.take("job")
    assert not first.take("job")
    first.release("job")
    assert second.take("job")
    one.release()
    two.release()


def test_the_claim_of_a_dead_worker_passes_to_the_next(garden: Garden) -> None:
    git = garden.swarm.git
    (one, first), (two, second) = _worker(git), _worker(git)
    assert first.take("job")
    one.release()  # what the kernel does when a process is killed
    assert second.take("job")
    two.release()


def test_a_lock_left_on_a_claim_heals_at_once(garden: Garden) -> None:
    git = garden.swarm.git
    one, claims = _worker(git)
    assert claims.take("job")
    path = _claim_file(git)
    lock = path.with_name(path.name + ".lock")
    lock.touch()
    claims.release("job")
    lock.touch()
    assert claims.take("job")
    one.release()


def test_a_claim_that_a_power_cut_damaged_blocks_neither_git_nor_the_job(garden: Garden) -> None:
    git = garden.swarm.git
    one, claims = _worker(git)
    for damage in ("", "abc", "1" * 40 + "\n"):
        claims.take("job")
        _claim_file(git).write_text(damage)
        claims = Claims(git, one.name)
        assert claims.take("job")
        claims.release("job")
    one.release()


def test_asking_whether_a_worker_lives_does_not_cost_it_its_name(garden: Garden) -> None:
    git = garden.swarm.git
    take_worker(git, "").release()
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            assert not is_alive(git, "w2")
            is_alive(git, "w1")

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(100):
            identity = take_worker(git, "")
            assert identity.name == "w1"
            assert is_alive(git, "w1")
            identity.release()
    finally:
        done.set()
        for asker in askers:
            asker.join()


def test_a_restarted_worker_heals_the_locks_that_are_its_own_and_no_others(garden: Garden) -> None:
    git = garden.swarm.git
    garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    garden.grow("b1", {"pkg/x.py": "x = 2\n"})
    locks = {name: git.path / f"{name}.lock" for name in ("refs/heads/a1", "refs/heads/b1")}
    for lock in locks.values():
        lock.touch()
    take_worker(git, "").release()
    assert not locks["refs/heads/a1"].exists()
    assert locks["refs/heads/b1"].exists()


def test_after_a_power_cut_empty_objects_go_and_can_be_written_again(garden: Garden) -> None:
    git = garden.swarm.git
    recover(git)
    kept, damaged = git.write_blob(b"durable"), git.write_blob(b"never synced")
    path = git.path / "objects" / damaged[:2] / damaged[2:]
    path.chmod(0o600)
    path.write_bytes(b"")
    assert recover(git) == 0  # the machine did not start anew: nobody looks
    (garden.swarm.private / "boot").write_text("another time")
    assert recover(git) == 1
    again = GitRepository(git.path)
    assert again.read_blob(kept) == b"durable"
    assert again.write_blob(b"never synced") == damaged
    assert again.read_blob(damaged) == b"never synced"


def test_work_folders_do_not_outlive_a_power_cut(garden: Garden) -> None:
    folder = garden.swarm.private / "workspaces" / "w1"
    folder.mkdir(parents=True)
    (garden.swarm.private / "boot").write_text("another time")
    take_worker(garden.swarm.git, "").release()
    assert not folder.exists()


def test_a_journal_goes_on_after_an_append_that_failed(garden: Garden) -> None:
    git = garden.swarm.git
    journal = Journal(git, "w1")
    first = journal.append(Lease("worker-start")).result()
    lock = git.path / f"{journal.ref}.lock"
    objects = git.path / "objects"
    with pytest.raises((EvoGitError, ValueError, OSError)):
        journal.append(Lease("reserve"), keep=(CommitId("not an id"),)).result()
    second = journal.append(Lease("worker-stop")).result()
    journal.close()
    assert [entry.id for entry in entries(git, second)] == [second, first]
    assert not lock.exists()
    assert objects.exists()


WRITER = """
import sys
from pathlib import Path
from evogit.git.repository import GitRepository
from evogit.records import Lease
from evogit.swarm.journal import Journal

git = GitRepository(Path(sys.argv[1]))
journal = Journal(git, sys.argv[2])
for number in range(int(sys.argv[3])):
    blob = git.write_blob(f"{sys.argv[2]} {number}".encode())
    tree = git.change_tree(git.build_tree([]), {})
    made = git.write_commit(tree, [], f"{sys.argv[2]} {number}", author="x", time=number)
    lease = Lease("reserve", detail={"n": str(number)})
    entry = journal.append(lease, keep=(made,), artefacts={"a": str(number).encode()}).result()
    print(entry, made, flush=True)
journal.close()
"""


@pytest.mark.slow
def test_packing_beside_eight_writers_loses_nothing(garden: Garden) -> None:
    swarm = garden.swarm
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(swarm.path), f"w{number}", "60"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(1, 9)
    ]
    packed = 0
    while any(process.poll() is None for process in running):
        packed += maintain(swarm).packed
    said = [process.communicate()[0].split() for process in running]
    packed += maintain(swarm).packed
    git = GitRepository(swarm.path)
    assert packed > 1000
    for number, words in enumerate(said, start=1):
        tip = git.ref(f"{JOURNALS}w{number}")
        assert tip is not None
        kept = {entry.id: entry.keeps for entry in entries(git, tip)}
        assert len(words) == 120
        for entry, made in zip(words[::2], words[1::2], strict=True):
            assert kept[CommitId(entry)] == (made,)
            assert git.has(made)
    _fsck_is_clean(swarm.path)


def test_packing_leaves_no_empty_folder(garden: Garden) -> None:
    objects = garden.swarm.path / "objects"
    assert list(objects.glob("??"))
    assert maintain(garden.swarm).packed > 0
    assert not list(objects.glob("??"))
    _fsck_is_clean(garden.swarm.path)


def test_a_writer_whose_folder_packing_removed_writes_again(garden: Garden) -> None:
    git, tries = garden.swarm.git, list[int]()

    def store() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("failed to rename lockfile to '.../objects/12/34': No such file")
        return git.write_blob(b"at last")

    assert git.read_blob(BlobId(git.storing(store))) == b"at last"

    def full() -> None:
        tries.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        git.storing(full)
    assert len(tries) == 4


def test_a_killed_maintenance_is_taken_up_by_the_next(garden: Garden) -> None:
    swarm = garden.swarm
    info = swarm.path / "objects" / "info" / "commit-graphs"
    info.mkdir(parents=True, exist_ok=True)
    (info / "commit-graph-chain.lock").touch()
    old = swarm.path / "objects" / "pack" / "tmp_pack_killed"
    old.touch()
    os.utime(old, (1, 1))
    assert maintain(swarm).packed > 0
    assert not old.exists()
    _fsck_is_clean(swarm.path)


def test_many_packs_become_few_where_nobody_works_and_nothing_is_lost(garden: Garden) -> None:
    swarm = garden.swarm
    unnamed = [swarm.git.write_blob(b"nothing refers to this %d" % i) for i in range(8)]
    for i in range(8):
        garden.grow("a1", {"pkg/x.py": f"x = {i}\n"})
        maintain(swarm)
    remains = swarm.path / "objects" / "17" / "tmp_obj_killed"
    remains.parent.mkdir(exist_ok=True)
    remains.touch()
    a_while_ago = time.time() - 100
    os.utime(remains, (a_while_ago, a_while_ago))
    worker = take_worker(swarm.git, "")
    many = maintain(swarm, unite=True).packs
    assert (many >= 8, remains.exists()) == (True, True)
    worker.release()
    assert maintain(swarm, unite=True).packs == 1
    assert not remains.exists()
    fresh = GitRepository(swarm.path)
    assert all(map(fresh.has, unnamed))
    _fsck_is_clean(swarm.path)


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_disk_is_a_clear_error_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=True)
    try:
        git = GitRepository(_bare(disk / "swarm.git"))
        done = subprocess.run(
            [sys.executable, "-c", WRITER, str(git.path), "w1", "100000"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert "No space left" in done.stderr or "can not be written" in done.stderr
        words = done.stdout.split()
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert len(words) > 100
        tip = git.ref(f"{JOURNALS}w1")
        assert tip is not None
        assert set(words[::2]) <= {entry.id for entry in entries(git, tip)}
        assert all(git.has(made) for made in words[1::2])
        _fsck_is_clean(git.path)
        take_worker(git, "").release()
        journal = Journal(git, "w1")
        journal.append(Lease("worker-start")).result(30)
        journal.close()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _bare(path: Path) -> Path:
    from evogit.swarm.repository import init_bare

    return init_bare(path).path


def _fsck_is_clean(path: Path) -> None:
    done = subprocess.run(
        ["git", f"--git-dir={path}", "fsck", "--full", "--no-dangling", "--no-progress"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if "unborn" not in line]
    assert (done.returncode, said) == (0, [])
