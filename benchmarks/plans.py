"""What a tick costs: independent of the table's size under plan sums, and of the queries that are open.

Sums: the cost of a tick with one changed row, over 10,000 and over 10,000,000 rows. Routing: the cost of a tick that
touches one query, with 1 and with 1,000 queries open on the table. Medians of interleaved ticks; the
cost is `Tick.cost`, which includes reading the log.
"""

from __future__ import annotations

import asyncio
import os
import statistics

import asyncpg

from benchmarks.record import Figure, record
from dashboard.live import Live
from dashboard.live.hub import Tick
from dashboard.postgres.server import Server

LARGE = int(os.environ.get("DASHBOARD_BENCH_ROWS", "10000000"))
SMALL = 10_000
ROUNDS = 150


async def main() -> None:
    """Run and record."""
    with Server(temporary=True, durable=False) as server:
        connection = await asyncpg.connect(server.dsn)
        figures = await _sums(server, connection) + await _routing(server, connection)
        await connection.close()
    record("plans", figures)


async def _sums(server: Server, connection: asyncpg.Connection) -> list[Figure]:
    for name, size in (("small", SMALL), ("large", LARGE)):
        await connection.execute(f"CREATE TABLE {name} (id bigint PRIMARY KEY, kind int, amount int)")
        await connection.execute(f"INSERT INTO {name} SELECT i, i % 10, i % 1000 FROM generate_series(1, {size}) i")
        await connection.execute(f"VACUUM ANALYZE {name}")
    async with Live(server.dsn) as live:
        await live.install("small", "large")
        queries = [
            await live.query(f"SELECT kind, count(*) AS n, sum(amount) AS total FROM {name} GROUP BY kind").ready()
            for name in ("small", "large")
        ]
        assert [query.plan.kind for query in queries if query.plan] == ["sums", "sums"]
        costs: dict[str, list[float]] = {"small": [], "large": []}
        for nth in range(ROUNDS):
            for name in costs:
                cost = await _tick(live, connection, f"UPDATE {name} SET amount = amount + 1 WHERE id = {nth + 1}")
                costs[name].append(cost)
    small, large = (statistics.median(costs[name]) for name in ("small", "large"))
    return [
        Figure(name=f"plan sums, a tick over {SMALL:,} rows", value=small * 1e3, unit="ms"),
        Figure(name=f"plan sums, a tick over {LARGE:,} rows", value=large * 1e3, unit="ms"),
        Figure(name="plan sums, large beside small", value=large / small, at_most=1.3),
    ]


async def _routing(server: Server, connection: asyncpg.Connection) -> list[Figure]:
    await connection.execute("CREATE TABLE items (id bigint PRIMARY KEY, owner int, amount int)")
    await connection.execute("INSERT INTO items SELECT i, i % 1000, i FROM generate_series(1, 10000) i")
    await connection.execute("CREATE INDEX ON items (owner); ANALYZE items")
    sql = "SELECT id, amount FROM items WHERE owner = $1"
    costs: dict[int, list[float]] = {1: [], 1000: []}
    async with Live(server.dsn) as few, Live(server.dsn) as many:
        await few.install("items")
        queries = [few.query(sql, 7), *(many.query(sql, owner) for owner in range(1000))]
        for query in queries:
            await query.ready()
        await many.caught_up()
        for nth in range(ROUNDS):
            for size, live in ((1, few), (1000, many)):
                statement = f"UPDATE items SET amount = {nth * 2000 + size} WHERE id = 7"
                costs[size].append(await _tick(live, connection, statement))
    one, thousand = (statistics.median(costs[size]) for size in (1, 1000))
    return [
        Figure(name="a tick that touches 1 query of 1", value=one * 1e3, unit="ms"),
        Figure(name="a tick that touches 1 query of 1,000", value=thousand * 1e3, unit="ms"),
        Figure(name="routing, 1,000 open beside 1 open", value=thousand / one, at_most=2),
    ]


async def _tick(live: Live, connection: asyncpg.Connection, statement: str) -> float:
    """Run a statement; the cost in seconds of the tick that brings its change."""
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def take(tick: Tick) -> None:
        if tick.deltas and not done.done():
            done.set_result(tick.cost)

    subscription = live.on_tick(take)
    await connection.execute(statement)
    cost = await asyncio.wait_for(done, 30)
    subscription.close()
    await live.caught_up()
    return cost


if __name__ == "__main__":
    asyncio.run(main())
