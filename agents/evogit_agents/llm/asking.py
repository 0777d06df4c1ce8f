"""One question to a model, at most one more that says what was wrong, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from evogit.proposals import NoProposal, Proposal
from evogit.records import Spend
from evogit.text import clean_line
from evogit_agents.llm.answers import UnusableError, unclosed
from evogit_agents.llm.ground import Edit, Ground, Order
from evogit_agents.models.model import Message, ModelError, Reply

CALLS: Final = 2
"""The question, and one retry."""
_LONGEST: Final = 120


@dataclass(slots=True)
class _Record:
    """What the journal gets, whatever the end."""

    spend: Spend = Spend()
    artefacts: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def asked(self, call: int, messages: Sequence[Message]) -> None:
        turns = [{"role": message.role, "text": message.text} for message in messages]
        text = json.dumps(turns, indent=1, ensure_ascii=False)
        self.artefacts[_numbered("prompt", call, ".json")] = text.encode("utf-8", "replace")

    def answered(self, call: int, reply: Reply) -> None:
        self.paid(reply.spend)
        # As it came: a replay must read what was read. Who shows it cleans it.
        self.artefacts[_numbered("response", call, ".txt")] = reply.text.encode("utf-8", "replace")
        seconds = round(reply.seconds, 3)
        about = {"finish": reply.finish, "model": reply.model, "seconds": seconds}
        self._about(call, about | ({"note": reply.note} if reply.note else {}))

    def unanswered(self, call: int, error: ModelError) -> None:
        self.paid(error.spend)
        self._about(call, {"error": error.kind})

    def _about(self, call: int, facts: Mapping[str, object]) -> None:
        self.artefacts[_numbered("answer", call, ".json")] = json.dumps(facts).encode()

    def paid(self, spend: Spend) -> None:
        before = self.spend
        self.spend = Spend(
            before.tokens_in + spend.tokens_in,
            before.tokens_out + spend.tokens_out,
            before.cost_usd + spend.cost_usd,
        )


def _numbered(name: str, call: int, ending: str) -> str:
    return f"{name}-{call + 1}{ending}" if call else name + ending


def carry_out(ground: Ground, order: Order) -> Proposal | NoProposal:
    """Ask for an order's answer and read it; once more if it can not be used."""
    record = _Record()
    first = _struck(ground, [Message("system", ground.system()), Message("user", order.prompt)])
    messages = first
    reason = f"its prompt does not fit into the {ground.model.context} tokens of the model"
    for call in range(CALLS):
        if ground.model.count(messages) > ground.room:
            break
        record.asked(call, messages)
        try:
            reply = ground.model.ask(messages, seed=ground.task.random.getrandbits(31))
        except ModelError as error:
            record.unanswered(call, error)
            return _unanswered(ground, order, record, error)
        record.answered(call, reply)
        try:
            return _proposal(ground, order, record, _read(order, reply))
        except UnusableError as error:
            reason = error.message
            messages = _again(ground, first, reason)
    return NoProposal(
        order.operator,
        clean_line(f"the answer can not be used: {reason}", 300),
        ground.model.name,
        record.spend,
        record.artefacts,
    )


def _read(order: Order, reply: Reply) -> Edit:
    if reply.finish == "length" and unclosed(reply.text):
        raise UnusableError("it was cut off because it is too long; answer more briefly")
    return order.read(reply.text)


def _again(ground: Ground, first: Sequence[Message], reason: str) -> list[Message]:
    """The question once more, with what was wrong with the answer.

    Not with the answer itself: small models then repeat it word for word.
    """
    words = ground.templates.render("again", {"reason": clean_line(reason, 300).rstrip(".")})
    # One turn: two of a user in a row are refused by some models.
    return _struck(ground, [*first[:-1], Message("user", f"{first[-1].text}\n{words}")])


def _struck(ground: Ground, messages: Sequence[Message]) -> list[Message]:
    return [Message(one.role, ground.redactor.text(one.text)) for one in messages]


def _unanswered(ground: Ground, order: Order, record: _Record, error: ModelError) -> NoProposal:
    return NoProposal(
        order.operator,
        clean_line(error.message, 300),
        ground.model.name,
        record.spend,
        record.artefacts,
        error.pause,
        error.stop,
    )


def _proposal(ground: Ground, order: Order, record: _Record, edit: Edit) -> Proposal:
    paths = list(edit.changes)
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    about = f": {edit.about}" if edit.about else ""
    return Proposal(
        order.operator,
        edit.changes,
        clean_line(f"{order.operator} {paths[0]}{more}{about}", _LONGEST),
        model=ground.model.name,
        spend=record.spend,
        artefacts=record.artefacts,
        inspirations=order.inspirations,
    )
