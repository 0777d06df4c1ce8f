"""No offspring, whoever made it, changes tests inside a source file of the base."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.core.conftest import Garden

from evogit.config.load import parse
from evogit.errors import UserError
from evogit.evolve.offspring import Made, Nursery
from evogit.git.trees import Change
from evogit.inline_tests.check import check_inline_tests
from evogit.proposals import MERGE, Agent, Proposal, Step, Task
from evogit.records import Spend
from evogit.source import find_source
from evogit.swarm.repository import create_swarm

if TYPE_CHECKING:
    from tests.core.conftest import UserRepository

LIB = """\
pub fn twice(x: u8) -> u8 {
    x + x
}

#[cfg(test)]
mod tests {
    #[test]
    fn doubles() {
        assert_eq!(super::twice(2), 4);
    }
}
"""
WEAK = LIB.replace("        assert_eq!(super::twice(2), 4);\n", "")
FAST = LIB.replace("x + x", "x << 1")
SETTINGS = """
[evaluate]
stages = [{ name = "main", run = ["true"], score = "speed" }]
[search]
editable = ["**/src/**/*.rs"]
protected = ["**/tests.rs"]
"""


class Writer:
    """Proposes these files."""

    kind = "writer"

    def __init__(self, files: dict[str, bytes | None]) -> None:
        self._files = files

    def propose(self, task: Task) -> Proposal:
        del task
        return Proposal("mutate", self._files, "write")

    def worst_case(self) -> Spend:
        return Spend()


@pytest.fixture
def crate(user_repository: UserRepository) -> Garden:
    root = user_repository("crate", {"src/lib.rs": LIB, "src/tests.rs": "fn a() {}\n"})
    source = find_source(root)
    base = source.resolve("HEAD")
    swarm = create_swarm(source.swarm, source, base, parse(SETTINGS), {}, author="ada")
    return Garden(root, swarm)


def step(crate: Garden, agent: Agent, what: Step) -> Made:
    nursery = Nursery(crate.swarm.git, crate.swarm.spec(), crate.phylogeny(), 0, 1)
    return nursery.propose(agent, "a1", 1, what, [], Random(1))()


def propose(crate: Garden, path: str, text: str | None) -> Made:
    writer = Writer({path: None if text is None else text.encode()})
    return step(crate, writer, Step("mutate", (crate.swarm.base,)))


def test_an_agent_may_change_the_code_beside_them(crate: Garden) -> None:
    assert propose(crate, "src/lib.rs", FAST).commit is not None


@pytest.mark.parametrize(
    ("path", "text"),
    [("src/lib.rs", WEAK), ("src/lib.rs", None), ("src/new.rs", LIB), ("src/lib.rs", LIB + "}")],
)
def test_what_an_agent_did_to_them_is_refused_with_the_reason(
    crate: Garden, path: str, text: str | None
) -> None:
    made = propose(crate, path, text)
    assert made.commit is None
    assert made.reason == (
        f"refused: tests inside '{path}' are not as in the base: they may not change, "
        "and none may be added"
    )


def test_a_merge_with_what_a_stranger_did_to_them_is_refused(crate: Garden) -> None:
    mine = crate.grow("a1", {"src/lib.rs": FAST}, crate.swarm.base)
    stranger = crate.grow("a2", {"src/lib.rs": WEAK}, crate.swarm.base)
    made = step(crate, Writer({}), Step(MERGE, (mine, stranger)))
    assert made.commit is None
    assert "tests inside 'src/lib.rs'" in made.reason


def test_protected_files_are_left_to_who_lays_them_over(crate: Garden) -> None:
    git = crate.swarm.git
    base = git.commit(crate.swarm.base).tree
    tree = git.change_tree(base, {"src/tests.rs": Change(git.write_blob(LIB.encode()))})
    check_inline_tests(git, base, tree, ["**/tests.rs"])
    tree = git.change_tree(base, {"src/lib.rs": None})
    with pytest.raises(UserError, match=r"tests inside 'src/lib.rs'"):
        check_inline_tests(git, base, tree, ["**/tests.rs"])


def test_more_than_can_be_read_in_seconds_is_refused(crate: Garden) -> None:
    git = crate.swarm.git
    base = git.commit(crate.swarm.base).tree
    large = Change(git.write_blob(b"()" * 2**19))
    tree = git.change_tree(base, {f"src/{number}.rs": large for number in range(5)})
    with pytest.raises(UserError, match="more than 4 MiB of files"):
        check_inline_tests(git, base, tree, [])
