"""The parts by themselves: gate, prices, opening, scripted answers, counting, the switch."""

from __future__ import annotations

import json
import re
import threading
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.config.load import parse
from evogit.errors import ConfigError
from evogit.proposals import Setup
from evogit.redact import PLAIN
from evogit_agents.models import live
from evogit_agents.models.answer import read_answer
from evogit_agents.models.gate import GIVE_UP, LONGEST_SECONDS, Closed, Gate
from evogit_agents.models.model import Message, ModelError
from evogit_agents.models.opening import open_models
from evogit_agents.models.prices import Price, listed
from evogit_agents.models.scripted import ScriptedModel, read_script
from evogit_agents.models.tokens import count_messages, count_text
from evogit_agents.models.trouble import Trouble, retry_after

EVALUATE = '[evaluate]\nstages = [{ name = "main", run = ["true"], score = ["true"] }]\n'
LOCAL = """
[[models]]
name = "local"
model = "openai/qwen"
client = "http"
base_url = "http://127.0.0.1:8090/v1"
"""


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _setup(models: str, environment: dict[str, str] | None = None) -> Setup:
    return Setup(
        argument="",
        settings=parse(EVALUATE + models),
        environment=environment or {},
        redactor=PLAIN,
        folder=Path("/nonexistent"),
        own=Path("/nonexistent"),
        stop=threading.Event(),
        sandbox=cast("Any", None),
        runtime=cast("Any", None),
    )


# Gate


def _fail(gate: Gate, clock: Clock, after: float | None = None) -> Closed:
    begun = gate.enter()
    assert isinstance(begun, int)
    closed = gate.failed("busy", begun, after)
    clock.now += closed.seconds
    return closed


def test_a_gate_closes_for_longer_after_each_failure_and_opens_by_itself() -> None:
    clock = Clock()
    gate = Gate(Random(1), clock)
    pauses = [_fail(gate, clock).seconds for _ in range(GIVE_UP - 1)]
    assert all(1.0 * 2**i <= p <= 1.25 * 2**i for i, p in enumerate(pauses[:8]))
    assert max(pauses) <= LONGEST_SECONDS * 1.25
    assert _fail(gate, clock).forever
    assert isinstance(gate.enter(), Closed)


def test_a_success_ends_the_row() -> None:
    clock = Clock()
    gate = Gate(Random(1), clock)
    for _ in range(GIVE_UP * 3):
        _fail(gate, clock)
        gate.succeeded()
    assert isinstance(gate.enter(), int)


def test_calls_that_overlap_and_fail_together_are_one_failure() -> None:
    gate = Gate(Random(1), Clock())
    begun = [gate.enter() for _ in range(GIVE_UP * 2)]
    for one in begun:
        assert isinstance(one, int)
        assert gate.failed("down", one).failures == 1


def test_one_prompt_that_is_refused_holds_nobody_back_and_many_do() -> None:
    clock = Clock()
    gate = Gate(Random(1), clock)
    pauses: list[float] = []
    for _ in range(4):
        begun = gate.enter()
        assert isinstance(begun, int)
        pauses.append(gate.failed("refused", begun).seconds)
        clock.now += pauses[-1]
    assert pauses[:2] == [0.0, 0.0]
    assert pauses[2] > 0


def test_a_pause_that_a_provider_names_is_kept_but_never_for_a_year() -> None:
    clock = Clock()
    gate = Gate(Random(1), clock)
    assert 60 <= _fail(gate, clock, 60.0).seconds <= 75
    assert _fail(gate, clock, 0.0).seconds >= 1.0
    assert _fail(gate, clock, 3e7).seconds <= LONGEST_SECONDS * 1.25


@given(st.text(max_size=60))
def test_any_retry_after_is_read_as_a_pause_or_not_at_all(said: str) -> None:
    found = retry_after({"retry-after": said}, 1_700_000_000.0)
    assert found is None or 0 <= found < float("inf")


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after({"retry-after": " 2.5 "}, 0.0) == 2.5
    assert retry_after({"retry-after": "Tue, 14 Nov 2023 22:14:00 GMT"}, 1_700_000_000.0) == 40.0
    assert retry_after({"retry-after": "Tue, 14 Nov 2000 22:14:00 GMT"}, 1_700_000_000.0) == 0.0
    assert retry_after({}, 0.0) is None


# Answers


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "choices",
                        "message",
                        "content",
                        "usage",
                        "error",
                        "code",
                        "text",
                        "prompt_tokens",
                        "finish_reason",
                        "refusal",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_an_answer_or_trouble(data: object) -> None:
    for body in (data, {"choices": [data]}, {"choices": [{"message": data}]}, {"error": data}):
        try:
            answer = read_answer(json.dumps(body).encode())
        except Trouble:
            continue
        assert answer.text.strip()
        answer.text.encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_trouble(body: bytes) -> None:
    with pytest.raises(Trouble):
        read_answer(body)


# Prices


def test_prices_of_known_models_come_from_the_list_and_are_those_of_their_provider() -> None:
    if find_spec("litellm") is None:
        pytest.skip("the list comes with litellm")
    found = listed("openai/gpt-4o-mini")
    assert found.price is not None
    assert 0 < found.price.prompt < found.price.answer < 1e-3
    assert found.context == 128_000
    assert listed("ollama/gpt-4o-mini").price is None
    assert listed("nobody/nothing").price is None


def test_a_long_prompt_costs_what_long_prompts_cost() -> None:
    price = Price(1e-6, 2e-6, ((200_000, 3e-6, 4e-6),))
    assert price.usd(200_000, 10) == pytest.approx(0.2 + 20e-6)
    assert price.usd(200_001, 10) == pytest.approx(0.600003 + 40e-6)


# Opening


def test_opening_a_model_costs_nothing_and_gives_the_same_one_again() -> None:
    setup = _setup(LOCAL + "price = [0, 0]\n")
    (one,), (two,) = open_models(setup), open_models(setup, ["local"])
    assert one is two
    assert (one.name, one.context, one.max_tokens) == ("local", 8192, 4096)
    assert one.price(10**6, 10**6).cost_usd == 0
    assert open_models(_setup(LOCAL + "price = [0, 0]\n"))[0] is not one


@pytest.mark.parametrize(
    ("models", "environment", "message", "hint"),
    [
        ("", {}, "no model to ask", r"\[\[models\]\]"),
        (LOCAL, {}, "price of 'openai/qwen' is not known", r"price = \[.*\[0, 0\]"),
        ('[[models]]\nname = "x"\nmodel = "nobody/x"\n', {}, "not in the price list", "price ="),
        (LOCAL + 'price = [1, 1]\nkey = "MY_KEY"\n', {}, "MY_KEY is not set", "export MY_KEY"),
        (LOCAL + 'price = [1, 1]\nkey = "MY_KEY"\n', {"MY_KEY": "a\nb"}, "holds no key", "export"),
        (LOCAL + "price = [0, 0]\ncontext = 4096\n", {}, "leaves no room", "max_tokens"),
    ],
)
def test_what_is_set_up_wrongly_is_refused_with_what_to_do(
    models: str, environment: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        open_models(_setup(models, environment))
    assert re.search(hint, caught.value.hint)


def test_a_name_that_is_not_listed_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="lists no 'fast'") as caught:
        open_models(_setup(LOCAL + "price = [0, 0]\n"), ["fast"])
    assert "local" in caught.value.hint


# Scripted


def test_a_scripted_model_answers_in_turn_and_counts() -> None:
    model = ScriptedModel(["one", ModelError("no", kind="down"), "two"], price=(1, 2))
    question = [Message("user", "what?")]
    assert model.ask(question).text == "one"
    with pytest.raises(ModelError, match="no"):
        model.ask(question)
    reply = model.ask(question)
    assert reply.text == "two"
    assert reply.spend == model.price(model.count(question), count_text("two"))
    assert model.ask(question).text == "one"
    assert len(model.asked) == 4


def test_a_scripted_answer_that_is_too_long_is_cut_and_says_so() -> None:
    model = ScriptedModel(lambda _messages, number: f"{number} " * 100, max_tokens=10)
    reply = model.ask([Message("user", "?")])
    assert (reply.finish, reply.spend.tokens_out) == ("length", 10)
    assert count_text(reply.text) <= 10


def test_a_script_is_a_list_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('["a", "b"]')
    assert read_script(path) == ("a", "b")
    for text in ('{"a": 1}', '["a", 1]', "[]", "nothing"):
        path.write_text(text)
        with pytest.raises(ConfigError, match="script"):
            read_script(path)


# Counting


@given(st.text())
def test_counting_never_fails_and_more_text_is_never_fewer_tokens_than_half(text: str) -> None:
    assert 0 <= count_text(text) <= len(text.encode("utf-8", "replace"))
    assert count_messages([Message("user", text)]) > count_text(text)


@pytest.mark.slow
def test_counts_are_not_below_those_of_a_real_tokenizer_on_code_and_prose() -> None:
    tokenizers = pytest.importorskip("tokenizers")
    litellm = find_spec("litellm")
    if litellm is None or not litellm.submodule_search_locations:
        pytest.skip("it comes with litellm")
    folder = Path(litellm.submodule_search_locations[0], "litellm_core_utils", "tokenizers")
    real = tokenizers.Tokenizer.from_file(str(folder / "anthropic_tokenizer.json"))
    import evogit

    files = sorted(Path(evogit.__file__).parent.rglob("*.py"))
    texts = [text for path in files if len(text := path.read_text()) > 500]
    ratios = sorted(count_text(text) / len(real.encode(text).ids) for text in texts)
    assert ratios[0] >= 1.0
    assert ratios[len(ratios) // 2] <= 1.5


# The switch


def test_a_real_request_is_forbidden_until_it_is_allowed() -> None:
    with live.allowed():
        live.check("m")
        with live.forbidden("a swarm is replayed"):
            with pytest.raises(ModelError, match="a swarm is replayed") as caught:
                live.check("m")
            assert (caught.value.kind, caught.value.stop) == ("forbidden", True)
        live.check("m")
    with pytest.raises(ModelError, match="tests ask no real models"):
        live.check("m")


def test_a_forbidden_question_is_not_sent() -> None:
    (model,) = open_models(_setup(LOCAL + "price = [0, 0]\n"))
    with pytest.raises(ModelError, match="local was not asked"):
        model.ask([Message("user", "?")])
