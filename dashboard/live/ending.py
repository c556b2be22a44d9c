"""Ending tasks that go on for ever: they may have to be told twice.

A driver that is cut off at the very moment at which its caller is cancelled may tell of the one and forget the other;
then the caller tries again, as after any cut, and whoever waits for its end waits for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN = 1.0
"""Seconds after which a task is told once more."""


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN)
