"""The environment jobs see: built once, never half, the same name on every host."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from evogit.config.model import Environment
from evogit.environment import inspect_python, prepare
from evogit.errors import ConfigError, EvaluatorError
from evogit.sandbox.base import Runtime

HERE = Path(sys.executable)
PREPARE = """
import sys
from pathlib import Path
from evogit.config.model import Environment
from evogit.environment import prepare
root, cache, *setup = sys.argv[1:]
runtime = prepare(Environment(setup=tuple(setup)), Path(root), Path(cache),
                  default_python=Path(sys.executable), lock_contents={})
print(runtime.digest, *runtime.paths)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def made(
    root: Path, cache: Path, environment: Environment, locks: Mapping[str, bytes] | None = None
) -> Runtime:
    return prepare(environment, root, cache, default_python=HERE, lock_contents=locks or {})


def shell(script: str) -> tuple[str, ...]:
    return ("sh", "-c", script)


def virtual_environment(folder: Path) -> None:
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True, timeout=60)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def built(cache: Path) -> list[str]:
    return sorted(p.name for p in cache.iterdir() if p.is_dir())


def test_without_settings_jobs_get_evogits_own_interpreter(root: Path, cache: Path) -> None:
    runtime = made(root, cache, Environment(variables={"A": "b"}))

    assert runtime.python == HERE
    assert runtime.variables == {"A": "b"}
    assert len(runtime.digest) == 16
    assert int(runtime.digest, 16) >= 0
    standard = Path(os.__file__)
    assert any(standard.is_relative_to(p) for p in [*runtime.paths, Path("/usr")])
    assert not cache.exists()


@pytest.mark.slow
def test_a_virtual_environment_is_shown_with_the_installation_behind_it(
    root: Path, cache: Path
) -> None:
    virtual_environment(root / ".venv")
    runtime = made(root, cache, Environment(python=".venv/bin/python"))

    assert runtime.python == root / ".venv" / "bin" / "python"
    shown = [*runtime.paths, Path("/usr")]
    assert root / ".venv" in runtime.paths
    assert any(Path(os.path.realpath(runtime.python)).is_relative_to(p) for p in shown)
    assert any(Path(os.__file__).is_relative_to(p) for p in shown)


@pytest.mark.slow
def test_set_up_can_build_the_interpreter_jobs_use(root: Path, cache: Path) -> None:
    environment = Environment(
        python="{target}/bin/python",
        setup=("{python}", "-m", "venv", "--without-pip", "{target}"),
        variables={"BUILT": "{target}/lib"},
    )
    runtime = made(root, cache, environment)
    answer = subprocess.check_output(
        [runtime.python, "-c", "import sys; print(sys.prefix)"], text=True
    )

    [name] = built(cache)
    assert Path(answer.strip()) == cache / name
    assert cache / name in runtime.paths
    assert runtime.variables["BUILT"] == f"{cache / name}/lib"
    assert made(root, cache, environment) == runtime


@pytest.mark.slow
def test_an_interpreter_that_would_show_the_whole_repository_is_refused(
    root: Path, cache: Path
) -> None:
    virtual_environment(root)

    with pytest.raises(EvaluatorError, match="with it the repository") as caught:
        made(root, cache, Environment(python="bin/python"))
    assert ".venv" in caught.value.hint


@pytest.mark.parametrize("path", [".", "..", "/", ".git", ".git/evogit"])
def test_a_folder_that_would_show_the_repository_is_refused(
    root: Path, cache: Path, path: str
) -> None:
    (root / ".git" / "evogit").mkdir(parents=True)

    with pytest.raises(EvaluatorError, match="with it the repository"):
        made(root, cache, Environment(paths=(path,)))


def test_a_missing_folder_is_named(root: Path, cache: Path) -> None:
    with pytest.raises(EvaluatorError, match=r"data.*does not exist"):
        made(root, cache, Environment(paths=("data",)))


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false", "/bin/true", "/usr"])
def test_what_is_no_interpreter_is_named(root: Path, cache: Path, python: str) -> None:
    with pytest.raises(EvaluatorError) as caught:
        made(root, cache, Environment(python=python))
    assert python in caught.value.message
    assert "environment.python" in caught.value.hint


def test_set_up_finds_its_lock_files_and_nothing_else_of_the_repository(
    root: Path, cache: Path
) -> None:
    (root / "secret").write_text("x")
    locks = {"req.txt": b"numpy", "sub/more.txt": b"scipy"}
    made(root, cache, Environment(setup=shell("find . -type f -exec cp {} {target} ';'")), locks)

    [name] = built(cache)
    assert {p.name: p.read_text() for p in (cache / name).iterdir()} == {
        "req.txt": "numpy",
        "more.txt": "scipy",
    }


def test_set_up_runs_again_only_if_it_or_a_lock_file_changed(root: Path, cache: Path) -> None:
    log = root / "log"
    environment = Environment(setup=shell(f"echo run >> {log}"))
    for content in (b"1", b"1", b"2", b"1"):
        made(root, cache, environment, {"lock": content})

    assert log.read_text().count("run") == 2
    assert len(built(cache)) == 2


def test_a_failed_set_up_shows_the_end_of_its_output_and_is_tried_again(
    root: Path, cache: Path
) -> None:
    script = f"seq 1 5000; printf 'no \\033[2Jsuch package' >&2; touch {{target}}/half; test -e {root}/ok"
    environment = Environment(setup=shell(script))
    with pytest.raises(EvaluatorError) as caught:
        made(root, cache, environment)

    assert "ended with status 1" in caught.value.message
    assert caught.value.message.endswith("no such package")
    assert len(caught.value.message) < 5000
    assert "environment.setup" in caught.value.hint
    assert built(cache) == []

    (root / "ok").touch()
    made(root, cache, environment)
    assert len(built(cache)) == 1


def test_a_set_up_that_does_not_exist_is_named(root: Path, cache: Path) -> None:
    with pytest.raises(EvaluatorError, match="no-such-program does not start"):
        made(root, cache, Environment(setup=("no-such-program",)))


def test_a_cache_that_can_not_be_written_is_named(root: Path, cache: Path) -> None:
    cache.write_text("a file")
    with pytest.raises(EvaluatorError, match="can not be built in"):
        made(root, cache, Environment(setup=("true",)))


def test_what_was_built_is_readable_by_everybody(root: Path, cache: Path) -> None:
    script = "umask 077; mkdir {target}/d; echo > {target}/d/f; echo > {target}/x; chmod 700 {target}/x; ln -s /nowhere {target}/l"
    made(root, cache, Environment(setup=shell(script)))

    [name] = built(cache)
    modes = {p.name: p.lstat().st_mode & 0o777 for p in (cache / name).rglob("*")}
    assert (modes["d"], modes["f"], modes["x"]) == (0o755, 0o644, 0o755)


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def start(root: Path, cache: Path, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE, str(root), str(cache), *shell(script)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_many_workers_one_builds_and_all_get_the_same(
    root: Path, cache: Path, processes: list[subprocess.Popen[str]]
) -> None:
    log = root / "log"
    script = f"echo run >> {log}; sleep 0.5; echo done > {{target}}/done"
    processes += [start(root, cache, script) for _ in range(6)]
    answers = {process.communicate(timeout=60)[0] for process in processes}

    assert [process.returncode for process in processes] == [0] * 6
    assert len(answers) == 1
    assert log.read_text() == "run\n"
    [name] = built(cache)
    assert (cache / name / "done").exists()


def test_a_half_build_of_a_killed_worker_is_not_used(
    root: Path, cache: Path, processes: list[subprocess.Popen[str]]
) -> None:
    # The set-up of the killed worker goes on alone until the file "go" appears.
    log, go = root / "log", root / "go"
    script = f"touch {{target}}/$$; echo $$ >> {log}; until test -e {go}; do sleep 0.02; done; touch {{target}}/end"
    first = start(root, cache, script)
    processes.append(first)
    until(lambda: log.exists() and log.read_text().endswith("\n"))
    os.kill(first.pid, signal.SIGKILL)
    first.wait(10)
    second = start(root, cache, script)
    processes.append(second)
    go.touch()
    assert second.wait(60) == 0

    orphan, builder = log.read_text().split()
    [name] = built(cache)
    assert {p.name for p in (cache / name).iterdir()} == {builder, "end"}
    assert orphan != builder


def test_nothing_of_a_set_up_outlives_it(root: Path, cache: Path) -> None:
    script = f"(while :; do sleep 0.05; done) & echo $! > {root}/pid"
    made(root, cache, Environment(setup=shell(script)))
    child = int((root / "pid").read_text())

    until(lambda: not _running(child))


def test_a_daemon_that_set_up_leaves_behind_blocks_nobody(root: Path, cache: Path) -> None:
    script = (
        f"name={root}/first; test -e $name && name={root}/second; "
        "setsid sh -c 'echo $$ > $0; exec sleep 100' $name & until test -s $name; do :; done; "
        f"test $name = {root}/second"
    )
    environment = Environment(setup=shell(script))
    try:
        with pytest.raises(EvaluatorError, match="status 1"):
            made(root, cache, environment)
        made(root, cache, environment)
        made(root, cache, environment)
    finally:
        for name in ("first", "second"):
            os.kill(int((root / name).read_text()), signal.SIGKILL)


def _running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:4]
    except FileNotFoundError:
        return False


def on_a_host(
    tmp_path: Path, name: str, environment: Environment, locks: Mapping[str, bytes] | None = None
) -> str:
    root = tmp_path / name / "repository"
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "data" / "set.csv").write_text("1,2")
    return made(root, tmp_path / name / "cache", environment, locks).digest


def test_two_hosts_that_provide_the_same_give_the_same_digest(tmp_path: Path) -> None:
    environment = Environment(
        setup=shell("touch {target}/x"), variables={"P": "{target}/x", "Q": "1"}, paths=("data",)
    )
    locks = {"uv.lock": b"numpy==2"}

    digests = {on_a_host(tmp_path, host, environment, locks) for host in ("one", "two")}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("change", "locks"),
    [
        ({"variables": {"A": "2"}}, b"1"),
        ({"setup": shell("touch {target}/y")}, b"1"),
        ({"paths": ()}, b"1"),
        ({}, b"2"),
    ],
    ids=["variables", "setup", "paths", "lock"],
)
def test_another_environment_has_another_digest(
    tmp_path: Path, change: dict[str, object], locks: bytes
) -> None:
    plain = Environment(setup=shell("touch {target}/x"), variables={"A": "1"}, paths=("data",))
    other = plain.model_copy(update=change)

    before = on_a_host(tmp_path, "one", plain, {"lock": b"1"})
    assert on_a_host(tmp_path, "two", other, {"lock": locks}) != before


def test_another_file_in_a_shown_folder_is_another_environment(tmp_path: Path) -> None:
    environment = Environment(paths=("data",))
    before = on_a_host(tmp_path, "one", environment)
    (tmp_path / "one" / "repository" / "data" / "more.csv").touch()

    assert on_a_host(tmp_path, "one", environment) != before


@pytest.mark.parametrize(
    "environment",
    [
        Environment(python="{target}/bin/python"),
        Environment(paths=("{target}/x",)),
        Environment(variables={"A": "{target}"}),
    ],
)
def test_a_target_that_nothing_builds_is_a_config_error(
    root: Path, cache: Path, environment: Environment
) -> None:
    with pytest.raises(ConfigError, match="no setup that builds it"):
        made(root, cache, environment)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
def test_a_lock_file_from_a_hostile_spec_is_not_written_outside(
    root: Path, cache: Path, name: str
) -> None:
    with pytest.raises(ConfigError, match="outside the repository"):
        made(root, cache, Environment(setup=("true",)), {name: b"x"})
    assert built(cache) == []


def test_an_interpreter_says_what_it_is() -> None:
    found = inspect_python(HERE)

    assert found.version == ".".join(map(str, sys.version_info[:3]))
    assert found.implementation == sys.implementation.name
    assert any(name.startswith("pydantic-") for name in found.packages)
