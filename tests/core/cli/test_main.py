"""Errors, exit codes and global options of the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2
import pytest

from evogit import __version__
from evogit.cli import registry
from evogit.cli.main import main

EVOGIT = str(Path(sys.executable).with_name("evogit"))
HEAVY = ("textual", "litellm", "networkx", "numpy", "docker", "git", "tree_sitter", "evogit_agents")

if TYPE_CHECKING:
    from conftest import Run, World


def test_version_goes_to_stdout(cli: Run) -> None:
    result = cli("--version")
    assert (result.status, result.out, result.err) == (0, f"evogit {__version__}\n", "")


def test_without_arguments_the_help_is_shown(cli: Run) -> None:
    result = cli()
    assert result.status == 0
    assert "Commands:" in result.out


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(cli: Run) -> None:
    result = cli("statsu")
    assert result.status == 2
    assert result.out == ""
    assert "did you mean status" in result.err


def test_an_unknown_option_is_a_usage_error(cli: Run) -> None:
    result = cli("path", "--nope")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert "hint: evogit path --help" in result.err
    assert "hint: evogit goal show --help" in cli("goal", "show", "extra").err
    assert "hint: evogit config --help" in cli("config", "--hlep").err


def test_a_group_without_subcommand_is_a_usage_error(cli: Run) -> None:
    assert cli("config").status == 2
    assert cli("goal", "shwo").status == 2


def test_errors_are_json_on_request_even_before_the_command_starts(cli: Run) -> None:
    for arguments in (("log", "--json", "--nope"), ("statsu", "--json"), ("path", "--json")):
        result = cli("-C", "/", *arguments)
        assert result.status in {2, 3}
        error = result.data["error"]
        assert result.data["schema"] == 1
        assert error["code"] in {"usage", "not-found"}
        assert error["message"]
        assert error["hint"]


def test_outside_a_repository_the_exit_code_says_not_found(cli: Run) -> None:
    result = cli("-C", "/", "status")
    assert result.status == 3
    assert "is in no git repository" in result.err


def test_a_repository_without_swarm_says_what_to_do(cli: Run, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    result = cli("-C", tmp_path, "log")
    assert result.status == 3
    assert "hint: run evogit init first" in result.err


def test_ls_is_status(cli: Run, world: World) -> None:
    assert cli("ls", "--json").data == cli("status", "--json").data


def test_common_options_work_before_and_after_the_command(cli: Run, world: World) -> None:
    os.chdir("/")
    before = cli("-C", world.root, "-q", "path")
    after = cli("path", "-C", world.root, "-q")
    assert before == after
    assert before.out.strip() == str(world.swarm.path)
    assert Path.cwd() == Path("/")


def test_a_swarm_is_found_from_a_subfolder_and_from_inside_itself(cli: Run, world: World) -> None:
    for folder in (world.root / "pkg", world.swarm.path, world.swarm.path / "objects"):
        assert cli("path", "-C", folder).out.strip() == str(world.swarm.path)


def test_a_packed_swarm_is_still_recognised(cli: Run, world: World) -> None:
    subprocess.run(["git", "--git-dir", world.swarm.path, "pack-refs", "--all"], check=True)
    assert cli("path", "-C", world.swarm.path).out.strip() == str(world.swarm.path)
    assert cli("show", "a1", "--json", "-C", world.swarm.path).data["commit"] == world.ids["best"]


def test_a_swarm_that_came_with_somebodys_files_is_refused(cli: Run, world: World) -> None:
    shutil.copytree(world.swarm.path, world.root / "pkg" / "swarm.git")
    assert cli("path", "-C", world.root / "pkg").out.strip().endswith("pkg/swarm.git")
    subprocess.run(["git", "add", "-f", "pkg"], check=True)
    for folder in ("pkg", "pkg/swarm.git", "pkg/swarm.git/objects"):
        result = cli("path", "-C", world.root / folder)
        assert result.status == 4
        assert "not trusted" in result.err
    assert cli("path").out.strip() == str(world.swarm.path)


def test_completion_knows_agents_and_tags_without_opening_the_repository(
    cli: Run, world: World
) -> None:
    assert cli("tag", "best", "atop").status == 0
    code = (
        "import sys; from evogit.cli.complete import complete_individual as c;"
        "print(c('a'), c('b')); assert 'pygit2' not in sys.modules"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "['a1', 'a2', 'a3', 'atop'] ['base', 'best']"
        subprocess.run(["git", "--git-dir", world.swarm.path, "pack-refs", "--all"], check=True)


def test_the_shell_is_told_commands_and_individuals(world: World) -> None:
    def completed(words: str) -> str:
        variables = {
            **os.environ,
            "_EVOGIT_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        }
        done = subprocess.run([EVOGIT], env=variables, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.stdout

    assert completed("evogit sho").split() == ["show"]
    assert completed("evogit show a").split() == ["a1", "a2", "a3"]
    assert completed("evogit goal hi").split() == ["history"]


def test_a_wrong_folder_for_c_is_a_usage_error(cli: Run, tmp_path: Path) -> None:
    assert cli("-C", tmp_path / "none", "path").status == 2
    assert cli("path", "-C", tmp_path / "none").status == 2


def test_an_interrupt_ends_with_130(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("evogit.cli.path.path", interrupt)
    monkeypatch.setattr("evogit.cli.status.time.sleep", interrupt)
    result = cli("status", "--watch")
    assert result.status == 130
    assert "Make x large" in result.out
    assert result.err.startswith("error: interrupted")


def test_something_unexpected_is_one_line_and_a_traceback_only_for_debug(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("boom \x1b[2J")

    monkeypatch.setattr("evogit.swarm.maintenance.maintain", fail)
    assert main(["gc"]) == 1
    err = capsys.readouterr().err
    assert "error: unexpected ZeroDivisionError: boom" in err
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert main(["gc", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [pygit2.GitError, pygit2.InvalidError])
def test_what_libgit2_refuses_is_called_a_matter_of_git(
    kind: type[Exception],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise kind("bad object")

    monkeypatch.setattr("evogit.swarm.maintenance.maintain", fail)
    assert main(["gc"]) == 1
    assert "error: a repository can not be read or written" in capsys.readouterr().err


def test_a_damaged_repository_is_an_error_and_no_traceback(cli: Run, world: World) -> None:
    for pack in world.swarm.path.glob("objects/??/*"):
        pack.chmod(0o644)
        pack.write_bytes(b"junk")
    for command in ("status", "log", "best"):
        assert cli(command).status in {1, 2, 3, 4}


def test_a_command_that_can_not_be_imported_names_its_package(
    cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = EntryPoint("broken", "evogit.nowhere:run", registry.GROUP)
    monkeypatch.setattr(registry, "find_commands", lambda: {"broken": broken})
    result = cli("broken")
    assert result.status == 1
    assert "can not be loaded" in result.err
    assert cli("--help").status == 0


class _Fixed:
    def __init__(self, points: list[EntryPoint]) -> None:
        self._points = points

    def __call__(self, group: str) -> list[EntryPoint]:
        return self._points


def test_a_strangers_command_can_not_replace_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = EntryPoint("log", "evogit.cli.log:log", registry.GROUP)
    theirs = EntryPoint("log", "stranger:log", registry.GROUP)
    for points in ([ours, theirs], [theirs, ours]):
        monkeypatch.setattr(registry, "entry_points", _Fixed(points))
        assert registry.find_commands()["log"] is ours


@pytest.mark.parametrize(
    ("variables", "options", "colored"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
    ],
)
def test_colour_follows_the_option_then_no_color_then_force_color(
    cli: Run,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    options: list[str],
    colored: bool,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in cli("log", *options).out) == colored
    assert "\x1b[" not in cli("log", "--json", *options).out


def test_quiet_silences_notes_and_the_log_file_keeps_them(
    cli: Run, world: World, tmp_path: Path
) -> None:
    log_file = tmp_path / "log.txt"
    result = cli("notes", "-q", "--log-file", log_file)
    assert (result.status, result.err) == (0, "")
    assert "4 notes in refs/notes/evogit" in log_file.read_text()
    assert cli("show", "nobody", "--log-file", log_file).status == 3


def test_a_log_file_that_can_not_be_written_is_a_usage_error(cli: Run, world: World) -> None:
    result = cli("notes", "--log-file", "/proc/nothing/here")
    assert result.status == 2
    assert "log file" in result.err


def test_status_imports_none_of_the_heavy_libraries(world: World) -> None:
    code = (
        "import sys; from evogit.cli.main import main; main(sys.argv[1:]);"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    for arguments, banned in (
        (["--help"], (*HEAVY, "pygit2", "pydantic", "rich", "evogit.cli.status")),
        (["status"], (*HEAVY, "rich", "evogit.cli.log", "evogit.cli.diff", "asyncio")),
    ):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, cwd=world.root, capture_output=True, text=True, check=True)
        loaded = set(done.stderr.split())
        assert "evogit.cli.main" in loaded
        assert not loaded & set(banned)


def test_a_reader_that_goes_away_is_no_error(world: World) -> None:
    script = f"set -o pipefail; {EVOGIT} export json | head -n 1; echo $?"
    for _ in range(2):
        done = subprocess.run(
            ["bash", "-c", script], cwd=world.root, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        assert done.stdout.splitlines()[-1] == "0"
    read, write = os.pipe()
    os.close(read)
    closed = subprocess.run(
        [EVOGIT, "log"], cwd=world.root, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (closed.returncode, closed.stderr) == (0, b"")


def test_closed_streams_and_an_ascii_locale_are_survived(world: World) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        ["bash", "-c", f"{EVOGIT} status >&- 2>&-; echo $?; {EVOGIT} goal show; echo $?"],
        cwd=world.root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "0"
    assert lines[-1] == "0"
    assert done.stderr == ""


def test_nothing_prompts_without_a_terminal(world: World) -> None:
    done = subprocess.run(
        [EVOGIT, "trust", "--json"],
        cwd=world.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "--yes" in json.loads(done.stdout)["error"]["hint"]


@pytest.mark.parametrize("line", ["pin best", "gc"])
def test_storage_that_is_read_only_is_named_with_what_helps(world: World, line: str) -> None:
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; cd "$1"; shift; exec "$@"'
    alone = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh")
    found = subprocess.run(
        [*alone, world.root, sys.executable, "-m", "evogit.cli", *line.split()],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 77 or "unshare" in found.stderr:
        pytest.skip("no mounts in a namespace of our own here")
    assert found.returncode == 1
    assert "can not be written: Read-only file system" in found.stderr
    assert "hint: its storage is read-only" in found.stderr
    assert "Errno" not in found.stderr
