"""Files that somebody wrote to fool a reader or a terminal, in a real terminal."""

from __future__ import annotations

from pygit2.enums import FileMode
from tests.tui.terminal import Terminal
from tests.tui.world import START, World

from evogit.ids import CommitId, TreeId

CONTENT = (
    b"x = 1\x1b]52;c;Q0FOQVJZ\x07\n"
    b"y = '\x1b[2J\x9b31m\xc2\x9b32m'\r\n"
    b"# [link=https://example.org]click[/link] [bold red]\n"
    b"\tz = '\xe2\x80\xaegnp.\xe2\x81\xa6 \xe2\x80\x8b \xe6\x95\xb0'\n"
    b"\xff\xfe no text\n"
    b"no line feed at the end"
)
NAME = "pkg/e\x1b]0;T\x07vil[red].py"


def add_hostile(world: World) -> CommitId:
    """A branch ``evil`` of a human, as a push could bring it."""
    git = world.swarm.git
    base = git.commit(world.swarm.base)
    handle = git.handle
    folder = handle.TreeBuilder(git.subtree(base.tree, "pkg"))
    folder.insert(NAME.removeprefix("pkg/"), handle.create_blob(CONTENT), FileMode.BLOB)
    folder.insert("x.py", handle.create_blob(b"x = '\x1bPq\x1b\\'\n"), FileMode.BLOB)
    folder.insert("link", handle.create_blob(b"/etc/passwd"), FileMode.LINK)
    folder.insert("bin", handle.create_blob(b"\0\x1b]52;c;Q0FOQVJZ\x07"), FileMode.BLOB)
    top = handle.TreeBuilder(base.tree)
    top.insert("pkg", folder.write(), FileMode.TREE)
    message = "evil \x1b]52;c;Q0FOQVJZ\x07 [link=x]subject\n\nbody \x1b[31m\n"
    commit = git.write_commit(
        TreeId(str(top.write())), [base.id], message, author="e\x1b[31mve", time=START + 99
    )
    git.move_ref("refs/heads/evil", old=None, new=commit)
    return commit


def test_hostile_names_and_contents_are_shown_and_not_obeyed(world: World) -> None:
    commit = add_hostile(world)
    with Terminal(world.root, (160, 48)) as terminal:
        terminal.until_shows("42 individuals")
        terminal.press("/", *"evil", "enter")
        terminal.until_shows(commit[:12], "changes")
        terminal.press("4")
        terminal.until_shows(
            "against",
            "4 files",
            "binary",
            "symbolic link",
            "x = 1^[]52;c;Q0FOQVJZ^G",
            "y = '^[[2J",
            "<U+009B>32m'^M",
            "<U+202E>gnp.",
            "[link=https://example.org]click[/link]",
            "no line feed at the end of the new file",
        )
        terminal.press("|")
        terminal.until(lambda text: text.count("│") > 3)
        terminal.press("q")
        terminal.press("v")
        terminal.until_shows("message of")
        terminal.press("q")
        raw = bytes(terminal.raw)
    for order in (b"\x1b]52", b"\x1b]0;T", b"\x1bPq", b"\xc2\x9b", b"\x1b]8;"):
        assert order not in raw
