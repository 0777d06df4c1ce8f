"""Opening the phylogeny: from its cache, without one, and after one foreign commit.

Each figure is a ratio to ``git log`` printing the same fields of the same commits, taken in the
same round; the median of the rounds is shown. Run: ``python tests/benchmarks/bench_dag.py``.
The repositories (100,000 individuals, once alone and once with the attempt and the evaluation that
each has in a journal) are built once by ``git fast-import`` and kept in a temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import CommitId, TreeId
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Evaluation, Record, Spend, dump

EVALUATOR = TreeId("e" * 40)
ENVIRONMENT = "bench"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
AGENTS = 64
BASE_TIME = 1_700_000_000


def object_id(kind: str, body: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(body)) + body).digest()  # noqa: S324


class Importer:
    """Writes a fast-import stream and knows every id before git does."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.mark = 0
        self.marks: dict[str, int] = {}

    def commit(self, ref: str, content: bytes, parents: list[str], message: str, when: int) -> str:
        blob = object_id("blob", content) if content else b""
        tree = object_id("tree", b"100644 main.py\0" + blob) if content else b""
        tree_hex = tree.hex() if content else EMPTY_TREE
        who = f"x <x@evogit> {when} +0000"
        head = "".join(f"parent {parent}\n" for parent in parents)
        raw = f"tree {tree_hex}\n{head}author {who}\ncommitter {who}\n\n{message}".encode()
        name = object_id("commit", raw).hex()
        self.mark += 1
        self.marks[name] = self.mark
        data = message.encode()
        out = [b"commit %s\nmark :%d\n" % (ref.encode(), self.mark)]
        out.append(f"author {who}\ncommitter {who}\ndata {len(data)}\n".encode() + data + b"\n")
        words = ("from", *["merge"] * len(parents))
        out += [
            b"%s :%d\n" % (word.encode(), self.marks[parent])
            for word, parent in zip(words, parents, strict=False)
        ]
        out.append(b"deleteall\n")
        if content:
            out.append(b"M 644 inline main.py\ndata %d\n" % len(content) + content + b"\n")
        self.parts.append(b"".join(out) + b"\n")
        if not parents:
            self.parts[-1] = b"reset %s\n\n" % ref.encode() + self.parts[-1]
        return name


def build(path: Path, count: int, *, journals: bool) -> None:
    """A swarm of ``count`` individuals by 64 agents, one in six a merge."""
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    chance = random.Random(0)
    out = Importer()
    base = out.commit("refs/heads/main", b"base\n", [], "base\n", BASE_TIME)
    tips = [base] * AGENTS
    journal: dict[str, str] = {}
    for step in range(1, count):
        agent = chance.randrange(AGENTS)
        parents = [tips[agent]]
        other = tips[chance.randrange(AGENTS)]
        if chance.random() < 1 / 6 and other != parents[0]:
            parents.append(other)
        operator = "crossover" if len(parents) > 1 else "mutate"
        message = (
            f"{operator}: change number {step} of the packing rule\n\nEvogit-Agent: a{agent}\n"
            f"Evogit-Operator: {operator}\nEvogit-Step: {step}\nEvogit-Model: none\n"
        )
        content = f"x = {step}\n".encode()
        tips[agent] = out.commit(
            f"refs/heads/a{agent}", content, parents, message, BASE_TIME + step
        )
        if journals:
            tree = object_id("tree", b"100644 main.py\0" + object_id("blob", content)).hex()
            for record in step_records(tips[agent], tree, parents, operator, agent, step, chance):
                append(out, journal, f"w{agent % 8}", record, tips[agent], step)
    subprocess.run(
        ["git", f"--git-dir={path}", "fast-import", "--quiet"],
        input=b"".join(out.parts),
        check=True,
    )


def append(
    out: Importer, journal: dict[str, str], writer: str, record: Record, alive: str, step: int
) -> None:
    ref = f"refs/evogit/journal/{writer}"
    if writer not in journal:
        journal[writer] = out.commit(ref, b"", [], f"evogit journal {writer}\n", BASE_TIME)
    parents = [journal[writer]] + ([alive] if record.kind == "attempt" else [])
    message = f"{record.kind} {step}\n\n{dump(record)}\n"
    journal[writer] = out.commit(ref, b"", parents, message, BASE_TIME + step)


def step_records(
    commit: str,
    tree: str,
    parents: list[str],
    operator: str,
    agent: int,
    step: int,
    chance: random.Random,
) -> Iterator[Record]:
    yield Attempt(
        agent=f"a{agent}",
        operator=operator,
        step=step,
        parents=tuple(CommitId(parent) for parent in parents),
        offspring=CommitId(commit),
        model="mock",
        spend=Spend(1200, 300, 0.001),
        seconds=1.5,
        time=float(BASE_TIME + step),
    )
    yield Evaluation(
        commit=CommitId(commit),
        tree=TreeId(tree),
        evaluator=EVALUATOR,
        environment=ENVIRONMENT,
        seed=0,
        outcome=Scored(chance.random(), {"bins": 12.0}),
        agent=f"a{agent}",
        sandbox="bubblewrap",
        seconds=0.2,
        time=BASE_TIME + step + 0.5,
    )


FIELDS = "%H%x00%T%x00%P%x00%ct%x00%s" + "".join(
    f"%x00%(trailers:key=Evogit-{name},valueonly)" for name in ("Agent", "Operator", "Step")
)
BODY = "%H%x00%T%x00%P%x00%ct%x00%B"


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall clock, and of processor time with that of children."""
    start, used = time.perf_counter(), sum(os.times()[:4])
    action()
    return time.perf_counter() - start, sum(os.times()[:4]) - used


def git_log(path: Path, fields: str) -> None:
    command = ["git", f"--git-dir={path}", "log", "--all", "-z", f"--format={fields}"]
    subprocess.run(command, stdout=subprocess.PIPE, check=True)


def opened(git: GitRepository, cache: Path | None) -> Phylogeny:
    return Phylogeny(git, evaluator=EVALUATOR, environment=ENVIRONMENT, maximize=True, cache=cache)


def foreign_step(path: Path, step: int, *, journals: bool) -> None:
    """What another process does: a commit on its branch and, with journals, two entries."""
    git = GitRepository(path)
    parent = git.ref("refs/heads/a1")
    assert parent is not None
    tree = git.change_tree(
        git.commit(parent).tree, {"main.py": Change(git.write_blob(b"new %d\n" % step))}
    )
    message = f"new {step}\n\nEvogit-Agent: a1\nEvogit-Operator: mutate\nEvogit-Step: {step}\n"
    made = git.write_commit(tree, [parent], message, author="a1", time=BASE_TIME + step)
    git.move_ref("refs/heads/a1", old=parent, new=made)
    if not journals:
        return
    ref = "refs/evogit/journal/w1"
    tip = old = git.ref(ref)
    for record in step_records(made, tree, [parent], "mutate", 1, step, random.Random(step)):
        assert tip is not None
        keep = [made] if record.kind == "attempt" else []
        text = f"{record.kind} {step}\n\n{dump(record)}\n"
        empty = TreeId(EMPTY_TREE)
        tip = git.write_commit(empty, [tip, *keep], text, author="w1", time=BASE_TIME + step)
    git.move_ref(ref, old=old, new=tip)


def measure(path: Path, cache: Path, rounds: int, *, journals: bool) -> None:
    git = GitRepository(path)
    opened(git, cache).save()
    tracemalloc.start()
    followed = opened(git, cache)
    held = tracemalloc.get_traced_memory()[0] / len(followed)
    tracemalloc.stop()
    times: dict[str, list[tuple[float, float]]] = {}

    def take(what: str, action: Callable[[], object]) -> None:
        times.setdefault(what, []).append(timed(action))

    for number in range(rounds):
        take("git log, same fields", lambda: git_log(path, FIELDS))
        take("git log, whole messages", lambda: git_log(path, BODY))
        take("open", lambda: opened(git, cache))
        take("rebuild", lambda: opened(git, None))
        for step in range(5):
            foreign_step(path, 10**6 + number * 10 + step, journals=journals)
            take("refresh after a foreign step", followed.refresh)
            take("refresh without news", followed.refresh)
    for what, pairs in times.items():
        print(f"  {what:30}", end="")
        for kind, name in enumerate(("wall", "cpu")):
            value = statistics.median(pair[kind] for pair in pairs)
            ratios = [
                value / statistics.median(pair[kind] for pair in times[f"git log, {each}"])
                for each in ("same fields", "whole messages")
            ]
            print(f"  {name} {value * 1000:9.2f} ms {ratios[0]:7.4f} {ratios[1]:7.4f}", end="")
        print()
    print(f"  held in memory: {held:.0f} bytes per individual")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    store = Path(tempfile.gettempdir()) / f"evogit-bench-dag-{asked.count}"
    print("bars, in git logs of the same fields: open 0.1, rebuild 1.2, refresh 0.01")
    for name, journals in (("individuals only", False), ("with journals", True)):
        kept = store / name.replace(" ", "-")
        if not kept.exists():
            unfinished = kept.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            build(unfinished, asked.count, journals=journals)
            unfinished.rename(kept)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "swarm.git"
            shutil.copytree(kept, copy)
            print(f"{name}, {asked.count} individuals; ratio to same fields, to whole messages:")
            measure(copy, Path(folder) / "cache", asked.rounds, journals=journals)


if __name__ == "__main__":
    main()
