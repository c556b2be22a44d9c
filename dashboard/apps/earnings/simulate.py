"""The marketplace at work: impressions come, some are clicked, few convert, and what was attributed is paid.

Each step is one change. What follows from it is put on a list, due after a number of steps rather than of seconds: a
slow and a fast simulation tell the same story, and a seed makes it again. Whether an owner's simulation is switched on
is asked by each statement itself.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from decimal import Decimal

from dashboard.apps.agenda import Agenda, something
from dashboard.apps.statements import statements
from dashboard.postgres.connection import Connection

SQL = statements(__package__ or "dashboard.apps.earnings", "simulate")
HABITS = {"impression": 100, "license": 1.2, "advance_asset": 0.5, "turn_campaign": 0.4}
Step = Callable[[Connection, int], Awaitable[int]]


class Market:
    """The marketplace, as one `dashboard.apps.simulation.Actor`."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self._agenda = Agenda(self._chance)
        self._campaigns: list[int] = []
        self._popular: list[float] = []
        self._assets: list[int] = []
        self._steps: dict[str, Step] = {
            "click": self._click,
            "conversion": self._convert,
            "attribution": self._attribute,
            "earn": self._earn,
            "resume_asset": self._resume_asset,
            "turn_back": self._turn_campaign,
        }

    async def begin(self, connection: Connection) -> None:
        """Read what is on the market, and which clicks may still convert."""
        self._campaigns = [row["id"] for row in await connection.fetch(SQL["campaigns"])]
        self._popular = [1 / (place + 1) ** 0.7 for place in range(len(self._campaigns))]
        self._assets = [row["id"] for row in await connection.fetch(SQL["assets"])]
        if not self._agenda:
            for row in await connection.fetch(SQL["open_clicks"]):
                self._agenda.add("conversion", row["id"], wait=200, chance=0.2)

    async def add(self, connection: Connection) -> int:
        """Sell a licence."""
        return await self._license(connection) if self._assets else 0

    async def act(self, connection: Connection) -> int:
        """Do what is due, or begin something."""
        return await something(lambda: self._step(connection))

    async def _step(self, connection: Connection) -> int:
        if due := self._agenda.next():
            what, subject = due
            return await self._steps[what](connection, subject)
        if not (self._campaigns and self._assets):
            return 0
        (what,) = self._chance.choices(list(HABITS), list(HABITS.values()))
        if what == "impression":
            return await self._impress(connection)
        if what == "license":
            return await self._license(connection)
        if what == "advance_asset":
            return await self._advance_asset(connection, self._chance.choice(self._assets))
        campaign = self._chance.choice(self._campaigns)
        self._agenda.add("turn_back", campaign, wait=120, chance=0.9)
        return await self._turn_campaign(connection, campaign)

    async def _impress(self, connection: Connection) -> int:
        (campaign,) = self._chance.choices(self._campaigns, self._popular)
        return self._followed(await connection.fetchval(SQL["impression"], campaign), "click", 5, 0.2)

    async def _click(self, connection: Connection, impression: int) -> int:
        click = await connection.fetchval(SQL["follow"], impression, "click", None)
        self._followed(click, "earn", 1, 1)
        return self._followed(click, "conversion", 12, 0.3)

    async def _convert(self, connection: Connection, click: int) -> int:
        sale = round(Decimal(self._chance.lognormvariate(3.4, 0.7)), 2)
        conversion = await connection.fetchval(SQL["follow"], click, "conversion", sale)
        return self._followed(conversion, "attribution", 4, 0.9)

    async def _attribute(self, connection: Connection, conversion: int) -> int:
        attribution = await connection.fetchval(SQL["follow"], conversion, "attribution", None)
        return self._followed(attribution, "earn", 2, 1)

    async def _earn(self, connection: Connection, event: int) -> int:
        return await _run(connection, "earn", event)

    async def _license(self, connection: Connection) -> int:
        price = Decimal(self._chance.choice((12, 12, 18, 18, 24, 36, 60)))
        return await _run(connection, "license", self._chance.choice(self._assets), price)

    async def _advance_asset(self, connection: Connection, asset: int) -> int:
        self._agenda.add("resume_asset", asset, wait=60, chance=0.95)
        return await _run(connection, "advance_asset", asset)

    async def _resume_asset(self, connection: Connection, asset: int) -> int:
        return await _run(connection, "resume_asset", asset)

    async def _turn_campaign(self, connection: Connection, campaign: int) -> int:
        return await _run(connection, "turn_campaign", campaign)

    def _followed(self, event: int | None, what: str, wait: float, chance: float) -> int:
        """Note what may follow an event that was written; None was not, its owner's switch being off."""
        if event is not None:
            self._agenda.add(what, event, wait=wait, chance=chance)
        return 0 if event is None else 1


async def _run(connection: Connection, name: str, *parameters: object) -> int:
    """Run one statement; the number of rows it changed."""
    return int((await connection.execute(SQL[name], *parameters)).rpartition(" ")[2])
