"""Columns of journal records: evaluations and attempts, and the few decisions and open leases.

Columns hold what is asked often; the full record is read back from its journal entry. Everything
here has one order that does not depend on which host's journal was read first: time of the
record, then place in its journal, then entry id.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right, insort
from dataclasses import dataclass
from typing import Final, Literal

from evogit.ids import CommitId, TreeId
from evogit.outcome import Quarantined, Scored
from evogit.phylogeny.individuals import ID_BYTES, Genomes, Names
from evogit.records import Attempt, Decision, Evaluation, Record, Spend

SCORED: Final = 0
NOT_SCORED: Final = 1
HELD: Final = 2
"""In quarantine, with a score that counts once it is released."""
UNMEASURED: Final = 3
"""In quarantine, and never run: once it is released, it is to be judged."""
QUARANTINE: Final = (HELD, UNMEASURED)
COUNTED: Final = ("search", "repeat")
"""Purposes whose scores make up an individual's score; hold-out results never do."""

_NO_ID: Final = bytes(ID_BYTES)
MAX_TOKENS: Final = 2**62
Key = tuple[float, int, bytes]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the whole swarm has used up, as its journals say, under any evaluator."""

    evaluations: int = 0
    attempts: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0


EvaluationRow = tuple[
    Literal["evaluation", "held"], tuple[str, str], bytes, int, str, float | None, float, float
]
"""Kind, (evaluator, environment), tree, seed, purpose, score if there is one, seconds, time.

``held`` is an evaluation that ended in quarantine."""
AttemptRow = tuple[Literal["attempt"], str, str, int, bytes, int, float, float, float, str]
"""Kind, agent, operator, step, offspring or zeros, tokens, cost, seconds, time, model."""
LeaseRow = tuple[Literal["lease"], str, int, Spend]
"""Kind, agent, step, what is reserved."""
Row = EvaluationRow | AttemptRow | LeaseRow | Decision


def row_of(record: Record) -> Row | None:
    """What the ledger keeps of a record; ``None`` for a lease that reserves nothing."""
    if isinstance(record, Evaluation):
        held = isinstance(record.outcome, Quarantined)
        found = record.outcome.held if isinstance(record.outcome, Quarantined) else record.outcome
        score = found.score if isinstance(found, Scored) else None
        key = (record.evaluator, record.environment)
        tree = bytes.fromhex(record.tree)
        return (
            "held" if held else "evaluation",
            key,
            tree,
            record.seed,
            record.purpose,
            score,
            record.seconds,
            record.time,
        )
    if isinstance(record, Attempt):
        spend = record.spend
        offspring = bytes.fromhex(record.offspring) if record.offspring else _NO_ID
        tokens = min(max(spend.tokens_in, 0) + max(spend.tokens_out, 0), MAX_TOKENS)
        return (
            "attempt",
            record.agent,
            record.operator,
            record.step,
            offspring,
            tokens,
            spend.cost_usd,
            record.seconds,
            record.time,
            record.model,
        )
    if isinstance(record, Decision):
        return record
    return (
        ("lease", record.agent, record.step, record.spend) if record.purpose == "reserve" else None
    )


class Ledger:
    """What the accepted journals say.

    Args:
        genomes: receives the judgements of this evaluator and environment.
        evaluator: evaluations by another one are counted as spent, and otherwise ignored.
        environment: the same for environments.
    """

    COLUMNS: Final = (
        ("places", "I"),
        ("genome_rows", "I"),
        ("seeds", "q"),
        ("purposes", "I"),
        ("writers", "I"),
        ("statuses", "b"),
        ("scores", "d"),
        ("times", "d"),
        ("earlier", "i"),
        ("attempt_places", "I"),
        ("attempt_agents", "I"),
        ("attempt_operators", "I"),
        ("attempt_models", "I"),
        ("attempt_steps", "q"),
        ("attempt_tokens", "q"),
        ("attempt_costs", "d"),
        ("attempt_seconds", "d"),
        ("attempt_times", "d"),
    )

    def __init__(self, genomes: Genomes, *, evaluator: TreeId, environment: str) -> None:
        self._genomes = genomes
        self._key = (evaluator, environment)
        self.names = Names([""])
        self.entries = bytearray()
        self.places = array("I")
        self.genome_rows = array("I")
        self.seeds = array("q")
        self.purposes = array("I")
        self.writers = array("I")
        self.statuses = array("b")
        self.scores = array("d")
        self.times = array("d")
        self.earlier = array("i")
        self.attempt_entries = bytearray()
        self.attempt_offspring = bytearray()
        self.attempt_places = array("I")
        self.attempt_agents = array("I")
        self.attempt_operators = array("I")
        self.attempt_models = array("I")
        self.attempt_steps = array("q")
        self.attempt_tokens = array("q")
        self.attempt_costs = array("d")
        self.attempt_seconds = array("d")
        self.attempt_times = array("d")
        self.decisions: list[tuple[Key, CommitId, Decision]] = []
        self.open_leases: dict[tuple[str, int], Spend] = {}
        self.last_steps: dict[str, int] = {}
        self._counts = [0, 0, 0]
        self._amounts = [0.0, 0.0]
        self.released: frozenset[int] = frozenset()
        """Genomes that a human let out of quarantine; ``State`` keeps it up to date."""
        self._order: array[int] | None = None
        self._by_agent: dict[int, array[int]] = {}

    def add(self, entry: bytes, place: int, row: Row, writer: str = "") -> int | None:
        """Take in one record of a writer; the row of the genome whose judgement it may change, if any."""
        if isinstance(row, Decision):
            insort(self.decisions, ((row.time, 0, entry), CommitId(entry.hex()), row), key=_first)
        elif row[0] == "attempt":
            self._add_attempt(entry, place, row)
        elif row[0] == "lease":
            _, agent, step, spend = row
            if not self._settled(agent, step):
                self.open_leases[agent, step] = spend
        else:
            return self._add_evaluation(entry, place, row, writer)
        return None

    def _add_evaluation(
        self, entry: bytes, place: int, values: EvaluationRow, writer: str
    ) -> int | None:
        kind, key, tree, seed, purpose, score, seconds, time = values
        self._count(evaluations=1, seconds=seconds)
        if key != self._key:
            return None
        genome = self._genomes.add(tree)
        row = len(self.times)
        self.entries += entry
        self.places.append(place)
        self.genome_rows.append(genome)
        self.seeds.append(seed)
        self.purposes.append(self.names.add(purpose))
        self.writers.append(self.names.add(writer))
        self.statuses.append(_status(score, held=kind == "held"))
        self.scores.append(score or 0.0)
        self.earlier.append(self._genomes.evaluations[genome])
        self.times.append(time)
        self._genomes.evaluations[genome] = row
        if self._order is not None:
            insort(self._order, row, key=self.key)
        return genome

    def _add_attempt(self, entry: bytes, place: int, values: AttemptRow) -> None:
        _, name, operator, step, offspring, tokens, cost, seconds, time, model = values
        agent = self.names.add(name)
        row = len(self.attempt_times)
        self.attempt_entries += entry
        self.attempt_offspring += offspring
        self.attempt_places.append(place)
        self.attempt_agents.append(agent)
        self.attempt_operators.append(self.names.add(operator))
        self.attempt_models.append(self.names.add(model))
        self.attempt_steps.append(step)
        self.attempt_tokens.append(tokens)
        self.attempt_costs.append(cost)
        self.attempt_seconds.append(seconds)
        self.attempt_times.append(time)
        if self.open_leases:
            self.open_leases.pop((name, step), None)
        self.last_steps[name] = max(step, self.last_steps.get(name, 0))
        if agent in self._by_agent:
            insort(self._by_agent[agent], row, key=self.attempt_key)
        self._count(attempts=1, tokens=tokens, cost=cost, seconds=seconds)

    def _settled(self, agent: str, step: int) -> bool:
        if step > self.last_steps.get(agent, -1):
            return False
        return any(self.attempt_steps[row] == step for row in self.attempt_rows(agent))

    def _count(
        self,
        *,
        evaluations: int = 0,
        attempts: int = 0,
        tokens: int = 0,
        cost: float = 0.0,
        seconds: float = 0.0,
    ) -> None:
        # Nothing gives money or tokens back, so a negative number is a lie and counts for nothing.
        counts, amounts = self._counts, self._amounts
        counts[0] += evaluations
        counts[1] += attempts
        counts[2] += max(tokens, 0)
        amounts[0] += max(cost, 0.0)
        amounts[1] += max(seconds, 0.0)

    @property
    def reserved(self) -> Spend:
        """What open reservations add up to; a negative one, too, is a lie and counts for nothing."""
        held = self.open_leases.values()
        return Spend(
            sum(max(lease.tokens_in, 0) for lease in held),
            sum(max(lease.tokens_out, 0) for lease in held),
            math.fsum(max(lease.cost_usd, 0.0) for lease in held),
        )

    @property
    def spent(self) -> Spent:
        """What was used up so far; summed in lists, as one object per record would be slow."""
        return Spent(*self._counts, *self._amounts)

    @spent.setter
    def spent(self, spent: Spent) -> None:
        self._counts = [spent.evaluations, spent.attempts, spent.tokens]
        self._amounts = [spent.cost_usd, spent.seconds]

    def key(self, row: int) -> Key:
        """What evaluations are ordered by."""
        return self.times[row], self.places[row], self.entry(row)

    def attempt_key(self, row: int) -> Key:
        """What attempts are ordered by."""
        return self.attempt_times[row], self.attempt_places[row], self.attempt_entry(row)

    def entry(self, row: int) -> bytes:
        """The journal entry of an evaluation."""
        return bytes(self.entries[row * ID_BYTES : (row + 1) * ID_BYTES])

    def attempt_entry(self, row: int) -> bytes:
        """The journal entry of an attempt."""
        return bytes(self.attempt_entries[row * ID_BYTES : (row + 1) * ID_BYTES])

    def order(self) -> array[int]:
        """Rows of evaluations in order."""
        if self._order is None:
            self._order = array("I", sorted(range(len(self.times)), key=self.key))
        return self._order

    def attempt_rows(self, agent: str) -> array[int]:
        """Rows of one agent's attempts in order; an agent is sorted when it is first asked for."""
        number = self.names.add(agent)
        found = self._by_agent.get(number)
        if found is None:
            rows = [row for row, owner in enumerate(self.attempt_agents) if owner == number]
            found = self._by_agent[number] = array("I", sorted(rows, key=self.attempt_key))
        return found

    def evaluations_of(self, genome: int) -> list[int]:
        """Rows of the evaluations of one genome in order; of equal keys only the newest."""
        rows: list[int] = []
        row = self._genomes.evaluations[genome]
        while row >= 0:
            rows.append(row)
            row = self.earlier[row]
        latest: dict[tuple[int, int], int] = {}
        for row in sorted(rows, key=self.key) if len(rows) > 1 else rows:
            latest[self.seeds[row], self.purposes[row]] = row
        return sorted(latest.values(), key=self.key) if len(rows) > 1 else rows

    def judge(self, genome: int) -> int | None:
        """Bring a genome's status and score up to date.

        It is scored if every counted evaluation is; its score is then their mean. In a released
        genome what was held counts as scored. Returns the row of the evaluation that tells its
        outcome: the first that is not scored, else the first.
        """
        counted = [
            row
            for row in self.evaluations_of(genome)
            if self.names.names[self.purposes[row]] in COUNTED
        ]
        if not counted:
            return None
        bad = next((row for row in counted if not self.counts(row)), None)
        self._genomes.statuses[genome] = SCORED if bad is None else self.statuses[bad]
        # A mean of one is that very number: no rounding may creep in.
        total = (
            self.scores[counted[0]]
            if len(counted) == 1
            else _mean([self.scores[r] for r in counted])
        )
        self._genomes.scores[genome] = total if bad is None else 0.0
        return counted[0] if bad is None else bad

    def counts(self, row: int) -> bool:
        """Whether the score of an evaluation counts: not held, or released."""
        status = self.statuses[row]
        return status == SCORED or (status == HELD and self.genome_rows[row] in self.released)

    def position(self, row: int) -> int:
        """How many evaluations come before this one in order."""
        return bisect_right(self.order(), self.key(row), key=self.key) - 1


def _status(score: float | None, *, held: bool) -> int:
    if held:
        return UNMEASURED if score is None else HELD
    return NOT_SCORED if score is None else SCORED


def _first(item: tuple[Key, CommitId, Decision]) -> Key:
    return item[0]


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
