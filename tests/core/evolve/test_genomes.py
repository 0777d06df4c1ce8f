"""Of an individual nothing is opened before somebody asks for it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pygit2
import pytest

from evogit.evolve.credit import Credit
from evogit.evolve.genomes import Genomes, UnreadableError
from evogit.evolve.offspring import Nursery
from evogit.evolve.past import RecordedPast
from evogit.git import trees
from evogit.git.repository import GitRepository
from evogit.ids import CommitId, TreeId
from evogit.proposals import NoProposal, Proposal, Step, Task
from evogit.records import Attempt, Spend
from evogit.swarm.journal import Journal, read_entry

if TYPE_CHECKING:
    from conftest import Garden

FILE = "pkg/x.py"


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[TreeId]:
    """Trees all of whose files were listed."""
    found: list[TreeId] = []
    files = GitRepository.files

    def spy(git: GitRepository, tree: TreeId) -> dict[str, trees.Entry]:
        found.append(tree)
        return files(git, tree)

    monkeypatch.setattr(GitRepository, "files", spy)
    return found


def _lineage(garden: Garden, length: int) -> list[CommitId]:
    return [garden.grow("a1", {FILE: f"x = {n}\n"}) for n in range(1, length + 1)]


def _past(garden: Garden) -> RecordedPast:
    phylogeny = garden.phylogeny()
    genomes = Genomes(garden.swarm.git, phylogeny)
    return RecordedPast(garden.swarm.git, phylogeny, "a1", genomes, Credit(phylogeny))


def test_looking_at_one_file_of_a_lineage_and_its_trials_lists_no_tree(
    garden: Garden, listed: list[TreeId]
) -> None:
    tip = _lineage(garden, 6)[-1]
    past, genome = _past(garden), Genomes(garden.swarm.git, garden.phylogeny())(tip)
    listed.clear()
    ancestors = past.lineage(genome, 100)
    tried = [t.genome.read(FILE) for a in ancestors for t in past.trials(a) if t.genome is not None]
    assert tried == [f"x = {n}\n".encode() for n in (6, 5, 4, 3, 2, 1)]
    assert listed == []


def test_files_are_listed_once_for_all_who_ask(garden: Garden, listed: list[TreeId]) -> None:
    genomes, base = Genomes(garden.swarm.git, garden.phylogeny()), garden.swarm.base
    listed.clear()
    for genome in (genomes(base), genomes(base)):
        assert set(genome.paths) == {"pkg/x.py", "pkg/ü name.py", "run.py"}
        assert len(genome.paths) == 3
        assert FILE in genome.paths
        assert genome.paths[0] == next(iter(genome.paths)) == genome.paths[:1][0]
    assert listed == [garden.swarm.git.commit(base).tree]


def test_only_regular_files_can_be_read(garden: Garden) -> None:
    git, base = garden.swarm.git, garden.swarm.git.commit(garden.swarm.base)
    builder = git.handle.TreeBuilder(git.handle[base.tree].peel(pygit2.Tree))
    builder.insert("link", pygit2.Oid(hex=git.write_blob(b"run.py")), pygit2.enums.FileMode.LINK)
    builder.insert("module", pygit2.Oid(hex=base.id), pygit2.enums.FileMode.COMMIT)
    tree = TreeId(str(builder.write()))
    commit = git.write_commit(tree, [base.id], "odd\n", author="x", time=base.time + 1)
    git.move_ref("refs/heads/a1", old=None, new=commit)
    genome = Genomes(git, garden.phylogeny())(commit)
    assert genome.read("pkg/ü name.py") == b"# first\n\n\n# last\n"
    for path in ("link", "module", "pkg", "", "pkg/", "/run.py", "pkg//x.py", "..", "a\0b", "no/x"):
        with pytest.raises(KeyError):
            genome.read(path)
    assert not {"link", "module"} & set(genome.paths)


def test_an_agents_failures_are_read_once_for_all_of_its_lineage(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    lineage = _lineage(garden, 4)
    journal = Journal(garden.swarm.git, "w1")
    for number, parent in enumerate(lineage):
        journal.append(Attempt("a1", "diff", number, (parent,), reason=f"at {number}")).result()
    journal.close()
    read: list[CommitId] = []

    def spy(git: GitRepository, entry: CommitId) -> object:
        read.append(entry)
        return read_entry(git, entry)

    monkeypatch.setattr("evogit.evolve.past.read_entry", spy)
    past, genomes = _past(garden), Genomes(garden.swarm.git, garden.phylogeny())
    said = [past.trials(genomes(commit))[0].subject for commit in lineage]
    assert said == ["at 0", "at 1", "at 2", "at 3"]
    assert len(read) == len(set(read)) == 4


class _Looker:
    """Looks at every path."""

    kind = "looker"

    def propose(self, task: Task) -> Proposal | NoProposal:
        return NoProposal("mutate", f"saw {len(task.parents[0].paths)} files")

    def worst_case(self) -> Spend:
        return Spend()


def test_a_tree_of_too_many_files_ends_the_step_and_not_the_worker(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    git, step = garden.swarm.git, Step("mutate", (garden.swarm.base,))
    nursery = Nursery(git, garden.swarm.spec(), garden.phylogeny(), 0, 1)
    genome = Genomes(git, garden.phylogeny())(garden.swarm.base)

    def full(git: GitRepository, tree: TreeId) -> dict[str, trees.Entry]:
        return dict(trees.walk(git.handle, tree, most=2))

    with monkeypatch.context() as patch:
        patch.setattr(GitRepository, "files", full)
        made = nursery.propose(_Looker(), "a2", 1, step, (), Random(1))()
        with pytest.raises(UnreadableError):
            len(genome.paths)
    assert "can not be read: tree has too many entries" in made.reason
    assert nursery.propose(_Looker(), "a2", 1, step, (), Random(1))().reason == "saw 3 files"
