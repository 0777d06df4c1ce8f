"""What the watching thread does besides looking for news: survey agents, notice edges, exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evogit.phylogeny.ledger import Spent
from evogit_tui.alerts import Alert, Moment, alerts
from evogit_tui.exchange import Exchange, Exchanged
from evogit_tui.fleet import Fleet, Member, WorkerState
from evogit_tui.model import Facts, Model


@dataclass(frozen=True, slots=True)
class Watch:
    """What one look found besides the facts."""

    members: tuple[Member, ...] = ()
    workers: tuple[tuple[str, WorkerState], ...] = ()
    exchanged: Exchanged = field(default_factory=Exchanged)


class Sentinel:
    """Looks after the swarm on behalf of a human. Only the watching thread calls ``look``.

    Args:
        model: the swarm.
        sync: seconds between exchanges with the remote; 0 for never.
    """

    def __init__(self, model: Model, sync: float) -> None:
        self._model = model
        self._sync = sync
        self.fleet = Fleet(model)
        self.watch = Watch()
        self._exchange: Exchange | None = None
        self._before: Moment | None = None

    def look(self, facts: Facts) -> tuple[bool, list[Alert]]:
        """Whether anything but times changed, and what just became true.

        Raises:
            GitError: git can not read the repository.
        """
        if self._exchange is None:
            self._exchange = Exchange(self._model.session.swarm, self._sync)
        self.fleet.survey(facts)
        workers = tuple(sorted(self.fleet.workers.items()))
        found = Watch(self.fleet.members, workers, self._exchange.tick())
        changed = found != self.watch
        self.watch = found
        moment = self._moment(facts)
        noticed = [] if self._before is None else alerts(self._before, moment)
        self._before = moment
        return changed, noticed

    def _moment(self, facts: Facts) -> Moment:
        found, members = self.watch, self.watch.members
        best = facts.best
        return Moment(
            best=facts.best_score,
            best_id="" if best is None else self._model.phylogeny.commit(best),
            maximize=facts.maximize,
            agents={member.name: member.doing for member in members},
            failures={member.name: member.failure[1] for member in members if member.failure[1]},
            budgets=shares(facts),
            workers=dict(found.workers),
            sync=found.exchanged.state,
            trouble=found.exchanged.trouble,
        )


def shares(facts: Facts) -> Mapping[str, float]:
    """The used share of every limit of the swarm, what is reserved included."""
    limits, spent, reserved = facts.settings.budget, facts.spent, facts.reserved
    used = used_up(spent, reserved.tokens_in + reserved.tokens_out, reserved.cost_usd)
    known = (
        ("evaluations", limits.evaluations),
        ("seconds", limits.seconds),
        ("tokens", limits.tokens),
        ("dollars", limits.cost_usd),
    )
    return {name: used[name] / limit for name, limit in known if limit is not None}


def used_up(spent: Spent, tokens: int, cost_usd: float) -> Mapping[str, float]:
    """What is spent and reserved of everything that can be limited."""
    return {
        "evaluations": spent.evaluations,
        "seconds": spent.seconds,
        "tokens": spent.tokens + tokens,
        "dollars": spent.cost_usd + cost_usd,
    }
