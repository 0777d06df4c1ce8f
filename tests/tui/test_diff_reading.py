"""What is read of a comparison, whatever the files hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pygit2
import pytest

from evogit.git.repository import GitRepository
from evogit.ids import TreeId
from evogit_tui.widgets.diff_lines import lines_of
from evogit_tui.widgets.diff_reading import (
    MAX_BYTES,
    MAX_LINES,
    Block,
    Reading,
    counted,
    list_changes,
    read_block,
)
from evogit_tui.widgets.diff_words import changed_words, partners
from evogit_tui.widgets.visible import visible

Files = Mapping[str, bytes | tuple[bytes, int]]


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    pygit2.init_repository(str(tmp_path / "r.git"), bare=True)
    return GitRepository(tmp_path / "r.git")


def tree(git: GitRepository, files: Files) -> TreeId:
    builder = git.handle.TreeBuilder()
    for name, value in files.items():
        data, mode = value if isinstance(value, tuple) else (value, 0o100644)
        builder.insert(name, git.handle.create_blob(data), pygit2.enums.FileMode(mode))
    return TreeId(str(builder.write()))


def compare(git: GitRepository, old: Files, new: Files, how: Reading | None = None) -> list[Block]:
    changes, _ = list_changes(git, tree(git, old), tree(git, new))
    return [read_block(git, change, how or Reading()) for change in changes]


def shown(block: Block) -> list[str]:
    signs = {"added": "+", "removed": "-", "same": " ", "note": "\\"}
    return [f"{signs[row.kind]}{row.text}" for row in block.rows or () if row.kind in signs]


def only(blocks: list[Block]) -> Block:
    (block,) = blocks
    return block


def test_a_changed_line_is_removed_and_added_and_counted(git: GitRepository) -> None:
    block = only(compare(git, {"a.py": b"x = 1\ny = 2\n"}, {"a.py": b"x = 1\ny = 3\n"}))
    assert shown(block) == [" x = 1", "-y = 2", "+y = 3"]
    assert (block.change.status, block.change.added, block.change.removed) == ("M", 1, 1)
    assert [(row.old, row.new) for row in block.rows or () if row.kind != "file"] == [
        (1, 1),
        (1, 1),
        (2, 0),
        (0, 2),
    ]


def test_of_a_changed_line_only_the_changed_words_are_marked(git: GitRepository) -> None:
    block = only(compare(git, {"a": b"let x = one + two\n"}, {"a": b"let x = one + three\n"}))
    marked = {row.kind: [row.text[a:b] for a, b in row.changed] for row in block.rows or ()}
    assert marked["removed"] == ["two"]
    assert marked["added"] == ["three"]


def test_lines_that_share_little_have_no_marked_words() -> None:
    assert changed_words("import os", "return 42 + f(x)") == ((), ())


def test_among_more_new_lines_each_old_one_finds_the_one_it_became() -> None:
    old = ["    return a + b"]
    new = ["    # explained", "    return a + b + 1"]
    assert partners(old, new) == [(0, 1)]


def test_no_line_of_a_file_that_was_added_is_anything_but_that_file(git: GitRepository) -> None:
    text = b"".join(b"line %d of many\n" % number for number in range(500))
    block = only(compare(git, {}, {"new.rs": text}))
    assert shown(block) == [f"+line {number} of many" for number in range(500)]
    assert block.change.remarks == ("new file",)


def test_binary_huge_renamed_and_mode_changes_are_said_in_words(git: GitRepository) -> None:
    old: Files = {
        "binary": b"\0\1",
        "huge": b"x\n" * MAX_BYTES,
        "mode": b"echo\n",
        "before": b"a\nb\nc\nd\ne\nf\n",
        "link": b"text\n",
    }
    new: Files = {
        "binary": b"\0\2",
        "huge": b"y\n" * MAX_BYTES,
        "mode": (b"echo\n", 0o100755),
        "behind": b"a\nb\nc\nd\ne\nF\n",
        "link": (b"/etc/passwd", 0o120000),
    }
    remarks = {block.change.path: block.change.remarks for block in compare(git, old, new)}
    assert remarks["binary"] == ("binary",)
    assert remarks["huge"] == ("too large to compare here: 2,097,152 to 2,097,152 bytes",)
    assert remarks["mode"] == ("mode 100644 to 100755",)
    assert remarks["behind"] == ("renamed from before (83 % alike)",)
    assert "symbolic link" in remarks["link"]


def test_a_file_of_ten_megabytes_is_named_and_not_compared(git: GitRepository) -> None:
    block = only(compare(git, {"big": b"x" * 10_000_000}, {"big": b"y" * 10_000_000}))
    assert not block.change.comparable
    assert [row.kind for row in block.rows or ()] == ["file"]


def test_a_submodule_is_named_and_not_opened(git: GitRepository) -> None:
    builder = git.handle.TreeBuilder()
    builder.insert("sub", pygit2.Oid(hex="1" * 40), pygit2.enums.FileMode.COMMIT)
    changes, _ = list_changes(git, tree(git, {}), TreeId(str(builder.write())))
    assert changes[0].remarks == ("new file", "submodule")
    assert not changes[0].comparable


def test_a_long_file_ends_in_a_line_that_says_how_much_more_there_is(git: GitRepository) -> None:
    text = b"".join(b"%d\n" % number for number in range(5000))
    block = only(compare(git, {}, {"long": text}))
    rows = list(block.rows or ())
    assert rows[-1].kind == "more"
    assert rows[-1].text == "3,000 more lines"
    assert len(rows) == MAX_LINES + 3
    everything = read_block(git, block.change, Reading(), 20_000)
    assert "more" not in {row.kind for row in everything.rows or ()}


def test_missing_line_feeds_and_carriage_returns_are_seen(git: GitRepository) -> None:
    ends = only(compare(git, {"a": b"x\ny\n"}, {"a": b"x\ny"}))
    assert shown(ends)[-1] == "\\no line feed at the end of the new file"
    returns = only(compare(git, {"a": b"x\r\n"}, {"a": b"x\n"}))
    assert shown(returns) == ["-x^M", "+x"]


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("plain", "plain"),
        ("\x1b]52;c;SECRET\x07", "^[]52;c;SECRET^G"),
        ("\x9b2J", "<U+009B>2J"),
        ("a\u202eb\u2066", "a<U+202E>b<U+2066>"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("a\tb", "a   b"),
        ("数\tb", "数  b"),
        ("größe 数", "größe 数"),
        ("[link=https://example.org]x[/]", "[link=https://example.org]x[/]"),
    ],
)
def test_what_hides_in_a_line_is_spelled_out(raw: str, seen: str) -> None:
    assert visible(raw) == seen


def test_hostile_lines_are_shown_and_coloured_where_their_characters_are(
    git: GitRepository,
) -> None:
    text = "x = 'a\tb\u202e'  # \x1b[31m\n".encode()
    block = only(compare(git, {"a.py": b""}, {"a.py": text}))
    row = list(block.rows or ())[-1]
    assert row.text == "x = 'a  b<U+202E>'  # ^[[31m"
    coloured = {role: "" for _, _, role in row.spans}
    for start, end, role in row.spans:
        coloured[role] += row.text[start:end]
    assert coloured["string"] == "'a  b<U+202E>'"
    assert coloured["comment"] == "# ^[[31m"


def test_bytes_that_are_no_text_do_not_stop_the_reading(git: GitRepository) -> None:
    block = only(compare(git, {"a.py": b"x = 1\n"}, {"a.py": b"x = '\xff\xfe'\n"}))
    assert shown(block)[-1] == "+x = '\ufffd\ufffd'"


def test_a_very_long_line_is_cut_and_says_so(git: GitRepository) -> None:
    block = only(compare(git, {"a": b"\n"}, {"a": b"x" * 5000 + b"\n"}))
    assert shown(block)[-1].endswith("x ... 4,000 more characters")


def test_white_space_can_be_ignored(git: GitRepository) -> None:
    old, new = {"a.py": b"if x:\n  y()\n"}, {"a.py": b"if x:\n    y()\n"}
    block = only(compare(git, old, new, Reading(ignore_space=True)))
    assert shown(block) == ["\\only white space differs"]


def test_context_can_be_changed(git: GitRepository) -> None:
    lines = [b"%d\n" % number for number in range(20)]
    old = {"a": b"".join(lines)}
    new = {"a": b"".join([*lines[:10], b"new\n", *lines[11:]])}
    assert len(shown(only(compare(git, old, new, Reading(context=0))))) == 2
    assert len(shown(only(compare(git, old, new, Reading(context=5))))) == 12


def test_counts_are_known_before_a_file_is_read(git: GitRepository) -> None:
    changes, total = list_changes(git, tree(git, {"a": b"1\n"}), tree(git, {"a": b"1\n2\n"}))
    change = counted(git, changes[0], Reading())
    assert (total, change.added, change.removed) == (1, 1, 0)


def test_side_by_side_a_line_stands_beside_what_it_became(git: GitRepository) -> None:
    block = only(compare(git, {"a": b"1\n2\n3\n"}, {"a": b"1\nB\nC\nD\n"}))
    pairs = [
        (line.left.text if line.left else None, line.right.text if line.right else None)
        for line in lines_of([block], split=True)
    ]
    assert pairs[2:] == [("1", "1"), ("2", "B"), ("3", "C"), (None, "D")]
