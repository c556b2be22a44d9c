"""What a process tells the database of those who are on its pages; see ``sql/presence.sql``."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from dashboard.postgres.connection import Connection, fetch
from dashboard.postgres.scope import Scope

_CLASS = 1684107107


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
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
    rows = await fetch(connection, "SELECT pg_try_advisory_lock($1::int, $2::int)", _CLASS, process)
    return bool(rows[0][0])


async def attend(
    connection: Connection,
    process: int,
    *,
    has_lock: bool,
    present: Iterable[Present],
    gone: Sequence[UUID],
    whole: bool,
) -> bool:
    """Say that the process lives, who came or moved, and who left; False: they were taken for gone, name everybody."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    people = orjson.dumps([_told(one) for one in present]).decode()
    rows = await fetch(
        connection,
        "SELECT dashboard.attend($1, $2, $3, $4::jsonb, $5, $6)",
        process, name, has_lock, people, list(gone), whole,
    )  # fmt: skip
    return bool(rows[0][0]) or whole


async def depart(connection: Connection, process: int) -> None:
    """The process ends; everybody on its pages has left."""
    await fetch(connection, "SELECT dashboard.depart($1)", process)


def _told(one: Present) -> dict[str, object]:
    return {
        "id": str(one.id),
        "person": one.person,
        "name": one.name,
        "page": one.page,
        "record": one.record,
        "role": one.among.role,
        "settings": dict(one.among.settings),
    }
