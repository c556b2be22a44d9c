"""The log keeps its time and size, waits for nobody, and tells readers what it has given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from dashboard.errors import DashboardError
from dashboard.postgres.capture import grants, install
from dashboard.postgres.connection import Connection
from dashboard.postgres.rotation import log_status, rotate
from tests.log import connected, logged

PLENTY = 1 << 40


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    async with connected(database) as connection:
        await connection.execute("CREATE TABLE shop (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)")
        await install(connection, ["shop"])
        yield connection


async def write(connection: Connection, rows: int = 1) -> None:
    await connection.execute("INSERT INTO shop (name) SELECT repeat('x', 100) FROM generate_series(1, $1)", rows)


async def later(connection: Connection, seconds: int) -> None:
    """Let the log believe that time has passed."""
    await connection.execute(
        "UPDATE dashboard.log_slot"
        " SET entered_at = entered_at - $1 * interval '1 s', left_at = left_at - $1 * interval '1 s'",
        seconds,
    )


async def reaches(connection: Connection, snapshot: str) -> bool:
    found: bool = await connection.fetchval("SELECT dashboard.reaches($1::text::pg_snapshot)", snapshot)
    return found


async def snapshot(connection: Connection) -> str:
    found: str = await connection.fetchval("SELECT pg_current_snapshot()::text")
    return found


async def test_a_young_log_is_left_alone(connection: Connection) -> None:
    await write(connection)
    rotation = await rotate(connection, retention=3600, max_bytes=PLENTY)
    assert (rotation.emptied, rotation.turned) == (0, False)


async def test_an_idle_heartbeat_writes_nothing(connection: Connection) -> None:
    await later(connection, 10_000)
    async with connection.transaction():
        await rotate(connection, retention=60, max_bytes=PLENTY)
        assert await connection.fetchval("SELECT pg_current_xact_id_if_assigned()") is None


async def test_a_change_is_kept_for_its_time_and_not_much_longer(connection: Connection) -> None:
    await write(connection)
    for _ in range(19):
        await later(connection, 50)
        await rotate(connection, retention=1000, max_bytes=PLENTY)
        assert len(await logged(connection)) == 1
    for _ in range(12):
        await later(connection, 50)
        await rotate(connection, retention=1000, max_bytes=PLENTY)
    assert await logged(connection) == []


async def test_the_ring_turns_on_and_on(connection: Connection) -> None:
    slots = []
    for number in range(12):
        await write(connection)
        await later(connection, 600)
        await rotate(connection, retention=1000, max_bytes=PLENTY)
        slots.append((await log_status(connection)).slot)
        assert 1 <= len(await logged(connection)) <= 3, number
    assert slots == [1, 2, 3, 0] * 3
    seqs = [row["seq"] for row in await connection.fetch("SELECT seq FROM dashboard.change_log ORDER BY xid")]
    assert seqs == sorted(seqs)


async def test_a_log_grown_too_large_is_given_back_early(connection: Connection) -> None:
    bound = 4 << 20
    for _ in range(20):
        await write(connection, 2000)
        rotation = await rotate(connection, retention=3600, max_bytes=bound)
        assert rotation.bytes <= bound * 1.3
    assert 0 < len(await logged(connection)) < 40_000


async def test_a_slot_in_use_by_a_writer_is_left_for_later(database: str, connection: Connection) -> None:
    async with connected(database) as writer:
        transaction = writer.transaction()
        await transaction.start()
        await write(writer)
        await later(connection, 1)
        assert (await rotate(connection, retention=1, max_bytes=PLENTY)).turned
        await later(connection, 10)
        assert (await rotate(connection, retention=1, max_bytes=PLENTY)).emptied == 0
        await write(connection)
        await transaction.commit()
        assert len(await logged(connection)) == 2
        assert (await rotate(connection, retention=1, max_bytes=PLENTY)).emptied == 1


async def test_a_reader_keeps_what_it_is_reading(database: str, connection: Connection) -> None:
    await write(connection)
    await later(connection, 10)
    await rotate(connection, retention=1, max_bytes=PLENTY)
    await later(connection, 10)
    async with connected(database) as reader:
        await reader.execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE dashboard.change_log IN ACCESS SHARE MODE"
        )
        assert (await rotate(connection, retention=1, max_bytes=PLENTY)).emptied == 0
        assert len(await logged(reader)) == 1
        await reader.execute("COMMIT")
    assert (await rotate(connection, retention=1, max_bytes=PLENTY)).emptied == 1


async def test_an_old_snapshot_writes_where_everybody_does(database: str, connection: Connection) -> None:
    async with connected(database) as writer:
        await writer.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM shop")
        await write(connection)
        await later(connection, 10)
        assert (await rotate(connection, retention=1, max_bytes=PLENTY)).turned
        await write(writer)
        await writer.execute("COMMIT")
    assert await connection.fetchval("SELECT count(DISTINCT slot) FROM dashboard.change_log") == 2


async def turned_away(connection: Connection) -> None:
    """Write, and let what was written be rotated away."""
    await write(connection)
    for _ in range(2):
        await later(connection, 10)
        await rotate(connection, retention=1, max_bytes=PLENTY)
    assert await logged(connection) == []


async def test_a_reader_that_missed_what_was_rotated_away_is_told(connection: Connection) -> None:
    before = await snapshot(connection)
    assert await reaches(connection, before)
    await turned_away(connection)
    assert not await reaches(connection, before)
    assert await reaches(connection, await snapshot(connection))


async def test_a_reader_that_saw_it_before_it_went_is_not_sent_back(connection: Connection) -> None:
    await write(connection)
    seen = await snapshot(connection)
    for _ in range(2):
        await later(connection, 10)
        await rotate(connection, retention=1, max_bytes=PLENTY)
    assert await reaches(connection, seen)


async def test_a_long_transaction_sends_nobody_back(database: str, connection: Connection) -> None:
    async with connected(database) as other:
        await other.execute("BEGIN; SELECT pg_current_xact_id()")
        await turned_away(connection)
        now = await snapshot(connection)
        status = await log_status(connection)
        assert int(now.partition(":")[0]) < status.horizon
        assert await reaches(connection, now)
        await other.execute("COMMIT")


async def test_a_transaction_open_for_the_reader_and_rotated_away_since_is_missed(
    database: str, connection: Connection
) -> None:
    async with connected(database) as other:
        await other.execute("BEGIN")
        await write(other)
        during = await snapshot(connection)
        await other.execute("COMMIT")
    await turned_away(connection)
    assert not await reaches(connection, during)


async def test_rotation_refuses_an_older_snapshot(connection: Connection) -> None:
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    with pytest.raises(DashboardError, match="READ COMMITTED"):
        await rotate(connection, retention=1, max_bytes=PLENTY)
    await connection.execute("ROLLBACK")


async def test_a_follower_that_does_not_own_the_log_can_rotate_it(database: str, connection: Connection) -> None:
    await connection.execute("CREATE ROLE leader")
    try:
        await connection.execute(await grants(connection, "leader"))
        await write(connection)
        await later(connection, 10)
        async with connected(database) as leader:
            await leader.execute("SET SESSION AUTHORIZATION leader")
            assert (await rotate(leader, retention=1, max_bytes=PLENTY)).turned
            status = await log_status(leader)
        assert status.slot == 1
        assert status.bytes == sum(status.slot_bytes) > 0
        assert not status.is_overdue(3600)
    finally:
        await connection.execute("DROP OWNED BY leader")
        await connection.execute("DROP ROLE leader")


async def test_a_log_that_nobody_rotates_is_overdue(connection: Connection) -> None:
    await write(connection)
    await later(connection, 1000)
    status = await log_status(connection)
    assert status.is_overdue(100)
    assert not status.is_overdue(3600)


async def test_a_reader_of_a_turning_ring_misses_nothing_unless_it_is_told(
    database: str, connection: Connection
) -> None:
    """Writers, a reader by snapshots, and rotation at every moment: what is read is what the table holds."""
    done = asyncio.Event()
    seen: set[int] = set()
    emptied = 0

    async def writer() -> None:
        async with connected(database) as own:
            while emptied < 12:
                await write(own)

    async def rotator() -> None:
        nonlocal emptied
        async with connected(database) as own:
            while not done.is_set():
                await later(own, 10)
                emptied += (await rotate(own, retention=5, max_bytes=PLENTY)).emptied

    async def poll(own: Connection, since: str) -> str:
        await own.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE dashboard.change_log IN ACCESS SHARE MODE")
        now = await snapshot(own)
        if await reaches(own, since):
            rows = await own.fetch(
                "SELECT (new ->> 'id')::int AS id FROM dashboard.change_log"
                " WHERE NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)",
                since,
            )
            assert seen.isdisjoint(row["id"] for row in rows)
        else:
            seen.clear()
            rows = await own.fetch("SELECT id FROM shop")
        seen.update(row["id"] for row in rows)
        assert await own.fetchval("SELECT count(*) FROM shop") == len(seen)
        await own.execute("COMMIT")
        return now

    async def follow(own: Connection) -> None:
        since = await snapshot(own)
        while not done.is_set():
            since = await poll(own, since)
        await poll(own, since)

    async with connected(database) as reader, asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(reader))
        tasks.create_task(rotator())
        async with asyncio.timeout(60), asyncio.TaskGroup() as writers:
            for _ in range(3):
                writers.create_task(writer())
        done.set()
    assert (await log_status(connection)).horizon > 0
