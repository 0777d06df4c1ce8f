"""Constants tuned together: which ones, how they are written, and what follows from earlier trials."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from evogit.config.model import Search
from evogit.ids import CommitId, TreeId
from evogit.proposals import Arm, Genome, NoProposal, Proposal, Task, Trial
from evogit_agents.genetic import GeneticAgent
from evogit_agents.genetic.index import build
from evogit_agents.genetic.numerals import read as numeral
from evogit_agents.genetic.numerals import write
from evogit_agents.genetic.python_constants import tunable
from evogit_agents.genetic.source import read
from evogit_agents.genetic.tuning.constants import Tunable, scale
from evogit_agents.genetic.tuning.history import samples

FILE = "model.py"
OTHER = "other.py"


def constants(text: str) -> list[str]:
    found = found_in(text.encode())
    return [] if found is None else list(found.texts(found.data) or ())


def found_in(data: bytes) -> Tunable | None:
    source = read(data)
    assert source is not None
    return tunable(data, build(source, None))


@dataclass
class Swarm:
    """A past in lists: who came from whom, by which operator, and with what score."""

    genomes: list[Genome] = field(default_factory=list[Genome])
    parents: list[int | None] = field(default_factory=list["int | None"])
    operators: list[str] = field(default_factory=list[str])

    def add(
        self,
        data: bytes,
        parent: int | None,
        operator: str,
        score: float | None,
        other: bytes = b"",
    ) -> int:
        name = f"{len(self.genomes):040x}"
        files: Mapping[str, bytes] = {FILE: data, OTHER: other}
        self.genomes.append(Genome(CommitId(name), TreeId(name), [FILE], files.__getitem__, score))
        self.parents.append(parent)
        self.operators.append(operator)
        return len(self.genomes) - 1

    def trials(self, parent: Genome, most: int = 10) -> Sequence[Trial]:
        here = int(parent.commit, 16)
        found = [i for i, p in enumerate(self.parents) if p == here][::-1][:most]
        return [
            Trial("a1", self.operators[i], "", "judged", self.genomes[i].score, self.genomes[i])
            for i in found
        ]

    def lineage(self, individual: Genome, most: int = 10) -> Sequence[Genome]:
        found: list[Genome] = []
        here = self.parents[int(individual.commit, 16)]
        while here is not None and len(found) < most:
            found.append(self.genomes[here])
            here = self.parents[here]
        return found

    def output(self, individual: Genome) -> str:
        return ""

    def choose(self, arms: Sequence[Arm], random: Random) -> Arm:
        return arms[0]


def tune(swarm: Swarm, parent: int, random: Random, sign: float = 1.0) -> bytes:
    agent = GeneticAgent(sign, only_tune=True)
    task = Task("mutate", [swarm.genomes[parent]], [], Search(), "", [], random, swarm)
    made = agent.propose(task)
    assert isinstance(made, Proposal), made
    assert made.operator == "tune"
    return made.changes[FILE] or b""


def climb(
    text: str, worth: Callable[[list[float]], float | None], steps: int, *, sign: float = 1.0
) -> Swarm:
    """One agent that moves to what is better, as the strategies do."""

    def score(data: bytes) -> float | None:
        names: dict[str, list[float]] = {}
        exec(data, names)  # noqa: S102
        return worth(names["VALUES"])

    swarm, random = Swarm(), Random(1)
    here = swarm.add(text.encode(), None, "", score(text.encode()))
    for _ in range(steps):
        data = tune(swarm, here, random, sign)
        new = swarm.add(data, here, "tune", score(data))
        mine, theirs = swarm.genomes[here].score, swarm.genomes[new].score
        if theirs is not None and (mine is None or sign * theirs > sign * mine):
            here = new
    return swarm


def best(swarm: Swarm, sign: float = 1.0) -> float:
    return max(sign * g.score for g in swarm.genomes if g.score is not None)


def test_parameters_are_found_and_structure_is_left_alone() -> None:
    text = (
        "RATE = 0.25\nROUNDS = 40\nfirst = data[0]\npart = data[3:17]\nlast = -1.5\n"
        "for i in range(26):\n    x = (i + 1) * 2 + y ** 3\n"
    )
    assert constants(text) == ["0.25", "40", "1.5"]


def test_a_mark_settles_which_constants_count() -> None:
    text = (
        "A = 3.5\nB = 2  # evogit: tune\n\n# evogit: tune\nC = [\n    1,\n    -0.5,\n]\n\nD = 7.5\n"
    )
    assert constants(text) == ["2", "1", "-0.5"]


@pytest.mark.parametrize("mark", ["", "  # evogit: tune"])
def test_numbers_that_a_search_could_not_write_are_left_out(mark: str) -> None:
    wide = ["0xFFFFFFFF", "1e18", "1e-15", "1000000001", "[1e13, -2e12, 0.5]", "6e11", "1e-12"]
    text = "".join(f"x = {number}{mark}\n" for number in [*wide, "1e9", "1e-11", "1000000000"])
    assert constants(text) == ["0.5", "1e9", "1e-11", "1000000000"]


@pytest.mark.parametrize("text", ["5e11", "2e-12", "999999999", "[900000000000, 7]"])
def test_a_search_at_its_limit_stays_among_what_it_can_search(text: str) -> None:
    found = found_in(f"x = {text}  # evogit: tune\n".encode())
    assert found is not None
    texts = found.texts(found.data) or ()
    scales = scale(found.places, texts)
    assert scales is not None
    for far in (-1000.0, 1000.0):
        for deviation in (0.003, 0.3, 3.0, 30.0):
            written = scales.texts([far] * len(texts), [deviation] * len(texts))
            if "." not in written[0]:
                written = (scales.stepped(0, written[0], 1 if far > 0 else -1), *written[1:])
            again = found_in(found.with_texts(written))
            assert again is not None
            assert len(again.places) == len(found.places)


def test_numbers_beyond_the_limits_stay_as_they_are() -> None:
    swarm = Swarm()
    swarm.add(b"MASK = 0xFFFFFFFF\nHUGE = 1e18\nrate = 0.5\n", None, "", 0.0)
    assert tune(swarm, 0, Random(1)).startswith(b"MASK = 0xFFFFFFFF\nHUGE = 1e18\nrate = ")


def test_what_changed_another_file_only_is_no_sample_of_this_one() -> None:
    swarm, data = Swarm(), b"x = 9.5\n"
    swarm.add(data, None, "", 0.0, b"y = 1.5\n")
    for number in range(8):
        swarm.add(data, 0, "tune", float(number), b"y = %d.25\n" % number)
    child = swarm.add(b"x = 8.5\n", 0, "tune", 9.0, b"y = 1.5\n")
    swarm.add(b"x = 8.5\n", child, "tune", 9.0, b"y = 1.75\n")
    for here in (0, child):
        found = found_in(swarm.genomes[here].read(FILE))
        assert found is not None
        origin, tried, _ = samples(swarm, swarm.genomes[here], FILE, found, 1.0)
        assert origin == ("9.5",)
        assert [sample.texts for sample in tried] == [("8.5",)]


def test_only_what_lies_in_evolve_blocks_counts() -> None:
    text = "A = 3.5\n# EVOLVE-BLOCK-START\nB = 4.5\n# EVOLVE-BLOCK-END\nC = 5.5\n"
    swarm = Swarm()
    swarm.add(text.encode(), None, "", 0.0)
    child = tune(swarm, 0, Random(1)).decode()
    assert re.fullmatch(text.replace("4.5", r"[\d.]+"), child)
    assert child != text


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("0x1F", 200.2, "0xC8"),
        ("0b101", 2, "0b010"),
        ("0o17", 8, "0o10"),
        ("12", 7.6, "8"),
        ("1_000u64", 20, "20u64"),
        ("5L", 9, "9L"),
        ("10n", 3, "3n"),
        ("1.5f", 2.25, "2.25f"),
        ("2.0_f32", 0.125, "0.125f32"),
        ("1e-3", 0.00002, "2e-05"),
        (".5", 0.75, "0.75"),
        ("3.", 4, "4.0"),
    ],
)
def test_a_number_keeps_its_form(text: str, value: float, written: str) -> None:
    form = numeral(text)
    assert form is not None
    assert write(form, value) == written
    again = numeral(written)
    assert again is not None
    assert (again.whole, again.suffix) == (form.whole, form.suffix)


@pytest.mark.parametrize("text", ["", "x", "017", "1j", "0x", "1e999", "9" * 50, "1..2", "--1"])
def test_what_is_no_plain_number_is_left_alone(text: str) -> None:
    assert numeral(text) is None


def test_digits_that_do_not_matter_are_left_out() -> None:
    form = numeral("0.5")
    assert form is not None
    assert write(form, 0.123456789, 0.01) == "0.1235"
    assert write(form, 0.123456789, 1e-5) == "0.1234568"


def test_files_are_akin_if_they_differ_in_their_constants_only() -> None:
    found = found_in(b"A = 2.5\nB = [1, -3.5e-2]  # \xc3\xa9\n")
    assert found is not None
    other = b"A = 12.25\nB = [-7, 0.5]  # \xc3\xa9\n"
    assert found.texts(other) == ("12.25", "-7", "0.5")
    assert found.with_texts(("12.25", "-7", "0.5")) == other
    assert found.texts(other + b"\n") is None
    assert found.texts(other.replace(b"B", b"C")) is None


def test_coordinates_and_back_give_the_same_constants() -> None:
    found = found_in(b"A = 2.5\nN = 40\nB = [1, -3, 8]\n")
    assert found is not None
    texts = found.texts(found.data)
    assert texts is not None
    scales = scale(found.places, texts)
    assert scales is not None
    here = scales.coordinates(texts)
    assert here is not None
    assert scales.texts(here, [1e-9] * len(here)) == texts


def test_a_magnitude_keeps_its_sign_and_a_table_may_change_it() -> None:
    swarm = Swarm()
    swarm.add(b"A = -2.5\nB = [0.5, -0.01, 0.02, -0.01]\n", None, "", 0.0)
    signs: set[bytes] = set()
    for seed in range(40):
        child = tune(swarm, 0, Random(seed))
        assert child.startswith(b"A = -")
        signs.add(re.sub(rb"[\d.e]+", b"", child.split(b"B = ")[1]))
    assert len(signs) > 1


def test_a_quadratic_is_solved_from_nothing_but_the_phylogeny() -> None:
    target = [0.3, 5.0, 40.0, 2.5]

    def worth(values: list[float]) -> float:
        return -sum(math.log(v / t) ** 2 for v, t in zip(values, target, strict=True))

    swarm = climb("a = 3.0\nb = 3.5\nc = 3.25\nd = 9.5\nVALUES = a, b, c, d\n", worth, 240)
    assert best(swarm) > -1e-2


def test_a_lower_score_can_be_better_and_failures_are_avoided() -> None:
    def worth(values: list[float]) -> float | None:
        x, y = values
        return None if x * y > 4 else (x - 3) ** 2 + (y - 1) ** 2

    swarm = climb("x = 1.5\ny = 1.5\nVALUES = x, y\n", worth, 200, sign=-1.0)
    assert best(swarm, -1.0) > -1e-3


def test_whole_constants_find_their_value() -> None:
    def worth(values: list[float]) -> float:
        return -abs(values[0] - 17) - abs(values[1] - 900) / 50 - abs(values[2] - 0.5)

    swarm = climb("a = 6\nb = 300\nc = 0.25\nVALUES = a, b, c\n", worth, 240)
    found = max(swarm.genomes, key=lambda g: g.score or -math.inf).read(FILE)
    assert b"a = 17\n" in found
    assert best(swarm) > -1


def test_a_table_of_coordinates_is_tuned_as_one() -> None:
    points = [0.1, 0.2, 0.7, -0.4, 0.9, 0.3]

    def worth(values: list[float]) -> float:
        return -math.fsum((v - t) ** 2 for v, t in zip(values, points, strict=True))

    swarm = climb("VALUES = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]\n", worth, 240)
    assert best(swarm) > -0.02


def test_the_search_goes_on_from_the_repository_alone() -> None:
    swarm = climb(
        "x = 9.5\ny = 0.5\nVALUES = x, y\n", lambda v: -math.hypot(v[0] - 3, v[1] - 1), 60
    )
    last = len(swarm.genomes) - 1
    assert tune(swarm, last, Random(5)) == tune(swarm, last, Random(5))


def test_a_far_step_by_another_operator_ends_the_lineage_of_samples() -> None:
    swarm = Swarm()
    swarm.add(b"x = 900.0\n", None, "", 0.0)
    for number in range(80):
        swarm.add(b"x = %d.5\n" % (900 + number), 0, "tune", float(number))
    here = swarm.add(b"x = 3.5\n", 0, "nudge", 500.0)
    values = [float(tune(swarm, here, Random(seed))[4:]) for seed in range(20)]
    assert 1 < min(values) <= max(values) < 10


def test_a_small_step_by_another_operator_keeps_what_was_learned() -> None:
    swarm = Swarm()
    swarm.add(b"x = 9.5\ny = 4.5\n", None, "", 0.0)
    swarm.add(b"x = 9.75\ny = 4.5\n", 0, "tune", 1.0)
    here = swarm.add(b"x = 10.5\ny = 4.5\n", 0, "nudge", 2.0)
    found = found_in(swarm.genomes[here].read(FILE))
    assert found is not None
    origin, tried, _ = samples(swarm, swarm.genomes[here], FILE, found, 1.0)
    assert origin == ("9.5", "4.5")
    assert [sample.texts for sample in tried] == [("9.75", "4.5")]


def test_without_constants_the_reason_is_given() -> None:
    swarm = Swarm()
    swarm.add(b"def f(a):\n    return a\n", None, "", 0.0)
    made = GeneticAgent(only_tune=True).propose(
        Task("mutate", [swarm.genomes[0]], [], Search(), "", [], Random(1), swarm)
    )
    assert isinstance(made, NoProposal)
    assert "constants" in made.reason
    assert made.operator == "tune"
