"""Waiting without `await`."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest

from dashboard.live.blocking import blocking


async def test_it_waits_while_an_event_loop_runs() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert blocking(work).startswith("dashboard")


def test_an_interrupt_ends_what_is_waited_for() -> None:
    has_ended = threading.Event()

    async def work() -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            has_ended.set()

    with pytest.raises(KeyboardInterrupt):
        blocking(work)
    assert has_ended.wait(30)


def test_what_goes_wrong_is_raised_where_it_is_waited_for() -> None:
    async def work() -> None:
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        blocking(work)
