"""A `Live` that stands still: whatever is asked of it is answered in one snapshot, however late it is asked.

A report holds more queries than one tick reads: slow ones, tables without capture, those that a page asks once it has
seen what others say. A hub brings them all to one snapshot only where it can follow them. Here one connection keeps one
REPEATABLE READ transaction open for as long as the report is made: nothing has to be followed, captured or written, and
to ``now()`` it is the same moment for all. A snapshot cannot be taken up again: where its connection breaks, so does
the report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dashboard.errors import Closed, ConnectError, ConnectionLost, DashboardError, NotForYou
from dashboard.live.answer import Answer
from dashboard.live.delta import Delta
from dashboard.live.live import Live
from dashboard.live.opening import Opening
from dashboard.postgres.connection import fetch, reading
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Reading
from dashboard.sql import load

if TYPE_CHECKING:
    from dashboard.postgres.connection import Connection
    from dashboard.postgres.follower import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Which snapshot it is: as PostgreSQL writes it, when it was taken, and the time zone that days are counted in."""

    snapshot: str
    at: datetime
    zone: str


class Snapshot(Opening):
    """One connection with one snapshot, in which every answer is read.

    Parameters
    ----------
    answered
        Called after each answer.
    """

    def __init__(self, dsn: str, pace: Pace, answered: Callable[[], object]) -> None:
        super().__init__(dsn, pace)
        self.moment: Moment | None = None
        self.broken: ConnectError | None = None
        self._answered = answered
        self._turn = asyncio.Lock()
        self._kept = AsyncExitStack()
        self._offset: Offset | None = None
        self._connection_kept: Connection | None = None

    async def open(self, answer: Answer) -> Delta | None:
        """Read an answer in the snapshot; raises as its base, and ConnectError where the snapshot is lost."""
        async with self._turn:
            if self.broken is not None:
                raise self.broken
            try:
                connection, offset, at = await self._begun()
                asked = Reading(connection)
                async with asked.within(answer.scope, guarded=True):
                    await answer.open(asked)
                return answer.publish(offset, at)
            except ConnectionLost as error:
                self.broken = ConnectError(
                    "The database went away while its snapshot was read.", "Make the report again once it is back."
                )
                raise self.broken from error
            except ConnectError as error:
                self.broken = error
                raise
            finally:
                self._answered()

    async def begin(self) -> Moment:
        """Take the snapshot, if it has not been; raises ConnectError."""
        async with self._turn:
            await self._begun()
        assert self.moment is not None
        return self.moment

    async def close(self) -> None:
        """Let go of the snapshot."""
        connection, self._connection_kept = self._connection_kept, None
        with suppress(DashboardError):  # it broke before
            await self._kept.aclose()
        if connection is not None:
            connection.terminate()
        await super().close()

    async def _begun(self) -> tuple[Connection, Offset, datetime]:
        if self._connection_kept is None:
            connection = await self._take()
            identity, _ = await self.identity(connection)
            await self._kept.enter_async_context(reading(connection))
            row = (await fetch(connection, load("moment")))[0]
            xmin, xmax, xip = row["snapshot"]
            self._connection_kept = connection
            self._offset = Offset(xmin=xmin, xmax=xmax, xip=tuple(xip), identity=identity)
            self.moment = Moment(snapshot=str(self._offset), at=row["at"], zone=row["zone"])
        assert self._offset is not None and self.moment is not None
        return self._connection_kept, self._offset, self.moment.at


class Frozen(Live):
    """A `Live` at one snapshot: it follows nothing, and every answer is as it was when the first was asked.

    Parameters
    ----------
    dsn
        As of `Live`.
    answered
        Called after each answer with how many there are, and how many were asked.
    """

    def __init__(self, dsn: str | Callable[[], str], answered: Callable[[int, int], object] = lambda *_: None) -> None:
        super().__init__(dsn)
        self._snapshot: Snapshot | None = None
        self._is_plain = True
        self._count = 0
        self._on_answer = answered

    @property
    def broken(self) -> ConnectError | None:
        """Why the snapshot was lost; None while it holds."""
        return None if self._snapshot is None else self._snapshot.broken

    async def moment(self) -> Moment:
        """Which snapshot it is; raises ConnectError where none can be taken."""
        self.start()
        assert self._snapshot is not None
        return await self._snapshot.begin()

    async def __aenter__(self) -> Self:
        await self.moment()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It ends with the report."""

    def start(self) -> None:
        """Be ready to ask; nothing is followed."""
        if self.is_closed:
            raise Closed("This report is done.", "Make another.")
        if self._opening is None:
            self._loop = asyncio.get_running_loop()
            self._opening = self._snapshot = Snapshot(self.dsn, self.pace, self._tell)
            self.answers.begin()

    def look(self) -> None:
        """There is no newer tick."""

    async def caught_up(self) -> None:
        """Return once every answer that was asked for is in."""
        self.start()
        await self.answers.all_opened()

    async def ticked(self) -> None:
        """There is no newer tick."""

    async def install(self, *names: str) -> None:
        """A report changes nothing.

        Raises
        ------
        NotForYou
            Always.
        """
        raise NotForYou("A report only reads.", "Install capture with `dashboard install`.")

    def _tell(self) -> None:
        self._count += 1
        self._on_answer(self._count, len(self.answers))
