"""Records, placeholders, caps and figures: what is decided before and after a tool runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.agents.command.conftest import BUDGET, FILES, RECORD, SETTINGS, Shop, genome

from evogit.config.load import parse
from evogit.config.models import LanguageModel
from evogit.errors import ConfigError, EvoGitError, NotFoundError, PreconditionError, UserError
from evogit.proposals import Setup
from evogit.records import Spend
from evogit_agents.command import command
from evogit_agents.command import record as records
from evogit_agents.command.folder import lay_out, read_back
from evogit_agents.command.record import Record, Usage
from evogit_agents.command.spending import caps
from evogit_agents.command.tool import make_ready
from evogit_agents.command.usage import Said, bill, read
from evogit_agents.command.words import arguments, variables
from evogit_agents.models.prices import Price

_NOWHERE = Path("/nonexistent")
_MODEL = """
[[models]]
name = "fast"
model = "openai/some-model"
base_url = "http://127.0.0.1:1/v1"
key = "MODEL_KEY"
price = [1.0, 2.0]
"""


@pytest.mark.parametrize("name", records.names(_NOWHERE))
def test_every_built_in_record_is_valid_and_keeps_its_key_to_itself(name: str) -> None:
    found = records.load(name, _NOWHERE)
    words = arguments(
        found.argv, dict.fromkeys(records.PLACEHOLDERS - {"key", "model_key"}, "x"), ["f"]
    )
    assert found.summary
    assert words
    assert not [word for word in words if "{" in word and "}" in word and "OPENCODE" not in word]


def test_the_tools_that_the_documentation_names_have_records() -> None:
    names = {"claude", "codex", "aider", "mini-swe-agent", "opencode", "gemini", "qwen", "goose"}
    assert names | {"openhands", "custom"} == set(records.names(_NOWHERE))


def test_a_record_of_the_user_s_goes_before_the_built_in_one(shop: Shop) -> None:
    shop.record("aider", RECORD)
    assert records.load("aider", shop.folder / "own" / "agents").program == "fake-agent"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("colour = 1", "colour is no key"),
        ('argv = ["{prompt_fil}"]', "{prompt_fil} is no placeholder"),
        ('argv = [["--key", "{key}"]]', "a command line is for all to see"),
        ('state = ["../.ssh"]', "without '..'"),
        ('usage = { form = "text" }', "needs a pattern"),
        ('usage = { form = "text", pattern = "(" }', "is no regular expression"),
        ('wall = "soon"', "is not a duration"),
    ],
)
def test_a_mistake_in_a_record_is_an_error_that_names_it(
    shop: Shop, line: str, message: str
) -> None:
    kept = [
        old for old in RECORD.splitlines() if old.split(" ")[0] != line.split(" ", maxsplit=1)[0]
    ]
    shop.record("mine", "\n".join([*kept, line]))
    with pytest.raises(ConfigError) as caught:
        records.load("mine", shop.folder / "own" / "agents")
    assert message in caught.value.message
    assert "docs/agents.md" in caught.value.hint


@pytest.mark.parametrize("name", ["nope", "../config", "", "a/b"])
def test_a_record_that_does_not_exist_is_named_with_those_that_do(name: str) -> None:
    with pytest.raises(NotFoundError, match="no coding agent") as caught:
        records.load(name, _NOWHERE)
    assert "aider" in caught.value.hint


def test_a_group_without_a_value_is_left_out_whole_and_values_are_not_filled_again() -> None:
    argv = ["run", ("--model", "{model}"), ("--cap", "{cost}"), "{prompt}", "{files}"]
    values = {"cost": "1", "prompt": "use {model} and {cost}"}
    assert arguments(argv, values, ["a", "b"]) == [
        *("run", "--cap", "1", "use {model} and {cost}", "a", "b")
    ]
    assert variables({"A": "{model}", "B": "x{cost}"}, values) == {"B": "x1"}


def test_a_model_s_own_address_and_key_reach_the_tools_that_take_them(shop: Shop) -> None:
    shop.environment["MODEL_KEY"] = "sk-1234567890"
    shop.tool("", '[variables]\nONE = "{key}"\nTWO = "{model_key}"\nTHREE = "{hosted_model}"\n')

    def given(models: str) -> Mapping[str, str]:
        return make_ready(shop.setup("fake:fast", SETTINGS + BUDGET + models)).variables

    served = given(_MODEL)
    assert (served["ONE"], served["TWO"]) == ("sk-1234567890", "sk-1234567890")
    assert "THREE" not in served
    hosted = given(_MODEL.replace('base_url = "http://127.0.0.1:1/v1"\n', ""))
    assert (hosted["TWO"], hosted["THREE"]) == ("sk-1234567890", "openai/some-model")
    assert "ONE" not in hosted


def test_a_tool_that_can_not_be_told_an_address_is_not_given_a_model_that_has_one(
    shop: Shop,
) -> None:
    shop.tool("")
    shop.record("fake", RECORD.replace(', ["--url", "{base_url}"]', ""))
    shop.environment["MODEL_KEY"] = "sk-1234567890"
    fails(shop.setup("fake:fast", SETTINGS + BUDGET + _MODEL), ConfigError, "base_url", "fake:fast")


def fails(setup: Setup, kind: type[EvoGitError], *words: str) -> None:
    with pytest.raises(kind) as caught:
        command(setup)
    text = f"{caught.value.message} {caught.value.hint}"
    assert all(word in text for word in words), text


def test_a_tool_that_may_spend_without_a_limit_is_refused(shop: Shop) -> None:
    shop.tool("")
    fails(shop.setup(settings=SETTINGS), ConfigError, "budget.step_tokens", "[budget]")
    half = SETTINGS + "[budget]\nstep_tokens = 1000\n"
    fails(shop.setup(settings=half), ConfigError, "budget.step_cost_usd")
    shop.environment["MODEL_KEY"] = "sk-1234567890"
    known = command(shop.setup("fake:fast", half + _MODEL))().worst_case()
    assert known == Spend(1000, 0, 0.002)


def test_a_free_tool_needs_no_limit(shop: Shop) -> None:
    shop.tool("", "free = true\n")
    assert command(shop.setup(settings=SETTINGS))().worst_case() == Spend()


def test_what_is_missing_is_said_before_anything_runs(shop: Shop) -> None:
    fails(shop.setup(""), ConfigError, "needs a tool", "aider")
    fails(shop.setup("nope"), NotFoundError, "nope")
    shop.record("absent", RECORD.replace("fake-agent", "no-such-program"))
    fails(shop.setup("absent"), PreconditionError, "no-such-program", "part of the tests")
    shop.tool("", 'secrets = ["A_KEY", "B_KEY"]\n')
    fails(shop.setup(), ConfigError, "A_KEY or B_KEY", "[[models]]")
    fails(shop.setup("fake:fast"), ConfigError, "'fast'", "known: none")
    fails(shop.setup("fake:fast", SETTINGS + BUDGET + _MODEL), ConfigError, "MODEL_KEY")


def test_a_tool_that_does_not_run_in_the_sandbox_is_found_out_at_once(shop: Shop) -> None:
    shop.tool("")
    path = shop.folder / "bin" / "fake-agent"
    path.write_text("#!/bin/sh\necho 'libfancy.so.3 is missing' >&2\nexit 127\n")
    fails(shop.setup(), PreconditionError, "status 127", "libfancy.so.3 is missing", "paths")


def test_a_model_is_passed_with_its_address_and_its_key(shop: Shop) -> None:
    shop.environment["MODEL_KEY"] = "sk-1234567890"
    shop.tool("", '[variables]\nBASE = "{base_url}"\nKEY = "{key}"\nNAME = "{model_name}"\n')
    offer = command.offers(shop.setup("fake:fast", SETTINGS + BUDGET + _MODEL))[0]
    assert offer.works, offer.reason
    assert {"BASE", "KEY", "NAME", "MODEL_KEY", "PATH"} == set(offer.variables)
    assert offer.command[3:5] == ("--model", "openai/some-model")
    assert "sk-1234567890" not in repr(offer)


def test_offers_say_why_a_tool_is_not_usable(shop: Shop) -> None:
    shop.tool("")
    found = {offer.kind: offer for offer in command.offers(shop.setup("", SETTINGS))}
    assert found["command:fake"].works
    assert found["command:fake"].version == "fake-agent 1.2.3"
    assert "'codex' is not installed" in found["command:codex"].reason


def test_a_cap_is_told_with_room_for_a_call_under_way() -> None:
    model = LanguageModel(name="m", model="openai/m", price=(1.0, 2.0))
    record = Record(summary="x", program="x", argv=())
    found = caps("command:x", record, model, parse(SETTINGS + BUDGET).budget)
    assert (found.worst, found.told_usd, found.told_tokens) == (Spend(10_000, 0, 0.5), 0.4, 8000)
    assert not found.reached(Said(7000, 900, 0.3))
    assert found.reached(Said(7000, 1000))
    assert found.reached(Said(None, None, 0.41))


_AIDER = records.load("aider", _NOWHERE).usage or Usage()
_CLAUDE = records.load("claude", _NOWHERE).usage or Usage()
_CODEX = records.load("codex", _NOWHERE).usage or Usage()
_MINI = records.load("mini-swe-agent", _NOWHERE).usage or Usage()


@pytest.mark.parametrize(
    ("usage", "text", "said"),
    [
        (
            _AIDER,
            "Tokens: 1.2k sent, 33 received.\nTokens: 8.4k sent, 2.0k cache hit, 1,100 received. "
            "Cost: $0.0040 message, $0.0050 session.",
            Said(9600, 1133, 0.004),
        ),
        (_AIDER, "no figures", Said()),
        (
            _CLAUDE,
            'warn\n{"type":"assistant","usage":{"input_tokens":9}}\n{"type":"result","total_cost_usd":0.12,'
            '"usage":{"input_tokens":100,"cache_creation_input_tokens":20,"cache_read_input_tokens":9999,'
            '"output_tokens":7}}',
            Said(120, 7, 0.12),
        ),
        (
            _CODEX,
            '{"type":"turn.completed","usage":{"input_tokens":5,"output_tokens":2}}\n'
            '{"type":"turn.completed","usage":{"input_tokens":6,"output_tokens":3}}',
            Said(11, 5),
        ),
        (
            _MINI,
            '{"info":{"model_stats":{"instance_cost":0.5}},"messages":[{"extra":{}},'
            '{"extra":{"response":{"usage":{"prompt_tokens":10,"completion_tokens":4}}}},'
            '{"extra":{"response":{"usage":{"prompt_tokens":20,"completion_tokens":6}}}}]}',
            Said(30, 10, 0.5),
        ),
        (
            _CODEX,
            '{"type":"turn.completed","usage":{"input_tokens":-5,"output_tokens":1e999}}',
            Said(),
        ),
        (
            _CODEX,
            '{"type":"turn.completed","usage":{"input_tokens":true,"output_tokens":"x"}}',
            Said(),
        ),
        (
            _CODEX,
            '{"type":"turn.completed","usage":{"input_tokens":1' + "0" * 4000 + "}}",
            Said(),
        ),
        (_CODEX, '{"type":"turn.completed","usage":[]}\n' + "[" * 100_000, Said()),
        (_CODEX, '{"type":' + "[" * 100_000, Said()),
        (
            _CODEX,
            '{"type":"turn.completed","usage":{"input_tokens":"%sx"}}' % ("1" * 10**5),
            Said(),
        ),
        (
            _AIDER,
            "+# Tokens: 900M sent, 900M received. Cost: $99999 message, $99999 session.\n"
            "Tokens: 10 sent, 3 received. Cost: $0.01 message, $0.01 session.",
            Said(10, 3, 0.01),
        ),
    ],
)
def test_figures_are_read_from_what_a_tool_prints(usage: Usage, text: str, said: Said) -> None:
    found = read(usage, text)
    assert found.tokens_in == (None if said.tokens_in is None else pytest.approx(said.tokens_in))
    assert found == Said(found.tokens_in, said.tokens_out, said.cost_usd)


def test_a_list_is_no_value_that_a_line_is_chosen_by_however_deep_it_is() -> None:
    chosen = Usage(when={"type": "[1]"}, tokens_in=("n",))
    assert read(chosen, '{"type":[1],"n":5}') == Said()
    # Some of these are shallow enough to be read, and too deep to be written again.
    for depth in range(700, 1100):
        assert read(_CODEX, '{"type":' + "[" * depth + "]" * depth + "}") == Said()


_CAP = Spend(1000, 0, 0.5)
_PRICE = Price(2**-20, 2**-19)


@pytest.mark.parametrize(
    ("said", "price", "spend", "source"),
    [
        (Said(10, 5, 0.1), _PRICE, Spend(10, 5, 0.1), "native"),
        (Said(None, None, 0.1), None, Spend(1000, 0, 0.1), "native"),
        (Said(10, 5), _PRICE, Spend(10, 5, 20 / 2**20), "tokens x price"),
        # Tools say 0 for a model they do not know.
        (Said(10, 5, 0.0), _PRICE, Spend(10, 5, 20 / 2**20), "tokens x price"),
        (Said(10, 5, 0.0), None, Spend(10, 5, 0.5), "unknown"),
        (Said(None, None, 0.0), None, _CAP, "unknown"),
        (Said(0, 0, 0.0), None, Spend(), "native"),
        (Said(), _PRICE, _CAP, "unknown"),
        (Said(10, 5, 30.0), _PRICE, Spend(10, 5, 30.0), "native"),
        # So much nobody spent: it stands in code that the tool shows.
        (Said(10, 5, 99_999.0), _PRICE, _CAP, "unknown"),
        (Said(900e6, 900e6), _PRICE, _CAP, "unknown"),
    ],
)
def test_an_unknown_cost_is_never_nothing(
    said: Said, price: Price | None, spend: Spend, source: str
) -> None:
    found = bill(said, price, _CAP, free=False)
    assert (found.spend, found.source) == (spend, source)


def test_a_pipe_in_the_folder_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    lay_out(genome(), tmp_path / "work")
    os.mkfifo(tmp_path / "work" / "pipe.py")
    search = parse(SETTINGS).search
    with pytest.raises(UserError, match="other than a file"):
        read_back(genome(), tmp_path / "work", search, ())


def test_a_folder_laid_out_and_read_back_has_no_changes(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **FILES,
        ".venv/kept.py": "the parent's own",
        "ü name.py": "1",
        "data.bin": bytes(range(256)),
        ".gitattributes": "* text eol=crlf ident\n*.py filter=lfs\n",
        ".gitignore": "*.py\n",
        "crlf.py": "a = 1\r\nb = '$Id$'\n",
    }
    lay_out(genome(files), tmp_path / "work")
    work = read_back(genome(files), tmp_path / "work", parse(SETTINGS).search, ())
    assert (work.changes, work.left_out) == ({}, [])
    (tmp_path / "work" / ".venv" / "kept.py").write_text("changed")
    work = read_back(genome(files), tmp_path / "work", parse(SETTINGS).search, ())
    assert work.changes == {".venv/kept.py": b"changed"}


def test_what_a_killed_worker_left_is_removed_before_the_next_one_starts(shop: Shop) -> None:
    shop.tool("")
    left = shop.folder / "private" / "command" / "step-old" / "work"
    left.mkdir(parents=True)
    (left / "big.bin").write_bytes(bytes(1000))
    left.chmod(0o500)
    command(shop.setup())
    assert not list((shop.folder / "private" / "command").iterdir())
