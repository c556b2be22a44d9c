"""A change reaches the queries it can touch, however they write the value they hold a column equal to."""

from __future__ import annotations

import uuid

import pytest

from dashboard.live import Live
from dashboard.postgres.connection import connect

U = uuid.UUID("0A0A0A0A-0000-4000-8000-00000000ABCD")


@pytest.mark.parametrize(
    ("condition", "parameters"),
    [
        ("shop = 7", ()),
        ("shop = '07'", ()),
        ("'7' = shop AND note IS NULL", ()),
        ("shop = $1", (7,)),
        ("shop = 7.0", ()),
        ("token = '0A0A0A0A-0000-4000-8000-00000000ABCD'", ()),
        ("token = $1", (U,)),
        ("token = '{0a0a0a0a-0000-4000-8000-00000000abcd}'", ()),
        ("open = 't'", ()),
        ("open = $1", (True,)),
        ("name = 'Ünï'", ()),
    ],
)
async def test_a_row_with_that_value_wakes_the_query(database: str, condition: str, parameters: tuple[object]) -> None:
    writer = await connect(database)
    await writer.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, shop int, token uuid, open boolean, name text, note text)"
    )
    async with Live(database) as live:
        await live.install("orders")
        query = await live.query(f"SELECT id FROM orders WHERE {condition}", *parameters).ready()
        await writer.execute("INSERT INTO orders VALUES (1, 7, $1, true, 'Ünï')", U)
        await live.caught_up()
        assert query.frame["id"].tolist() == [1]
        await writer.execute("UPDATE orders SET shop = 8, token = NULL, open = false, name = NULL")
        await live.caught_up()
        assert query.frame["id"].tolist() == []
    await writer.close()


async def test_other_values_leave_the_query_alone(database: str) -> None:
    writer = await connect(database)
    await writer.execute("CREATE TABLE orders (id int PRIMARY KEY, shop int)")
    async with Live(database) as live:
        await live.install("orders")
        query = await live.query("SELECT id FROM orders WHERE shop = 7").ready()
        await live.caught_up()
        runs = query.state.version
        touched: list[object] = []
        query.subscribe(lambda _query, delta: touched.append(delta))
        await writer.execute("INSERT INTO orders SELECT i, 8 FROM generate_series(1, 50) i")
        await live.caught_up()
        assert (query.state.version, touched) == (runs, [])
    await writer.close()
