"""Outreach at work: invitations go out, some are accepted, messages follow, imports run on and end.

Each step is one change; what follows is put on an agenda in steps, so that a seed tells the same story at any rate.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from dashboard.apps.agenda import Agenda, something
from dashboard.apps.people import invent, names
from dashboard.apps.statements import statements
from dashboard.postgres.connection import Connection

from .phrases import AUDIENCES, COMPANIES, FIRST, REPLIES, ROLES, SECOND, SOURCES

SQL = statements(__package__ or "dashboard.apps.outreach", "simulate")
HABITS = {"invite": 60, "import": 2.0, "pause": 0.8, "activate": 0.2, "draft": 0.15}
Step = Callable[[Connection, int], Awaitable[int]]


class Sender:
    """All who send invitations, as one `dashboard.apps.simulation.Actor`."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self._agenda = Agenda(self._chance)
        self._campaigns: list[int] = []
        self._steps: dict[str, Step] = {
            "accept": self._accept,
            "decline": self._answer("decline"),
            "withdraw": self._answer("withdraw"),
            "write": self._write,
            "remind": self._remind,
            "reply": self._reply,
            "import": self._import,
            "advance_import": self._advance_import,
            "pause": self._pause,
            "activate": self._answer("activate"),
        }

    async def begin(self, connection: Connection) -> None:
        """Read which campaigns there are, who has not answered yet, and which imports run."""
        self._campaigns = [row["id"] for row in await connection.fetch(SQL["campaigns"])]
        if not self._agenda:
            for row in await connection.fetch(SQL["waiting"]):
                self._await_answer(row["id"], 150)
            for row in await connection.fetch(SQL["imports"]):
                self._agenda.add("advance_import", row["id"], wait=3)

    async def add(self, connection: Connection) -> int:
        """Invite somebody, in a campaign that can."""
        return await something(lambda: self._invite_from_any(connection))

    async def act(self, connection: Connection) -> int:
        """Do what is due, or begin something."""
        return await something(lambda: self._step(connection))

    async def _step(self, connection: Connection) -> int:
        if due := self._agenda.next():
            what, subject = due
            return await self._steps[what](connection, subject)
        if not self._campaigns:
            return 0
        (what,) = self._chance.choices(list(HABITS), list(HABITS.values()))
        campaign = self._campaigns[int(len(self._campaigns) * self._chance.random() ** 1.4)]
        if what == "invite":
            return await self._invite(connection, campaign)
        if what == "import":
            return await self._import(connection, campaign)
        if what == "draft":
            return await self._draft(connection)
        return await self._steps[what](connection, campaign)

    async def _invite_from_any(self, connection: Connection) -> int:
        return await self._invite(connection, self._chance.choice(self._campaigns)) if self._campaigns else 0

    async def _invite(self, connection: Connection, campaign: int) -> int:
        person = invent(self._chance, self._chance.choice(list(names())))
        headline = f"{self._chance.choice(ROLES)} at {self._chance.choice(COMPANIES)}"
        invited = await connection.fetchval(SQL["invite"], campaign, person.name, headline, person.country)
        if invited is not None:
            self._await_answer(invited, 40)
            return 1
        return await _run(connection, "complete", campaign)

    def _await_answer(self, connection: int, wait: float) -> None:
        (answer,) = self._chance.choices(("accept", "decline", "withdraw", None), (40, 7, 9, 44))
        if answer is not None:
            self._agenda.add(answer, connection, wait=wait * 3 if answer == "withdraw" else wait)

    async def _accept(self, connection: Connection, accepted: int) -> int:
        self._agenda.add("write", accepted, wait=5, chance=0.8)
        return await _run(connection, "accept", accepted)

    async def _write(self, connection: Connection, to: int) -> int:
        self._agenda.add("reply", to, wait=25, chance=0.42)
        self._agenda.add("remind", to, wait=60, chance=0.25)
        return await _run(connection, "write", to, "sent", self._chance.choice(FIRST))

    async def _remind(self, connection: Connection, to: int) -> int:
        self._agenda.add("reply", to, wait=25, chance=0.3)
        return await _run(connection, "write", to, "sent", self._chance.choice(SECOND))

    async def _reply(self, connection: Connection, of: int) -> int:
        return await _run(connection, "write", of, "received", self._chance.choice(REPLIES))

    async def _import(self, connection: Connection, campaign: int) -> int:
        total = int(self._chance.lognormvariate(5.0, 0.5)) + 20
        begun = await connection.fetchval(SQL["import"], campaign, self._chance.choice(SOURCES), total)
        if begun is None:
            return 0
        self._agenda.add("advance_import", begun, wait=2)
        return 1

    async def _advance_import(self, connection: Connection, running: int) -> int:
        remaining = await connection.fetchval(SQL["advance_import"], running, self._chance.randint(4, 14))
        if remaining:
            self._agenda.add("advance_import", running, wait=5)
        return 0 if remaining is None else 1

    async def _draft(self, connection: Connection) -> int:
        drafted = await connection.fetchval(SQL["draft"], *self._chance.choice(AUDIENCES))
        if drafted is None:
            return 0
        self._campaigns.append(drafted)
        self._agenda.add("import", drafted, wait=20)
        self._agenda.add("activate", drafted, wait=120)
        return 1

    async def _pause(self, connection: Connection, campaign: int) -> int:
        self._agenda.add("activate", campaign, wait=90, chance=0.95)
        return await _run(connection, "pause", campaign)

    def _answer(self, name: str) -> Step:
        async def step(connection: Connection, subject: int) -> int:
            return await _run(connection, name, subject)

        return step


async def _run(connection: Connection, name: str, *parameters: object) -> int:
    """Run one statement; the number of rows it changed."""
    return int((await connection.execute(SQL[name], *parameters)).rpartition(" ")[2])
