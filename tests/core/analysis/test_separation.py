"""What a run claims of its best individual: fresh repeats against the base's own noise."""

from __future__ import annotations

from tests.core.conftest import Garden

from evogit.analysis.separation import Separation, doubt, rejudged, separation
from evogit.config.model import Evaluate, Stage

STAGE = Stage(run=("true",), score=("true",))
UP = Evaluate(stages=(STAGE,))
DOWN = Evaluate(stages=(STAGE,), direction="minimize")


def claim(garden: Garden, *, maximize: bool = True) -> Separation:
    found = separation(garden.phylogeny(), UP if maximize else DOWN)
    assert found is not None
    return found


def test_nothing_is_claimed_before_the_base_is_judged(garden: Garden) -> None:
    assert separation(garden.phylogeny(), UP) is None


def test_the_base_alone_is_no_gain(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [1.0, 1.1, 0.9, 1.0, 1.0])
    found = claim(garden)
    assert (found.best, found.real, round(found.floor, 6)) == (0, False, 0.2)


def test_a_gain_within_the_noise_of_the_base_is_no_separation(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [1.0, 1.1, 0.9, 1.0, 1.0])
    garden.judge(garden.grow("a1", {"pkg/x.py": "x = 1\n"}), [1.15])
    assert not claim(garden).real


def test_a_gain_that_may_be_none_is_doubted_in_words(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [1.0, 1.1, 0.9, 1.0, 1.0])
    near, far = (garden.grow("a1", {"pkg/x.py": f"x = {n}\n"}) for n in (1, 2))
    garden.judge(near, [1.15])
    garden.judge(far, [1.5])
    phylogeny = garden.phylogeny()
    said = doubt(phylogeny, phylogeny.index(near), UP)
    assert said == "its gain over the base, 0.15, is within the noise floor, 0.2"
    said = doubt(phylogeny, phylogeny.index(far), UP)
    assert said == (
        "its gain over the base, 0.5, is not confirmed by repeats; the noise floor is 0.2"
    )
    garden.judge(far, [1.5] * 8)
    phylogeny.refresh()
    assert not doubt(phylogeny, phylogeny.index(far), UP)
    assert doubt(phylogeny, phylogeny.index(far), DOWN)
    assert not doubt(phylogeny, 0, UP)


def test_the_luck_that_chose_an_individual_is_not_reported(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [1.0, 1.1, 0.9, 1.0, 1.0])
    lucky = garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    garden.judge(lucky, [4.0, 2.0, 2.0, 1.1, 1.0, 1.2, 1.1, 1.1])
    found = claim(garden)
    assert (round(found.score, 6), found.fresh, found.real) == (1.1, 5, False)


def test_a_would_be_record_counts_as_confirmed_once_it_was_judged_twice_more(
    garden: Garden,
) -> None:
    once = garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    garden.judge(once, [4.0, 2.0])
    thrice = garden.grow("a1", {"pkg/x.py": "x = 2\n"})
    garden.judge(thrice, [4.0, 2.0, 1.0])
    phylogeny = garden.phylogeny()
    assert not rejudged(phylogeny, phylogeny.index(once))
    assert rejudged(phylogeny, phylogeny.index(thrice))


def test_a_gain_that_fresh_repeats_confirm_is_real(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [1.0, 1.1, 0.9, 1.0, 1.0])
    better = garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    garden.judge(better, [1.6, 1.5, 1.5, 1.4, 1.5, 1.6, 1.5, 1.5])
    found = claim(garden)
    assert found.real
    assert round(found.score, 6) == 1.5


def test_a_gain_that_only_chance_chose_is_not_confirmed_under_noise(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [1.0, 1.1, 0.9, 1.0, 1.0])
    garden.judge(garden.grow("a1", {"pkg/x.py": "x = 1\n"}), [4.0, 3.9, 3.9])
    found = claim(garden)
    assert (found.confirmed, found.real) == (False, False)


def test_noise_that_only_the_best_shows_counts_as_much_as_the_bases(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [0.95, 0.95])
    lucky = garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    garden.judge(lucky, [1.0])
    assert claim(garden).real
    garden.judge(lucky, [1.0, 1.0, 1.0, 0.95])
    found = claim(garden)
    assert (round(found.floor, 6), found.confirmed, found.real) == (0.05, False, False)


def test_the_base_leading_under_noise_has_one_score(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [1.0, 3.0, 2.0, 1.5, 2.5])
    found = claim(garden)
    assert (found.best, found.fresh, found.score) == (0, 0, found.base)


def test_what_fails_on_held_out_data_is_doubted(garden: Garden) -> None:
    garden.judge(garden.swarm.base, [1.0, 1.0])
    better = garden.grow("a1", {"pkg/x.py": "x = 1\n"})
    garden.judge(better, [2.0])
    garden.judge(garden.swarm.base, [5.0], purpose="holdout")
    garden.judge(better, [4.0], purpose="holdout")
    phylogeny = garden.phylogeny()
    row = phylogeny.index(better)
    assert doubt(phylogeny, row, UP).startswith("on held-out data, 4, it is no better")
    assert not doubt(phylogeny, row, DOWN).startswith("on held-out")
