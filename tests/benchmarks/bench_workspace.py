"""Putting an individual's files on disk: a pooled workspace against git's own ways.

5,000 files of about 1.5 KB; individuals differ in three files, as offspring do. Ours turns a warm
folder into the next individual; git does it by ``git checkout`` in a reused work tree, and by
``git worktree add`` for a fresh one. The content is compared with an export by ``git archive``
once. Run: ``python tests/benchmarks/bench_workspace.py``.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import CommitId
from evogit.judge.workspace import Workspace

FILES = 5000
PER_FOLDER = 50


def build(path: Path, offspring: int) -> list[CommitId]:
    """A bare repository of 5,000 files and a chain of offspring, three files changed in each."""
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    git = GitRepository(path)
    chance = random.Random(0)
    names = [f"src/part{n // PER_FOLDER:03}/file{n:04}.py" for n in range(FILES)]
    content = {name: Change(git.write_blob(_text(chance))) for name in names}
    tree = git.change_tree(git.build_tree([]), content)
    commits = [git.write_commit(tree, [], "base\n", author="bench", time=1)]
    for number in range(offspring):
        changes = {name: Change(git.write_blob(_text(chance))) for name in chance.sample(names, 3)}
        tree = git.change_tree(tree, changes)
        commits.append(git.write_commit(tree, [commits[-1]], f"{number}\n", author="bench", time=1))
    git.move_ref("refs/heads/main", old=None, new=commits[-1])
    subprocess.run(["git", f"--git-dir={path}", "repack", "-q", "-a", "-d"], check=True)
    return commits


def _text(chance: random.Random) -> bytes:
    return "".join(f"value_{n} = {chance.random()}\n" for n in range(50)).encode()


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def run_git(path: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(path), *arguments], check=True, capture_output=True)


def compare(folder: Path, repository: Path, commit: CommitId, to: Path) -> None:
    """Stop unless the folder holds exactly the commit's files."""
    to.mkdir()
    archive = subprocess.run(
        ["git", f"--git-dir={repository}", "archive", commit], check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(to)], input=archive, check=True)
    subprocess.run(["git", "diff", "--no-index", "--quiet", str(folder), str(to)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--each", type=int, default=6, help="individuals in a row per round")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evogit-workspace-") as name:
        root = Path(name)
        commits = build(root / "bare.git", asked.rounds * asked.each)
        git = GitRepository(root / "bare.git")
        workspace, reused = Workspace(git, root / "slot"), root / "reused"
        workspace.show(git.commit(commits[0]).tree)
        run_git(root / "bare.git", "worktree", "add", "-q", "--detach", str(reused), commits[0])
        times: dict[str, list[float]] = {"ours": [], "checkout": [], "worktree": []}
        for number in range(asked.rounds):
            line = commits[1 + number * asked.each : 1 + (number + 1) * asked.each]
            for commit in line:
                tree = git.commit(commit).tree
                times["ours"].append(timed(lambda tree=tree: workspace.show(tree)))
                checkout = ("checkout", "-q", "--detach", commit)
                times["checkout"].append(timed(lambda c=checkout: run_git(reused, *c)))
            fresh = ("worktree", "add", "-q", "--detach", str(root / f"fresh{number}"), line[-1])
            times["worktree"].append(timed(lambda f=fresh: run_git(root / "bare.git", *f)))
        compare(workspace.folder, root / "bare.git", commits[-1], root / "export")
    median = {what: statistics.median(taken) for what, taken in times.items()}
    print(
        f"{FILES} files, content equal: ours {median['ours']:.2f} ms, git checkout "
        f"{median['checkout']:.1f} ms, git worktree add {median['worktree']:.0f} ms"
    )
    print(
        f"ratio {median['ours'] / median['checkout']:.3f} of git checkout (bar 0.3), "
        f"{median['ours'] / median['worktree']:.5f} of git worktree add (bar 0.01)"
    )


if __name__ == "__main__":
    main()
