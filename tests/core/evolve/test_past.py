"""What agents learn of earlier attempts, from a real swarm repository."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from evogit.evolve.credit import Credit
from evogit.evolve.past import RecordedPast
from evogit.ids import CommitId
from evogit.outcome import Crashed, Scored
from evogit.proposals import Arm, Genome
from evogit.records import Attempt, Evaluation
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Garden

    from evogit.outcome import Outcome
    from evogit.phylogeny.index import Phylogeny


def past_of(garden: Garden, phylogeny: Phylogeny, agent: str = "a1") -> RecordedPast:
    def genome(commit: CommitId) -> Genome:
        tree = phylogeny.tree(phylogeny.index(commit))
        files = garden.swarm.git.files(tree)
        return Genome(
            commit, tree, tuple(files), lambda p: garden.swarm.git.read_blob(files[p].blob)
        )

    return RecordedPast(garden.swarm.git, phylogeny, agent, genome, Credit(phylogeny))


def base_of(garden: Garden) -> Genome:
    commit = garden.swarm.git.commit(garden.swarm.base)
    return Genome(commit.id, commit.tree, (), _unread)


def _unread(path: str) -> bytes:
    raise KeyError(path)


def judge(garden: Garden, journal: Journal, commit: CommitId, outcome: Outcome) -> None:
    tree = garden.swarm.git.commit(commit).tree
    evaluator = garden.swarm.spec().evaluator
    journal.append(Evaluation(commit, tree, evaluator, "", 0, outcome)).result()


def fail(journal: Journal, agent: str, step: int, parent: CommitId, reason: str) -> None:
    attempt = Attempt(agent, "diff", step, (parent,), reason=reason, time=float(step))
    journal.append(attempt).result()


def test_children_and_own_failures_are_told_with_how_they_ended(garden: Garden) -> None:
    base = garden.swarm.base
    good = garden.grow("a1", {"pkg/x.py": "x = 1\n"}, base, subject="count up")
    bad = garden.grow("a2", {"pkg/x.py": "x = y\n"}, base, subject="use y")
    journal = Journal(garden.swarm.git, "w1")
    judge(garden, journal, good, Scored(3.0, {"bins": 7.0}))
    judge(garden, journal, bad, Crashed("main", "NameError: y\nat line 1"))
    fail(journal, "a1", 2, base, "the answer changes nothing")
    fail(journal, "a2", 3, base, "of somebody else")
    journal.close()
    phylogeny = garden.phylogeny()
    past = past_of(garden, phylogeny)
    trials = past.trials(base_of(garden))
    told = {(trial.subject, trial.outcome, trial.score) for trial in trials}
    assert told == {
        ("count up", "scored 3", 3.0),
        ("use y", "crashed in main: NameError: y at line 1", None),
        ("the answer changes nothing", "", None),
    }
    failed = next(trial.genome for trial in trials if trial.subject == "use y")
    assert failed is not None
    assert failed.read("pkg/x.py") == b"x = y\n"
    assert past.output(failed) == "crashed in main: NameError: y\nat line 1"
    won = next(trial.genome for trial in trials if trial.score is not None)
    assert won is not None
    assert past.output(won) == "bins = 7"


@pytest.mark.parametrize("most", [1, 2, 5, 8])
def test_trials_are_bounded_and_hold_the_newest_of_both_kinds(garden: Garden, most: int) -> None:
    base = garden.swarm.base
    for i in range(10):
        garden.grow(f"c{i}", {"pkg/x.py": f"x = {i}\n"}, base, subject=f"child {i}")
    journal = Journal(garden.swarm.git, "w1")
    for i in range(10):
        fail(journal, "a1", i + 1, base, f"failure {i}")
    journal.close()
    found = [t.subject for t in past_of(garden, garden.phylogeny()).trials(base_of(garden), most)]
    assert len(found) == most
    failures = [subject for subject in found if subject.startswith("failure")]
    assert failures == [f"failure {9 - i}" for i in range(len(failures))]
    assert len(failures) == most // 2


def test_the_lineage_is_the_first_parents(garden: Garden) -> None:
    first = garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    second = garden.grow("a1", {"pkg/x.py": "x = 2\n"})
    third = garden.grow("a1", {"pkg/x.py": "x = 3\n"})
    phylogeny = garden.phylogeny()
    past = past_of(garden, phylogeny)
    tree = phylogeny.tree(phylogeny.index(third))
    me = Genome(third, tree, (), _unread)
    assert [one.commit for one in past.lineage(me)] == [second, first, garden.swarm.base]
    assert [one.commit for one in past.lineage(me, 1)] == [second]


def test_of_a_stranger_nothing_is_known(garden: Garden) -> None:
    past = past_of(garden, garden.phylogeny())
    stranger = Genome(CommitId("f" * 40), base_of(garden).tree, (), _unread)
    assert past.trials(stranger) == ()
    assert past.lineage(stranger) == ()
    assert past.output(stranger) == ""


def test_an_arm_is_one_of_those_offered(garden: Garden) -> None:
    arms = [Arm("diff", "m"), Arm("rewrite", "m")]
    past = past_of(garden, garden.phylogeny())
    assert {past.choose(arms, Random(i)) for i in range(40)} == set(arms)
