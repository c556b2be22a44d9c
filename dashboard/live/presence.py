"""Who is on the pages of this process, told to the database for as long as they are.

Who comes is `join`ed, and holds a `Presence` until they leave. What the database is told of each is an `Attendee`; the
`Roster` has all of this process.

One task and one connection per database, only while somebody is here: it says at once, together, who came, moved on or
left, and every second looks for processes that live no more. Everything goes with the connection when the process is
killed (``sql/presence.sql``). After a cut it names everybody again; where the database cannot be written to, nobody is
present, and all else goes on.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from dashboard.errors import DashboardError
from dashboard.postgres.attending import Attendee, attend, depart, hold, silent
from dashboard.postgres.connection import Connection, connect
from dashboard.postgres.scope import Scope

if TYPE_CHECKING:
    from dashboard.live.live import Live

BEAT = 1.0
"""Seconds between two looks at the others."""
SUSPECTED = 3.0
"""Seconds after which a process that does not seem to live counts as dead."""
SIGN = 5.0
"""Seconds between two signs of life of this process where it cannot be told by a lock (behind a pooler)."""
GATHERED = 0.02
"""Seconds that a change is held back, so that those that come with it are told in one statement."""
PATIENCE = 5.0
"""Seconds that the database has to answer."""

_of: dict[Live, Roster] = {}


class Presence:
    """One person on one page, until `leave`."""

    def __init__(self, roster: Roster, attendee: Attendee) -> None:
        self._roster = roster
        self._attendee = attendee
        roster.put(attendee)

    @property
    def id(self) -> UUID:
        """Its key in ``dashboard.presence``."""
        return self._attendee.id

    def move(self, record: str | None) -> None:
        """They look at another record of the page, or at none."""
        if record != self._attendee.record and self._roster.has(self._attendee):
            self._attendee = replace(self._attendee, record=record)
            self._roster.put(self._attendee)

    def leave(self) -> None:
        """They are gone; leaving twice is no error."""
        self._roster.drop(self._attendee)


class Roster:
    """All who are on pages of this process, by one `Live`."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._process = random.getrandbits(31)
        self._here: dict[UUID, Attendee] = {}
        self._news: dict[UUID, Attendee] = {}
        self._gone: set[UUID] = set()
        self._changed = asyncio.Event()
        self._is_running = False

    def has(self, attendee: Attendee) -> bool:
        """Whether they are here."""
        return attendee.id in self._here

    def put(self, attendee: Attendee) -> None:
        """They have come, or moved."""
        self._here[attendee.id] = self._news[attendee.id] = attendee
        self._changed.set()
        if not self._is_running:
            self._is_running = True
            self._live.start()
            self._live.spawn(self._run())

    def drop(self, attendee: Attendee) -> None:
        """They have left."""
        if self._here.pop(attendee.id, None) is not None:
            self._news.pop(attendee.id, None)
            self._gone.add(attendee.id)
            self._changed.set()

    async def _run(self) -> None:
        try:
            failures = 0
            while self._here:
                with suppress(DashboardError, TimeoutError):
                    await self._keep_told()
                    failures = 0
                    continue
                failures += 1
                await asyncio.sleep(min(0.2 * 2**failures, self._live.pace.backoff_max))
        finally:
            self._is_running = False

    async def _keep_told(self) -> None:
        """Tell the database until nobody is here any more."""
        connection = await connect(
            self._live.dsn, name="dashboard: presence", timeout=PATIENCE, statement_timeout=PATIENCE
        )
        try:
            has_lock = await hold(connection, self._process)
            whole, suspects = True, Suspects()
            said = 0.0
            while self._here or self._gone:
                self._changed.clear()
                dead = suspects.dead()
                now = asyncio.get_running_loop().time()
                if whole or self._news or self._gone or dead or (not has_lock and now - said >= SIGN):
                    await self._tell(connection, has_lock, whole, dead)
                    said = now
                is_known, silent_ones = await silent(connection, self._process)
                suspects.see(silent_ones)
                whole = not is_known
                if is_known:
                    await self._wait()
            await depart(connection, self._process)
        except asyncio.CancelledError:  # the process ends: nobody has to wait until it is missed
            with suppress(DashboardError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await depart(connection, self._process)
            raise
        finally:
            connection.terminate()

    async def _tell(self, connection: Connection, has_lock: bool, whole: bool, dead: list[int]) -> None:
        news, gone = self._news, self._gone
        self._news, self._gone = {}, set()
        attendees = list((self._here if whole else news).values())  # after a failure comes the whole
        await attend(
            connection, self._process, has_lock=has_lock, attendees=attendees, gone=gone, whole=whole, dead=dead
        )

    async def _wait(self) -> None:
        """Until something has changed, at most a beat."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT):
                await self._changed.wait()
                await asyncio.sleep(GATHERED)


class Suspects:
    """Processes that do not seem to live, and since when."""

    def __init__(self) -> None:
        self._since: dict[int, float] = {}

    def see(self, silent: Iterable[int]) -> None:
        """These do not seem to live now."""
        now = time.monotonic()
        self._since = {process: self._since.get(process, now) for process in silent}

    def dead(self) -> list[int]:
        """Those that have not for long enough."""
        return [process for process, since in self._since.items() if time.monotonic() - since >= SUSPECTED]


def join(
    live: Live, *, name: str, page: str, person: str = "", record: str | None = None, among: Scope | None = None
) -> Presence:
    """Let somebody be here, until `Presence.leave` or the end of this process.

    Parameters
    ----------
    person
        Tells people of one name apart, and one person's pages together; empty: nobody's but this page's.
    among
        Who may see them; None: everybody.
    """
    if live not in _of:
        _of[live] = Roster(live)
        live.on_close(partial(_forget, live))
    key = uuid4()
    who = Attendee(id=key, person=person or str(key), name=name, page=page, record=record, among=among or Scope())
    return Presence(_of[live], who)


def _forget(live: Live) -> None:
    del _of[live]
