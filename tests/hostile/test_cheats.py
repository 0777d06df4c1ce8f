"""Candidates that aim at their score get the one they earned, or none, through the real judge."""

from __future__ import annotations

import ast
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.core.judge.conftest import Court, stage
from tests.hostile.conftest import leaves_nothing, server_pids

from evogit.config.model import Limits
from evogit.judge.judge import Judge
from evogit.outcome import Outcome, Scored, describe, to_json
from evogit.sandbox.base import Sandbox

CHEATS = Path(__file__).parent / "cheats"
HONEST = "def solve(numbers):\n    return sorted(numbers)\n"
LIMITS = Limits(wall=3, cpu=1, memory=128 * 2**20, processes=16, output=2**16, disk=2**22)

QUESTIONS = """
import json, os, random, sys
def questions(seed):
    made = random.Random(seed)
    return [[made.randrange(1000) for _ in range(8)] for _ in range(5)]
def right(answer, question):
    return type(answer) is list and all(type(n) is int for n in answer) and answer == sorted(question)
"""
FILE_RUN = (
    QUESTIONS
    + """
sys.path.insert(0, "/candidate")
asked = questions(int(os.environ["EVOGIT_SEED"]))
from program import solve
print(json.dumps([solve(question) for question in asked]))
"""
)
FILE_SCORE = (
    QUESTIONS
    + """
# HIDDEN
asked = questions(int(os.environ["EVOGIT_SEED"]))
answers = json.loads(sys.stdin.buffer.read().decode())
if type(answers) is not list or len(answers) != len(asked):
    raise SystemExit("not one answer to each question")
print(json.dumps({"score": sum(map(right, answers, asked))}))
"""
)
DIALOGUE_RUN = """
import json, sys
sys.path.insert(0, "/candidate")
from program import solve
for line in sys.stdin:
    print(json.dumps(solve(json.loads(line))), flush=True)
"""
DIALOGUE_SCORE = (
    QUESTIONS
    + """
# HIDDEN
score = 0
with os.fdopen(3, "w") as ask:
    for question in questions(int(os.environ["EVOGIT_SEED"])):
        ask.write(json.dumps(question) + "\\n")
        ask.flush()
        score += right(json.loads(sys.stdin.buffer.readline(100_000).decode()), question)
print(json.dumps({"score": score}))
"""
)


BY_PIPE = {
    "answer_before_the_question",
    "answer_for_ever",
    "closes_its_streams",
    "forks",
    "half_an_answer",
    "honest_with_a_daemon",
    "kill_the_judge",
    "listen_at_the_pipes",
    "not_text",
    "print_a_score",
    "says_nothing",
    "two_speakers",
}
"""What the streams of a sandbox matter to; the others end alike in a container."""

Try = Callable[[dict[str, str]], Outcome]


def expected(path: Path) -> tuple[str, ...]:
    """The outcomes that the docstring of a cheat calls right."""
    said = ast.get_docstring(ast.parse(path.read_text())) or ""
    return tuple(said.partition("Expected: ")[2].split("\n")[0].split(" or "))


def kind(outcome: Outcome) -> str:
    """An outcome in the words of those docstrings."""
    return f"Scored {outcome.score:g}" if isinstance(outcome, Scored) else type(outcome).__name__


@dataclass(frozen=True)
class Courtroom:
    """One small problem, judged in one sandbox by one exchange."""

    court: Court
    judge: Judge
    place: Sandbox


ROOMS = [
    (place, exchange) for place in ("bubblewrap", "warm") for exchange in ("file", "dialogue")
] + [("container", "dialogue")]


@pytest.fixture(scope="module", params=ROOMS, ids="-".join)
def courtroom(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Courtroom]:
    place: Sandbox = request.getfixturevalue(request.param[0])
    exchange = request.param[1]
    court = Court(tmp_path_factory.mktemp("court"))
    judge = court.judge(
        run=DIALOGUE_RUN if exchange == "dialogue" else FILE_RUN,
        score=DIALOGUE_SCORE if exchange == "dialogue" else FILE_SCORE,
        stages=(stage(exchange=exchange, warm=place.name.endswith("warm"), limits=LIMITS),),
        base={"program.py": HONEST},
        sandbox=place,
    )
    assert court.outcome(judge, {"program.py": HONEST}) == Scored(5.0)
    yield Courtroom(court, judge, place)
    assert court.outcome(judge, {"program.py": HONEST + "#\n"}) == Scored(5.0), "a cheat broke it"
    court.close()


@pytest.fixture
def attempt(courtroom: Courtroom, tmp_path: Path) -> Try:
    """Judge an individual; nothing of it is left, and no ref of the swarm has moved."""
    court, judge, place = courtroom.court, courtroom.judge, courtroom.place

    def run(files: dict[str, str]) -> Outcome:
        servers = None if place.name == "container" else server_pids(place)
        before = court.swarm.git.refs_under("refs/")
        with leaves_nothing(tmp_path, secrets.token_hex(8), servers):
            outcome = court.outcome(judge, dict(files))
        assert court.swarm.git.refs_under("refs/") == before
        assert server_pids(place) == (servers or [])
        return outcome

    return run


@pytest.mark.parametrize("path", sorted(CHEATS.glob("*.py")), ids=lambda path: path.stem)
def test_a_cheat_gets_what_it_earned(attempt: Try, courtroom: Courtroom, path: Path) -> None:
    right = expected(path)
    if courtroom.place.name == "container":
        if path.stem not in BY_PIPE:
            pytest.skip("nothing in it depends on the sandbox")
        right = (*right, "TimedOut")  # a container may take long to start
    outcome = attempt({"program.py": path.read_text()})
    assert kind(outcome) in right, describe(outcome)
    said = str(to_json(outcome)) + describe(outcome)
    assert said.isprintable(), "its words could move the terminal"
    assert len(said) < 5000


SHADOWS = {
    "sitecustomize.py": "import os; os.write(1, b'[]'); os._exit(0)\n",
    "usercustomize.py": "import os; os.write(1, b'[]'); os._exit(0)\n",
    "conftest.py": "import os; os._exit(0)\n",
    "evil.pth": "import os; os._exit(0)\n",
    "json.py": "def dumps(*_, **__): return '{\"score\": 5}'\nloads = dumps\n",
    "random.py": "class Random:\n    def __init__(self, *_): pass\n    def randrange(self, _): return 0\n",
    "run.py": "print('{\"score\": 5}')\n",
    "score.py": "print('{\"score\": 5}')\n",
    "eval/score.py": "print('{\"score\": 5}')\n",
    ".python-version": "2.7\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--co'\n",
}
WRONG = "def solve(numbers):\n    return [0]\n"


@pytest.mark.parametrize("name", sorted(SHADOWS))
def test_a_file_that_python_or_a_tool_would_load_by_itself_changes_no_score(
    attempt: Try, courtroom: Courtroom, name: str
) -> None:
    if courtroom.place.name == "container":
        pytest.skip("who looks for such files is the same program in every sandbox")
    outcome = attempt({"program.py": WRONG, name: SHADOWS[name]})
    assert not isinstance(outcome, Scored) or outcome.score == 0
    assert attempt({"program.py": HONEST + f"# after {name}\n"}) == Scored(5.0)
