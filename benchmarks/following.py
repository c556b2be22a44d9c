"""Following pgbench at full speed: nothing lost, bounded lag, caught up within a second of its end.

pgbench inserts single rows from 16 clients as fast as it can for some seconds. The follower keeps three queries up
to date (a sum, the newest 50 rows, counts by group) and counts the changes it sees.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from benchmarks.record import Figure, percentile, record
from dashboard.live import Live
from dashboard.live.hub import Tick
from dashboard.postgres.server import Server

SECONDS = int(os.environ.get("DASHBOARD_BENCH_SECONDS", "15"))
_TABLE = """
CREATE TABLE readings (id bigserial PRIMARY KEY, sensor int NOT NULL, value int NOT NULL, at timestamptz DEFAULT now())
"""
_INSERT = r"""
\set sensor random(1, 20)
\set value random(1, 1000)
INSERT INTO readings (sensor, value) VALUES (:sensor, :value);
"""


async def main() -> None:
    """Run and record."""
    with Server(temporary=True) as server:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute(_TABLE)
        async with Live(server.dsn) as live:
            await live.install("readings")
            figures = await _follow(server, live, connection)
        await connection.close()
    record("following", figures)


async def _follow(server: Server, live: Live, connection: asyncpg.Connection) -> list[Figure]:
    total = live.query("SELECT count(*) AS n, sum(value) AS value FROM readings")
    newest = live.query("SELECT id, sensor, value FROM readings ORDER BY id DESC LIMIT 50")
    groups = live.query("SELECT sensor, count(*) AS n, avg(value) AS mean FROM readings GROUP BY sensor")
    for query in (total, newest, groups):
        await query.ready()
    seen, lags = 0, []

    def count(tick: Tick) -> None:
        nonlocal seen
        seen += len(tick.changes) + sum(tick.flooded.values())
        if tick.changes:
            lags.append((tick.at - tick.changes[0].at).total_seconds())

    live.on_tick(count)
    ticks, processor, began = live.hub.ticks, time.process_time(), time.perf_counter()
    await _pgbench(server)
    ended = time.perf_counter()
    await live.caught_up()
    caught_up = time.perf_counter() - ended
    share = (time.process_time() - processor) / (ended - began)
    rows, value = await connection.fetchrow("SELECT count(*), sum(value) FROM readings")
    assert tuple(total.state.rows[0]) == (rows, value)
    return [
        Figure(name="single-row commits by pgbench", value=rows / (ended - began), unit="/s"),
        Figure(name="changes lost", value=rows - seen, unit="", at_most=0),
        Figure(name="caught_up() after pgbench has ended", value=caught_up, unit="s", at_most=1),
        Figure(name="lag, p50", value=percentile(lags, 0.5), unit="s"),
        Figure(name="lag, p99", value=percentile(lags, 0.99), unit="s", at_most=2),
        Figure(name="ticks", value=(live.hub.ticks - ticks) / (ended - began), unit="/s"),
        Figure(name="the follower's own processor share", value=share, unit="core"),
    ]


async def _pgbench(server: Server) -> None:
    with TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(_INSERT)
        command = [server.bin / "pgbench", "-n", "-c", "16", "-j", "2", "-T", str(SECONDS), "-f", script, server.dsn]
        process = await asyncio.create_subprocess_exec(
            *map(str, command), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        await process.wait()


if __name__ == "__main__":
    asyncio.run(main())
