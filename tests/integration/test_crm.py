"""The CRM's tables: whose rows a member sees, what is derived, what the sample holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

import dashboard
from dashboard import apps
from dashboard.errors import PrivilegeError
from dashboard.postgres.server import Server
from tests.conftest import psql
from tests.seats import rows_stay_with_their_member

CRM = apps.find("crm")
OWNED = ("contacts", "member_activities", "sent_emails", "email_clicks", "member_profiles")


@pytest.fixture
async def owner(crm_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(crm_database)
    yield connection
    await connection.close()


async def view_as(connection: asyncpg.Connection, member: object) -> None:
    await connection.execute("SET ROLE crm_member")
    await connection.execute("SELECT set_config('app.user_id', $1, false)", str(member))


@pytest.mark.parametrize("table", OWNED)
async def test_each_member_sees_only_their_own_rows(owner: asyncpg.Connection, table: str) -> None:
    everything = dict(await owner.fetch(f"SELECT member_id, count(*) FROM crm.{table} GROUP BY 1"))
    for member in (1, 2, 10):
        await view_as(owner, member)
        seen = dict(await owner.fetch(f"SELECT member_id, count(*) FROM crm.{table} GROUP BY 1"))
        await owner.execute("RESET ROLE")
        assert seen == {member: everything[member]}


async def test_without_a_setting_nobody_sees_anything(owner: asyncpg.Connection) -> None:
    await owner.execute("SET ROLE crm_member")
    for nobody in ("never set", "set to nothing"):
        for table in CRM.tables:
            assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0, (nobody, table)
        await owner.execute("SELECT set_config('app.user_id', '', false)")


async def test_every_table_has_row_security(owner: asyncpg.Connection) -> None:
    open_tables = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'r'"
    rows = await owner.fetch(f"{open_tables} ORDER BY 1")
    assert [row[0] for row in rows] == sorted(CRM.tables)
    assert await owner.fetch(f"{open_tables} AND NOT relrowsecurity") == []


async def test_a_lead_sees_own_rows_only(owner: asyncpg.Connection) -> None:
    below = await owner.fetchval("SELECT count(*) FROM crm.members WHERE upline = 1")
    await view_as(owner, 1)
    assert below > 0
    assert await owner.fetchval("SELECT count(*) FROM crm.members") == 1


async def test_a_member_writes_own_rows_and_no_others(owner: asyncpg.Connection) -> None:
    await view_as(owner, 2)
    added = await owner.fetchval("INSERT INTO crm.contacts (member_id, name) VALUES (2, 'Own') RETURNING id")
    assert added
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("INSERT INTO crm.contacts (member_id, name) VALUES (1, 'Foreign')")
    assert await owner.execute("DELETE FROM crm.contacts WHERE member_id = 1") == "DELETE 0"


async def test_an_activity_cannot_be_put_on_the_contact_of_another_member(owner: asyncpg.Connection) -> None:
    foreign = await owner.fetchval("SELECT id FROM crm.contacts WHERE member_id = 1 LIMIT 1")
    await view_as(owner, 2)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute(
            "INSERT INTO crm.member_activities (member_id, contact_id, kind, description) VALUES (2, $1, 'note', 'x')",
            foreign,
        )


async def test_the_diary_is_kept_by_the_database(owner: asyncpg.Connection) -> None:
    await view_as(owner, 1)
    contact = await owner.fetchval("INSERT INTO crm.contacts (member_id, name) VALUES (1, 'Änne Weiß') RETURNING id")
    await owner.execute("UPDATE crm.contacts SET stage = 'customer' WHERE id = $1", contact)
    email = await owner.fetchval(
        "INSERT INTO crm.sent_emails (member_id, contact_id, subject) VALUES (1, $1, 'Hello') RETURNING id",
        contact,
    )
    await owner.execute("INSERT INTO crm.email_clicks (member_id, email_id, url) VALUES (1, $1, '/')", email)
    told = await owner.fetch("SELECT description FROM crm.member_activities WHERE contact_id = $1 ORDER BY id", contact)
    assert [row[0] for row in told] == [
        "Added Änne Weiß",
        "Moved Änne Weiß to customer",
        "Sent “Hello” to Änne Weiß",
        "“Hello” opened by Änne Weiß",
    ]
    assert await owner.fetchval("SELECT status::text FROM crm.sent_emails WHERE id = $1", email) == "clicked"


async def test_handing_over_a_contact_hands_over_what_belongs_to_it(owner: asyncpg.Connection) -> None:
    contact = await owner.fetchval(
        "SELECT contact_id FROM crm.sent_emails WHERE member_id = 1 AND status = 'clicked' LIMIT 1"
    )
    await owner.execute("UPDATE crm.contacts SET member_id = 2 WHERE id = $1", contact)
    for table in ("member_activities", "sent_emails"):
        owners = await owner.fetch(f"SELECT DISTINCT member_id FROM crm.{table} WHERE contact_id = $1", contact)
        assert [row[0] for row in owners] == [2]


async def test_the_sample_ends_now_and_is_believable(owner: asyncpg.Connection) -> None:
    row = await owner.fetchrow(
        """SELECT (SELECT count(*) FROM crm.contacts) AS contacts,
                  (SELECT count(*) FROM crm.member_activities
                   WHERE created_at > now() - interval '30 days') AS acts,
                  (SELECT count(*) FROM crm.sent_emails WHERE sent_at > now() - interval '30 days') AS emails,
                  (SELECT avg((opened_at IS NOT NULL)::int)::float8 FROM crm.sent_emails) AS opened,
                  (SELECT max(created_at) FROM crm.member_activities) AS latest,
                  now() AS now"""
    )
    assert 2_300 < row["contacts"] < 2_719
    assert 14_000 < row["acts"] < 50_000
    assert 5_500 < row["emails"] < 12_100
    assert 0.3 < row["opened"] < 0.6
    assert 0 <= (row["now"] - row["latest"]).total_seconds() < 6 * 3600


async def test_nothing_in_the_sample_is_used_before_it_is_there(owner: asyncpg.Connection) -> None:
    early = """SELECT count(*) FROM crm.contacts c JOIN crm.member_activities a ON a.contact_id = c.id
               WHERE a.created_at < c.created_at OR a.created_at > now()
                  OR c.last_activity_at < a.created_at"""
    assert await owner.fetchval(early) == 0


async def test_keys_go_on_after_those_of_the_sample(owner: asyncpg.Connection) -> None:
    latest = await owner.fetchval("SELECT max(id) FROM crm.contacts")
    assert await owner.fetchval("INSERT INTO crm.contacts (member_id, name) VALUES (1, 'x') RETURNING id") == latest + 1


async def test_loading_again_touches_nothing(owner: asyncpg.Connection, crm_database: str) -> None:
    await owner.execute("DELETE FROM crm.contacts WHERE member_id = 1")
    before = await owner.fetchval("SELECT count(*) FROM crm.contacts")
    assert not await CRM.load(crm_database)
    assert await owner.fetchval("SELECT count(*) FROM crm.contacts") == before


async def test_a_role_that_may_not_load_is_told_so_and_leaves_nothing(database: str, server: Server) -> None:
    psql(server, "DROP ROLE IF EXISTS crm_nobody; CREATE ROLE crm_nobody LOGIN PASSWORD 'x'")
    parts = urlsplit(database)
    nobody = parts._replace(netloc=f"crm_nobody:x@{parts.netloc.rpartition('@')[2]}")
    with pytest.raises(PrivilegeError, match="permission denied"):
        await CRM.load(urlunsplit(nobody))
    assert psql(server, "SELECT count(*) FROM pg_namespace WHERE nspname = 'crm'", database).strip() == "0"


async def test_the_page_shows_who_is_logged_in_their_own_rows_only(
    server: Server, app_database: Callable[[str], str]
) -> None:
    rename = "UPDATE crm.contacts SET name = '{secret}' WHERE member_id = 1"
    await rows_stay_with_their_member(server, app_database("crm"), "crm", rename)


async def test_a_team_shares_how_much_each_did_and_not_with_whom(owner: asyncpg.Connection) -> None:
    told = "SELECT DISTINCT member_id FROM crm.team_activities ORDER BY 1"
    for member, team in ((1, [1, 2, 3, 4]), (2, [1, 2, 3, 4, 5, 6, 9]), (10, [5, 10])):
        await view_as(owner, member)
        assert [row[0] for row in await owner.fetch(told)] == team
    before = await owner.fetchval("SELECT count(id) FROM crm.team_activities WHERE member_id = 5")
    await owner.execute("RESET ROLE")
    await owner.execute("INSERT INTO crm.member_activities (member_id, kind, description) VALUES (5, 'note', 'secret')")
    await view_as(owner, 10)
    assert await owner.fetchval("SELECT count(id) FROM crm.team_activities WHERE member_id = 5") == before + 1
    assert await owner.fetchval("SELECT count(*) FROM crm.member_activities WHERE member_id = 5") == 0
    await owner.execute("SELECT set_config('app.user_id', '', false)")
    assert await owner.fetch(told) == []


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT count(*) FROM crm.contacts", "row-level security"),
        ("SELECT max(score) FROM crm.contacts", "row-level security"),
        ("SELECT count(*) FROM crm.contacts c JOIN crm.members m ON m.id = c.member_id", "several tables"),
    ],
)
async def test_what_is_counted_as_a_member_is_run_again_and_says_why(crm_database: str, sql: str, told: str) -> None:
    async with dashboard.connect(crm_database) as live:
        await live.install("crm.contacts", "crm.members")
        query = await live.query(sql, scope=dashboard.Scope(role="crm_member", settings={"app.user_id": "1"})).ready()
        assert query.plan is not None
        assert (query.plan.kind, told in query.plan.reason) == ("rerun", True)
