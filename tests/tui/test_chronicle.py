"""Journal entries as lines, and what is found out about a lineage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.tui.world import NOW, START, World

from evogit.ids import CommitId, TreeId
from evogit.outcome import Crashed, Outcome, Scored
from evogit.phylogeny.tail import Happening
from evogit.records import Attempt, Decision, Evaluation, Lease, Record, Spend
from evogit.swarm.journal import Journal
from evogit_tui.chronicle import Line, about_agent, clock, tell, worth_telling
from evogit_tui.descent import Descent, Question, trace
from evogit_tui.model import Facts, Model
from evogit_tui.views.operations import about, describe

_ONE, _TWO = CommitId("1" * 40), CommitId("2" * 40)


def _line(record: Record, *, record_breaking: bool = False) -> Line:
    happening = Happening(_TWO, "w1", record)
    records = frozenset({_TWO} if record_breaking else ())
    return tell(happening, records, lambda _: "a7")


def _evaluation(outcome: Outcome, agent: str = "", purpose: str = "search") -> Evaluation:
    tree = TreeId("3" * 40)
    return Evaluation(_ONE, tree, tree, "", 0, outcome, agent=agent, purpose=purpose)


def test_an_attempt_says_what_it_cost_or_why_it_came_to_nothing() -> None:
    attempt = Attempt("a1", "mutate", 3, (_ONE,), offspring=_TWO)
    paid = replace(attempt, model="small", spend=Spend(900, 100, 0.25))
    assert _line(attempt) == Line("a1", "mutate", _TWO, "step 3")
    assert _line(paid).text == "step 3, small, 1,000 tokens, $0.25"
    nothing = replace(attempt, offspring=None, reason="no change")
    assert _line(nothing).text == "step 3, no offspring: no change"
    known = replace(nothing, duplicate_of=_ONE)
    assert (_line(known).text, _line(known).about) == ("step 3, known already: 1111111", _ONE)


def test_an_evaluation_says_how_it_ended_and_whether_it_was_a_record() -> None:
    scored = _evaluation(Scored(1.5), agent="a1")
    assert _line(scored) == Line("a1", "judge", _ONE, "scored 1.5", "success")
    assert _line(scored, record_breaking=True).text == "NEW BEST scored 1.5"
    crashed = _line(_evaluation(Crashed("main", "no")))
    assert (crashed.who, crashed.text, crashed.role) == ("a7", "crashed in main: no", "error")
    assert _line(_evaluation(Scored(1.5), purpose="holdout")).what == "holdout"


def test_decisions_and_workers_are_told_too() -> None:
    assert _line(Decision("pause", "ada", target="a3")).text == "a3"
    assert _line(Decision("undo", "ada", undoes=_ONE)).text == "of 1111111"
    assert _line(Lease("worker-stop", detail={"reason": "20 s"})).text == "reason 20 s"


def test_the_log_of_an_agent_holds_what_is_about_it() -> None:
    said = {
        "attempt": Attempt("a1", "mutate", 1, ()),
        "evaluation": _evaluation(Scored(1.0), agent="a1"),
        "pause": Decision("pause", "ada", target="a2,a1"),
    }
    for record in said.values():
        assert about_agent(Happening(_ONE, "w1", record), "a1")
        assert not about_agent(Happening(_ONE, "w1", record), "a"), "a is not a1"


def test_reservations_are_left_out_of_the_log() -> None:
    told = [Happening(_ONE, "w1", Lease(purpose)) for purpose in ("worker-start", "reserve")]
    assert worth_telling(told) == told[:1]


def test_times_no_clock_can_bear_are_shown_all_the_same() -> None:
    assert clock(1e300, NOW) == "?"
    assert clock(-1e15, NOW)
    assert clock(NOW - 90_000, NOW).endswith("h")
    assert clock(0.0, NOW) in {"1970-01", "1969-12"}


def _trace(world: World, name: str, **changed: str) -> tuple[Model, Facts, Descent]:
    model = world.model()
    facts = model.look()
    assert facts is not None
    question = Question(model.phylogeny.index(world.ids[name]), facts.version)
    return model, facts, trace(model, facts, replace(question, **changed))


def test_a_lineage_goes_from_its_tip_to_the_base(world: World) -> None:
    model, facts, found = _trace(world, "a2")
    assert (found.agent, found.length) == ("a2", len(found.steps))
    assert model.phylogeny.commit(found.steps[0]) == world.ids["a2"]
    assert found.steps[-1] == 0
    assert (found.crossovers_in, found.crossovers_out) == (2, 1)
    assert found.objectives == ("score", "size", "time")
    kinds = [dot.kind for dot in found.dots]
    assert (kinds.count("failed"), kinds.count("merge")) == (1, 2)
    assert all(dot.y is not None for dot in found.dots if dot.kind != "failed")
    assert max(dot.x for dot in found.dots) < facts.evaluations


def test_a_step_on_the_way_shows_the_lineage_to_its_tip(world: World) -> None:
    _, _, tip = _trace(world, "a2")
    _, _, step = _trace(world, "tagged")
    assert step.steps == tip.steps


def test_what_is_beside_every_lineage_has_one_of_its_own(world: World) -> None:
    model, _, found = _trace(world, "failed")
    assert model.phylogeny.commit(found.steps[0]) == world.ids["failed"]


@pytest.mark.parametrize("axis", ["evaluations", "generations"])
def test_a_metric_is_plotted_for_the_steps_only(world: World, axis: str) -> None:
    _, _, found = _trace(world, "a2", objective="size", axis=axis)
    assert {dot.kind for dot in found.dots} <= {"step", "merge", "promoted", "best"}
    assert all(dot.y is not None and 10 <= dot.y < 17 for dot in found.dots)


def test_feedback_is_pending_until_an_attempt_took_it_up(world: World) -> None:
    _, _, found = _trace(world, "a2")
    assert (found.waiting, found.delivered) == (1, 0)
    journal = Journal(world.swarm.git, "w1")
    taken = Attempt("a2", "mutate", 99, (world.ids["a2"],), reason="no", time=START + 3000.0)
    journal.append(taken).result(60)
    journal.close()
    _, _, found = _trace(world, "a2")
    assert (found.waiting, found.delivered) == (0, 1)


def test_an_operation_is_described_with_what_it_moved(world: World) -> None:
    model = world.model()
    model.look()
    told = {one.decision.verb: describe(world.swarm.git, one) for one in model.desk.operations()}
    assert any(line.startswith("refs/heads/evogit/") for line in told["promote"])
    assert f"refs/tags/record: nothing -> {world.ids['tagged'][:12]}" in told["tag"]
    assert '+text = "Make x large, and keep the tests green; no literals"' in told["goal"]
    assert not any("CANARY" in line for lines in told.values() for line in lines)
    assert about(Decision("tag", "ada", (_ONE,), "v1")) == "111111111111 v1"
