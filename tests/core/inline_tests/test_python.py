"""Examples in Python docstrings are tests; other words about the code are not."""

from __future__ import annotations

import pytest

from evogit.inline_tests.kept import keeps_tests

CODE = '''\
"""About it."""


class A:
    def twice(self, x):
        """Doubles.

        >>> A().twice(2)
        4
        """
        return x + x


def other():
    """No example."""
'''


def stay(new: str) -> bool:
    return keeps_tests("a.py", CODE, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + x", "2 * x"),
        ("No example", "Nothing"),
        ("def other", 'def more():\n    """>>> 1\n    1\n    """\n\n\ndef other'),
    ],
)
def test_code_and_words_beside_examples_may_change(old: str, new: str) -> None:
    assert stay(CODE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        4\n", "        5\n"),
        (">>> A", "... A"),
        ("twice(2)", "twice(2)  # doctest: +SKIP"),
        ("def twice", "def thrice"),
        ("class A:", "class B:"),
        ("def other():", "class A:\n    def twice(self, x):\n        return x\n\n\ndef other():"),
        ("x + x", "x +"),
        (CODE, ""),
    ],
)
def test_examples_may_not_change(old: str, new: str) -> None:
    assert not stay(CODE.replace(old, new))


def test_other_languages_hold_no_tests_beside_code() -> None:
    assert keeps_tests("a.go", "// >>> #[test]", "")
