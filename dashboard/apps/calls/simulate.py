"""A day on the telephone: calls ring, are answered, held and ended; what came out of them is bid for and paid.

Each step is one change. What follows is put on a list, due after a number of steps rather than of seconds: a slow and
a fast simulation tell the same story, and a seed makes it again. Only the time an auction has left is told in seconds,
at the pace of the steps so far, and when it is over the auction is closed whatever the step.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.apps.agenda import Agenda
from dashboard.apps.people import invent, names
from dashboard.apps.statements import statements
from dashboard.postgres.connection import Connection

from .trade import ALERTS, next_bid, outcome

SQL = statements(__package__ or "dashboard.apps.calls", "simulate")
CROWD = 26  # calls going on beyond which hardly anybody calls any more
AUCTION = (70, 160)  # steps an auction is open
SHOWN = (8.0, 180.0)  # seconds it says it has left, at least and at most
Step = Callable[[Connection, int], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Campaign:
    """What somebody calls about."""

    id: int
    account: int
    name: str


class Floor:
    """Callers, agents and buyers, as one `dashboard.apps.simulation.Actor`."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self._campaigns: list[Campaign] = []
        self._buyers: list[int] = []
        self._idle: dict[int, list[int]] = {}  # agents by account
        self._busy: dict[int, tuple[int, int]] = {}  # account and agent by call
        self._accounts: dict[int, int] = {}  # account of a call that rings
        self._ends: dict[int, float] = {}  # when open auctions end, by this machine's clock
        self._pace = (time.monotonic(), 0.5)  # when the last step was, seconds that one takes
        self._agenda = Agenda(self._chance)
        self._steps: dict[str, Step] = {
            "answer": self._answer,
            "miss": self._miss,
            "hold": self._hold,
            "resume": self._resume,
            "end": self._end,
            "open": self._open,
            "bid": self._bid,
            "close": self._close,
            "pay": self._pay,
            "acknowledge": self._acknowledge,
        }

    async def begin(self, connection: Connection) -> None:
        """Read what is going on, and take it on from there."""
        self._campaigns = [
            Campaign(row["id"], row["account_id"], row["name"]) for row in await connection.fetch(SQL["campaigns"])
        ]
        self._buyers = [row["id"] for row in await connection.fetch(SQL["buyers"])]
        self._idle = {}
        for row in await connection.fetch(SQL["idle_agents"]):
            self._idle.setdefault(row["account_id"], []).append(row["id"])
        is_first = not self._agenda
        for row in await connection.fetch(SQL["open_calls"]):
            if not self._agenda.holds(row["id"]):
                self._take_on(row)
        if not is_first:
            return
        for name, what, wait in (
            ("open_auctions", "close", 10),
            ("pending_payments", "pay", 300),
            ("waiting_alerts", "acknowledge", 400),
        ):
            for row in await connection.fetch(SQL[name]):
                self._agenda.add(what, row["id"], wait=wait)

    def _take_on(self, call: Mapping[str, Any]) -> None:
        """Go on with a call that somebody else began."""
        if call["state"] == "ringing":
            self._accounts[call["id"]] = call["account_id"]
            self._agenda.add("answer", call["id"], wait=6)
        else:
            self._busy[call["id"]] = (call["account_id"], call["agent_id"])
            self._agenda.add("end", call["id"], wait=60)

    async def add(self, connection: Connection) -> int:
        """Let somebody call."""
        return await self._ring(connection)

    async def act(self, connection: Connection) -> int:
        """Do what is due, or begin something."""
        self._keep_pace()
        for auction, end in self._ends.items():
            if end <= time.monotonic():
                async with connection.transaction():
                    return await self._close(connection, auction)
        due = self._agenda.next()
        if due is None:
            if self._chance.random() < 0.01 and self._campaigns:
                return await self._raise(connection)
            going_on = len(self._accounts) + len(self._busy)
            if self._chance.random() > going_on / CROWD or not self._agenda:
                return await self._ring(connection)
            due = self._agenda.soonest()  # enough goes on: what comes next comes now
        what, subject = due
        async with connection.transaction():
            return await self._steps[what](connection, subject)

    def _keep_pace(self) -> None:
        before, mean = self._pace
        now = time.monotonic()
        self._pace = (now, mean * 0.98 + min(now - before, 60) * 0.02)

    async def _ring(self, connection: Connection) -> int:
        if not self._campaigns:
            return 0
        campaign = self._campaigns[int(len(self._campaigns) * self._chance.random() ** 1.6)]
        person = invent(self._chance, self._chance.choice(list(names())))
        told = (person.name, person.phone, person.country)
        call = await connection.fetchval(SQL["ring"], campaign.account, campaign.id, *told)
        self._accounts[call] = campaign.account
        self._agenda.add("miss" if self._chance.random() < 0.1 else "answer", call, wait=8)
        return 1

    async def _answer(self, connection: Connection, call: int) -> int:
        account = self._accounts.pop(call, None)
        if account is None:
            return 0
        idle = self._idle.get(account)
        if not idle:
            self._accounts[call] = account
            self._agenda.put("miss" if self._chance.random() < 0.4 else "answer", call, steps=4)
            return 0
        agent = idle.pop(self._chance.randrange(len(idle)))
        self._busy[call] = (account, agent)
        if self._chance.random() < 0.4:
            self._agenda.add("hold", call, wait=40)
        else:
            self._agenda.put("end", call, steps=20 + int(self._chance.expovariate(1 / 120)))
        return await _run(connection, "answer", call, agent)

    async def _miss(self, connection: Connection, call: int) -> int:
        self._accounts.pop(call, None)
        return await _run(connection, "hang_up", call)

    async def _hold(self, connection: Connection, call: int) -> int:
        self._agenda.add("resume", call, wait=50)
        return await _run(connection, "hold", call)

    async def _resume(self, connection: Connection, call: int) -> int:
        self._agenda.put("end", call, steps=10 + int(self._chance.expovariate(1 / 70)))
        return await _run(connection, "resume", call)

    async def _end(self, connection: Connection, call: int) -> int:
        account, agent = self._busy.pop(call, (0, 0))
        if agent and agent not in self._idle.setdefault(account, []):
            self._idle[account].append(agent)
        if self._chance.random() < 0.65:
            self._agenda.put("open", call, steps=2)
        return await _run(connection, "hang_up", call)

    async def _open(self, connection: Connection, call: int) -> int:
        steps = self._chance.randint(*AUCTION)
        left = min(max(steps * self._pace[1], SHOWN[0]), SHOWN[1])
        auction = await connection.fetchval(SQL["open_auction"], call, left)
        if auction is None:
            return 0
        self._ends[auction] = time.monotonic() + left
        self._agenda.put("close", auction, steps=steps)
        for _ in range(self._chance.choice((0, 1, 2, 3, 4, 5, 6, 8))):
            self._agenda.put("bid", auction, steps=self._chance.randrange(1, steps))
        return 1

    async def _bid(self, connection: Connection, auction: int) -> int:
        """Bid more than the best, but never more than oneself."""
        row = await connection.fetchrow(SQL["auction"], auction)
        buyer, fresh = self._chance.choice(self._buyers), self._chance.random()
        if row is None or row["buyer_id"] == buyer:
            return 0
        amount = next_bid(random.Random(fresh), row["floor"], row["best_bid"])  # noqa: S311 -- nothing to keep secret
        return await _run(connection, "bid", auction, buyer, amount)

    async def _close(self, connection: Connection, auction: int) -> int:
        self._ends.pop(auction, None)
        if not await _run(connection, "close_auction", auction):
            return 0
        payment = await connection.fetchval(SQL["payment_of"], auction)
        if payment is not None:
            self._agenda.add("pay", payment, wait=80)
        return 1

    async def _pay(self, connection: Connection, payment: int) -> int:
        _, status = outcome(self._chance)
        return await _run(connection, "settle", payment, status)

    async def _raise(self, connection: Connection) -> int:
        (severity, message, _) = self._chance.choices(ALERTS, [often for *_, often in ALERTS])[0]
        campaign = self._chance.choice(self._campaigns)
        text = message.format(campaign=campaign.name)
        alert = await connection.fetchval(SQL["raise"], campaign.account, severity, text)
        self._agenda.add("acknowledge", alert, wait=150, chance=0.8)
        await connection.execute(SQL["forget_events"])
        return 1

    async def _acknowledge(self, connection: Connection, alert: int) -> int:
        return await _run(connection, "acknowledge", alert)


async def _run(connection: Connection, name: str, *parameters: object) -> int:
    """Run one statement; the number of rows it changed."""
    return int((await connection.execute(SQL[name], *parameters)).rpartition(" ")[2])
