"""Alerts where people log in: a rule asks nobody who they are, and what somebody wants is theirs alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

import dashboard
from dashboard.errors import AlertError, SettingsError
from dashboard.live import Live, Scope
from dashboard.postgres import alerts
from dashboard.postgres.connection import Connection
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from dashboard.surfaces.rules import declare
from dashboard.views.channel import Channel
from dashboard.views.viewer import Viewer, guarded, speaking
from tests.browser.test_readme import shown
from tests.conftest import psql
from tests.integration.test_comments import Page
from tests.log import connected
from tests.mailbox import Mailbox
from tests.serving import served
from tests.waiting import eventually
from tests.watcher import SHORT

SCHEMA = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'clerk') THEN CREATE ROLE clerk; END IF;
END $$;
CREATE TABLE orders (id int PRIMARY KEY, shop int, region text, status text);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_shop ON orders TO clerk USING (shop = current_setting('app.user_id')::int);
GRANT SELECT ON orders TO clerk;
"""
WAITING = "SELECT region, count(*) AS waiting FROM orders WHERE status = 'paid' GROUP BY region"


def viewer(login: str, shop: int, *, is_operator: bool = False) -> Viewer:
    """Somebody who looks at the orders of a shop."""
    scope = Scope(role="clerk", settings={"app.user_id": str(shop)})
    return Viewer(login=login, name=login.title(), key=login, scope=scope, is_operator=is_operator)


ANA, OLA, BEN = viewer("ana", 1), viewer("ola", 1), viewer("ben", 2)
OLGA = viewer("olga", 3, is_operator=True)


@contextmanager
def page_of(person: Viewer) -> Iterator[None]:
    """What happens in the block happens for a page of somebody who logged in."""
    with ExitStack() as stack:
        stack.enter_context(guarded())
        stack.enter_context(speaking(person))
        yield


class Reader:
    """The bell of somebody's page."""

    def __init__(self, live: Live, person: Viewer) -> None:
        with page_of(person):
            self.view = dashboard.Bell(live)
        channel = Channel()
        self.binding: Any = channel.bind(self.view)
        self.view.bind(self.binding)
        channel.connect(Page())
        channel.receive({"want": {self.binding.name: None}})

    async def do(self, event: str, value: Any = None) -> None:
        self.view.receive(self.binding, {"event": event, "value": value})
        await eventually(lambda: not self.view._tasks, timeout=30)

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.binding.strand.picture.get("body", {})
        return body

    def told(self) -> list[str]:
        return [row["title"] for row in self.body.get("rows", {}).values()]

    async def address(self) -> str:
        await self.do("places")
        return str(self.body["places"][0]["address"])


@pytest.fixture
async def writer(server: Server, database: str) -> AsyncIterator[Connection]:
    psql(server, SCHEMA, database)
    await install(database, ["orders"])
    async with connected(database) as connection:
        await alerts.install(connection)
        yield connection


@pytest.fixture
async def live(writer: Connection, database: str) -> AsyncIterator[Live]:
    async with dashboard.connect(database) as running:
        running.alerts.timing = SHORT
        yield running


async def test_a_rule_in_a_page_never_depends_on_who_opens_it(live: Live, writer: Connection) -> None:
    wanted: dict[str, Any] = {"name": "orders wait", "when": dashboard.Above("waiting", 2), "labels": ["region"]}
    for person in (BEN, ANA):
        with page_of(person):
            query = live.query(WAITING)
            with pytest.raises(AlertError, match=r"eyes of whoever opens.*--alerts FILE\.py"):
                live.alert(query, **wanted)
    assert not live.alerts.rules
    for person in (BEN, ANA):
        with page_of(person):  # the same rule, whoever declares it, as often as it is declared
            live.alert(live.query(WAITING, scope=Scope()), **wanted)
    live.alert(live.query(WAITING), **wanted)
    with page_of(BEN), pytest.raises(AlertError, match="another rule 'orders wait'"):
        live.alert(live.query(WAITING, scope=Scope()), **wanted, audience=BEN.scope)
    await writer.execute("INSERT INTO orders SELECT n, 1, 'north', 'paid' FROM generate_series(1, 3) n")

    async def has_fired() -> bool:  # though Ben sees none of them
        return bool(await writer.fetchval("SELECT count(*) = 1 FROM dashboard_alerts.notice"))

    await eventually(has_fired, timeout=30)


async def test_a_file_of_rules_is_watched_before_anybody_opens_a_page(
    live: Live, writer: Connection, database: str, tmp_path: Path
) -> None:
    file, page = tmp_path / "rules.py", tmp_path / "page.py"
    page.write_text("")
    for text, sentence in (
        ("import dashboard\n1 / 0\n", r"rules\.py, line 2: ZeroDivisionError"),
        ("this is no Python", r"rules\.py, line 1: invalid syntax"),
        ("", "declares no rule"),
    ):
        file.write_text(text)
        with pytest.raises(SettingsError, match=sentence):
            await declare(file, live)
    with pytest.raises(SettingsError, match="There is no file"):
        await declare(tmp_path / "none.py", live)
    file.write_text(shown("rules.py"))
    with served(database, str(page), "--alerts", str(file)):

        async def is_watched() -> bool:
            return bool(await writer.fetchval("SELECT count(begun_at) = 1 FROM dashboard_alerts.rule"))

        await eventually(is_watched, timeout=30)
    await writer.execute("DROP SCHEMA dashboard_alerts CASCADE")
    with pytest.raises(AlertError, match="dashboard alerts install"):
        await declare(file, live)


async def test_what_somebody_wants_is_theirs_and_not_their_teams(live: Live, writer: Connection) -> None:
    live.alert(
        live.query("SELECT * FROM orders"), name="orders", title="Order", labels=["id"], audience=ANA.scope,
        interval=timedelta(),
    )  # fmt: skip
    live.alert(live.query(WAITING), name="waiting", title="Orders wait", when=dashboard.Above("waiting", 2))
    await live.alerts.contact_point("me", "mailto://127.0.0.1:9?to={to}")
    ana, ola, ben, olga = (Reader(live, person) for person in (ANA, OLA, BEN, OLGA))
    await writer.execute("INSERT INTO orders SELECT n, 1, 'north', 'paid' FROM generate_series(1, 3) n")
    for reader, told in ((ana, ["Order (3)"]), (ola, ["Order (3)"]), (olga, ["Orders wait"])):
        await eventually(lambda reader=reader, told=told: reader.told() == told, timeout=30)  # type: ignore[misc]
    await live.caught_up()
    assert ben.told() == []

    kept = {"contact_point": "me", "minimum": "info", "from": "", "until": "", "zone": "UTC"}
    await ana.do("prefer", {**kept, "address": "ana@example.org"})
    await ola.do("prefer", {**kept, "address": "ola@example.org"})
    assert [await one.address() for one in (ana, ola, ben)] == ["ana@example.org", "ola@example.org", ""]
    await ola.do("silence", "orders")
    await ola.do("seen", 4e12)
    await eventually(lambda: ola.body["seen"] and ola.body["silenced"], timeout=30)
    await live.caught_up()
    assert (ana.body["seen"], ana.body["silenced"]) == (None, [])
    await writer.execute("INSERT INTO orders VALUES (4, 1, 'south', 'new')")

    async def is_queued() -> bool:
        rows = await writer.fetch("SELECT DISTINCT address FROM dashboard_alerts.delivery WHERE state <> 'dropped'")
        return [row["address"] for row in rows] == ["ana@example.org"]

    await eventually(is_queued, timeout=30)


async def test_what_waits_follows_what_its_reader_wants_by_now(live: Live, writer: Connection) -> None:
    async with Mailbox() as mailbox:
        await live.alerts.contact_point("me", mailbox.url)
        await live.alerts.contact_point("pager", mailbox.url.replace("{to}", "pager@example.org"))
        now = datetime.now(UTC)
        night = (time((now - timedelta(hours=1)).hour), time((now + timedelta(hours=2)).hour))
        prefer, me = live.alerts.prefer, ANA.scope
        await prefer(me, "me", address="ana@example.org", quiet=night)
        live.alert(
            live.query("SELECT * FROM orders"), name="orders", labels=["id"], summary="{id}", audience=me,
            interval=timedelta(), to=["pager"],
        )  # fmt: skip
        await inserted(writer, 1)
        await waits(writer, 1)
        await prefer(me, "me", address="ana@example.com")  # no quiet hours any more, and another address
        await eventually(lambda: ["ana@example.com"] in mailbox.recipients, timeout=30)

        await prefer(me, "me", address="ana@example.com", quiet=night)
        await inserted(writer, 2)
        await waits(writer, 1)
        await live.alerts.silence(me, "orders", timedelta(hours=1))
        await waits(writer, 0)
        await live.alerts.speak(me, "orders")
        await inserted(writer, 3)
        await waits(writer, 1)
        await prefer(me, "me", address="ana@example.com", minimum="critical", quiet=night)
        await waits(writer, 0)
        await prefer(me, "me", address="ana@example.com", quiet=night)
        await inserted(writer, 4)
        await waits(writer, 1)
        await live.alerts.leave(me, "me")
        await waits(writer, 0)
        rows = await writer.fetch("SELECT problem FROM dashboard_alerts.delivery WHERE state = 'dropped'")
        assert [row["problem"] for row in rows] == ["not wanted any more"] * 3
        await eventually(lambda: len(mailbox.text_to("pager@example.org").split("- 4")) == 2, timeout=30)
        assert mailbox.recipients.count(["ana@example.com"]) == 1


async def inserted(writer: Connection, number: int) -> None:
    """Let a rule fire, and wait until it was told."""
    await writer.execute("INSERT INTO orders VALUES ($1, 1, 'north', 'paid')", number)

    async def is_told() -> bool:
        return bool(await writer.fetchval("SELECT count(*) = $1 FROM dashboard_alerts.notice", number))

    await eventually(is_told, timeout=30)


async def waits(writer: Connection, count: int) -> None:
    """So many messages to a person wait, whatever becomes of the pager's."""

    async def do() -> bool:
        waiting = "SELECT count(*) FROM dashboard_alerts.delivery WHERE state = 'waiting' AND contact_point = 'me'"
        return bool(await writer.fetchval(waiting) == count)

    await eventually(do, timeout=30)
