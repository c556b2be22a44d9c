"""Carrying writes to PostgreSQL: now, or when it is back.

While the database is there a write goes straight to it, and nothing is written to disk: what was not answered was not
promised. When it cannot be reached, or a connection breaks in the middle, the write is kept (`Outbox`) with the key
under which PostgreSQL would know it, and everything that is written from then on queues up behind it. When the database
is back they are sent in order, each with its key, so that what had gone through in spite of all is found and not done
again. What PostgreSQL refuses then is reported and stays on disk until somebody has seen to it.

What a session shows and PostgreSQL has not answered for a moment is noted on the disk as well (`note`), while it stays
on its way: a process that is killed then leaves it to the next. It is struck out when it comes to its end.

A write that is cut off by the end of this process's `Live` is kept in the same way, and all that wait behind it, if
they are a session's: they had been shown.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

from dashboard.errors import (
    Closed,
    ConnectError,
    ConnectionLost,
    DashboardError,
    LoginRefused,
    ServerTooOld,
    WriteRefused,
)
from dashboard.live.outbox import Outbox
from dashboard.live.sending import Sending
from dashboard.live.storing import dumped, loaded
from dashboard.live.write import Write
from dashboard.postgres.connection import public_name
from dashboard.postgres.writing import AlreadyDone
from dashboard.settings import settings

ATTEMPTS = 5
"""How often a write is tried that gets into the way of others (deadlock, serialization failure)."""
GROUP = 100
"""Kept writes that are sent in one transaction, at most."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two attempts to reach the database again."""

_log = logging.getLogger(__name__)


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
        self.sending = Sending(live.dsn, timeout=wanted.connect_timeout, patience=wanted.write_timeout)
        self.outbox = Outbox(wanted.data_folder, public_name(live.dsn), most=wanted.waiting_writes)
        self.kept: dict[Any, Write] = {}
        self._noted: set[UUID] = set()
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
                write.refuse(WriteRefused(one.problem, sql=write.text))
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

    async def carry(self, write: Write, behind: Callable[[], Iterable[Write]] = tuple) -> None:
        """Bring a write to its end, or onto the disk, together with those that wait `behind` it."""
        write.forget = self.forget
        if not self.queues:
            try:
                await self.sending.send(write)
            except (ConnectError, ConnectionLost) as error:
                if isinstance(error, LoginRefused | ServerTooOld):
                    write.refuse(error)
                    self._strike(write)
                    return
                self._is_away = isinstance(error, ConnectError)
            except asyncio.CancelledError:
                if self.is_closing and write.author:
                    self.keep(write)
                elif not write._done.done():
                    write.refuse(Closed("This write was broken off; whether it went through is not known."))
                raise
            else:
                self._strike(write)
                return
        self.keep(write, *behind())
        self._replay_soon()

    def note(self, writes: Iterable[Write]) -> None:
        """Put writes on the disk that are on their way, in their order, in case this process ends before they do."""
        new = [write for write in writes if write.key not in self._noted and write.key not in self.kept]
        if not new or self.is_closing or self.sending.pool.takes_keys is False:
            return
        with self.outbox.together():
            for write in new:
                with suppress(DashboardError):  # it is full, or this one holds what a disk cannot keep
                    self.outbox.put(write.key, write.at, dumped(write))
                    write.forget = self.forget
                    self._noted.add(write.key)

    def _strike(self, write: Write) -> None:
        """A write has come to its end."""
        if write.key in self._noted:
            self._noted.discard(write.key)
            self.outbox.take([write.key])

    @property
    def queues(self) -> bool:
        """Whether a new write has to queue up: others wait, or the database is away."""
        return self.is_away or any(write.is_open for write in self.kept.values())

    def keep(self, *writes: Write) -> None:
        """Put writes on the disk, in their order."""
        if not writes:
            return
        with self.outbox.together():
            kept = [write for write in dict.fromkeys(writes) if self._put(write)]
        for write in kept:
            self.kept[write.key] = write
            write.becomes("kept")
            self._tell(write)

    def _put(self, write: Write) -> bool:
        write.forget = self.forget
        try:
            if self.sending.pool.takes_keys is False:
                raise ConnectionLost(
                    "The database is away, and without keys a write cannot wait for it.",
                    "Run `dashboard install` once, so that it can be told whether a write went through.",
                )
            if write.key in self._noted:
                self._noted.discard(write.key)
            elif write.key not in self.kept:
                self.outbox.put(write.key, write.at, dumped(write))
        except DashboardError as error:
            write.refuse(error)
            return False
        return True

    def forget(self, write: Write) -> None:
        """Nobody wants it any more."""
        self.kept.pop(write.key, None)
        self._noted.discard(write.key)
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
        return [first, *itertools.islice(alike, GROUP - 1)]

    async def _send_group(self, group: Sequence[Write]) -> None:
        """Do writes in one transaction, which is quicker; if that fails, each will be sent alone."""
        if len(group) == 1:
            await self.sending.send(group[0])
            return
        for write in group:
            write.becomes("sent")
        try:
            await self.sending.together(group)
        except (ConnectError, ConnectionLost):
            raise
        except (AlreadyDone, DashboardError):
            self._alone.update(write.key for write in group)
            for write in group:
                write.becomes("kept")

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

    async def close(self) -> None:
        """Close connections and the file; what waits there is the next process's."""
        await self.sending.pool.close()
        self.outbox.close()


def _too_old(write: Write) -> WriteRefused:
    return WriteRefused(
        "This write has waited for so long that it cannot be told any more whether it went through.",
        "Look whether it did, then make it again or discard it.",
        sql=write.text,
    )
