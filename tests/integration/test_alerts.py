"""Alerts: each told once, to whom it concerns, whatever becomes of the processes that watch."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from asyncpg import InsufficientPrivilegeError

import dashboard
from dashboard import apps
from dashboard.errors import AlertError, PrivilegeError
from dashboard.live import Live, Scope
from dashboard.live.alerts import Above
from dashboard.live.alerts.contact import Refused, send
from dashboard.postgres import alerts, deliveries
from dashboard.postgres.connection import Connection
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.sql import load
from dashboard.surfaces.capturing import install, uninstall
from dashboard.surfaces.cli import code_of
from dashboard.surfaces.doctor import examine, findings
from tests.conftest import psql
from tests.log import connected
from tests.mailbox import Mailbox
from tests.waiting import eventually
from tests.watcher import SHORT

ROOT = Path(__file__).parents[2]
JOBS = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'worker') THEN CREATE ROLE worker; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stranger') THEN CREATE ROLE stranger; END IF;
END $$;
CREATE TABLE jobs (id int PRIMARY KEY, owner int, what text, load numeric, severity text);
"""
ALL = Scope()
ANN, BOB = (Scope(role="worker", settings={"app.user_id": str(number)}) for number in (1, 2))
NOBODYS = (
    Scope(role="worker"),
    Scope(role="worker", settings={"app.user_id": ""}),
    Scope(role="stranger", settings=ANN.settings),
)
BATCH = UUID("6d3c1ac6-6a0f-4b7f-9f43-0d1f4f1a2b3c")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def writer(server: Server, database: str) -> AsyncIterator[Connection]:
    """Yield a connection to a database with capture and alerts."""
    psql(server, JOBS, database)
    await install(database, ["jobs"])
    async with connected(database) as connection:
        await alerts.install(connection)
        yield connection


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """Yield a mail server."""
    async with Mailbox() as box:
        yield box


@contextmanager
def watching(dsn: str, processes: int) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Let processes watch the rule "heavy"; yield them by the name each holds rules under."""
    command = [sys.executable, "-m", "tests.watcher", dsn]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(processes)]
    try:
        yield {process.stdout.readline().strip(): process for process in started if process.stdout}
    finally:
        for process in started:
            process.kill()
            process.communicate()


async def holder(writer: Connection) -> str:
    async def found() -> Any:
        return await writer.fetchval(
            "SELECT holder::text FROM dashboard_alerts.rule WHERE name = 'heavy' AND begun_at IS NOT NULL"
        )

    return str(await eventually(found, timeout=30))


async def settled(writer: Connection, *told: tuple[str, str]) -> None:
    """Wait until this is what was told, and what became of it."""

    async def is_so() -> bool:
        rows = await writer.fetch(
            "SELECT event, state FROM dashboard_alerts.delivery JOIN dashboard_alerts.notice n ON n.id = notice "
            "ORDER BY due_at, n.fired_at, event"
        )
        return [(row["event"], row["state"]) for row in rows] == list(told)

    await eventually(is_so, timeout=30)


async def test_of_three_processes_one_tells_and_another_goes_on_when_it_is_killed(
    writer: Connection, database: str, mailbox: Mailbox
) -> None:
    async with dashboard.connect(database) as live:
        await live.alerts.contact_point("mail", mailbox.url)
        await live.alerts.prefer(ALL, "mail", address="ops@example.org")
    with watching(database, 3) as processes:
        first = await holder(writer)
        await writer.execute("INSERT INTO jobs VALUES (1, 1, 'import', 9), (2, 1, 'mail', 3)")
        await settled(writer, ("fired", "sent"))
        processes.pop(first).kill()
        await writer.execute("UPDATE jobs SET load = 0 WHERE id = 1")
        await settled(writer, ("fired", "sent"), ("resolved", "sent"))
        assert len(mailbox.letters) == 2
        assert await holder(writer) in processes

        mailbox.gate.clear()  # whoever sends now is not told that its letter was taken
        await writer.execute("UPDATE jobs SET load = 7 WHERE id = 2")
        await eventually(lambda: len(mailbox.letters) == 3, timeout=30)
        for process in processes.values():
            process.kill()
    mailbox.gate.set()
    with watching(database, 1):
        await eventually(lambda: len(mailbox.letters) == 4, timeout=30)
        await settled(writer, ("fired", "sent"), ("resolved", "sent"), ("fired", "sent"))
    assert mailbox.subjects == [f"[{word}] Heavy job" for word in ("warning", "resolved", "warning", "warning")]
    numbers = [letter["Message-ID"] for letter in mailbox.letters]
    assert len(set(numbers)) == 3
    assert numbers[2] == numbers[3]  # the second copy can be told from its number
    assert mailbox.recipients == [["ops@example.org"]] * 4


class Noon:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


async def begun(live: Live, clock: Noon | None = None, **options: Any) -> None:
    """Watch jobs above 5, each for its owner."""
    live.alerts.timing = SHORT
    live.alerts.clock = clock or live.alerts.clock
    sql = options.pop("sql", "SELECT * FROM jobs")
    live.alert(live.query(sql, scope=ALL), **heavy(**options))
    await eventually(lambda: live.alerts.held, timeout=30)


def heavy(**options: Any) -> dict[str, Any]:
    """What there is to say of the rule."""
    return {
        "name": "heavy", "title": "Heavy job", "labels": ["id"], "when": Above("load", 5), "summary": "{what}",
        "severity": "{severity}", "interval": timedelta(),
        "audience": Scope(role="worker", settings={"app.user_id": "{owner}"}),
    } | options  # fmt: skip


async def has_begun(writer: Connection, name: str = "heavy") -> None:
    async def is_so() -> Any:
        return await writer.fetchval("SELECT begun_at IS NOT NULL FROM dashboard_alerts.rule WHERE name = $1", name)

    await eventually(is_so, timeout=30)


async def test_each_is_told_of_theirs_as_they_prefer_and_nobody_sees_anothers(
    writer: Connection, database: str, mailbox: Mailbox
) -> None:
    clock = Noon()
    async with dashboard.connect(database) as live:
        await live.alerts.contact_point("mail", mailbox.url)
        night = (time(11), time(7))
        await live.alerts.prefer(ANN, "mail", address="ann@example.org", quiet=night, zone="Europe/Berlin")
        await live.alerts.prefer(BOB, "mail", address="bob@example.org", minimum="critical")
        await begun(live, clock)
        await has_begun(writer)
        await writer.execute(
            "INSERT INTO jobs VALUES (1, 1, 'of Ann', 9, 'warning'), (2, 2, 'of Bob', 9, 'warning'), "
            "(3, 2, 'grave', 9, 'critical'), (4, NULL, 'of nobody', 9, 'critical'), (5, 1, 'unknown', NULL, 'critical')"
        )
        await eventually(lambda: len(mailbox.letters) == 1, timeout=30)
        assert mailbox.recipients == [["bob@example.org"]]  # one notice of two: the gravest counts
        assert "of Bob" in mailbox.text(0)

        for scope, wanted in ((ANN, [["of Ann"]]), (BOB, [["of Bob", "grave"]])):
            inbox = await live.query("SELECT id, lines FROM dashboard_alerts.notice", scope=scope).ready()
            await eventually(lambda inbox=inbox, wanted=wanted: list(inbox.frame["lines"]) == wanted, timeout=30)
        for scope in NOBODYS:
            assert (await live.query("SELECT id FROM dashboard_alerts.notice", scope=scope).ready()).frame.empty
        await live.alerts.contact_point("pager", "json://127.0.0.1:9")
        with pytest.raises(AlertError, match="not for you to choose"):  # it is not for people to choose
            await live.alerts.prefer(ANN, "pager")
        for secret in ("url FROM dashboard_alerts.contact_point", "address FROM dashboard_alerts.delivery"):
            with pytest.raises(PrivilegeError):
                await live.query(f"SELECT {secret}", scope=ANN).ready()
        await refuses_to_write_for_another(writer)

        clock.now = NOON + timedelta(hours=18, minutes=1)  # seven in Berlin
        await eventually(lambda: len(mailbox.letters) == 2, timeout=30)
        assert mailbox.recipients[1] == ["ann@example.org"]
        clock.now = NOON + timedelta(hours=21)  # ten in Berlin
        await writer.execute("DELETE FROM jobs WHERE id = 1")
        await eventually(lambda: len(mailbox.letters) == 3, timeout=30)
        assert mailbox.subjects[2] == "[resolved] Heavy job"

        await live.alerts.silence(ANN, "heavy", timedelta(hours=1))
        await writer.execute("INSERT INTO jobs VALUES (6, 1, 'silenced', 9, 'critical')")
        await noticed(writer, 4)
        clock.now += timedelta(hours=1, seconds=1)
        await writer.execute("INSERT INTO jobs VALUES (7, 1, 'not silenced', 9, 'critical')")
        await eventually(lambda: len(mailbox.letters) == 4, timeout=30)
        assert "not silenced" in mailbox.text(3)


async def noticed(writer: Connection, count: int) -> None:
    async def are_there() -> bool:
        return bool(await writer.fetchval("SELECT count(*) FROM dashboard_alerts.notice") == count)

    await eventually(are_there, timeout=30)


async def refuses_to_write_for_another(writer: Connection) -> None:
    for table, columns, values in (
        ("seen", "at", "now()"),
        ("silence", "until", "now()"),
        ("preference", "contact_point", "'mail'"),
    ):
        with pytest.raises(InsufficientPrivilegeError, match="row-level security"):
            async with writer.transaction():
                await writer.execute(
                    "SET LOCAL ROLE worker; SET LOCAL app.user_id = '1'; "
                    f"INSERT INTO dashboard_alerts.{table} (role, settings, {columns}) "
                    f"VALUES ('worker', '{{\"app.user_id\": \"2\"}}', {values})"
                )


async def test_what_goes_wrong_is_told_and_nothing_is_resolved_by_it(
    writer: Connection, database: str, mailbox: Mailbox
) -> None:
    clock = Noon()
    async with dashboard.connect(database) as live:
        mailbox.refusal = b"451 try later"
        await live.alerts.contact_point("mail", mailbox.url)
        await live.alerts.prefer(ANN, "mail", address="ann@example.org")
        await live.alerts.prefer(ALL, "mail", address="ops@example.org")
        await begun(live, clock, to=("pager",))
        await has_begun(writer)
        await writer.execute("INSERT INTO jobs VALUES (1, 1, 'of Ann', 9, 'warning')")
        await noticed(writer, 1)

        async def is_refused() -> bool:
            problem = await writer.fetchval("SELECT problem FROM dashboard_alerts.delivery WHERE state = 'waiting'")
            return problem == "The mail server refuses: try later"

        await eventually(is_refused, timeout=30)
        mailbox.refusal = None
        clock.now += timedelta(seconds=6)  # it is tried again; and the contact point that is missing is told by now
        await noticed(writer, 2)
        await eventually(lambda: len(mailbox.letters) == 2, timeout=30)
        assert "There is no contact point pager." in mailbox.text_to("ops@example.org")
        assert "of Ann" in mailbox.text_to("ann@example.org")

        await writer.execute("ALTER TABLE jobs RENAME COLUMN load TO weight")

        async def is_told() -> bool:
            clock.now += timedelta(seconds=1)  # trouble is told when it has lasted a while
            return bool(await writer.fetchval("SELECT count(*) = 3 FROM dashboard_alerts.notice"))

        await eventually(is_told, timeout=30)
        assert await writer.fetchval("SELECT count(*) FROM dashboard_alerts.notice WHERE resolved_at IS NOT NULL") == 0
        await writer.execute("ALTER TABLE jobs RENAME COLUMN weight TO load")

        async def is_well() -> bool:
            return bool(await writer.fetchval("SELECT count(resolved_at) = 1 FROM dashboard_alerts.notice"))

        await eventually(is_well, timeout=30)

        mailbox.refusal = b"550 nobody of this name"
        await writer.execute("INSERT INTO jobs VALUES (2, 1, 'not to be told', 9, 'warning')")

        async def is_reported() -> Any:
            return await writer.fetchval(
                "SELECT lines[1] FROM dashboard_alerts.notice WHERE rule = 'delivery' AND role = 'worker'"
            )

        assert await eventually(is_reported, timeout=30) == "The mail server refuses: nobody of this name"
        [bad] = [finding for finding in findings(await examine(database), settings()) if finding.weight == "bad"]
        assert re.search(r"not sent to mail \(\d: The mail server refuses: nobody of this name\)", bad.sentence)


async def test_who_ends_in_an_orderly_way_finishes_its_message(
    writer: Connection, database: str, mailbox: Mailbox
) -> None:
    mailbox.gate.clear()
    async with dashboard.connect(database) as live:
        await live.alerts.contact_point("mail", mailbox.url)
        await live.alerts.prefer(ALL, "mail", address="ops@example.org")
        await begun(live, audience=None)
        await has_begun(writer)
        await writer.execute("INSERT INTO jobs VALUES (1, 1, 'import', 9, 'warning')")
        await eventually(lambda: len(mailbox.letters) == 1, timeout=30)
        closing = asyncio.create_task(live.close())
        await eventually(lambda: live.is_closed, timeout=30)
        mailbox.gate.set()
        await closing
    await settled(writer, ("fired", "sent"))


async def test_who_is_in_doubt_whether_it_was_sent_sends_mail_and_what_is_critical_again(
    writer: Connection, database: str
) -> None:
    async with dashboard.connect(database) as live:
        await live.alerts.contact_point("mail", "mailto://127.0.0.1:9?to={to}")
        await live.alerts.contact_point("chat", "json://127.0.0.1:9/{to}")
        for contact_point in ("mail", "chat"):
            await live.alerts.prefer(ANN, contact_point, address="ann@example.org")
        await writer.execute(
            "INSERT INTO dashboard_alerts.notice (id, rule, title, severity, role, settings, fired_at) "
            "SELECT gen_random_uuid(), severity, severity, severity, 'worker', '{\"app.user_id\": \"1\"}', now() "
            "FROM unnest(ARRAY['warning', 'critical']) severity"
        )
        ids = [row["id"] for row in await writer.fetch("SELECT id FROM dashboard_alerts.notice")]
        await writer.execute(load("alerts_fired"), ids, NOON)

        async def claimed() -> dict[str, Any]:
            """Claim all there is, as a process that ends before it has noted what became of it."""
            found: dict[str, Any] = {}
            while parts := await deliveries.claim(writer, now=NOON, lease=timedelta(hours=1), pause=timedelta()):
                found |= {str(part["id"]): part["batch"] for part in parts}
            await writer.execute("UPDATE dashboard_alerts.delivery SET claimed_until = now() - interval '1 second'")
            return found

        first, again = await claimed(), await claimed()
        assert len(first) == 4
        assert again.items() < first.items()  # the number of a message is the same in each attempt
        rows = await writer.fetch(
            "SELECT d.id::text, d.batch, d.state, d.contact_point, n.severity FROM dashboard_alerts.delivery d "
            "JOIN dashboard_alerts.notice n ON n.id = d.notice"
        )
        doubtful = {(row["contact_point"], row["severity"]) for row in rows if row["state"] == "doubtful"}
        assert doubtful == {("chat", "warning")}
        assert set(first) - set(again) == {row["id"] for row in rows if row["state"] == "doubtful"}


async def test_what_still_fires_is_told_again_once_and_its_end_after_it(
    writer: Connection, database: str, mailbox: Mailbox
) -> None:
    clock = Noon()
    async with dashboard.connect(database) as one, dashboard.connect(database + "?application_name=other") as two:
        assert one is not two
        await one.alerts.contact_point("mail", mailbox.url)
        await one.alerts.prefer(ALL, "mail", address="ops@example.org")
        for live in (one, two):
            live.alerts.timing, live.alerts.clock = SHORT, clock
        await begun(one, clock, audience=None, repeat=timedelta(hours=4))
        two.alert(two.query("SELECT * FROM jobs", scope=ALL), **heavy(audience=None, repeat=timedelta(hours=4)))
        await has_begun(writer)
        await writer.execute("INSERT INTO jobs VALUES (1, 1, 'import', 9, 'warning'), (2, 1, 'mail', 9, 'warning')")
        told = [("fired", "sent")]
        await settled(writer, *told)
        for hours in (4, 8):
            clock.now = NOON + timedelta(hours=hours)
            told.append(("fired", "sent"))
            await settled(writer, *told)
        assert mailbox.subjects == ["[warning] Heavy job (2)", *["[warning, still] Heavy job (2)"] * 2]

        mailbox.refusal = b"451 try later"
        clock.now += timedelta(hours=4)
        refused = "SELECT count(*) = 1 FROM dashboard_alerts.delivery WHERE state = 'waiting' AND problem <> ''"
        await eventually(lambda: writer.fetchval(refused), timeout=30)
        await writer.execute("DELETE FROM jobs")
        ended = "SELECT count(*) = 1 FROM dashboard_alerts.delivery WHERE state = 'waiting' AND event = 'resolved'"
        await eventually(lambda: writer.fetchval(ended), timeout=30)
        mailbox.refusal = None
        clock.now += timedelta(seconds=6)
        await settled(writer, *told, ("resolved", "sent"), ("fired", "sent"))  # in the order in which they were due
        assert mailbox.subjects[3:] == ["[warning, still] Heavy job (2)", "[resolved] Heavy job (2)"]


async def test_quiet_hours_end_in_time_over_midnight_and_where_the_clocks_change(writer: Connection) -> None:
    async def due(now: str, begin: str, end: str, zone: str = "Europe/Berlin") -> str:
        asked = "SELECT to_char(dashboard_alerts.due($1::text::timestamptz, $2::text::time, $3::text::time, $4) "
        utc = "AT TIME ZONE 'UTC', 'MM-DD HH24:MI')"
        return str(await writer.fetchval(asked + utc, now, begin, end, zone))

    for now, begin, end, then in (
        ("2026-01-10 20:59Z", "22:00", "07:00", "01-10 20:59"),  # 21:59: not yet
        ("2026-01-10 21:00Z", "22:00", "07:00", "01-11 06:00"),  # this evening, until tomorrow
        ("2026-01-11 05:59Z", "22:00", "07:00", "01-11 06:00"),  # after midnight, until today
        ("2026-01-11 06:00Z", "22:00", "07:00", "01-11 06:00"),
        ("2026-01-10 11:30Z", "12:00", "13:00", "01-10 12:00"),  # within a day
        ("2026-03-28 22:00Z", "22:00", "07:00", "03-29 05:00"),  # the night that has an hour less
        ("2026-10-24 21:00Z", "22:00", "07:00", "10-25 06:00"),  # and one more
        ("2026-03-29 00:30Z", "22:00", "02:30", "03-29 01:30"),  # until a time that there is not: the clock says 3:30
        ("2026-10-25 00:10Z", "22:00", "02:30", "10-25 01:30"),  # until the second of two
        ("2026-01-10 12:00Z", "07:00", "07:00", "01-10 12:00"),  # from and until the same is never
    ):
        assert await due(now, begin, end) == then, now


async def test_time_is_what_postgresql_says_it_is(writer: Connection, database: str) -> None:
    async with dashboard.connect(database) as live:
        live.alerts._ahead = timedelta(days=3)  # this process' clock is wrong
        await begun(live, audience=None)
        await has_begun(writer)
        await writer.execute("INSERT INTO jobs VALUES (1, 1, 'import', 9, 'warning')")
        await noticed(writer, 1)
        late = "SELECT abs(extract(epoch FROM now() - fired_at)) < 60 FROM dashboard_alerts.notice"
        assert await writer.fetchval(late)


async def test_alerts_leave_no_trace(server: Server, writer: Connection, database: str) -> None:
    async with dashboard.connect(database) as live:
        await live.alerts.install()  # again: it changes nothing
    schemas = "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname LIKE 'dashboard%'"
    await uninstall(database, ["jobs"])  # what people have said of themselves is not lost by the way
    assert psql(server, schemas, database) == "dashboard dashboard_alerts\n"
    await uninstall(database, [])
    assert psql(server, schemas, database) == "\n"
    async with dashboard.connect(database) as live:
        live.alert(live.query("SELECT 1"), name="nowhere")
        await eventually(lambda: live.alerts.problem is not None, timeout=30)
        assert "Run `dashboard alerts install DSN`." in str(live.alerts.problem)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "a\nb"},
        {"address": "not an address"},
        {"address": "a@example.org?smtp=evil.test"},
        {"minimum": "loud"},
        {"zone": "Nowhere/City"},
        {"contact_point": "none"},
        {"quiet": (time(22), None)},
    ],
)
async def test_a_preference_that_cannot_be_kept_is_refused(
    writer: Connection, database: str, wrong: dict[str, Any]
) -> None:
    async with dashboard.connect(database) as live:
        await live.alerts.contact_point("mail", "mailto://127.0.0.1?to={to}")
        with pytest.raises(AlertError):
            await live.alerts.prefer(ANN, **{"contact_point": "mail", "address": "ann@example.org"} | wrong)


STORIES = {
    "calls": [
        (
            "calls: system",
            "INSERT INTO calls.alerts (account_id, severity, message) VALUES (2, 'critical', 'Line down')",
        ),
        (
            "calls: payment",
            "UPDATE calls.payments SET status = 'paid', due_at = now(), settled_at = now() WHERE id = "
            "(SELECT min(id) FROM calls.payments WHERE account_id = 2 AND status <> 'paid')",
        ),
    ],
    "crm": [
        (
            "crm: won",
            "UPDATE crm.contacts SET stage = 'partner' WHERE id = "
            "(SELECT min(id) FROM crm.contacts WHERE member_id = 2 AND stage = 'lead')",
        )
    ],
    "storefront": [
        (
            "storefront: orders",
            "UPDATE storefront.orders SET cancelled_at = now() WHERE id = "
            "(SELECT min(id) FROM storefront.orders WHERE shop_id = 2 AND status IN ('pending', 'paid'))",
        )
    ],
}


@pytest.mark.parametrize("app", STORIES)
async def test_people_of_the_apps_are_told_of_what_concerns_them(app: str, app_database: Callable[[str], str]) -> None:
    dsn, clock = app_database(app), Noon()
    told, role = apps.find(app), f"{app}_member"
    assert told.alerts is not None
    async with dashboard.connect(dsn) as live, connected(dsn) as writer:
        await live.install(*told.tables)
        await live.alerts.install()
        live.alerts.clock = clock
        told.alerts(live)
        told.alerts(live)  # as often as somebody declares them

        async def have_begun() -> bool:
            rules = await writer.fetch("SELECT name FROM dashboard_alerts.rule WHERE begun_at IS NOT NULL")
            return {row["name"] for row in rules} == set(live.alerts.rules)

        await eventually(have_begun, timeout=30)
        clock.now += timedelta(minutes=1)
        for _, change in STORIES[app]:
            assert await writer.execute(change) in ("UPDATE 1", "INSERT 0 1")
        inboxes = [
            live.query(
                "SELECT rule, fired_at FROM dashboard_alerts.notice WHERE fired_at >= $1",
                clock.now,
                scope=Scope(role=role, settings={"app.user_id": member}),
            )
            for member in ("1", "2")
        ]
        others, own = [await inbox.ready() for inbox in inboxes]
        await eventually(lambda: set(own.frame["rule"]) == {rule for rule, _ in STORIES[app]}, timeout=30)
        assert others.frame.empty
        assert await writer.fetchval("SELECT count(*) FROM dashboard_alerts.notice WHERE role = ''") == 0


async def test_who_lost_a_rule_for_a_while_looks_again_at_what_others_made_of_it(
    writer: Connection, database: str
) -> None:
    async with dashboard.connect(database) as live:
        await begun(live, audience=None)
        await has_begun(writer)
        await writer.execute("INSERT INTO jobs VALUES (1, 1, 'import', 9, 'warning')")
        await noticed(writer, 1)
        take = (
            "UPDATE dashboard_alerts.rule SET (holder, term) = ($1, term + 1), held_until = now() + interval '1 hour'"
        )
        await writer.execute(take, BATCH)
        row = {"fingerprint": '["2"]', "state": "firing", "since": NOON, "is_told": True, "notice": None}
        told = {"text": "told by another", "severity": "warning", "labels": {"id": "2"}, "role": "", "settings": {}}
        await alerts.record(writer, "heavy", BATCH, now=NOON, changed=[row | told], ended=[], notices=[])
        await writer.execute(
            "INSERT INTO jobs VALUES (2, 1, 'known to another', 9, 'warning'), (3, 1, 'new', 9, 'info')"
        )
        await writer.execute("UPDATE dashboard_alerts.rule SET held_until = now()")
        await noticed(writer, 2)
        assert await writer.fetchval("SELECT term FROM dashboard_alerts.rule") == 3
        assert await writer.fetchval("SELECT lines FROM dashboard_alerts.notice WHERE 'new' = ANY (lines)") == ["new"]


async def test_what_apprise_reaches_gets_plain_text_once() -> None:
    taken: list[dict[str, Any]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        taken.append(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    url = f"json://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    message = {"subject": "[critical] <b>A</b>", "body": "CRITICAL: <b>A</b>\n- {x} *y*"}
    async with server:
        await send(url, **message, severity="critical", batch=BATCH)
    assert [(one["title"], one["message"], one["type"]) for one in taken] == [(*message.values(), "failure")]
    with pytest.raises(Refused):
        await send(url, **message, severity="critical", batch=BATCH)


def test_alerts_are_looked_after_from_the_command_line(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str) -> tuple[int, str]:
        code = code_of(["alerts", *arguments])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    code, text = said("history", database)
    assert code == 2
    assert "Run `dashboard alerts install DSN`." in text
    assert said("install", database)[0] == 0
    assert said("contact", database, "mail", "mailto://me:secret@127.0.0.1:9?to={to}")[0] == 0
    code, text = said("contacts", database)
    assert (code, text) == (0, "mail  mailto  for each their own address\n")  # and not the password
    assert said("tell", database, "mail", "--to", "ops@example.org")[0] == 0
    assert "Say whose: --to ADDRESS." in said("try", database, "mail")[1]
    assert "no address for e-mail" in said("tell", database, "mail", "--to", "ops")[1]
    code, text = said("try", database, "mail", "--to", "ops@example.org")
    assert code == 2
    assert "cannot be reached" in text
    assert said("contact", database, "pager", "nonsense")[0] == said("contact", database, "pager")[0] == 2
    for wrong in (("try", "pager"), ("tell", "pager"), ("contact", "pager", "--remove")):
        refusal = "dashboard: There is no contact point pager. There are: mail.\n"
        assert said(wrong[0], database, *wrong[1:]) == (2, refusal)
    assert said("history", database) == (0, "Nothing was told yet.\n")
    assert said("contact", database, "mail", "--remove")[0] == 0
    assert said("contacts", database)[1].startswith("There are no contact points")
    assert said("uninstall", database)[0] == 0
