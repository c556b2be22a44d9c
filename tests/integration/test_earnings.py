"""The earnings marketplace: whose rows an owner sees, what may follow what, and what its simulation writes."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

import dashboard
from dashboard import apps
from dashboard.apps.statements import statements
from dashboard.postgres.server import Server
from tests.seats import rows_stay_with_their_member
from tests.statements import nothing_selected
from tests.waiting import eventually

EARNINGS = apps.find("earnings")
OWNED = ("assets", "campaigns", "events", "earnings", "tallies", "simulation")
SQL = statements("dashboard.apps.earnings", "queries")
STORY = "SELECT string_agg(concat(kind, asset_id, amount), ',' ORDER BY id) FROM earnings.events WHERE id > $1"


@pytest.fixture
def earnings_database(app_database: Callable[[str], str]) -> str:
    return app_database("earnings")


@pytest.fixture
async def holder(earnings_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(earnings_database)
    yield connection
    await connection.close()


async def view_as(connection: asyncpg.Connection, owner: object) -> None:
    await connection.execute("SET ROLE earnings_member")
    await connection.execute("SELECT set_config('app.user_id', $1, false)", str(owner))


async def simulated(dsn: str, changes: int, seed: int = 0) -> None:
    simulation = EARNINGS.simulate(dsn, rate=5_000, seed=seed)
    running = asyncio.ensure_future(simulation.run())
    await eventually(lambda: simulation.written >= changes or running.done(), timeout=30)
    simulation.stop()
    await running


@pytest.mark.parametrize("table", OWNED)
async def test_each_owner_sees_only_their_own_rows(holder: asyncpg.Connection, table: str) -> None:
    everything = dict(await holder.fetch(f"SELECT owner_id, count(*) FROM earnings.{table} GROUP BY 1"))
    for owner in (1, 3):
        await view_as(holder, owner)
        seen = dict(await holder.fetch(f"SELECT owner_id, count(*) FROM earnings.{table} GROUP BY 1"))
        await holder.execute("RESET ROLE")
        assert seen == {owner: everything[owner]}


async def test_without_a_setting_nobody_sees_anything(holder: asyncpg.Connection) -> None:
    await holder.execute("SET ROLE earnings_member")
    for nobody in ("never set", "set to nothing"):
        for table in EARNINGS.tables:
            assert await holder.fetchval(f"SELECT count(*) FROM {table}") == 0, (nobody, table)
        await holder.execute("SELECT set_config('app.user_id', '', false)")


async def test_every_table_has_row_security(holder: asyncpg.Connection) -> None:
    tables = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'earnings'::regnamespace AND relkind = 'r'"
    assert [row[0] for row in await holder.fetch(f"{tables} ORDER BY 1")] == sorted(EARNINGS.tables)
    assert await holder.fetch(f"{tables} AND NOT relrowsecurity") == []


async def test_an_owner_turns_their_own_switch_and_no_other(holder: asyncpg.Connection) -> None:
    await view_as(holder, 2)
    assert await holder.execute("UPDATE earnings.simulation SET is_on = false") == "UPDATE 1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await holder.execute("UPDATE earnings.earnings SET amount = 1000000")
    await holder.execute("RESET ROLE")
    off = await holder.fetch("SELECT owner_id FROM earnings.simulation WHERE NOT is_on")
    assert [row[0] for row in off] == [2]


async def test_an_event_must_follow_the_one_before_it(holder: asyncpg.Connection) -> None:
    impression = await holder.fetchrow("SELECT * FROM earnings.events WHERE kind = 'impression' LIMIT 1")
    skip = """INSERT INTO earnings.events (owner_id, asset_id, campaign_id, kind, follows, amount)
              SELECT owner_id, asset_id, campaign_id, 'conversion', id, 5 FROM earnings.events WHERE id = $1"""
    with pytest.raises(asyncpg.CheckViolationError, match="must follow"):
        await holder.execute(skip, impression["id"])


async def test_an_event_belongs_to_the_owner_of_its_asset(holder: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await holder.execute(
            """INSERT INTO earnings.earnings (owner_id, asset_id, kind, amount)
               SELECT owner_id + 1, id, 'licence', 1 FROM earnings.assets WHERE owner_id = 1 LIMIT 1"""
        )


async def test_the_sample_ends_now_and_tells_whole_stories(holder: asyncpg.Connection) -> None:
    row = await holder.fetchrow(
        """SELECT (SELECT count(*) FROM earnings.events) AS events,
                  (SELECT count(*) FROM earnings.earnings WHERE at > now() - interval '1 hour') AS lately,
                  (SELECT max(at) FROM earnings.events) AS latest,
                  (SELECT count(*) FROM earnings.events WHERE at > now()) AS future,
                  (SELECT count(*) FROM earnings.earnings) AS earnings,
                  (SELECT count(*) FROM earnings.events WHERE kind = 'earning') AS told,
                  (SELECT count(*) FROM earnings.events later JOIN earnings.events before ON before.id = later.follows
                   WHERE before.at > later.at OR before.campaign_id <> later.campaign_id) AS twisted,
                  now() AS now"""
    )
    assert 20_000 < row["events"] < 60_000
    assert row["lately"] > 10
    assert row["future"] == row["twisted"] == 0
    assert row["told"] == row["earnings"]
    assert 0 <= (row["now"] - row["latest"]).total_seconds() < 600


async def test_loading_again_touches_nothing(holder: asyncpg.Connection, earnings_database: str) -> None:
    await holder.execute("DELETE FROM earnings.earnings WHERE owner_id = 1")
    before = await holder.fetchval("SELECT count(*) FROM earnings.earnings")
    assert not await EARNINGS.load(earnings_database)
    assert await holder.fetchval("SELECT count(*) FROM earnings.earnings") == before


async def test_what_is_summed_up_is_what_there_is(holder: asyncpg.Connection, earnings_database: str) -> None:
    async def differences() -> list[object]:
        return [
            *await holder.fetch(
                """SELECT owner_id, kind, sum(events), sum(amount) FROM earnings.tallies WHERE events > 0 GROUP BY 1, 2
                   EXCEPT
                   SELECT owner_id, kind, count(*), COALESCE(sum(amount), 0) FROM earnings.events GROUP BY 1, 2"""
            ),
            *await holder.fetch(
                """SELECT id, payments, earned FROM earnings.assets
                   EXCEPT SELECT asset.id, count(earning.id), COALESCE(sum(amount), 0)
                   FROM earnings.assets asset LEFT JOIN earnings.earnings earning ON asset_id = asset.id GROUP BY 1"""
            ),
        ]

    assert await differences() == []
    await simulated(earnings_database, 300)
    assert await differences() == []
    await holder.execute("DELETE FROM earnings.earnings WHERE id % 3 = 0; DELETE FROM earnings.events WHERE id % 5 = 0")
    assert await differences() == []


async def test_the_simulation_goes_from_impressions_to_earnings(
    holder: asyncpg.Connection, earnings_database: str
) -> None:
    last = await holder.fetchval("SELECT max(id) FROM earnings.events")
    await simulated(earnings_database, 1_200)
    kinds = dict(await holder.fetch("SELECT kind::text, count(*) FROM earnings.events WHERE id > $1 GROUP BY 1", last))
    assert kinds["impression"] > kinds["click"] > kinds["conversion"] >= kinds["attribution"] > 0
    assert kinds["earning"] > 0
    idle = """SELECT count(*) FROM earnings.events event JOIN earnings.assets asset ON asset.id = asset_id
              WHERE event.id > $1 AND event.kind = 'impression' AND asset.status IN ('draft', 'review', 'retired')"""
    assert await holder.fetchval(idle, last) == 0


async def test_the_simulation_writes_nothing_for_who_has_switched_it_off(
    holder: asyncpg.Connection, earnings_database: str
) -> None:
    await holder.execute("UPDATE earnings.simulation SET is_on = false WHERE owner_id = 1")
    last = await holder.fetchval("SELECT max(id) FROM earnings.events")
    await simulated(earnings_database, 300)
    owners = await holder.fetch("SELECT DISTINCT owner_id FROM earnings.events WHERE id > $1", last)
    assert owners
    assert 1 not in {row[0] for row in owners}


async def test_the_same_seed_tells_the_same_story(app_database: Callable[[str], str]) -> None:
    told = []
    for _ in range(2):
        dsn = app_database("earnings")
        connection = await asyncpg.connect(dsn)
        last = await connection.fetchval("SELECT max(id) FROM earnings.events")
        await simulated(dsn, 200, seed=7)
        told.append(str(await connection.fetchval(STORY, last)).split(",")[:100])
        await connection.close()
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ticker", "rows"),
        ("feed", "rows"),
        ("simulation", "rows"),
        ("total", "groups"),
        ("statistics", "groups"),
        ("assets", "rows"),
        ("assets_by_status", "groups"),
        ("today", "rerun"),
        ("over_time", "rerun"),
    ],
)
async def test_queries_cost_what_changed_unless_time_changes_them(earnings_database: str, name: str, kind: str) -> None:
    more = (dt.timedelta(minutes=1), 60, None) if name == "over_time" else nothing_selected(SQL[name], 1)
    scope = dashboard.Scope(role="earnings_member", settings={"app.user_id": "1"})
    async with dashboard.connect(earnings_database) as live:
        await live.install(*EARNINGS.tables)
        query = live.query(SQL[name], 1, *more, scope=scope)
        await query.ready()
        assert query.plan is not None
        assert query.plan.kind == kind, query.plan.reason


async def test_the_page_shows_who_is_logged_in_their_own_rows_only(
    server: Server, app_database: Callable[[str], str]
) -> None:
    rename = "UPDATE earnings.assets SET name = '{secret}' WHERE owner_id = 1"
    await rows_stay_with_their_member(server, app_database("earnings"), "earnings", rename)
