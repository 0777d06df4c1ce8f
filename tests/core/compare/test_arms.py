"""Arms as they are written, and the controls of an ablation."""

from __future__ import annotations

import pytest

from evogit.compare.arms import Arm, cells, choose_arms, merge_option, options_of, parse_arm
from evogit.config.model import Search
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


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        (
            "front=pareto+objectives=+score,-spread+window=200",
            "front",
            (("objectives", "+score,-spread"), ("window", 200)),
        ),
        ("map-elites+measures=size, depth", None, (("measures", "size, depth"),)),
        ("warm=map-elites+measures=seconds 0..10@7", "warm", (("measures", "seconds 0..10"),)),
    ],
)
def test_values_may_hold_commas_blanks_and_signs(
    text: str, name: str | None, options: tuple[tuple[str, object], ...]
) -> None:
    arm = parse_arm(text)
    assert (arm.name, arm.options, arm.text) == (name or text, options, text)
    assert parse_arm(arm.text) == arm


def test_an_arm_with_a_name_is_ablated_under_that_name() -> None:
    arms = choose_arms(["front=pareto+objectives=+score,-size"], ablate_merge=True)
    assert names(arms)[-2:] == ["front.unmerged", "front.fork"]
    assert dict(arms[-2].options) == {"objectives": "+score,-size", "merge": 0}
    assert dict(arms[-1].options) == {"of": "pareto", "objectives": "+score,-size"}


def test_two_arms_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two arms are called 'x'"):
        choose_arms(["x=islands", "x=evogit"], ablate_merge=False)
    with pytest.raises(ConfigError, match="too long for a name"):
        parse_arm("evogit" + "+drift=0.5" * 20)


def test_options_of_a_problem_are_those_of_its_strategy_alone_and_an_arms_own_come_first() -> None:
    search = Search(strategy="evogit", options={"merge_every": 2, "cross": 0.5})
    found = {
        text: options_of(parse_arm(text), search)
        for text in ("evogit", "evogit+cross=0", "islands", "fork+of=evogit", "fork+of=islands")
    }
    assert found == {
        "evogit": {"merge_every": 2, "cross": 0.5},
        "evogit+cross=0": {"merge_every": 2, "cross": 0},
        "islands": {},
        "fork+of=evogit": {"of": "evogit", "merge_every": 2, "cross": 0.5},
        "fork+of=islands": {"of": "islands"},
    }
