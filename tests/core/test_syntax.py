"""Good code parses, whatever other threads parse meanwhile."""

from __future__ import annotations

import ast
import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from evogit.syntax import parse

CODE = "x = " + " + ".join(f"f({i}, [a, (b, {{c: d}})])" for i in range(40))


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that take turns inside the garbage collector, where the interpreter's counter breaks."""

    def work(phase: str, info: dict[str, int]) -> None:
        del phase, info
        sum(range(50))

    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5)
    gc.callbacks.append(work)
    yield
    gc.callbacks.remove(work)
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless")
def test_threads_that_parse_at_once_do_not_disturb_each_other() -> None:
    wrong: list[str] = []

    def work() -> None:
        for _ in range(60):
            try:
                parse(CODE)
            except SystemError as error:
                wrong.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_expression_and_a_module_are_told_apart() -> None:
    assert isinstance(parse("a + b", "eval"), ast.Expression)
    assert isinstance(parse(b"a = b"), ast.Module)
    with pytest.raises(SyntaxError):
        parse("a = b", "eval")
