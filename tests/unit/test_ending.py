"""A task that forgets that it was cancelled is ended all the same."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.live import ending
from dashboard.live.ending import ended


async def test_a_task_that_forgets_its_end_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN", 0.01)
    told = 0

    async def goes_on() -> None:
        nonlocal told
        while told < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told += 1

    task = asyncio.create_task(goes_on())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await ended([task])
    assert task.done() and told == 2
    await ended([])
