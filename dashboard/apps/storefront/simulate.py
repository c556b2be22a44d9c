"""Customers of small shops: they like things, order them, pay, and wait for the post or for the last byte.

Each step is one change. What follows is put on a list, due after a number of steps rather than of seconds: a slow and
a fast simulation tell the same story, and a seed makes it again.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from dashboard.apps.agenda import Agenda
from dashboard.apps.people import invent, names
from dashboard.apps.statements import statements
from dashboard.postgres.connection import Connection

SQL = statements(__package__ or "dashboard.apps.storefront", "simulate")
HABITS = {"like": 30, "order": 17, "download": 17, "unlike": 8, "join": 6}  # what customers begin, and how often
STEPS = {"pay": 12, "ship": 70, "deliver": 160, "receive": 9, "cancel": 40}  # how long each is waited for, in steps
Step = Callable[[Connection, int], Awaitable[int]]


class Shoppers:
    """The customers of all shops, as one `dashboard.apps.simulation.Actor`."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self._products: dict[int, list[int]] = {}  # by shop
        self._files: dict[int, list[int]] = {}  # products that are downloaded, by shop
        self._customers: list[tuple[int, int]] = []  # customer and shop
        self._step = 0
        self._agenda = Agenda(self._chance)
        self._steps: dict[str, Step] = {
            "pay": self._pay,
            "ship": self._ship,
            "deliver": self._deliver,
            "cancel": self._cancel,
            "receive": self._receive,
        }
        self._habits: dict[str, Callable[[Connection], Awaitable[int]]] = {
            "like": self._like,
            "unlike": self._unlike,
            "order": self._order,
            "download": self._download,
            "join": self._join,
        }

    async def begin(self, connection: Connection) -> None:
        """Read who there is, what is sold, and what is under way."""
        self._products, self._files = {}, {}
        for row in await connection.fetch(SQL["products"]):
            self._products.setdefault(row["shop_id"], []).append(row["id"])
            if row["bytes"] is not None:
                self._files.setdefault(row["shop_id"], []).append(row["id"])
        self._customers = [(row["id"], row["shop_id"]) for row in reversed(await connection.fetch(SQL["customers"]))]
        if self._agenda:
            return
        for row in await connection.fetch(SQL["orders_under_way"]):
            self._follow(row["id"], {"pending": "pay", "paid": "ship"}.get(row["status"], "deliver"), slower=3)
        for row in await connection.fetch(SQL["downloads_under_way"]):
            self._follow(row["id"], "receive")

    async def add(self, connection: Connection) -> int:
        """Let a customer order."""
        return await self._order(connection) if self._customers and self._products else 0

    async def act(self, connection: Connection) -> int:
        """Do what is due, or begin something."""
        self._step += 1
        due = self._agenda.next()
        if due is not None:
            what, subject = due
            return await self._steps[what](connection, subject)
        if self._step % 1_000 == 0:
            await connection.execute(SQL["forget_activities"])
        (what,) = self._chance.choices(list(HABITS), list(HABITS.values()))
        return await self._habits[what if self._customers and self._products else "join"](connection)

    def _follow(self, subject: int, what: str, slower: float = 1) -> None:
        """Put on the list what follows."""
        self._agenda.add(what, subject, wait=STEPS[what] * slower)

    def _anybody(self) -> tuple[int, int]:
        """A customer and their shop; who came lately comes more often."""
        return self._customers[int(len(self._customers) * self._chance.random() ** 0.6)]

    def _anything(self, products: list[int]) -> int:
        """A product: few are wanted often, most hardly ever."""
        return products[int(len(products) * self._chance.random() ** 2)]

    async def _join(self, connection: Connection) -> int:
        shops = list(self._products)
        if not shops:
            return 0
        shop = shops[int(len(shops) * self._chance.random() ** 1.6)]
        person = invent(self._chance, self._chance.choice(list(names())))
        customer = await connection.fetchval(SQL["join"], shop, person.name, person.email, person.country)
        self._customers.append((customer, shop))
        return 1

    async def _like(self, connection: Connection) -> int:
        customer, shop = self._anybody()
        return await _run(connection, "like", customer, self._anything(self._products[shop]), shop)

    async def _unlike(self, connection: Connection) -> int:
        _, shop = self._anybody()
        return await _run(connection, "unlike", shop, self._chance.randrange(60))

    async def _order(self, connection: Connection) -> int:
        customer, shop = self._anybody()
        chosen = {self._anything(self._products[shop]) for _ in range(self._chance.choice((1, 1, 1, 2, 2, 3, 5)))}
        quantities = [self._chance.choice((1, 1, 1, 1, 2, 3)) for _ in chosen]
        async with connection.transaction():
            order = await connection.fetchval(SQL["order"], shop, customer)
            await connection.execute(SQL["items"], order, sorted(chosen), quantities)
        self._follow(order, "cancel" if self._chance.random() < 0.07 else "pay")
        return 1

    async def _pay(self, connection: Connection, order: int) -> int:
        self._follow(order, "cancel" if self._chance.random() < 0.03 else "ship")
        return await _run(connection, "pay", order)

    async def _ship(self, connection: Connection, order: int) -> int:
        self._follow(order, "deliver")
        return await _run(connection, "ship", order)

    async def _deliver(self, connection: Connection, order: int) -> int:
        return await _run(connection, "deliver", order)

    async def _cancel(self, connection: Connection, order: int) -> int:
        return await _run(connection, "cancel", order)

    async def _download(self, connection: Connection) -> int:
        customer, shop = self._anybody()
        if shop not in self._files:
            return 0
        download = await connection.fetchval(SQL["ask"], customer, self._anything(self._files[shop]))
        if download is None:
            return 0
        self._follow(download, "receive")
        return 1

    async def _receive(self, connection: Connection, download: int) -> int:
        if self._chance.random() < 0.012:
            return await _run(connection, "fail", download)
        share = self._chance.uniform(0.06, 0.34)
        status = await connection.fetchval(SQL["receive"], download, share)
        if status == "running":
            self._follow(download, "receive")
        return int(status is not None)


async def _run(connection: Connection, name: str, *parameters: object) -> int:
    """Run one statement; the number of rows it changed."""
    return int((await connection.execute(SQL[name], *parameters)).rpartition(" ")[2])
