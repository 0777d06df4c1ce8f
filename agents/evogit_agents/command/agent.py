"""The agent that hands a parent to a coding agent and takes back the folder it leaves."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Final

from evogit.errors import UserError
from evogit.paths import matches
from evogit.proposals import NoProposal, Proposal, Task
from evogit.records import Spend
from evogit.text import clean_line, decode
from evogit_agents.command.brief import brief
from evogit_agents.command.folder import Work, lay_out, read_back
from evogit_agents.command.launch import WORK, Ended, furnish, run, scratch
from evogit_agents.command.tool import Tool
from evogit_agents.command.usage import Bill, Said, bill, read

_LOG: Final = 200_000
"""Bytes of a log that are kept: its end says how it ended, and the journal keeps 256 KiB."""
_FILES: Final = 20
_SHOWN: Final = 5
_FRUITLESS: Final = 8
"""After so many steps in a row without any change, a tool is set up wrongly."""
_LONGEST_PAUSE: Final = 120.0
_REFUSED: Final = re.compile(
    r"(?:HTTP(?:/[\d.]{1,3})?|status|error|(?<![a-z])code)[^\w\n]{0,10}401\b|401 Unauthorized"
    r"|invalid[ _-]?api[ _-]?key|incorrect api key|authentication[ _]?error|not logged in",
    re.IGNORECASE,
)
_TAIL: Final = 3000


@dataclass(frozen=True, slots=True)
class _Step:
    """What one run of the tool came to: a folder read back, or why it can not be."""

    ended: Ended
    work: Work | str
    seconds: float


class CommandAgent:
    """Runs one coding agent on the parent and judges it by the tree it leaves, never by its words.

    The operator is ``command``, or ``cross`` where a second parent is to be combined.
    """

    def __init__(self, tool: Tool) -> None:
        self.kind = tool.kind
        self._tool = tool
        self._fruitless = 0

    def worst_case(self) -> Spend:
        """What ``[budget]`` says that one step may cost."""
        return self._tool.caps.worst

    def propose(self, task: Task) -> Proposal | NoProposal:
        """Let the tool work on the first parent; what it changed, or why there is nothing."""
        crossing = task.operator == "cross" and len(task.parents) > 1
        operator = "cross" if crossing else "command"
        if not task.parents:
            return NoProposal(operator, "there is no parent to change", self._tool.label)
        prompt = self._tool.redactor.text(brief(task, maximize=self._tool.maximize))
        command = self._tool.command(prompt, self._files(task))
        try:
            step = self._run(task, prompt, command)
        except (UserError, OSError) as error:
            reason = f"the parent can not be laid out: {clean_line(str(error))}"
            return NoProposal(operator, reason, self._tool.label)
        return self._answer(operator, prompt, command, step)

    def _files(self, task: Task) -> list[str]:
        search = task.search
        found = [
            path
            for path in task.parents[0].paths
            if matches(path, search.editable) and not matches(path, search.protected)
        ]
        return [f"{WORK}/{path}" for path in found[:_FILES]]

    def _run(self, task: Task, prompt: str, command: list[str]) -> _Step:
        tool, parent = self._tool, task.parents[0]
        started = time.monotonic()
        with scratch(tool.root) as folder:
            lay_out(parent, folder / "work")
            furnish(folder / "home", prompt, tool.record, tool.home)
            ended = run(
                tool.sandbox,
                tool.program,
                tool.record,
                folder,
                arguments=command,
                variables=tool.variables,
                prompt=prompt,
                overspent=self._overspent,
                stop=tool.stop,
            )
            try:
                work = read_back(parent, folder / "work", task.search, tool.record.litter)
            except (UserError, OSError) as error:
                work = clean_line(str(error))
        return _Step(ended, work, time.monotonic() - started)

    def _overspent(self, output: str, report: bytes) -> bool:
        return self._tool.caps.reached(self._said(output, report))

    def _said(self, output: str, report: bytes) -> Said:
        usage = self._tool.record.usage
        if usage is None:
            return Said()
        text = output if usage.place == "output" else report.decode("utf-8", "replace")
        return self._tool.caps.believed(read(usage, text))

    def _answer(
        self, operator: str, prompt: str, command: list[str], step: _Step
    ) -> Proposal | NoProposal:
        tool, ended, work = self._tool, step.ended, step.work
        output = ended.output.decode("utf-8", "replace")
        cost = bill(
            self._said(output, ended.report),
            tool.caps.price,
            tool.caps.worst,
            free=tool.record.free,
        )
        log = tool.redactor.text(decode(ended.output[-_LOG:], _LOG))
        artefacts = {
            "prompt.txt": prompt.encode(),
            "log.txt": log.encode(),
            "command.json": self._command_json(prompt, command, step, cost),
        }
        if isinstance(work, str) or not work.changes or ended.reason == "stop":
            why = work if isinstance(work, str) else _why_nothing(work, ended, log)
            return self._nothing(operator, why, log, cost, artefacts)
        self._fruitless = 0
        return Proposal(
            operator,
            work.changes,
            _subject(tool.name, work),
            _body(work, ended),
            model=tool.label,
            spend=cost.spend,
            executable=frozenset(work.executable),
            artefacts=artefacts,
        )

    def _nothing(
        self, operator: str, why: str, log: str, cost: Bill, artefacts: dict[str, bytes]
    ) -> NoProposal:
        self._fruitless += 1
        refused = _REFUSED.search(log[-_TAIL:]) is not None
        given_up = self._fruitless >= _FRUITLESS
        reason = f"{self._tool.name}: {why}"
        if refused:
            reason += "; its provider seems to refuse the key"
        elif given_up:
            reason += f"; the {_FRUITLESS}th step in a row without a change"
        return NoProposal(
            operator,
            reason,
            self._tool.label,
            cost.spend,
            artefacts,
            pause=min(2.0**self._fruitless, _LONGEST_PAUSE),
            stop=refused or given_up,
        )

    def _command_json(self, prompt: str, command: list[str], step: _Step, cost: Bill) -> bytes:
        tool, done = self._tool, step.ended.completed
        found = {
            "tool": tool.name,
            "version": tool.version,
            "argv": [str(tool.program.path), *("{prompt}" if w == prompt else w for w in command)],
            "variables": sorted(tool.variables),
            "model": tool.model.model if tool.model is not None else "",
            "ended": step.ended.in_words,
            "status": done.status,
            "limit": done.limit,
            "seconds": round(done.seconds, 3),
            "cost_source": cost.source,
            "left_out": step.work.left_out[:100] if isinstance(step.work, Work) else [],
        }
        return tool.redactor.text(json.dumps(found, indent=1)).encode()


def _why_nothing(work: Work, ended: Ended, log: str) -> str:
    lines = [line for line in log.splitlines() if any(map(str.isalnum, line))]
    last = f": {clean_line(lines[-1], 200)}" if lines else ""
    other = f" (it changed {_listed(work.left_out)}, not editable)" if work.left_out else ""
    return f"left the tree unchanged{other}; {ended.in_words}{last}"


def _subject(name: str, work: Work) -> str:
    return clean_line(f"{name} changed {_listed(sorted(work.changes))}", 160)


def _body(work: Work, ended: Ended) -> str:
    lines: list[str] = []
    if ended.in_words != "status 0":
        lines.append(f"It did not end well: {ended.in_words}.")
    if work.left_out:
        lines.append(f"Left out, not editable: {_listed(work.left_out)}.")
    return "\n".join(lines)


def _listed(paths: list[str]) -> str:
    shown = ", ".join(clean_line(path, 80) for path in paths[:_SHOWN])
    return shown if len(paths) <= _SHOWN else f"{shown} and {len(paths) - _SHOWN} more"
