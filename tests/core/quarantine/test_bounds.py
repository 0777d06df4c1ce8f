"""The scan reads hostile text: it never raises, never runs anything, and says what it did not read."""

from __future__ import annotations

import json
import typing
from pathlib import Path

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygit2.enums import FileMode

from evogit.git.trees import SYMLINK, Entry
from evogit.ids import CommitId, TreeId
from evogit.outcome import Quarantined, Scored
from evogit.quarantine.finding import (
    MAX_FINDINGS,
    RULES,
    Finding,
    bounded,
    make,
    summary,
    to_json,
)
from evogit.quarantine.parsing import read_module, risky
from evogit.records import MAX_RECORD_BYTES, Evaluation, dump, load
from evogit.text import clean_line

if typing.TYPE_CHECKING:
    from tests.core.quarantine.conftest import Lab

WORDS = (
    "import time ; \n from os import _exit \n time.x = 1 \n assert ( ) [ ] { } : = == in is not "
    'def f(): \n  return True class A: \n  def __eq__(self, o): \'text\' """ # \\ \x00 \x1b[31m \u202e '
    "é \udcff if False: else: pytest.skip() sys.modules[ exec( match case 48611 0x1f 1e999 lambda: "
    "@ \t ** -"
)
PIECES = st.sampled_from(WORDS.split(" "))
SOURCES = st.one_of(
    st.lists(PIECES, max_size=60).map(" ".join),
    st.text(max_size=300),
)
PATHS = st.sampled_from(
    [
        "a.py",
        "tests/test_a.py",
        "conftest.py",
        "a.js",
        "a.test.ts",
        "main.go",
        "pyproject.toml",
        "setup.cfg",
        "package.json",
        "Cargo.toml",
        "run.sh",
        "data.csv",
        "x",
    ]
)


@given(files=st.dictionaries(PATHS, SOURCES, max_size=3), old=st.dictionaries(PATHS, SOURCES))
def test_no_text_makes_the_scan_raise(lab: Lab, files: dict[str, str], old: dict[str, str]) -> None:
    base = {"keep.py": "x = 1\n", **old}
    found = lab.scan(dict.fromkeys(old) | dict(files), base=base)
    for finding in found:
        assert finding.rule in RULES
        assert finding.evidence == clean_line(finding.evidence)


@given(data=st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise(lab: Lab, data: bytes) -> None:
    read_module(data, test=True)
    lab.scan({"a.py": data, "tests/test_b.py": data, "b.c": data})


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000,
        "-" * 100_000 + "1",
        "1" + "+1" * 60_000,
        "a" + ".b" * 60_000,
        "x = " + "[" * 150 + "]" * 150,
        "f" + "(0)" * 50_000,
        "if x: pass\n" + "elif x: pass\n" * 20_000,
        "\n".join(" " * n + "if x:" for n in range(120)),
        "x = '" + "\\x41" * 50_000 + "'",
        "a = " + "0x" + "f" * 100_000,
        "# -*- coding: utf-7 -*-\nimport +AG8-s\n",
        "\ufeffimport os\n",
        "x = \u2028 1",
    ],
    ids=lambda source: source[:12],
)
@pytest.mark.filterwarnings("ignore")
def test_deep_and_odd_sources_are_read_or_said_to_be_unreadable(lab: Lab, source: str) -> None:
    base = {"keep.py": "x = 1\n"}
    lab.scan({"a.py": source, "tests/test_a.py": source}, base=base)


def test_nothing_is_imported_or_run(lab: Lab, tmp_path: Path) -> None:
    target = tmp_path / "ran"
    lab.scan({"a.py": f"import pathlib\npathlib.Path({str(target)!r}).touch()\neval('1')\n"})
    assert not target.exists()


def test_more_than_is_scanned_is_itself_a_finding(lab: Lab) -> None:
    many = {f"pkg/m{n}.py": f"x = {n}\n" for n in range(600)}
    assert lab.held(many) == {"hidden-code"}
    large = {f"pkg/m{n}.py": "x = 1  # long\n" * 40_000 for n in range(5)}
    assert "hidden-code" in lab.held(large)


def test_a_link_is_not_followed(lab: Lab) -> None:
    entry = Entry(SYMLINK, lab.git.write_blob(b"/etc/passwd"))
    builder = lab.git.handle.TreeBuilder()
    builder.insert("a.py", pygit2.Oid(hex=entry.blob), FileMode.LINK)
    found = lab.scanner().scan(TreeId(str(builder.write())))
    assert "a.py" not in {finding.path for finding in found}


@given(st.lists(st.builds(Finding, st.sampled_from(sorted(RULES)), SOURCES, st.just(3), SOURCES)))
def test_findings_always_fit_into_a_record(found: list[Finding]) -> None:
    made = bounded(make(f.rule, f.path, f.line, f.evidence) for f in found)
    assert len(made) <= MAX_FINDINGS
    record = Evaluation(
        CommitId("a" * 40),
        TreeId("b" * 40),
        TreeId("c" * 40),
        "",
        0,
        Quarantined(summary(made), Scored(1.5, {"x": 2.0})),
        findings=made,
    )
    text = dump(record)
    assert len(text) < MAX_RECORD_BYTES
    assert load(text) == record


def test_the_worst_findings_fit_too() -> None:
    worst = [make("jump", f"{n}" + "\U0001f600" * 300, n, "\U0001f600" * 300) for n in range(100)]
    assert len(dump_of(bounded(worst))) < MAX_RECORD_BYTES


def dump_of(found: tuple[Finding, ...]) -> str:
    return json.dumps([to_json(finding) for finding in found])


@pytest.mark.parametrize(
    "line",
    [
        "    return x + 1",
        "    self.total = self.total + item",
        "    best = max(best, key(item))",
        "    if remaining == item: return -4 / (1 + abs(remaining))",
    ],
)
def test_an_ordinary_line_is_not_even_parsed(line: str) -> None:
    assert not risky(line)
