"""A write that a caller waits for: its receipt, or why there is none yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from dashboard.errors import NotNow
from dashboard.surfaces.rest.problem import RequestRefused

if TYPE_CHECKING:
    from dashboard.live.table import Table
    from dashboard.live.write import Receipt, Write
    from dashboard.surfaces.rest.routes import Seat

KEPT = (
    "The database went away during this write. It is kept, and done once when the database is back: do not repeat it."
)


async def outcome(seat: Seat, make: Callable[[Table], Write]) -> Receipt:
    """Have a write done.

    Raises
    ------
    RequestRefused
        The database went away in its midst, so it is kept.
    DashboardError
        PostgreSQL refuses, or the database is away already; nothing was done.
    """
    if seat.live.writer.queues:
        raise NotNow("The database is away.", "Try again in a few seconds.")
    write = make(seat.table)
    kept = asyncio.Event()
    write.changed = lambda one: kept.set() if one.state == "kept" else None
    done = asyncio.ensure_future(write)
    waiting = asyncio.create_task(kept.wait())
    try:
        await asyncio.wait({done, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if not done.done():
        done.add_done_callback(lambda late: late.cancelled() or late.exception())
        raise RequestRefused(504, KEPT)
    receipt = done.result()
    seat.live.look()
    return receipt
