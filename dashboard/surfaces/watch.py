"""`dashboard watch`: ask before capture is installed, then show the tables.

The question is asked between two event loops: inside one, Ctrl-C would wait for the answer.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence

from dashboard.apps.watch import Watched, examine
from dashboard.errors import CaptureError
from dashboard.live import connect as follow
from dashboard.postgres.captured import capture_status
from dashboard.postgres.connection import public_name
from dashboard.surfaces.access import NOBODY, access_to
from dashboard.surfaces.capturing import install
from dashboard.surfaces.connecting import connected
from dashboard.surfaces.front import Page
from dashboard.surfaces.running import run
from dashboard.surfaces.serving import show
from dashboard.surfaces.site import free_port
from dashboard.surfaces.terminal import is_interactive, say


def watch(
    dsn: str,
    names: Sequence[str],
    *,
    yes: bool,
    address: str | None,
    port: int | None,
    browser: bool,
    is_open: bool = False,
) -> None:
    """Show tables live, until ended.

    Raises
    ------
    ConnectError, RelationNotFound, PrivilegeError
        The database cannot be reached, a table is missing, or may not be read.
    CaptureError
        Capture is not installed, and was not wanted or could not be.
    SettingsError
        Other machines could see it all.
    """
    port = free_port(address, port)
    tables, uncaptured = asyncio.run(_examined(dsn, names))
    if uncaptured:
        if not (yes or _is_wanted(uncaptured)):
            raise CaptureError(
                f"Without capture there is nothing to watch on {', '.join(uncaptured)}.",
                "Answer y, or give --yes, to install it.",
            )
        asyncio.run(install(dsn, uncaptured))
        removal = ["dashboard", "uninstall", public_name(dsn), *uncaptured]
        say(f"Changes of {', '.join(uncaptured)} are captured now. To remove that again: {shlex.join(removal)}")
    run(_show(dsn, tables, address=address, port=port, browser=browser, is_open=is_open))


async def _show(
    dsn: str, tables: tuple[Watched, ...], *, address: str | None, port: int, browser: bool, is_open: bool
) -> None:
    from dashboard.apps.watch.page import page
    from dashboard.apps.watch.recorder import Recorder

    access = await access_to(dsn, address, is_open=is_open)
    async with follow(dsn) as live:
        for table in tables:
            Recorder.on(live).log(table)  # from now on, not from the first page on
        title = ", ".join(table.label for table in tables)
        shown = Page(slug="watch", title=title, summary="", content=lambda: page(live, tables), is_for_operators=True)
        told = "" if is_open else NOBODY
        await show([shown], address=address, port=port, browser=browser, access=access, told=told)


async def _examined(dsn: str, names: Sequence[str]) -> tuple[tuple[Watched, ...], list[str]]:
    """Get to know the tables, and tell which of them are not captured, or not completely."""
    tables = await examine(dsn, names)
    async with connected(dsn, "watch") as connection:
        status = await capture_status(connection)
    captured = {table.oid for table in status.tables if not table.faults}
    return tables, [table.name for table in tables if table.oid not in captured]


def _is_wanted(names: Sequence[str]) -> bool:
    if not is_interactive():
        return False
    say(
        f"To follow {', '.join(names)}, triggers are added to it that write its changes to a log "
        'in the schema "dashboard" of the same database. `dashboard uninstall` leaves no trace of them.'
    )
    return input("Install them? [y/N] ").strip().lower() in ("y", "yes")
