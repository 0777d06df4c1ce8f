"""Reading, overriding, dumping and editing evogit.toml."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evogit.config.load import (
    MAX_FILE,
    dump,
    find,
    load,
    merge,
    overrides,
    parse,
    require,
    schema,
)
from evogit.config.model import (
    Environment,
    Evaluate,
    EvaluatorFiles,
    Gate,
    Goal,
    Limits,
    Search,
    Settings,
    Stage,
)
from evogit.config.models import Budget
from evogit.errors import ConfigError

MINIMAL = """\
# what we want
[goal]
text = "go faster"  # keep me

[[evaluate.stages]]
run = ["python", "main.py"]
score = "speed"
"""

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
words = st.lists(texts, min_size=1, max_size=4).map(tuple)
names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
paths = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True)
numbers = st.floats(allow_nan=False, allow_infinity=False)
durations = st.floats(min_value=1e-3, max_value=1e6)
limits = st.builds(Limits, wall=durations, cpu=durations, memory=st.integers(1, 2**53))
stages = st.builds(
    Stage,
    name=names,
    run=words,
    score=st.one_of(st.just("speed"), words),
    preload=st.lists(texts, max_size=2).map(tuple),
    threshold=st.none() | numbers,
    repeats=st.integers(1, 100),
    warm=st.booleans(),
    limits=limits,
)
gates = st.builds(Gate, name=names.map(lambda n: f"gate {n}"), command=words, limits=limits)
evaluations = st.builds(
    Evaluate,
    direction=st.sampled_from(["maximize", "minimize"]),
    files=st.builds(EvaluatorFiles, run=st.lists(paths, max_size=3).map(tuple)),
    stages=st.lists(stages, min_size=1, max_size=3, unique_by=lambda s: s.name).map(tuple),
    gates=st.lists(gates, max_size=2, unique_by=lambda g: g.name).map(tuple),
    holdout=st.none() | stages,
    seed=st.integers(-(2**53), 2**53),
    plausible=st.none()
    | st.tuples(st.floats(max_value=0), st.floats(min_value=0)).filter(lambda p: p[0] <= p[1]),
)
all_settings = st.builds(
    Settings,
    goal=st.builds(Goal, text=texts),
    evaluate=evaluations,
    environment=st.builds(
        Environment,
        python=st.none() | texts,
        setup=st.none() | words,
        variables=st.dictionaries(st.from_regex(r"[A-Z_]{1,9}", fullmatch=True), texts, max_size=3),
    ),
    search=st.builds(
        Search,
        editable=st.lists(texts, max_size=3).map(tuple),
        options=st.dictionaries(
            texts, st.booleans() | st.integers(-99, 99) | numbers | texts, max_size=3
        ),
    ),
    budget=st.builds(Budget, cost_usd=st.none() | st.floats(min_value=0.01, max_value=1e6)),
)


@settings(max_examples=150)
@given(all_settings)
def test_what_is_dumped_is_read_back_equal(given_settings: Settings) -> None:
    text = dump(given_settings)

    assert parse(text) == given_settings
    assert parse(text.encode()) == given_settings
    assert dump(parse(text)) == text


def test_equal_settings_dump_to_equal_text_whatever_the_order_of_free_keys() -> None:
    first = parse(MINIMAL + '[environment.variables]\nA = "1"\nB = "2"\n')
    second = parse(MINIMAL + '[environment.variables]\nB = "2"\nA = "1"\n')

    assert dump(first) == dump(second)


@pytest.mark.parametrize(
    ("extra", "key", "meant"),
    [
        ("[budgte]\nevaluations = 1", "budgte", "did you mean budget?"),
        ("[budget]\nevalutions = 1", "budget.evalutions", "did you mean budget.evaluations?"),
        ("[search]\nAgents = []", "search.Agents", "did you mean search.agents?"),
        ("[budget]\nagents = []", "budget.agents", "did you mean search.agents?"),
        ("[search]\nrepeats = 3", "search.repeats", "did you mean evaluate.stages[].repeats?"),
        (
            "[evaluate.stages.limits]\nmemroy = 5",
            "evaluate.stages[0].limits.memroy",
            "did you mean evaluate.stages[0].limits.memory?",
        ),
    ],
)
def test_an_unknown_key_names_the_closest_right_one(extra: str, key: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(MINIMAL + extra, "my/evogit.toml")

    assert caught.value.message == f"my/evogit.toml: {key} is no key of EvoGit"
    assert caught.value.hint == meant


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "evaluate is required"),
        ("[evaluate]\nstages = []", "evaluate.stages"),
        ("[[evaluate.stages]]\nrun = ['x']", "evaluate.stages[0].score is required"),
        (MINIMAL + "repeats = true", "evaluate.stages[0].repeats should be a whole number"),
        (MINIMAL + "[search]\nagents = 'llm'", "search.agents should be a list, not 'llm'"),
        (MINIMAL + "[search]\noptions = 3", "search.options should be a table, not 3"),
        (MINIMAL + "repeats = 0", "evaluate.stages[0].repeats should be greater than 0"),
        (MINIMAL.replace('"speed"', '"spede"'), "evaluate.stages[0].score"),
        (MINIMAL + "[[evaluate.gates]]\nname='main'\ncommand=['x']", "distinct names"),
        (MINIMAL + "limits.memory = '5 lightyears'", "'5 lightyears' is not a size"),
        (MINIMAL + f"limits.memory = '{'9' * 400}'", "too large"),
        (MINIMAL + "limits.wall = nan", "evaluate.stages[0].limits.wall"),
        (MINIMAL + "[search.options]\nx = nan", "search.options.x"),
        (MINIMAL + "[evaluate.files]\nrun = ['../secret']", "evaluate.files.run[0]"),
        (MINIMAL + "[evaluate.files]\nrun = ['a/.GIT/config']", "evaluate.files.run[0]"),
        (MINIMAL + "[environment.variables]\n'A=B' = 'x'", "environment.variables.A=B"),
        (MINIMAL + '[sandbox]\nkind = "a\\u0000b"', "sandbox.kind holds a NUL"),
    ],
)
def test_a_wrong_value_is_named_by_file_and_key(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)

    assert caught.value.message.startswith("evogit.toml: ")
    assert says in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe[goal]",
        b"goal = \x00",
        b"[goal",
        b"a = " + b"[" * 100_000,
        b"a = " + b"{a=" * 50_000,
        b"a = " + b"[" * 100 + b"]" * 100,
        b".".join([b"a"] * 100_000) + b" = 1",
        b"[" + b" . ".join([b'"a\\"b"'] * 20_000) + b"]",
        b"[evaluate]\nseed = 0x" + b"f" * 100_000,
        b"[evaluate]\nseed = " + b"1" * 10_000,
        b"".join(b"k%d = 1\n" % i for i in range(50_000)),
        b"#" * 2_000_000,
        b'[goal]\ntext = "\\ud800"',
    ],
    ids=range(13),
)
@pytest.mark.timeout(10)
def test_hostile_text_is_an_error_of_ours_and_soon(text: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)

    assert len(caught.value.message) < 1000


@settings(max_examples=200)
@given(st.binary(max_size=200) | texts.map(str.encode))
def test_any_bytes_are_settings_or_a_config_error(content: bytes) -> None:
    with pytest.raises(ConfigError):
        parse(content)


def test_an_error_message_holds_no_terminal_sequences() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(MINIMAL + '["\\u001b]0;gotcha\\u0007"]\nx = 1', "a\x1b[2Jb.toml")

    assert "\x1b" not in caught.value.message + caught.value.hint


def test_the_nearest_file_wins_and_the_search_ends_at_the_git_root(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "a" / "b"
    inner.mkdir(parents=True)
    root = tmp_path / "repository"
    (tmp_path / "evogit.toml").write_text(MINIMAL)
    assert find(inner, root) is None

    (root / "evogit.toml").write_text(MINIMAL)
    assert find(inner, root) == root / "evogit.toml"

    (root / "a" / ".evogit.toml").write_text(MINIMAL)
    assert find(inner, root) == root / "a" / ".evogit.toml"


def test_a_pyproject_counts_only_with_our_table(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text("[project]\nname = 'x'\n")
    assert find(tmp_path, tmp_path) is None

    pyproject.write_text(
        "[tool.evogit.goal]\ntext = 'g'\n[[tool.evogit.evaluate.stages]]\nrun = ['x']\nscore = 'speed'\n"
    )
    assert find(tmp_path, tmp_path) == pyproject
    assert load(pyproject).goal.text == "g"

    pyproject.write_text("[tool.evogit]\n[[")
    assert find(tmp_path, tmp_path) == pyproject
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(pyproject)


def test_a_pipe_or_folder_named_evogit_toml_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "evogit.toml")
    (tmp_path / ".evogit.toml").mkdir()

    assert find(tmp_path, tmp_path) is None
    with pytest.raises(ConfigError, match="there is no file"):
        load(tmp_path / "evogit.toml")


def test_a_missing_file_says_where_it_was_looked_for_and_what_writes_one(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    with pytest.raises(ConfigError) as caught:
        require(inner, tmp_path)

    assert f"{inner} up to {tmp_path}" in caught.value.message
    assert "evogit init" in caught.value.hint


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evogit.toml"
    path.write_bytes(MINIMAL.encode() + b"#" * MAX_FILE)

    with pytest.raises(ConfigError, match="larger than 256 KiB"):
        load(path)


def test_the_users_own_file_fills_in_what_the_repositorys_leaves_out(tmp_path: Path) -> None:
    path, own = tmp_path / "evogit.toml", tmp_path / "config.toml"
    path.write_text(MINIMAL + "[budget]\nevaluations = 5\n")
    own.write_text("[budget]\nevaluations = 7\ncost_usd = 2.5\n")

    budget = load(path, fallback=own).budget
    assert (budget.evaluations, budget.cost_usd) == (5, 2.5)
    assert load(path, fallback=tmp_path / "none.toml").budget.cost_usd is None


def test_an_error_names_the_users_own_file_if_it_is_the_cause(tmp_path: Path) -> None:
    path, own = tmp_path / "evogit.toml", tmp_path / "config.toml"
    path.write_text(MINIMAL)
    own.write_text("[budget]\nevaluations = -7\n")

    with pytest.raises(ConfigError) as caught:
        load(path, fallback=own)
    assert f"budget.evaluations ({own}) should be greater than 0" in caught.value.message


def test_variables_override_keys_with_the_type_of_the_key(tmp_path: Path) -> None:
    path = tmp_path / "evogit.toml"
    path.write_text(MINIMAL + "[budget]\nevaluations = 5\n")
    found = load(
        path,
        environ={
            "EVOGIT_BUDGET__EVALUATIONS": "100",
            "EVOGIT_BUDGET__SECONDS": "10m",
            "EVOGIT_GOAL__TEXT": "42",
            "EVOGIT_SEARCH__AGENTS": '["genetic", "llm"]',
            "EVOGIT_SEARCH__CONFLICTS": "random",
            "EVOGIT_SEARCH__OPTIONS__temperature": "0.5",
            "EVOGIT_ENVIRONMENT__VARIABLES__LC_ALL": "1",
            "EVOGIT_EVALUATE__FILES__RUN": '["bench.py"]',
            "EVOGIT_TRUST": "1",
            "HOME": "/x__y",
        },
    )

    assert (found.budget.evaluations, found.budget.seconds) == (100, 600)
    assert found.goal.text == "42"
    assert found.search.agents == ("genetic", "llm")
    assert found.search.conflicts == "random"
    assert found.search.options == {"temperature": 0.5}
    assert found.environment.variables == {"LC_ALL": "1"}
    assert found.evaluate.files.run == ("bench.py",)


def test_a_variable_that_names_no_key_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(ConfigError) as caught:
        overrides({"EVOGIT_BUDGET__EVALUATION": "1"})

    assert "EVOGIT_BUDGET__EVALUATION" in caught.value.message
    assert caught.value.hint == "did you mean budget.evaluations?"


def test_a_wrong_value_in_a_variable_names_the_variable(tmp_path: Path) -> None:
    path = tmp_path / "evogit.toml"
    path.write_text(MINIMAL)

    with pytest.raises(ConfigError, match="EVOGIT_BUDGET__EVALUATIONS"):
        load(path, environ={"EVOGIT_BUDGET__EVALUATIONS": "many"})


tables = st.recursive(
    st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(*[st.dictionaries(st.sampled_from("abc"), tables, max_size=3)] * 3)
def test_merging_is_associative_and_the_empty_table_changes_nothing(
    a: dict[str, object], b: dict[str, object], c: dict[str, object]
) -> None:
    assert merge(a, {}) == a == merge({}, a)
    assert merge(merge(a, b), c).keys() == merge(a, merge(b, c)).keys()
    assert merge(a, a) == a


def test_the_schema_describes_every_table_and_accepts_units() -> None:
    found = schema()

    assert set(found["properties"]) == set(Settings.model_fields)
    memory = found["$defs"]["Limits"]["properties"]["memory"]
    assert {kind["type"] for kind in memory["anyOf"]} == {"integer", "string"}
