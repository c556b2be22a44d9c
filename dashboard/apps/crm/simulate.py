"""A team at work: what its members do next, and what follows from it.

Each step is one change. Most begin something (a call, an e-mail, a new contact). What follows is put on a
list, due after a number of steps rather than of seconds: a slow and a fast simulation tell the same story,
and a seed makes it again.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Awaitable, Callable

from dashboard.apps.people import invent, names
from dashboard.apps.statements import statements
from dashboard.postgres.connection import Connection

from .people import NOTES, SOURCES, URLS

SQL = statements(__package__ or "dashboard.apps.crm", "simulate")
NEXT_STAGE = {"lead": "prospect", "prospect": "customer", "customer": "partner"}
HABITS = {  # what members begin, and how often
    "call": 22,
    "send": 20,
    "rate": 14,
    "note": 10,
    "add": 9,
    "meeting": 6,
    "correct": 5,
    "advance": 4,
    "mailing": 1,
    "remove": 0.6,
}
Step = Callable[[Connection, int], Awaitable[int]]


class Team:
    """The members of the CRM, as one `dashboard.apps.simulation.Actor`."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self._stages: dict[int, str] = {}
        self._members: list[int] = []
        self._contacts: list[int] = []
        self._templates: list[int] = []
        self._step = 0
        self._due: list[tuple[int, int, str]] = []  # step, contact or e-mail, what follows
        self._steps: dict[str, Step] = {
            "call": self._call,
            "note": self._note,
            "meeting": self._meeting,
            "advance": self._advance,
            "rate": self._rate,
            "correct": self._correct,
            "remove": self._remove,
            "deliver": self._deliver,
            "open": self._open,
            "click": self._click,
            "reply": self._reply,
        }

    async def begin(self, connection: Connection) -> None:
        """Read whom there is to work with, and which e-mails wait to be opened."""
        rows = await connection.fetch(SQL["contacts"])
        self._stages = {row["id"]: row["stage"] for row in reversed(rows)}
        self._contacts = list(self._stages)
        self._members = [row["member_id"] for row in rows]  # as often as they have contacts
        self._templates = [row["id"] for row in await connection.fetch(SQL["templates"])]
        if not self._due:
            for row in await connection.fetch(SQL["waiting_emails"]):
                self._follow(row["id"], "open", 400, 0.3)

    async def add(self, connection: Connection) -> int:
        """Take in a new contact."""
        return await self._add(connection)

    async def act(self, connection: Connection) -> int:
        """Do what is due, or begin something."""
        self._step += 1
        if self._due and self._due[0][0] <= self._step:
            _, subject, what = heapq.heappop(self._due)
            return await self._steps[what](connection, subject)
        (what,) = self._chance.choices(list(HABITS), list(HABITS.values()))
        if what == "add" or not self._contacts:
            return await self._add(connection)
        if what in ("send", "mailing"):
            return await self._send(connection, 1 if what == "send" else self._chance.randint(4, 18))
        return await self._steps[what](connection, self._anybody())

    def _follow(self, subject: int, what: str, wait: float, chance: float) -> None:
        """Put on the list, with probability `chance`, what follows in about `wait` steps."""
        if self._chance.random() < chance:
            step = self._step + 1 + int(self._chance.expovariate(1 / wait))
            heapq.heappush(self._due, (step, subject, what))

    def _anybody(self) -> int:
        """Choose a contact; those who came lately are spoken to more often."""
        return self._contacts[int(len(self._contacts) * self._chance.random() ** 0.6)]

    async def _add(self, connection: Connection) -> int:
        if not self._members:
            self._members = [row["id"] for row in await connection.fetch("SELECT id FROM crm.members ORDER BY id")]
        person = invent(self._chance, self._chance.choice(list(names())))
        (source,) = self._chance.choices([name for name, _ in SOURCES], [often for _, often in SOURCES])
        contact = await connection.fetchval(
            SQL["add_contact"],
            self._chance.choice(self._members),
            person.name,
            person.email,
            person.phone,
            person.country,
            source,
            round(60 * self._chance.betavariate(1.3, 5)),
        )
        self._stages[contact] = "lead"
        self._contacts.append(contact)
        self._follow(contact, "call", 30, 0.7)
        return 1

    async def _send(self, connection: Connection, copies: int) -> int:
        to = sorted({self._anybody() for _ in range(copies)})
        sent = await connection.fetch(SQL["send"], to, self._chance.choice(self._templates))
        for row in sent:
            self._follow(row["id"], "deliver", 4, 1)
        return len(sent)

    async def _deliver(self, connection: Connection, email: int) -> int:
        if self._chance.random() < 0.03:
            return await _run(connection, "bounce", email)
        self._follow(email, "open", 60, 0.45)
        return await _run(connection, "deliver", email)

    async def _open(self, connection: Connection, email: int) -> int:
        self._follow(email, "click", 8, 0.25)
        self._follow(email, "reply", 40, 0.12)
        return await _run(connection, "open", email)

    async def _click(self, connection: Connection, email: int) -> int:
        return await _run(connection, "click", email, self._chance.choice(URLS))

    async def _reply(self, connection: Connection, email: int) -> int:
        return await _run(connection, "reply", email)

    async def _call(self, connection: Connection, contact: int) -> int:
        self._follow(contact, "advance", 6, 0.12)
        self._follow(contact, "meeting", 60, 0.15)
        minutes = max(1, round(self._chance.lognormvariate(1.5, 0.8)))
        return await _run(connection, "record", contact, "call", minutes, None)

    async def _meeting(self, connection: Connection, contact: int) -> int:
        self._follow(contact, "note", 4, 0.4)
        self._follow(contact, "advance", 8, 0.4)
        minutes = max(10, round(self._chance.lognormvariate(3.5, 0.4)))
        return await _run(connection, "record", contact, "meeting", minutes, None)

    async def _note(self, connection: Connection, contact: int) -> int:
        return await _run(connection, "record", contact, "note", None, self._chance.choice(NOTES))

    async def _advance(self, connection: Connection, contact: int) -> int:
        stage = self._stages.get(contact, "lead")
        following = "inactive" if self._chance.random() < 0.12 else NEXT_STAGE.get(stage, "customer")
        self._stages[contact] = following
        return await _run(connection, "move", contact, following, 0 if following == "inactive" else 12)

    async def _rate(self, connection: Connection, contact: int) -> int:
        return await _run(connection, "rate", contact, self._chance.choice((-5, -3, -2, 2, 3, 4, 6)))

    async def _correct(self, connection: Connection, contact: int) -> int:
        person = invent(self._chance, self._chance.choice(list(names())))
        return await _run(connection, "correct", contact, person.email, person.phone)

    async def _remove(self, connection: Connection, contact: int) -> int:
        self._contacts.remove(contact)
        self._stages.pop(contact, None)
        return await _run(connection, "remove", contact)


async def _run(connection: Connection, name: str, *parameters: object) -> int:
    """Run one statement; the number of rows it changed."""
    return int((await connection.execute(SQL[name], *parameters)).rpartition(" ")[2])
