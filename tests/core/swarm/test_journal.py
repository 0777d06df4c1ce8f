"""Journals lose nothing that was acknowledged, whoever writes at once and whenever one dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pygit2
import pytest

from evogit.errors import ConflictError, GitError
from evogit.git.program import run_git
from evogit.git.repository import GitRepository
from evogit.ids import CLAIMS, HEADS, CommitId, is_name
from evogit.records import Attempt, Lease
from evogit.swarm.claims import Claims
from evogit.swarm.identity import identities, is_alive, take_person, take_worker
from evogit.swarm.journal import MAX_ARTEFACT, Journal, artefacts, entries
from evogit.swarm.repository import init_bare


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    return init_bare(tmp_path / "swarm.git")


def individual(git: GitRepository, text: str) -> CommitId:
    return git.write_commit(git.build_tree([]), [], text, author="a1", time=1)


def test_entries_come_back_newest_first_with_what_they_keep(git: GitRepository) -> None:
    journal = Journal(git, "w1")
    kept = individual(git, "kept\n")
    first = journal.append(Lease("worker-start"), subject="one").result()
    second = journal.append(Attempt("a1", "mutate", 1, (), offspring=kept), keep=(kept,)).result()
    journal.close()
    tip = git.ref(journal.ref)
    assert tip == second
    found = list(entries(git, second))
    assert [entry.id for entry in found] == [second, first]
    assert found[0].keeps == (kept,)
    assert isinstance(found[0].record, Attempt)


def test_artefacts_are_kept_bounded(git: GitRepository) -> None:
    journal = Journal(git, "w1")
    entry = journal.append(
        Lease("worker-start"), artefacts={"prompt": b"hello", "response": b"x" * (MAX_ARTEFACT + 1)}
    ).result()
    journal.close()
    found = artefacts(git, entry)
    assert found["prompt"] == b"hello"
    assert len(found["response"]) == MAX_ARTEFACT
    assert found["response"].endswith(b"larger]\n")


def test_many_threads_share_one_journal_and_none_of_their_entries_is_lost(
    git: GitRepository,
) -> None:
    journal = Journal(git, "w1")
    acknowledged: list[CommitId] = []
    lock = threading.Lock()

    def write(number: int) -> None:
        for step in range(25):
            entry = journal.append(Attempt(f"a{number}", "mutate", step, ())).result()
            with lock:
                acknowledged.append(entry)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    tip = git.ref(journal.ref)
    assert tip is not None
    assert {entry.id for entry in entries(git, tip)} == set(acknowledged)
    assert len(acknowledged) == 200


_WRITER = """
import sys
from pathlib import Path
from evogit.git.repository import GitRepository
from evogit.records import Attempt
from evogit.swarm.identity import take_worker
from evogit.swarm.journal import Journal
git = GitRepository(Path(sys.argv[1]))
identity = take_worker(git, "")
journal = Journal(git, identity.name)
step = 0
while True:
    step += 1
    entry = journal.append(Attempt("a1", "mutate", step, ())).result()
    print(entry, flush=True)
"""


def test_a_writer_killed_at_any_moment_loses_nothing_acknowledged_and_its_successor_goes_on(
    git: GitRepository,
) -> None:
    acknowledged: list[str] = []
    for kill in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(git.path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline().strip() for _ in range(5 + kill * 3)]
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read()
        writer.stdout.close()
        writer.wait()
        acknowledged += [line for line in rest.split("\n") if len(line) == 40]
    tip = GitRepository(git.path).ref("refs/evogit/journal/w1")
    assert tip is not None
    found = {entry.id for entry in entries(git, tip)}
    assert set(acknowledged) <= found
    assert (
        subprocess.run(
            ["git", "fsck", "--full"], cwd=git.path, check=False, capture_output=True
        ).returncode
        == 0
    )


def test_a_dead_workers_locks_and_name_pass_to_the_next(git: GitRepository) -> None:
    first = take_worker(git, "")
    Journal(git, first.name).close()
    lock = git.path / "refs" / "heads" / "a1.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    (git.path / "refs/evogit/journal/w1.lock").touch()
    foreign = git.path / "refs" / "heads" / "b1.lock"
    foreign.touch()
    first.release()
    second = take_worker(git, "")
    assert second.name == "w1"
    assert not lock.exists()
    assert foreign.exists()
    second.release()


def test_workers_alive_at_once_have_different_names_and_agents(git: GitRepository) -> None:
    one, two = take_worker(git, ""), take_worker(git, "")
    try:
        assert (one.name, two.name) == ("w1", "w2")
        assert (one.agent(0), one.agent(9), two.agent(0)) == ("a1", "a10", "b1")
        assert one.owns_agent("a10")
        assert not one.owns_agent("b1")
        assert is_alive(git, "w1")
    finally:
        one.release()
        two.release()
    assert not is_alive(git, "w1")


def test_a_clone_gives_its_workers_a_prefix(git: GitRepository) -> None:
    identity = take_worker(git, "lab-0a1b")
    assert identity.name == "lab-0a1b-w1"
    assert identity.agent(2) == "lab-0a1b-a3"
    assert identity.owns_agent("lab-0a1b-a3")
    identity.release()


def test_a_persons_name_is_made_valid(git: GitRepository) -> None:
    with take_person(git, "Zoë Ünlü", "") as name:
        assert name == "zo-nl"


def test_a_long_persons_name_leaves_the_clones_digits_whole(git: GitRepository) -> None:
    user = "bartholomew-maximilian-vanderbilt"
    names: list[str] = []
    for host in ("workstation-gpu-0a1b", "workstation-gpu-0a1c"):
        with take_person(git, user, host) as name:
            names.append(name)
    assert len(set(names)) == 2
    assert all(is_name(name) for name in names)
    assert names[0].endswith("-workstation-gpu-0a1b")
    with take_person(git, "李", "lab-0a1b") as name:
        assert name == "human-lab-0a1b"


def test_a_person_keeps_a_name_that_an_earlier_version_cut(git: GitRepository) -> None:
    old = "bartholomew-maximilian-vanderbilt-workst"
    (identities(git) / old).touch()
    with take_person(git, "bartholomew-maximilian-vanderbilt", "workstation-gpu-0a1b") as name:
        assert name == old


def test_of_many_claimants_exactly_one_wins_each_job(git: GitRepository) -> None:
    owners = [take_worker(git, "") for _ in range(8)]
    wins: list[tuple[str, int]] = []

    def compete(owner: str) -> None:
        claims = Claims(git, owner)
        wins.extend((owner, job) for job in range(30) if claims.take(f"job {job}"))

    threads = [threading.Thread(target=compete, args=(o.name,)) for o in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for owner in owners:
        owner.release()
    assert sorted(job for _, job in wins) == list(range(30))


def test_a_claim_that_was_packed_is_given_back_all_the_same(git: GitRepository) -> None:
    worker = take_worker(git, "")
    claims = Claims(git, worker.name)
    assert claims.take("job")
    run_git(git.path, "pack-refs", "--all", "--prune")
    assert not claims.take("job")
    claims.release("job")
    assert claims.take("job")
    claims.release("job")
    assert not git.refs_under(CLAIMS)
    worker.release()


def test_a_claim_of_a_dead_worker_passes_on_and_a_living_ones_does_not(git: GitRepository) -> None:
    dead, alive = take_worker(git, ""), take_worker(git, "")
    claims = Claims(git, dead.name)
    assert claims.take("job")
    assert not claims.take("job")
    assert not Claims(git, alive.name).take("job")
    dead.release()
    assert Claims(git, alive.name).take("job")
    claims.release("job")
    assert Claims(git, alive.name).drop_left_over() == 1
    alive.release()


def test_a_branch_moves_only_from_where_it_was_seen(git: GitRepository) -> None:
    one, two = individual(git, "one\n"), individual(git, "two\n")
    git.move_ref(HEADS + "a1", old=None, new=one)
    with pytest.raises(ConflictError):
        git.move_ref(HEADS + "a1", old=None, new=two)
    git.move_ref(HEADS + "a1", old=one, new=two)
    assert git.ref(HEADS + "a1") == two


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    if os.getuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no mount can be made here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass


@pytest.mark.root
def test_a_full_disk_is_an_error_of_that_entry_and_the_journal_goes_on(small_disk: Path) -> None:
    git = init_bare(small_disk / "swarm.git")
    journal = Journal(git, "w1")
    before = journal.append(Lease("worker-start")).result(timeout=30)
    filler = small_disk / "filler"
    fill(filler)
    with pytest.raises((OSError, pygit2.GitError, GitError)):
        journal.append(Lease("worker-start")).result(timeout=30)
    filler.unlink()
    after = journal.append(Lease("worker-stop")).result(timeout=30)
    journal.close()
    assert [entry.id for entry in entries(git, after)] == [after, before]
