"""One person's way to write: what they write shows at once in their own queries, and ends as PostgreSQL decides.

    session = live.session(scope=scope)
    contacts = session.query("SELECT id, name, phone FROM contacts ORDER BY name")
    table = await session.table("contacts")
    write = table.update(17, {"phone": "0171"}, seen={"phone": "0170"})     # `contacts.frame` shows it already
    receipt = await write

A session's writes are done one after the other, in the order they were made. `on_outcome` tells what becomes of each;
what can be done about a refused one stands in `Write.choices`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from dashboard.errors import NotNow
from dashboard.live.batch import Batch
from dashboard.live.command import Command
from dashboard.live.hub import call
from dashboard.live.overlay import Overlay
from dashboard.live.query import LiveQuery, Priority, Subscription
from dashboard.live.session_query import SessionQuery
from dashboard.live.table import Table
from dashboard.live.write import Progress, Receipt, Write

if TYPE_CHECKING:
    from dashboard.live.writer import Writer
    from dashboard.live.writing import Writing
    from dashboard.postgres.scope import Scope

UNDONE = 50
"""Writes that can be taken back, one after the other."""
UNANSWERED = 1.0
"""Seconds without news of any write, after which those that are open are noted on the disk."""


class Session:
    """Writes and queries of one person on one page.

    Parameters
    ----------
    name
        Under which its writes wait on disk for the database; a session of the same name, in this process or a later
        one, takes them over.
    scope
        Role and settings of all it asks and writes.
    """

    def __init__(self, live: Writing, name: str, scope: Scope | None) -> None:
        self.live: Any = live
        self.name = name
        self.scope = scope
        self.overlay = Overlay(lambda answer: live.hub.moment_of(answer)[0], self._answers)
        self._queries: WeakSet[SessionQuery] = WeakSet()
        self._turn = asyncio.Lock()
        self._undo: list[tuple[Command, ...]] = []
        self._on_outcome: list[Callable[[Write], None]] = []
        self._on_pending: list[Callable[[], None]] = []
        self._is_telling = False
        self._heard = 0.0  # when something was last heard of a write
        self._watching: asyncio.TimerHandle | None = None
        for write in live.writer.kept.values():
            if write.author == name:
                self._take(write)

    @property
    def pending(self) -> tuple[Write, ...]:
        """Its writes that PostgreSQL has not decided yet, in order."""
        return tuple(write for write in self.overlay.writes if write.is_open)

    def query(self, sql: str, *parameters: Any, priority: Priority = "medium") -> LiveQuery:
        """A SELECT that stays true, with this session's open writes on top; see `Live.query`."""
        query = SessionQuery(self, self.live.answer(sql, parameters, self.scope), priority)
        self._queries.add(query)
        self.live.answers.count(query)
        return query

    async def write(self, sql: str, *parameters: Any, whole_table: bool = False) -> Receipt:
        """Write with plain SQL; see `Live.write`."""
        command = await self.live.command(sql, parameters, self.scope, whole_table=whole_table)
        return await self.submit([command])

    async def command(self, sql: str, *parameters: Any) -> Command:
        """A statement, to be submitted with others, or with what is known of it besides (`Command.also`)."""
        return await self.live.command(sql, parameters, self.scope, whole_table=False)  # type: ignore[no-any-return]

    def table(self, name: str) -> Table:
        """A table to write to."""
        return self.live.table_for(name, self.scope, self.submit)  # type: ignore[no-any-return]  # a Live, which knows it

    @asynccontextmanager
    async def batch(self, *, progress: Progress | None = None) -> AsyncIterator[Batch]:
        """Several writes as one: done together at the end of the block, all or none, shown as one step."""
        batch = Batch(self.live, self.scope)
        yield batch
        if batch.commands:
            batch.receipt = await self.submit(batch.commands, progress)

    def submit(self, commands: Sequence[Command], progress: Progress | None = None) -> Write:
        """Have commands done in one transaction, after all that was submitted before; shown at once."""
        self.live.start()
        write = Write(commands, scope=self.scope, author=self.name, progress=progress)
        self._take(write)
        self.live.spawn(self._carry(write))
        self._moved()
        self._watch(self.live.writer)
        return write

    def _watch(self, writer: Writer) -> None:
        """See to it that what is shown and not answered soon outlives this process."""
        if self._watching is None:
            self._watching = asyncio.get_running_loop().call_later(UNANSWERED / 2, self._note, writer)

    def _note(self, writer: Writer) -> None:
        self._watching = None
        waiting = [write for write in self.pending if write.state != "kept"]
        if not waiting:
            return
        if time.monotonic() - self._heard >= UNANSWERED:
            writer.note(waiting)
        self._watch(writer)

    def _take(self, write: Write) -> None:
        write.changed = self._changed
        write.again = self.submit
        if write.is_open:
            self.overlay.add(write)

    async def _carry(self, write: Write) -> None:
        async with self._turn:
            if write.state == "waiting":
                await self.live.writer.carry(write, self._waiting)

    def _waiting(self) -> list[Write]:
        """Writes that nothing was done about yet."""
        return [write for write in self.overlay.writes if write.state == "waiting"]

    def _changed(self, write: Write) -> None:
        """A write has come to another state."""
        self._heard = time.monotonic()
        if write.state in ("refused", "discarded"):
            self.overlay.drop(write)
        elif not write.is_open:  # while it is, the way it is on changes nothing of what is shown
            self.overlay.moved()
        if write.xid is not None and write.server is None:
            write.server = self.live.server
        if write.state == "committed":
            if write.receipt is not None and write.receipt.inverse and not write.is_undo:
                self._undo = [*self._undo, write.receipt.inverse][-UNDONE:]
            self.live.look()
        self._moved()
        if write.state in ("committed", "refused", "kept"):
            for callback in list(self._on_outcome):
                call(callback, write)

    def _moved(self) -> None:
        """Tell it, once for all that has moved until the loop goes on."""
        if not self._is_telling:
            self._is_telling = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._is_telling = False
        for query in list(self._queries):
            query.refresh()
        for callback in list(self._on_pending):
            call(callback)

    def ticked(self) -> None:
        """A tick has been published: what it contains needs no overlay any more."""
        if self.overlay:
            self._tell()
            self.overlay.settle()

    def _answers(self) -> list[Any]:
        return list(dict.fromkeys(query._answer for query in self._queries if query._held))

    @property
    def can_undo(self) -> bool:
        """Whether there is a write whose inverse is known."""
        return bool(self._undo)

    def undo(self, write: Write | None = None) -> Write:
        """Take back a write whose inverse is known; if somebody has changed it since, that is a `Conflict`.

        Parameters
        ----------
        write
            Which; None for the last one.

        Raises
        ------
        NotNow
            It cannot be taken back, or has been.
        """
        wanted = self._undo[-1:] if write is None else [write.receipt.inverse] if write.receipt is not None else []
        if not wanted or wanted[0] not in self._undo:
            raise NotNow("There is nothing to take back.", "Only the last writes to single rows can be.")
        inverse = wanted[0]
        self._undo.remove(inverse)
        undoing = self.submit([self.live.with_effects(command) for command in inverse])
        undoing.is_undo = True
        return undoing

    def on_outcome(self, callback: Callable[[Write], None]) -> Subscription:
        """Call `callback(write)` when a write of the session was committed, refused, or kept for later."""
        self._on_outcome.append(callback)
        return Subscription(lambda: self._on_outcome.remove(callback))

    def on_pending(self, callback: Callable[[], None]) -> Subscription:
        """Call `callback()` when what the session shows beyond the truth has changed."""
        self._on_pending.append(callback)
        return Subscription(lambda: self._on_pending.remove(callback))
