"""`dashboard alerts …`: what an administrator does for alerts; what people want for themselves they say at the bell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar
from uuid import uuid4

from cyclopts import App, Parameter

from dashboard.errors import AlertError
from dashboard.surfaces.terminal import Dsn, say

if TYPE_CHECKING:
    from dashboard.postgres.connection import Connection

T = TypeVar("T")
Name = Annotated[str, Parameter(help="Name of a contact point.")]
To = Annotated[str, Parameter(help="The address in the place of its {to}.")]

app = App(name="alerts", help="Alerts: where messages go, and what was told.", help_format="plaintext")


@app.command
def install(dsn: Dsn, /) -> None:
    """Make the tables of alerts; rules are watched where they are."""
    from dashboard.postgres import alerts

    _run(dsn, alerts.install)
    say("Alerts are kept in the schema dashboard_alerts; `dashboard alerts uninstall` removes it again.")


@app.command
def uninstall(dsn: Dsn, /) -> None:
    """Remove them, with history and everybody's preferences."""
    from dashboard.postgres import alerts

    _run(dsn, alerts.uninstall)
    say("Alerts are removed.")


@app.command
def contact(
    dsn: Dsn,
    name: Name,
    url: Annotated[
        str | None, Parameter(help="mailto://…, or any of Apprise's; {to} where a person's own address belongs.")
    ] = None,
    /,
    *,
    remove: Annotated[bool, Parameter(negative=(), help="Take it away, with everybody's preferences for it.")] = False,
) -> None:
    """Add, change or remove a contact point: where messages can be sent to."""
    from dashboard.live.alerts.contact import check
    from dashboard.postgres import preferences

    if remove or url is None:
        if not remove:
            raise AlertError("An address is missing.", "Give its URL, or --remove.")
        if not _run(dsn, lambda connection: preferences.remove_contact_point(connection, name)):
            _url(dsn, name)
        say(f"The contact point {name} is removed.")
        return
    check(url)
    _run(dsn, lambda connection: preferences.set_contact_point(connection, name, url))
    say(f"The contact point {name} is kept; `dashboard alerts try` sends a message to it.")


@app.command
def contacts(dsn: Dsn, /) -> None:
    """List contact points, without their addresses: these hold passwords."""
    from dashboard.postgres import preferences

    found = _run(dsn, preferences.contact_points)
    if not found:
        say("There are no contact points; `dashboard alerts contact` adds one.")
    for name, url in found.items():
        say(f"{name}  {url.partition('://')[0]}{'  for each their own address' if '{to}' in url else ''}")


@app.command(name="try")
def attempt(dsn: Dsn, name: Name, /, *, to: To = "") -> None:
    """Send one message now."""
    from dashboard.live.alerts.contact import address_of, send

    url = _url(dsn, name, to=to)
    message = "This is what an alert looks like; nothing has happened."
    asyncio.run(send(address_of(url, to), subject="[info] A try", body=message, severity="info", batch=uuid4()))
    say(f"{name} took it.")


@app.command
def tell(
    dsn: Dsn,
    name: Name,
    /,
    *,
    to: To = "",
    minimum: Annotated[
        Literal["info", "warning", "critical"], Parameter(help="The least severity that is told.")
    ] = "warning",
) -> None:
    """Have what concerns nobody in particular told to those who look after the database."""
    from dashboard.postgres import preferences
    from dashboard.postgres.scope import Scope

    _url(dsn, name, to=to)
    wanted = {"address": to, "minimum": minimum, "quiet_from": None, "quiet_until": None, "zone": "UTC"}
    _run(dsn, lambda connection: preferences.prefer(connection, Scope(), name, wanted))
    say(f"What concerns the database is told to {name}{f' for {to}' if to else ''}.")


@app.command
def history(dsn: Dsn, /, *, rows: Annotated[int, Parameter(help="How many notices, the latest first.")] = 20) -> None:
    """Say what was told of late, and what became of the messages."""
    from dashboard.postgres import alerts

    found = _run(dsn, lambda connection: alerts.history(connection, rows))
    if not found:
        say("Nothing was told yet.")
    for row in found:
        end = "" if row["resolved_at"] is None else f", resolved {row['resolved_at'].astimezone(UTC):%H:%M:%S}"
        at = f"{row['fired_at'].astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        sent = f"  [{row['deliveries']}]" if row["deliveries"] else ""
        said = ": ".join(filter(None, (row["title"], "; ".join(row["lines"]))))
        say(f"{at}{end}  {row['severity']}  {said}{sent}")


def _url(dsn: str, name: str, *, to: str | None = None) -> str:
    """Return the address of a contact point; with `to`, of one that a message can be sent to."""
    from dashboard.live.alerts.contact import check_personal
    from dashboard.postgres import preferences

    urls = _run(dsn, preferences.contact_points)
    if name not in urls:
        raise AlertError(f"There is no contact point {name}.", f"There are: {', '.join(urls) or 'none'}.")
    if to is not None and "{to}" in urls[name]:
        if not to:
            raise AlertError(f"By {name} each is told at their own address.", "Say whose: --to ADDRESS.")
        check_personal(urls[name], to)
    return urls[name]


def _run(dsn: str, question: Callable[[Connection], Awaitable[T]]) -> T:
    from dashboard.surfaces.connecting import connected

    async def asked() -> T:
        async with connected(dsn, "alerts") as connection:
            return await question(connection)

    return asyncio.run(asked())
