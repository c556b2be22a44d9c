"""Contact points, and how people want to be told: what `Alerts` keeps for them in the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import TYPE_CHECKING, Any, TypeVar

from dashboard.errors import AlertError, PrivilegeError
from dashboard.postgres import alerts, deliveries, preferences
from dashboard.postgres.asking import Asking
from dashboard.postgres.connection import Connection
from dashboard.postgres.scope import Scope

from .contact import check, check_personal
from .rule import SEVERITIES, Severity

if TYPE_CHECKING:
    from dashboard.live.live import Live

T = TypeVar("T")
PATIENCE = 15.0
"""Seconds that the database has to answer."""


class Preferring:
    """The part of `Alerts` that people's wishes go through; each is written in their own scope."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self._ahead = timedelta()  # PostgreSQL's clock, of ours
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC) + self._ahead
        self._asked: Asking | None = None

    async def contact_point(self, name: str, url: str | None) -> None:
        """Add or change a contact point: where messages can be sent to; None takes it away.

        Parameters
        ----------
        url
            ``mailto://…``, or any of Apprise's; with ``{to}`` where a person's own address belongs.

        Raises
        ------
        AlertError
            It is no such address.
        """
        if url is None:
            await self.ask(lambda connection: preferences.remove_contact_point(connection, name))
            return
        check(url)
        await self.ask(lambda connection: preferences.set_contact_point(connection, name, url))

    async def prefer(
        self,
        scope: Scope,
        contact_point: str,
        *,
        address: str = "",
        minimum: Severity = "warning",
        quiet: tuple[clock_time, clock_time] | None = None,
        zone: str = "UTC",
    ) -> None:
        """Say how a person wants to be told.

        Parameters
        ----------
        scope
            In whose eyes that person looks.
        address
            Their own, where the contact point has a ``{to}``.
        minimum
            The least severity they want to hear of there.
        quiet
            From when until when they want to hear of what is critical only, in their time `zone`.
        """
        wanted = {
            "address": address.strip(), "minimum": minimum, "zone": zone,
            "quiet_from": quiet and quiet[0], "quiet_until": quiet and quiet[1],
        }  # fmt: skip
        if minimum not in SEVERITIES:
            raise AlertError(f"There is no severity {minimum!r}.", f"Choose from: {', '.join(SEVERITIES)}.")
        url = (await self.ask(preferences.contact_points)).get(contact_point)
        check_personal(url or "", address.strip())
        await self.ask(lambda connection: preferences.prefer(connection, scope, contact_point, wanted))
        await self._revise(scope)

    async def leave(self, scope: Scope, contact_point: str) -> None:
        """Tell a person nothing there any more."""
        await self.ask(lambda connection: preferences.prefer(connection, scope, contact_point, None))
        await self._revise(scope)

    async def places(self, scope: Scope) -> list[dict[str, Any]]:
        """Contact points that a person may be told at, and how they want to be."""
        return await self.ask(lambda connection: preferences.places(connection, scope))

    async def silence(
        self,
        scope: Scope,
        rule: str | None,
        length: timedelta,
        *,
        labels: dict[str, str] | None = None,
        reason: str = "",
    ) -> None:
        """Tell a person nothing of a rule (None: of any) for so long; `Scope()` stands for everybody."""
        until = self.clock() + length
        await self.ask(lambda connection: preferences.silence(connection, scope, rule, labels or {}, until, reason))
        await self._revise(scope)

    async def speak(self, scope: Scope, rule: str | None = None) -> None:
        """End a person's silences."""
        await self.ask(lambda connection: preferences.speak(connection, scope, rule))

    async def see(self, scope: Scope, until: datetime) -> None:
        """Note that a person has seen what they were told until then."""
        await self.ask(lambda connection: preferences.see(connection, scope, until))

    async def _revise(self, scope: Scope) -> None:
        with suppress(PrivilegeError):  # a process that may not send leaves it to those who do
            await self.ask(lambda connection: deliveries.revise(connection, scope, self.clock()))

    async def set_clock(self) -> None:
        """Go by PostgreSQL's clock from now on."""
        before = datetime.now(UTC)
        there = await self.ask(alerts.clock)
        self._ahead = there - before - (datetime.now(UTC) - before) / 2

    async def ask(self, question: Callable[[Connection], Awaitable[T]]) -> T:
        """Put a question to the database; one after the other."""
        if self._asked is None:
            self._asked = Asking(self.live.dsn, "dashboard: alerts", patience=PATIENCE)
            self.live.on_close(self._asked.drop)
        return await self._asked.ask(question)
