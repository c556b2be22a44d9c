"""Every way to write is logged, once, under the right table; and no write fails because it is."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dashboard.postgres.capture import adopt, install, uninstall
from dashboard.postgres.connection import Connection
from dashboard.postgres.server import Server
from tests.conftest import in_database, psql
from tests.log import connected, forget, logged
from tests.waiting import eventually

SCHEMA = """
CREATE TABLE shop (id int PRIMARY KEY, name text);
CREATE TABLE sale (id int PRIMARY KEY, shop int REFERENCES shop ON DELETE CASCADE ON UPDATE CASCADE
                   DEFERRABLE INITIALLY DEFERRED, n int);
CREATE TABLE nokey (v text, n int);
CREATE TABLE visit (id int, at int, note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM (0) TO (10);
CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM (10) TO (100) PARTITION BY LIST (id);
CREATE TABLE visit_new_1 PARTITION OF visit_new FOR VALUES IN (1);
CREATE TABLE visit_new_rest PARTITION OF visit_new DEFAULT;
CREATE TABLE animal (id int PRIMARY KEY, name text);
CREATE TABLE bird (wings int) INHERITS (animal);
"""


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    async with connected(database) as connection:
        await connection.execute(SCHEMA)
        await install(connection, ["shop", "sale", "nokey", "visit", "animal"])
        yield connection


def shop(number: int, name: str | None = None) -> dict[str, object]:
    return {"id": number, "name": name}


async def test_insert_update_and_delete_are_logged_in_their_order(connection: Connection) -> None:
    await connection.execute(
        "INSERT INTO shop VALUES (1, 'a'), (2, 'b'); UPDATE shop SET name = upper(name); DELETE FROM shop WHERE id = 1"
    )
    assert await logged(connection, "shop") == [
        ("I", None, shop(1, "a")),
        ("I", None, shop(2, "b")),
        ("U", shop(1, "a"), shop(1, "A")),
        ("U", shop(2, "b"), shop(2, "B")),
        ("D", shop(1, "A"), None),
    ]


async def test_a_statement_that_changes_nothing_writes_nothing(connection: Connection) -> None:
    async with connection.transaction():
        await connection.execute(
            "UPDATE shop SET name = 'x'; DELETE FROM shop; INSERT INTO shop SELECT 1, 'a' WHERE false"
        )
        assert await connection.fetchval("SELECT pg_current_xact_id_if_assigned()") is None
    assert await logged(connection) == []


async def test_a_changed_key_is_a_delete_and_an_insert(connection: Connection) -> None:
    await connection.execute("INSERT INTO shop VALUES (1), (2)")
    await forget(connection)
    await connection.execute("UPDATE shop SET id = id + 2")
    assert await logged(connection) == [
        ("D", shop(1), None),
        ("I", None, shop(3)),
        ("D", shop(2), None),
        ("I", None, shop(4)),
    ]


async def test_updates_of_a_table_without_a_key_keep_their_pairs(connection: Connection) -> None:
    await connection.execute("INSERT INTO nokey SELECT 'x', g FROM generate_series(1, 200) g")
    await forget(connection)
    await connection.execute("UPDATE nokey SET n = -n")
    rows = await logged(connection)
    assert len(rows) == 200
    assert all(op == "U" and old["n"] == -new["n"] for op, old, new in rows)


async def test_truncate_is_one_row_for_each_table(connection: Connection) -> None:
    await connection.execute("TRUNCATE shop CASCADE")
    assert await logged(connection, "shop") == [("T", None, None)]
    assert await logged(connection, "sale") == [("T", None, None)]


async def test_copy_on_conflict_and_merge_are_logged(connection: Connection) -> None:
    await connection.copy_records_to_table("shop", records=[(1, "a"), (2, "b")])
    await connection.execute(
        "INSERT INTO shop VALUES (2, 'c'), (3, 'c') ON CONFLICT (id) DO UPDATE SET name = excluded.name"
    )
    await connection.execute("INSERT INTO shop VALUES (3, 'd') ON CONFLICT DO NOTHING")
    assert sorted((op, new["id"], new["name"]) for op, _, new in await logged(connection)) == [
        ("I", 1, "a"),
        ("I", 2, "b"),
        ("I", 3, "c"),
        ("U", 2, "c"),
    ]
    if connection.get_server_version() >= (15,):
        await forget(connection)
        await connection.execute(
            "MERGE INTO shop USING (VALUES (1), (2), (9)) s (id) ON shop.id = s.id"
            " WHEN MATCHED AND s.id = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET name = 'm'"
            " WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'n')"
        )
        assert sorted(op for op, _, _ in await logged(connection)) == ["D", "I", "U"]


async def test_cascades_and_writable_ctes_are_logged(connection: Connection) -> None:
    await connection.execute("INSERT INTO shop VALUES (1), (2); INSERT INTO sale VALUES (10, 1), (20, 2)")
    await forget(connection)
    await connection.execute("DELETE FROM shop WHERE id = 1")
    await connection.execute("UPDATE shop SET id = 3 WHERE id = 2")
    assert [op for op, _, _ in await logged(connection, "sale")] == ["D", "U"]
    await forget(connection)
    await connection.execute(
        "WITH gone AS (DELETE FROM sale RETURNING *) INSERT INTO nokey SELECT 'gone', id FROM gone"
    )
    assert [op for op, _, _ in await logged(connection, "sale")] == ["D"]
    assert [op for op, _, _ in await logged(connection, "nokey")] == ["I"]


async def test_what_is_rolled_back_is_not_logged(connection: Connection) -> None:
    await connection.execute(
        "BEGIN; INSERT INTO shop VALUES (1); SAVEPOINT s; INSERT INTO shop VALUES (2); ROLLBACK TO s; COMMIT"
    )
    await connection.execute("BEGIN; INSERT INTO shop VALUES (3); ROLLBACK")
    with pytest.raises(Exception, match="violates"):
        await connection.execute("INSERT INTO shop VALUES (4), (1)")
    with pytest.raises(Exception, match="violates"):
        await connection.execute("INSERT INTO sale VALUES (1, 99)")
    assert await logged(connection) == [("I", None, shop(1))]


async def test_a_savepoint_keeps_the_transactions_own_number(connection: Connection) -> None:
    await connection.execute(
        "BEGIN; INSERT INTO shop VALUES (1); SAVEPOINT s; INSERT INTO shop VALUES (2); RELEASE s; COMMIT"
    )
    assert await connection.fetchval("SELECT count(DISTINCT xid) FROM dashboard.change_log") == 1


async def test_replicated_writes_are_logged_too(connection: Connection) -> None:
    await connection.execute(
        "SET session_replication_role = replica; INSERT INTO shop VALUES (1); TRUNCATE nokey; RESET ALL"
    )
    assert [op for op, _, _ in await logged(connection)] == ["I", "T"]


async def test_partitions_are_logged_as_their_root_however_they_are_written(connection: Connection) -> None:
    await connection.execute(
        "INSERT INTO visit VALUES (1, 1), (1, 11); INSERT INTO visit_old VALUES (2, 2);"
        " INSERT INTO visit_new_rest VALUES (2, 12)"
    )
    await connection.copy_records_to_table("visit_new", records=[(3, 13, "copied")])
    await connection.execute("UPDATE visit_old SET note = 'x' WHERE id = 2; DELETE FROM visit_new_rest WHERE id = 2")
    assert [op for op, _, _ in await logged(connection, "visit")] == ["I"] * 5 + ["U", "D"]
    assert await connection.fetchval("SELECT count(DISTINCT relation) FROM dashboard.change_log") == 1


async def test_a_row_that_moves_to_another_partition_is_a_delete_and_an_insert(connection: Connection) -> None:
    await connection.execute("INSERT INTO visit VALUES (1, 1)")
    await forget(connection)
    await connection.execute("UPDATE visit SET at = 50")
    assert [op for op, _, _ in await logged(connection)] == ["D", "I"]


async def test_a_new_partition_is_logged_from_its_first_row(connection: Connection) -> None:
    await connection.execute(
        "CREATE TABLE visit_later PARTITION OF visit FOR VALUES FROM (100) TO (200);"
        " INSERT INTO visit_later VALUES (1, 100);"
        " CREATE TABLE visit_last (LIKE visit); INSERT INTO visit_last VALUES (1, 200);"
        " ALTER TABLE visit ATTACH PARTITION visit_last FOR VALUES FROM (200) TO (300);"
        " INSERT INTO visit_last VALUES (2, 201)"
    )
    assert [new["at"] for _, _, new in await logged(connection, "visit")] == [100, 201]
    await forget(connection)
    assert {trigger.table for trigger in await adopt(connection)} == {"public.visit_later", "public.visit_last"}
    await connection.execute("TRUNCATE visit_later")
    assert await logged(connection, "visit") == [("T", None, None)]


async def test_truncating_one_partition_is_a_truncate_of_the_root(connection: Connection) -> None:
    await connection.execute("TRUNCATE visit_new_1")
    assert await logged(connection, "visit") == [("T", None, None)]


async def test_a_detached_partition_is_logged_no_more(connection: Connection) -> None:
    await connection.execute("ALTER TABLE visit DETACH PARTITION visit_old; INSERT INTO visit_old VALUES (1, 1)")
    assert await logged(connection) == []
    await adopt(connection)
    await connection.execute("TRUNCATE visit_old")
    assert await logged(connection) == []


async def test_a_captured_table_becomes_a_partition_without_being_logged_twice(connection: Connection) -> None:
    await connection.execute("CREATE TABLE single (LIKE visit INCLUDING ALL)")
    await install(connection, ["single"])
    await connection.execute("ALTER TABLE visit ATTACH PARTITION single FOR VALUES FROM (100) TO (200)")
    await adopt(connection)
    await connection.execute("INSERT INTO single VALUES (1, 100)")
    assert [op for op, _, _ in await logged(connection)] == ["I"]


async def test_writes_through_an_inheritance_parent_are_logged_under_the_child(connection: Connection) -> None:
    await connection.execute("INSERT INTO bird VALUES (1, 'wren', 2); INSERT INTO animal VALUES (2, 'cat')")
    await connection.execute("UPDATE animal SET name = upper(name); DELETE FROM animal")
    wren, loud = ({"id": 1, "name": name, "wings": 2} for name in ("wren", "WREN"))
    assert await logged(connection, "bird") == [("I", None, wren), ("U", wren, loud), ("D", loud, None)]
    assert [op for op, _, _ in await logged(connection, "animal")] == ["I", "U", "D"]


async def test_renaming_a_table_or_its_schema_changes_nothing(connection: Connection) -> None:
    await connection.execute(
        "CREATE SCHEMA other; ALTER TABLE shop RENAME TO store; ALTER TABLE store SET SCHEMA other"
    )
    await connection.execute("INSERT INTO other.store VALUES (1)")
    assert await logged(connection, "other.store") == [("I", None, shop(1))]
    await uninstall(connection, ["other.store"])


async def test_a_users_trigger_that_writes_again_is_logged_too(connection: Connection) -> None:
    await connection.execute(
        "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN UPDATE shop SET name = ''again'' WHERE id = NEW.id AND name IS NULL; RETURN NULL; END';"
        " CREATE TRIGGER a_first AFTER INSERT ON shop FOR EACH ROW EXECUTE FUNCTION again();"
        " INSERT INTO shop VALUES (1)"
    )
    assert sorted(op for op, _, _ in await logged(connection)) == ["I", "U"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that an unprivileged account can reach."""
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o711)
        yield Path(base) / "server"


async def test_a_transaction_can_be_prepared(server: Server, folder: Path) -> None:
    """Where PREPARE TRANSACTION is possible, a NOTIFY would forbid it: the bell is not rung there."""
    with Server(folder, durable=False, programs=server.bin) as preparing:
        psql(preparing, "ALTER SYSTEM SET max_prepared_transactions = 5")
    with preparing:
        async with connected(preparing.dsn) as writer, connected(preparing.dsn) as sleeper:
            await writer.execute("CREATE TABLE shop (id int PRIMARY KEY)")
            await install(writer, ["shop"])
            assert not await writer.fetchval("SELECT dashboard.has_doorbell()")
            await sleeper.execute("SELECT pg_advisory_lock(1684107106, 1)")
            await writer.execute("BEGIN; INSERT INTO shop VALUES (1); PREPARE TRANSACTION 'p'")
            await sleeper.execute("SELECT pg_advisory_unlock(1684107106, 1)")
            await writer.execute("BEGIN; INSERT INTO shop VALUES (2); PREPARE TRANSACTION 'q'")
            assert not await sleeper.fetchval("SELECT pg_try_advisory_lock(1684107106, 1)")
            await writer.execute("COMMIT PREPARED 'p'")
            await writer.execute("COMMIT PREPARED 'q'")
            assert [new["id"] for _, _, new in await logged(writer)] == [1, 2]
            assert await sleeper.fetchval("SELECT pg_try_advisory_lock(1684107106, 1)")


async def test_what_a_subscription_applies_is_logged(server: Server, database: str, connection: Connection) -> None:
    """Its worker fires triggers for each row only, and those that are enabled always; it can ring."""
    psql(server, "CREATE DATABASE publisher")
    publisher = in_database(server.dsn, "publisher")
    tables = "CREATE TABLE item (id int PRIMARY KEY, n int)"
    psql(server, f"{tables}; CREATE PUBLICATION p FOR TABLE item", publisher)
    psql(server, "SELECT pg_create_logical_replication_slot('captured', 'pgoutput')", publisher)
    await connection.execute(tables)
    await connection.execute(
        f"CREATE SUBSCRIPTION s CONNECTION '{publisher}' PUBLICATION p"
        " WITH (create_slot = false, slot_name = captured, copy_data = false)"
    )
    try:
        await install(connection, ["item"])
        await connection.execute("SELECT pg_advisory_lock(1684107106, 1)")
        psql(
            server,
            "INSERT INTO item VALUES (1, 1), (2, 2); UPDATE item SET n = 3; DELETE FROM item; TRUNCATE item",
            publisher,
        )

        async def applied() -> bool:
            return [op for op, _, _ in await logged(connection, "item")] == ["I", "I", "U", "U", "D", "D", "T"]

        assert await eventually(applied)
    finally:
        await connection.execute("ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE)")
        await connection.execute("DROP SUBSCRIPTION s")

        async def released() -> bool:
            return not psql(server, "SELECT FROM pg_replication_slots WHERE active", publisher).strip()

        await eventually(released)
        psql(server, "SELECT pg_drop_replication_slot('captured')", publisher)
        psql(server, "DROP DATABASE publisher WITH (FORCE)")


class TestGate:
    """Writers ring while the gate is held, and only then."""

    @pytest.fixture
    async def bell(self, database: str) -> AsyncIterator[list[str]]:
        rung: list[str] = []
        async with connected(database) as listener:

            def hear(_connection: object, _pid: int, _channel: str, payload: object) -> None:
                rung.append(str(payload))

            await listener.add_listener("dashboard", hear)
            yield rung
            await listener.remove_listener("dashboard", hear)

    @staticmethod
    async def heard(server_dsn: str, bell: list[str]) -> list[str]:
        """What was rung before now: a mark of our own is heard after it."""
        async with connected(server_dsn) as own:
            await own.execute("NOTIFY dashboard, 'mark'")
        await eventually(lambda: "mark" in bell)
        return [payload for payload in bell if payload != "mark"]

    @pytest.mark.parametrize(
        "write",
        [
            "INSERT INTO shop VALUES (2)",
            "UPDATE shop SET name = 'x'",
            "DELETE FROM shop",
            "TRUNCATE shop CASCADE",
            "INSERT INTO visit VALUES (1, 1)",
            "INSERT INTO bird VALUES (1)",
        ],
    )
    @pytest.mark.parametrize("asleep", [True, False])
    async def test_a_write_rings_only_for_a_sleeper(
        self, database: str, connection: Connection, bell: list[str], write: str, asleep: bool
    ) -> None:
        async with connected(database) as follower:
            await connection.execute("INSERT INTO shop VALUES (1)")
            if asleep:
                assert await follower.fetchval("SELECT pg_try_advisory_lock(1684107106, 1)")
            await connection.execute(write)
            assert await self.heard(database, bell) == ([""] if asleep else [])

    async def test_nobody_falls_asleep_while_a_writer_that_did_not_ring_is_open(
        self, database: str, connection: Connection
    ) -> None:
        async with connected(database) as follower:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("INSERT INTO shop VALUES (1)")
            assert not await follower.fetchval("SELECT pg_try_advisory_lock(1684107106, 1)")
            await transaction.commit()
            assert await follower.fetchval("SELECT pg_try_advisory_lock(1684107106, 1)")
            assert len(await logged(follower)) == 1

    async def test_a_rolled_back_savepoint_rings_nobody(
        self, database: str, connection: Connection, bell: list[str]
    ) -> None:
        async with connected(database) as follower:
            await follower.execute("SELECT pg_advisory_lock(1684107106, 1)")
            await connection.execute("BEGIN; SAVEPOINT s; INSERT INTO shop VALUES (1); ROLLBACK TO s; COMMIT")
            assert await self.heard(database, bell) == []
