"""What rows at /api cost, beside asyncpg alone doing the same under row-level security.

`CLIENTS` tasks of one process each ask for one row by its key after the other, or for a page of 100, or change a row:
by HTTP with a key, from a site in a process of its own; and with asyncpg on a connection each, in the same role and
with the same setting (BEGIN, set_config, the statement, COMMIT). Both take turns, and the median of the rounds' ratios
is told. A site is one process of Python; several side by side on one database serve more.

``DASHBOARD_BENCH_SECONDS`` is the length of one round, ``DASHBOARD_BENCH_ROUNDS`` how many there are.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

import dashboard
from benchmarks.record import Figure, record
from dashboard.postgres.server import Server
from dashboard.surfaces import people
from dashboard.surfaces.access import access_by
from dashboard.surfaces.capturing import install
from dashboard.surfaces.directory import Table
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site

SECONDS = float(os.environ.get("DASHBOARD_BENCH_SECONDS", "2"))
ROUNDS = int(os.environ.get("DASHBOARD_BENCH_ROUNDS", "5"))
CLIENTS = 16
SCHEMA = """
CREATE ROLE shop NOLOGIN;
CREATE TABLE orders (id integer PRIMARY KEY, shop integer NOT NULL, status text NOT NULL, total numeric(12, 2) NOT NULL,
                     at timestamptz NOT NULL DEFAULT now());
INSERT INTO orders SELECT n, n % 10, 'open', n FROM generate_series(1, 100000) n;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON orders TO shop USING (shop = NULLIF(current_setting('app.user_id', true), '')::integer);
GRANT SELECT, UPDATE ON orders TO shop;
"""
_ENTER = "SELECT set_config('app.user_id', '7', true), set_config('role', 'shop', true)"
_LIST = "SELECT row_to_json(o)::text FROM orders o WHERE id > $1 ORDER BY id LIMIT 100"

Way = Callable[[int, int], Awaitable[object]]


async def main() -> None:
    """Run and record."""
    with TemporaryDirectory() as folder, Server(temporary=True) as server:
        os.environ |= {"DASHBOARD_DATA_FOLDER": folder, "DASHBOARD_API_RATE": "1e9"}
        connections = [await asyncpg.connect(server.dsn) for _ in range(CLIENTS)]
        await connections[0].execute(SCHEMA)
        await install(server.dsn, ["orders"])
        scope = people.scope_given("shop", ["app.user_id=7"])
        await people.add(server.dsn, "ana", name="", password=None, page="", scope=scope, is_operator=False)
        key = await people.key(server.dsn, "ana")
        site = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.rest", server.dsn, stdout=subprocess.PIPE
        )
        try:
            assert site.stdout is not None
            url = (await site.stdout.readline()).decode().strip()
            runs = await _runs(_by_http(url, key), _by_asyncpg(connections))
        finally:
            site.terminate()
            await site.wait()
            for connection in connections:
                await connection.close()
    record("rest", _figures(runs))


def _by_http(url: str, key: str) -> dict[str, Way]:
    AsyncHTTPClient.configure(None, max_clients=CLIENTS)
    client = AsyncHTTPClient()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    said = json.dumps({"status": "paid"})

    def row(client_number: int, n: int) -> Awaitable[object]:
        return client.fetch(HTTPRequest(f"{url}api/orders/{_id(client_number, n)}", headers=headers))

    def page(client_number: int, n: int) -> Awaitable[object]:
        return client.fetch(HTTPRequest(f"{url}api/orders?id=gt.{_id(client_number, n)}", headers=headers))

    def change(client_number: int, n: int) -> Awaitable[object]:
        address = f"{url}api/orders/{_id(client_number, n)}"
        return client.fetch(HTTPRequest(address, method="PATCH", body=said, headers=headers))

    return {"one row": row, "a page of 100 rows": page, "a change": change}


def _by_asyncpg(connections: list[Any]) -> dict[str, Way]:
    async def ask(client_number: int, sql: str, *parameters: Any) -> None:
        connection = connections[client_number]
        async with connection.transaction():
            await connection.execute(_ENTER)
            await connection.fetch(sql, *parameters)

    return {
        "one row": lambda c, n: ask(c, "SELECT row_to_json(o)::text FROM orders o WHERE id = $1", _id(c, n)),
        "a page of 100 rows": lambda c, n: ask(c, _LIST, _id(c, n)),
        "a change": lambda c, n: ask(c, "UPDATE orders SET status = $1 WHERE id = $2 RETURNING *", "paid", _id(c, n)),
    }


def _id(client_number: int, n: int) -> int:
    """A row of the caller's; no two clients take the same at once."""
    return ((n * CLIENTS + client_number) % 9_000) * 10 + 7


async def _runs(*sides: dict[str, Way]) -> dict[str, list[tuple[float, float]]]:
    runs: dict[str, list[tuple[float, float]]] = {what: [] for what in sides[0]}
    for _ in range(ROUNDS):
        for what, rates in runs.items():
            rates.append((await _rate(sides[0][what]), await _rate(sides[1][what])))
    return runs


async def _rate(way: Way) -> float:
    end = time.perf_counter() + SECONDS
    done = 0

    async def client(number: int) -> None:
        nonlocal done
        turn = 0
        while time.perf_counter() < end:
            await way(number, turn)
            turn += 1
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return done / (time.perf_counter() - began)


def _figures(runs: dict[str, list[tuple[float, float]]]) -> list[Figure]:
    figures = []
    for what, rates in runs.items():
        ratio = median(http / bare for http, bare in rates)
        figures.append(Figure(name=f"{what} in a scope, {CLIENTS} clients: /api / asyncpg", value=ratio, at_least=0.05))
        figures.append(Figure(name=f"{what}: /api", value=median(http for http, _ in rates), unit="1/s"))
        figures.append(Figure(name=f"{what}: asyncpg", value=median(bare for _, bare in rates), unit="1/s"))
    return figures


async def serve(dsn: str) -> None:
    """Be the site, until terminated."""
    async with dashboard.connect(dsn) as live:
        shown = Page(slug="orders", title="Orders", summary="", content=dict, api=("orders",), live=live)
        async with Site([shown], port=0, access=access_by(Table(dsn))) as site:
            print(site.url, flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]) if len(sys.argv) > 1 else main())
