"""Publishing candidates into one repository: eight of our writers against eight that push.

A candidate of ours is an individual (blob, tree, commit) and its journal entry, durable when it
counts. The others commit in a clone of their own and ``git push`` a branch of their own to a bare
repository, the usual way (git's default durability: none). A reader follows the journals meanwhile
and notes how long after its writing it saw each entry. Afterwards every acknowledged candidate is
looked for, and ``git fsck --full`` must be clean. Run: ``python tests/benchmarks/bench_shared_repo.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import JOURNALS, CommitId
from evogit.records import Attempt
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.journal import Journal, entries
from evogit.swarm.repository import init_bare

_AT_ONCE = 16
"""Agents of one writer whose candidates share a round of syncing, as in a worker with 16 agents."""


def prepare(path: Path) -> CommitId:
    git = init_bare(path)
    content = {f"src/{n}.py": Change(git.write_blob(b"x = %d\n" % n)) for n in range(50)}
    tree = git.change_tree(git.build_tree([]), content)
    base = git.write_commit(tree, [], "base\n", author="bench", time=1)
    git.sync()
    git.move_ref("refs/heads/main", old=None, new=base)
    return base


def write(path: Path, base: CommitId, number: int, seconds: float) -> None:
    """One of our writers; prints what was acknowledged."""
    git = GitRepository(path)
    journal = Journal(git, f"w{number}")
    parent, tree = base, git.commit(base).tree
    done: list[tuple[CommitId, CommitId]] = []
    failed = step = 0
    print("ready", flush=True)
    sys.stdin.readline()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        waiting: list[tuple[CommitId, Future[CommitId]]] = []
        for _ in range(_AT_ONCE):
            step += 1
            blob = git.write_blob(f"x = {number}.{step}\n".encode())
            tree = git.change_tree(tree, {f"src/{step % 50}.py": Change(blob)})
            made = Provenance(agent=f"a{number}", operator="mutate", step=step)
            commit = git.write_commit(
                tree, [parent], compose(f"step {step}", "", made), author=f"a{number}", time=step
            )
            attempt = Attempt(
                f"a{number}", "mutate", step, (parent,), offspring=commit, time=time.time()
            )
            waiting.append((commit, journal.append(attempt, keep=(commit,))))
            parent = commit
        for commit, entry in waiting:
            try:
                done.append((commit, entry.result()))
            except OSError:
                failed += 1
    journal.close()
    print(json.dumps({"done": done, "failed": failed}), flush=True)


def push(path: Path, base: CommitId, number: int, seconds: float) -> None:
    """One of the others: commits in its own clone, and pushes its own branch."""
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name)
        _git(clone, "clone", "-q", "--bare", f"file://{path}", "clone.git")
        git = GitRepository(clone / "clone.git")
        parent, tree = base, git.commit(base).tree
        done, failed, step = list[tuple[CommitId, CommitId]](), 0, 0
        print("ready", flush=True)
        sys.stdin.readline()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            step += 1
            blob = git.write_blob(f"x = {number}.{step}\n".encode())
            tree = git.change_tree(tree, {f"src/{step % 50}.py": Change(blob)})
            parent = git.write_commit(tree, [parent], f"{step}\n", author="x", time=step)
            try:
                _git(clone / "clone.git", "push", "-q", "origin", f"{parent}:refs/heads/p{number}")
                done.append((parent, parent))
            except subprocess.CalledProcessError:
                failed += 1
    print(json.dumps({"done": done, "failed": failed}), flush=True)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def follow(path: Path, seconds: float) -> None:
    """A reader; prints how many ms after it was there each batch of entries was seen."""
    git = GitRepository(path)
    seen: dict[str, CommitId] = {}
    late: list[float] = []
    print("ready", flush=True)
    sys.stdin.readline()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        looked = time.time()
        for ref, tip in git.refs_under(JOURNALS).items():
            if seen.get(ref) != tip:
                list(entries(git, tip, seen.get(ref)))
                moved = (path / ref).stat().st_mtime
                # How long the entry was there when this look had read it.
                late.append((time.time() - max(moved, looked - 1)) * 1000)
                seen[ref] = tip
        time.sleep(0.005)
    print(json.dumps(late), flush=True)


def contest(kind: str, path: Path, base: CommitId, writers: int, seconds: float) -> list[Any]:
    """Run that many writers at once, ours with a reader beside; what each reported."""
    kinds = [kind] * writers + (["follow"] if kind == "write" else [])
    command = [sys.executable, __file__, "--path", str(path), "--base", base]
    running = [
        subprocess.Popen(
            [*command, "--do", each, "--number", str(number), "--seconds", str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, each in enumerate(kinds)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [json.loads(process.communicate()[0]) for process in running]


def lost(path: Path, reports: list[Any]) -> int:
    """Acknowledged candidates that are not reachable, or whose entry is in no journal."""
    git = GitRepository(path)
    there = {e.id for tip in git.refs_under(JOURNALS).values() for e in entries(git, tip)}
    out = subprocess.run(
        ["git", f"--git-dir={path}", "rev-list", "--all"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    reachable = set(out.split())
    return sum(
        commit not in reachable or (entry not in there and entry != commit)
        for report in reports
        for commit, entry in report["done"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    for hidden in ("--do", "--path", "--base"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.do == "follow":
        follow(Path(asked.path), asked.seconds)
    elif asked.do:
        action = write if asked.do == "write" else push
        action(Path(asked.path), CommitId(asked.base), asked.number, asked.seconds)
    else:
        compare(asked)


def compare(asked: argparse.Namespace) -> None:
    rates: dict[str, list[float]] = {"write": [], "push": []}
    bad, late = 0, list[float]()
    for _ in range(asked.rounds):
        for kind, taken in rates.items():
            with tempfile.TemporaryDirectory(prefix="evogit-shared-") as name:
                path = Path(name) / "swarm.git"
                base = prepare(path)
                os.sync()
                reports = contest(kind, path, base, asked.writers, asked.seconds)
                if kind == "write":
                    late += reports.pop()
                taken.append(sum(len(r["done"]) for r in reports) / asked.seconds)
                bad += lost(path, reports) + sum(r["failed"] for r in reports)
                _git(path, "fsck", "--full", "--no-progress")
    ours, others = (statistics.median(rates[kind]) for kind in ("write", "push"))
    late.sort()
    print(
        f"{asked.writers} writers: ours {ours:.0f} durable candidates/s, git push {others:.0f}/s; "
        f"lost or failed {bad}; fsck clean; seen after {statistics.median(late):.0f} ms "
        f"(median), {late[int(len(late) * 0.99)]:.0f} ms (99 %)"
    )
    print(f"ratio {ours / others:.1f} (bar 10)")


if __name__ == "__main__":
    main()
