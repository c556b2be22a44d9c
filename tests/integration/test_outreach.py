"""Outreach: whose rows a user sees, what the database derives, and what its simulation writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest

import dashboard
from dashboard import apps
from dashboard.apps.statements import statements
from dashboard.postgres.server import Server
from tests.log import connected
from tests.seats import rows_stay_with_their_member
from tests.statements import nothing_selected
from tests.waiting import eventually

OUTREACH = apps.find("outreach")
OWNED = ("campaigns", "connections", "messages", "logs", "import_status")
SQL = statements("dashboard.apps.outreach", "queries")
LOG = "SELECT string_agg(description, E'\\n' ORDER BY id) FROM outreach.logs WHERE id > $1"


@pytest.fixture
def outreach_database(app_database: Callable[[str], str]) -> str:
    return app_database("outreach")


@pytest.fixture
async def holder(outreach_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(outreach_database)
    yield connection
    await connection.close()


async def view_as(connection: asyncpg.Connection, user: object) -> None:
    await connection.execute("SET ROLE outreach_member")
    await connection.execute("SELECT set_config('app.user_id', $1, false)", str(user))


async def simulated(dsn: str, changes: int, seed: int = 0) -> None:
    simulation = OUTREACH.simulate(dsn, rate=5_000, seed=seed)
    running = asyncio.ensure_future(simulation.run())
    await eventually(lambda: simulation.written >= changes or running.done(), timeout=30)
    simulation.stop()
    await running


@pytest.mark.parametrize("table", OWNED)
async def test_each_user_sees_only_their_own_rows(holder: asyncpg.Connection, table: str) -> None:
    everything = dict(await holder.fetch(f"SELECT user_id, count(*) FROM outreach.{table} GROUP BY 1"))
    for user in (1, 2):
        await view_as(holder, user)
        seen = dict(await holder.fetch(f"SELECT user_id, count(*) FROM outreach.{table} GROUP BY 1"))
        await holder.execute("RESET ROLE")
        assert seen == {user: everything[user]}


async def test_without_a_setting_nobody_sees_anything(holder: asyncpg.Connection) -> None:
    await holder.execute("SET ROLE outreach_member")
    for nobody in ("never set", "set to nothing"):
        for table in OUTREACH.tables:
            assert await holder.fetchval(f"SELECT count(*) FROM {table}") == 0, (nobody, table)
        await holder.execute("SELECT set_config('app.user_id', '', false)")


async def test_every_table_has_row_security(holder: asyncpg.Connection) -> None:
    tables = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'outreach'::regnamespace AND relkind = 'r'"
    assert [row[0] for row in await holder.fetch(f"{tables} ORDER BY 1")] == sorted(OUTREACH.tables)
    assert await holder.fetch(f"{tables} AND NOT relrowsecurity") == []


async def test_a_user_writes_own_rows_and_no_others(holder: asyncpg.Connection) -> None:
    await view_as(holder, 2)
    assert await holder.execute("UPDATE outreach.campaigns SET status = 'paused' WHERE id = 1") == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await holder.execute("INSERT INTO outreach.campaigns (user_id, name, audience, note) VALUES (1, 'x', 'x', 'x')")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await holder.execute(
            "INSERT INTO outreach.connections (user_id, campaign_id, name, headline) VALUES (2, 1, 'x', 'x')"
        )


async def test_the_log_is_kept_by_the_database(holder: asyncpg.Connection) -> None:
    await view_as(holder, 1)
    invited = await holder.fetchval(
        """INSERT INTO outreach.connections (user_id, campaign_id, name, headline)
           VALUES (1, 1, 'Änne Weiß', 'CTO at Oxbow') RETURNING id"""
    )
    await holder.execute("UPDATE outreach.connections SET accepted_at = now() WHERE id = $1", invited)
    for direction, body in (("sent", "hello"), ("received", "hello back")):
        await holder.execute(
            """INSERT INTO outreach.messages (user_id, campaign_id, connection_id, direction, body)
               VALUES (1, 1, $1, $2::text::outreach.direction, $3)""",
            invited,
            direction,
            body,
        )
    told = await holder.fetch("SELECT description FROM outreach.logs WHERE connection_id = $1 ORDER BY id", invited)
    assert [row[0] for row in told] == [
        "Invited Änne Weiß, CTO at Oxbow",
        "Änne Weiß accepted",
        "Wrote to Änne Weiß: hello",
        "Änne Weiß replied: hello back",
    ]
    state = await holder.fetchval("SELECT state::text FROM outreach.connections WHERE id = $1", invited)
    assert state == "replied"


async def test_an_import_tells_when_it_begins_and_ends(holder: asyncpg.Connection) -> None:
    begun = await holder.fetchval(
        """INSERT INTO outreach.import_status (user_id, campaign_id, source, total)
           VALUES (1, 1, 'a.csv', 3) RETURNING id"""
    )
    for done in (1, 3):
        await holder.execute("UPDATE outreach.import_status SET done = $2 WHERE id = $1", begun, done)
    row = await holder.fetchrow("SELECT remaining, state::text FROM outreach.import_status WHERE id = $1", begun)
    assert tuple(row) == (0, "finished")
    told = await holder.fetch("SELECT description FROM outreach.logs ORDER BY id DESC LIMIT 2")
    assert [row[0] for row in told] == ["Imported 3 people from a.csv", "Importing 3 people from a.csv"]


async def test_the_sample_ends_now_and_is_believable(holder: asyncpg.Connection) -> None:
    row = await holder.fetchrow(
        """SELECT (SELECT count(*) FROM outreach.connections) AS connections,
                  (SELECT avg((accepted_at IS NOT NULL)::int)::float8 FROM outreach.connections) AS accepted,
                  (SELECT count(*) FROM outreach.import_status WHERE state = 'running') AS importing,
                  (SELECT count(DISTINCT state) FROM outreach.connections) AS states,
                  (SELECT count(*) FROM outreach.logs WHERE at > now()) AS future,
                  (SELECT count(*) FROM outreach.connections WHERE replied_at IS NOT NULL AND NOT EXISTS (
                      SELECT FROM outreach.messages WHERE connection_id = connections.id AND direction = 'received'
                  )) AS silent"""
    )
    assert 3_200 < row["connections"] < 5_700
    assert 0.3 < row["accepted"] < 0.6
    assert (row["importing"], row["states"], row["future"], row["silent"]) == (3, 5, 0, 0)


async def test_loading_again_touches_nothing(holder: asyncpg.Connection, outreach_database: str) -> None:
    await holder.execute("DELETE FROM outreach.campaigns WHERE id = 1")
    before = await holder.fetchval("SELECT count(*) FROM outreach.connections")
    assert not await OUTREACH.load(outreach_database)
    assert await holder.fetchval("SELECT count(*) FROM outreach.connections") == before


async def test_the_simulation_does_what_people_do(holder: asyncpg.Connection, outreach_database: str) -> None:
    last = await holder.fetchval("SELECT max(id) FROM outreach.logs")
    await simulated(outreach_database, 1_500)
    kinds = dict(await holder.fetch("SELECT kind::text, count(*) FROM outreach.logs WHERE id > $1 GROUP BY 1", last))
    assert set(kinds) == {"invitation", "acceptance", "message", "reply", "refusal", "campaign", "import"}
    assert kinds["invitation"] > kinds["acceptance"] > kinds["reply"]
    over = """SELECT count(*) FROM outreach.campaigns WHERE people <
              (SELECT count(*) FROM outreach.connections WHERE campaign_id = campaigns.id)"""
    assert await holder.fetchval(over) == 0
    unasked = """SELECT count(*) FROM outreach.messages message JOIN outreach.connections ON id = connection_id
                 WHERE accepted_at IS NULL OR at < accepted_at"""
    assert await holder.fetchval(unasked.replace("ON id", "ON connections.id")) == 0


async def test_the_same_seed_tells_the_same_story(app_database: Callable[[str], str]) -> None:
    told = []
    for _ in range(2):
        dsn = app_database("outreach")
        connection = await asyncpg.connect(dsn)
        last = await connection.fetchval("SELECT max(id) FROM outreach.logs")
        await simulated(dsn, 200, seed=7)
        told.append(str(await connection.fetchval(LOG, last)).splitlines()[:100])
        await connection.close()
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("activity", "rows"),
        ("imports", "rows"),
        ("campaign", "rows"),
        ("campaign_activity", "rows"),
        ("campaign_connections", "rows"),
        ("rates", "groups"),
        ("states", "groups"),
        ("campaigns", "groups"),
        ("people_remaining", "groups"),
        ("campaign_states", "groups"),
        ("campaign_rates", "groups"),
        ("campaign_progress", "groups"),
        ("invitations", "rerun"),
    ],
)
async def test_queries_cost_what_changed_unless_time_changes_them(outreach_database: str, name: str, kind: str) -> None:
    scope = dashboard.Scope(role="outreach_member", settings={"app.user_id": "1"})
    async with dashboard.connect(outreach_database) as live:
        await live.install(*OUTREACH.tables)
        given = (1, 1) if name.startswith("campaign_") or name == "campaign" else (1,)
        query = live.query(SQL[name], *given, *nothing_selected(SQL[name], len(given)), scope=scope)
        await query.ready()
        assert query.plan is not None
        assert query.plan.kind == kind, query.plan.reason


async def test_a_user_is_told_of_their_own_imports_campaigns_and_connections(outreach_database: str) -> None:
    async with dashboard.connect(outreach_database) as live, connected(outreach_database) as connection:
        await connection.execute("UPDATE outreach.campaigns SET status = 'draft' WHERE id = 1")  # nobody listens yet
        await live.install(*apps.find("outreach").tables)
        topics = ("campaignUpdate", "connectionUpdate", "activityUpdate", "importStatusUpdate")
        heard: dict[str, list[Any]] = {"1": [], "2": []}
        for user, told in heard.items():
            scope = dashboard.Scope(role="outreach_member", settings={"app.user_id": user})
            for name in topics:
                topic = await live.topic(name, scope=scope).ready()
                topic.subscribe(lambda message, told=told: told.append((message.topic, message.payload)))  # type: ignore[misc]
        await connection.execute("UPDATE outreach.campaigns SET status = 'active' WHERE id = 1")
        await connection.execute(
            "INSERT INTO outreach.import_status (id, user_id, campaign_id, source, total)"
            " VALUES (9999, 1, 1, 'fair', 40)"
        )
        await connection.execute("UPDATE outreach.import_status SET done = 15 WHERE id = 9999")
        await connection.execute(
            "INSERT INTO outreach.connections (user_id, campaign_id, name, headline)"
            " SELECT user_id, id, 'Ana', 'CTO' FROM outreach.campaigns WHERE user_id = 2 LIMIT 1"
        )
        await eventually(lambda: len(heard["2"]) == 2)
        assert [topic for topic, _ in heard["2"]] == ["activityUpdate", "connectionUpdate"]
        assert [(topic, payload["message"]) for topic, payload in heard["1"]] == [
            ("activityUpdate", "Heads of sales, DACH is active"),
            ("campaignUpdate", "Heads of sales, DACH is active"),
            ("activityUpdate", "Importing 40 people from fair"),
            ("importStatusUpdate", "Importing fair: 0 of 40 people"),
            ("importStatusUpdate", "Importing fair: 15 of 40 people"),
        ]
        assert heard["1"][-1][1]["remainingImports"] == 25


async def test_the_page_shows_who_is_logged_in_their_own_rows_only(
    server: Server, app_database: Callable[[str], str]
) -> None:
    rename = "UPDATE outreach.campaigns SET name = '{secret}' WHERE user_id = 1"
    await rows_stay_with_their_member(server, app_database("outreach"), "outreach", rename)
