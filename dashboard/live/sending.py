"""Having PostgreSQL do writes: one in a transaction of its own, many in one, or one statement in one round trip."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from dashboard.errors import ConnectError, ConnectionLost, DashboardError, NotNow, WriteRefused
from dashboard.live.applying import Applied, applied
from dashboard.live.effect import Effect
from dashboard.live.hub import call
from dashboard.live.write import Receipt, Write
from dashboard.postgres import writing
from dashboard.postgres.connection import Connection, translated
from dashboard.postgres.pool import Pool
from dashboard.postgres.reading import quoted
from dashboard.postgres.refusals import AGAIN
from dashboard.postgres.scope import Scope, entered
from dashboard.postgres.writable import WritableTable, writable
from dashboard.postgres.writing import AlreadyDone

WIDTH = 16
"""Connections for writes; each is closed when it has been idle for a while."""
FRESH = 30.0
"""Seconds for which the columns of a table are taken to be as they were."""
ATTEMPTS = 5
"""How often a write is tried that gets into the way of others (deadlock, serialization failure)."""

_log = logging.getLogger(__name__)


class Sending:
    """The way to PostgreSQL.

    Parameters
    ----------
    patience
        Seconds after which PostgreSQL breaks a statement off.
    """

    def __init__(self, dsn: str, *, timeout: float, patience: float) -> None:
        self.pool = Pool(dsn, name="dashboard: write", width=WIDTH, timeout=timeout, patience=patience)
        self.patience = patience
        self.facts: dict[tuple[str, Scope | None], WritableTable] = {}
        self._asked: dict[tuple[str, Scope | None], float] = {}

    async def send(self, write: Write) -> None:
        """Have PostgreSQL do a write; settles it, or raises what leaves it open.

        Raises
        ------
        ConnectError, ConnectionLost
            Whether it went through is not known, or it never left.
        """
        write.becomes("sent")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.pool.connection() as connection:
                    done = await self._done(connection, write)
            except AlreadyDone as found:
                write.began(found.xid)
                write.commit(Receipt(key=write.key, xid=found.xid))
            except WriteRefused as error:
                if error.sqlstate in AGAIN and attempt < ATTEMPTS:
                    continue
                self._forget_facts(error)
                write.refuse(error)
            except (ConnectError, ConnectionLost):
                raise
            except DashboardError as error:
                write.refuse(error)
            except Exception as error:
                _log.exception("Writing failed: %s", write)
                write.refuse(WriteRefused(f"Writing failed: {error!r}.", "Please report this.", sql=write.text))
            else:
                write.commit(_receipt(write, done), _stored(write, done))
            return

    async def together(self, group: Sequence[Write]) -> None:
        """Have PostgreSQL do several writes of one scope in one transaction, each with its key; all or none.

        Raises
        ------
        AlreadyDone, DashboardError
            One of them was done before, or is refused, or the connection broke: none is settled.
        """
        async with self.pool.connection() as connection:
            done = await self._done_together(connection, group)
        for write, one in zip(group, done, strict=True):
            write.commit(_receipt(write, one), _stored(write, one))

    async def _done_together(self, connection: Connection, group: Sequence[Write]) -> list[list[Applied]]:
        if not self.pool.takes_keys:
            raise NotNow("Writes are sent one by one where their keys cannot be noted.")

        def began(xid: int) -> None:
            for write in group:
                write.is_keyed = True
                write.began(xid)

        async def work(connection: Connection) -> list[list[Applied]]:
            done = []
            for write in group:
                self.pool.lend(connection)
                done.append([await applied(connection, command) for command in write.commands])
            return done

        return await writing.write(
            connection,
            work,
            key=None,
            scope=group[0].scope,
            began=began,
            patience=self.patience,
            later=[write.key for write in group],
        )

    async def _done(self, connection: Connection, write: Write) -> list[Applied]:
        async def work(connection: Connection) -> list[Applied]:
            done = []
            for number, command in enumerate(write.commands, 1):
                self.pool.lend(connection)
                done.append(await applied(connection, command))
                if write.progress is not None and (number % 100 == 0 or number == len(write.commands)):
                    call(write.progress, number, len(write.commands))
            return done

        write.is_keyed = bool(self.pool.takes_keys)
        return await writing.write(
            connection,
            work,
            key=write.key if write.is_keyed else None,
            scope=write.scope,
            began=write.began,
            patience=self.patience,
            sql=write.commands[0].sql if len(write.commands) == 1 else "",
        )

    async def at_once(self, sql: str, parameters: tuple[Any, ...], keyed: str, key: UUID) -> Receipt:
        """One statement without a scope, in one round trip; `keyed` notes its key as well."""
        connection = await self.pool.take()
        self.pool.lend(connection)
        try:
            if self.pool.takes_keys:
                rows, count = await writing.at_once(connection, keyed, (*parameters, key))
            else:
                rows, count = await writing.at_once(connection, sql, parameters)
        finally:
            self.pool.give(connection)
        return Receipt(key=key, count=count, rows=tuple(dict(row) for row in rows))

    async def table(self, name: str, scope: Scope | None) -> WritableTable:
        """What there is to know of a table, as a scope sees it; asked anew after a while, for it may have changed."""
        known = self.facts.get((name, scope))
        if known is None or time.monotonic() - self._asked.get((name, scope), 0.0) > FRESH:
            self._asked[name, scope] = time.monotonic()
            try:
                async with self.pool.connection() as connection:
                    with translated(name):
                        async with connection.transaction(), entered(connection, scope, guarded=True):
                            known = await writable(connection, name)
            except (ConnectError, ConnectionLost):
                if known is None:
                    raise
            names = {name, known.quoted} | ({quoted(known.name)} if "." not in name else set())
            self.facts.update({(one, scope): known for one in names})
        return known

    def _forget_facts(self, error: WriteRefused) -> None:
        if error.reason in ("schema", "type"):
            self.facts.clear()


def _receipt(write: Write, done: Sequence[Applied]) -> Receipt:
    inverses = [one.inverse for one in reversed(done)]
    return Receipt(
        key=write.key,
        xid=write.xid,
        count=sum(one.count for one in done),
        rows=tuple(row for one in done for row in one.rows),
        theirs={name: value for one in done for name, value in one.theirs.items()},
        inverse=tuple(one for one in inverses if one is not None) if None not in inverses else (),
    )


def _stored(write: Write, done: Sequence[Applied]) -> tuple[Effect, ...]:
    """The effects, with the rows as they are stored where these were told."""
    found: list[Effect] = []
    for command, one in zip(write.commands, done, strict=True):
        if command.op in ("insert", "update", "upsert") and len(one.rows) == 1 and command.effects:
            row, (effect, *others) = one.rows[0], command.effects
            names = command.facts.key if command.facts is not None else tuple(effect.key)
            key = effect.key or {name: row[name] for name in names if name in row}
            found += [replace(effect, values=row, key=key), *others]
        else:
            found.extend(command.effects)
    return tuple(found)
