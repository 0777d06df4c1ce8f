"""A worker put together from a swarm repository: identity, journal, sandbox, judge, agents."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from evogit.analysis.separation import FRESH, noise_floor
from evogit.config.model import Budget, Settings
from evogit.environment import prepare
from evogit.errors import ConfigError, EvoGitError, PreconditionError
from evogit.evolve.allowance import Allowance, Flags
from evogit.evolve.budget import SwarmBudget
from evogit.evolve.calibration import Calibration, calibrate, confirm_best
from evogit.evolve.current_spec import CurrentSpec
from evogit.evolve.directions import Directions
from evogit.evolve.evaluating import Verdicts
from evogit.evolve.events import Event, Kind, Listener
from evogit.evolve.hiring import agent_maker, open_bill
from evogit.evolve.lost import settle_lost
from evogit.evolve.offspring import Nursery
from evogit.evolve.shared import Shared
from evogit.evolve.spending import FREE
from evogit.evolve.strategy import make_strategy
from evogit.evolve.worker import OVERTIME_SECONDS, Summary, Worker
from evogit.judge.judge import Judge
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Strategy
from evogit.redact import PLAIN, Redactor
from evogit.sandbox.base import Runtime, Sandbox
from evogit.sandbox.choose import choose
from evogit.sandbox.container import ContainerSandbox
from evogit.sandbox.image import Dockerfile
from evogit.sandbox.warm import WarmSandbox
from evogit.swarm.claims import Claims
from evogit.swarm.identity import Identity, take_worker
from evogit.swarm.journal import Journal
from evogit.swarm.maintenance import LOOSE_LIMIT, estimate_loose, maintain
from evogit.swarm.repository import Swarm
from evogit.swarm.spec import Spec
from evogit.sync.background import BackgroundSync
from evogit.text import clean_line

_UPKEEP_SECONDS: Final = 1.0
_UPKEEP_RETRY_SECONDS: Final = 60.0
_LEFT_LOOSE: Final = 2000
"""A run that ends with fewer loose objects than this (8 MB of disk) leaves them to the next.

Packing so many would take as long as some 30 steps; git itself waits for 6,700 (gc.auto).
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one invocation should run.

    Args:
        agents: how many agents this worker hosts.
        flags: limits of this invocation.
        seed: of all randomness; recorded in every individual.
        slots: how many evaluations at once.
        python: interpreter for the sandbox unless the spec names one.
        root: the user's work tree, for relative paths in ``[environment]``.
        cache: folder for built environments.
        unsafe: a human typed ``--unsafe-no-sandbox``.
        strategy: overrides the spec's.
        kinds: overrides the spec's kinds of agents.
        sync: exchange with the swarm's remote, if it has one, meanwhile and at the end.
        redactor: takes secrets out of what is recorded.
        environment: variables of this process, for agents that need a key.
        own: folder of the user's own prompt and agent files.
        consent: raises unless its user agreed to run the commands of a spec. It is asked of the
            version that is used: another one may have come since the user was.
        budget: what this clone's own configuration allows: others may lower a cap, not raise it.
    """

    agents: int
    flags: Flags
    seed: int
    slots: int
    python: Path
    root: Path
    cache: Path
    unsafe: bool = False
    strategy: str = ""
    kinds: tuple[str, ...] = ()
    sync: bool = True
    redactor: Redactor = PLAIN
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    own: Path = Path("/nonexistent")
    consent: Callable[[Spec], None] = lambda _: None
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True)
class Bench:
    """What judging needs, without a worker: also used by ``eval``, ``promote`` and tests."""

    spec: Spec
    runtime: Runtime
    sandbox: Sandbox
    phylogeny: Phylogeny


@contextmanager
def open_bench(swarm: Swarm, plan: Plan) -> Generator[Bench]:
    """Environment, sandbox and index of a swarm; the sandbox is closed at the end.

    Raises:
        EvaluatorError: no sandbox works, or the environment can not be prepared.
        ConfigError: the spec names something that is not installed.
        PreconditionError: its user did not agree to the commands of the spec.
    """
    spec = swarm.spec()
    plan.consent(spec)
    runtime = prepare(
        spec.settings.environment,
        plan.root,
        plan.cache,
        default_python=plan.python,
        lock_contents=_pinned(swarm, spec.settings.environment.lock, "environment.lock"),
    )
    with ExitStack() as stack:
        sandbox = _sandbox(swarm, spec.settings, runtime, unsafe=plan.unsafe)
        stack.callback(sandbox.close)
        if isinstance(sandbox, ContainerSandbox):
            runtime = replace(runtime, digest=f"{runtime.digest}-{sandbox.digest()[-12:]}")
        _note_environment(swarm, runtime.digest)
        yield Bench(spec, runtime, sandbox, open_phylogeny(swarm, spec, runtime.digest))


def _note_environment(swarm: Swarm, digest: str) -> None:
    """Leave it to those who only look at scores; in one step, for they may look now."""
    with TemporaryDirectory(prefix="environment.", dir=swarm.private) as folder:
        building = Path(folder, "new")
        building.write_text(digest)
        building.replace(swarm.private / "environment")


def open_phylogeny(swarm: Swarm, spec: Spec, environment: str) -> Phylogeny:
    """The index of a swarm under one spec and environment, refreshed once."""
    phylogeny = Phylogeny(
        swarm.git,
        evaluator=spec.evaluator,
        environment=environment,
        maximize=spec.settings.evaluate.direction == "maximize",
        cache=swarm.private / "phylogeny.cache",
    )
    phylogeny.refresh()
    return phylogeny


def _pinned(swarm: Swarm, paths: Sequence[str], key: str) -> dict[str, bytes]:
    files = swarm.git.files(swarm.git.commit(swarm.base).tree)
    missing = [path for path in paths if path not in files]
    if missing:
        raise ConfigError(
            f"{key} names {missing[0]!r}, which the base does not hold",
            hint="commit the file, or correct evogit.toml and run evogit init again",
        )
    return {path: swarm.git.read_blob(files[path].blob) for path in paths}


def _sandbox(swarm: Swarm, settings: Settings, runtime: Runtime, *, unsafe: bool) -> Sandbox:
    image = container_image(swarm, settings)
    chosen = choose(settings.sandbox.kind, runtime, image=image, allow_unsafe=unsafe)
    return WarmSandbox(chosen, runtime) if chosen.name != "container" else chosen


def container_image(swarm: Swarm, settings: Settings) -> str | Dockerfile | None:
    """What ``[sandbox]`` says containers start from, with the files a build sees.

    Raises:
        ConfigError: the base does not hold one of them.
    """
    path = settings.sandbox.dockerfile
    if path is None:
        return settings.sandbox.image
    files = _pinned(swarm, [path], "sandbox.dockerfile")
    return Dockerfile(path, files | _pinned(swarm, settings.environment.lock, "environment.lock"))


def evolve(swarm: Swarm, plan: Plan, tell: Listener, stop: threading.Event) -> Summary:
    """Run one worker until a limit, a decision or ``stop`` ends it.

    Raises:
        EvaluatorError: no sandbox works, or the base itself has no score.
        ConfigError: the strategy or an agent is not installed or its options are wrong.
        PreconditionError: a newer EvoGit wrote into the journals of this clone.
        OSError, GitError: the repository can not be written.
    """
    since = time.time()
    with ExitStack() as stack:
        identity = take_worker(swarm.git, swarm.host)
        stack.callback(identity.release)
        journal = Journal(swarm.git, identity.name, plan.redactor)
        stack.callback(journal.close)
        upkeep = _Upkeep(swarm, identity.name, tell, exchanges=plan.sync)
        stack.callback(upkeep.finish)
        bench = stack.enter_context(open_bench(swarm, plan))
        stack.callback(bench.phylogeny.save)
        _check_versions(bench.phylogeny, _teller("problem", identity.name, tell))
        for text in settle_lost(bench.phylogeny, journal, identity.name, time.time()):
            _teller("problem", identity.name, tell)(text)
        claims = Claims(swarm.git, identity.name)
        claims.drop_left_over()
        judge = open_judge(swarm, plan, bench, identity.name)
        allowance, budget = Allowance(plan.flags), open_budget(swarm, plan, bench)
        bill = open_bill(bench, plan, journal, allowance, budget, stop)
        verdicts = Verdicts(judge, bench.phylogeny, journal, claims, stop.is_set, bill)
        # Before the base is judged, which may take minutes: what is missing is said at once.
        strategy = _strategy(bench.spec.settings, plan.strategy)
        agents = agent_maker(bench, plan, swarm.private / "agents" / identity.name, stop)
        # What humans decide from now on is heard, while the base is judged too.
        directions = Directions(swarm.git, bench.phylogeny, since)
        means = _Means(plan, bench, journal, verdicts, strategy, allowance, budget, directions)
        calibration = _calibrated(means, identity, tell)
        noise = noise_floor(bench.phylogeny, bench.spec.settings.evaluate)
        shared = _share(swarm, means, identity.name, noise, tell, stop)
        if calibration is not None:
            _tell_calibration(shared, calibration)
        _keep_room(means, noise)
        finish = partial(_confirm, means, identity.name, tell)
        return Worker(identity, shared, agents, plan.agents, upkeep, finish).run()


def _check_versions(phylogeny: Phylogeny, tell: Callable[[str], None]) -> None:
    """Refuse to go on after a newer EvoGit of our own; say it of others, who may say anything.

    What it recorded can not be read: it would be judged and paid for again, and counts for no cap.
    """
    found = phylogeny.newer_journals()
    ours = [writer for writer, own in found.items() if own]
    if ours:
        raise PreconditionError(
            f"a newer EvoGit wrote into the journal of {', '.join(ours)}, and this one can not read it",
            hint="upgrade EvoGit here",
        )
    if found:
        names = clean_line(", ".join(sorted(found)), 200)
        tell(f"a newer EvoGit wrote what can not be read here, as {names}: upgrade this one")


def _calibrated(means: _Means, identity: Identity, tell: Listener) -> Calibration | None:
    """The base's noise; ``None`` if the run is to end before that is known."""
    phylogeny, allowance, directions = means.bench.phylogeny, means.allowance, means.directions
    warn = _teller("warning", identity.name, tell)

    def late() -> bool:
        return allowance.seconds_left == 0

    def dismissed() -> bool:
        phylogeny.refresh()
        wanted = directions.wanted_agents()
        agents = range(means.plan.agents if wanted is None else wanted)
        return all(directions.stopped(identity.agent(number)) for number in agents)

    with _telling_overtime(allowance, warn):
        found = calibrate(
            means.verdicts,
            phylogeny,
            means.bench.spec.settings.evaluate.seed,
            late=late,
            dismissed=dismissed,
            tell=_teller("calibrating", identity.name, tell),
            warn=warn,
        )
    if found is None and late():
        allowance.end(f"{allowance.flags.seconds:g} s, before the base was judged often enough")
    return found


@contextmanager
def _telling_overtime(allowance: Allowance, warn: Callable[[str], None]) -> Generator[None]:
    """Say once that the time is over while a run of the base still goes on."""
    left = allowance.seconds_left
    if left is None:
        yield
        return
    text = "the time is over; the base is judged to the end of this run (Ctrl-C twice ends it now)"
    timer = threading.Timer(left + OVERTIME_SECONDS, warn, [text])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _keep_room(means: _Means, noise: float) -> None:
    """Let steps leave what it takes to judge the best afresh; under noise nothing else makes a gain count."""
    phylogeny = means.bench.phylogeny
    base = phylogeny.evaluation(phylogeny.tree(0), means.bench.spec.settings.evaluate.seed)
    times = len(FRESH) if noise > 0 else 1
    means.allowance.keep(times * base.seconds if base is not None else 0.0)
    means.budget.keep(times if noise > 0 else 0)


def _confirm(means: _Means, worker: str, tell: Listener) -> None:
    """Judge the best afresh with what was kept for it."""
    means.allowance.keep(0.0)
    means.budget.keep(0)

    def room() -> bool:
        """Whether time and the swarm's caps leave one evaluation more."""
        with means.budget.turn():
            refused = means.budget.refusal(worker, FREE, time.time())
        return refused is None and means.allowance.seconds_left != 0

    confirm_best(means.verdicts, means.bench.phylogeny, room, _teller("calibrating", worker, tell))


@dataclass(frozen=True, slots=True)
class _Means:
    """What the agents of a worker work with, once all of it is open."""

    plan: Plan
    bench: Bench
    journal: Journal
    verdicts: Verdicts
    strategy: Strategy
    allowance: Allowance
    budget: SwarmBudget
    directions: Directions


def _share(
    swarm: Swarm, means: _Means, worker: str, noise: float, tell: Listener, stop: threading.Event
) -> Shared:
    plan, bench = means.plan, means.bench
    evaluate = bench.spec.settings.evaluate
    base_time = swarm.git.commit(swarm.base).time
    return Shared(
        worker=worker,
        git=swarm.git,
        phylogeny=bench.phylogeny,
        journal=means.journal,
        strategy=means.strategy,
        nursery=Nursery(
            swarm.git,
            bench.spec,
            bench.phylogeny,
            base_time,
            plan.seed,
            plan.redactor,
            noise,
            CurrentSpec(swarm.git, bench.spec, _teller("problem", worker, tell)),
        ),
        verdicts=means.verdicts,
        allowance=means.allowance,
        budget=means.budget,
        directions=means.directions,
        stop=stop,
        tell=tell,
        seed=plan.seed,
        evaluator_seed=evaluate.seed,
        maximize=evaluate.direction == "maximize",
        noise=noise,
        ahead=bench.spec.settings.search.ahead,
    )


def open_budget(swarm: Swarm, plan: Plan, bench: Bench) -> SwarmBudget:
    """The caps of the swarm and of this clone, checked under the lock that all its workers share."""
    lock = swarm.private / "budget.lock"
    settings = bench.spec.settings
    budget = settings.budget.strictest(plan.budget)
    return SwarmBudget(budget, bench.phylogeny, lock, settings.search.ahead)


def open_judge(swarm: Swarm, plan: Plan, bench: Bench, owner: str) -> Judge:
    """A judge with workspaces of ``owner`` alone; the owner's identity must be held."""
    return Judge(
        swarm.git,
        bench.spec,
        swarm.base,
        bench.sandbox,
        bench.runtime.digest,
        folder=swarm.private / "workspaces" / owner,
        evaluators=swarm.private / "evaluators",
        slots=plan.slots,
    )


def _strategy(settings: Settings, override: str) -> Strategy:
    name = override or settings.search.strategy
    options = settings.search.options if name == settings.search.strategy else {}
    return make_strategy(name, options)


def _teller(kind: Kind, worker: str, tell: Listener) -> Callable[[str], None]:
    """Tells a text as an event of this kind."""
    return lambda text: tell(Event(kind, round(time.time(), 3), worker, text=text))


class _Upkeep:
    """Packing and exchanging beside the agents; what fails here is told and stops nothing."""

    def __init__(self, swarm: Swarm, worker: str, tell: Listener, *, exchanges: bool) -> None:
        self._swarm = swarm
        self._problem = _teller("problem", worker, tell)
        news = _teller("decided", worker, tell)
        self._exchange = BackgroundSync(swarm, self._problem, news) if exchanges else None
        self._next = 0.0

    def __call__(self) -> None:
        if self._exchange is not None:
            self._exchange.tick()
        if time.monotonic() > self._next and estimate_loose(self._swarm) > LOOSE_LIMIT:
            self._pack(LOOSE_LIMIT)

    def finish(self) -> None:
        """Others see the last steps, and what is left on disk is small."""
        if self._exchange is not None:
            self._exchange.finish()
        self._pack(_LEFT_LOOSE)

    def _pack(self, at_least: int) -> None:
        pause = _UPKEEP_SECONDS
        try:
            maintain(self._swarm, at_least=at_least)
        except (EvoGitError, OSError) as error:
            self._problem(f"packing: {error}")
            pause = _UPKEEP_RETRY_SECONDS
        self._next = time.monotonic() + pause


def _tell_calibration(shared: Shared, found: Calibration) -> None:
    text = f"base {found.score:.6g}, noise floor {found.floor:.3g} over {found.runs} runs"
    shared.say("calibrated", score=found.score, text=text)
