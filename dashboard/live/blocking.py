"""Waiting without `await`: a coroutine is run by a thread of its own while the caller stands still.

A notebook's cell runs inside the event loop that the queries live on. What blocks there must not wait for that loop;
and while it stands still, nothing on it can be surprised by what the thread changes.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def blocking(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what a coroutine returns, however long that takes; an interrupt ends it."""
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()
    is_over = threading.Event()

    async def run() -> T:
        task = asyncio.current_task()
        assert task is not None
        begun.set_result((asyncio.get_running_loop(), task))
        if is_over.is_set():
            raise asyncio.CancelledError
        return await work()

    with ThreadPoolExecutor(1, thread_name_prefix="dashboard") as thread:
        try:
            return thread.submit(contextvars.Context().run, lambda: asyncio.run(run())).result()
        except BaseException:
            is_over.set()
            if begun.done():
                loop, task = begun.result()
                with suppress(RuntimeError):  # it has ended of itself
                    loop.call_soon_threadsafe(task.cancel)
            raise
