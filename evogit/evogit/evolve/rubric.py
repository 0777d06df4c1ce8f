"""What a model is to look at when it compares: criteria, written once for a goal and then fixed.

Criteria that are written anew for every comparison would move with what is compared; written once
and recorded in the spec, all comparisons of a goal follow the same ones (as with the explicit
criteria of G-Eval, Liu et al., EMNLP 2023).
"""

from __future__ import annotations

import json
from typing import Final, cast

from evogit.errors import EvoGitError, PreconditionError
from evogit.evolve.assembly import Plan
from evogit.evolve.once import open_desk
from evogit.judge.judge import Task
from evogit.swarm.repository import Swarm
from evogit.text import clean_line

_FEWEST, _MOST, _LONGEST = 3, 8, 200
_SYSTEM: Final = f"""\
You write criteria by which two results of the same task are compared later, by somebody else.
Each is one short sentence about something that can be seen in a result; together they cover what
is asked for and nothing else. The most important one comes first.
Answer with a JSON list of {_FEWEST} to {_MOST} strings and nothing else."""


def write_rubric(swarm: Swarm, plan: Plan) -> tuple[str, ...]:
    """Let the evaluator's model write criteria for the goal; the bill is in the journal on return.

    Raises:
        PreconditionError: no stage asks a model, there is no goal, or a cap forbids to ask.
        EvoGitError: the model gave no list of criteria.
        EvaluatorError: no sandbox works.
    """
    settings = swarm.spec().settings
    ask = next((stage.ask for stage in settings.evaluate.stages if stage.ask is not None), None)
    goal = settings.goal.text.strip()
    if ask is None or not goal:
        missing = "stage that asks a model" if ask is None else "goal"
        raise PreconditionError(
            f"the spec has no {missing}", hint='a rubric serves score = "pairwise" and a goal'
        )
    with open_desk(swarm, plan) as desk:
        base = Task(swarm.base, swarm.git.commit(swarm.base).tree, settings.evaluate.seed)
        with desk.paid_judge(base) as judge:
            assert judge.oracle is not None, "a judge that is paid for asks"  # noqa: S101  # for the types
            question = f"What the results are for:\n{goal}"
            answer = judge.oracle.ask(_SYSTEM, question, ask.max_tokens)
    if answer.problem:
        raise EvoGitError(f"the model gave no rubric: {answer.problem}")
    return criteria(answer.text)


def criteria(text: str) -> tuple[str, ...]:
    """The criteria in an answer.

    Raises:
        EvoGitError: it is anything but a JSON list of a few short strings.
    """
    body = text.strip().removeprefix("```json").strip("`").strip()
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    items = cast("list[object]", found) if isinstance(found, list) else []
    lines = tuple(clean_line(item, _LONGEST) for item in items if isinstance(item, str))
    if len(lines) != len(items) or not _FEWEST <= len(lines) <= _MOST or not all(lines):
        raise EvoGitError(
            f"the model gave no list of {_FEWEST} to {_MOST} criteria: {clean_line(text, 120)}",
            hint="try again, or write goal.rubric in evogit.toml yourself",
        )
    return lines
