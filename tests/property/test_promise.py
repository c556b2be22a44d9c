"""The promise: at every tick, `frame` equals the SELECT run in that tick's snapshot; compared by the witness.

A world is a handful of random queries and a random interleaving of three writers' transactions. Half of the worlds
run the writers at once, where the interleaving is PostgreSQL's; in the others the reader's wire is cut now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live import Live
from dashboard.postgres.capture import install
from dashboard.postgres.connection import Connection, connect
from dashboard.postgres.follower import Pace
from dashboard.postgres.server import Server
from tests.conftest import in_database, psql
from tests.property.queries import FIXED, Asked, selects
from tests.property.writes import TABLES, WRITERS, Step, steps
from tests.proxy import Proxy
from tests.waiting import eventually
from tests.witness import Witness, difference, rows_of

PACE = Pace(heartbeat=0.4, tick=0.002, backoff_first=0.005, backoff_max=0.02)
SEED = (
    "INSERT INTO plain SELECT i, i % 3, (ARRAY['x', 'y', NULL])[1 + i % 3], i, i, now(), i % 2 = 0 "
    "FROM generate_series(0, 5) i; INSERT INTO lookup VALUES (0, 'zero'), (1, 'one'); "
    "INSERT INTO secured VALUES (1, 'ann', 1, 1), (2, 'bob', 2, 1); INSERT INTO pair VALUES (1, 'a', 1, 1); "
    "INSERT INTO shared_with VALUES (1, 'ann'); INSERT INTO guarded VALUES (1, 1), (2, 2)"
)


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[str]:
    """Yield the address of a database with the tables of `world.sql`, captured."""
    psql(server, "CREATE DATABASE property_world")
    dsn = in_database(server.dsn, "property_world")
    psql(server, (Path(__file__).parent / "world.sql").read_text(), dsn)
    asyncio.run(_capture(dsn))
    yield dsn
    psql(server, "DROP DATABASE property_world WITH (FORCE)")


async def _capture(dsn: str) -> None:
    connection = await connect(dsn)
    await install(connection, TABLES)
    await connection.close()


async def _perform(connection: Connection, step: Step) -> None:
    """Run a statement as a person at a prompt does: an error ends the transaction, if it is one's own fault."""
    try:
        await connection.execute(step.sql)
    except asyncpg.PostgresError:
        if step.sql.startswith(("COMMIT", "ROLLBACK")) or connection.is_closed():
            return
        await connection.execute("ROLLBACK")


async def _caught_up(live: Live, writers: list[Connection]) -> None:
    """Wait for the reader; if a writer's open TRUNCATE holds it up, until the writers have committed."""
    waiting = asyncio.ensure_future(live.caught_up())
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    if not done:
        for writer in writers:
            await _perform(writer, Step(0, "COMMIT"))
    await waiting


async def _finally_equal(live: Live, reader: Connection, asked: list[Asked]) -> None:
    await live.caught_up()
    for one in asked:
        query = live.query(one.sql, *one.parameters, scope=one.scope)
        assert query.error is None, (query.error, one)
        async with reader.transaction(isolation="repeatable_read", readonly=True):
            if one.scope is not None:
                await reader.execute("SELECT set_config('app.user', $1, true)", one.scope.settings["app.user"])
                await reader.execute(f"SET LOCAL ROLE {one.scope.role}")
            expected = [tuple(row) for row in await reader.fetch(one.sql, *one.parameters)]
        assert not (fault := difference(expected, rows_of(query), one.ordered)), (fault, one, query.plan)


async def _live_through(dsn: str, asked: list[Asked], todo: list[Step], *, at_once: bool) -> None:
    connections = [await connect(dsn) for _ in range(WRITERS + 1)]
    *writers, reader = connections
    proxy = Proxy(dsn)
    await proxy.restore()
    live = Live(proxy.dsn, pace=PACE)
    witness = Witness(live)
    try:
        await reader.execute(f"TRUNCATE {', '.join(TABLES)}; {SEED}")
        for writer in writers:
            await writer.execute("SET lock_timeout = '10ms'; SET deadlock_timeout = '5ms'")
        async with asyncio.timeout(60), live:
            queries = [live.query(one.sql, *one.parameters, scope=one.scope) for one in asked]
            for query, one in zip(queries, asked, strict=True):
                await query.ready()
                witness.follow(query, one.ordered)
            if at_once:
                await asyncio.gather(*(_alone(writer, number, todo) for number, writer in enumerate(writers)))
            else:
                for step in todo:
                    match step.kind:
                        case "wait":
                            await _caught_up(live, writers)
                        case "cut":
                            await proxy.cut()
                            await proxy.restore()
                        case "statement":
                            await _perform(writers[step.writer], step)
            for writer in writers:
                await _perform(writer, Step(0, "COMMIT"))
            await _finally_equal(live, reader, asked)
            await eventually(lambda: len({str(query.offset) for query in queries}) == 1)
        assert not witness.faults, "\n".join(witness.faults[:5])
        assert witness.compared >= len(set(asked))
    finally:
        for connection in connections:
            connection.terminate()
        await proxy.cut()


async def _alone(writer: Connection, number: int, todo: list[Step]) -> None:
    for step in todo:
        if step.writer == number and step.kind == "statement":
            await _perform(writer, step)


@given(
    asked=st.lists(selects(), min_size=1, max_size=12),
    todo=st.lists(steps(), min_size=5, max_size=40),
    at_once=st.booleans(),
)
def test_frame_equals_the_select_at_every_tick(world: str, asked: list[Asked], todo: list[Step], at_once: bool) -> None:
    asyncio.run(_live_through(world, list(dict.fromkeys(asked)), todo, at_once=at_once))


@given(todo=st.lists(steps(), min_size=30, max_size=120), at_once=st.booleans())
def test_every_shape_of_query_stays_equal(world: str, todo: list[Step], at_once: bool) -> None:
    asyncio.run(_live_through(world, list(FIXED), todo, at_once=at_once))
