"""Getting to know tables of a real database."""

from __future__ import annotations

import pytest

from dashboard.apps.watch import examine
from dashboard.errors import RelationNotFound
from dashboard.postgres.server import Server
from tests.conftest import psql

TABLES = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE orders (id int PRIMARY KEY, customer text, status text NOT NULL, paid boolean, total numeric,
                     created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz DEFAULT now());
INSERT INTO orders
SELECT n, 'c' || n, (ARRAY['open','paid','sent'])[1 + n % 3], n % 100 = 0, n FROM generate_series(1, 500) n;
CREATE SCHEMA "Änderungen";
CREATE TABLE "Änderungen"."Über {x}" ("Zeit" timestamp, "Stim""mung" mood,
                                      PRIMARY KEY ("Zeit", "Stim""mung"));
CREATE TABLE keyless (v double precision, day date);
INSERT INTO keyless VALUES (1, '2020-02-29');
CREATE TABLE nothing ();
"""


async def test_an_ordinary_table(database: str, server: Server) -> None:
    psql(server, TABLES, database)
    (orders,) = await examine(database, ["orders"])
    assert (orders.label, orders.key, orders.time, orders.category) == (
        "orders",
        ("id",),
        "created_at",
        "status",
    )
    assert orders.step == "minute"
    assert "ORDER BY created_at DESC, id DESC" in orders.latest


async def test_names_that_need_quotes(database: str, server: Server) -> None:
    psql(server, TABLES, database)
    (odd,) = await examine(database, ['"Änderungen"."Über {x}"'])
    assert odd.key == ("Zeit", 'Stim"mung')
    assert odd.category is None, "part of the key"
    for sql in (odd.rows, odd.latest):
        psql(server, sql, database)


async def test_tables_without_key_time_or_columns(database: str, server: Server) -> None:
    psql(server, TABLES, database)
    keyless, nothing = await examine(database, ["keyless", "nothing"])
    assert (keyless.key, keyless.time, keyless.step) == ((), "day", "day")
    assert str(keyless.since) == "2019-12-31"
    assert (nothing.time, nothing.over_time) == (None, None)
    psql(server, nothing.latest, database)


@pytest.mark.parametrize("name", ["missing", "no.such.table.at.all", '"unclosed', ""])
async def test_a_missing_table_is_named(database: str, name: str) -> None:
    with pytest.raises(RelationNotFound, match="There is no table") as raised:
        await examine(database, [name])
    assert raised.value.relation == name


@pytest.mark.parametrize("latest", ["infinity", "-infinity", "0001-01-05", "0044-03-15 BC", "3000-01-01"])
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
async def test_the_step_fits_what_is_past(database: str, server: Server, latest: str, kind: str) -> None:
    psql(server, f"CREATE TABLE t (at {kind}); INSERT INTO t VALUES ('2020-02-29 12:00'), ('{latest}')", database)
    (odd,) = await examine(database, ["t"])
    assert (odd.step, str(odd.since)[:10]) == ("day", "2019-12-31")
