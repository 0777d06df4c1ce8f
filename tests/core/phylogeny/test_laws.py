"""Laws on random histories with real git: how it was read does not matter, and git agrees."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evogit.git.repository import GitRepository
from evogit.ids import CommitId
from evogit.outcome import Crashed, TimedOut
from evogit.phylogeny.index import Phylogeny
from evogit.records import Lease, Spend
from evogit.text import clean_line

LAWS = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
_counter = itertools.count()
Facts = Callable[[Phylogeny], dict[str, object]]

DEEDS = st.tuples(
    st.sampled_from(["mutate", "mutate", "merge", "twin", "evaluate", "attempt", "decide", "copy"]),
    st.integers(0, 2**16),
    st.integers(0, 2**16),
)


class World:
    """Does one random deed after another; a refresh may happen between any two."""

    def __init__(self, swarm: Any) -> None:
        self.swarm = swarm
        self.made: list[CommitId] = [swarm.base]
        self.decisions: list[CommitId] = []

    def do(self, deed: str, a: int, b: int) -> None:
        swarm, made = self.swarm, self.made
        one, other = made[a % len(made)], made[b % len(made)]
        agent = f"a{b % 3}"
        if deed == "mutate":
            self.keep(swarm.individual(agent, [one]), agent)
        elif deed == "merge":
            parents = [one, other] if one != other else [one]
            self.keep(swarm.individual(agent, parents), agent)
        elif deed == "twin":
            self.keep(swarm.commit([one], text=f"twin {b % 3}", agent=agent), agent)
        elif deed == "evaluate":
            outcome = [float(b % 7), Crashed("run", "x"), TimedOut("run", 1.0), 3.25][b % 4]
            purpose = ["search", "search", "repeat", "holdout"][a % 4]
            record = swarm.evaluation(
                one, outcome, seed=a % 2, purpose=purpose, time=float(b % 100)
            )
            swarm.journal(f"w{a % 2}", record)
        elif deed == "attempt":
            lease = Lease("reserve", agent=agent, step=a % 9, spend=Spend(1, 1, 1.0))
            swarm.journal("w1", lease if b % 2 else swarm.attempt(agent, a % 9))
        elif deed == "decide":
            verb = ["prune", "restore", "pin", "unpin", "undo", "redo"][b % 6]
            undoes = self.decisions[a % len(self.decisions)] if self.decisions else None
            selects = [one] if verb not in {"undo", "redo"} else []
            self.decisions.append(swarm.decide(verb, *selects, undoes=undoes))
        else:
            self.copy(b)

    def keep(self, made: CommitId, agent: str) -> None:
        """What a worker does with all offspring, so that no branch move can lose one."""
        self.made.append(made)
        attempt = self.swarm.attempt(agent, len(self.made), offspring=made)
        self.swarm.journal("w1", attempt, keep=[made])

    def copy(self, b: int) -> None:
        """Another host's copy of a journal, behind or level; and a branch of its own."""
        tip = self.swarm.git.ref("refs/evogit/journal/w1")
        while tip is not None and b % 3:
            b -= 1
            parents = self.swarm.git.commit(tip).parents
            tip = parents[0] if parents else tip
        mirror = "refs/evogit/remotes/peer/journal/w1"
        seen = self.swarm.git.ref(mirror)
        if tip is not None and (seen is None or self.contains(tip, seen)):
            self.swarm.set(mirror, tip)
        self.swarm.set("refs/evogit/remotes/peer/heads/a0", self.made[b % len(self.made)])

    def contains(self, newer: CommitId, older: CommitId) -> bool:
        return newer == older or self.swarm.git.handle.descendant_of(newer, older)


@given(deeds=st.lists(DEEDS, max_size=25), cuts=st.sets(st.integers(0, 25), max_size=4))
@LAWS
def test_refreshing_after_any_split_of_the_history_equals_a_rebuild(
    make_swarm: Any,
    facts: Facts,
    tmp_path: Path,
    deeds: list[tuple[str, int, int]],
    cuts: set[int],
) -> None:
    world = World(make_swarm(tmp_path / f"{next(_counter)}.git"))
    followed = world.swarm.phylogeny()
    for place, deed in enumerate(deeds):
        if place in cuts:
            followed.refresh()
            followed.best(3)
            followed.children(0)
            followed.pruned(0)
            assert len(list(followed.evaluations())) == followed.evaluation_count
            assert len(followed.attempts("a1")) <= followed.spent.attempts
        world.do(*deed)
    followed.refresh()
    assert facts(followed) == facts(world.swarm.phylogeny())
    assert followed.refresh() is False


@given(deeds=st.lists(DEEDS, max_size=25), later=st.lists(DEEDS, max_size=5))
@LAWS
def test_reopening_from_the_cache_equals_a_rebuild(
    make_swarm: Any,
    facts: Facts,
    tmp_path: Path,
    deeds: list[tuple[str, int, int]],
    later: list[tuple[str, int, int]],
) -> None:
    number = next(_counter)
    world = World(make_swarm(tmp_path / f"{number}.git"))
    for deed in deeds:
        world.do(*deed)
    cache = tmp_path / f"{number}.cache"
    world.swarm.phylogeny(cache=cache).save()
    for deed in later:
        world.do(*deed)
    reopened = world.swarm.phylogeny(cache=cache)
    assert facts(reopened) == facts(world.swarm.phylogeny())


def ask(git: GitRepository, *arguments: str) -> tuple[int, set[str]]:
    done = subprocess.run(
        ["git", f"--git-dir={git.path}", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, set(done.stdout.split())


@given(
    shape=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=20),
    pick=st.tuples(st.integers(0, 99), st.integers(0, 99)),
)
@LAWS
def test_descent_agrees_with_git(
    make_swarm: Any, tmp_path: Path, shape: list[tuple[int, int]], pick: tuple[int, int]
) -> None:
    swarm = make_swarm(tmp_path / f"{next(_counter)}.git")
    made = [swarm.base]
    for a, b in shape:
        parents = list(dict.fromkeys([made[a % len(made)], made[b % len(made)]]))
        made.append(swarm.individual(f"a{len(made)}", parents))
    phylogeny = swarm.phylogeny()
    a, b = (made[p % len(made)] for p in pick)
    i, j = phylogeny.index(a), phylogeny.index(b)
    _, bases = ask(swarm.git, "merge-base", "--all", a, b)
    base = phylogeny.merge_base(i, j)
    assert phylogeny.commit(base) in bases
    assert base == phylogeny.merge_base(j, i)
    status, _ = ask(swarm.git, "merge-base", "--is-ancestor", a, b)
    assert phylogeny.is_ancestor(i, j) == (status == 0)
    _, reached = ask(swarm.git, "rev-list", a, f"^{swarm.old}")
    assert {phylogeny.commit(k) for k in phylogeny.ancestors(i)} == reached - {a}
    _, chain = ask(swarm.git, "rev-list", "--first-parent", a, f"^{swarm.old}")
    assert {phylogeny.commit(k) for k in phylogeny.lineage(i)} == chain
    assert phylogeny.lineage(i)[-1] == 0


@given(
    message=st.binary(max_size=300),
    date=st.integers(0, 2**70),
    record=st.one_of(st.text(max_size=200), st.binary(max_size=200).map(repr)),
)
@LAWS
def test_no_message_and_no_date_can_make_reading_fail(
    make_swarm: Any, facts: Facts, tmp_path: Path, message: bytes, date: int, record: str
) -> None:
    swarm = make_swarm(tmp_path / f"{next(_counter)}.git")
    followed = swarm.phylogeny()
    tree, base = swarm.tree("x"), swarm.base
    raw = (
        f"tree {tree}\nparent {base}\nauthor x <x> 1 +0000\ncommitter x <x> {date} +0000\n".encode()
    )
    odd = swarm.git.handle.odb.write(1, raw + b"encoding nonsense\n\n" + message)
    swarm.set("refs/heads/odd", CommitId(str(odd)))
    swarm.journal("w1", "subject\n\n" + record.replace("\0", ""))
    followed.refresh()
    assert [followed.commit(i) for i in range(len(followed))] == [swarm.base, str(odd)]
    for text in (followed.subject(1), followed.agent(1)):
        assert clean_line(text) == text
    assert facts(followed) == facts(swarm.phylogeny())
