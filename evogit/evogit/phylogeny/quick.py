"""Journal records read several times faster, for rebuilding a big phylogeny.

Reading records is most of a rebuild. Those that look exactly as our own workers write them
(``records.dump``) and are plain in every field are taken apart by one pattern; any other goes the
strict way, through ``records.load``, which alone decides what is acceptable. A test holds both to
the same answers.
"""

from __future__ import annotations

import re
from typing import Final

from evogit.phylogeny.individuals import ID_BYTES
from evogit.phylogeny.ledger import MAX_TOKENS, AttemptRow, EvaluationRow, Row, row_of
from evogit.records import MAX_RECORD_BYTES, VERSION, load

_NO_ID: Final = bytes(ID_BYTES)
_ID: Final = '"[0-9a-f]{40}"'
_IDS: Final = rf"\[(?:{_ID}(?:,{_ID}){{0,400}})?\]"
_NAME: Final = "(?:[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)?"
_WORD: Final = r'(?=[^"]{0,40}")(?:[!#-\[\]-~]+(?: [!#-\[\]-~]+)*)?'
"""ASCII that needs no cleaning, within the shortest limit that ``records`` puts on such a text."""
_FLOAT: Final = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,30}(?:e-[0-9]{1,3})?|e-[0-9]{1,3})"
_INT: Final = "-?(?:0|[1-9][0-9]{0,17})"
_STEP: Final = "(?:0|[1-9][0-9]{0,8})"
_METRIC: Final = rf'"{_WORD}":{_FLOAT}'
_EVALUATION: Final = re.compile(
    rf'\{{"agent":"{_NAME}","commit":{_ID},"environment":"(?P<environment>{_WORD})",'
    r'"evaluator":"(?P<evaluator>[0-9a-f]{40})","kind":"evaluation",'
    rf'"outcome":\{{"metrics":\{{(?:{_METRIC}(?:,{_METRIC}){{0,100}})?\}},'
    rf'"score":(?P<score>{_FLOAT}),"status":"scored"\}},"purpose":"(?P<purpose>{_WORD})",'
    rf'"sandbox":"{_WORD}","seconds":(?P<seconds>{_FLOAT}),"seed":(?P<seed>{_INT}),'
    rf'"time":(?P<time>{_FLOAT}),"tree":"(?P<tree>[0-9a-f]{{40}})","v":{VERSION}\}}'
)
_ATTEMPT: Final = re.compile(
    rf'\{{"agent":"(?P<agent>{_NAME})","duplicate_of":(?:null|{_ID}),"inspirations":{_IDS},'
    rf'"kind":"attempt","model":"(?P<model>{_WORD})",'
    rf'"offspring":(?:null|"(?P<offspring>[0-9a-f]{{40}})"),"operator":"(?P<operator>{_WORD})",'
    rf'"parents":{_IDS},"reason":"[^"\\\x00-\x1f]*","seconds":(?P<seconds>{_FLOAT}),'
    rf'"spend":\{{"in":(?P<in>{_INT}),"out":(?P<out>{_INT}),"usd":(?P<usd>{_FLOAT})\}},'
    rf'"step":(?P<step>{_STEP}),"time":(?P<time>{_FLOAT}),"v":{VERSION}\}}'
)


def row_from(text: str) -> Row | None:
    """The same as ``row_of(load(text))``.

    Raises:
        UserError: as ``records.load``.
    """
    row = plain_row(text) if len(text) <= MAX_RECORD_BYTES else None
    return row_of(load(text)) if row is None else row


def plain_row(text: str) -> AttemptRow | EvaluationRow | None:
    """The row of a record that looks as our own workers write it, else ``None``."""
    found = _EVALUATION.fullmatch(text)
    if found is not None:
        environment, evaluator, score, purpose, seconds, seed, time, tree = found.groups()
        return (
            "evaluation",
            (evaluator, environment),
            bytes.fromhex(tree),
            int(seed),
            purpose,
            float(score),
            float(seconds),
            float(time),
        )
    found = _ATTEMPT.fullmatch(text)
    if found is None:
        return None
    agent, model, offspring, operator, seconds, tokens_in, out, usd, step, time = found.groups()
    return (
        "attempt",
        agent,
        operator,
        int(step),
        _NO_ID if offspring is None else bytes.fromhex(offspring),
        min(max(int(tokens_in), 0) + max(int(out), 0), MAX_TOKENS),
        float(usd),
        float(seconds),
        float(time),
        model,
    )
