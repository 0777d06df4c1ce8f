"""What the swarm spends, on what, and how long that can go on: lines of plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evogit.phylogeny.activity import NO_MODEL, Activity, Totals, day_of
from evogit_tui.exchange import ago
from evogit_tui.model import Facts
from evogit_tui.sentinel import shares, used_up
from evogit_tui.widgets.status import meter

WINDOW: Final = 600.0
"""Seconds over which rates are measured."""
_MOST: Final = 6
_BAR: Final = 10


@dataclass(frozen=True, slots=True)
class Costs:
    """One look at what is spent.

    Args:
        today: since midnight, UTC, like the caps of a day.
        recent: in the last ten minutes.
        per_agent, per_model, per_operator, per_result: what each spent.
    """

    today: Totals
    recent: Totals
    per_agent: Mapping[str, Totals]
    per_model: Mapping[str, Totals]
    per_operator: Mapping[str, Totals]
    per_result: Mapping[str, Totals]


def costs(activity: Activity, now: float) -> Costs:
    """What is spent by now."""
    return Costs(
        today=activity.on(day_of(now)),
        recent=activity.since(now - WINDOW),
        per_agent=activity.by_agent,
        per_model=activity.by_model,
        per_operator=activity.by_operator,
        per_result=activity.by_result,
    )


def lines(found: Costs, facts: Facts, *, ascii_only: bool) -> list[str]:
    """Limits with bars first, then rates, then who spent what; what is empty is left out."""
    paid = facts.spent.cost_usd > 0
    unit = _dollars if paid else _attempts
    groups = (
        ("by agent", found.per_agent),
        ("by model", found.per_model),
        ("by operator", found.per_operator),
        ("by result", found.per_result),
    )
    return [
        *_limits(facts, ascii_only=ascii_only),
        _rates(found, facts),
        *(_group(title, group, unit) for title, group in groups if group.keys() - {NO_MODEL}),
    ]


def _limits(facts: Facts, *, ascii_only: bool) -> list[str]:
    limits, reserved = facts.settings.budget, facts.reserved
    known = shares(facts)
    spent, tokens = facts.spent, reserved.tokens_in + reserved.tokens_out
    used = used_up(spent, tokens, reserved.cost_usd)
    caps = {
        "evaluations": limits.evaluations,
        "seconds": limits.seconds,
        "tokens": limits.tokens,
        "dollars": limits.cost_usd,
    }
    found: list[str] = []
    for name, cap in caps.items():
        if cap is None and (not used[name] or name in {"seconds", "tokens"}):
            continue
        number = f"${used[name]:,.2f}" if name == "dollars" else f"{used[name]:,.0f}"
        text = f"{name:<12}{number}"
        if cap is not None:
            bar = meter(known[name], _BAR, ascii_only=ascii_only)
            text += f" of {cap:,.6g} {bar} {known[name]:.0%}"
        held = {"tokens": f"{tokens:,}", "dollars": f"${reserved.cost_usd:,.2f}"}.get(name, "")
        if held and (tokens if name == "tokens" else reserved.cost_usd):
            text += f" ({held} reserved)"
        found.append(text)
    return found


def _rates(found: Costs, facts: Facts) -> str:
    today, minutes = found.today, WINDOW / 60
    parts = [f"today ${today.cost_usd:,.2f}" if today.cost_usd else f"today {today.attempts:,}"]
    parts[0] += " attempts" if not today.cost_usd else ""
    if found.recent.attempts:
        parts.append(f"{found.recent.attempts:,} in the last {minutes:g} min")
    if found.recent.tokens:
        parts[-1] += f" ({found.recent.tokens:,} tokens)"
    left = time_left(found, facts)
    if left is not None:
        parts.append(f"budget lasts {ago(left)} at this rate")
    return ", ".join(parts)


def time_left(found: Costs, facts: Facts) -> float | None:
    """Seconds until the first limit at the rate of the last ten minutes; ``None`` for never."""
    limits, spent, recent = facts.settings.budget, facts.spent, found.recent
    pairs = (
        (limits.evaluations, float(spent.evaluations), float(recent.offspring)),
        (limits.seconds, spent.seconds, recent.seconds),
        (limits.tokens, float(spent.tokens), float(recent.tokens)),
        (limits.cost_usd, spent.cost_usd, recent.cost_usd),
    )
    known = [
        max(limit - used, 0.0) / rate * WINDOW for limit, used, rate in pairs if limit and rate > 0
    ]
    return min(known, default=None)


Unit = Callable[[Totals], tuple[float, str]]


def _dollars(totals: Totals) -> tuple[float, str]:
    return totals.cost_usd, f"${totals.cost_usd:,.2f}"


def _attempts(totals: Totals) -> tuple[float, str]:
    return totals.attempts, f"{totals.attempts:,}"


def _group(title: str, group: Mapping[str, Totals], unit: Unit) -> str:
    """Those that spent most, most first."""
    ranked = sorted(group.items(), key=lambda item: (-unit(item[1])[0], item[0]))
    ranked = [item for item in ranked if unit(item[1])[0]]
    shown: Sequence[str] = [_member(title, name, totals, unit) for name, totals in ranked[:_MOST]]
    more = f", {len(ranked) - _MOST} more" if len(ranked) > _MOST else ""
    return f"{title:<12}{', '.join(shown)}{more}"


def _member(title: str, name: str, totals: Totals, unit: Unit) -> str:
    text = f"{name or '-'} {unit(totals)[1]}"
    if title == "by operator" and totals.judged:
        text += f" ({totals.improved / totals.judged:.0%} improve)"
    return text
