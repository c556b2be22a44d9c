"""Sends what is due, whoever noted it: any process may, each message by one.

A message is claimed (noted as being sent, for a time), sent, and noted as sent. A process that ends between the last
two leaves in doubt whether it went out; what then happens, PostgreSQL decides when the time is over
(``alerts_expired.sql``): an e-mail is sent again under the same Message-ID, and so is what is critical; a chat or a
phone is not told twice, and the history says that it may not have been told at all. So each channel is told exactly
once unless its process dies in that very moment: then e-mail at least once, and the others at most once.

A refusal is tried again in growing steps, then given up, and told to whoever the message was for in the page.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from dashboard.errors import DashboardError
from dashboard.postgres import deliveries
from dashboard.postgres.asking import Asking

from .contact import Refused, address_of, send
from .message import Part, body, severity_of, subject

WIDTH = 3
"""Messages that one process sends at the same time."""
FAREWELL = 3.0
"""Seconds that a message on its way has to be finished when its process ends in an orderly way."""
AGAIN = (5, 20, 80, 320, 1_200)
"""Seconds before another attempt."""
log = logging.getLogger(__name__)


class Sender:
    """The sender of one process.

    Parameters
    ----------
    clock
        The time it is, for what is due.
    is_installed
        Whether there are tables to look into.
    lease
        How long a message may take to be sent.
    pause
        How long a place is left alone after a message; what comes meanwhile is one message.
    poll
        How often it looks for what other processes left.
    """

    def __init__(
        self,
        asking: Asking,
        clock: Callable[[], datetime],
        is_installed: Callable[[], bool],
        *,
        lease: timedelta,
        pause: timedelta,
        poll: timedelta,
    ) -> None:
        self._asking = asking
        self._clock = clock
        self._is_installed = is_installed
        self._lease, self._pause, self._poll = lease, pause, poll
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There may be something to send."""
        self._news.set()

    async def run(self) -> None:
        """Send, until cancelled: a few at a time, so that a slow place does not hold up the others."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WIDTH):
                group.create_task(self._run())

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                while self._is_installed() and await self.send_one():
                    pass
            except DashboardError as error:
                log.debug("Nothing can be sent at present: %s", error)
            except Exception:
                log.exception("A message could not be dealt with")
            try:
                await asyncio.wait_for(self._news.wait(), self._poll.total_seconds() * WIDTH)
            except TimeoutError:
                continue

    async def send_one(self) -> bool:
        """Send one message that is due; False if none is."""
        now = self._clock()
        parts = await self._asking.ask(
            lambda connection: deliveries.claim(connection, now=now, lease=self._lease, pause=self._pause)
        )
        if not parts:
            return False
        sending = asyncio.create_task(self._deal_with(parts))
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:  # what is on its way is finished, so that nobody sends it again
            await asyncio.wait({sending}, timeout=FAREWELL)
            sending.cancel()
            raise
        return True

    async def _deal_with(self, parts: Sequence[Any]) -> None:
        first = parts[0]
        try:
            await self._send(parts)
        except Refused as refusal:
            await self._put_off(first, refusal)
        else:
            await self._noted(lambda connection: deliveries.sent(connection, first["batch"]))

    async def _send(self, rows: Sequence[Any]) -> None:
        parts = [
            Part(
                event=row["event"], title=row["title"], lines=row["lines"], severity=row["severity"],
                fired_at=row["fired_at"], resolved_at=row["resolved_at"], is_repeat=row["is_repeat"],
            )
            for row in rows
        ]  # fmt: skip
        await send(
            address_of(rows[0]["url"], rows[0]["address"]),
            subject=subject(parts), body=body(parts), severity=severity_of(parts), batch=rows[0]["batch"],
        )  # fmt: skip

    async def _put_off(self, first: Any, refusal: Refused) -> None:
        tried = int(first["attempts"])
        is_over = refusal.is_final or tried > len(AGAIN)
        again_at = None if is_over else self._clock() + timedelta(seconds=AGAIN[tried - 1])
        if is_over:
            log.warning("The contact point %s takes no messages: %s", first["contact_point"], refusal)
        await self._noted(
            lambda connection: deliveries.refused(connection, first["batch"], str(refusal), again_at=again_at)
        )

    async def _noted(self, note: Callable[[Any], Any]) -> None:
        """Note what became of a message, as long as it is ours: until then nobody else sends it."""
        async with asyncio.timeout(self._lease.total_seconds()):
            while True:
                try:
                    await self._asking.ask(note)
                    return
                except DashboardError:
                    await asyncio.sleep(0.5)
