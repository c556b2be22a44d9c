"""Reading the change log: everything that became visible between two snapshots.

A window is read in one REPEATABLE READ transaction that stays open while queries are brought up to date, so that
their answers and the changes belong to the same snapshot. The log is locked in ACCESS SHARE mode *before* the
snapshot is taken: rotation truncates partitions, and TRUNCATE would otherwise empty them under a snapshot that
still needs them.

REPEATABLE READ, never SERIALIZABLE: a reader must not be able to make a user's transaction fail.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from dashboard.postgres.connection import Connection, Record, allow, fetch, milliseconds, reading
from dashboard.postgres.offset import Identity, Offset
from dashboard.sql import load

_LOCK = "LOCK TABLE dashboard.change_log IN ACCESS SHARE MODE"

Image = Mapping[str, Any]


@dataclass(slots=True)
class Change:
    """One row of the log: what happened to one row of a table.

    Parameters
    ----------
    seq
        Order within one row of a table; not the order of commits.
    xid
        The transaction that wrote it.
    at
        When it was written, by the server's clock.
    relation
        Oid of the table; of the root, for a partition.
    op
        ``I``, ``U``, ``D`` or ``T`` (truncated: no images).
    old_text, new_text
        Row images as JSON text, None where there is none.
    """

    seq: int
    xid: int
    at: datetime
    relation: int
    op: str
    old_text: str | None
    new_text: str | None
    _old: Image | None = None
    _new: Image | None = None

    @property
    def old(self) -> Image | None:
        """The row before, column name to JSON value."""
        if self._old is None and self.old_text is not None:
            self._old = _read(self.old_text)
        return self._old

    @property
    def new(self) -> Image | None:
        """The row after, column name to JSON value."""
        if self._new is None and self.new_text is not None:
            self._new = _read(self.new_text)
        return self._new


def _read(text: str) -> Image:
    try:
        image: Image = orjson.loads(text)
    except orjson.JSONDecodeError:  # a number beyond any float, which PostgreSQL's numeric holds
        image = json.loads(text)
    return image


@dataclass(slots=True)
class Window:
    """What became visible between two offsets, read at the later one.

    Parameters
    ----------
    offset
        The snapshot in which the transaction runs that holds this window.
    at
        When that snapshot was taken, by the server's clock.
    changes
        The log's rows but for messages, in order of `Change.seq`; empty where `flooded` or `broken`.
    flooded
        Relations (oid) that changed too much to be listed row by row, with the number of changes.
    messages, topics
        How many messages became visible among them, and on which topics; None: on which is not known.
    horizon
        Largest transaction whose changes the log has forgotten; `horizon_open` lists the transactions below it that
        were open then, whose changes it still has.
    broken
        The earlier offset cannot be resumed: rotated away, another server, or none was given. All that is
        known is the present.
    hurried
        Statements that follow are broken off when they take longer than was asked for.
    """

    offset: Offset
    at: datetime
    changes: list[Change]
    flooded: dict[int, int]
    messages: int = 0
    topics: frozenset[str] | None = frozenset()
    horizon: int | None = None
    horizon_open: frozenset[int] = frozenset()
    broken: bool = False
    hurried: bool = False

    def resumes(self, since: Offset) -> bool:
        """Whether the log still has everything that became visible after `since`."""
        if since.identity != self.offset.identity:
            return False
        horizon = self.horizon
        return horizon is None or (
            horizon < since.xmax and all(xid > horizon or xid in self.horizon_open for xid in since.xip)
        )


class LogReader:
    """Reads windows of one server's log over one connection.

    Parameters
    ----------
    connection
        Used by this reader alone while a window is open.
    identity
        Of the server at the other end; the log's incarnation is filled in at each window.
    has_log
        Whether capture is installed in this database.
    standby
        Whether the server is a hot standby.
    patience
        Seconds to wait for the log; a server that takes longer is taken for gone.
    limit
        Most changes read row by row; beyond, a window is `Window.flooded`.
    most_bytes
        Most bytes of row images, as stored, that are read row by row.
    """

    def __init__(
        self,
        connection: Connection,
        identity: Identity,
        *,
        has_log: bool,
        standby: bool,
        patience: float = 5.0,
        limit: int = 20_000,
        most_bytes: int = 64_000_000,
    ) -> None:
        self.connection = connection
        self.identity = identity
        self.has_log = has_log
        self.standby = standby
        self.patience = patience
        self.limit = limit
        self.most_bytes = most_bytes
        self._seen: dict[int, int] = {}

    @asynccontextmanager
    async def window(self, since: Offset | None, *, hurry: float | None = None) -> AsyncIterator[Window]:
        """Open a snapshot; yield what became visible since `since`, and keep the snapshot until the block ends.

        Parameters
        ----------
        hurry
            Break off statements of the block that take longer, in seconds; see `Window.hurried`.
        """
        async with reading(self.connection, first=_LOCK if self.has_log else "", patience=self.patience):
            async with asyncio.timeout(self.patience):
                window = await self._read(since, hurry)
            yield window

    async def _read(self, since: Offset | None, hurry: float | None) -> Window:
        rows = await self.ask(since, hurry) if self.has_log else await fetch(self.connection, load("now_without_log"))
        now = rows[0]
        xmin, xmax, xip = now["snapshot"]
        if self.standby:
            xmax, xip = xmin, ()
        identity = replace(self.identity, incarnation=now["incarnation"])
        offset = Offset(xmin=xmin, xmax=xmax, xip=tuple(xip), identity=identity)
        window = Window(
            offset=offset,
            at=now["now"],
            changes=[],
            flooded={},
            horizon=now["horizon"],
            horizon_open=frozenset(now["horizon_open"]),
            hurried=hurry is not None and self.has_log,
        )
        if since is None or not self.has_log or not window.resumes(since):
            window.broken = True
            self._seen.clear()
        else:
            await self._take(rows, window, since)
            if self.standby:
                self._drop_seen(window)
        return window

    async def fill(self, window: Window, since: Offset) -> None:
        """Read into `window` what its snapshot sees and `since` did not."""
        await self._take(await self.ask(since), window, since)

    async def ask(self, since: Offset | None, hurry: float | None = None) -> list[Record]:
        """Rows of ``sql/window.sql``: the snapshot, and the changes that became visible since."""
        xmax, xip = (None, None) if since is None else (since.xmax, list(since.xip))
        later = None if hurry is None else milliseconds(hurry)
        return await fetch(self.connection, load("window"), xmax, xip, self.limit + 1, self.most_bytes, later)

    async def _take(self, rows: list[Record], window: Window, since: Offset) -> None:
        if len(rows) > self.limit or (rows[0]["bytes"] or 0) > self.most_bytes:
            if window.hurried:  # counting takes its time
                await allow(self.connection, None)
                window.hurried = False
            touched = await fetch(self.connection, load("touched"), since.xmax, list(since.xip))
            window.flooded = {row["relation"]: row["changes"] for row in touched}
            window.messages = window.flooded.pop(0, 0)
            window.topics = None if window.messages else frozenset()
        else:
            window.changes = [Change(*row[:7]) for row in rows if row["seq"] is not None]
            envelopes = [change.new for change in window.changes if change.op == "M"]
            if envelopes:
                window.messages = len(envelopes)
                window.topics = frozenset(envelope["topic"] for envelope in envelopes if envelope is not None)
                window.changes = [change for change in window.changes if change.op != "M"]

    def _drop_seen(self, window: Window) -> None:
        fresh = [change for change in window.changes if change.seq not in self._seen]
        self._seen.update((change.seq, change.xid) for change in fresh)
        self._seen = {seq: xid for seq, xid in self._seen.items() if xid >= window.offset.xmax}
        window.changes = fresh
