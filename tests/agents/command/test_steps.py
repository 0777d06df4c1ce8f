"""One step of a coding agent, as a real program in a real sandbox: how it ends, and what is taken."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.agents.command.conftest import BUDGET, FILES, SETTINGS, Shop, genome, task

from evogit.proposals import NoProposal, Proposal
from evogit.records import Spend

Propose = Callable[..., Proposal | NoProposal]

_EDIT = "Path('program.py').write_text('def value(x):\\n    return x + 2\\n')\n"


def made(answer: Proposal | NoProposal) -> Proposal:
    assert isinstance(answer, Proposal), answer
    return answer


def refused(answer: Proposal | NoProposal) -> NoProposal:
    assert isinstance(answer, NoProposal), answer
    return answer


def test_what_it_leaves_in_the_folder_is_the_offspring(propose: Propose) -> None:
    answer = made(propose(_EDIT))
    assert dict(answer.changes) == {"program.py": b"def value(x):\n    return x + 2\n"}
    assert (answer.operator, answer.model) == ("command", "fake")
    assert answer.subject == "fake changed program.py"


def test_files_can_be_added_deleted_and_made_executable(propose: Propose) -> None:
    answer = made(
        propose("""
            Path("lib").mkdir()
            Path("lib/new.py").write_text("y = 1")
            Path("lib/new.py").chmod(0o755)
            Path("program.py").unlink()
        """)
    )
    assert dict(answer.changes) == {"lib/new.py": b"y = 1", "program.py": None}
    assert answer.executable == {"lib/new.py"}


def test_an_exit_status_means_nothing_where_the_folder_says_something(propose: Propose) -> None:
    answer = made(propose(_EDIT + "sys.exit(3)"))
    assert answer.body == "It did not end well: status 3."


def test_success_without_a_change_is_no_offspring(propose: Propose) -> None:
    answer = refused(propose("print('All done! The program is perfect now.')"))
    assert answer.reason == (
        "fake: left the tree unchanged; status 0: All done! The program is perfect now."
    )
    assert answer.pause > 0


def test_a_tool_that_dies_says_how(propose: Propose) -> None:
    answer = refused(
        propose("print('Traceback: no model', file=sys.stderr); os.kill(os.getpid(), 9)")
    )
    assert answer.reason == "fake: left the tree unchanged; signal -9: Traceback: no model" or (
        answer.reason == "fake: left the tree unchanged; signal 9: Traceback: no model"
    )


def test_a_tool_that_hangs_in_silence_is_ended_with_all_it_started(
    propose: Propose, tmp_path: Path
) -> None:
    body = """
        import subprocess
        print("thinking", flush=True)
        subprocess.Popen(["sh", "-c", "setsid sleep 1234.5 & setsid sleep 1234.5"], start_new_session=True)
        time.sleep(600)
    """
    answer = refused(propose(body, 'silence = "3s"\n'))
    assert answer.reason == ("fake: left the tree unchanged; it was silent for too long: thinking")
    assert not _running(b"1234.5")
    assert not list((tmp_path / "private" / "command").iterdir())


def test_a_tool_that_talks_for_ever_is_ended_at_its_time(propose: Propose) -> None:
    answer = refused(
        propose("while True: print('busy', flush=True); time.sleep(0.1)", 'wall = "3s"\n')
    )
    assert answer.reason == "fake: left the tree unchanged; it reached its limit of wall: busy"


def test_a_tool_that_floods_its_output_is_ended(propose: Propose) -> None:
    answer = refused(propose("while True: print('x' * 1000)", 'output = "1MB"\nwall = "60s"\n'))
    assert "it printed too much" in answer.reason
    assert len(answer.artefacts["log.txt"]) <= 1_000_000


def test_a_worker_that_must_end_does_not_wait_for_a_tool(shop: Shop) -> None:
    shop.tool(_EDIT + "print('working', flush=True)\ntime.sleep(600)")
    agent = shop.agent()
    found: list[Proposal | NoProposal] = []
    thread = threading.Thread(
        target=lambda: found.append(agent.propose(task(shop.setup().settings)))
    )
    thread.start()
    deadline = time.monotonic() + 60
    while not _running(b"--task") and time.monotonic() < deadline:
        time.sleep(0.05)
    shop.stop.set()
    thread.join(60)
    assert "the worker must end" in refused(found[0]).reason


def test_the_whole_task_is_in_the_prompt(shop: Shop) -> None:
    shop.tool("print(Path(sys.argv[2]).read_text())")
    step = task(shop.setup().settings, feedback=["use numpy"])
    log = refused(shop.agent().propose(step)).artefacts["log.txt"].decode()
    for text in (
        "make value large",
        "use numpy",
        "`**/*.py`",
        "`tests/**`",
        "1.5. Larger is better",
    ):
        assert text in log


def test_a_cross_shows_how_the_second_parent_differs(shop: Shop) -> None:
    shop.tool("print(Path(sys.argv[2]).read_text())" + "\n" + _EDIT)
    other = genome({**FILES, "program.py": "def value(x):\n    return x * 7\n"}, score=9.0)
    parents = [genome(), other]
    step = task(shop.setup().settings, operator="cross", parents=parents)
    answer = made(shop.agent().propose(step))
    assert answer.operator == "cross"
    assert "+    return x * 7" in answer.artefacts["log.txt"].decode()


def test_it_works_in_a_repository_of_its_own_that_knows_nothing_of_others(
    propose: Propose,
) -> None:
    body = """
        import subprocess
        git = lambda *words: subprocess.run(["git", *words], capture_output=True, text=True)
        print(os.getcwd(), os.environ["PWD"], os.environ["HOME"])
        print(git("status", "--porcelain").stdout.splitlines(), git("log", "--format=%s").stdout.split())
        print(git("remote").stdout.split(), git("for-each-ref", "--format=%(refname)").stdout.split())
        print(sorted(path.name for path in Path(os.environ["HOME"]).iterdir()))
    """
    lines = refused(propose(body)).artefacts["log.txt"].decode().splitlines()
    assert lines == [
        "/agent/work /agent/work /agent/home",
        "[] ['the', 'parent']",
        "[] ['refs/heads/main']",
        "['.evogit-prompt.md']",
    ]


def test_standard_input_is_closed_or_holds_the_prompt(propose: Propose) -> None:
    body = "print('read', len(sys.stdin.read()) > 500)"
    assert refused(propose(body)).reason.endswith("read False")
    assert refused(propose(body, 'stdin = "prompt"\n')).reason.endswith("read True")


def test_it_sees_only_the_variables_its_record_names(shop: Shop) -> None:
    shop.environment |= {"MY_KEY": "a-secret-value", "OTHER_KEY": "x" * 12, "LANG_OF_USER": "y"}
    shop.tool(
        "print(sorted(os.environ)); print(os.environ['MY_KEY'], flush=True)",
        'secrets = ["MY_KEY"]\n[variables]\nFIXED = "1"\nLATER = "{base_url}"\n',
    )
    answer = refused(shop.agent().propose(task(shop.setup().settings)))
    log = answer.artefacts["log.txt"].decode()
    assert "'MY_KEY'" in log
    assert "'FIXED'" in log
    assert not {"OTHER_KEY", "LANG_OF_USER", "LATER"} & set(log.split("'"))
    assert "a-secret-value" not in log + answer.reason
    assert b"a-secret-value" not in answer.artefacts["command.json"]


def test_it_sees_its_folder_and_nothing_else_of_this_machine(shop: Shop) -> None:
    private = shop.folder / "user" / ".ssh"
    private.mkdir(parents=True)
    (private / "id").write_text("secret")
    shop.tool(f"""
        print(Path({str(private)!r}).exists(), Path({str(shop.folder / "own")!r}).exists())
        for place in ("/usr/new", "/etc/new", "/agent/new", sys.argv[0]):
            try:
                Path(place).write_text("x"); print("wrote", place)
            except OSError:
                pass
        import socket
        try:
            socket.socket(); print("socket")
        except OSError:
            print("no network")
    """)
    answer = refused(shop.agent().propose(task(shop.setup().settings)))
    assert answer.artefacts["log.txt"].decode() == "False False\nno network\n"


def test_a_program_it_must_do_without_fails_when_it_calls_it(propose: Propose) -> None:
    body = """
        import subprocess
        for name in ("tmux-or-so", "env"):
            if Path("/usr/bin", name).exists():
                print(name, subprocess.run([name], capture_output=True).returncode)
        """
    answer = propose(body, 'without = ["env", "tmux-or-so"]\n')
    assert answer.artefacts["log.txt"].decode() == "env 1\n"


def test_a_login_is_copied_where_the_record_says_so(shop: Shop) -> None:
    login = shop.folder / "user" / ".tool"
    login.mkdir(parents=True)
    (login / "auth.json").write_text("token")
    shop.tool(
        "p = Path.home() / '.tool/auth.json'; print(p.read_text()); p.write_text('changed')",
        'state = [".tool/auth.json"]\n',
    )
    assert refused(shop.agent().propose(task(shop.setup().settings))).reason.endswith("token")
    assert (login / "auth.json").read_text() == "token"


def test_the_artefacts_say_what_was_run_and_how_it_ended(propose: Propose) -> None:
    answer = made(propose(_EDIT))
    found = json.loads(answer.artefacts["command.json"])
    assert found["version"] == "fake-agent 1.2.3"
    assert found["argv"][1:] == [
        "--task",
        "/agent/home/.evogit-prompt.md",
        "--budget",
        "0.400000",
        "/agent/work/program.py",
    ]
    assert (found["ended"], found["cost_source"]) == ("status 0", "unknown")
    assert b"make value large" in answer.artefacts["prompt.txt"]


def test_a_step_whose_cost_nobody_knows_counts_as_its_cap(propose: Propose) -> None:
    assert made(propose(_EDIT)).spend == Spend(10_000, 0, 0.5)


_JSON = """
[usage]
when = { type = "result" }
tokens_in = ["usage.in"]
tokens_out = ["usage.out"]
cost_usd = ["cost"]
"""


def test_what_a_tool_says_of_its_cost_is_recorded(propose: Propose) -> None:
    line = '{"type": "result", "usage": {"in": 700, "out": 30}, "cost": 0.01}'
    answer = made(propose(f"print('warning'); print('''{line}''')\n" + _EDIT, _JSON))
    assert answer.spend == Spend(700, 30, 0.01)
    assert json.loads(answer.artefacts["command.json"])["cost_source"] == "native"


def test_a_price_of_the_user_s_own_goes_before_the_dollars_that_a_tool_names(shop: Shop) -> None:
    line = '{"type": "result", "usage": {"in": 700, "out": 30}, "cost": 9.0}'
    shop.tool(f"print('''{line}''')\n" + _EDIT, _JSON)
    free = '[[models]]\nname = "local"\nmodel = "openai/m"\nbase_url = "http://127.0.0.1:1/v1"\n'
    settings = SETTINGS + BUDGET + free + "price = [0, 0]\n"
    answer = made(shop.agent("fake:local", settings).propose(task(shop.setup().settings)))
    assert answer.spend == Spend(700, 30, 0.0)
    assert json.loads(answer.artefacts["command.json"])["cost_source"] == "tokens x price"


def test_a_tool_that_reaches_its_cap_is_ended(propose: Propose) -> None:
    body = """
        for cent in range(1, 1000):
            print('{"type": "result", "usage": {"in": 1, "out": 1}, "cost": %s}' % (cent / 20), flush=True)
            time.sleep(0.2)
    """
    answer = refused(propose(body, _JSON))
    assert "it reached what a step may cost" in answer.reason
    assert 0.4 < answer.spend.cost_usd < 45


def test_a_report_that_is_a_link_is_not_read(propose: Propose, tmp_path: Path) -> None:
    secret = tmp_path / "bill.json"
    secret.write_text('{"cost": 0.3}')
    record = _JSON.replace('when = { type = "result" }', 'place = "report"\nform = "json"')
    body = f"os.symlink({str(secret)!r}, Path.home() / '.evogit-report')\n" + _EDIT
    assert made(propose(body, record)).spend.cost_usd == 0.5
    body = "(Path.home() / '.evogit-report').write_text('{\"cost\": 0.25}')\n" + _EDIT
    assert made(propose(body, record)).spend.cost_usd == 0.25


def test_a_refused_key_ends_the_agent_at_once(propose: Propose) -> None:
    answer = refused(propose("print('Error 401: Incorrect API key provided')"))
    assert answer.stop
    assert "seems to refuse the key" in answer.reason


@pytest.mark.parametrize(
    "line",
    ["HTTP/1.1 401", "status_code=401", '{"error": {"code": "401"}}', "401 Unauthorized"],
)
def test_a_provider_says_in_many_ways_that_it_refuses_a_key(propose: Propose, line: str) -> None:
    assert refused(propose(f"print({line!r})")).stop


def test_the_number_401_alone_does_not_end_the_agent(propose: Propose) -> None:
    lines = [
        '{"duration_ms":401}',
        "main.py:401: error",
        "SyntaxError:",
        "  401 | x",
        "unicode 401",
    ]
    assert not refused(propose("\n".join(f"print({line!r})" for line in lines))).stop


def test_a_tool_that_never_changes_anything_is_given_up(shop: Shop) -> None:
    shop.tool("print('nothing to do')")
    agent, step = shop.agent(), task(shop.setup().settings)
    answers = [refused(agent.propose(step)) for _ in range(8)]
    assert [answer.stop for answer in answers] == [False] * 7 + [True]
    assert [answer.pause for answer in answers[:3]] == [2, 4, 8]


def test_a_parent_with_a_path_that_is_not_allowed_is_refused_before_anything_starts(
    shop: Shop,
) -> None:
    shop.tool(_EDIT)
    step = task(shop.setup().settings, genome({"../escape.py": "x"}))
    assert "can not be laid out" in refused(shop.agent().propose(step)).reason
    assert not (shop.folder / "escape.py").exists()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("os.remove('program.py'); os.symlink('/etc/passwd', 'program.py')", "other than a file"),
        ("os.makedirs('lib/.git'); Path('lib/.git/config').write_text('')", "a git repository"),
        ("Path('lib').mkdir(); Path('lib/.GIT').write_text('gitdir: /')", "a git repository"),
        ("Path('big.py').write_bytes(bytes(17 * 2**20))", "larger than 16 MiB"),
        ("os.makedirs('/'.join(['a'] * 150))", "more than 100 deep"),
        pytest.param(
            "[Path(f'f{n}.txt').touch() for n in range(20001)]",
            "more than 20000 files",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_can_not_be_an_individual_is_refused(propose: Propose, body: str, reason: str) -> None:
    answer = refused(propose(body))
    # So many files also count as a full disk, whichever is noticed first.
    assert reason in answer.reason or "limit of disk" in answer.reason


def test_the_git_folder_it_leaves_is_not_looked_at(propose: Propose, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    body = f"""
        hook = "#!/bin/sh\\ntouch {mark}\\n"
        for name in ("post-checkout", "pre-commit", "fsmonitor", "post-index-change"):
            path = Path(".git/hooks"); path.mkdir(exist_ok=True)
            (path / name).write_text(hook); (path / name).chmod(0o755)
        with open(".git/config", "a") as file:
            file.write("[core]\\n\\tfsmonitor = .git/hooks/fsmonitor\\n\\tworktree = /\\n[filter \\"x\\"]\\n\\tclean = touch {mark}\\n")
        Path(".gitattributes").write_text("* filter=x\\n")
        import shutil
        shutil.rmtree(".git/objects")
    """
    answer = made(propose(body + "\n" + " " * 8 + _EDIT))
    assert set(answer.changes) == {"program.py"}
    assert not mark.exists()


def test_litter_and_files_that_are_not_editable_are_left_out(propose: Propose) -> None:
    body = """
        for name in ("__pycache__", ".venv/lib", "node_modules/x", ".fake"):
            Path(name).mkdir(parents=True)
            Path(name, "a.py").write_text("1")
        os.symlink("/usr", ".venv/usr")
        os.symlink("/etc/passwd", "notes.txt")
        Path("README.md").write_text("better")
    """
    answer = made(propose(body + "\n" + " " * 8 + _EDIT, 'litter = [".fake/"]\n'))
    assert set(answer.changes) == {"program.py"}
    assert answer.body == "Left out, not editable: README.md, notes.txt."


def test_an_edited_protected_file_is_shown_to_the_kernel_which_refuses_it(
    propose: Propose,
) -> None:
    answer = made(propose("Path('tests/check.py').unlink()\n" + _EDIT))
    assert set(answer.changes) == {"program.py", "tests/check.py"}


def test_a_folder_without_permissions_leaves_nothing_on_disk(
    propose: Propose, tmp_path: Path
) -> None:
    body = "os.makedirs('a/b'); Path('a/b/c').touch(); os.chmod('a/b', 0); os.chmod('a', 0)"
    propose(body)
    assert not list((tmp_path / "private" / "command").iterdir())


def _running(word: bytes) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in path.read_bytes() and int(path.parent.name) != os.getpid():
                return True
        except OSError:
            continue
    return False
