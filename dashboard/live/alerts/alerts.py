"""The engine of one process: it holds rules, looks at them when their queries move, and notes what follows.

Of all processes that know a rule one holds it, for a few seconds at a time; when it ends, another does. Only the
holder has PostgreSQL asked the rule's query. What follows from a look is noted in one transaction that begins by
locking the rule's row: whoever lost the rule notes nothing any more, so an alert fires once however many processes
watch, and whatever becomes of them. Who holds it can be asked at any time; nothing needs a session of its own, so
this works through a pooler.

The time it is, for `hold` and for quiet hours, is this process's clock; leases go by PostgreSQL's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from dashboard.errors import AlertError, DashboardError, NotNow
from dashboard.postgres import alerts, preferences
from dashboard.postgres.asking import Asking
from dashboard.postgres.connection import Connection
from dashboard.postgres.scope import Scope
from dashboard.settings import settings

from .contact import check
from .rule import SEVERITIES, Rule, Severity
from .sender import Sender
from .watch import Watch, rows_of

if TYPE_CHECKING:
    from dashboard.live.live import Live
    from dashboard.live.query import Subscription

T = TypeVar("T")
PATIENCE = 15.0
FAREWELL = 1.5
"""Seconds to let go of the rules when it ends; else others wait for the lease's end."""
FORGET = 3_600.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take.

    Parameters
    ----------
    lease
        How long a rule is held; so late another process takes over from one that ended.
    sending
        How long a message may take to be sent; so late its sender counts as ended.
    pause
        How long a place is left alone after a message; what comes meanwhile is one message.
    poll
        How often each process looks for messages that others left.
    """

    lease: timedelta = timedelta(seconds=10)
    sending: timedelta = timedelta(seconds=60)
    pause: timedelta = timedelta(seconds=5)
    poll: timedelta = timedelta(seconds=2)


class Alerts:
    """Alerts on one database, in one process; `dashboard.Live.alerts`."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.rules: dict[str, Rule] = {}
        self.timing = Timing()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.problem: DashboardError | None = None
        self.is_installed: bool | None = None  # it is not known yet
        self.id = uuid4()
        self._watches: dict[str, Watch] = {}
        self._is_running = False
        self._is_declared = False
        self._starting: Subscription | None = None
        self._renew_at = self._forget_at = 0.0
        self._news = asyncio.Event()
        self._asked: Asking | None = None

    @property
    def held(self) -> tuple[str, ...]:
        """Names of the rules that this process holds at present."""
        return tuple(sorted(self._watches))

    def add(self, rule: Rule) -> None:
        """Watch a rule from now on, as soon as an event loop runs; once, however often it is declared.

        Raises
        ------
        AlertError
            There is another rule of this name.
        """
        known = self.rules.get(rule.name)
        if known is not None and known.is_same(rule):
            return
        if known is not None:
            raise AlertError(f"There is a rule {rule.name!r} already.", "Give each rule a name of its own.")
        self.rules[rule.name] = rule
        self._is_declared = False
        self._renew_at = 0.0
        self._news.set()
        self.start()

    def start(self) -> None:
        """Begin, if an event loop runs; else with the first thing that happens on this `Live` in one."""
        if self._starting is None:
            self._starting = self.live.on_status(lambda _: self.start())
        if self._is_running or self.live.is_closed:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._is_running = True
        self._news = asyncio.Event()
        self.live.start()
        self.live.spawn(self._run())

    async def install(self) -> None:
        """Make the tables of alerts in this database, if they are not there."""
        await self._ask(alerts.install)
        self.is_installed = True
        self._renew_at = 0.0
        self._news.set()

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
            await self._ask(lambda connection: preferences.remove_contact_point(connection, name))
            return
        check(url)
        await self._ask(lambda connection: preferences.set_contact_point(connection, name, url))

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
        await self._ask(lambda connection: preferences.prefer(connection, scope, contact_point, wanted))

    async def leave(self, scope: Scope, contact_point: str) -> None:
        """Tell a person nothing there any more."""
        await self._ask(lambda connection: preferences.prefer(connection, scope, contact_point, None))

    async def places(self, scope: Scope) -> list[dict[str, Any]]:
        """Contact points that a person may be told at, and how they want to be."""
        return await self._ask(lambda connection: preferences.places(connection, scope))

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
        await self._ask(lambda connection: preferences.silence(connection, scope, rule, labels or {}, until, reason))

    async def speak(self, scope: Scope, rule: str | None = None) -> None:
        """End a person's silences."""
        await self._ask(lambda connection: preferences.speak(connection, scope, rule))

    async def see(self, scope: Scope, until: datetime) -> None:
        """Note that a person has seen what they were told until then."""
        await self._ask(lambda connection: preferences.see(connection, scope, until))

    async def _ask(self, question: Callable[[Connection], Awaitable[T]]) -> T:
        if self._asked is None:
            self._asked = Asking(self.live.dsn, "dashboard: alerts", patience=PATIENCE)
            self.live.on_close(self._asked.drop)
        return await self._asked.ask(question)

    async def _run(self) -> None:
        asking = Asking(self.live.dsn, "dashboard: messages", patience=PATIENCE)
        timing = self.timing
        sender = Sender(
            asking,
            lambda: self.clock(),
            lambda: self.is_installed is True,
            lease=timing.sending,
            pause=timing.pause,
            poll=timing.poll,
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(sender.run())
                group.create_task(self._watch(sender))
        finally:
            for watch in self._watches.values():
                watch.close()
            self._watches.clear()
            if self.is_installed:
                with suppress(DashboardError, TimeoutError):
                    async with asyncio.timeout(FAREWELL):
                        await self._ask(lambda connection: alerts.release(connection, self.id))
            asking.drop()
            if self._asked is not None:
                self._asked.drop()
                self._asked = None
            self._renew_at = 0.0
            self._is_running = False

    async def _watch(self, sender: Sender) -> None:
        while True:
            self._news.clear()
            try:
                await self._turn(sender)
                self._say(None)
            except DashboardError as error:
                self._say(error)
                self._renew_at = time.monotonic() + self.timing.lease.total_seconds() / 3
            except Exception:
                log.exception("Alerts could not be looked at")
                await asyncio.sleep(1)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._wait())

    def _say(self, error: DashboardError | None) -> None:
        if error is not None and str(error) != str(self.problem):
            log.log(logging.WARNING if self.is_installed else logging.INFO, "Alerts are not watched: %s", error)
        self.problem = error

    def _wait(self) -> float:
        """Seconds until something follows by itself."""
        now = self.clock()
        due = [(watch.next_at - now).total_seconds() for watch in self._watches.values() if watch.next_at is not None]
        return max(0.01, min([*due, self._renew_at - time.monotonic()]))

    async def _turn(self, sender: Sender) -> None:
        if time.monotonic() >= self._renew_at:
            await self._renew()
        for watch in list(self._watches.values()):
            now = self.clock()
            if watch.is_due(now):
                try:
                    await self._move(watch, now, sender)
                except NotNow:
                    self._drop(watch.rule.name)
                except DashboardError:
                    watch.forget()
                    raise

    async def _renew(self) -> None:
        """Hold what can be held."""
        self.is_installed = await self._ask(alerts.is_installed)
        if not self.is_installed:
            raise alerts.not_installed()
        names = list(self.rules)
        if not self._is_declared:
            contacts = {name: rule.to for name, rule in self.rules.items()}
            await self._ask(lambda connection: alerts.declare(connection, contacts))
            self._is_declared = True
        lease = self.timing.lease
        held = await self._ask(lambda connection: alerts.hold(connection, names, self.id, lease))
        self._renew_at = time.monotonic() + lease.total_seconds() / 3
        for name in set(self._watches) - {rule.name for rule in held}:
            self._drop(name)
        for rule in held:
            if rule.name not in self._watches:
                self._watches[rule.name] = Watch(self.rules[rule.name], self._news.set)
            self._watches[rule.name].hold(rule)
        if time.monotonic() >= self._forget_at and held:
            retention = timedelta(seconds=settings().alert_retention)
            await self._ask(lambda connection: alerts.forget(connection, retention))
            self._forget_at = time.monotonic() + FORGET

    def _drop(self, name: str) -> None:
        self._watches.pop(name).close()

    async def _move(self, watch: Watch, now: datetime, sender: Sender) -> None:
        await self._ask(watch.load)
        following = watch.look(now)
        if following is None:
            return
        if following.changed or following.ended or not watch.has_begun:
            notices, changed = rows_of(watch.rule, following)
            ended: Sequence[str] = [one.fingerprint for one in following.ended]
            noted: dict[str, Any] = {"now": now, "changed": changed, "ended": ended, "notices": notices}
            await self._ask(lambda connection: alerts.record(connection, watch.rule.name, self.id, **noted))
            sender.wake()
        watch.adopt(following)
