"""Who is on the pages of this process, told to the database for as long as they are.

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
from dashboard.postgres.attending import Present, attend, depart, hold, silent
from dashboard.postgres.connection import Connection, connect
from dashboard.postgres.scope import Scope

if TYPE_CHECKING:
    from dashboard.live.live import Live

BEAT = 1.0
"""Seconds between two looks at the others."""
GIVEN = 3.0
"""Seconds given to a process that does not seem to live."""
SAYING = 5.0
"""Seconds between two signs of life where no lock tells."""
TOGETHER = 0.02
"""Seconds that news wait for others."""
PATIENCE = 5.0
"""Seconds that the database has to answer."""

_of: dict[Live, Attendance] = {}


class Presence:
    """One person on one page, until `leave`."""

    def __init__(self, attendance: Attendance, present: Present) -> None:
        self._attendance = attendance
        self._present = present
        attendance.put(present)

    @property
    def id(self) -> UUID:
        """Its key in ``dashboard.presence``."""
        return self._present.id

    def move(self, record: str | None) -> None:
        """They look at another record of the page, or at none."""
        if record != self._present.record and self._attendance.has(self._present):
            self._present = replace(self._present, record=record)
            self._attendance.put(self._present)

    def leave(self) -> None:
        """They are gone; leaving twice is no error."""
        self._attendance.drop(self._present)


class Attendance:
    """All who are present in this process, by one `Live`."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._process = random.getrandbits(31)
        self._present: dict[UUID, Present] = {}
        self._news: dict[UUID, Present] = {}
        self._gone: set[UUID] = set()
        self._changed = asyncio.Event()
        self._runs = False

    def has(self, present: Present) -> bool:
        """Whether they are here."""
        return present.id in self._present

    def put(self, present: Present) -> None:
        """They have come, or moved."""
        self._present[present.id] = self._news[present.id] = present
        self._changed.set()
        if not self._runs:
            self._runs = True
            self._live.start()
            self._live.spawn(self._run())

    def drop(self, present: Present) -> None:
        """They have left."""
        if self._present.pop(present.id, None) is not None:
            self._news.pop(present.id, None)
            self._gone.add(present.id)
            self._changed.set()

    async def _run(self) -> None:
        try:
            failures = 0
            while self._present:
                with suppress(DashboardError, TimeoutError):
                    await self._attend()
                    failures = 0
                    continue
                failures += 1
                await asyncio.sleep(min(0.2 * 2**failures, self._live.pace.backoff_max))
        finally:
            self._runs = False

    async def _attend(self) -> None:
        """Tell the database until nobody is here any more."""
        connection = await connect(
            self._live.dsn, name="dashboard: presence", timeout=PATIENCE, statement_timeout=PATIENCE
        )
        try:
            has_lock = await hold(connection, self._process)
            whole, missing = True, Missing()
            said = 0.0
            while self._present or self._gone:
                self._changed.clear()
                dead = missing.dead()
                now = asyncio.get_running_loop().time()
                if whole or self._news or self._gone or dead or (not has_lock and now - said >= SAYING):
                    await self._tell(connection, has_lock, whole, dead)
                    said = now
                is_known, silent_ones = await silent(connection, self._process)
                missing.look(silent_ones)
                whole = not is_known
                if is_known:
                    await self._rest()
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
        present = list((self._present if whole else news).values())  # after a failure comes the whole
        await attend(connection, self._process, has_lock=has_lock, present=present, gone=gone, whole=whole, dead=dead)

    async def _rest(self) -> None:
        """Until something has changed, at most a beat."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT):
                await self._changed.wait()
                await asyncio.sleep(TOGETHER)


class Missing:
    """Processes that do not seem to live, and since when."""

    def __init__(self) -> None:
        self._since: dict[int, float] = {}

    def look(self, silent: Iterable[int]) -> None:
        """These do not seem to live now."""
        now = time.monotonic()
        self._since = {process: self._since.get(process, now) for process in silent}

    def dead(self) -> list[int]:
        """Those that have not for long enough."""
        return [process for process, since in self._since.items() if time.monotonic() - since >= GIVEN]


def present(
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
        _of[live] = Attendance(live)
        live.on_close(partial(_forget, live))
    key = uuid4()
    who = Present(id=key, person=person or str(key), name=name, page=page, record=record, among=among or Scope())
    return Presence(_of[live], who)


def _forget(live: Live) -> None:
    del _of[live]
