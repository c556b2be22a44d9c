"""What writing through a `Live` costs, beside asyncpg alone on the same server.

One process, `CLIENTS` tasks that each write one row after the other: `live.write` with its key noted in the same
transaction, against `execute` of the same statement on as many connections, each a task's own. Both take turns, and
the median of the rounds' ratios is told. (asyncpg's pool, which resets a connection after each use, is slower.) In a
scope a write takes four exchanges with the server instead of one, for PostgreSQL decides on rights before it runs a
statement: BEGIN, key and role, the statement, COMMIT; beside it stands asyncpg that enters the scope, in three.
Then `QUEUED` writes that waited on disk for the database are sent, each with its key, in their order.

``DASHBOARD_BENCH_SECONDS`` is the length of one round, ``DASHBOARD_BENCH_ROUNDS`` how many there are.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from statistics import median
from tempfile import TemporaryDirectory

import asyncpg

from benchmarks.record import Figure, record
from dashboard.live import Live, Scope
from dashboard.postgres.server import Server
from dashboard.settings import settings
from tests.waiting import eventually

SECONDS = float(os.environ.get("DASHBOARD_BENCH_SECONDS", "2"))
ROUNDS = int(os.environ.get("DASHBOARD_BENCH_ROUNDS", "7"))
CLIENTS = 16
QUEUED = 10_000
SQL = "INSERT INTO notes (shop, text) VALUES ($1, $2)"


async def main() -> None:
    """Run and record."""
    with TemporaryDirectory() as folder:
        os.environ["DASHBOARD_DATA_FOLDER"] = folder
        settings.cache_clear()
        with Server(temporary=True) as server:
            figures = await _rates(server) + await _replay(server)
    record("writing", figures)


async def _rates(server: Server) -> list[Figure]:
    connections = [await asyncpg.connect(server.dsn) for _ in range(CLIENTS)]
    await connections[0].execute(
        "CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shop int, text text); "
        "CREATE TABLE captured (id int); CREATE ROLE shop; GRANT INSERT, SELECT ON notes TO shop"
    )
    runs: dict[str, list[float]] = {"asyncpg": [], "live": [], "by hand": [], "scope": []}
    async with Live(server.dsn) as live:
        await live.install("captured")
        scope = Scope(role="shop", settings={"app.user_id": "7"})
        ways: dict[str, Callable[[int], Awaitable[object]]] = {
            "asyncpg": lambda n: connections[n].execute(SQL, n, "some text"),
            "live": lambda n: live.write(SQL, n, "some text"),
            "by hand": lambda n: _by_hand(connections[n], n),
            "scope": lambda n: live.write(SQL, n, "some text", scope=scope),
        }
        for _ in range(ROUNDS):
            for name, way in ways.items():
                runs[name].append(await _rate(way))
    for connection in connections:
        await connection.close()

    def ratio(name: str, beside: str = "asyncpg") -> float:
        return median(a / b for a, b in zip(runs[name], runs[beside], strict=True))

    return [
        Figure(name=f"INSERT of one row, {CLIENTS} tasks: live.write / asyncpg", value=ratio("live"), at_least=0.7),
        Figure(name="the same in a scope (BEGIN, role, COMMIT) / asyncpg", value=ratio("scope")),
        Figure(name="the same in a scope / asyncpg in it, without a key", value=ratio("scope", "by hand")),
        Figure(name="INSERT of one row, asyncpg", value=median(runs["asyncpg"]), unit="1/s"),
    ]


async def _by_hand(connection: asyncpg.Connection, number: int) -> None:
    """What somebody sends who enters the scope without a `Live`; whether it went through nobody can tell later."""
    await connection.execute("BEGIN; SET LOCAL ROLE shop; SET LOCAL app.user_id = '7'")
    await connection.execute(SQL, number, "some text")
    await connection.execute("COMMIT")


async def _rate(write: Callable[[int], Awaitable[object]]) -> float:
    end = time.perf_counter() + SECONDS
    done = 0

    async def client(number: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await write(number)
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return done / (time.perf_counter() - began)


async def _replay(server: Server) -> list[Figure]:
    """Writes are kept as if the database were away, then sent."""
    async with Live(server.dsn) as live:
        session = live.session("bench")
        table = await session.table("notes")
        writer = live.writer
        writer._is_away = writer._is_replaying = True
        began = time.perf_counter()
        writes = [table.insert({"shop": number, "text": "some text"}) for number in range(QUEUED)]
        await eventually(lambda: writes[-1].state == "kept", timeout=600)
        kept = time.perf_counter() - began
        writer._is_away = writer._is_replaying = False
        began = time.perf_counter()
        writer._replay_soon()
        for write in writes:
            await write
        sent = time.perf_counter() - began
    return [
        Figure(name=f"{QUEUED:,} writes of a session kept on disk", value=kept, unit="s"),
        Figure(name=f"{QUEUED:,} kept writes sent, each once, in order", value=sent, unit="s"),
    ]


if __name__ == "__main__":
    asyncio.run(main())
