"""Strategies and agents of strangers: what they do wrong is said to be theirs, and is not believed."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.core.evolve.test_evolving import SETTINGS, Farm, view
from tests.core.strangers import install

from evogit.errors import ConfigError, EvaluatorError
from evogit.evolve.events import Event
from evogit.evolve.strategy import make_strategy
from evogit.evolve.worker import Summary, raise_if_missed
from evogit.records import Spend
from evogit.swarm.repository import Swarm

STRATEGY = """
    from evogit.proposals import Step

    class Odd:
        def __init__(self, *, greedy=True):
            self.greedy = greedy
        def plan(self, phylogeny, agent, random):
            base = phylogeny.commit(0)
            {plan}
        def accepts(self, phylogeny, agent, offspring, outcome, random):
            {accepts}
"""
AGENT = """
    import sys
    from math import inf, nan
    from evogit.proposals import NoProposal, Proposal
    from evogit.records import Spend

    class Odd:
        kind = "odd"
        def worst_case(self):
            {worst}
        def propose(self, task):
            number = task.random.getrandbits(40)
            changes = {{"program.py": f"def value(x):\\n    return x + {{number}}\\n".encode()}}
            {propose}

    def odd(setup):
        {kind}
"""


class Strangers:
    """Runs of swarms with one odd plugin."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.farm = Farm(folder)
        self.events: list[Event] = []

    def strategy(self, plan: str = "return None", accepts: str = "return True") -> str:
        code = STRATEGY.format(plan=plan, accepts=accepts)
        points = "[evogit.strategies]\nodd = {module}:Odd\n"
        return install(self._folder, self._monkeypatch, points, code)

    def agent(
        self,
        propose: str = 'return Proposal("mutate", changes, "another")',
        worst: str = "return Spend()",
        kind: str = "return Odd",
    ) -> str:
        code = AGENT.format(propose=propose, worst=worst, kind=kind)
        points = "[evogit.agents]\nodd = {module}:odd\n"
        return install(self._folder, self._monkeypatch, points, code)

    def run_strategy(self) -> Summary:
        return self._run(self.farm.swarm(), strategy="odd")

    def run_agent(self, evaluations: int = 3, *, once: bool = False) -> Summary:
        settings = SETTINGS.replace("[search]", '[search]\nagents = ["odd"]')
        self.swarm = self.farm.swarm(settings=settings)
        return self._run(self.swarm, evaluations=evaluations, once=once)

    def _run(
        self, swarm: Swarm, strategy: str = "", evaluations: int = 3, *, once: bool = False
    ) -> Summary:
        plan = replace(self.farm.plan(evaluations=evaluations), strategy=strategy, sync=False)
        stop = threading.Event()

        def tell(event: Event) -> None:
            self.events.append(event)
            if once and event.kind == "attempted":
                stop.set()

        return self.farm.run(swarm, plan, tell, stop)

    def reasons(self) -> set[str]:
        return {event.text for event in self.events if event.kind == "attempted"}


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Strangers:
    return Strangers(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("return None", "plan returned NoneType, not a Step"),
        ("return 1 / 0", "plan raised ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "plan raised SystemExit: 3"),
        ("return Step('mutate', ())", "plan returned a Step (mutate) without parents"),
        ("return Step('merge', (base,))", "plan returned a merge of 1 parents, not of two"),
        ("return Step('mutate', base)", "plan returned a Step whose parents is no tuple"),
        ("return Step('mutate', ('abc',))", "plan chose 'abc', which is not an individual"),
        ("return Step('mutate', (base.upper(),))", "plan chose '"),
        ("return Step('merge', (base, '0' * 40))", f"plan chose '{'0' * 40}', which is not"),
    ],
)
def test_a_plan_that_can_not_be_carried_out_ends_the_run_and_names_the_strategy(
    strangers: Strangers, plan: str, said: str
) -> None:
    module = strangers.strategy(plan)
    with pytest.raises(EvaluatorError) as caught:
        strangers.run_strategy()
    named = f"strategy 'odd' (evogit.strategies: {module}:Odd): "
    assert caught.value.message.startswith(named + said)
    assert f"package {module}" in caught.value.hint


def test_a_strategy_that_fails_to_accept_is_named_and_its_exception_is_the_cause(
    strangers: Strangers,
) -> None:
    module = strangers.strategy("return Step('mutate', (base,))", "raise KeyError('x')")
    with pytest.raises(EvaluatorError, match=f"{module}:Odd.: accepts raised KeyError") as caught:
        strangers.run_strategy()
    assert isinstance(caught.value.__cause__, KeyError)


def test_of_a_strategys_options_only_the_unknown_one_is_blamed(strangers: Strangers) -> None:
    strangers.strategy()
    with pytest.raises(ConfigError, match=r"^strategy 'odd' has no option 'gredy'$") as caught:
        make_strategy("odd", {"greedy": False, "gredy": True})
    assert "did you mean greedy?" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('no licence')", "can not be loaded: RuntimeError: no licence"),
        ("import sys; sys.exit(3)", "can not be loaded: SystemExit: 3"),
        ("", "can not be loaded: AttributeError: "),
        ("Odd = 3", "it is no class"),
        ("class Odd: pass", "what it makes has no plan"),
        ("def Odd(): raise KeyError('x')", "making it raised KeyError"),
        ("def Odd(): len(3)", "can not be made with its options: object of type 'int' has no len"),
    ],
)
def test_a_strategy_that_can_not_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    install(tmp_path, monkeypatch, "[evogit.strategies]\nodd = {module}:Odd\n", code)
    with pytest.raises((ConfigError, EvaluatorError), match=r"^strategy 'odd' ") as caught:
        make_strategy("odd", {})
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("return None", "it returned NoneType, not a maker of agents"),
        ("return 1 / 0", "making it raised ZeroDivisionError"),
        ("return list", "what it makes has no propose"),
        ("return lambda: sys.exit(3)", "making an agent raised SystemExit: 3"),
    ],
)
def test_a_kind_of_agents_that_makes_none_ends_the_run_and_is_named(
    strangers: Strangers, kind: str, said: str
) -> None:
    module = strangers.agent(kind=kind)
    with pytest.raises(EvaluatorError) as caught:
        strangers.run_agent()
    assert caught.value.message.startswith(f"agent 'odd' (evogit.agents: {module}:odd): {said}")


@pytest.mark.parametrize("worst", ["return None", "return Spend(0, 0, nan)", "return Spend(-1)"])
def test_a_worst_case_that_can_not_be_reserved_ends_the_run(
    strangers: Strangers, worst: str
) -> None:
    module = strangers.agent(worst=worst)
    with pytest.raises(EvaluatorError, match=f"agent 'odd' .{module}:Odd.: worst_case returned"):
        strangers.run_agent()


@pytest.mark.parametrize(
    "spend",
    ["Spend(-1000, 1, -5.0)", "Spend(1, 1, nan)", "Spend(1, 1, inf)", "Spend(1.5, 0, 0.1)", "None"],
)
def test_a_step_that_tells_no_cost_counts_as_its_worst_case(
    strangers: Strangers, spend: str
) -> None:
    propose = f'return Proposal("mutate", changes, "another", spend={spend})'
    strangers.agent(propose, worst="return Spend(10, 20, 0.5)")
    summary = strangers.run_agent(once=True)
    assert summary.spend == Spend(10, 20, 0.5)
    assert view(strangers.farm, strangers.swarm).spent.cost_usd == 0.5
    (reason,) = strangers.reasons()
    assert "agent 'odd'" in reason
    assert "it says that it spent" in reason


@pytest.mark.parametrize(
    ("propose", "said"),
    [
        ("return None", "it returned NoneType, not a Proposal or NoProposal"),
        ("sys.exit(3)", "SystemExit: 3"),
        (
            'return Proposal("mutate", {"program.py": "text"}, "s")',
            "changes has str for 'program.py'",
        ),
        ('return Proposal("mutate", changes, None)', "subject is None, not text"),
        ('return Proposal("mutate", changes, "s", inspirations=("x",))', "'x', which is no id"),
        ('return NoProposal("mutate", "busy", pause=nan)', "pause is nan, not seconds"),
        (
            'return Proposal("mutate", changes, "s", artefacts={"../x": b"1"})',
            "the artefact '../x' can not be called so",
        ),
        ('return Proposal("mutate", changes, "s", artefacts={"a/b": b""})', "'a/b' names a folder"),
    ],
)
def test_an_answer_that_breaks_the_protocol_is_an_attempt_with_its_reason(
    strangers: Strangers, propose: str, said: str
) -> None:
    module = strangers.agent(propose)
    strangers.run_agent(once=True)
    (reason,) = strangers.reasons()
    assert reason.startswith(f"agent 'odd' ({module}:Odd) failed: ")
    assert said in reason


def test_a_run_in_which_no_step_came_to_a_tree_says_why_and_is_no_success(
    strangers: Strangers,
) -> None:
    module = strangers.agent("sys.exit(3)")
    summary = strangers.run_agent()
    why = f"the last: agent 'odd' ({module}:Odd) failed: SystemExit: 3"
    assert summary.reason == f"a1 made no new tree in 500 steps, {why}"
    with pytest.raises(EvaluatorError, match="no agent could go on: a1 made no new tree"):
        raise_if_missed(summary, None)


def test_a_bad_artefact_costs_what_the_step_cost_and_no_sibling_its_life(
    strangers: Strangers,
) -> None:
    bad = '{"../x": b"1"} if number % 2 else {}'
    strangers.agent(f'return Proposal("mutate", changes, "s", artefacts={bad}, spend=Spend(7))')
    summary = strangers.run_agent(evaluations=5)
    assert summary.evaluations == 5
    attempts = view(strangers.farm, strangers.swarm).attempts("a1")
    assert summary.spend.tokens_in == 7 * len(attempts)
    assert len(attempts) > 5


def test_an_agent_that_merely_makes_known_trees_did_not_fail(strangers: Strangers) -> None:
    strangers.agent('return Proposal("mutate", {"program.py": b"X = 1\\n"}, "the same")')
    summary = strangers.run_agent()
    assert summary.reason.startswith("a1 made no new tree in 500 steps, the last: ")
    raise_if_missed(summary, None)
