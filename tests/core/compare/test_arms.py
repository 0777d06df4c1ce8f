"""Arms as they are written, and the controls of an ablation."""

from __future__ import annotations

import pytest

from evogit.compare.arms import Arm, cells, choose_arms, merge_option, parse_arm
from evogit.errors import ConfigError, NotFoundError


def names(arms: list[Arm]) -> list[str]:
    return [arm.name for arm in arms]


def test_an_arm_is_a_strategy_with_options_and_other_seeds() -> None:
    arm = parse_arm("evogit+merge_every=0+drift=0.5@1000")
    assert arm.options == (("merge_every", 0), ("drift", 0.5))
    assert (arm.strategy, arm.shift) == ("evogit", 1000)
    assert parse_arm("islands+topology=star").options == (("topology", "star"),)


@pytest.mark.parametrize(
    "text", ["", "../evogit", "evogit/x", "evogit+", "evogit+drift", "evogit+drift=2", "evogit+x=1"]
)
def test_what_is_no_arm_is_refused_before_anything_runs(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_arm(text)


def test_a_strategy_nobody_installed_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        parse_arm("evogitt")


def test_the_baselines_are_in_every_table_once() -> None:
    assert names(choose_arms(["sequential", "evogit"], ablate_merge=False)) == [
        "sequential",
        "evogit",
        "best-of-n",
    ]


def test_an_ablation_adds_merges_off_and_a_fork_of_equal_cost_with_the_same_options() -> None:
    arms = names(choose_arms(["evogit+drift=0.5", "evogit@7", "islands"], ablate_merge=True))
    assert arms == [
        "evogit+drift=0.5",
        "evogit@7",
        "islands",
        "best-of-n",
        "sequential",
        "evogit+drift=0.5+merge_every=0",
        "fork+of=evogit+drift=0.5",
        "islands+merge=0",
        "fork+of=islands",
    ]


def test_strategies_that_never_merge_can_not_be_ablated() -> None:
    assert merge_option("hill-climb") is None
    with pytest.raises(ConfigError, match="merges"):
        choose_arms(["hill-climb"], ablate_merge=True)


def test_every_arm_meets_every_seed_on_every_problem_seed_by_seed() -> None:
    arms = choose_arms([], ablate_merge=False)
    found = cells(["p", "q"], arms, [3, 5])
    assert len({(cell.problem, cell.arm.name, cell.seed) for cell in found}) == 8
    assert [cell.seed for cell in found] == [3] * 4 + [5] * 4
