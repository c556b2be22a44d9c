"""Installing and removing capture: all or nothing, repeatable, by the owner, without a trace."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator

import pytest

from dashboard.errors import CaptureError, NotNow, RelationNotFound
from dashboard.postgres.capture import adopt, grants, install, uninstall
from dashboard.postgres.captured import capture_status
from dashboard.postgres.connection import Connection
from dashboard.postgres.server import Server
from tests.conftest import in_database, psql
from tests.log import connected, forget, logged

SCHEMA = """
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL);
CREATE SCHEMA "Verkäufe";
CREATE TABLE "Verkäufe"."Auf'trag" (a int, "B""c\\d" text, wert numeric, PRIMARY KEY ("B""c\\d", a));
CREATE TABLE nokey (v text, n int);
CREATE TABLE visits (id int, at date, note json, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2024-01-01');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2030-01-01') PARTITION BY LIST (id);
CREATE TABLE visits_new_1 PARTITION OF visits_new FOR VALUES IN (1);
CREATE TABLE visits_new_rest PARTITION OF visits_new DEFAULT;
CREATE TABLE animal (id int PRIMARY KEY, name text);
CREATE TABLE bird (wings int) INHERITS (animal);
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';
"""
TABLES = ["orders", '"Verkäufe"."Auf\'trag"', "nokey", "visits", "public.animal"]


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    async with connected(database) as connection:
        await connection.execute(SCHEMA)
        yield connection


def dump(server: Server, dsn: str, *options: str) -> str:
    """Return what ``pg_dump`` says, without its random restrict key."""
    text = subprocess.run(
        [server.bin / "pg_dump", *options, dsn],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    ).stdout
    return "\n".join(line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


async def test_uninstall_leaves_the_schema_as_it_was(server: Server, database: str, connection: Connection) -> None:
    before = dump(server, database, "-s")
    await install(connection, TABLES)
    assert dump(server, database, "-s") != before
    await connection.execute("INSERT INTO orders (status) VALUES ('open'); INSERT INTO visits VALUES (1, '2025-05-05')")
    await connection.execute(
        "CREATE TABLE visits_later PARTITION OF visits FOR VALUES FROM ('2030-01-01') TO ('2040-01-01')"
    )
    await adopt(connection)
    await connection.execute("ALTER TABLE visits DETACH PARTITION visits_later")
    await uninstall(connection)
    await connection.execute("DROP TABLE visits_later")
    assert dump(server, database, "-s") == before


async def test_the_last_table_takes_the_log_with_it(server: Server, database: str, connection: Connection) -> None:
    before = dump(server, database, "-s")
    await install(connection, ["orders", "nokey"])
    await uninstall(connection, ["orders"])
    assert [table.name for table in (await capture_status(connection)).tables] == ["public.nokey"]
    await uninstall(connection, ["nokey"])
    assert not (await capture_status(connection)).installed
    assert dump(server, database, "-s") == before


async def test_uninstall_where_nothing_is_installed_does_nothing(connection: Connection) -> None:
    await uninstall(connection)
    await uninstall(connection, ["orders"])


async def test_installing_again_changes_nothing(server: Server, database: str, connection: Connection) -> None:
    first = await install(connection, TABLES)
    once = dump(server, database, "-s")
    incarnation = await connection.fetchval("SELECT incarnation FROM dashboard.log_identity")
    assert await install(connection, TABLES) == first
    await install(connection, [])
    assert dump(server, database, "-s") == once
    assert await connection.fetchval("SELECT incarnation FROM dashboard.log_identity") == incarnation


async def test_install_returns_the_tables_that_were_named(connection: Connection) -> None:
    await install(connection, ["orders"])
    assert [table.name for table in await install(connection, ["nokey", "visits_new_1"])] == [
        "public.nokey",
        "public.visits",
    ]


async def test_installs_at_the_same_time_do_not_disturb_each_other(database: str, connection: Connection) -> None:
    async def one(name: str) -> None:
        async with connected(database) as own:
            await install(own, [name])

    await asyncio.gather(*(one(name) for name in TABLES * 2))
    status = await capture_status(connection)
    assert len(status.tables) == 6
    assert not any(table.faults for table in status.tables)


async def test_install_is_all_or_nothing(server: Server, database: str, connection: Connection) -> None:
    before = dump(server, database, "-s")
    with pytest.raises(RelationNotFound, match="no table missing"):
        await install(connection, ["orders", "missing"])
    assert dump(server, database, "-s") == before


@pytest.mark.parametrize("name", ["", "no such", 'a"b', "other.public.orders", "a.b.c.d", "'; DROP TABLE orders"])
async def test_a_name_that_is_none_is_refused_with_a_sentence(connection: Connection, name: str) -> None:
    with pytest.raises(RelationNotFound) as caught:
        await install(connection, [name])
    assert caught.value.relation == name
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("open_orders", "is a view"),
        ("pg_class", "not a table of yours"),
        ("orders_pkey", "not a table of yours"),
        ("orders_id_seq", "not a table of yours"),
        ("pg_temp.scratch", "temporary"),
        ("summary", "materialized view"),
    ],
)
async def test_what_has_no_changes_of_its_own_is_refused(connection: Connection, name: str, why: str) -> None:
    await connection.execute("CREATE TEMP TABLE scratch (id int); CREATE MATERIALIZED VIEW summary AS SELECT 1 AS one")
    with pytest.raises(CaptureError, match=why) as caught:
        await install(connection, [name])
    assert caught.value.remedy


async def test_the_log_itself_cannot_be_captured(connection: Connection) -> None:
    await install(connection, ["orders"])
    with pytest.raises(CaptureError, match="not a table of yours"):
        await install(connection, ["dashboard.change_log"])


async def test_a_schema_of_that_name_which_is_not_ours_is_left_alone(connection: Connection) -> None:
    await connection.execute("CREATE SCHEMA dashboard; CREATE TABLE dashboard.mine (id int)")
    with pytest.raises(CaptureError, match="not ours"):
        await install(connection, ["orders"])
    with pytest.raises(CaptureError, match="not ours"):
        await uninstall(connection)
    assert await connection.fetchval("SELECT to_regclass('dashboard.mine') IS NOT NULL")


async def test_a_busy_table_is_not_waited_for_longer_than_asked(database: str, connection: Connection) -> None:
    async with connected(database) as writer, writer.transaction():
        await writer.execute("INSERT INTO orders (status) VALUES ('open')")
        with pytest.raises(NotNow):
            await install(connection, ["nokey", "orders"], lock_timeout=0.05)
    assert not (await capture_status(connection)).installed
    await install(connection, ["orders"])


async def test_a_writer_that_was_waited_for_is_in_the_table_and_later_ones_in_the_log(
    database: str, connection: Connection
) -> None:
    async with connected(database) as writer:
        transaction = writer.transaction()
        await transaction.start()
        await writer.execute("INSERT INTO orders (status) VALUES ('early')")
        installing = asyncio.create_task(install(connection, ["orders"]))
        await asyncio.sleep(0)
        await transaction.commit()
        await installing
        await writer.execute("INSERT INTO orders (status) VALUES ('late')")
        assert [new["status"] for _, _, new in await logged(writer)] == ["late"]


async def test_an_older_log_is_brought_up_to_date_by_install(connection: Connection) -> None:
    await install(connection, ["orders"])
    await connection.execute(
        "DO $$ BEGIN EXECUTE format('COMMENT ON SCHEMA dashboard IS %L',"
        " obj_description('dashboard'::regnamespace, 'pg_namespace') || 'old'); END $$;"
        " CREATE OR REPLACE FUNCTION dashboard.log_truncate() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'"
    )
    assert not (await capture_status(connection)).current
    await install(connection, [])
    assert (await capture_status(connection)).current
    await connection.execute("TRUNCATE orders")
    assert await logged(connection) == [("T", None, None)]


class TestRoles:
    """Who may install, and who may read."""

    @pytest.fixture
    async def owner(self, server: Server, database: str, connection: Connection) -> AsyncIterator[Connection]:
        psql(
            server,
            "DROP ROLE IF EXISTS keeper; CREATE ROLE keeper LOGIN; DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN",
        )
        await connection.execute(
            "ALTER TABLE orders OWNER TO keeper; GRANT SELECT ON nokey TO keeper; GRANT INSERT ON orders TO guest"
        )
        async with connected(database) as own:
            await own.execute("SET SESSION AUTHORIZATION keeper")
            yield own
        await connection.execute("DROP OWNED BY keeper CASCADE; DROP OWNED BY guest CASCADE")
        await connection.execute("DROP ROLE keeper; DROP ROLE guest")

    async def test_a_table_owner_without_create_on_the_database_is_told(self, owner: Connection) -> None:
        with pytest.raises(CaptureError, match="may not create the schema") as caught:
            await install(owner, ["orders"])
        assert "GRANT CREATE ON DATABASE" in caught.value.remedy

    async def test_a_table_owner_installs_without_being_superuser(
        self, owner: Connection, connection: Connection, database: str
    ) -> None:
        name = database.rpartition("/")[2].partition("?")[0]
        await connection.execute(f"GRANT CREATE ON DATABASE {name} TO keeper")
        await install(owner, ["orders"])
        async with connected(database) as writer:
            await writer.execute("SET SESSION AUTHORIZATION guest; SET search_path = pg_temp")
            await writer.execute("INSERT INTO public.orders (status) VALUES ('open')")
            with pytest.raises(Exception, match="permission denied"):
                await writer.fetch("SELECT * FROM dashboard.change_log")
        assert await logged(owner) == [("I", None, {"id": 1, "status": "open"})]
        with pytest.raises(CaptureError, match="belongs to"):
            await install(owner, ["nokey"])
        await uninstall(owner)

    async def test_another_owner_is_told_what_to_grant(self, owner: Connection, connection: Connection) -> None:
        await install(connection, ["nokey"])
        with pytest.raises(CaptureError, match="may not use it") as caught:
            await install(owner, ["orders"])
        await connection.execute(caught.value.remedy.partition("run: ")[2])
        await install(owner, ["orders"])
        await owner.execute("INSERT INTO orders (status) VALUES ('open')")
        assert len(await logged(connection, "orders")) == 1
        with pytest.raises(CaptureError, match="belongs to"):
            await uninstall(owner)

    async def test_default_privileges_do_not_open_the_log(self, owner: Connection, connection: Connection) -> None:
        await connection.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO guest, PUBLIC")
        await install(connection, ["nokey"])
        assert not await connection.fetchval(
            "SELECT bool_or(has_table_privilege('guest', oid, 'SELECT')) FROM pg_class"
            " WHERE relnamespace = 'dashboard'::regnamespace AND relkind IN ('r', 'p')"
        )
        await connection.execute("ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM guest, PUBLIC")

    async def test_a_reader_needs_the_grants_and_no_more(
        self, owner: Connection, connection: Connection, database: str
    ) -> None:
        await install(connection, ["nokey"])
        await connection.execute(await grants(connection, "guest"))
        await connection.execute("INSERT INTO nokey VALUES ('a', 1)")
        async with connected(database) as reader:
            await reader.execute("SET SESSION AUTHORIZATION guest")
            async with reader.transaction():
                await reader.execute("LOCK TABLE dashboard.change_log IN ACCESS SHARE MODE")
                assert len(await logged(reader)) == 1
            assert await reader.fetchval("SELECT dashboard.reaches(pg_current_snapshot())")


async def test_a_dump_that_is_restored_captures_under_its_new_oids(
    server: Server, database: str, connection: Connection
) -> None:
    await install(connection, TABLES)
    await connection.execute("INSERT INTO visits VALUES (1, '2025-05-05')")
    text = dump(server, database)
    psql(server, "CREATE DATABASE restored")
    restored = in_database(server.dsn, "restored")
    try:
        psql(server, text, restored)
        async with connected(restored) as own:
            await forget(own)
            await own.execute("UPDATE visits SET note = '{}'; INSERT INTO \"Verkäufe\".\"Auf'trag\" VALUES (1, 'x', 2)")
            assert [op for op, _, _ in await logged(own, "visits")] == ["U"]
            assert [op for op, _, _ in await logged(own, '"Verkäufe"."Auf\'trag"')] == ["I"]
            assert not any(table.faults for table in (await capture_status(own)).tables)
    finally:
        psql(server, "DROP DATABASE restored WITH (FORCE)")


async def test_what_was_altered_is_reported_and_put_right(connection: Connection) -> None:
    await install(connection, ["orders", "nokey", "animal"])
    await connection.execute(
        "ALTER TABLE orders DISABLE TRIGGER dashboard_update; DROP TRIGGER dashboard_delete ON orders;"
        " ALTER TABLE orders DROP CONSTRAINT orders_pkey; ALTER TABLE nokey ADD PRIMARY KEY (n);"
        " ALTER TABLE orders ADD COLUMN extra json; CREATE TABLE fish (fins int) INHERITS (animal)"
    )
    found = {
        (trigger.table, trigger.name): trigger.state
        for table in (await capture_status(connection)).tables
        for trigger in table.faults
    }
    assert found == {
        ("public.orders", "dashboard_insert"): "surplus",
        ("public.orders", "dashboard_update"): "surplus",
        ("public.orders", "dashboard_row"): "missing",
        ("public.nokey", "dashboard_update"): "altered",
        ("public.fish", "dashboard_row"): "missing",
        ("public.fish", "dashboard_truncate"): "missing",
    }
    assert {(trigger.table, trigger.name) for trigger in await adopt(connection)} == set(found)
    assert await adopt(connection) == []
    assert not any(table.faults for table in (await capture_status(connection)).tables)


@pytest.mark.parametrize("function", ["log_delete()", "log_insert()", "ring()", "changes(xid8, xid8[], bigint)"])
async def test_a_function_that_was_dropped_is_brought_back(connection: Connection, function: str) -> None:
    await install(connection, ["orders"])
    await connection.execute(f"DROP FUNCTION dashboard.{function} CASCADE")
    assert not (await capture_status(connection)).current
    (orders,) = await install(connection, ["orders"])
    assert not orders.faults
    assert (await capture_status(connection)).current
    await connection.execute("INSERT INTO orders (status) VALUES ('open'); DELETE FROM orders")
    assert [op for op, _, _ in await logged(connection)] == ["I", "D"]


async def test_what_a_lost_trigger_leaves_is_not_surplus(connection: Connection) -> None:
    await install(connection, ["orders"])
    await connection.execute("DROP TRIGGER dashboard_insert ON orders")
    (orders,) = (await capture_status(connection)).tables
    assert [(fault.name, fault.state) for fault in orders.faults] == [("dashboard_insert", "missing")]


async def test_adopting_does_not_wait_for_a_busy_table(database: str, connection: Connection) -> None:
    await install(connection, ["orders", "nokey"])
    await connection.execute("DROP TRIGGER dashboard_delete ON orders; DROP TRIGGER dashboard_delete ON nokey")
    async with connected(database) as writer, writer.transaction():
        await writer.execute("INSERT INTO orders (status) VALUES ('open')")
        assert [trigger.table for trigger in await adopt(connection, lock_timeout=0.02)] == ["public.nokey"]
    assert [trigger.table for trigger in await adopt(connection)] == ["public.orders"]
