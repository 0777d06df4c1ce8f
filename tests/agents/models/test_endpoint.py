"""The ``http`` client against a server that misbehaves in every way we know of."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from evogit.config.models import LanguageModel
from evogit.errors import ConfigError
from evogit.records import Spend
from evogit_agents.models.endpoint import Endpoint
from evogit_agents.models.model import Message, ModelError, Reply

if TYPE_CHECKING:
    from conftest import Desk

QUESTION = [Message("system", "be brief"), Message("user", "improve x = 0")]
HOSTILE = {"hang", "drip", "huge without a length"}

FAILURES = {
    "cut off": "down",
    "closed without an answer": "down",
    "wrong JSON": "malformed",
    "other JSON": "malformed",
    "JSON without end": "malformed",
    "no choices": "malformed",
    "HTML": "malformed",
    "429": "busy",
    "429 with seconds": "busy",
    "429 with a date": "busy",
    "429 with nonsense": "busy",
    "429 for a year": "busy",
    "no money": "auth",
    "500": "down",
    "502 in HTML": "down",
    "503": "down",
    "auth failure": "auth",
    "no such model": "refused",
    "context overflow": "context",
    "bad request": "refused",
    "redirect elsewhere": "refused",
    "empty": "empty",
    "blank": "empty",
    "null": "empty",
    "thinks only": "empty",
    "refusal": "refused",
    "refusal in words": "refused",
    "huge": "malformed",
    "huge without a length": "malformed",
    "error in an answer": "down",
}


def _ask(desk: Desk, behaviour: str, **settings: Any) -> Reply | ModelError:
    model = desk.model(desk.serve(behaviour), **settings)
    try:
        return model.ask(QUESTION, seed=3)
    except ModelError as error:
        return error


def _usd(spend: Spend) -> float:
    return (spend.tokens_in * 1 + spend.tokens_out * 10) / 1e6


def test_every_behaviour_ends_in_an_answer_or_an_error_within_its_worst_case(
    desk: Desk, behaviours: dict[str, Any]
) -> None:
    for name in behaviours.keys() - HOSTILE:
        server = desk.serve(name)
        model = desk.model(server)
        worst = model.price(model.count(QUESTION), model.max_tokens)
        try:
            spend = model.ask(QUESTION).spend
        except ModelError as error:
            spend = error.spend
        assert len(server.asked) == 1, f"{name}: one question is one request"
        assert 0 <= spend.cost_usd <= worst.cost_usd, name
        assert spend.cost_usd == pytest.approx(_usd(spend)), name
        assert min(spend.tokens_in, spend.tokens_out) >= 0, name


@pytest.mark.parametrize("behaviour", FAILURES)
def test_a_failure_says_its_kind_in_one_clean_line(desk: Desk, behaviour: str) -> None:
    error = _ask(desk, behaviour)
    assert isinstance(error, ModelError), error
    assert error.kind == FAILURES[behaviour]
    assert error.message.startswith("mock: ")
    assert error.message.isprintable()
    assert error.stop == (
        error.kind == "auth" or behaviour in {"no such model", "redirect elsewhere"}
    )


def test_a_good_answer_has_the_bill_of_the_provider(desk: Desk) -> None:
    server = desk.serve("good")
    reply = desk.model(server).ask(QUESTION, max_tokens=99, seed=3)
    assert reply.text == desk.module.GOOD
    assert (reply.spend.tokens_in, reply.spend.tokens_out) == (20, 10)
    assert reply.spend.cost_usd == pytest.approx(120e-6)
    assert (reply.finish, reply.model, reply.note) == ("stop", "mock-1", "")
    body = server.asked[0].body
    assert body["messages"][1] == {"role": "user", "content": "improve x = 0"}
    assert (body["model"], body["max_tokens"], body["seed"]) == ("mock-1", 99, 3)
    assert server.asked[0].headers["authorization"].startswith("Bearer sk-test-")


def test_an_answer_is_never_asked_to_be_longer_than_the_limit_of_the_model(desk: Desk) -> None:
    server = desk.serve("good")
    desk.model(server).ask(QUESTION, max_tokens=10**9)
    assert server.asked[0].body["max_tokens"] == 256


def test_parameters_that_a_provider_refuses_are_not_sent(desk: Desk) -> None:
    server = desk.serve("good")
    desk.model(server, omit=("temperature", "max_tokens", "seed")).ask(QUESTION, seed=1)
    assert set(server.asked[0].body) == {"model", "messages", "max_completion_tokens"}


@pytest.mark.parametrize(
    "behaviour", ["missing usage", "negative usage", "absurd usage", "NaN usage", "usage in words"]
)
def test_a_bill_that_can_not_be_true_is_replaced_by_our_own_count(
    desk: Desk, behaviour: str
) -> None:
    model = desk.model(desk.serve(behaviour))
    reply = model.ask(QUESTION)
    assert 0 < reply.spend.tokens_in <= model.count(QUESTION)
    assert 0 < reply.spend.tokens_out <= 256
    assert reply.spend.cost_usd == pytest.approx(_usd(reply.spend))


def test_a_provider_that_counts_nothing_for_something_is_not_believed(desk: Desk) -> None:
    usage = {"prompt_tokens": 0, "completion_tokens": 0}
    model = desk.model(desk.serve(lambda _: desk.module.answer("x = 1", usage=usage)))
    reply = model.ask(QUESTION)
    assert 0 < reply.spend.tokens_in <= model.count(QUESTION)
    assert reply.spend.tokens_out > 0
    assert "it claims 0 tokens of prompt" in reply.note
    empty = desk.model(desk.serve(lambda _: desk.module.answer("", usage=usage)))
    with pytest.raises(ModelError) as caught:
        empty.ask(QUESTION)
    assert caught.value.spend == empty.price(empty.count(QUESTION), 256)


@pytest.mark.parametrize(
    "tokens", [10**400, -(10**400), 10**4000], ids=["1e400", "-1e400", "1e4000"]
)
def test_a_count_too_large_for_any_number_is_said_and_not_believed(desk: Desk, tokens: int) -> None:
    usage = {"prompt_tokens": tokens, "completion_tokens": tokens}
    model = desk.model(desk.serve(lambda _: desk.module.answer("x", usage=usage)))
    reply = model.ask(QUESTION)
    assert 0 < reply.spend.tokens_in <= model.count(QUESTION)
    assert "impossibly many tokens of answer" in reply.note
    assert len(reply.note) < 200


def test_a_bill_above_what_was_expected_is_believed_and_said(desk: Desk) -> None:
    usage = {"prompt_tokens": 3000, "completion_tokens": 900}
    server = desk.serve(lambda _: desk.module.answer("x", usage=usage))
    reply = desk.model(server).ask(QUESTION)
    assert (reply.spend.tokens_in, reply.spend.tokens_out) == (3000, 900)
    assert "3000 tokens of prompt" in reply.note
    assert "900 tokens of answer, 256 were asked for" in reply.note


def test_what_may_have_been_billed_counts_as_the_worst_case(desk: Desk) -> None:
    for behaviour in ("cut off", "closed without an answer", "wrong JSON"):
        model = desk.model(desk.serve(behaviour))
        with pytest.raises(ModelError) as caught:
            model.ask(QUESTION)
        assert caught.value.spend == model.price(model.count(QUESTION), 256), behaviour
    for behaviour in ("429", "500", "auth failure"):
        error = _ask(desk, behaviour)
        assert isinstance(error, ModelError)
        assert error.spend == Spend(), behaviour


def test_text_is_kept_as_it_came_except_for_what_is_no_text(desk: Desk) -> None:
    reply = _ask(desk, "ANSI escapes")
    assert isinstance(reply, Reply)
    assert reply.text.startswith("\x1b]52;")
    assert "\x00" in reply.text
    reply = _ask(desk, "lone surrogates")
    assert isinstance(reply, Reply)
    assert reply.text.startswith("\U00010000 \ufffd")
    reply.text.encode()


def test_a_prompt_with_lone_surrogates_can_be_sent(desk: Desk) -> None:
    server = desk.serve("good")
    desk.model(server).ask([Message("user", "a\udc80b")])
    assert server.asked[0].prompt == "a?b"


def test_an_answer_in_parts_is_put_together(desk: Desk) -> None:
    reply = _ask(desk, "parts")
    assert isinstance(reply, Reply)
    assert reply.text == "one"


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_peer_that_drips_is_left_when_the_time_is_over(desk: Desk, behaviour: str) -> None:
    error = _ask(desk, behaviour, timeout=1)
    assert isinstance(error, ModelError)
    assert error.kind == "timeout"
    assert error.spend.tokens_out == 256


def test_headers_that_never_end_are_left_as_well(desk: Desk) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.wait(0.05):
                try:
                    peer.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    server = desk.serve("good")
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(ModelError) as caught:
        desk.model(server, base_url=url, timeout=1).ask(QUESTION)
    ended.set()
    thread.join()
    listener.close()
    assert caught.value.kind == "timeout"


def test_a_worker_that_ends_waits_for_no_answer(desk: Desk) -> None:
    server = desk.serve("hang")
    model = desk.model(server, timeout=600)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(model.ask, QUESTION)
        while not server.asked:
            time.sleep(0.01)
        desk.stop.set()
        error = asked.exception(timeout=30)
    assert isinstance(error, ModelError)
    assert "the run ended" in error.message


def test_nobody_listening_is_down_and_costs_nothing(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    model = desk.model(desk.serve("good"), base_url=f"http://127.0.0.1:{port}/v1")
    with pytest.raises(ModelError) as caught:
        model.ask(QUESTION)
    assert (caught.value.kind, caught.value.spend) == ("down", Spend())


def test_a_redirect_does_not_carry_the_key_to_another_host(desk: Desk) -> None:
    other = desk.serve("good")
    said = desk.module.Said(b"", 307, {"Location": f"{other.url}/chat/completions"})
    error = None
    try:
        desk.model(desk.serve(lambda _: said)).ask(QUESTION)
    except ModelError as caught:
        error = caught
    assert error is not None
    assert (error.stop, other.asked) == (True, [])


def test_a_key_that_a_provider_repeats_is_not_in_the_message(desk: Desk) -> None:
    error = _ask(desk, "auth failure")
    assert isinstance(error, ModelError)
    assert "sk-test" not in error.message
    assert "redacted" in error.message


def test_an_answer_that_is_compressed_although_nobody_asked_is_malformed(desk: Desk) -> None:
    body = gzip.compress(desk.module.answer("x").body)
    server = desk.serve(lambda _: desk.module.Said(body, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ModelError) as caught:
        desk.model(server).ask(QUESTION)
    assert caught.value.kind == "malformed"


def test_connections_are_kept_and_a_stale_one_is_replaced(desk: Desk) -> None:
    server = desk.serve("good")
    model = desk.model(server)
    for _ in range(5):
        model.ask(QUESTION)
    assert server.connections == 1
    server.hang_up()
    assert model.ask(QUESTION).text == desk.module.GOOD
    assert server.connections == 2


def test_no_more_calls_run_at_once_than_parallel_says(desk: Desk) -> None:
    most, running, lock = [0], [0], threading.Lock()

    def count(_: Any) -> Any:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.03)
        with lock:
            running[0] -= 1
        return desk.module.answer("x")

    model = desk.model(desk.serve(count), parallel=3)
    with ThreadPoolExecutor(9) as pool:
        asked = [pool.submit(model.ask, QUESTION) for _ in range(18)]
        assert all(one.result().text == "x" for one in asked)
    assert 1 <= most[0] <= 3


def test_one_429_holds_all_callers_back_without_another_request(desk: Desk) -> None:
    server = desk.serve("429 with seconds")
    gate = desk.gate()
    one, two = desk.model(server, gate), desk.model(server, gate, name="other")
    with pytest.raises(ModelError) as first:
        one.ask(QUESTION)
    with pytest.raises(ModelError) as second:
        two.ask(QUESTION)
    assert (first.value.kind, second.value.kind) == ("busy", "busy")
    assert 7 <= second.value.pause <= 7 * 1.25
    assert len(server.asked) == 1


def test_failures_in_a_row_are_asked_ever_less_often_and_then_not_at_all(desk: Desk) -> None:
    server = desk.serve("500")
    model = desk.model(server)
    errors: list[ModelError] = []
    while not (errors and errors[-1].stop) and len(errors) < 40:
        with pytest.raises(ModelError) as caught:
            model.ask(QUESTION)
        errors.append(caught.value)
        desk.clock += caught.value.pause
    assert "20 failures in a row" in errors[-1].message
    assert len(server.asked) == 20
    pauses = [error.pause for error in errors]
    assert pauses[1] > pauses[0] >= 1
    assert max(pauses) <= 300 * 1.25
    with pytest.raises(ModelError, match="not asked again"):
        model.ask(QUESTION)
    assert len(server.asked) == 20


@pytest.mark.parametrize(
    "url",
    [
        None,
        "ftp://127.0.0.1/v1",
        "127.0.0.1:8080/v1",
        "http://user:secret@127.0.0.1/v1",
        "http://127.0.0.1/v1?key=1",
        "http://127.0.0.1:99999/v1",
        "http://127.0.0.1/a b\r\nX: 1",
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(url: str | None) -> None:
    settings = LanguageModel(name="m", model="m", client="http", base_url=url, price=(0, 0))
    with pytest.raises(ConfigError, match="base_url"):
        Endpoint(settings, "")


def test_the_server_understands_what_it_is_told(desk: Desk) -> None:
    # A server that is wrong by itself would make every test above pass for nothing.
    server = desk.serve("good")
    desk.model(server).ask(QUESTION)
    assert json.dumps(server.asked[0].body)
    assert server.asked[0].path == "/v1/chat/completions"
