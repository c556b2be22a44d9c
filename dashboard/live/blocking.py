"""Waiting without `await`: a coroutine is run by a thread of its own while the caller stands still.

A notebook's cell runs inside the event loop that the queries live on. What blocks there must not wait for that loop;
and while it stands still, nothing on it can be surprised by what the thread changes.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def blocking(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what a coroutine returns, however long that takes; an interrupt ends it."""
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

    async def run() -> T:
        task = asyncio.current_task()
        assert task is not None
        begun.set_result((asyncio.get_running_loop(), task))
        return await work()

    with ThreadPoolExecutor(1, thread_name_prefix="dashboard") as thread:
        result = thread.submit(contextvars.Context().run, asyncio.run, run())
        try:
            return result.result()
        except BaseException:
            if not result.done():
                loop, task = begun.result()
                loop.call_soon_threadsafe(task.cancel)
            raise
