"""A small swarm with known ids, made through the kernel, that has some of everything in it."""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import pygit2

from evogit.cli.output import Manner, Output
from evogit.cli.session import Session
from evogit.environment import prepare
from evogit.git.trees import Change
from evogit.ids import HEADS, CommitId, TreeId
from evogit.initialise import init_repository
from evogit.outcome import Crashed, Failed, Outcome, Quarantined, Rejected, Scored, TimedOut
from evogit.phylogeny.index import Phylogeny
from evogit.quarantine.finding import make
from evogit.records import Attempt, Evaluation, Spend
from evogit.source import find_source
from evogit.steering.desk import Desk
from evogit.steering.promote import plan_promotion
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm
from evogit_tui.model import Model

START: Final = 1_700_000_000
NOW: Final = START + 3600.0
"""What the clock of ``World.session`` says, always: an hour after evolution started."""
CANARY: Final = "CANARY"
"""Stands in what only a terminal that obeys data would take in."""
HOSTILE: Final = (
    f"tame \x1b]52;c;{CANARY}\x07 wild",
    f"tame \x1b]0;{CANARY}\x1b\\ wild",
    f"tame \x1bP{CANARY}\x1b\\ wild",
    "tame \x1b[2J\x1b[31m wild",
    "tame \x9b2J\x9d0;x\x9c wild",
    "tame [link=https://example.org]click[/] [bold red]wild[/]",
    "tame \u202edlrow\u2066 wild",
)
"""Texts nobody should obey; what is harmless in each starts with ``tame`` and ends with ``wild``."""
SETTINGS: Final = """\
[goal]
text = "Make x large, and keep the tests green"
[evaluate]
seed = 1
stages = [{ name = "main", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }]
[evaluate.files]
run = ["evaluator/run.py"]
score = ["evaluator/score.py"]
[[evaluate.gates]]
name = "compiles"
command = ["python", "-c", "compile(open('pkg/x.py').read(), 'x', 'exec')"]
[search]
agents = ["genetic"]
editable = ["pkg/**"]
[budget]
evaluations = 1000
cost_usd = 20.0
"""
FILES: Final = {
    "pkg/x.py": "x = 0\n",
    "pkg/other.py": "def other(a, b):\n    return a + b\n",
    "README.md": "A number.\n",
    "evogit.toml": SETTINGS,
    "evaluator/run.py": "import runpy\nprint(runpy.run_path('pkg/x.py')['x'])\n",
    "evaluator/score.py": 'import json, sys\nprint(json.dumps({"score": float(sys.stdin.read())}))\n',
}


SCORE: Final = """\
import json, sys
x = int(sys.stdin.read())
print(json.dumps({"score": x + ((x - 1) % 4 + 1) / 10 if x else 0.0}))
"""
"""The evaluator in force: the individual numbered x, by the agent whose turn it was, scores so."""


class PinnedSession(Session):
    """A session whose clock stands still, so that ages on the screen repeat."""

    def clock(self) -> float:
        return NOW


@dataclass(frozen=True)
class World:
    """A user's repository with a swarm of 40 individuals by four agents.

    ``ids`` names some of them: base, best, merge, failed, timed-out, crashed, rejected, held,
    pending, hostile, pruned (root of a4's pruned lineage), tagged, pinned, promoted, and a1 to a4
    for the tips.
    """

    root: Path
    ids: dict[str, CommitId] = field(default_factory=dict[str, CommitId])

    @property
    def swarm(self) -> Swarm:
        """The swarm, opened anew."""
        return Swarm(find_source(self.root).swarm)

    def session(self) -> Session:
        """A session in the user's repository, at ``NOW``; everything in it opens anew."""
        return PinnedSession(Output(Manner(), os.environ), self.root, os.environ)

    def model(self) -> Model:
        """A fresh model of the swarm."""
        return Model(self.session())


def make_world(root: Path) -> World:
    """Make the repository and its swarm at ``root``: the same ids every time."""
    _user_repository(root)
    (root / "evaluator" / "score.py").write_text(SCORE)
    config = root / "evogit.toml"
    swarm = init_repository(find_source(root), config, author="ada")
    grower = _Grower(swarm, _environment(root, swarm))
    grower.grow()
    _decide(root, swarm, grower)
    return World(root, grower.ids)


def _environment(root: Path, swarm: Swarm) -> str:
    """What judging on this machine would record, so that a gate run changes no score."""
    settings = swarm.spec().settings.environment
    found = prepare(settings, root, root, default_python=Path(sys.executable), lock_contents={})
    (swarm.private / "environment").write_text(found.digest)
    return found.digest


def copy_world(template: World, root: Path) -> World:
    """The same world at another place."""
    shutil.copytree(template.root, root, symlinks=True)
    Swarm(find_source(root).swarm).configure("evogit.source", str(root))
    return World(root, dict(template.ids))


def _user_repository(root: Path) -> None:
    handle = pygit2.init_repository(str(root), initial_head="main")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    handle.config["user.name"] = "Ada Lovelace"
    handle.config["user.email"] = "ada@example.org"
    handle.index.add_all()
    handle.index.write()
    who = pygit2.Signature("Ada Lovelace", "ada@example.org", START, 0)
    handle.create_commit("refs/heads/main", who, who, "start\n", handle.index.write_tree(), [])


_ENDS: Final[dict[int, tuple[str, Outcome]]] = {
    7: ("failed", Failed("compiles", f"SyntaxError \x1b]0;{CANARY}\x07 in line 1")),
    12: ("timed-out", TimedOut("main", 5.0)),
    17: ("crashed", Crashed("main", "exit status 1: ZeroDivisionError")),
    22: ("rejected", Rejected("a protected file changed")),
    27: ("held", Quarantined("answer-literals (pkg/x.py:1 x = 27)", Scored(27.0))),
    31: ("failed-again", Failed("compiles", "SyntaxError in line 2")),
}
"""Ordinal of an individual to its name and end; all others are scored."""
_MERGES: Final = {14: 3, 25: 2, 34: 1}
"""Ordinal of a merge to the number of the agent whose tip is the other parent."""


class _Grower:
    """Lets four agents take turns; every accepted offspring moves its agent's branch."""

    def __init__(self, swarm: Swarm, environment: str) -> None:
        self.swarm = swarm
        self.environment = environment
        self.ids: dict[str, CommitId] = {"base": swarm.base}
        self._git = swarm.git
        self._journal = Journal(swarm.git, "w1")
        self._evaluator = swarm.spec().evaluator
        self._tips = dict.fromkeys(range(1, 5), swarm.base)
        self._waiting: list[Future[CommitId]] = []

    def grow(self) -> None:
        """Forty individuals, and two attempts that came to nothing."""
        base = self._git.commit(self.swarm.base)
        self._evaluate(base.id, base.tree, Scored(0.0, {"size": 10.0}), "", START + 1.0)
        for number in range(1, 41):
            self._offspring(number)
        self._append(
            Attempt("a3", "rewrite", 11, (self._tips[3],), reason="no change", time=START + 2500.0)
        )
        for waiting in self._waiting:
            waiting.result(60)
        self._journal.close()
        for number, tip in self._tips.items():
            self._git.move_ref(f"{HEADS}a{number}", old=None, new=tip)
            self.ids[f"a{number}"] = tip

    def _offspring(self, number: int) -> None:
        agent = (number - 1) % 4 + 1
        step, when = (number - 1) // 4 + 1, START + 60.0 * number
        parents = [self._tips[agent]]
        if number in _MERGES:
            parents.append(self._tips[_MERGES[number]])
            self.ids.setdefault("merge", CommitId(""))
        commit, tree = self._commit(number, agent, step, parents)
        name, outcome = _ENDS.get(number, ("", Scored(*_figures(number, agent))))
        if number in _MERGES:
            self.ids["merge"] = commit
        self.ids.setdefault(name or f"n{number}", commit)
        self._attempt(number, agent, step, tuple(parents), commit, when)
        if number == 40:
            self.ids["pending"] = commit
            return
        self._evaluate(commit, tree, outcome, f"a{agent}", when + 5)
        if isinstance(outcome, Scored):
            self._tips[agent] = commit

    def _commit(
        self, number: int, agent: int, step: int, parents: list[CommitId]
    ) -> tuple[CommitId, TreeId]:
        git, parent = self._git, self._git.commit(parents[0])
        changes = {"pkg/x.py": Change(git.write_blob(f"x = {number}\n".encode()))}
        if number % 3 == 0:
            text = f"def other(a, b):\n    # {number}\n    return a + b + {number}\n"
            changes["pkg/other.py"] = Change(git.write_blob(text.encode()))
        tree = git.change_tree(parent.tree, changes)
        operator = "merge" if len(parents) > 1 else ("mutate", "rewrite")[agent % 2]
        made = Provenance(
            f"a{agent}", operator, step, seed=7, model="small-model" if agent % 2 else ""
        )
        message = compose(_subject(number), "", made)
        if number == 10:  # what no agent of ours writes, but another host's may
            message = HOSTILE[0] + message[len("x") :]
            self.ids["hostile"] = CommitId("")
        commit = git.write_commit(
            tree, parents, message, author=f"a{agent}", time=int(START + step)
        )
        if number == 10:
            self.ids["hostile"] = commit
        return commit, tree

    def _attempt(
        self,
        number: int,
        agent: int,
        step: int,
        parents: tuple[CommitId, ...],
        commit: CommitId,
        when: float,
    ) -> None:
        paid = agent % 2 == 1
        operator = "merge" if len(parents) > 1 else ("mutate", "rewrite")[agent % 2]
        attempt = Attempt(
            f"a{agent}",
            operator,
            step,
            parents,
            offspring=commit,
            model="small-model" if paid else "",
            spend=Spend(900 + number, 200, 0.05) if paid else Spend(),
            seconds=4.0,
            time=when,
        )
        artefacts = {"prompt": b"make x \x1b]52;c;CANARY\x07larger\n", "response": b"x += 1\n"}
        self._append(attempt, commit, artefacts if paid else {})

    def _evaluate(
        self, commit: CommitId, tree: TreeId, outcome: Outcome, agent: str, when: float
    ) -> None:
        found = (
            (make("answer-literals", "pkg/x.py", 1, "x = 27"),)
            if isinstance(outcome, Quarantined)
            else ()
        )
        self._append(
            Evaluation(
                commit,
                tree,
                self._evaluator,
                self.environment,
                1,
                outcome,
                agent=agent,
                sandbox="bubblewrap",
                seconds=1.5,
                time=when,
                findings=found,
            ),
            commit,
        )

    def _append(
        self,
        record: Attempt | Evaluation,
        keep: CommitId | None = None,
        artefacts: dict[str, bytes] | None = None,
    ) -> None:
        kept = [keep] if keep else []
        self._waiting.append(self._journal.append(record, keep=kept, artefacts=artefacts))


def _subject(number: int) -> str:
    things = ("the loop", "the table", "the cache", "the parser", "größte Zahl 数", "the tail")
    verbs = ("tighten", "split", "inline", "reorder", "simplify")
    return f"{verbs[number % 5]} {things[number % 6]} ({number})"


def _figures(number: int, agent: int) -> tuple[float, dict[str, float]]:
    return number + agent / 10, {"size": 10.0 + number % 7, "time": 60.0 - number}


def _decide(root: Path, swarm: Swarm, grower: _Grower) -> None:
    ids = grower.ids
    phylogeny = Phylogeny(
        swarm.git,
        evaluator=swarm.spec().evaluator,
        environment=grower.environment,
        maximize=True,
    )
    ticks = count(START + 2700)
    desk = Desk(swarm, phylogeny, "ada", lambda: float(next(ticks)))
    rows = {n: ids[f"n{n}"] for n in (4, 5, 13, 18, 33)}
    desk.prune([rows[4]])
    desk.tag(rows[18], "record")
    desk.pin([rows[13]])
    desk.feedback([ids["a2"]], f"Try a heap {HOSTILE[1]}")
    desk.goal("Make x large, and keep the tests green; no literals")
    desk.pause(["a3"])
    plan = plan_promotion(swarm, phylogeny, desk.steering, rows[33])
    desk.promote(plan, lambda _: None)
    desk.agents(6)
    desk.undo()
    phylogeny.refresh()
    best = phylogeny.commit(phylogeny.best(1)[0])
    ids.update(
        pruned=rows[4],
        tagged=rows[18],
        pinned=rows[13],
        promoted=rows[33],
        first=rows[5],
        best=best,
    )
