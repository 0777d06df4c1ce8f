"""The agent that adds curves to what functions return, and finds their heights."""

from __future__ import annotations

import ast
from collections import Counter
from random import Random

from evogit.config.model import Search
from evogit.genome.curves import as_curve, height_of
from evogit.ids import CommitId, TreeId
from evogit.proposals import NOTHING_TRIED, Genome, NoProposal, Proposal, Task
from evogit_agents.genetic import GeneticAgent

FILE = "rule.py"
PLAIN = b"""\
def rule(size: int, room: int) -> float:
    left = room - size
    return -left


def name() -> str:
    return "rule"
"""


def genome(data: bytes, path: str = FILE) -> Genome:
    identity = "0" * 40
    return Genome(CommitId(identity), TreeId(identity), [path], {path: data}.__getitem__)


def propose(data: bytes, seed: int, path: str = FILE, *, curves: bool = True) -> Proposal:
    search = Search(editable=(path,))
    task = Task("mutate", [genome(data, path)], [], search, "", [], Random(seed), NOTHING_TRIED)
    made = GeneticAgent(curves=curves).propose(task)
    assert not isinstance(made, NoProposal)
    return made


def changed(made: Proposal) -> bytes:
    content = made.changes[FILE]
    assert content is not None
    return content


def heights(data: bytes) -> list[list[float]]:
    found = [as_curve(node) for node in ast.walk(ast.parse(data))]
    return [[height_of(h) for h in one.table.elts] for one in found if one is not None]


def test_a_program_without_curves_is_given_one_where_a_number_is_returned() -> None:
    for seed in range(30):
        made = propose(PLAIN, seed)
        text = changed(made).decode()
        assert made.operator == "bend"
        assert heights(text.encode())
        before, after = PLAIN.decode().splitlines(), text.splitlines()
        assert [n for n in range(len(after)) if before[n] != after[n]] == [2]
        scope: dict[str, object] = {}
        exec(compile(text, FILE, "exec"), scope)  # noqa: S102  # by our own agent
        answer = scope["rule"](3, 9)  # type: ignore[operator]
        assert isinstance(answer, float | int)


def test_a_program_with_curves_is_mostly_tuned() -> None:
    bent = changed(propose(PLAIN, 1))
    made = [propose(bent, seed) for seed in range(100)]
    count = Counter(one.operator for one in made)
    assert 80 < count["tune"] < 99
    assert 1 < count["bend"] < 18
    for one in made:
        if one.operator == "tune":
            assert len(heights(changed(one))) == len(heights(bent))


def test_heights_begin_to_move_by_about_as_much_as_they_measure() -> None:
    bent = changed(propose(PLAIN, 1))
    (before, *_) = heights(bent)
    size = (sum(h * h for h in before) / len(before)) ** 0.5
    steps = [
        abs(new - old) / size
        for seed in range(60)
        if (made := propose(bent, seed)).operator == "tune"
        for new, old in zip(heights(changed(made))[0], before, strict=True)
    ]
    assert 0.5 < sum(steps) / len(steps) < 1.2


def test_other_edits_leave_the_curve_whole_or_take_it_away() -> None:
    bent = changed(propose(PLAIN, 1))
    whole = {len(curve) for curve in heights(bent)}
    for seed in range(300):
        made = propose(bent, seed, curves=False)
        text = changed(made)
        assert text.count(b"lambda h, x") == len(heights(text))
        assert {len(curve) for curve in heights(text)} <= whole


def test_another_language_is_edited_as_ever() -> None:
    source = b"function rule(size, room) {\n  return size - room * 3;\n}\n"
    made = propose(source, 3, "rule.js")
    assert made.operator not in ("bend", "tune") or made.operator == "tune"
    assert b"lambda" not in (made.changes["rule.js"] or b"")
