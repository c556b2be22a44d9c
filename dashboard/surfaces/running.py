"""Running a command: until it is done, or until somebody ends it with Ctrl-C or SIGTERM.

Both signals cancel the one task, so that everything it opened is closed on the way out, the embedded server
included. That is the normal end of a server, not a failure.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from dashboard.errors import SettingsError
from dashboard.settings import settings


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end or to the first signal."""
    try:
        level = settings().log_level.upper()
    except SettingsError:
        work.close()  # or Python would say that it was never awaited
        raise
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    asyncio.run(_guarded(work))


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    stopped_by: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        stopped_by.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped_by:
            raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(ValueError):
                loop.remove_signal_handler(number)
