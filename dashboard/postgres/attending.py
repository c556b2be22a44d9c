"""What a process tells the database of those who are on its pages; see ``sql/presence.sql``."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import orjson

from dashboard.postgres.connection import Connection, fetch
from dashboard.postgres.scope import Scope

_CLASS = 1684107107
#: How the server finds out that the machine at the other end has vanished: within twelve seconds.
_KEPT_ALIVE = {
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "4",
    "tcp_user_timeout": "12000",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody on a page.

    Parameters
    ----------
    person
        The same for all pages of one who is logged in.
    record
        What on the page they look at; None for the page itself.
    among
        Who may see them: whoever has this role's privileges and these settings.
    """

    id: UUID
    person: str
    name: str
    page: str
    record: str | None
    among: Scope


async def hold(connection: Connection, process: int) -> bool:
    """Tie a process's number to this connection, as long as it stands; False where it cannot be told by that."""
    if connection.pooled:
        return False
    for name, value in _KEPT_ALIVE.items():
        await fetch(connection, "SELECT set_config($1, $2, false)", name, value)
    rows = await fetch(connection, "SELECT pg_try_advisory_lock($1::int, $2::int)", _CLASS, process)
    return bool(rows[0][0])


async def silent(connection: Connection, process: int) -> tuple[bool, frozenset[int]]:
    """Whether this process is known, and which others do not seem to live. Writes nothing."""
    row = (await fetch(connection, "SELECT is_known, silent FROM dashboard.silent($1)", process))[0]
    return row["is_known"], frozenset(row["silent"])


async def attend(
    connection: Connection,
    process: int,
    *,
    has_lock: bool,
    attendees: Iterable[Attendee] = (),
    gone: Iterable[UUID] = (),
    whole: bool = False,
    dead: Iterable[int] = (),
) -> None:
    """Say who has come or moved and who left, the `whole` for all that is true; and which processes are dead."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    people = orjson.dumps([_told(one) for one in attendees]).decode()
    await fetch(
        connection,
        "SELECT dashboard.attend($1, $2, $3, $4::jsonb, $5, $6, $7)",
        process, name, has_lock, people, list(gone), whole, list(dead),
    )  # fmt: skip


async def depart(connection: Connection, process: int) -> None:
    """The process ends; everybody on its pages has left."""
    await fetch(connection, "SELECT dashboard.depart($1)", process)


def _told(one: Attendee) -> dict[str, object]:
    return {
        "id": str(one.id),
        "person": one.person,
        "name": one.name,
        "page": one.page,
        "record": one.record,
        "role": one.among.role,
        "settings": dict(one.among.settings),
    }
