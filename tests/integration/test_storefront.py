"""The storefronts' tables: whose rows a shop sees, what the database refuses and derives, what is simulated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from dashboard import apps
from dashboard.postgres.server import Server
from tests.seats import rows_stay_with_their_member
from tests.waiting import eventually

STOREFRONT = apps.find("storefront")
OWNED = ("products", "customers", "favourites", "orders", "order_items", "downloads", "activities")
NEW_ORDER = """
    WITH buyer AS (SELECT id FROM storefront.customers WHERE shop_id = 1 ORDER BY id LIMIT 1)
    INSERT INTO storefront.orders (shop_id, customer_id) SELECT 1, id FROM buyer RETURNING id"""


@pytest.fixture
def storefront_database(app_database: Callable[[str], str]) -> str:
    return app_database("storefront")


@pytest.fixture
async def owner(storefront_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(storefront_database)
    yield connection
    await connection.close()


async def view_as(connection: asyncpg.Connection, shop: object) -> None:
    await connection.execute("SET ROLE storefront_member")
    await connection.execute("SELECT set_config('app.user_id', $1, false)", str(shop))


async def an_order(connection: asyncpg.Connection) -> int:
    """Order three pieces for 2 x 10 + 5.50."""
    order = await connection.fetchval(NEW_ORDER)
    await connection.execute(
        """INSERT INTO storefront.order_items (order_id, product_id, shop_id, quantity, price)
           SELECT $1, id, 1, CASE place WHEN 1 THEN 2 ELSE 1 END, CASE place WHEN 1 THEN 10 ELSE 5.5 END
           FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM storefront.products WHERE shop_id = 1) p
           WHERE place < 3""",
        order,
    )
    return int(order)


@pytest.mark.parametrize("table", OWNED)
async def test_each_shop_sees_only_its_own_rows(owner: asyncpg.Connection, table: str) -> None:
    count = f"SELECT shop_id, count(*) FROM storefront.{table} GROUP BY 1"
    everything = dict(await owner.fetch(count))
    for shop in (1, 2, 3):
        await view_as(owner, shop)
        seen = dict(await owner.fetch(count))
        await owner.execute("RESET ROLE")
        assert seen == {shop: everything[shop]}


async def test_without_a_setting_nobody_sees_anything(owner: asyncpg.Connection) -> None:
    await owner.execute("SET ROLE storefront_member")
    for nobody in ("never set", "set to nothing"):
        for table in STOREFRONT.tables:
            assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0, (nobody, table)
        await owner.execute("SELECT set_config('app.user_id', '', false)")


async def test_every_table_has_row_security_and_is_followed(owner: asyncpg.Connection) -> None:
    tables = (
        "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'storefront'::regnamespace AND relkind = 'r'"
    )
    assert sorted(row[0] for row in await owner.fetch(tables)) == sorted(STOREFRONT.tables)
    assert await owner.fetch(f"{tables} AND NOT relrowsecurity") == []


async def test_the_total_of_an_order_follows_its_items(owner: asyncpg.Connection) -> None:
    order = await an_order(owner)
    found = "SELECT items, total::float8 FROM storefront.orders WHERE id = $1"
    assert tuple(await owner.fetchrow(found, order)) == (3, 25.5)
    await owner.execute("UPDATE storefront.order_items SET quantity = 1 WHERE order_id = $1", order)
    assert tuple(await owner.fetchrow(found, order)) == (2, 15.5)
    await owner.execute("DELETE FROM storefront.order_items WHERE order_id = $1", order)
    assert tuple(await owner.fetchrow(found, order)) == (0, 0)


async def test_an_order_goes_its_way_and_is_told_of(owner: asyncpg.Connection) -> None:
    order = await an_order(owner)
    states = []
    for step in ("paid_at", "shipped_at", "delivered_at"):
        await owner.execute(f"UPDATE storefront.orders SET {step} = now() WHERE id = $1", order)
        states.append(await owner.fetchval("SELECT status::text FROM storefront.orders WHERE id = $1", order))
    assert states == ["paid", "shipped", "delivered"]
    told = await owner.fetch("SELECT description FROM storefront.activities ORDER BY id DESC LIMIT 4")
    wanted = ["ordered for 25.50", *(f"{verb} order {order}" for verb in ("paid", "is sent", "received"))]
    assert [row[0] for row in reversed(told)] == wanted


@pytest.mark.parametrize(
    "change", ["shipped_at = now()", "delivered_at = now()", "paid_at = placed_at - interval '1 s'"]
)
async def test_ways_that_cannot_be_are_refused(owner: asyncpg.Connection, change: str) -> None:
    order = await an_order(owner)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(f"UPDATE storefront.orders SET {change} WHERE id = $1", order)


async def test_what_is_on_its_way_cannot_be_cancelled(owner: asyncpg.Connection) -> None:
    order = await an_order(owner)
    await owner.execute("UPDATE storefront.orders SET paid_at = now(), shipped_at = now() WHERE id = $1", order)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE storefront.orders SET cancelled_at = now() WHERE id = $1", order)


async def test_an_order_holds_products_of_its_own_shop_only(owner: asyncpg.Connection) -> None:
    order = await an_order(owner)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute(
            """INSERT INTO storefront.order_items (order_id, product_id, shop_id, quantity, price)
               SELECT $1, max(id), 1, 1, 1 FROM storefront.products WHERE shop_id = 2""",
            order,
        )


async def test_a_download_is_done_when_all_of_it_is_there(owner: asyncpg.Connection) -> None:
    download = await owner.fetchval(
        """INSERT INTO storefront.downloads (shop_id, customer_id, product_id, bytes)
           SELECT 1, (SELECT min(id) FROM storefront.customers WHERE shop_id = 1), min(id), 1000
           FROM storefront.products WHERE shop_id = 1 RETURNING id"""
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE storefront.downloads SET status = 'done', ended_at = now() WHERE id = $1", download)
    half = "UPDATE storefront.downloads SET status = 'running', received = 500 WHERE id = $1 RETURNING progress"
    assert await owner.fetchval(half, download) == 0.5


async def test_the_sample_ends_now_and_is_believable(owner: asyncpg.Connection) -> None:
    states = dict(await owner.fetch("SELECT status::text, count(*) FROM storefront.orders GROUP BY 1"))
    total = sum(states.values())
    assert 3_800 < total < 6_600
    assert 0.02 < states["cancelled"] / total < 0.12
    assert states["shipped"] > 5
    assert await owner.fetchval("SELECT count(*) FROM storefront.activities WHERE happened_at > now()") == 0
    recent = "SELECT count(*) FROM storefront.activities WHERE happened_at > now() - interval '1 day'"
    assert await owner.fetchval(recent) > 100
    early = """SELECT count(*) FROM storefront.orders o JOIN storefront.customers c ON c.id = o.customer_id
               WHERE o.placed_at < c.joined_at"""
    assert await owner.fetchval(early) == 0


async def test_all_that_is_derived_is_so_in_the_sample(owner: asyncpg.Connection) -> None:
    wrong = """SELECT count(*) FROM storefront.orders ordered
               WHERE row(items, total) IS DISTINCT FROM (SELECT row(sum(quantity)::integer, sum(quantity * price))
                                                      FROM storefront.order_items WHERE order_id = ordered.id)"""
    assert await owner.fetchval(wrong) == 0


async def test_loading_again_touches_nothing(owner: asyncpg.Connection, storefront_database: str) -> None:
    await owner.execute("DELETE FROM storefront.favourites")
    assert not await STOREFRONT.load(storefront_database)
    assert await owner.fetchval("SELECT count(*) FROM storefront.favourites") == 0


async def simulated(dsn: str, changes: int, seed: int = 0) -> None:
    simulation = STOREFRONT.simulate(dsn, rate=5_000, seed=seed)
    running = asyncio.ensure_future(simulation.run())
    await eventually(lambda: simulation.written >= changes or running.done(), timeout=30)
    simulation.stop()
    await running


async def test_the_simulation_tells_whole_stories(owner: asyncpg.Connection, storefront_database: str) -> None:
    last = await owner.fetchval("SELECT max(id) FROM storefront.orders")
    begin = await owner.fetchval("SELECT now()")
    await simulated(storefront_database, 2_000)
    states = "SELECT DISTINCT status::text FROM storefront.orders WHERE id > $1"
    assert {row[0] for row in await owner.fetch(states, last)} >= {"paid", "shipped", "delivered", "cancelled"}
    downloads = "SELECT DISTINCT status::text FROM storefront.downloads WHERE asked_at > $1"
    assert {row[0] for row in await owner.fetch(downloads, begin)} >= {"running", "done", "failed"}
    assert await owner.fetchval("SELECT count(*) FROM storefront.favourites WHERE added_at > $1", begin) > 50
    empty = "SELECT count(*) FROM storefront.orders WHERE id > $1 AND total = 0"
    assert await owner.fetchval(empty, last) == 0


async def test_the_same_seed_tells_the_same_story(app_database: Callable[[str], str]) -> None:
    stories = []
    for _ in range(2):
        dsn = app_database("storefront")
        connection = await asyncpg.connect(dsn)
        last = await connection.fetchval("SELECT max(id) FROM storefront.activities")
        await simulated(dsn, 300, seed=7)
        told = "SELECT customer, description FROM storefront.activities WHERE id > $1 ORDER BY id LIMIT 120"
        stories.append([tuple(row) for row in await connection.fetch(told, last)])
        await connection.close()
    assert stories[0] == stories[1]


async def test_the_page_shows_who_is_logged_in_their_own_rows_only(
    server: Server, app_database: Callable[[str], str]
) -> None:
    rename = "UPDATE storefront.products SET name = '{secret}' WHERE shop_id = 1"
    await rows_stay_with_their_member(server, app_database("storefront"), "storefront", rename)
