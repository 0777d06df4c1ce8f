"""An outcome in one line says what matters most; in full it says all."""

from __future__ import annotations

import pytest

from evogit.outcome import Crashed, Failed, Outcome, Quarantined, Scored, describe, in_full

COMPILER = """exit status 2: …-Iinclude -o build/tests tests/test_vec.c tests/test_mat.c src/vec.c src/mat.c src/seq.c
cc -O2 -Wall -Wextra -std=c11 -Iinclude -o build/bench bench/bench.c src/vec.c src/mat.c src/seq.c
src/seq.c:1:10: fatal error: nowhere.h: No such file or directory
    1 | #include "nowhere.h"
      |          ^~~~~~~~~~~
compilation terminated.
make: *** [Makefile:9: build/tests] Error 1"""
TAP = """exit status 1: …ok 3 - small
  ---
  duration_ms: 0.2
  ...
# Subtest: large
not ok 5 - large
  ---
  duration_ms: 52.1
  location: '/candidate/test/sort.test.js:14:1'
  failureType: 'testCodeFailure'
  error: '3 !== 4'
  code: 'ERR_ASSERTION'
  ...
1..5
# tests 5
# fail 1"""
PYTEST = """exit status 1: …
def test_total():
    assert total([1, 2]) == 3
tests/test_sums.py:7: AssertionError
=========================== short test summary info ============================
FAILED tests/test_sums.py::test_total - assert 4 == 3
FAILED tests/test_sums.py::test_mean - assert 2.5 == 1.5
2 failed, 61 passed in 0.41s"""
UNKNOWN = "exit status 3: " + "a line about nothing\n" * 30 + "the pump is dry"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (COMPILER, "failed tests: exit status 2: src/seq.c:1:10: fatal error: nowhere.h: No such "),
        (TAP, "failed tests: exit status 1: error: '3 !== 4' code: 'ERR_ASSERTION'"),
        (PYTEST, "failed tests: exit status 1: FAILED tests/test_sums.py::test_total - assert 4 "),
        (UNKNOWN, "failed tests: exit status 3: …"),
    ],
)
def test_of_a_long_output_one_line_holds_what_says_what_is_wrong(reason: str, said: str) -> None:
    line = describe(Failed("tests", reason))
    assert line.startswith(said)
    assert len(line) <= 200
    assert "\n" not in line


def test_an_output_without_any_sign_of_an_error_is_told_by_its_end() -> None:
    assert describe(Crashed("run", UNKNOWN)).endswith("a line about nothing the pump is dry")


def test_a_long_sentence_is_told_from_its_beginning() -> None:
    reason = "3 of 9 tests that the base passes were not run: " + ", ".join(
        ["tests/test_a.py"] * 30
    )
    assert describe(Failed("tests", reason)).startswith(f"failed tests: {reason[:100]}")


@pytest.mark.parametrize("reason", [COMPILER, TAP, PYTEST, UNKNOWN])
def test_what_one_line_leaves_out_is_there_in_full(reason: str) -> None:
    assert in_full(Failed("tests", reason)) == reason


def test_the_full_reason_is_clean() -> None:
    assert "\x1b" not in in_full(Failed("tests", f"exit status 1: \x1b]52;c;aGk=\x07{COMPILER}"))


@pytest.mark.parametrize(
    "outcome", [Scored(1.0), Failed("tests", "exit status 1: no"), Quarantined("a\nb")]
)
def test_nothing_more_is_told_where_one_line_says_it_all(outcome: Outcome) -> None:
    assert in_full(outcome) == ""
