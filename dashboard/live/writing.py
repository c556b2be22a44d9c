"""What a `Live` offers to those who write; the work is done by its `Writer` and its sessions'."""

from __future__ import annotations

import secrets
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from dashboard.errors import ConnectError, ConnectionLost, DashboardError, QueryError
from dashboard.live.batch import Batch
from dashboard.live.command import Command
from dashboard.live.effect import Effect
from dashboard.live.mutation import mutation_of
from dashboard.live.outbox import Outbox
from dashboard.live.query import Subscription
from dashboard.live.session import Session
from dashboard.live.table import Submit, Table
from dashboard.live.write import Progress, Receipt, Write, new_key
from dashboard.live.writer import Writer
from dashboard.postgres.connection import public_name
from dashboard.postgres.scope import Scope, scope_here
from dashboard.postgres.writable import WritableTable
from dashboard.settings import settings
from dashboard.sql import load

if TYPE_CHECKING:
    from dashboard.live.hub import Hub
    from dashboard.live.hub import Tick as HubTick
    from dashboard.postgres.reading import Reading
    from dashboard.postgres.status import Status


OWN = Scope()
"""The connection's own role and settings."""


class Writing:
    """The writing half of a `Live`."""

    hub: Hub

    def __init__(self) -> None:
        self._writer: Writer | None = None
        self._sessions: WeakValueDictionary[str, Session] = WeakValueDictionary()

    @property
    @abstractmethod
    def dsn(self) -> str:
        """Where the database is."""

    @property
    @abstractmethod
    def status(self) -> Status:
        """State of the connection."""

    @abstractmethod
    def start(self) -> None:
        """Begin to follow."""

    @abstractmethod
    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start a task that ends with the `Live`."""

    @abstractmethod
    def look(self) -> None:
        """Have the next tick now."""

    @property
    def is_away(self) -> bool:
        """Whether it is known that the database cannot be reached."""
        return self.status.state in ("reconnecting", "offline")

    @property
    def server(self) -> tuple[str, int] | None:
        """Which server in which life the last tick was of."""
        offset = self.hub.offset
        return None if offset is None else (offset.identity.system_identifier, offset.identity.timeline)

    @property
    def writer(self) -> Writer:
        """Carries all writes."""
        self.start()
        if self._writer is None:
            self._writer = Writer(self, self.spawn)
            for write in self._writer.kept.values():
                write.again = partial(self._submitted, scope=write.scope)
            self.hub.on_tick.append(self._ticked)
            self.hub.on_snapshot = self._look_up
        return self._writer

    async def write(self, sql: str, *parameters: Any, scope: Scope | None = None, whole_table: bool = False) -> Receipt:
        """Write, and return when PostgreSQL has it.

        While the database is away the write waits for it on disk, and so does the caller; a caller who gives up
        waiting does not take the write back.

        Parameters
        ----------
        sql
            One INSERT, UPDATE, DELETE, MERGE, TRUNCATE or CALL, with ``$1`` … for values.
        scope
            Role and settings in which it is done; None is that of whoever looks at the page where people log in, else
            the connection's own.
        whole_table
            Allow an UPDATE or DELETE without a WHERE, and TRUNCATE.

        Raises
        ------
        NotAWrite
            It does not write, or writes more than was allowed; nothing was sent.
        WriteRefused
            PostgreSQL refuses; nothing was done.
        QueueFull
            The database is away, and no more writes may wait.
        """
        scope = scope_here() if scope is None else scope
        mutation = mutation_of(sql)
        mutation.check(parameters, whole_table=whole_table)
        keyed = mutation.keyed if scope is None or scope == OWN else None
        if keyed is not None:
            key = new_key()
            if not self.writer.queues:
                with suppress(ConnectError, ConnectionLost):  # then the long way, with the same key
                    return await self.writer.sending.at_once(mutation.sql, parameters, keyed, key)
            return await self._carried([Command(op="statement", sql=mutation.sql, parameters=parameters)], scope, key)
        return await self._carried([Command(op="statement", sql=mutation.sql, parameters=parameters)], scope)

    async def _carried(self, commands: Sequence[Command], scope: Scope | None, key: Any = None) -> Receipt:
        write = Write(commands, scope=scope, key=key)
        write.again = partial(self._submitted, scope=scope)
        await self.writer.carry(write)
        return await write

    def _submitted(self, commands: Sequence[Command], scope: Scope | None, progress: Progress | None = None) -> Write:
        write = Write(commands, scope=scope, progress=progress)
        write.again = partial(self._submitted, scope=scope)
        self.spawn(self.writer.carry(write))
        return write

    def table(self, name: str, *, scope: Scope | None = None) -> Table:
        """A table to write to: values are checked against its columns, statements are made for you.

        Parameters
        ----------
        name
            As one writes it in SQL.
        scope
            As in `write`.
        """
        scope = scope_here() if scope is None else scope
        return self.table_for(name, scope, lambda commands, progress: self._submitted(commands, scope, progress))

    def session(self, name: str | None = None, *, scope: Scope | None = None) -> Session:
        """A session, whose own writes show in its own queries at once.

        Parameters
        ----------
        name
            Under which its writes are kept while the database is away; None makes one up.
        scope
            As in `write`.
        """
        name = name or secrets.token_hex(8)
        scope = scope_here() if scope is None else scope
        known = self._sessions.get(name)
        if known is None or known.scope != scope:
            known = self._sessions[name] = Session(self, name, scope)
        return known

    @asynccontextmanager
    async def batch(self, *, scope: Scope | None = None, progress: Progress | None = None) -> AsyncIterator[Batch]:
        """Several writes as one: done together at the end of the block, all or none."""
        scope = scope_here() if scope is None else scope
        batch = Batch(self, scope)
        yield batch
        if batch.commands:
            batch.receipt = await self._submitted(batch.commands, scope, progress)

    @property
    def waiting_writes(self) -> tuple[Write, ...]:
        """Writes on disk, in order: those that wait for the database, and those it refused that nobody has seen to."""
        return tuple(self.writer.kept.values())

    def on_report(self, callback: Callable[[Write], None]) -> Subscription:
        """Call `callback(write)` when a write is kept on disk, and when one of those comes to its end."""
        listeners = self.writer.on_report
        listeners.append(callback)
        return Subscription(lambda: listeners.remove(callback))

    def table_for(self, name: str, scope: Scope | None, submit: Submit) -> Table:
        """A table whose writes go to `submit`."""
        sending = self.writer.sending

        async def ask() -> None:
            if (name, scope) in sending.facts:  # nobody waits for what has hardly changed
                self.spawn(self._asked_again(name, scope))
            else:
                await sending.table(name, scope)

        return Table(name, submit, lambda: sending.facts.get((name, scope)), ask)

    async def _asked_again(self, name: str, scope: Scope | None) -> None:
        with suppress(DashboardError):  # who writes to it is told
            await self.writer.sending.table(name, scope)

    async def command(self, sql: str, parameters: Sequence[Any], scope: Scope | None, *, whole_table: bool) -> Command:
        """A statement as a command, with what is known of its effects beforehand."""
        mutation = mutation_of(sql)
        mutation.check(parameters, whole_table=whole_table)
        effects: tuple[Effect, ...] = ()
        if mutation.target:
            facts: WritableTable | None = self.writer.sending.facts.get((mutation.target, scope))
            if facts is None and not self.writer.is_away:
                with suppress(ConnectError, ConnectionLost):
                    facts = await self.writer.sending.table(mutation.target, scope)
            effects = mutation.effects(facts, parameters) if facts is not None else ()
        return Command(op="statement", sql=mutation.sql, parameters=tuple(parameters), effects=effects)

    def with_effects(self, command: Command) -> Command:
        """A typed command with what it does to its row."""
        table = command.facts
        if table is None or command.op == "statement":
            return command
        key = command.key or {name: command.values[name] for name in table.key if name in command.values}
        effect = Effect(relation=table.oid, op=command.op, key=key, values=command.values)
        return replace(command, effects=(effect,))

    def _ticked(self, _tick: HubTick) -> None:
        assert self._writer is not None
        self._writer.back()
        for session in list(self._sessions.values()):
            session.ticked()

    async def _look_up(self, reading: Reading) -> None:
        """Which of the writes on their way this snapshot contains."""
        sought = {write.key: write for session in self._sessions.values() for write in session.overlay.sought()}
        if not sought:
            return
        await reading.take_time()  # where this is broken off, what is in the snapshot would be shown a second time
        with suppress(QueryError):  # the keys are gone, or not for this role any more
            async with reading.within(None, guarded=True):
                for key, xid in await reading.rows(load("keys_found"), list(sought)):
                    sought[key].found(xid)
            for session in self._sessions.values():
                session.overlay.moved()

    def resume_writing(self) -> None:
        """Send what earlier processes left on disk."""
        if self._writer is None and Outbox.path(settings().data_folder, public_name(self.dsn)).is_dir():
            assert self.writer is not None  # making it takes them over

    def stop_writing(self) -> None:
        """The tasks end now: what is not decided and was shown goes to the disk."""
        if self._writer is not None:
            self._writer.is_closing = True
            for session in list(self._sessions.values()):
                self._writer.keep(*(write for write in session.pending if write.state != "kept"))

    async def close_writing(self) -> None:
        """Close connections and files."""
        if self._writer is not None:
            await self._writer.close()

    def forget_writing(self) -> None:
        """The event loop has ended, and with it all that wrote; what waits on disk is taken up again."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self.hub.on_tick.remove(self._ticked)
            self._sessions.clear()
            writer.outbox.close()
