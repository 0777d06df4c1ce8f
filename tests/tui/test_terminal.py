"""The real program in a real terminal: the shortest way to a promotion, hostile text, kills, refusals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest
from tests.tui.terminal import Terminal
from tests.tui.world import CANARY, HOSTILE, START, World, copy_world

from evogit.cli import trusting
from evogit.git.program import run_git
from evogit.ids import HEADS, JOURNALS, REMOTES, CommitId
from evogit.outcome import Failed
from evogit.records import Attempt, Decision, Evaluation
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm

SEQUENCE = re.compile(
    r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|\[[0-?]*[ -/]*[@-~]|[PX^_][^\x1b]*(?:\x1b\\)?|.)",
    re.DOTALL,
)


def trust(world: World) -> None:
    session = world.session()
    swarm = session.swarm
    trusting.store(session).trust(swarm.path, trusting.content_digest(swarm))


def promoted(world: World) -> set[str]:
    out = run_git(world.root / ".git", "for-each-ref", "--format=%(refname:short)", "refs/heads")
    return {name for name in out.decode().split() if name != "main"}


# ---------------------------------------------------------------------- three keys


def test_whoever_reads_the_footer_promotes_the_best_by_three_keys(world: World) -> None:
    trust(world)
    before = promoted(world)
    with Terminal(world.root, (80, 24)) as terminal:
        terminal.until_shows("Promote", "Best", "best 39.3")
        pressed = [footer_key(terminal, "Best"), footer_key(terminal, "Promote")]
        terminal.press(pressed[0])
        terminal.until(lambda text: re.search(r"▌.*39\.3", text))
        terminal.press(pressed[1])
        terminal.until_shows("ctrl+s promote", "branch new")
        terminal.press("enter")
        terminal.until_shows("is on branch")
    assert len(pressed) + 1 <= 3
    assert promoted(world) - before == {"evogit/raise-the-score-from-0-to-39-3"}


def footer_key(terminal: Terminal, label: str) -> str:
    """The key that the last line of the screen names for a label."""
    found = re.search(rf"(\S+) {label}\b", terminal.lines[-1])
    assert found is not None, terminal.text
    return found[1]


def test_the_help_names_the_key_and_does_it(world: World) -> None:
    with Terminal(world.root, (80, 24)) as terminal:
        terminal.until_shows("Promote", "best 39.3")
        terminal.press(footer_key(terminal, "Help"))
        terminal.until_shows("type to search")
        terminal.press(*"prom")
        line = next(
            row
            for row in terminal.until(lambda t: "Move" not in t and "Bring it" in t).splitlines()
            if "Bring it" in row
        )
        assert re.search(r"\bP\b +Promote", line)
        terminal.press("enter")
        terminal.until_shows("ctrl+s promote")


# ---------------------------------------------------------------------- hostile text


@pytest.fixture
def hostile(template: World, tmp_path: Path) -> World:
    """A world in which everything that has a text has a hostile one."""
    world = copy_world(template, tmp_path / f"pro\x1b]0;{CANARY}\x07ject")
    swarm = world.swarm
    base = swarm.git.commit(swarm.base)
    for number, text in enumerate(HOSTILE):
        _individual(swarm, base.id, f"{text}\n\n{text}\n", number)
    _other_host(swarm)
    return world


def _individual(swarm: Swarm, parent: CommitId, message: str, number: int) -> CommitId:
    git = swarm.git
    builder = git.handle.TreeBuilder(pygit2.Oid(hex=git.commit(parent).tree))
    blob = git.write_blob(f"x = {number}  # {HOSTILE[number]}\n".encode())
    builder.insert(f"na\x1b]0;{CANARY}\x07me\x1b[31m{number}.py", blob, pygit2.enums.FileMode.BLOB)
    tree = str(builder.write())
    commit = git.write_commit(
        tree,  # type: ignore[arg-type]
        [parent],
        message,
        author=f"ev\x1b]0;{CANARY}\x07il",
        time=START + 100 + number,
    )
    git.move_ref(f"{HEADS}evil{number}", old=None, new=commit)
    return commit


def _other_host(swarm: Swarm) -> None:
    journal = Journal(swarm.git, "evil-w1")
    tip = swarm.git.ref(HEADS + "evil0")
    assert tip is not None
    tree = swarm.git.commit(tip).tree
    evaluator = swarm.spec().evaluator
    when = START + 3000.0
    artefacts = {"prompt": HOSTILE[0].encode(), "stderr": "\n".join(HOSTILE).encode()}
    for text in HOSTILE:
        records = [
            Attempt("evil0", text[:40], 3, (tip,), reason=text, model=text, time=when),
            Evaluation(tip, tree, evaluator, "", 1, Failed(text[:40], text), "evil0", time=when),
            Decision("feedback", "evil", (tip,), text=text, time=when),
            Decision("goal", "evil", text=text, target=text[:30], time=when),
        ]
        for record in records:
            journal.append(record, subject=text, keep=[tip], artefacts=artefacts).result(60)
            when += 1
    journal.close()
    ref = JOURNALS + "evil-w1"
    new = swarm.git.ref(ref)
    swarm.git.move_ref(f"{REMOTES}evil/journal/evil-w1", old=None, new=new)
    swarm.git.move_ref(ref, old=new, new=None)


WALK = [
    *("b", "escape", "G", "k", "k", "enter", "4", "j", "j", "escape"),
    *("2", "j", "j", "3", "j", "5", "j", "j", "6", "j", "j", "j", "enter", "escape", "1"),
    *("g", "j", "P", "escape", "d", "escape", "f", "escape", "T", "escape", "n", "escape"),
    *("e", "escape", "z", "escape", "r", "escape", "?", "escape", "v", "escape", "y", "escape"),
]


def walk(world: World) -> str:
    """Every byte the terminal got while a human looked at everything."""
    with Terminal(world.root, (120, 40)) as terminal:
        terminal.until_shows("best 39.3")
        for key in WALK:
            size = -1
            terminal.press(key)
            deadline = time.monotonic() + 1
            while size != len(terminal.raw) and time.monotonic() < deadline:
                size = len(terminal.raw)
                time.sleep(0.1)
        return terminal.raw.decode("utf-8", "replace")


def kinds(text: str) -> set[str]:
    """The sequences in it, without their numbers."""
    return {re.sub(r"[0-9;:]+", "#", found) for found in SEQUENCE.findall(text)}


@pytest.mark.slow
def test_no_text_from_anywhere_reaches_the_terminal_as_a_sequence(
    hostile: World, template: World, tmp_path: Path
) -> None:
    tame = kinds(walk(copy_world(template, tmp_path / "tame")))
    found = walk(hostile)
    assert "tame" in found
    assert not [sequence for sequence in SEQUENCE.findall(found) if CANARY in sequence]
    assert not re.search("[\x80-\x9f\u202a-\u202e\u2066-\u2069]", found)
    assert kinds(found) <= tame | {"\x1b[#m"}


# ---------------------------------------------------------------------- killed


@pytest.mark.slow
def test_killed_in_the_middle_of_a_decision_it_is_healed_by_the_next_start(world: World) -> None:
    notes = world.swarm.private / "unfinished"
    for attempt in range(20):
        _seed_and_kill(world, f"k{attempt}", notes)
        unfinished = any(notes.iterdir())
        with Terminal(world.root, (80, 24)) as terminal:
            terminal.until_shows("best 39.3")
            _wait(lambda: not any(notes.iterdir()))
            terminal.press("q")
            terminal.end()
        _check_consistent(world)
        if unfinished:
            return
    pytest.fail("twenty kills all came too early or too late")


def _seed_and_kill(world: World, agent: str, notes: Path) -> None:
    with Terminal(world.root, (80, 24)) as terminal:
        terminal.until_shows("best 39.3")
        terminal.press("b", "n")
        terminal.until_shows("Which agent")
        terminal.press(*agent)
        terminal.until_shows(agent)
        terminal.press("enter")
        deadline = time.monotonic() + 20
        while not (notes.is_dir() and any(notes.iterdir())) and time.monotonic() < deadline:
            pass  # no pause: the moment is short
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait(20)


def _check_consistent(world: World) -> None:
    """Every seed that holds has its branch, and none that does not."""
    session = world.session()
    for name, commit in session.desk.steering.seeds:
        assert session.swarm.git.ref(HEADS + name) == commit
    for operation in session.desk.operations():
        if operation.decision.verb == "seed" and not operation.holds:
            assert session.swarm.git.ref(HEADS + operation.decision.target) is None


def _wait(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# ---------------------------------------------------------------------- the terminal itself


def test_a_small_terminal_is_told_so_and_drawn_again_when_it_grows(world: World) -> None:
    with Terminal(world.root, (50, 12)) as terminal:
        terminal.until_shows("This terminal is 50x12", "60x15")
        terminal.resize((90, 28))
        terminal.until_shows("best 39.3", "Help")
        terminal.resize((59, 28))
        terminal.until_shows("This terminal is 59x28")


def evogit(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evogit.cli", "tui", *arguments],
        cwd=folder,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_without_a_terminal_it_says_so(world: World) -> None:
    done = evogit(world.root)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_a_dumb_terminal_is_refused(world: World) -> None:
    with Terminal(world.root, (80, 24), more={"TERM": "dumb"}) as terminal:
        assert terminal.end() == 2
        assert "can only print lines" in terminal.text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("colour = 1", "no setting 'colour'"),
        ("theme = 'dracla'", "did you mean dracula"),
        ("ascii = 1", "true or false"),
        ("interval = 0", "seconds"),
        ("hook = 'x'", "list of texts"),
        ("keys = 1", "table"),
        ("[keys]\npromot = 'P'", "did you mean promote"),
        ("[keys]\npromote = 'ctrl+hyperspace'", "is no key"),
        ("[keys]\npromote = 'd'", "for both"),
        ("[keys", "not TOML"),
    ],
)
def test_a_mistake_in_the_settings_is_said(world: World, text: str, word: str) -> None:
    path = Path(os.environ["HOME"], ".config", "evogit", "tui.toml")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    done = evogit(world.root, "--print-config")
    assert done.returncode == 2
    assert word in done.stderr
    assert "tui.toml" in done.stderr


def test_the_printed_settings_can_be_read_back(world: World) -> None:
    done = evogit(world.root, "--print-config", "--ascii", "--theme", "nord")
    assert done.returncode == 0
    path = Path(os.environ["HOME"], ".config", "evogit", "tui.toml")
    path.parent.mkdir(parents=True)
    path.write_text(done.stdout)
    again = evogit(world.root, "--print-config")
    assert again.stdout == done.stdout
    assert 'theme = "nord"' in again.stdout


def test_the_environment_can_ask_for_ascii(world: World) -> None:
    assert "ascii = true" in evogit(world.root, "--print-config", EVOGIT_ASCII="1").stdout
    assert "ascii = false" in evogit(world.root, "--print-config", EVOGIT_ASCII="0").stdout


def test_keys_can_be_changed(world: World) -> None:
    path = Path(os.environ["HOME"], ".config", "evogit", "tui.toml")
    path.parent.mkdir(parents=True)
    path.write_text('[keys]\nbest = "ctrl+g"\npromote = "B,b"\n')
    with Terminal(world.root, (80, 24)) as terminal:
        terminal.until_shows("B Promote", "^g Best")
        terminal.press("\x07", "b")
        terminal.until_shows("ctrl+s promote")
