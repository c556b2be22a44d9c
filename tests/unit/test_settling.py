"""Who waits for answers to be current waits for each once, and no longer."""

from __future__ import annotations

import pytest

from dashboard.errors import Closed
from dashboard.live.answer import Answer
from dashboard.live.settling import Settling


def answer(sql: str = "SELECT 1") -> Answer:
    return Answer(sql, (), None)


async def test_a_tick_that_leaves_nobody_behind_settles() -> None:
    settling = Settling()
    future = settling.ask()
    assert settling
    settling.ticked(settling.begin(), 1, set())
    assert future.done()
    assert not settling


async def test_who_asks_during_a_tick_waits_for_the_next() -> None:
    settling = Settling()
    asked = settling.begin()
    future = settling.ask()
    settling.ticked(asked, 1, set())
    assert not future.done()
    settling.ticked(settling.begin(), 2, set())
    assert future.done()


async def test_a_reading_that_began_before_the_call_is_not_enough() -> None:
    settling, slow = Settling(), answer()
    future = settling.ask()
    settling.ticked(settling.begin(), 5, {slow})
    settling.read(slow, 4)
    assert settling.wants(slow)
    assert not future.done()
    settling.read(slow, 5)
    assert future.done()
    assert not settling.wants(slow)


async def test_steady_writes_keep_nobody_waiting_for_ever() -> None:
    settling, slow = Settling(), answer()
    future = settling.ask()
    settling.ticked(settling.begin(), 1, {slow})
    settling.read(slow, 1)
    settling.ticked(settling.begin(), 2, {slow})
    assert future.done()


async def test_a_failed_tick_is_asked_for_again_and_the_end_is_told() -> None:
    settling = Settling()
    future = settling.ask()
    settling.ask_again(settling.begin())
    assert settling
    settling.close()
    with pytest.raises(Closed):
        await future
