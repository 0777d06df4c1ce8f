"""The ``litellm`` client: in a process of its own, since importing litellm takes seconds and stays."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Desk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("litellm") is None, reason="litellm is not installed"),
]

FAILURES = {
    "good": "",
    "cut off": "down",
    "wrong JSON": "malformed",
    "HTML": "malformed",
    "429": "busy",
    "429 with seconds": "busy",
    "500": "down",
    "auth failure": "auth",
    "no such model": "refused",
    "context overflow": "context",
    "redirect elsewhere": "refused",
    "empty": "empty",
    "huge without a length": "malformed",
    "drip": "timeout",
    "missing usage": "",
    "negative usage": "",
    "absurd usage": "",
    "ANSI escapes": "",
}
"""What becomes of each; some of what is read differently by libraries below is left out."""

PROGRAM = """
import json, logging, os, sys, threading
from random import Random
from evogit.config.models import LanguageModel
from evogit.redact import Redactor
from evogit_agents.models.asking import AskedModel
from evogit_agents.models.gate import Gate
from evogit_agents.models.model import Message, ModelError
from evogit_agents.models.opening import limits_of
from evogit_agents.models.through_litellm import ThroughLitellm

before = dict(os.environ)
found = {}
for name, url in json.load(sys.stdin).items():
    settings = LanguageModel(name="mock", model="openai/mock-1", base_url=url, price=(1, 10),
                             context=4096, max_tokens=256, timeout=2 if name == "drip" else 60)
    model = AskedModel(settings, limits_of(settings), ThroughLitellm(settings, "sk-test-0123456789"),
                       Gate(Random(1)), threading.Event(), Redactor())
    question = [Message("user", "improve x = 0")]
    assert "litellm" in sys.modules or not found
    try:
        reply = model.ask(question, seed=1)
        kind, spend, text, pause = "", reply.spend, reply.text, 0
    except ModelError as error:
        kind, spend, text, pause = error.kind, error.spend, error.message, error.pause
    worst = model.price(model.count(question), model.max_tokens)
    found[name] = [kind, text, pause, 0 <= spend.cost_usd <= worst.cost_usd, spend.tokens_out]
changed = {k: v for k, v in os.environ.items() if before.get(k) != v}
json.dump({"found": found, "changed": changed}, open("found.json", "w"))
"""


@pytest.fixture(scope="module")
def results(mock: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of asking each behaviour once, and what else was seen."""
    from evogit_agents.models import live

    folder: Path = tmp_path_factory.mktemp("litellm")
    (folder / ".env").write_text("EVOGIT_READ_DOTENV=1\n")
    with ExitStack() as stack, live.allowed():
        servers = {n: stack.enter_context(mock.Server(n)) for n in FAILURES}
        urls = {name: server.url for name, server in servers.items()}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            input=json.dumps(urls),
            capture_output=True,
            text=True,
            timeout=110,
            cwd=folder,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    data: dict[str, Any] = json.loads((folder / "found.json").read_text())
    requests = {name: len(server.asked) for name, server in servers.items()}
    return data | {"requests": requests, "out": done.stdout, "err": done.stderr}


@pytest.mark.parametrize("behaviour", FAILURES)
def test_a_behaviour_ends_as_it_should(results: dict[str, Any], behaviour: str) -> None:
    kind, text, pause, within, _ = results["found"][behaviour]
    assert kind == FAILURES[behaviour], text
    assert within, "it cost more than its worst case"
    if kind:
        assert text.isprintable()
    if behaviour == "429 with seconds":
        assert 6 < pause <= 7 * 1.25


def test_one_question_is_one_request(results: dict[str, Any]) -> None:
    assert results["requests"] == dict.fromkeys(FAILURES, 1)


def test_nothing_is_printed_and_no_variable_is_left(results: dict[str, Any]) -> None:
    assert (results["out"], results["err"]) == ("", "")
    assert results["changed"] == {}


def test_the_bill_is_that_of_the_provider(results: dict[str, Any]) -> None:
    assert results["found"]["good"][4] == 10


def test_a_client_is_made_without_importing_litellm(desk: Desk) -> None:
    code = (
        "import sys, evogit_agents.models.opening, evogit_agents.models.prices as p\n"
        "p.listed('openai/gpt-5-mini')\n"
        "print('litellm' in sys.modules, 'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
