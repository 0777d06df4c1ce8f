"""A three-way merge of trees of 5,000 files against git's two ways, tree ids equal.

Each side changes four files, one of them on both sides. Figures are medians over interleaved
rounds. Run: ``python tests/benchmarks/bench_merge.py``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from evogit.git.merge import merge
from evogit.git.repository import GitRepository
from evogit.ids import CommitId

FOLDERS, FILES, ROUNDS = 250, 20, 15
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "x",
    "GIT_AUTHOR_EMAIL": "x",
    "GIT_COMMITTER_NAME": "x",
    "GIT_COMMITTER_EMAIL": "x",
}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
        check=True,
    )
    return done.stdout.decode().strip()


def body(path: str, changed: str = "") -> bytes:
    lines = [f"{path}: line {i} of a file of about a kilobyte and a half" for i in range(25)]
    if changed:
        lines[3 if changed == "ours" else 20] += f" changed by {changed}"
    return "\n".join(lines).encode() + b"\n"


def build(folder: Path) -> None:
    git(folder, "init", "-q", "-b", "base")
    paths = [f"d{d // 50}/e{d}/f{f}.py" for d in range(FOLDERS) for f in range(FILES)]
    stream = [commit("base", "", {path: body(path) for path in paths})]
    shared = paths[7]
    for side, offset in (("ours", 100), ("theirs", 2000)):
        mine = [shared, *(paths[offset + 700 * i] for i in range(3))]
        stream.append(commit(side, "base", {path: body(path, side) for path in mine}))
    git(folder, "fast-import", "--quiet", stdin=b"".join(stream))


def commit(branch: str, parent: str, files: dict[str, bytes]) -> bytes:
    out = [f"commit refs/heads/{branch}\ncommitter x <x> 1 +0000\ndata 1\nx\n".encode()]
    if parent:
        out.append(f"from refs/heads/{parent}\n".encode())
    for path, data in files.items():
        out.append(f"M 644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
    return b"".join(out) + b"\n"


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        git(folder, "checkout", "-q", "ours")
        repository = GitRepository(folder / ".git")
        ids = [CommitId(git(folder, "rev-parse", side)) for side in ("base", "ours", "theirs")]
        base, ours, theirs = (repository.commit(each).tree for each in ids)
        expected = git(folder, "merge-tree", "--write-tree", "ours", "theirs")
        result = merge(repository, base, ours, theirs)
        assert result.tree == expected, (result, expected)
        times: dict[str, list[float]] = {"evogit": [], "merge-tree": [], "merge": []}
        for _ in range(ROUNDS):
            times["evogit"].append(timed(lambda: merge(repository, base, ours, theirs)))
            times["merge-tree"].append(
                timed(lambda: git(folder, "merge-tree", "--write-tree", "ours", "theirs"))
            )
            times["merge"].append(
                timed(lambda: git(folder, "merge", "-q", "--no-edit", "-m", "m", "theirs"))
            )
            git(folder, "reset", "-q", "--hard", ids[1])
    ms = {what: statistics.median(each) for what, each in times.items()}
    print("  ".join(f"{what} {value:.2f} ms" for what, value in ms.items()))
    print(f"ratio to git merge-tree --write-tree: {ms['evogit'] / ms['merge-tree']:.3f} (bar 0.5)")
    print(f"ratio to git merge in a work tree: {ms['evogit'] / ms['merge']:.4f} (bar 0.05)")


if __name__ == "__main__":
    main()
