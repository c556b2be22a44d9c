"""Whatever happens to the schema, policies and grants, an open query ends in PostgreSQL's answer or in its error."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import DashboardError
from dashboard.live import Live, LiveQuery, Scope
from dashboard.postgres.capture import install
from dashboard.postgres.connection import Connection
from dashboard.postgres.follower import Pace
from dashboard.postgres.reading import Reading
from dashboard.postgres.server import Server
from tests.conftest import in_database, psql
from tests.log import connected
from tests.waiting import eventually
from tests.witness import difference, rows_of

_numbers = itertools.count(1)

SCHEMA = """
    CREATE TABLE t (id int PRIMARY KEY, a int, b text, c numeric);
    CREATE TABLE p (id int, r int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
    CREATE TABLE p2 (id int NOT NULL, r int NOT NULL, PRIMARY KEY (id, r));
    CREATE VIEW v AS SELECT id, b FROM t WHERE id > 1;
    INSERT INTO t SELECT i, i % 2, 'b' || i, i FROM generate_series(1, 5) i;
    INSERT INTO p VALUES (1, 1); INSERT INTO p2 VALUES (2, 2);
    DO $$ BEGIN CREATE ROLE schema_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
    GRANT SELECT ON t, p, v TO schema_reader;
"""
READER = Scope(role="schema_reader", settings={"app.a": "1"})
ASKED = [
    ("SELECT * FROM t", None),
    ("SELECT id, a FROM t WHERE a = 1", None),
    ("SELECT id, c FROM t ORDER BY id DESC LIMIT 2", None),
    ("SELECT a, count(*), sum(c) FROM t GROUP BY a", None),
    ("SELECT a, max(b) FROM t GROUP BY a", None),
    ("SELECT count(*) FROM t", None),
    ("SELECT * FROM t", READER),
    ("SELECT count(*), sum(c) FROM t", READER),
    ("SELECT * FROM v", None),
    ("SELECT id, r FROM p", None),
    ("SELECT r, count(*) FROM p GROUP BY r", None),
    ("SELECT id FROM p1", None),
]
CHANGES = (
    "ALTER TABLE t ADD COLUMN d int DEFAULT 7", "ALTER TABLE t DROP COLUMN d", "ALTER TABLE t DROP COLUMN c CASCADE",
    "ALTER TABLE t ADD COLUMN c numeric DEFAULT 1.5", "ALTER TABLE t RENAME COLUMN a TO a2",
    "ALTER TABLE t RENAME COLUMN a2 TO a", "ALTER TABLE t ALTER COLUMN a TYPE bigint",
    "ALTER TABLE t ALTER COLUMN a TYPE text USING a::text", "ALTER TABLE t ALTER COLUMN c TYPE numeric USING c + 1",
    "ALTER TABLE t ALTER COLUMN a TYPE int USING length(a::text)", "ALTER TABLE t DROP CONSTRAINT t_pkey",
    "ALTER TABLE t ADD PRIMARY KEY (id)", "ALTER TABLE t ALTER COLUMN id DROP NOT NULL",
    "ALTER TABLE t RENAME TO gone", "ALTER TABLE gone RENAME TO t", "TRUNCATE t", "ALTER TABLE t SET UNLOGGED",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY", "ALTER TABLE t DISABLE ROW LEVEL SECURITY",
    "CREATE POLICY one ON t USING (a::text = current_setting('app.a'))", "DROP POLICY one ON t",
    "ALTER POLICY one ON t USING (id IN (SELECT id FROM p))", "REVOKE SELECT ON t FROM schema_reader",
    "GRANT SELECT ON t TO schema_reader", "REVOKE SELECT ON t FROM schema_reader",
    "REVOKE SELECT ON t FROM schema_reader; GRANT SELECT (id) ON t TO schema_reader",
    "CREATE OR REPLACE VIEW v AS SELECT id, b FROM t WHERE id < 4", "DROP VIEW v",
    "CREATE VIEW v AS SELECT b, id FROM t", "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)",
    "ALTER TABLE p DETACH PARTITION p2", "ALTER TABLE p DETACH PARTITION p1",
    "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)", "CREATE TABLE p3 PARTITION OF p FOR VALUES IN (3)",
    "DROP TABLE t CASCADE", "CREATE TABLE t (id int PRIMARY KEY, a int, c int); GRANT SELECT ON t TO schema_reader",
    "ALTER TABLE t DISABLE TRIGGER ALL", "CREATE INDEX ON t (a)", "VACUUM FULL t", "CREATE SCHEMA IF NOT EXISTS extra",
)  # fmt: skip
WRITES = (
    "INSERT INTO t (id, a) VALUES (10, 1), (11, NULL)", "UPDATE t SET a = a", "DELETE FROM t WHERE id > 9",
    "UPDATE t SET id = id + 20 WHERE id = 2", "INSERT INTO t (id) VALUES (1)", "UPDATE t SET c = c + 1",
    "INSERT INTO p VALUES (5, 1)", "INSERT INTO p VALUES (6, 2)", "INSERT INTO p1 VALUES (7, 1)", "DELETE FROM p",
    "INSERT INTO p VALUES (8, 3)",
)  # fmt: skip


async def _run(dsn: str, changes: list[str]) -> None:
    async with connected(dsn) as writer, connected(dsn) as reader:
        await writer.execute(SCHEMA)
        await install(writer, ["t", "p"])
        async with Live(dsn, pace=Pace(heartbeat=0.1, tick=0.002)) as live:
            live.hub.clock_interval = 0.1
            queries = [live.query(sql, scope=scope) for sql, scope in ASKED]
            for query in queries:
                await query.ready()
            for number, change in enumerate(changes):
                try:
                    await writer.execute(change)
                except asyncpg.PostgresError:
                    continue
                await live.caught_up()
                for query in queries:
                    await eventually(lambda query=query: _is_right(query, reader), timeout=5)  # type: ignore[misc]  # a default
                if number % 4 == 3:
                    with suppress(DashboardError):
                        await install(writer, ["t", "p"])


async def _is_right(query: LiveQuery, reader: Connection) -> bool:
    expected, refused = [], None
    reading = Reading(reader)
    try:
        async with (
            reader.transaction(isolation="repeatable_read", readonly=True),
            reading.within(query.scope, guarded=True),
        ):
            expected = await reading.rows(query.sql)
    except DashboardError as error:
        refused = error
    assert (query.error is None) == (refused is None), f"{query!r}: {query.error}, PostgreSQL has {refused}"
    fault = "" if refused else difference(expected, rows_of(query))
    assert not fault, f"{query!r}: {fault}"
    return True


@given(changes=st.lists(st.sampled_from(CHANGES + WRITES * 2), min_size=3, max_size=14))
def test_open_queries_follow_their_schema(server: Server, changes: list[str]) -> None:
    name = f"schema_{next(_numbers)}"
    psql(server, f"CREATE DATABASE {name}")
    try:
        asyncio.run(_run(in_database(server.dsn, name), changes))
    finally:
        psql(server, f"DROP DATABASE {name} WITH (FORCE)")
