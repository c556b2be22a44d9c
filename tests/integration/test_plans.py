"""Which plan follows which SELECT, and that every doubt falls to a re-run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dashboard.live import Live
from dashboard.live.answer import Answer, Opened, opened
from dashboard.postgres.capture import install
from dashboard.postgres.connection import Connection
from dashboard.postgres.reading import Reading
from dashboard.postgres.server import Server
from tests.conftest import in_database, psql
from tests.log import connected
from tests.witness import difference, rows_of

TABLES = ("o", "m", "pairs", "nokey", "nullable", "partial", "deferred", "alternate", "odd_key", "lists",
          '"Odd ""Näme"', "parted", "parent", "moods", "s.o")  # fmt: skip

ROWS = [
    "SELECT id, imm(shop) FROM o",
    "SELECT id, id FROM o",
    "SELECT id, shop AS id FROM o",
    'SELECT "Id", id FROM o',
    "SELECT ID FROM O",
    'SELECT Id, "Id" FROM public.o',
    "SELECT o.* FROM o",
    "SELECT id, o AS whole FROM o",
    'SELECT id FROM "public"."o" AS x WHERE x.shop = 3',
    "SELECT id FROM o -- comment",
    "SELECT id FROM o;",
    "SELECT id FROM o; -- comment",
    "SELECT id FROM o ;  ;",
    "/* c */ SELECT id /* ; */ FROM o WHERE status = 'a;b'",
    "SELECT id FROM o WHERE status = $$x;y$$",
    "SELECT id FROM o WHERE status = $tag$x'y$tag$",
    r"SELECT id FROM o WHERE status = E'it\'s'",
    r"SELECT id FROM o WHERE status = U&'\0061'",
    "SELECT id FROM o WHERE doc ?| array['a', 'b']",
    """SELECT id FROM o WHERE doc @> '{"a": 1}'""",
    "SELECT id FROM o WHERE doc ? 'a'",
    "SELECT id, shop::text FROM o",
    "SELECT id, tags[1:2], tags[1] FROM o",
    "SELECT id, doc->'a'->>'b' FROM o",
    "SELECT id FROM o WHERE doc @@ '$.a > 1' OR doc @? '$.a[*] ? (@ > 2)'",
    "SELECT id FROM o ORDER BY id LIMIT 2",
    "SELECT id, total FROM o ORDER BY 2 DESC NULLS LAST, id LIMIT 2",
    "SELECT id, -id AS x FROM o ORDER BY x LIMIT 3",
    "SELECT id AS x, shop AS id FROM o ORDER BY id, x LIMIT 2",
    "SELECT * FROM (SELECT id, shop FROM o) q WHERE q.shop = 1",
    "SELECT id FROM o WHERE id IN (SELECT id FROM m)",
    "SELECT id, (SELECT count(*) FROM m) FROM o",
    "SELECT id FROM o WHERE EXISTS (SELECT 1 FROM m WHERE m.id = o.shop)",
    "SELECT * FROM parted",
    'SELECT * FROM "Odd ""Näme" WHERE "é" > 1',
    "SELECT o.id, m.name FROM o JOIN m ON m.id = o.shop",
    "SELECT o.id, m.name FROM o LEFT JOIN m ON m.id = o.shop ORDER BY o.id LIMIT 3",
    "SELECT id, m FROM moods WHERE m = 'sad'",
    "SELECT a, b FROM alternate",
    "SELECT b, a, x FROM pairs WHERE a = 1",
    "SELECT n, id FROM s.o",
    "TABLE o",
    "SELECT o.id FROM o NATURAL JOIN m",
    "SELECT o.id, name FROM o LEFT JOIN m USING (id)",
    "SELECT id, extract(epoch FROM at) FROM o",
    "SELECT '😀' AS x, id FROM o WHERE status = '😀'",
]
SUMS = [
    "SELECT sum(total), count(*) FROM o",
    'SELECT sum(total) AS "Sum" FROM "public".o WHERE shop = 1',
    "SELECT sum(shop), sum(id) FILTER (WHERE shop > 1) FROM o",
    "SELECT coalesce(sum(total), 0), coalesce(sum(shop), 0) FROM o",
    "SELECT shop, count(*) FROM o GROUP BY shop ORDER BY shop",
    "SELECT shop, count(*) FROM o GROUP BY 1 ORDER BY 2 DESC",
    "SELECT shop AS s, count(*) FROM o GROUP BY s",
    "SELECT lower(status), count(*) FROM o GROUP BY lower(status)",
    "SELECT date_trunc('day', at) AS day, count(*) FROM o GROUP BY 1",
    "SELECT extract(epoch FROM at) AS ep, count(*) FROM o GROUP BY extract(epoch FROM at)",
    "SELECT substring(status FROM 1 FOR 2) AS k, count(*) FROM o GROUP BY 1",
    "SELECT m, count(*) FROM moods GROUP BY m",
    "SELECT reg, count(*) FROM parted GROUP BY reg",
    "SELECT sum(CASE WHEN shop = 1 THEN total ELSE 0 END) AS s FROM o",
    "SELECT q.shop, count(*) FROM (SELECT shop FROM o WHERE total > 1) q GROUP BY q.shop",
    "SELECT '😀 from ' || status AS k, count(*) FROM o GROUP BY 1",
    "SELECT n, count(*) FROM s.o GROUP BY n",
    "SELECT count(*) FROM nokey",
]
GROUPS = [
    "SELECT shop, avg(total), max(id) FROM o GROUP BY shop",
    "SELECT shop, sum(f) FROM o GROUP BY shop",
    "SELECT shop, count(DISTINCT status) FROM o GROUP BY shop",
    "SELECT m.name, count(*), sum(o.total) FROM o JOIN m ON m.id = o.shop GROUP BY m.name",
    "SELECT shop, array_agg(id ORDER BY id) FROM o GROUP BY shop",
]
RERUN = [
    ("SELECT id, ctid FROM o", "traced"),
    ("SELECT id FROM ONLY parent", "inheritance"),
    ("SELECT id FROM parent", "inheritance"),
    ("SELECT id FROM ONLY o", "ONLY"),
    ("SELECT id, vol(shop) FROM o", "function"),
    ("SELECT id, sta(shop) FROM o", "function"),
    ("SELECT id FROM o WHERE public.vol(shop) = 1", "function"),
    ("SELECT id FROM o WHERE shop @@@ 1", "function"),
    ("SELECT id FROM o WHERE shop OPERATOR(public.@@@) 1", "function"),
    ("SELECT id, random() FROM o", "volatile"),
    ("SELECT id, generate_series(1, 2) FROM o", "several rows"),
    ("SELECT o.id FROM o RIGHT JOIN m ON m.id = o.id", "RIGHT, FULL or NATURAL"),
    ("SELECT o.id FROM o FULL JOIN m ON m.id = o.id", "RIGHT, FULL or NATURAL"),
    ("SELECT a.id FROM o a JOIN o b ON a.id = b.id", "more than once"),
    ("SELECT id FROM o WHERE id > (SELECT avg(id) FROM o)", "more than once"),
    ("SELECT * FROM v", "is a view"),
    ("SELECT o.id FROM o JOIN v USING (id)", "is a view"),
    ("SELECT * FROM mv", "no capture"),
    ("SELECT shop, count(*) FROM o GROUP BY GROUPING SETS ((shop), ())", "group"),
    ("SELECT shop, count(*) FROM o GROUP BY ROLLUP (shop)", "group"),
    ("SELECT id FROM o ORDER BY id OFFSET 2", "OFFSET"),
    ("SELECT id FROM o ORDER BY id FETCH FIRST 2 ROWS ONLY", "LIMIT"),
    ("SELECT id FROM o ORDER BY id FETCH FIRST 2 ROWS WITH TIES", "LIMIT"),
    ("SELECT id FROM o ORDER BY id LIMIT 1 + 1", "LIMIT"),
    ("SELECT id FROM o LIMIT 3", "without an ORDER BY"),
    ("SELECT DISTINCT ON (shop) shop, id FROM o", "DISTINCT"),
    ("SELECT DISTINCT id FROM o", "DISTINCT"),
    ("SELECT o FROM o", "not selected"),
    ("SELECT shop FROM o", "not selected"),
    ('SELECT "Id" FROM o', "not selected"),
    ("SELECT a, x FROM pairs", "not selected"),
    ("SELECT a FROM nokey", "no key"),
    ("SELECT a, b FROM nullable", "no key"),
    ("SELECT a, b FROM partial", "no key"),
    ("SELECT a, b FROM deferred", "no key"),
    ("SELECT k, x FROM odd_key", "equality"),
    ("SELECT k, x FROM lists", "equality"),
    ("SELECT id FROM o ORDER BY total, id LIMIT 3", "does not select"),
    ("SELECT id, m FROM moods ORDER BY m", "rules that only"),
    ("SELECT count(*) FROM o WHERE at > now()", "clock"),
    ("SELECT id FROM o WHERE at > 'now'", "clock"),
    ("SELECT id FROM o WHERE at > current_date", "clock"),
    ("SELECT * FROM recent", "view"),
    ("SELECT sum(f) FROM o", "aggregates"),
    ("SELECT count(DISTINCT shop) FROM o", "aggregates"),
    ("SELECT max(id) FROM o", "aggregates"),
    ("SELECT coalesce(sum(total), 1) FROM o", "aggregates"),
    ("SELECT shop, count(*) FROM o GROUP BY shop LIMIT 3", "LIMIT on groups"),
    ("SELECT shop, count(*) FROM o GROUP BY shop HAVING count(*) > 2", "HAVING"),
    ("SELECT tags, count(*) FROM o GROUP BY tags", "equality"),
    ("SELECT iv, count(*) FROM o GROUP BY iv", "equality"),
    ("SELECT doc, count(*) FROM o GROUP BY doc", "equality"),
    ("SELECT js::text, count(*) FROM o GROUP BY js::text", "row image"),
    ("SELECT m, count(*) FROM m GROUP BY m", "row image"),
    ("SELECT count(*) FROM o GROUP BY shop", "does not select"),
    ("SELECT * FROM o, unnest(tags) t", "several rows"),
    ("SELECT * FROM o, LATERAL (SELECT 1) x", "not a table"),
    ("SELECT * FROM generate_series(1, 3)", "not a table"),
    ("SELECT * FROM (SELECT id, shop FROM o WHERE shop = 3 LIMIT 5) q", "derived table"),
    ("SELECT * FROM (SELECT shop, count(*) n FROM o GROUP BY 1) q", "derived table"),
    ("SELECT * FROM parted_a", "inheritance"),
    ("SELECT id, sum(total) OVER (PARTITION BY shop) FROM o", "window"),
    ("WITH x AS (SELECT * FROM o) SELECT * FROM x", "WITH"),
    ("SELECT id FROM o UNION SELECT id FROM m", "combines"),
    ("(SELECT id FROM o) LIMIT 2", "syntax"),
    ("SELECT id, total FROM o ORDER BY total USING >", "syntax"),
    ("VALUES (1), (2)", "syntax"),
    ("SELECT 1", "no table"),
    ("SELECT oid, relname FROM pg_class", "no capture"),
    ("SELECT p.a, k.b FROM nokey k JOIN pairs p ON true", "no key"),
]
KINDS = [
    *((sql, "rows", "") for sql in ROWS), *((sql, "sums", "") for sql in SUMS),
    *((sql, "groups", "") for sql in GROUPS), *((sql, "rerun", reason) for sql, reason in RERUN),
]  # fmt: skip


@pytest.fixture(scope="module")
def dsn(server: Server) -> Iterator[str]:
    """Yield the address of a database with the tables of `plans.sql`, captured."""
    psql(server, "CREATE DATABASE plans")
    place = in_database(server.dsn, "plans")
    psql(server, (Path(__file__).parent / "plans.sql").read_text(), place)

    async def capture() -> None:
        async with connected(place) as connection:
            await install(connection, TABLES)

    asyncio.run(capture())
    yield place
    psql(server, "DROP DATABASE plans WITH (FORCE)")


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[Connection]:
    """Yield a connection to it."""
    async with connected(dsn) as one:
        yield one


async def plan_of(connection: Connection, sql: str, *parameters: Any) -> Opened:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await opened(Answer(sql, parameters, None), Reading(connection))


async def test_every_select_has_its_plan(connection: Connection) -> None:
    wrong = []
    for sql, kind, reason in KINDS:
        found = (await plan_of(connection, sql)).plan
        if found.kind != kind or reason not in found.reason or not found.reason.endswith("."):
            wrong.append(f"{sql}: {found.kind}, {found.reason}")
    assert not wrong, "\n".join(wrong)


async def test_every_select_stays_true(dsn: str, connection: Connection) -> None:
    """The same statements, each followed through a few changes: the text that a plan makes of it is valid, too."""
    moving = ("random()", "pg_class", "recent", "now", "FROM o LIMIT 3", "(SELECT id FROM o) LIMIT", "LIMIT 5")
    still = [sql for sql, _, _ in KINDS if not any(word in sql for word in moving)]
    async with Live(dsn) as live:
        queries = [live.query(sql) for sql in still]
        for query in queries:
            await query.ready()
        for change in (
            "INSERT INTO o (id, shop, status, total, tags, doc, js, c, f) VALUES "
            "(50, 1, '😀', 5, '{z}', '{}', '{\"b\":  1}', 'ab', 2), (51, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
            "UPDATE o SET shop = 1, total = total * 2, at = '2024-01-01 10:00Z', js = '{\"a\":  2}' WHERE id < 3",
            "INSERT INTO m VALUES (0, 'zero'); INSERT INTO pairs VALUES (1, 'x', 1), (1, 'y', 2); "
            "INSERT INTO nokey VALUES (1, 'a'), (1, 'a'); INSERT INTO parted VALUES (1, 'a')",
            "INSERT INTO child VALUES (2, 3); INSERT INTO moods VALUES (1, 'ok'), (2, 'sad')",
            "INSERT INTO s.o VALUES (1, 1); INSERT INTO parent VALUES (1)",
            "INSERT INTO odd_key VALUES ('{\"a\": 1.0}', 1); INSERT INTO lists VALUES ('{1,2}', 1); "
            'INSERT INTO "Odd ""Näme" VALUES (2, 2); INSERT INTO alternate VALUES (1, 1)',
            "UPDATE odd_key SET x = 2; UPDATE lists SET x = 2; UPDATE pairs SET b = 'z' WHERE b = 'y'",
            "DELETE FROM o WHERE id IN (2, 51); DELETE FROM m WHERE id = 1; UPDATE o SET id = id + 100 WHERE id = 3",
        ):
            await connection.execute(change)
            await live.caught_up()
            wrong = []
            for query in queries:
                assert query.error is None, query.error
                expected = [tuple(row) for row in await connection.fetch(query.sql)]
                if fault := difference(expected, rows_of(query)):
                    wrong.append(f"{query.sql}: {fault}")
            assert not wrong, "\n".join(wrong)


async def test_parameters_and_literals_route_by_equality(connection: Connection) -> None:
    for sql, parameters, expected in (
        ("SELECT id FROM o WHERE shop = $1", (1,), (("shop", "1"),)),
        ("SELECT id FROM o WHERE 1 = shop AND total > 3", (), (("shop", "1"),)),
        ("SELECT id FROM o WHERE shop = $1 OR shop = $1", (1,), ()),
        ("SELECT id FROM o WHERE NOT shop = 1", (), ()),
        ("SELECT id FROM o WHERE (shop = 1) IS TRUE", (), ()),
        ("SELECT id FROM o WHERE shop = 1.0", (), ()),
        ("SELECT id FROM o WHERE status = 'a' AND id = $1", (7,), (("status", "a"), ("id", "7"))),
        ("SELECT q.id FROM (SELECT id, shop AS s FROM o) q WHERE q.s = $1", (2,), (("shop", "2"),)),
        ("SELECT o.id FROM o LEFT JOIN m ON m.id = 1 WHERE m.name = 'x'", (), ()),
        ("SELECT id FROM o WHERE total = 5", (), ()),
    ):
        shape = (await plan_of(connection, sql, *parameters)).source.shape
        assert shape.equalities == expected, sql


async def test_a_virtual_generated_column_is_not_taken_from_an_image(connection: Connection, dsn: str) -> None:
    if connection.get_server_version() < (18,):
        pytest.skip("PostgreSQL has virtual generated columns since 18")
    await connection.execute(
        "CREATE TABLE virtual (id int PRIMARY KEY, a int, double int GENERATED ALWAYS AS (a * 2) VIRTUAL)"
    )
    await install(connection, ["virtual"])
    assert (await plan_of(connection, "SELECT double, count(*) FROM virtual GROUP BY double")).plan.kind == "rerun"
    async with Live(dsn) as live:
        rows = await live.query("SELECT id, double FROM virtual WHERE double = 4").ready()
        total = await live.query("SELECT sum(double) FROM virtual").ready()
        await connection.execute("INSERT INTO virtual VALUES (1, 2)")
        await live.caught_up()
        assert rows_of(rows) == [(1, 4)]
        assert rows_of(total) == [(4,)]


async def test_text_that_compares_leniently_is_rerun(connection: Connection, dsn: str) -> None:
    try:
        await connection.execute(
            "CREATE COLLATION lenient (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
            "CREATE TABLE lenient (n text COLLATE lenient PRIMARY KEY, v int)"
        )
    except asyncpg.FeatureNotSupportedError:
        pytest.skip("this PostgreSQL was built without ICU")
    await install(connection, ["lenient"])
    async with Live(dsn) as live:
        one = await live.query("SELECT n, v FROM lenient WHERE n = 'abc'").ready()
        groups = await live.query("SELECT n, count(*) FROM lenient GROUP BY n").ready()
        assert one.plan is not None
        assert "collation" in one.plan.reason
        await connection.execute("INSERT INTO lenient VALUES ('ABC', 1)")
        await live.caught_up()
        assert rows_of(one) == [("ABC", 1)]
        await connection.execute("UPDATE lenient SET n = 'aBc'")
        await live.caught_up()
        assert rows_of(groups) == [("aBc", 1)]


async def test_keys_of_every_type_are_found_again(connection: Connection, dsn: str) -> None:
    """A key goes from the row image to a parameter and back; nothing may be lost on the way."""
    keys = {
        "smallint": ["1", "-2"], "bigint": ["9223372036854775807", "0"], "text": ["'a'", "'Ü 😀'", "''"],
        "char(3)": ["'a'", "'abc'"], "varchar(5)": ["'x'"], "uuid": ["'00000000-0000-4000-8000-000000000001'"],
        "numeric": ["1.10", "12345678901234567890.123456789", "'NaN'", "1e400", "'Infinity'"],
        "float8": ["0.1", "'NaN'", "'-Infinity'", "1e308"], "float4": ["0.1", "1e30"],
        "date": ["'2025-01-01'", "'infinity'"], "timestamp": ["'2025-01-01 10:00:00.123456'", "'-infinity'"],
        "timestamptz": ["'2025-01-01 10:00Z'", "'infinity'"], "boolean": ["true", "false"],
        "bytea": [r"'\x00ff'", "''"],
        "inet": ["'10.0.0.1/8'", "'::1'"], "macaddr": ["'08:00:2b:01:02:03'"], "mood": ["'sad'", "'ok'"],
        "int4range": ["'[1,3)'", "'empty'"], "bit(4)": ["B'1010'"], "varbit": ["B'101'"], "time": ["'10:00:00.5'"],
        "oid": ["1"], "name": ["'n'"], '"char"': ["'c'"], "money": ["'1.50'"],
        "interval": ["'1 month'", "'30 days 1 hour'"],
    }  # fmt: skip
    for number, (kind, values) in enumerate(keys.items()):
        await connection.execute(f"CREATE TABLE k{number} (k {kind} PRIMARY KEY, x int)")
        await install(connection, [f"k{number}"])
        async with Live(dsn) as live:
            query = await live.query(f"SELECT k, x FROM k{number}").ready()
            total = await live.query(f"SELECT k, count(*), sum(x) FROM k{number} GROUP BY k").ready()
            for change in (
                *(f"INSERT INTO k{number} VALUES ({value}, 1)" for value in values),
                *(f"UPDATE k{number} SET x = x + 1 WHERE k = {value}" for value in values),
                *(f"DELETE FROM k{number} WHERE k = {value}" for value in values[1:]),
            ):
                await connection.execute(change)
                await live.caught_up()
                for one in (query, total):
                    assert one.error is None, (kind, change, one.error)
                    expected = [tuple(row) for row in await connection.fetch(one.sql)]
                    assert not difference(expected, rows_of(one)), (kind, change, one.plan)
