"""Coding agents in a swarm: real processes, real git, beside genetic agents."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.agents.command import swarms
from tests.agents.command.acting import editor, idle
from tests.agents.command.conftest import Shop, task
from tests.agents.models.server import Server

from evogit.phylogeny.index import Phylogeny
from evogit.proposals import NoProposal, Proposal
from evogit.records import Attempt, Spend
from evogit.swarm.journal import read_entry
from evogit.swarm.repository import Swarm

_BUDGET = "[budget]\nstep_tokens = 100000\nstep_cost_usd = 0.5\ncost_usd = 100.0\n"
_COUNT_UP = """
import re
path = Path("program.py")
text = path.read_text()
print('{"in": 100, "out": 20, "cost": 0.25}')
path.write_text(text.replace("return ", "return 1 + ", 1))
"""
_USAGE = '[usage]\ntokens_in = ["in"]\ntokens_out = ["out"]\ncost_usd = ["cost"]\n'


def tried(swarm: Swarm, phylogeny: Phylogeny) -> list[Attempt]:
    rows = [row for agent in phylogeny.agents for row in phylogeny.attempts(agent)]
    records = [read_entry(swarm.git, row.entry).record for row in rows]
    return [record for record in records if isinstance(record, Attempt)]


def test_a_coding_agent_and_a_genetic_one_make_individuals_in_one_swarm(
    shop: Shop, tmp_path: Path
) -> None:
    shop.tool(_COUNT_UP, _USAGE)
    swarm = swarms.make(tmp_path, _BUDGET)
    kinds = ("command:fake", "genetic")
    found = swarms.run(swarm, tmp_path, kinds, shop.environment, agents=2, evaluations=12)
    operators = [found.operator(i) for i in range(len(found))]
    assert "command" in operators
    assert set(operators) - {"command", "cross", "merge", ""}
    best = found.best(1)[0]
    assert (found.score(best) or 0) > 4
    mine = [one for one in tried(swarm, found) if one.model == "fake" and one.offspring is not None]
    assert {one.spend for one in mine} == {Spend(100, 20, 0.25)}


def test_an_edited_protected_file_is_refused_and_recorded(shop: Shop, tmp_path: Path) -> None:
    shop.tool("Path('tests/check.py').write_text('pass')\n" + _COUNT_UP, _USAGE)
    swarm = swarms.make(tmp_path, _BUDGET.replace("100.0", "0.6"))
    found = swarms.run(swarm, tmp_path, ("command:fake",), shop.environment, agents=1)
    assert tried(swarm, found)[0].reason == "refused: 'tests/check.py' is protected"
    assert len(found) == 1
    assert found.spent.cost_usd == 0.25


def test_a_swarm_does_not_start_a_step_that_could_break_its_budget(
    shop: Shop, tmp_path: Path
) -> None:
    shop.tool(_COUNT_UP, _USAGE)
    swarm = swarms.make(tmp_path, _BUDGET.replace("100.0", "1.1"))
    found = swarms.run(swarm, tmp_path, ("command:fake",), shop.environment, agents=2)
    # 0.25 each; the step after the third could cost 0.5 more.
    assert 0.5 <= found.spent.cost_usd <= 0.75
    assert found.reserved.cost_usd == 0


_TOOLS = {
    "aider": "aider",
    "claude": "claude",
    "codex": "codex",
    "mini-swe-agent": "mini",
    "opencode": "opencode",
    "openhands": "openhands",
    "qwen": "qwen",
}


@pytest.fixture
def real(shop: Shop) -> Shop:
    """A shop with the programs of this machine's PATH."""
    shop.environment["PATH"] = os.environ["PATH"]
    return shop


def settings_for(server: Server) -> str:
    return (
        swarms.SETTINGS
        + "[budget]\nstep_tokens = 200000\n"
        + f'[[models]]\nname = "mock"\nmodel = "openai/mock-1"\nbase_url = "{server.url}"\n'
        + "price = [1.0, 2.0]\n"
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", sorted(_TOOLS))
@pytest.mark.parametrize("what", ["edits", "finds nothing", "edits a protected file"])
def test_a_real_tool_does_what_the_model_says(real: Shop, name: str, what: str) -> None:
    if shutil.which(_TOOLS[name]) is None:
        pytest.skip(f"{_TOOLS[name]} is not installed")
    behaviours = {
        "edits": editor(lambda: 7),
        "finds nothing": idle,
        "edits a protected file": editor(lambda: 7, "tests/check.py"),
    }
    with Server(behaviours[what]) as server:
        agent = real.agent(f"{name}:mock", settings_for(server))
        answer = agent.propose(task(real.setup(settings=settings_for(server)).settings))
        asked = len(server.asked)
    assert asked > 0
    if what == "finds nothing":
        assert isinstance(answer, NoProposal)
        assert "left the tree unchanged; status 0" in answer.reason
    else:
        assert isinstance(answer, Proposal), answer
        path = "program.py" if what == "edits" else "tests/check.py"
        assert dict(answer.changes) == {path: b"def value(x):\n    return x + 7\n"}
    assert answer.spend.tokens_in >= 1000
    assert 0 < answer.spend.cost_usd <= agent.worst_case().cost_usd
