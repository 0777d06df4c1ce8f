"""Evolution end to end: real git, a real sandbox, the genetic agent on a one-line program."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pygit2
import pytest

from evogit.analysis.separation import FRESH, separation
from evogit.config.load import parse
from evogit.errors import BudgetError, ConfigError, EvaluatorError, PreconditionError
from evogit.evolve.allowance import Allowance, Flags
from evogit.evolve.assembly import Plan, evolve, open_bench
from evogit.evolve.evaluating import Verdict
from evogit.evolve.events import Event
from evogit.evolve.once import judge_once
from evogit.evolve.worker import Summary, raise_if_missed
from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import HEADS, JOURNALS, CommitId
from evogit.outcome import Failed, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Decision, Evaluation
from evogit.source import find_source
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile

SETTINGS = """
[evaluate]
stages = [{ name = "main", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }]
[search]
editable = ["program.py"]
"""
PROGRAM = "def value(x):\n    return x + 1\n"
RUN = "import sys\nsys.path.insert(0, '/candidate')\nfrom program import value\nprint(value(3))\n"
SCORE = """
import json, sys
value = float(sys.stdin.read())
print(json.dumps({"score": min(value, 1e6)} if value == value else {"failed": "NaN"}))
"""


class Farm:
    """Small swarms in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def swarm(
        self,
        name: str = "user",
        settings: str = SETTINGS,
        program: str = PROGRAM,
        score: str = SCORE,
    ) -> Swarm:
        user = self.folder / name
        handle = pygit2.init_repository(str(user), initial_head="main")
        (user / "program.py").write_text(program)
        handle.index.add_all()
        handle.index.write()
        who = pygit2.Signature("Someone", "someone@example.org", 1_700_000_000, 0)
        tree = handle.index.write_tree()
        handle.create_commit("refs/heads/main", who, who, "start\n", tree, [])
        source = find_source(user)
        files = {
            "run/run.py": PinnedFile(RUN.encode()),
            "score/score.py": PinnedFile(score.encode()),
        }
        base = source.resolve("HEAD")
        return create_swarm(source.swarm, source, base, parse(settings), files, author="me")

    def plan(self, agents: int = 1, **flags: object) -> Plan:
        return Plan(
            agents=agents,
            flags=Flags(**flags),  # pyright: ignore[reportArgumentType]
            seed=7,
            slots=2,
            python=Path(sys.executable),
            root=self.folder,
            cache=self.folder / "cache",
        )

    def run(
        self,
        swarm: Swarm,
        plan: Plan,
        tell: Callable[[Event], None] = lambda event: None,
        stop: threading.Event | None = None,
    ) -> Summary:
        return evolve(swarm, plan, tell, stop or threading.Event())


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    return Farm(tmp_path)


def view(farm: Farm, swarm: Swarm) -> Phylogeny:
    with open_bench(swarm, farm.plan()) as bench:
        return bench.phylogeny


def confirmations(phylogeny: Phylogeny) -> int:
    """How often the best was judged afresh at the end of a run, beyond the limit."""
    return sum(e.purpose == "repeat" and e.seed in FRESH for e in phylogeny.evaluations())


def ids(phylogeny: Phylogeny) -> list[CommitId]:
    return [phylogeny.commit(i) for i in range(len(phylogeny))]


def test_the_same_seed_with_one_agent_repeats_every_id(farm: Farm) -> None:
    found: list[list[CommitId]] = []
    for name in ("one", "two"):
        swarm = farm.swarm(name)
        farm.run(swarm, farm.plan(evaluations=15))
        found.append(sorted(ids(view(farm, swarm))))
    assert len(found[0]) == 16
    assert found[0] == found[1]


def test_an_interrupted_run_goes_on_to_the_same_ids_as_one_without_a_break(farm: Farm) -> None:
    whole, parts = farm.swarm("whole"), farm.swarm("parts")
    farm.run(whole, farm.plan(evaluations=12))
    for _ in range(3):
        farm.run(parts, farm.plan(evaluations=4))
    assert sorted(ids(view(farm, parts))) == sorted(ids(view(farm, whole)))


def newer_entry(git: GitRepository, tip: CommitId) -> CommitId:
    text = 'decision\n\n{"v":2,"kind":"decision"}\n'
    return git.write_commit(git.commit(tip).tree, [tip], text, author="j", time=1)


def test_a_worker_does_not_go_on_where_a_newer_evogit_of_its_own_clone_wrote(farm: Farm) -> None:
    swarm, told = farm.swarm(), list[str]()
    git = swarm.git
    empty = git.change_tree(git.commit(swarm.base).tree, {"program.py": None})
    root = git.write_commit(empty, [], "evogit journal other\n", author="j", time=1)
    others = "refs/evogit/remotes/o/journal/other"
    git.move_ref(others, old=None, new=newer_entry(git, root))
    farm.run(swarm, farm.plan(evaluations=1), lambda event: told.append(event.text))
    assert any("a newer EvoGit wrote what can not be read here, as other" in text for text in told)

    ours = git.ref(JOURNALS + "w1")
    assert ours is not None
    git.move_ref(JOURNALS + "w1", old=ours, new=newer_entry(git, ours))
    with pytest.raises(PreconditionError, match="newer EvoGit wrote into the journal of w1"):
        farm.run(swarm, farm.plan(evaluations=1))


def test_evolution_climbs_and_the_best_is_at_a_tip(farm: Farm) -> None:
    swarm = farm.swarm()
    summary = farm.run(swarm, farm.plan(agents=2, evaluations=60))
    phylogeny = view(farm, swarm)
    base, best = phylogeny.score(0), phylogeny.best(1)[0]
    score = phylogeny.score(best)
    assert summary.evaluations == 60
    assert base is not None
    assert score is not None
    assert score > base
    assert max(phylogeny.fitness(i) for i in phylogeny.population()) == score


def test_a_limit_of_evaluations_is_met_exactly_by_many_agents(farm: Farm) -> None:
    swarm = farm.swarm()
    told: list[Event] = []
    farm.run(swarm, farm.plan(agents=5, evaluations=23), told.append)
    judged = {e.tree for e in told if e.kind == "evaluated" and e.entry}
    calibration = 2
    assert len(judged) == 23
    phylogeny = view(farm, swarm)
    assert phylogeny.spent.evaluations == calibration + 23 + confirmations(phylogeny)


def test_every_individual_is_kept_with_its_attempt_and_verdict(farm: Farm) -> None:
    swarm = farm.swarm()
    farm.run(swarm, farm.plan(agents=2, evaluations=30))
    phylogeny = view(farm, swarm)
    for i in range(1, len(phylogeny)):
        assert phylogeny.outcome(i) is not None
        assert phylogeny.agent(i) in {"a1", "a2"}
    made = [row for agent in phylogeny.agents for row in phylogeny.attempts(agent) if row.offspring]
    assert {row.offspring for row in made} == set(ids(phylogeny)[1:])
    assert phylogeny.problems == []


def test_a_target_that_is_reached_ends_the_run(farm: Farm) -> None:
    swarm = farm.swarm()
    plan = farm.plan(agents=2, evaluations=200, until=5.0)
    summary = farm.run(swarm, plan)
    assert summary.reached
    assert summary.evaluations < 200
    raise_if_missed(summary, 5.0)


def test_a_target_that_is_missed_is_an_error_with_its_own_exit_code(farm: Farm) -> None:
    swarm = farm.swarm()
    summary = farm.run(swarm, farm.plan(evaluations=3, until=1e9))
    with pytest.raises(BudgetError) as error:
        raise_if_missed(summary, 1e9)
    assert error.value.exit_code == 5
    assert "run again" in error.value.hint


def test_at_a_cap_of_the_swarm_nobody_is_told_to_run_again(farm: Farm) -> None:
    swarm = farm.swarm(settings=SETTINGS + "[budget]\nevaluations = 4\n")
    for _ in range(2):
        summary = farm.run(swarm, farm.plan(until=1e9))
        with pytest.raises(BudgetError, match="the swarm's 4 evaluations") as error:
            raise_if_missed(summary, 1e9)
        assert "[budget]" in error.value.hint
        assert "run again" not in error.value.hint


def test_a_budget_of_the_swarm_holds_for_two_workers_at_once(farm: Farm) -> None:
    swarm = farm.swarm(settings=SETTINGS + "[budget]\nevaluations = 20\n")
    threads = [
        threading.Thread(target=farm.run, args=(Swarm(swarm.path), farm.plan(agents=2)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert view(farm, swarm).spent.evaluations == 20


def test_stopping_ends_all_agents_after_their_step(farm: Farm) -> None:
    swarm = farm.swarm()
    stop = threading.Event()

    def tell(event: Event) -> None:
        if event.kind == "evaluated":
            stop.set()

    summary = farm.run(swarm, farm.plan(agents=3), tell, stop)
    assert summary.reason == "stopped"


@pytest.mark.parametrize("how", ["decision", "signal", "time"])
def test_while_the_base_is_judged_a_run_ends_after_the_evaluation_under_way(
    farm: Farm, how: str
) -> None:
    swarm, stop, told = farm.swarm(), threading.Event(), list[str]()
    human = Journal(swarm.git, "someone")

    def tell(event: Event) -> None:
        if event.kind == "calibrating":
            told.append(event.text)
            if how == "decision":
                human.append(Decision("stop", "someone", time=event.time)).result()
            elif how == "signal":
                stop.set()

    seconds, evaluations = (1e-6, None) if how == "time" else (None, 5)
    plan = farm.plan(seconds=seconds, evaluations=evaluations)
    summary = farm.run(swarm, plan, tell, stop)
    human.close()
    phylogeny = view(farm, swarm)
    assert told == ["judging the base, run 1 of 2"]
    assert phylogeny.spent.evaluations == 1
    assert summary.evaluations == 0
    assert summary.seconds >= phylogeny.evaluations()[0].seconds
    assert (
        summary.reason
        == {
            "decision": "a1 was stopped",
            "signal": "stopped",
            "time": "1e-06 s, before the base was judged often enough",
        }[how]
    )


def test_the_first_run_of_the_base_tells_how_long_the_others_will_take(farm: Farm) -> None:
    told: list[str] = []
    score = SCORE.replace("value = float", "import random\nvalue = random.random() + float")
    farm.run(
        farm.swarm(score=score),
        farm.plan(evaluations=1),
        lambda event: told.append(event.text) if event.kind == "calibrating" else None,
    )
    took = r"; one evaluation takes about \S+ s, so this \S+ s"
    assert re.fullmatch(rf"judging the base, run 2 of 2{took}", told[1])
    assert re.fullmatch(rf"judging the base, run 3 of 5; its score wanders{took}", told[2])


def test_the_human_sets_the_number_of_agents_and_stops_them(farm: Farm) -> None:
    swarm = farm.swarm()
    human = Journal(swarm.git, "someone")
    seen: set[str] = set()

    def tell(event: Event) -> None:
        if event.kind == "evaluated":
            if not seen:
                human.append(Decision("agents", "someone", text="3", time=event.time)).result()
            seen.add(event.agent)
            if len(seen) == 3:
                human.append(Decision("stop", "someone", time=event.time)).result()

    farm.run(swarm, farm.plan(agents=1, evaluations=300), tell)
    human.close()
    assert seen == {"a1", "a2", "a3"}


def test_where_an_agent_stands_is_judged_first_if_nobody_did(farm: Farm) -> None:
    swarm = farm.swarm()
    git = swarm.git
    changed = Change(git.write_blob(PROGRAM.encode() + b"# by hand\n"))
    tree = git.change_tree(git.commit(swarm.base).tree, {"program.py": changed})
    stood = git.write_commit(tree, [swarm.base], "by hand\n", author="someone", time=1)
    git.move_ref(HEADS + "a1", old=None, new=stood)
    farm.run(swarm, farm.plan(evaluations=1))
    phylogeny = view(farm, swarm)
    assert isinstance(phylogeny.outcome(phylogeny.index(stood)), Scored)


def test_an_agent_that_was_sent_away_comes_back_when_it_is_wanted_again(farm: Farm) -> None:
    swarm = farm.swarm()
    human = Journal(swarm.git, "someone")
    said: list[str] = []

    def decide(kind: str, text: str = "") -> None:
        said.append(text)
        human.append(Decision(kind, "someone", text=text, time=time.time())).result()

    def tell(event: Event) -> None:
        if event.agent == "a2" and event.kind == "evaluated" and not said:
            decide("agents", "1")
        elif event.agent == "a2" and event.text == "stopped" and said == ["1"]:
            decide("agents", "2")
        elif event.agent == "a2" and event.kind == "evaluated" and said == ["1", "2"]:
            decide("stop")

    farm.run(swarm, farm.plan(agents=2, evaluations=400), tell)
    human.close()
    assert said == ["1", "2", ""]


def test_an_agent_that_a_human_put_back_does_not_return_to_its_last_offspring(farm: Farm) -> None:
    swarm = farm.swarm()

    def refused_though_better_than_the_base(phylogeny: Phylogeny) -> CommitId | None:
        last = phylogeny.attempts("a1")[-1].offspring
        if last is None or swarm.git.ref(HEADS + "a1") == last:
            return None
        return last if phylogeny.fitness(phylogeny.index(last)) > phylogeny.fitness(0) else None

    last: CommitId | None = None
    for _ in range(60):
        farm.run(swarm, farm.plan(evaluations=1))
        last = refused_though_better_than_the_base(view(farm, swarm))
        if last is not None:
            break
    assert last is not None
    swarm.git.move_ref(HEADS + "a1", old=swarm.git.ref(HEADS + "a1"), new=swarm.base)
    human = Journal(swarm.git, "someone")
    seed = Decision("seed", "someone", (swarm.base,), target="a1", time=time.time())
    human.append(seed).result()
    human.close()
    farm.run(swarm, farm.plan(evaluations=1))
    phylogeny = view(farm, swarm)
    assert phylogeny.index(last) not in phylogeny.lineage(phylogeny.tips["a1"])


def test_a_base_without_a_score_is_an_error_that_says_so(farm: Farm) -> None:
    swarm = farm.swarm(program="raise ValueError('not yet')\n")
    with pytest.raises(EvaluatorError, match="base itself has no score"):
        farm.run(swarm, farm.plan(evaluations=3))


def test_a_program_that_the_sandbox_does_not_show_is_mended_in_the_environment(farm: Farm) -> None:
    swarm = farm.swarm(settings=SETTINGS.replace('["python", "/eval/run.py"]', '["no-such-tool"]'))
    with pytest.raises(EvaluatorError, match="exit status 127") as caught:
        farm.run(swarm, farm.plan(evaluations=3))
    assert "environment.paths" in caught.value.hint


def test_a_wrong_option_of_a_strategy_is_said_before_the_base_is_judged(farm: Farm) -> None:
    for options in ("merge_evry = 3", "cross = 7"):
        swarm = farm.swarm(
            options.split()[0].replace("_", "-"), SETTINGS + f"[search.options]\n{options}\n"
        )
        with pytest.raises(ConfigError):
            farm.run(swarm, farm.plan(evaluations=1))
        assert view(farm, swarm).outcome(0) is None


@pytest.mark.parametrize("strategy", ["evogit", "best-of-n", "sequential", "hill-climb"])
def test_every_strategy_runs_and_minimises_negative_scores(farm: Farm, strategy: str) -> None:
    settings = SETTINGS.replace("[evaluate]", "[evaluate]\ndirection = 'minimize'")
    swarm = farm.swarm(settings=settings, program="def value(x):\n    return -x - 1\n")
    farm.run(swarm, replace(farm.plan(agents=2, evaluations=25), strategy=strategy))
    phylogeny = view(farm, swarm)
    scores = [s for i in range(len(phylogeny)) if (s := phylogeny.score(i)) is not None]
    assert phylogeny.score(phylogeny.best(1)[0]) == min(scores)
    if strategy == "best-of-n":
        assert all(phylogeny.parents(i) == (0,) for i in range(1, len(phylogeny)))


def test_a_cap_of_the_swarm_holds_for_the_repeats_at_the_end_too(farm: Farm) -> None:
    wanders = SCORE.replace("print", "import random\nvalue += random.random()\nprint")
    swarm = farm.swarm(settings=SETTINGS + "[budget]\nevaluations = 20\n", score=wanders)
    told: list[Event] = []
    farm.run(swarm, farm.plan(agents=2), told.append)
    phylogeny = view(farm, swarm)
    assert phylogeny.spent.evaluations == 20
    assert confirmations(phylogeny) >= 5
    afresh = [e.text for e in told if "afresh" in e.text]
    assert afresh[0].endswith("afresh: 1 of 5")
    assert told[-1].kind == "stopped"


def test_what_is_kept_of_a_time_limit_is_at_most_half_of_what_is_left() -> None:
    allowance = Allowance(Flags(seconds=1000.0))
    allowance.keep(100.0)
    assert allowance.seconds_left == pytest.approx(900.0, abs=50)
    allowance.keep(5000.0)
    assert allowance.seconds_left == pytest.approx(500.0, abs=50)
    allowance.keep(0.0)
    assert allowance.seconds_left == pytest.approx(1000.0, abs=50)


def test_judging_once_is_cached_and_fresh_judging_is_a_repeat(farm: Farm) -> None:
    swarm = farm.swarm()
    first = judge_once(swarm, farm.plan(), swarm.base)
    again = judge_once(swarm, farm.plan(), swarm.base)
    fresh = judge_once(swarm, farm.plan(), swarm.base, fresh=True).evaluation
    assert first.evaluation.outcome == Scored(4.0)
    assert again == Verdict(first.evaluation, None)
    assert first.entry is not None
    assert (fresh.purpose, fresh.seed, fresh.outcome) == ("repeat", 1, Scored(4.0))


def fail_once(farm: Farm, swarm: Swarm) -> None:
    """Put a failure of the base on record, as if chance had made its tests fail."""
    with open_bench(swarm, farm.plan()) as bench:
        environment = bench.runtime.digest
    tree, evaluator = swarm.git.commit(swarm.base).tree, swarm.spec().evaluator
    outcome = Failed("tests", "exit status 1: no luck")
    failed = Evaluation(swarm.base, tree, evaluator, environment, 0, outcome, time=time.time())
    with closing(Journal(swarm.git, "w8")) as journal:
        journal.append(failed, subject="failed", keep=(swarm.base,)).result(10)
    assert view(farm, swarm).outcome(0) == outcome


def test_a_base_that_failed_by_chance_is_judged_once_more_and_its_flaky_tests_are_told(
    farm: Farm,
) -> None:
    swarm, told = farm.swarm(), list[Event]()
    fail_once(farm, swarm)
    farm.run(swarm, farm.plan(evaluations=2), told.append)
    assert view(farm, swarm).score(0) == 4.0
    [warning] = [event.text for event in told if event.kind == "warning"]
    assert "failed once and passed once" in warning
    assert "no luck" in warning


def test_a_base_that_fails_again_ends_the_run_with_all_of_the_reason(farm: Farm) -> None:
    swarm = farm.swarm(program="# far below\n" * 300 + "def value(x):\n    return x / 0\n")
    for judged in (2, 3):
        with pytest.raises(EvaluatorError) as caught:
            farm.run(swarm, farm.plan(evaluations=2))
        first, *rest = caught.value.message.splitlines()
        assert first.endswith("exit status 1: ZeroDivisionError: division by zero")
        assert '  File "/eval/run.py", line 4' in "\n".join(rest)
        assert "evogit eval base --fresh" in caught.value.hint
        assert view(farm, swarm).spent.evaluations == judged


def test_judging_afresh_puts_a_new_verdict_in_the_place_of_one_that_failed(farm: Farm) -> None:
    swarm = farm.swarm()
    fail_once(farm, swarm)
    assert judge_once(swarm, farm.plan(), swarm.base).entry is None
    found = judge_once(swarm, farm.plan(), swarm.base, fresh=True).evaluation
    assert (found.purpose, found.outcome) == ("search", Scored(4.0))
    assert view(farm, swarm).score(0) == 4.0


def test_noise_that_only_offspring_have_makes_no_gain_without_fresh_repeats(farm: Farm) -> None:
    wanders = "import random\nvalue = value if value == 4.0 else 4.0 + random.random()\nprint"
    swarm = farm.swarm(score=SCORE.replace("print", wanders))
    farm.run(swarm, farm.plan(agents=2, evaluations=30))
    phylogeny = view(farm, swarm)
    found = separation(phylogeny, swarm.spec().settings.evaluate)
    assert found is not None
    assert found.floor > 0
    assert not found.real
