"""Big swarms with known ids, made by ``git fast-import`` in seconds; several benchmarks use them."""

from __future__ import annotations

import hashlib
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import CommitId, TreeId
from evogit.outcome import Scored
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
            b"%s %s\n" % (word.encode(), self._name(parent))
            for word, parent in zip(words, parents, strict=False)
        ]
        out.append(b"deleteall\n")
        if content:
            out.append(b"M 644 inline main.py\ndata %d\n" % len(content) + content + b"\n")
        self.parts.append(b"".join(out) + b"\n")
        if not parents:
            self.parts[-1] = b"reset %s\n\n" % ref.encode() + self.parts[-1]
        return name

    def _name(self, parent: str) -> bytes:
        mark = self.marks.get(parent)
        return parent.encode() if mark is None else b":%d" % mark


@dataclass(frozen=True)
class Plan:
    """What a synthetic swarm looks like.

    Args:
        count: individuals, the base included.
        agents: lineages that take turns at random.
        crossover: the share of individuals with two parents.
        journals: whether every individual has an attempt and an evaluation.
        evaluator: whose evaluations they are.
    """

    count: int
    agents: int = AGENTS
    crossover: float = 1 / 6
    journals: bool = True
    evaluator: TreeId = EVALUATOR


def build(path: Path, plan: Plan, base: str = "") -> None:
    """Fill the bare repository at ``path``; without a ``base`` it gets one of its own."""
    chance = random.Random(0)
    out = Importer()
    base = base or out.commit("refs/heads/main", b"base\n", [], "base\n", BASE_TIME)
    tips = [base] * plan.agents
    journal: dict[str, str] = {}
    for step in range(1, plan.count):
        agent = chance.randrange(plan.agents)
        parents = [tips[agent]]
        other = tips[chance.randrange(plan.agents)]
        if chance.random() < plan.crossover and other != parents[0]:
            parents.append(other)
        operator = "crossover" if len(parents) > 1 else "mutate"
        message = (
            f"{operator}: change number {step} of the packing rule\n\nEvogit-Agent: a{agent}\n"
            f"Evogit-Operator: {operator}\nEvogit-Step: {step}\nEvogit-Model: none\n"
        )
        content = f"x = {step}\n".encode()
        when = BASE_TIME + step
        tips[agent] = out.commit(f"refs/heads/a{agent}", content, parents, message, when)
        if plan.journals:
            tree = object_id("tree", b"100644 main.py\0" + object_id("blob", content)).hex()
            made = tips[agent]
            for record in step_records(
                made, tree, parents, operator, agent, step, chance, plan.evaluator
            ):
                append(out, journal, f"w{agent % 8}", record, made, step)
    command = ["git", f"--git-dir={path}", "fast-import", "--quiet"]
    subprocess.run(command, input=b"".join(out.parts), check=True)


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
    evaluator: TreeId = EVALUATOR,
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
        evaluator=evaluator,
        environment=ENVIRONMENT,
        seed=0,
        outcome=Scored(chance.random(), {"bins": 12.0}),
        agent=f"a{agent}",
        sandbox="bubblewrap",
        seconds=0.2,
        time=BASE_TIME + step + 0.5,
    )


def foreign_step(path: Path, step: int, *, journals: bool, evaluator: TreeId = EVALUATOR) -> None:
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
    chance = random.Random(step)
    for record in step_records(made, tree, [parent], "mutate", 1, step, chance, evaluator):
        assert tip is not None
        keep = [made] if record.kind == "attempt" else []
        text = f"{record.kind} {step}\n\n{dump(record)}\n"
        empty = TreeId(EMPTY_TREE)
        tip = git.write_commit(empty, [tip, *keep], text, author="w1", time=BASE_TIME + step)
    git.move_ref(ref, old=old, new=tip)
