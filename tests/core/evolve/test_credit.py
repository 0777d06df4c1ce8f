"""Who gets the work: the bandit over operators and models, on real journals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from tests.core.phylogeny.conftest import Swarm

from evogit.evolve.credit import Credit, expected
from evogit.phylogeny.arms import Pull
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Arm
from evogit.records import Attempt, Record, Spend

ARMS = (Arm("rewrite", "large"), Arm("diff", "small"), Arm("section"))


@pytest.fixture
def swarm(tmp_path: Path) -> Swarm:
    return Swarm(tmp_path / "swarm.git")


def journalled(
    swarm: Swarm,
    gains: Sequence[tuple[int, float | None]],
    factor: float = 1.0,
    offset: float = 0.0,
) -> None:
    """One attempt each: which arm, and its offspring's score over the base's 0 (``None``: none)."""
    records: list[Record] = [swarm.evaluation(swarm.base, offset)]
    for step, (arm, gain) in enumerate(gains, 1):
        made = None if gain is None else swarm.commit([swarm.base], agent=f"a{arm}")
        operator, model = ARMS[arm].operator, ARMS[arm].model
        records.append(
            Attempt(
                f"a{arm}", operator, step, (swarm.base,), offspring=made, model=model, time=step
            )
        )
        if made is not None and gain is not None:
            swarm.set(f"refs/heads/x{step}", made)
            records.append(swarm.evaluation(made, factor * gain + offset))
    swarm.journal("w1", *records)


def chosen(
    phylogeny: Phylogeny, times: int = 300, seed: int = 1, noise: float = 0.0
) -> Counter[Arm]:
    credit = Credit(phylogeny, noise=noise)
    random = Random(seed)
    return Counter(credit.choose(ARMS, random) for _ in range(times))


MIXED = [(arm, 2.0 + i if arm == 1 and i % 3 == 0 else -1.0) for i in range(15) for arm in range(3)]


def test_the_arm_that_gains_gets_most_of_the_work_and_the_others_still_get_some(
    swarm: Swarm,
) -> None:
    journalled(swarm, MIXED)
    found = chosen(swarm.phylogeny())
    assert found[ARMS[1]] > 200
    assert min(found[arm] for arm in ARMS) > 3


def test_the_same_phylogeny_and_chance_give_the_same_choices(swarm: Swarm) -> None:
    journalled(swarm, MIXED)
    assert chosen(swarm.phylogeny(), seed=5) == chosen(swarm.phylogeny(), seed=5)


def test_neither_the_scale_nor_the_sign_nor_the_direction_of_scores_matters(tmp_path: Path) -> None:
    found: list[Counter[Arm]] = []
    for name, factor, offset in (
        ("plain", 1.0, 0.0),
        ("large and negative", 4096.0, -(2.0**40)),
        ("minimised", -1.0, 0.0),
    ):
        swarm = Swarm(tmp_path / f"{name}.git")
        journalled(swarm, MIXED, factor, offset)
        found.append(chosen(swarm.phylogeny(maximize=factor > 0)))
    assert found[0] == found[1] == found[2]


def test_arms_that_only_fail_are_tried_alike(swarm: Swarm) -> None:
    journalled(swarm, [(arm, None) for arm in range(3) for _ in range(10)])
    assert min(chosen(swarm.phylogeny()).values()) > 60


def test_a_new_arm_is_tried_beside_one_that_is_known_to_gain(swarm: Swarm) -> None:
    journalled(swarm, [(0, 1.0 + i if i % 5 == 0 else -1.0) for i in range(60)])
    found = chosen(swarm.phylogeny())
    assert min(found[arm] for arm in ARMS) > 30


def test_gains_within_the_noise_earn_nothing(swarm: Swarm) -> None:
    journalled(swarm, [(0, 0.1), (0, 0.2), (1, -1.0), (2, -1.0)] * 8)
    assert chosen(swarm.phylogeny())[ARMS[0]] > 200
    assert chosen(swarm.phylogeny(), noise=0.5)[ARMS[0]] < 150


def test_without_a_bandit_all_arms_are_alike(swarm: Swarm) -> None:
    journalled(swarm, MIXED)
    credit = Credit(swarm.phylogeny(), "uniform")
    assert [credit.choose(ARMS, Random(i)) for i in range(9)] == [
        Random(i).choice(ARMS) for i in range(9)
    ]


def _preferred(pulls: Sequence[Pull], arms: int = 2) -> Counter[int]:
    random = Random(3)
    worth = [expected(pulls, arms, 0.0, random) for _ in range(400)]
    return Counter(max(range(arms), key=each.__getitem__) for each in worth)


def test_of_two_arms_that_gain_alike_the_cheaper_one_is_preferred() -> None:
    for dear, cheap in ((Spend(9, 1, 0.05), Spend(9, 1, 0.01)), (Spend(90), Spend(10))):
        spent = (dear, cheap)
        pulls = [
            Pull(arm, float(i % 4 == 0), spent[arm].tokens_in, spent[arm].cost_usd)
            for i in range(40)
            for arm in (0, 1)
        ]
        assert _preferred(pulls)[1] > 260


def test_an_arm_that_costs_nothing_and_gains_nothing_does_not_get_all_the_work() -> None:
    paid = [Pull(0, float(i % 3 == 0), 100, 0.02) for i in range(30)]
    free = [Pull(1, 0.0, 100, 0.0) for _ in range(30)]
    assert _preferred([*paid, *free])[0] > 300


def test_it_finds_more_than_chance_for_the_same_number_of_attempts() -> None:
    rates = (0.02, 0.02, 0.15, 0.02, 0.02, 0.02)

    def gained(seed: int, *, bandit: bool) -> int:
        random, pulls, found = Random(seed), list[Pull](), 0
        for _ in range(300):
            worth = expected(pulls[-120:], len(rates), 0.0, random)
            arm = max(range(len(rates)), key=worth.__getitem__) if bandit else random.randrange(6)
            gain = random.expovariate(1.0) if random.random() < rates[arm] else 0.0
            found += gain > 0
            pulls.append(Pull(arm, gain, 0, 0.0))
        return found

    seeds = range(12)
    assert sum(gained(seed, bandit=True) for seed in seeds) > 1.5 * sum(
        gained(seed, bandit=False) for seed in seeds
    )
