"""Eve can have SQL run as her scope, and wants to know, silence or forge what people are told, and who is here.

Each attack is seen to succeed where its guard is taken away. All happens in a transaction that is rolled back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from dashboard.postgres import alerts
from dashboard.postgres.connection import Connection
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.conftest import psql
from tests.log import connected

SECRET = "what-is-veras"
ROLE = "attacked_staff"
VERA = f"'{ROLE}', '{{\"app.user_id\": \"1\"}}'"
STAGE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN CREATE ROLE {ROLE}; END IF;
END $$;
INSERT INTO dashboard_alerts.contact_point VALUES ('mail', 'mailto://{SECRET}@127.0.0.1?to={{to}}');
INSERT INTO dashboard_alerts.notice (id, rule, title, severity, fired_at, role, settings)
VALUES ('11111111-1111-1111-1111-111111111111', 'r', '{SECRET}', 'warning', now(), {VERA});
INSERT INTO dashboard_alerts.preference (contact_point, address, role, settings)
VALUES ('mail', '{SECRET}', {VERA});
INSERT INTO dashboard_alerts.delivery (notice, event, contact_point, address, due_at)
VALUES ('11111111-1111-1111-1111-111111111111', 'fired', 'mail', '{SECRET}', now());
INSERT INTO dashboard_alerts.silence (rule, until, role, settings) VALUES ('{SECRET}', 'infinity', {VERA});
INSERT INTO dashboard_alerts.seen (at, role, settings) VALUES ('2026-01-01', {VERA});
INSERT INTO dashboard.process (number, name, has_lock, seen_at) VALUES (7, '{SECRET}', false, 'infinity');
INSERT INTO dashboard.presence (id, process, person, name, page, role, settings)
SELECT '22222222-2222-2222-2222-222222222222', 7, 'p', '{SECRET}', 'page', oid, '{{"app.user_id": "1"}}'
FROM pg_roles WHERE rolname = '{ROLE}';
"""


@dataclass(frozen=True)
class Attack:
    """What Eve runs, what takes away the guard, and where the harm is seen if not in the answer."""

    does: str
    opened: str
    harm: str = ""


def read(what: str, table: str, grants: str = "SELECT") -> Attack:
    opened = f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; GRANT {grants} ON {table} TO {ROLE}"
    return Attack(f"SELECT string_agg({what}::text, ' ') FROM {table}", opened)


def written(does: str, table: str, harm: str) -> Attack:
    opened = f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; GRANT ALL ON {table} TO {ROLE}"
    return Attack(does, opened, f"SELECT '{SECRET}' FROM {table} WHERE {harm}")


ATTACKS = {
    "reads what Vera is told": read("title", "dashboard_alerts.notice"),
    "reads where Vera is told": read("address", "dashboard_alerts.preference"),
    "reads the passwords of contact points": read("url", "dashboard_alerts.contact_point"),
    "reads what was sent to Vera": read("address", "dashboard_alerts.delivery"),
    "reads what Vera does not want to hear": read("rule", "dashboard_alerts.silence"),
    "reads that Vera is here": read("name", "dashboard.presence"),
    "reads which servers there are": read("name", "dashboard.process"),
    "silences a rule for Vera": written(
        f"INSERT INTO dashboard_alerts.silence (rule, until, role, settings) VALUES ('of Eve', 'infinity', {VERA})",
        "dashboard_alerts.silence", "rule = 'of Eve'",
    ),
    "silences a rule for everybody": written(
        "INSERT INTO dashboard_alerts.silence (rule, until) VALUES ('of Eve', 'infinity')",
        "dashboard_alerts.silence", "rule = 'of Eve'",
    ),
    "makes a silence of her own one of Vera's": written(
        f"INSERT INTO dashboard_alerts.silence (rule, until, role, settings) "
        f"VALUES ('of Eve', 'infinity', '{ROLE}', '{{\"app.user_id\": \"2\"}}'); "
        "UPDATE dashboard_alerts.silence SET settings = '{\"app.user_id\": \"1\"}' WHERE rule = 'of Eve'",
        "dashboard_alerts.silence", "rule = 'of Eve' AND settings ->> 'app.user_id' = '1'",
    ),
    "ends what Vera has silenced": written(
        "UPDATE dashboard_alerts.silence SET until = now()", "dashboard_alerts.silence", "until <= now()"
    ),
    "has Vera's alerts sent to herself": written(
        "UPDATE dashboard_alerts.preference SET address = 'eve@example.org'",
        "dashboard_alerts.preference", "address = 'eve@example.org'",
    ),
    "turns off what Vera is told": Attack(
        "DELETE FROM dashboard_alerts.preference", "ALTER TABLE dashboard_alerts.preference DISABLE ROW LEVEL SECURITY",
        f"SELECT '{SECRET}' WHERE NOT EXISTS (SELECT FROM dashboard_alerts.preference)",
    ),
    "marks as seen what Vera has not": written(
        "UPDATE dashboard_alerts.seen SET at = 'infinity'", "dashboard_alerts.seen", "at = 'infinity'"
    ),
    "forges an alert for Vera": written(
        "INSERT INTO dashboard_alerts.notice (id, rule, title, severity, fired_at, role, settings) "
        f"VALUES (gen_random_uuid(), 'r', 'of Eve', 'critical', now(), {VERA})",
        "dashboard_alerts.notice", "title = 'of Eve'",
    ),
    "resolves an alert of Vera's": written(
        "UPDATE dashboard_alerts.notice SET resolved_at = now()", "dashboard_alerts.notice", "resolved_at IS NOT NULL"
    ),
    "takes a rule for herself": written(
        "INSERT INTO dashboard_alerts.rule (name, holder, held_until) VALUES ('r', gen_random_uuid(), 'infinity')",
        "dashboard_alerts.rule", "name = 'r'",
    ),
    "is here in the name of Vera": Attack(
        "SELECT dashboard.attend(8, 'eve', false, '[{\"id\": \"33333333-3333-3333-3333-333333333333\", \"person\": "
        "\"p\", \"name\": \"Vera\", \"page\": \"forged\", \"settings\": {}}]', '{}', false, '{}')",
        f"GRANT EXECUTE ON FUNCTION dashboard.attend TO {ROLE}",
        f"SELECT '{SECRET}' FROM dashboard.presence WHERE page = 'forged'",
    ),
    "sends everybody away": Attack(
        "SELECT dashboard.depart(7)", f"GRANT EXECUTE ON FUNCTION dashboard.depart TO {ROLE}",
        f"SELECT '{SECRET}' WHERE NOT EXISTS (SELECT FROM dashboard.presence)",
    ),
    "says something to Vera": Attack(
        f"SELECT dashboard.emit('notes', '1', '{ROLE}', '{{\"app.user_id\": \"1\"}}')",
        f"GRANT EXECUTE ON FUNCTION dashboard.emit TO {ROLE}",
        f"SELECT '{SECRET}' FROM dashboard.change_log WHERE op = 'M'",
    ),
}  # fmt: skip


@pytest.fixture
async def stage(server: Server, database: str) -> AsyncIterator[Connection]:
    """Yield a connection to a database in which Vera is told things, and is here."""
    await install(database, [])
    async with connected(database) as connection:
        await alerts.install(connection)
        psql(server, STAGE, database)
        yield connection


async def tried(connection: Connection, attack: Attack) -> str:
    """What comes of an attack: what Eve is told, or what stands in the tables then; all of it is taken back."""
    inner = connection.transaction()
    await inner.start()
    try:
        await connection.execute(f"SET LOCAL ROLE {ROLE}")
        await connection.execute("SELECT set_config('app.user_id', '2', true)")
        if not attack.harm:
            return str(await connection.fetchval(attack.does))
        await connection.execute(attack.does)
        await connection.execute("RESET ROLE")
        return str(await connection.fetchval(attack.harm))
    except asyncpg.PostgresError as refusal:
        return str(refusal)
    finally:
        await inner.rollback()


async def test_eve_fails_and_succeeds_where_the_guard_is_taken_away(stage: Connection) -> None:
    for name, attack in ATTACKS.items():
        assert SECRET not in await tried(stage, attack), name
        opened = stage.transaction()
        await opened.start()
        await stage.execute(attack.opened)
        assert SECRET in await tried(stage, attack), name
        await opened.rollback()
