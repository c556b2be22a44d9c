"""`dashboard report`: the very page, frozen at one snapshot, as one file that asks no server for anything.

In whose eyes (`whom`), the page of a session that has no browser, with all its answers (`making`), as one HTML file
(`sheet`), or printed by a headless Chromium (`printing`), in a file that is whole or absent (`target`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from dashboard.postgres.server import Server
from dashboard.settings import PREFIX, settings

from . import printing
from .making import ReportRequest, made
from .progress import Progress
from .sheet import Sheet, sheet
from .target import kind_of, written


async def report(
    name: str, dsn: str | None, out: Path, *, login: str | None, since: str | None, zone: str | None
) -> Sheet:
    """Write the report of an app, a file or a notebook; return it, with what could not be shown.

    Parameters
    ----------
    dsn
        The database; None: that of the settings, else the embedded server.
    login
        In whose eyes; None only where nobody has to log in.
    since
        From when on: ``24h``, ``7d``, a date or a time.
    zone
        In whose days; None: the database's.

    Raises
    ------
    SettingsError
        The name, ending, person, time or folder is none, or Chromium is missing.
    ConnectError
        The database cannot be reached.
    """
    kind = kind_of(out)
    browser = await printing.found() if kind in ("pdf", "png") else None
    async with AsyncExitStack() as stack:
        target = stack.enter_context(written(out))
        progress = stack.enter_context(Progress(out.name))
        address = dsn or settings().dsn
        is_embedded = address is None
        if address is None:
            address = await stack.enter_async_context(_embedded())
        os.environ[f"{PREFIX}DSN"] = address  # for `dashboard.connect()` in a file of the user's own
        settings.cache_clear()
        asked = ReportRequest(name=name, dsn=address, login=login, since=since, zone=zone, is_embedded=is_embedded)
        page = await made(asked, progress)
        progress.say("writing")
        text = page.summary() if kind == "txt" else sheet(page)
        if browser is None:
            target.write_text(text, encoding="utf-8")
        else:
            progress.say("printing")
            await printing.printed(browser, text, target, kind, page.head)
    return page


@asynccontextmanager
async def _embedded() -> AsyncIterator[str]:
    """The address of the embedded server, which runs for as long; if the demo has it already, it is shared."""
    server = Server()
    await asyncio.to_thread(server.start)
    try:
        yield server.dsn
    finally:
        await asyncio.shield(asyncio.to_thread(server.stop))
