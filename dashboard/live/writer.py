"""Carrying writes to PostgreSQL: now, or when it is back.

While the database is there a write goes straight to it, and nothing is written to disk: what was not answered was not
promised. When it cannot be reached, or a connection breaks in the middle, the write is kept (`Outbox`) with the key
under which PostgreSQL would know it, and everything that is written from then on queues up behind it. When the database
is back they are sent in order, each with its key, so that what had gone through in spite of all is found and not done
again. What PostgreSQL refuses then is reported and stays on disk until somebody has seen to it.

A write that is cut off by the end of this process's `Live` is kept in the same way, if it was a session's: it had been
shown.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

from dashboard.errors import (
    Closed,
    ConnectError,
    ConnectionLost,
    DashboardError,
    LoginRefused,
    NotNow,
    QueueFull,
    ServerTooOld,
    WriteRefused,
)
from dashboard.live.applying import Applied, applied
from dashboard.live.effect import Effect
from dashboard.live.outbox import Outbox
from dashboard.live.storing import dumped, loaded
from dashboard.live.write import Receipt, Write
from dashboard.postgres import writing
from dashboard.postgres.connection import Connection, fetch, public_name
from dashboard.postgres.pool import Pool
from dashboard.postgres.reading import quoted
from dashboard.postgres.refusals import AGAIN
from dashboard.postgres.scope import Scope, entered
from dashboard.postgres.writable import WritableTable, writable
from dashboard.postgres.writing import AlreadyDone
from dashboard.settings import settings

WIDTH = 16
"""Connections for writes; each is closed when it has been idle for a while."""
ATTEMPTS = 5
"""How often a write is tried that gets into the way of others (deadlock, serialization failure)."""
TOGETHER = 100
"""Kept writes that are sent in one transaction."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two attempts to reach the database again."""

_log = logging.getLogger(__name__)
Facts = dict[tuple[str, Scope | None], WritableTable]


class Following(Protocol):
    """What a writer asks of its `Live`."""

    @property
    def dsn(self) -> str:
        """Where the database is."""

    @property
    def is_away(self) -> bool:
        """Whether the follower knows that the database cannot be reached."""


class Writer:
    """Carries the writes of one `Live`.

    Parameters
    ----------
    live
        Whose writes they are.
    spawn
        Starts a task that ends with the `Live`.
    """

    def __init__(self, live: Following, spawn: Callable[[Coroutine[Any, Any, Any]], None]) -> None:
        wanted = settings()
        self.pool = Pool(live.dsn, name="dashboard: write", width=WIDTH, timeout=wanted.connect_timeout)
        self.outbox = Outbox(wanted.data_folder, public_name(live.dsn), most=wanted.waiting_writes)
        self.patience = wanted.write_timeout
        self.facts: Facts = {}
        self.kept: dict[Any, Write] = {}
        self.on_report: list[Callable[[Write], None]] = []
        self.is_closing = False
        self._live = live
        self._spawn = spawn
        self._is_away = False
        self._back = asyncio.Event()
        self._is_replaying = False
        self._alone: set[UUID] = set()
        self._adopt()

    def _adopt(self) -> None:
        """Take over what earlier processes left."""
        for one in self.outbox.restore():
            write = loaded(one.content, key=one.key, at=one.at)
            write.forget = self.forget
            write.was_sent = write.is_keyed = True  # for all that is known
            self.kept[write.key] = write
            if one.problem is not None:
                write.refuse(WriteRefused(one.problem, sql=write.commands[0].text))
            elif time.time() - one.at > settings().write_key_retention / 2:
                write.refuse(_too_old(write))
                self.outbox.refuse(write.key, str(write.error))
            else:
                write.state = "kept"
        if any(write.state == "kept" for write in self.kept.values()):
            self._replay_soon()

    @property
    def is_away(self) -> bool:
        """Whether writes wait for the database."""
        return self._is_away or self._live.is_away

    async def carry(self, write: Write) -> None:
        """Bring a write to its end, or onto the disk."""
        write.forget = self.forget
        if not self._queues() and not self.is_away:
            try:
                await self._send(write)
            except (ConnectError, ConnectionLost) as error:
                if isinstance(error, LoginRefused | ServerTooOld):
                    write.refuse(error)
                    return
                self._is_away = isinstance(error, ConnectError)
            except asyncio.CancelledError:
                if self.is_closing and write.author:
                    self.keep(write)
                elif not write._done.done():
                    write.refuse(Closed("This write was broken off; whether it went through is not known."))
                raise
            else:
                return
        self.keep(write)
        self._replay_soon()

    def _queues(self) -> bool:
        return any(write.state in ("kept", "sent") for write in self.kept.values())

    def keep(self, write: Write) -> None:
        """Put a write on the disk."""
        try:
            if self.pool.takes_keys is False:
                raise ConnectionLost(
                    "The database is away, and without keys a write cannot wait for it.",
                    "Run `dashboard install` once, so that it can be told whether a write went through.",
                )
            self.outbox.put(write.key, write.at, dumped(write))
        except (QueueFull, DashboardError) as error:
            write.refuse(error)
            return
        self.kept[write.key] = write
        write.becomes("kept")
        self._tell(write)

    def forget(self, write: Write) -> None:
        """Nobody wants it any more."""
        self.kept.pop(write.key, None)
        self.outbox.take([write.key])

    def back(self) -> None:
        """The database can be reached again."""
        self._back.set()

    def _replay_soon(self) -> None:
        if not self._is_replaying:
            self._is_replaying = True
            self._spawn(self._replay())

    async def _replay(self) -> None:
        """Send what is kept, in order, until nothing is; as often as it takes."""
        pause = FIRST_PAUSE
        try:
            while group := self._group():
                try:
                    await self._send_group(group)
                except (ConnectError, ConnectionLost):
                    for write in group:
                        write.becomes("kept")
                    self._is_away = True
                    await self._pause(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                except asyncio.CancelledError:
                    for write in group:
                        write.state = "kept"
                    raise
                pause, self._is_away = FIRST_PAUSE, False
                self._sent([write for write in group if not write.is_open])
        finally:
            self._is_replaying = False
        self._is_away = False

    def _group(self) -> list[Write]:
        """The next writes that can be sent together: of one scope, the first ones of the queue."""
        waiting = (write for write in self.kept.values() if write.state == "kept")
        first = next(waiting, None)
        if first is None:
            return []
        if first.key in self._alone:
            return [first]
        alike = itertools.takewhile(lambda write: write.scope == first.scope and write.key not in self._alone, waiting)
        return [first, *itertools.islice(alike, TOGETHER - 1)]

    async def _send_group(self, group: Sequence[Write]) -> None:
        """Do writes in one transaction, which is quicker; if that fails, each will be sent alone."""
        if len(group) == 1:
            await self._send(group[0])
            return
        for write in group:
            write.becomes("sent")
        try:
            async with self.pool.connection() as connection:
                done = await self._do_together(connection, group)
        except (ConnectError, ConnectionLost):
            raise
        except (AlreadyDone, DashboardError):
            self._alone.update(write.key for write in group)
            for write in group:
                write.becomes("kept")
        else:
            for write, one in zip(group, done, strict=True):
                write.commit(_receipt(write, one), _stored(write, one))

    async def _do_together(self, connection: Connection, group: Sequence[Write]) -> list[list[Applied]]:
        if not self.pool.takes_keys:
            raise NotNow("Writes are sent one by one where their keys cannot be noted.")

        def began(xid: int) -> None:
            for write in group:
                write.is_keyed = True
                write.began(xid)

        async def work(connection: Connection) -> list[list[Applied]]:
            return [[await applied(connection, command) for command in write.commands] for write in group]

        return await writing.write(
            connection,
            work,
            key=None,
            scope=group[0].scope,
            began=began,
            patience=self.patience,
            later=[write.key for write in group],
        )

    def _sent(self, writes: Sequence[Write]) -> None:
        """These have come to their end."""
        for write in writes:
            self._alone.discard(write.key)
            if write.state == "refused":
                self.outbox.refuse(write.key, str(write.error))
            else:
                self.kept.pop(write.key, None)
        self.outbox.take([write.key for write in writes if write.state != "refused"])
        for write in writes:
            self._tell(write)

    async def _pause(self, seconds: float) -> None:
        self._back.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._back.wait()
        except TimeoutError:
            return

    def _tell(self, write: Write) -> None:
        for callback in list(self.on_report):
            callback(write)

    async def _send(self, write: Write) -> None:
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
                    done = await self._do(connection, write)
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
            else:
                write.commit(_receipt(write, done), _stored(write, done))
            return

    async def _do(self, connection: Connection, write: Write) -> list[Applied]:
        async def work(connection: Connection) -> list[Applied]:
            done = []
            for number, command in enumerate(write.commands, 1):
                done.append(await applied(connection, command))
                if write.progress is not None and (number % 100 == 0 or number == len(write.commands)):
                    write.progress(number, len(write.commands))
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

    async def at_once(self, sql: str, parameters: tuple[Any, ...], keyed: str, key: Any) -> Receipt | None:
        """One statement of nobody's session, in one round trip; None where it has to go the long way."""
        if self._queues() or self.is_away:
            return None
        async with self.pool.connection() as connection:
            has_keys = bool(self.pool.takes_keys)
            rows, count = await writing.at_once(
                connection, keyed if has_keys else sql, parameters, key if has_keys else None
            )
        return Receipt(key=key, count=count, rows=tuple(dict(row) for row in rows))

    async def table(self, name: str, scope: Scope | None) -> WritableTable:
        """What there is to know of a table, as a scope sees it."""
        known = self.facts.get((name, scope))
        if known is None:
            async with self.pool.connection() as connection:
                await fetch(connection, "BEGIN")
                try:
                    async with entered(connection, scope, guarded=True):
                        known = await writable(connection, name)
                finally:
                    if not connection.is_closed():
                        await fetch(connection, "ROLLBACK")
            names = {name, known.quoted} | ({quoted(known.name)} if "." not in name else set())
            self.facts.update({(one, scope): known for one in names})
        return known

    def _forget_facts(self, error: WriteRefused) -> None:
        if error.reason in ("schema", "type"):
            self.facts.clear()

    async def close(self) -> None:
        """Close connections and the file; what waits there is the next process's."""
        await self.pool.close()
        self.outbox.close()


def _too_old(write: Write) -> WriteRefused:
    return WriteRefused(
        "This write has waited for so long that it cannot be told any more whether it went through.",
        "Look whether it did, then make it again or discard it.",
        sql=write.commands[0].text,
    )


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
        if command.op in ("insert", "update", "upsert") and len(one.rows) == len(command.effects) == 1:
            row, effect = one.rows[0], command.effects[0]
            names = command.facts.key if command.facts is not None else tuple(effect.key)
            key = effect.key or {name: row[name] for name in names if name in row}
            found.append(replace(effect, values=row, key=key))
        else:
            found.extend(command.effects)
    return tuple(found)
