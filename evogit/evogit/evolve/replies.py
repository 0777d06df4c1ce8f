"""Whether what an agent answers is what its protocol says, before any of it is believed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, cast

from evogit.errors import EvaluatorError, EvoGitError, UserError
from evogit.git.trees import check_path
from evogit.ids import is_object_id
from evogit.outcome import MAX_MAGNITUDE
from evogit.plugins import described
from evogit.proposals import Agent, NoProposal, Proposal
from evogit.records import Spend
from evogit.text import clean_line

_MOST_TOKENS: Final = 2**62
_TEXTS: Final = ("operator", "subject", "body", "model", "reason")


def name_of(agent: Agent) -> str:
    """Its kind and its class, for errors that are its fault."""
    kind, made = getattr(agent, "kind", "?"), type(agent)
    return f"agent {kind!r} ({made.__module__}:{made.__qualname__})"


def worst_case(agent: Agent) -> Spend:
    """What the next step may cost.

    Raises:
        EvaluatorError: the agent fails, or says nothing that could be reserved.
    """
    try:
        worst: object = agent.worst_case()
    except (EvoGitError, OSError):
        raise
    except (Exception, SystemExit) as error:  # a stranger's code
        raise _unusable(agent, f"worst_case raised {described(error)}") from error
    if _is_spend(worst):
        return worst
    raise _unusable(agent, f"worst_case returned {_shown(worst)}, which is no cost of 0 or more")


def _unusable(agent: Agent, what: str) -> EvaluatorError:
    return EvaluatorError(
        f"{name_of(agent)}: {what}", hint="the fault is in this agent; --debug shows where"
    )


def spend_of(answer: object) -> Spend | None:
    """What an answer says it cost, if that can be believed."""
    spend: object = getattr(answer, "spend", None)
    return cast("Spend", spend) if _is_spend(spend) else None


def what_is_wrong(answer: object) -> str:
    """Why an answer can not be recorded, in words; empty if nothing is wrong but, perhaps, its changes."""
    if not isinstance(answer, Proposal | NoProposal):
        return f"it returned {type(answer).__name__}, not a Proposal or NoProposal"
    return next(_faults(answer), "")


def _faults(answer: Proposal | NoProposal) -> Iterator[str]:
    if not _is_spend(answer.spend):
        yield f"it says that it spent {_shown(answer.spend)}, which is no cost of 0 or more"
    for field in _TEXTS:
        if not isinstance(getattr(answer, field, ""), str):
            yield f"{field} is {_shown(getattr(answer, field))}, not text"
    yield from _no_files("artefacts", answer.artefacts, (bytes,))
    yield from filter(None, map(_misnamed, answer.artefacts))
    if isinstance(answer, Proposal):
        yield from _no_files("changes", answer.changes, (bytes, type(None)))
        yield from _no_ids(answer.inspirations)
        if not isinstance(cast("object", answer.executable), AbstractSet):
            yield f"executable is {_shown(answer.executable)}, not a set of paths"
    elif not _is_amount(answer.pause):
        yield f"pause is {_shown(answer.pause)}, not seconds"


def _no_files(field: str, files: object, kinds: tuple[type, ...]) -> Iterator[str]:
    if not isinstance(files, Mapping):
        yield f"{field} is {_shown(files)}, not a mapping of paths to bytes"
        return
    for path, data in cast("Mapping[object, object]", files).items():
        if not isinstance(path, str):
            yield f"{field} has the path {_shown(path)}, which is not text"
        elif not isinstance(data, kinds):
            yield f"{field} has {type(data).__name__} for {path[:80]!r}, not bytes"


def _misnamed(artefact: str) -> str:
    """What is wrong with an artefact's name: it lies beside others in one folder."""
    try:
        check_path(artefact)
        artefact.encode()
    except (UserError, UnicodeError):
        return f"the artefact {artefact[:80]!r} can not be called so"
    return f"the artefact {artefact[:80]!r} names a folder" if "/" in artefact else ""


def _no_ids(inspirations: object) -> Iterator[str]:
    if not isinstance(inspirations, tuple):
        yield f"inspirations is {_shown(inspirations)}, not a tuple of ids"
        return
    for one in cast("tuple[object, ...]", inspirations):
        if not isinstance(one, str) or not is_object_id(one):
            yield f"inspirations has {_shown(one)}, which is no id"


def _is_spend(found: object) -> bool:
    if not isinstance(found, Spend):
        return False
    tokens: tuple[object, ...] = (found.tokens_in, found.tokens_out)
    whole = all(type(one) is int and 0 <= one <= _MOST_TOKENS for one in tokens)
    return whole and _is_amount(found.cost_usd)


def _is_amount(found: object) -> bool:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    return math.isfinite(found) and 0 <= found <= MAX_MAGNITUDE


def _shown(value: object) -> str:
    return clean_line(repr(value), 120)
