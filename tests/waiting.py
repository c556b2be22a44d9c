"""Waiting for a condition, so that no test sleeps for a time it guessed."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(condition: Callable[[], T | Awaitable[T]], *, timeout: float = 15, pause: float = 0.01) -> T:
    """Return the condition's first truthy result.

    An assertion inside the condition counts as "not yet", and is what fails when the time is up.
    """
    end = time.monotonic() + timeout
    while True:
        failure: AssertionError | None = None
        try:
            found = condition()
            result: T = await found if inspect.isawaitable(found) else found
            if result:
                return result
        except AssertionError as error:
            failure = error
        if time.monotonic() > end:
            source = inspect.getsource(condition).strip()
            raise failure or AssertionError(f"not true within {timeout} s: {source}")
        await asyncio.sleep(pause)
