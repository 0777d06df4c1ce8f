"""What is left of a change carries its gain, and nothing of it can be left out."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.analysis.hunks import Pieces, into_lines
from evogit.analysis.minimize import minimize
from evogit.cli.main import main
from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import TreeId
from evogit.outcome import Scored
from evogit.records import Evaluation
from evogit.source import find_source
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm

if TYPE_CHECKING:
    from conftest import Garden

Lines = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"x = 1\n"]), max_size=12)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    folder = tmp_path_factory.mktemp("objects") / "objects.git"
    pygit2.init_repository(str(folder), bare=True)
    return GitRepository(folder)


def tree_of(git: GitRepository, files: dict[str, bytes]) -> TreeId:
    empty = TreeId(str(git.handle.TreeBuilder().write()))
    changes = {path: Change(git.write_blob(data)) for path, data in files.items()}
    return git.change_tree(empty, changes) if changes else empty


@given(old=Lines, new=Lines)
def test_all_pieces_make_the_new_genome_and_none_the_old(
    git: GitRepository, old: list[bytes], new: list[bytes]
) -> None:
    before = tree_of(git, {"f.py": b"".join(old), "gone.py": b"1"})
    after = tree_of(git, {"f.py": b"".join(new), "new.py": b"2"})
    pieces = Pieces(git, before, after)
    assert pieces.tree(pieces.all) == after
    assert pieces.tree([]) == before
    assert pieces.tree(into_lines(pieces.all)) == after


def test_a_file_without_a_last_line_end_or_with_other_bytes_survives(git: GitRepository) -> None:
    before = tree_of(git, {"a": b"x", "b": b"\0\1", "c": b"1\r\n2\r\n"})
    after = tree_of(git, {"a": b"x\ny", "b": b"\0\2", "c": b"1\r\n3\r\n"})
    pieces = Pieces(git, before, after)
    assert pieces.tree(into_lines(pieces.all)) == after
    assert [piece.path for piece in pieces.all if piece.whole] == ["b"]


@given(st.sets(st.integers(0, 19)), st.integers(1, 20))
def test_what_is_left_is_enough_and_no_single_piece_can_go(needed: set[int], count: int) -> None:
    wanted = {n for n in needed if n < count}

    def enough(kept: Sequence[int]) -> bool:
        return wanted <= set(kept)

    assert minimize(range(count), enough) == sorted(wanted)


@given(st.sets(st.integers(0, 9)), st.integers(0, 20))
def test_when_the_budget_ends_what_is_left_is_still_enough(needed: set[int], budget: int) -> None:
    asked: list[Sequence[int]] = []

    def enough(kept: Sequence[int]) -> bool:
        asked.append(kept)
        return len(asked) <= budget and needed <= set(kept)

    assert needed <= set(minimize(range(10), enough))


FORMULA = '''    """A guess at the unknown function of five variables between 0 and 1: a constant."""
    unused = a * b
    for _ in range(3):
        unused += 1
    return 14.0 + 10 * (d - 0.5)
'''


@pytest.mark.slow
def test_dead_code_is_left_out_and_the_evidence_is_in_the_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], garden: Garden
) -> None:
    del garden  # only for its blank configuration
    folder = tmp_path / "run"
    assert main(["init", "--problem", "symbolic-regression", str(folder)]) == 0
    swarm = Swarm(find_source(folder).swarm)
    git = swarm.git
    text = (folder / "formula.py").read_text()
    start = text.index('    """A guess')
    end = text.index("# EVOLVE-BLOCK-END")
    changed = (text[:start] + FORMULA + text[end:]).encode()
    tree = git.change_tree(
        git.commit(swarm.base).tree,
        {"formula.py": Change(git.write_blob(changed)), "notes.txt": Change(git.write_blob(b"hi"))},
    )
    mine = git.write_commit(tree, [swarm.base], "by hand\n", author="ada", time=1_700_000_100)
    git.move_ref("refs/heads/ada", old=None, new=mine)
    for revision in ("base", "ada"):
        assert main(["eval", "-C", str(folder), revision]) == 0
    capsys.readouterr()
    assert main(["distill", "-C", str(folder), "ada", "--json"]) == 0
    found: Any = json.loads(capsys.readouterr().out)
    assert found["score"] == found["original_score"] < found["base_score"]
    assert found["kept"] == 2
    assert found["complete"]
    commit = git.commit(found["commit"])
    assert commit.parents == (swarm.base,)
    assert f"2 of {found['whole']} changed lines carry the gain" in commit.message
    assert set(git.files(commit.tree)) == set(git.files(git.commit(swarm.base).tree))
    assert commit.message.startswith("by hand (distilled)\n")
    _only_the_result_is_an_individual(folder, found["commit"], mine, capsys)
    assert main(["distill", "-C", str(folder), "base"]) == 4
    assert "it is the base" in capsys.readouterr().err
    _make_noisy(swarm, found["base_score"])
    assert main(["distill", "-C", str(folder), "ada"]) == 4
    assert "is within the noise floor" in capsys.readouterr().err


def _only_the_result_is_an_individual(
    folder: Path, made: str, original: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was tried on the way is none, so that it can not be the best; the result has a name."""

    def ids(*arguments: str) -> list[str]:
        assert main([arguments[0], "-C", str(folder), *arguments[1:], "--jsonl"]) == 0
        return [json.loads(line)["commit"] for line in capsys.readouterr().out.splitlines()]

    assert set(ids("best", "-k", "9")) == {original, made, ids("log", "base")[0]}
    assert made in ids("log")
    handle = pygit2.Repository(str(folder))
    handle.config["user.name"], handle.config["user.email"] = "Ada", "ada@example.org"
    assert main(["promote", "-C", str(folder), "distilled", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"\n(Raise|Lower) the \w+ score from \S+ to \S+: 1 change to \S+\n\n", told)
    assert "\n\n- by hand\n\n2 of" in told
    assert "changed lines carry the gain" in told


def _make_noisy(swarm: Swarm, score: float) -> None:
    """Write down repeats of the base that are far from its own score, to both sides."""
    base, spec = swarm.git.commit(swarm.base), swarm.spec()
    environment = (swarm.path / "evogit" / "environment").read_text().strip()
    journal = Journal(swarm.git, "w9")
    for seed, error in ((1, 1000.0), (2, -1000.0)):
        outcome = Scored(score + error)
        record = Evaluation(
            base.id, base.tree, spec.evaluator, environment, seed, outcome, purpose="repeat"
        )
        journal.append(record, keep=(base.id,)).result()
    journal.close()
