"""Threads go through a docket one after the other, in the order in which they entered."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from evogit.evolve.docket import Docket


def test_places_are_taken_in_the_order_of_entering_whichever_thread_comes_first() -> None:
    docket, seen, latest = Docket(lambda _: None), list[int](), threading.Event()
    places = [docket.enter() for _ in range(5)]

    def go(number: int) -> None:
        if number < 4:
            assert latest.wait(60)
        else:
            latest.set()
        with places[number]:
            seen.append(number)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(go, range(5)))
    assert seen == [0, 1, 2, 3, 4]


def test_what_is_raised_in_a_place_is_told_before_the_next_one_is_let_in() -> None:
    told, order = list[BaseException](), list[str]()

    def failed(error: BaseException) -> None:
        order.append("told")
        told.append(error)

    docket = Docket(failed)
    first, second = docket.enter(), docket.enter()

    def wait() -> None:
        with second:
            order.append("next")

    thread = threading.Thread(target=wait)
    thread.start()
    with pytest.raises(ValueError, match="broken"), first:
        raise ValueError("broken")
    thread.join(60)
    assert order == ["told", "next"]
    assert [str(error) for error in told] == ["broken"]
