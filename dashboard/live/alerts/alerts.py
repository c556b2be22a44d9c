"""The engine of one process: it holds rules, looks at them when their queries move, and notes what follows.

Of all processes that know a rule one holds it, for a few seconds at a time; when it ends, another does. Only the
holder has PostgreSQL asked the rule's query. What follows from a look is noted in one transaction that begins by
locking the rule's row: whoever lost the rule notes nothing any more, so an alert fires once however many processes
watch, and whatever becomes of them. Who holds it can be asked at any time; nothing needs a session of its own, so
this works through a pooler.

The time it is, for `hold`, `repeat` and quiet hours, is PostgreSQL's in every process, whatever its own clock says.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from dashboard.errors import AlertError, DashboardError, NotNow
from dashboard.postgres import alerts
from dashboard.postgres.asking import Asking
from dashboard.settings import settings

from .preferring import PATIENCE, Preferring
from .rule import Rule
from .sender import Sender
from .watch import Watch, rows_of

if TYPE_CHECKING:
    from dashboard.live.live import Live
    from dashboard.live.query import Subscription

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


class Alerts(Preferring):
    """Alerts on one database, in one process; `dashboard.Live.alerts`."""

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.rules: dict[str, Rule] = {}
        self.timing = Timing()
        self.problem: DashboardError | None = None
        self.is_installed: bool | None = None  # it is not known yet
        self.id = uuid4()
        self._watches: dict[str, Watch] = {}
        self._is_running = False
        self._is_declared = False
        self._starting: Subscription | None = None
        self._renew_at = self._forget_at = 0.0
        self._news = asyncio.Event()

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
            raise AlertError(
                f"There is another rule {rule.name!r} already.",
                "Give each rule a name of its own; one in a page may not depend on who looks.",
            )
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
        await self.ask(alerts.install)
        self.is_installed = True
        self._renew_at = 0.0
        self._news.set()

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
            await self._end()
            asking.drop()

    async def _end(self) -> None:
        """Let go of what is held, so that others go on at once."""
        for watch in self._watches.values():
            watch.close()
        self._watches.clear()
        if self.is_installed:
            with suppress(DashboardError, TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await self.ask(lambda connection: alerts.release(connection, self.id))
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
        self.is_installed = await self.ask(alerts.is_installed)
        if not self.is_installed:
            raise alerts.not_installed()
        await self.set_clock()
        names = list(self.rules)
        if not self._is_declared:
            contacts = {name: rule.to for name, rule in self.rules.items()}
            await self.ask(lambda connection: alerts.declare(connection, contacts))
            self._is_declared = True
        lease = self.timing.lease
        held = await self.ask(lambda connection: alerts.hold(connection, names, self.id, lease))
        self._renew_at = time.monotonic() + lease.total_seconds() / 3
        for name in set(self._watches) - {rule.name for rule in held}:
            self._drop(name)
        for rule in held:
            if rule.name not in self._watches:
                self._watches[rule.name] = Watch(self.rules[rule.name], self._news.set)
            self._watches[rule.name].hold(rule)
        if time.monotonic() >= self._forget_at and held:
            retention = timedelta(seconds=settings().alert_retention)
            await self.ask(lambda connection: alerts.forget(connection, retention))
            self._forget_at = time.monotonic() + FORGET

    def _drop(self, name: str) -> None:
        self._watches.pop(name).close()

    async def _move(self, watch: Watch, now: datetime, sender: Sender) -> None:
        await self.ask(watch.load)
        following = watch.look(now)
        if following is None:
            return
        if following.changed or following.ended or following.repeats or not watch.has_begun:
            ended: Sequence[str] = [one.fingerprint for one in following.ended]
            noted: dict[str, Any] = {"now": now, "ended": ended, **rows_of(watch.rule, following)}
            await self.ask(lambda connection: alerts.record(connection, watch.rule.name, self.id, **noted))
            sender.wake()
        watch.adopt(following)
