"""Digests: reports that are made and sent when they are due, by whichever process comes first.

A run is claimed, made, sent, and noted as sent, as messages of alerts are. `keep_up` only waits: what is due is made
by a process of its own (`dashboard digest run`), so that the pages of a server are not held up, and nothing of one
person's report can stay behind in it. The same command can be called by cron.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dashboard.errors import DashboardError, SettingsError
from dashboard.live.alerts.contact import Refused, address_of, check_personal, is_mail, post
from dashboard.postgres import digests, preferences
from dashboard.postgres.connection import Connection
from dashboard.postgres.scope import Scope
from dashboard.settings import PREFIX
from dashboard.surfaces.connecting import connected

LEASE = timedelta(minutes=15)
"""How long a report may take to be made and sent."""
AGAIN = (60, 300)
"""Seconds before another attempt; then it is the next time's turn."""
LOOK = 30.0
"""Seconds between two looks at what is due."""
log = logging.getLogger(__name__)


async def add(dsn: str, page: str, login: str | None, *, to: str | None, folder: Path | None, **wanted: Any) -> int:
    """Note who gets which page, when and where; its number.

    Raises
    ------
    SettingsError
        The page, person, time, span or place is none.
    """
    if (to is None) == (folder is None):
        raise SettingsError("A digest goes to a contact point or to a folder.", "Say --to NAME or --folder FOLDER.")
    if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK)):  # noqa: ASYNC240
        raise SettingsError(f"{folder} is no folder that can be written to.", "Name another with --folder.")
    from dashboard.live.frozen import Frozen
    from dashboard.surfaces.pages import page_named
    from dashboard.surfaces.report.since import span_since
    from dashboard.surfaces.report.whom import seen_by

    check_zone(str(wanted["zone"]))
    if wanted["since"]:
        span_since(wanted["since"], datetime.now(UTC))
    live = Frozen(dsn)
    named = page_named(page, live)
    viewer = await seen_by(dsn, named, login, is_demo=False)
    scope = None
    if viewer is not None:
        scope = Scope(role=viewer.scope.role, settings={**viewer.scope.settings, "app.person": viewer.login})
    async with connected(dsn, "digests") as connection:
        if to is not None:
            await _check_contact(connection, to, str(wanted["address"]))
        await digests.install(connection)
        kept = str(named.content) if isinstance(named.content, Path) else page
        place = {"contact_point": to, "folder": None if folder is None else str(folder.absolute())}  # noqa: ASYNC240
        return await digests.add(connection, scope, {"page": kept, "login": login or "", **place, **wanted})


def check_zone(name: str) -> None:
    """Refuse what is no zone of a report; PostgreSQL takes more, as CET-1 or what a person writes in SQL.

    Raises
    ------
    SettingsError
        It is none.
    """
    from dashboard.views.zone import is_zone

    if not is_zone(name):
        raise SettingsError(f"There is no time zone {name!r}.", "Write it as Europe/Berlin.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of a digest, in a line; whether all of it was made, and it went out."""

    line: str
    is_whole: bool


async def run_due(dsn: str, number: int | None = None) -> list[Run]:
    """Make and send what is due, or the digest with this number now.

    Raises
    ------
    SettingsError
        There is no digest of this number, or somebody makes it at this moment.
    """
    told: list[Run] = []
    async with connected(dsn, "digests") as connection:
        if not await digests.is_installed(connection):
            raise SettingsError("There are no digests in this database.", "Add one with `dashboard digest add`.")
        while (row := await digests.claim(connection, LEASE, number)) is not None:
            told.append(await _made(connection, dsn, row))
            if number is not None:
                return told
    if number is not None:
        raise SettingsError(f"There is no digest {number}, or it is being made.", "See `dashboard digest list`.")
    return told


async def keep_up(dsn: str) -> None:
    """Have what is due made, until cancelled."""
    while True:
        try:
            wait = await _until_due(dsn)
            if wait is not None and wait <= 0:
                await _started(dsn)
        except DashboardError as error:
            log.debug("Digests cannot be looked at: %s", error)
            wait = None
        await asyncio.sleep(LOOK if wait is None else min(max(wait, 1.0), LOOK))


@asynccontextmanager
async def kept_up(dsn: str) -> AsyncIterator[None]:
    """For the length of the block, what is due is made."""
    task = asyncio.get_running_loop().create_task(keep_up(dsn), context=contextvars.Context())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until_due(dsn: str) -> float | None:
    async with connected(dsn, "digests") as connection:
        return await digests.next_due(connection) if await digests.is_installed(connection) else None


async def _started(dsn: str) -> None:
    """Run the command that makes them; the address, which has a password, stands in its environment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dashboard", "digest", "run", env=os.environ | {f"{PREFIX}DSN": dsn},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await process.wait()
    except asyncio.CancelledError:
        if process.returncode is None:
            process.terminate()
        raise


async def _made(connection: Connection, dsn: str, row: Any) -> Run:
    number, run, what = row["id"], row["run"], f"{row['id']}  {row['page']}"
    try:
        where, failures = await _sent(connection, dsn, row, run)
    except DashboardError as error:
        is_over = row["attempts"] > len(AGAIN) or (isinstance(error, Refused) and error.is_final)
        again = None if is_over else timedelta(seconds=AGAIN[row["attempts"] - 1])
        log.warning("The digest %s could not be sent: %s", number, error)
        await digests.done(connection, number, run, str(error)[:500], again)
        return Run(line=f"{what}  {error}", is_whole=False)
    problem = "; ".join(failures)
    if problem:
        log.warning("The digest %s went out, but not whole: %s", number, problem)
    await digests.done(connection, number, run, problem[:500], is_sent=True)
    return Run(line=f"{what}  {where}{f', but: {problem}' if problem else ''}", is_whole=not problem)


async def _sent(connection: Connection, dsn: str, row: Any, run: UUID) -> tuple[str, list[str]]:
    """Make one and send it; where it went, and what it could not show.

    It is named by the day on which it is made, where its reader is: on that day it takes its own place.
    """
    from dashboard.surfaces.report import report

    check_zone(row["zone"])
    day = datetime.now(ZoneInfo(row["zone"])).date()
    name = f"{Path(row['page']).stem}-{row['id']}-{day}.{row['format']}"
    wishes = {"login": row["login"] or None, "since": row["since"] or None, "zone": row["zone"]}
    if row["folder"] is not None:
        target = Path(row["folder"]) / (f"{row['login']}-{name}" if row["login"] else name)
        page = await report(row["page"], dsn, target, **wishes)
        return str(target), page.failures
    url = address_of(await _check_contact(connection, row["contact_point"], row["address"]), row["address"])
    with tempfile.TemporaryDirectory(prefix="dashboard-") as folder:
        file = Path(folder) / name
        page = await report(row["page"], dsn, file, **wishes)
        content = None if row["format"] == "txt" else (name, await asyncio.to_thread(file.read_bytes))
    subject = f"{page.head.title}, {day}"
    await post(url, subject=subject, body=page.summary(), batch=run, attached=content)
    return f"to {row['contact_point']}", page.failures


async def _check_contact(connection: Connection, name: str, address: str) -> str:
    """The address behind a contact point for e-mail."""
    known = await preferences.contact_points(connection)
    if name not in known:
        raise SettingsError(
            f"There is no contact point {name}.", "Make it with `dashboard alerts contact`, or name one of its list."
        )
    if not is_mail(known[name]):
        raise SettingsError(f"{name} is no place for e-mail.", "A digest goes by e-mail (mailto), or to a --folder.")
    check_personal(known[name], address)
    return known[name]
