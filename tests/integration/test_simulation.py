"""The simulator: at its rate, valid rows only, the same story by the same seed, and a way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from subprocess import CalledProcessError

import asyncpg
import pytest

from dashboard import apps
from dashboard.apps.simulation import Simulation
from dashboard.errors import ConnectError, QueryError
from dashboard.postgres.connection import Connection
from dashboard.postgres.server import Server
from tests.conftest import psql
from tests.proxy import Proxy
from tests.waiting import eventually

CRM = apps.find("crm")
DIARY = "SELECT string_agg(description, E'\\n' ORDER BY id) FROM crm.member_activities WHERE id > $1"


@pytest.fixture
async def owner(crm_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(crm_database)
    yield connection
    await connection.close()


async def written(simulation: Simulation, changes: int) -> None:
    """Run until so many changes are written, then stop."""
    running = asyncio.ensure_future(simulation.run())
    await eventually(lambda: simulation.written >= changes or running.done(), timeout=30)
    simulation.stop()
    await running


async def test_it_writes_every_kind_of_change(owner: asyncpg.Connection, crm_database: str) -> None:
    last = await owner.fetchval("SELECT max(id) FROM crm.member_activities")
    contacts = await owner.fetchval("SELECT count(*) FROM crm.contacts")
    await written(CRM.simulate(crm_database, rate=2_000), 1_500)
    kinds = await owner.fetch("SELECT DISTINCT kind::text FROM crm.member_activities WHERE id > $1", last)
    assert {row[0] for row in kinds} == {"call", "email", "meeting", "note", "contact", "stage"}
    sent = await owner.fetch(
        "SELECT DISTINCT status::text FROM crm.sent_emails WHERE sent_at > now() - interval '1 min'"
    )
    assert {row[0] for row in sent} >= {"delivered", "opened", "bounced"}
    assert await owner.fetchval("SELECT count(*) FROM crm.contacts") > contacts
    gone = "SELECT count(*) FROM generate_series(1, $1) AS id WHERE id NOT IN (SELECT id FROM crm.contacts)"
    assert await owner.fetchval(gone, contacts) > 0


async def test_it_keeps_about_its_rate(crm_database: str) -> None:
    simulation = CRM.simulate(crm_database, rate=100)
    start = time.monotonic()
    await written(simulation, 300)
    assert 1 < time.monotonic() - start < 10


async def test_the_same_seed_tells_the_same_story(owner: asyncpg.Connection, crm_database: str, server: Server) -> None:
    async def story(dsn: str, seed: int) -> list[str]:
        connection = await asyncpg.connect(dsn)
        last = await connection.fetchval("SELECT max(id) FROM crm.member_activities")
        await written(CRM.simulate(dsn, rate=5_000, seed=seed), 200)
        told = await connection.fetchval(DIARY, last)
        await connection.close()
        return str(told).splitlines()[:80]

    copy = f"{crm_database.rpartition('/')[2].partition('?')[0]}_copy"
    await owner.close()
    psql(server, f"CREATE DATABASE {copy} TEMPLATE {copy.removesuffix('_copy')}")
    other = crm_database.replace(copy.removesuffix("_copy"), copy)
    try:
        assert await story(crm_database, 7) == await story(other, 7)
    finally:
        psql(server, f"DROP DATABASE {copy} WITH (FORCE)")


async def test_it_stops_at_once_even_when_nothing_is_due(crm_database: str) -> None:
    simulation = CRM.simulate(crm_database, rate=0.01)
    running = asyncio.ensure_future(simulation.run())
    await asyncio.sleep(0)
    simulation.stop()
    await asyncio.wait_for(running, 5)


async def test_it_leaves_no_connection_when_it_is_cancelled(owner: asyncpg.Connection, crm_database: str) -> None:
    running = asyncio.ensure_future((simulation := CRM.simulate(crm_database, rate=500)).run())
    await eventually(lambda: simulation.written > 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    mine = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dashboard: simulate'"

    async def gone() -> bool:
        return bool(await owner.fetchval(mine) == 0)

    await eventually(gone)


async def test_it_goes_on_after_the_database_was_away(crm_database: str) -> None:
    async with Proxy(crm_database) as proxy:
        simulation = CRM.simulate(proxy.dsn, rate=500)
        running = asyncio.ensure_future(simulation.run())
        await eventually(lambda: simulation.written > 20)
        await proxy.cut()
        before = simulation.written
        await proxy.restore()
        await eventually(lambda: simulation.written > before + 20)
        simulation.stop()
        await running


async def test_an_unreachable_database_is_an_error_at_the_start() -> None:
    with pytest.raises(ConnectError):
        await CRM.simulate("postgresql://nobody@127.0.0.1:1/none").run()


async def test_a_database_without_the_app_is_an_error(database: str) -> None:
    with pytest.raises(QueryError, match="crm"):
        await CRM.simulate(database).run()


async def test_rows_that_others_delete_meanwhile_do_not_stop_it(owner: asyncpg.Connection, crm_database: str) -> None:
    simulation = CRM.simulate(crm_database, rate=1_000)
    running = asyncio.ensure_future(simulation.run())
    await eventually(lambda: simulation.written > 50)
    await owner.execute("DELETE FROM crm.contacts")
    before = simulation.written
    await eventually(lambda: running.done() or simulation.written > before + 30)
    simulation.stop()
    await running


@pytest.mark.parametrize("name", ["calls", "crm", "earnings", "outreach", "storefront"])
async def test_tables_that_somebody_empties_do_not_stop_it(
    name: str, server: Server, app_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, dsn, acts = apps.find(name), app_database(name), 0
    simulation = app.simulate(dsn, rate=1_000)
    act = simulation._act

    async def counted(connection: Connection) -> int:
        nonlocal acts
        made = await act(connection)
        acts += 1
        return made

    monkeypatch.setattr(simulation, "_act", counted)
    running = asyncio.ensure_future(simulation.run())
    await eventually(lambda: acts > 20 or running.done(), timeout=30)

    async def is_emptied() -> bool:
        """Whether it is done; where it and the simulation wait for each other, PostgreSQL ends one of them."""
        try:
            await asyncio.to_thread(psql, server, f"TRUNCATE {', '.join(app.tables)} CASCADE", dsn)
        except CalledProcessError:
            return False
        return True

    await eventually(is_emptied, timeout=30)
    before = acts
    await eventually(lambda: acts > before + 200 or running.done(), timeout=30)
    assert not running.done()
    simulation.stop()
    await running
