"""What a query reads without naming it: views on views, policies, functions, enums, locks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from dashboard.live import Live, LiveQuery
from dashboard.postgres.connection import Connection, connect
from tests.waiting import eventually


@pytest.fixture
async def writer(database: str) -> AsyncIterator[Connection]:
    connection = await connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def live(database: str) -> AsyncIterator[Live]:
    async with Live(database) as following:
        yield following


def values(query: LiveQuery) -> list[tuple[object, ...]]:
    return [query.state.rows[key] for key in query.state.keys]


async def test_a_view_on_a_view_that_reads_the_clock_is_kept_true_as_time_passes(
    live: Live, writer: Connection
) -> None:
    await writer.execute("""
        CREATE TABLE marks (id int PRIMARY KEY, at timestamptz DEFAULT now());
        CREATE VIEW recent AS SELECT * FROM marks WHERE at > now() - interval '1 second';
        CREATE VIEW again AS SELECT * FROM recent""")
    await live.install("marks")
    await writer.execute("INSERT INTO marks VALUES (1)")
    query = await live.query("SELECT count(*) AS n FROM again").ready()
    await eventually(lambda: values(query) == [(0,)])


async def test_a_function_that_reads_the_clock_is_asked_again(live: Live, writer: Connection) -> None:
    await writer.execute("""
        CREATE TABLE marks (id int PRIMARY KEY, at timestamptz DEFAULT now());
        CREATE FUNCTION fresh(timestamptz) RETURNS boolean LANGUAGE sql STABLE
            AS $$ SELECT $1 > now() - interval '1 second' $$;
        INSERT INTO marks VALUES (1)""")
    await live.install("marks")
    query = await live.query("SELECT id FROM marks WHERE fresh(at)").ready()
    await eventually(lambda: values(query) == [])


async def test_a_function_behind_a_view_may_read_any_table(live: Live, writer: Connection) -> None:
    await writer.execute("""
        CREATE TABLE orders (id int PRIMARY KEY);
        CREATE TABLE prices (id int PRIMARY KEY, price int);
        INSERT INTO prices VALUES (1, 9);
        CREATE FUNCTION price(int) RETURNS int LANGUAGE plpgsql STABLE
            AS $$ BEGIN RETURN (SELECT p.price FROM prices p WHERE p.id = $1); END $$;
        CREATE VIEW priced AS SELECT id, price(id) AS price FROM orders""")
    await live.install("orders", "prices")
    query = await live.query("SELECT id, price FROM priced").ready()
    await writer.execute("INSERT INTO orders VALUES (1)")
    await live.caught_up()
    await writer.execute("UPDATE prices SET price = 10")
    await live.caught_up()
    assert values(query) == [(1, 10)]


async def test_a_renamed_label_of_an_enum_is_shown(live: Live, writer: Connection) -> None:
    await writer.execute("""
        CREATE TYPE mood AS ENUM ('happy', 'sad');
        CREATE TABLE people (id int PRIMARY KEY, mood mood);
        INSERT INTO people VALUES (1, 'happy')""")
    await live.install("people")
    query = await live.query("SELECT id, mood FROM people").ready()
    await live.caught_up()
    await writer.execute("ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'")
    await eventually(lambda: values(query) == [(1, "glad")])


@pytest.mark.parametrize(
    ("column", "value", "sql"),
    [
        ("doc jsonb", "'null'", "SELECT count(*) FILTER (WHERE doc IS NULL) AS n FROM things"),
        ("doc int[]", "'[0:1]={5,6}'", "SELECT sum(doc[0]) AS n FROM things"),
    ],
)
async def test_what_an_image_does_not_hold_is_read_from_the_table(
    live: Live, writer: Connection, column: str, value: str, sql: str
) -> None:
    await writer.execute(f"CREATE TABLE things (id int PRIMARY KEY, {column}); INSERT INTO things VALUES (1, NULL)")
    await live.install("things")
    query = await live.query(sql).ready()
    await live.caught_up()
    await writer.execute(f"INSERT INTO things VALUES (2, {value})")
    await live.caught_up()
    assert values(query) == [tuple(await writer.fetchrow(sql))]


async def test_incomplete_capture_is_polled_and_said(live: Live, writer: Connection) -> None:
    await writer.execute("CREATE TABLE orders (id int PRIMARY KEY)")
    await live.install("orders")
    await writer.execute("ALTER TABLE orders DISABLE TRIGGER dashboard_insert")
    query = await live.query("SELECT id FROM orders").ready()
    await writer.execute("INSERT INTO orders VALUES (1)")
    await eventually(lambda: values(query) == [(1,)])


async def test_a_lock_on_one_table_does_not_hold_up_the_queries_of_others(
    database: str, live: Live, writer: Connection
) -> None:
    await writer.execute("""
        CREATE TABLE locked (id int PRIMARY KEY, v int);
        CREATE TABLE orders (id int PRIMARY KEY);
        CREATE TABLE others (id int PRIMARY KEY)""")
    await live.install("locked", "orders", "others")
    joined = await live.query("SELECT o.id, l.v FROM orders o LEFT JOIN locked l ON l.id = o.id").ready()
    free = await live.query("SELECT id FROM others").ready()
    await live.caught_up()
    locker = await connect(database)
    async with locker.transaction():
        await locker.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        await writer.execute("INSERT INTO orders VALUES (1); INSERT INTO others VALUES (1)")
        await eventually(lambda: values(free) == [(1,)])
        assert values(joined) == []
    await eventually(lambda: values(joined) == [(1, None)])
    await locker.close()


async def test_a_live_that_was_used_plainly_outlives_a_block(database: str) -> None:
    import dashboard

    plain = dashboard.connect(database)
    query = await plain.query("SELECT 1 AS one").ready()
    async with dashboard.connect(database) as same:
        assert same is plain
        await asyncio.sleep(0)
    assert not plain.is_closed
    assert query.frame["one"].tolist() == [1]
    await plain.close()
