"""Running a command: until it is done, or until somebody ends it with Ctrl-C or SIGTERM.

Both signals cancel the one task, so that everything it opened is closed on the way out, the embedded server
included. That is the normal end of a server, not a failure; what has an end of its own was not done.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from dashboard.errors import DashboardError, SettingsError
from dashboard.settings import settings


class Stopped(Exception):  # no error: somebody wanted it
    """A signal came before the work was done.

    Parameters
    ----------
    number
        The signal.
    """

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"stopped by {number.name}")
        self.number = number


def run(work: Coroutine[Any, Any, None], *, is_endless: bool = True) -> None:
    """Run a coroutine to its end or to the first signal.

    Parameters
    ----------
    is_endless
        Whether a signal is how it ends.

    Raises
    ------
    Stopped
        A signal ended what has an end of its own.
    """
    try:
        level = settings().log_level.upper()
    except SettingsError:
        work.close()  # or Python would say that it was never awaited
        raise
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    asyncio.run(_guarded(work, is_endless))


async def _guarded(work: Coroutine[Any, Any, None], is_endless: bool) -> None:
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
    except (asyncio.CancelledError, DashboardError) as error:  # a browser that had the signal too complains
        if not stopped_by:
            raise
        if not is_endless:
            raise Stopped(stopped_by[0]) from error
        if isinstance(error, DashboardError):
            raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(ValueError):
                loop.remove_signal_handler(number)
