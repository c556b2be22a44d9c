"""`dashboard digest …` on the command line; the work is in `digests`."""

from __future__ import annotations

import asyncio
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from dashboard.errors import SettingsError
from dashboard.surfaces import running
from dashboard.surfaces.terminal import Dsn, Wrong, say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dashboard.postgres.connection import Connection, Record

digest = App(name="digest", help="Reports that go out on a schedule.", help_format="plaintext")

NONE = "There are no digests in this database."
Number = Annotated[int, Parameter(name="NUMBER", help="The digest, as `list` says.")]
At = Annotated[str, Parameter(name="--at", help="When: 'daily 08:00' or 'weekly mon 08:00'.")]
Zone = Annotated[str, Parameter(help="In whose time: Europe/Berlin.")]
Address = Annotated[str, Parameter(help="The address in the place of the contact point's {to}.")]


@digest.command
def add(
    dsn: Dsn,
    page: Annotated[str, Parameter(name="APP|FILE")],
    /,
    *,
    at: At,
    zone: Zone = "UTC",
    to: Annotated[str | None, Parameter(help="Contact point of `dashboard alerts contact`, for e-mail.")] = None,
    address: Address = "",
    folder: Annotated[Path | None, Parameter(help="Folder to write it to, instead.")] = None,
    login: Annotated[str | None, Parameter(name="--as", help="Whose it is: a login of `dashboard people`.")] = None,
    format: Annotated[
        Literal["html", "pdf", "png", "txt"], Parameter(help="What it is; txt is a summary without a file.")
    ] = "html",
    since: Annotated[str, Parameter(help="From when on it looks: 24h, 7d.")] = "",
) -> None:
    """Have a report made and sent on a schedule, by `serve` or `dashboard digest run`."""
    from dashboard.surfaces import digests as work

    wanted = {"schedule": at, "zone": zone, "address": address, "format": format, "since": since}
    number = asyncio.run(work.add(dsn, page, login, to=to, folder=folder, **wanted))
    say(f"Digest {number} goes out {at} ({zone}).")


@digest.command(name="list")
def listed(dsn: Dsn, /) -> None:
    """List digests, when they go out next, and what became of the last."""
    rows = asyncio.run(_found(dsn))
    if not rows:
        say(f"{NONE} Add one with `dashboard digest add`.")
    for row in rows:
        whose = f" as {row['login']}" if row["login"] else ""
        where = row["folder"] or f"{row['contact_point']} {row['address']}".strip()
        due = f"next {row['due_at'].astimezone(UTC):%Y-%m-%d %H:%M} UTC" if row["is_on"] else "off"
        last = "" if row["sent_at"] is None else f"; last {row['sent_at'].astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        problem = f"; {row['problem']}" if row["problem"] else ""
        say(
            f"{row['id']}  {row['page']}{whose} as {row['format']} to {where}  "
            f"{row['schedule']} ({row['zone']})  {due}{last}{problem}"
        )


@digest.command
def change(
    dsn: Dsn,
    number: Number,
    /,
    *,
    at: At | None = None,
    zone: Zone | None = None,
    address: Address | None = None,
    on: Annotated[bool | None, Parameter(negative="--off", help="Whether it goes out.")] = None,
) -> None:
    """Change when and to which address a digest goes; its person may do so in SQL."""
    from dashboard.postgres import digests
    from dashboard.surfaces.digests import check_zone

    given = {"schedule": at, "zone": zone, "address": address, "is_on": on}
    wanted = {name: value for name, value in given.items() if value is not None}
    if not wanted:
        raise SettingsError("Nothing is said that could be changed.", "Say --at, --zone, --address, --on or --off.")
    if zone is not None:
        check_zone(zone)
    _know(_asked(dsn, lambda connection: digests.change(connection, None, number, wanted)), number)
    say(f"Digest {number} is changed.")


@digest.command
def remove(dsn: Dsn, number: Number, /) -> None:
    """Take a digest out."""
    from dashboard.postgres import digests

    _know(_asked(dsn, lambda connection: digests.remove(connection, number)), number)
    say(f"Digest {number} is removed.")


@digest.command
def run(dsn: Dsn | None = None, number: Number | None = None, /) -> None:
    """Make and send what is due, or one digest now; exit code 1 if one is not whole, or did not go out."""
    from dashboard.settings import settings
    from dashboard.surfaces import digests as work

    address = dsn or settings().dsn
    if address is None:
        raise SettingsError("It has to be said in which database.", "Name its DSN, or set DASHBOARD_DSN.")
    runs: list[work.Run] = []

    async def tell() -> None:
        runs.extend(await work.run_due(address, number))

    running.run(tell(), is_endless=False)
    for one in runs:
        say(one.line)
    if not all(one.is_whole for one in runs):
        raise Wrong


def _know(is_there: bool, number: int) -> None:
    if not is_there:
        raise SettingsError(f"There is no digest {number}.", "See `dashboard digest list`.")


async def _found(dsn: str) -> list[Record]:
    from dashboard.postgres import digests
    from dashboard.surfaces.connecting import connected

    async with connected(dsn, "digests") as connection:
        return await digests.found(connection) if await digests.is_installed(connection) else []


def _asked(dsn: str, question: Callable[[Connection], Awaitable[Any]]) -> Any:
    from dashboard.postgres import digests
    from dashboard.surfaces.connecting import connected

    async def asked() -> Any:
        async with connected(dsn, "digests") as connection:
            if not await digests.is_installed(connection):
                raise SettingsError(NONE, "Add one with `dashboard digest add`.")
            return await question(connection)

    return asyncio.run(asked())
