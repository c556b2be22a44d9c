"""What can be done with rows: what a browser may ask for, and what each app's members may write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import dashboard
from dashboard.errors import WriteRefused
from dashboard.live.write import Write
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.views.acts import MOST, Act, Asked, Entry
from tests.conftest import psql
from tests.unit.test_channel import opened
from tests.waiting import eventually

SCHEMA = """
CREATE TABLE jobs (id int PRIMARY KEY, status text NOT NULL, queues text[] NOT NULL DEFAULT '{fast,slow}', queue text);
INSERT INTO jobs SELECT n, CASE WHEN n = 9 THEN 'done' ELSE 'open' END FROM generate_series(1, 12) n;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE check_violation USING MESSAGE = 'job 4 is needed', HINT = 'Take another.'; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON jobs FOR EACH ROW WHEN (NEW.id = 4) EXECUTE FUNCTION refuse();
"""
NOBODYS = "0 rows"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DASHBOARD_DATA_FOLDER", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


class Jobs:
    """A page of jobs, what it does, and what its reader was told."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.asked: list[Asked] = []
        acts = [
            Act("Stop", self._stop, when={"status": ("open",)}, done="stopped"),
            Act("Move", self._move, entries=(Entry("queue", "Queue", options="queues"), Entry("size", "Size"))),
        ]
        query = session.query("SELECT * FROM jobs ORDER BY id")
        table = dashboard.Table(query, acts=acts, choose=True, things=("job", "jobs"))
        self.channel, self.wire, (self.binding,) = opened([], table)

    async def _stop(self, asked: Asked) -> Write:
        self.asked.append(asked)
        jobs = await self.session.table("jobs")
        return self.session.submit(
            [jobs.updating(row["id"], {"status": "done"}, seen={"status": row["status"]}) for row in asked.rows]
        )

    async def _move(self, asked: Asked) -> Write:
        self.asked.append(asked)
        jobs = await self.session.table("jobs")
        return self.session.submit([jobs.updating(asked.rows[0]["id"], {"queue": asked.values["queue"]})])

    def ask(self, act: Any, keys: Any, **more: Any) -> None:
        value = {"act": act, "keys": keys, **more}
        self.channel.receive({"view": self.binding.name, "message": {"event": "act", "value": value}})

    @property
    def rows(self) -> dict[str, list[Any]]:
        return {} if self.binding.strand is None else self.binding.strand.picture.get("body", {}).get("rows", {})

    @property
    def told(self) -> list[str]:
        return [
            f"{one['title']}: {one['text']}"
            for message in self.wire.read()
            for one in message.get("toasts", ())
            if "title" in one
        ]


@pytest.fixture
async def jobs(server: Server, database: str) -> AsyncIterator[Jobs]:
    psql(server, SCHEMA, database)
    async with dashboard.connect(database) as live:
        await live.install("jobs")
        page = Jobs(live.session())
        await eventually(lambda: len(page.rows) == 10)
        yield page
        page.channel.close()


async def test_only_declared_acts_are_done_on_rows_that_the_reader_has_where_they_are_possible(jobs: Jobs) -> None:
    for act, keys, more in (
        (0, ["11"], {}),  # on another page
        (0, ["1", "999"], {}),
        (0, ["9"], {}),  # done already
        (0, [], {}),
        (0, ["1"] * (MOST + 1), {}),
        (1, ["1", "2"], {"values": {"queue": "fast", "size": "1"}}),  # for one row at a time
        (1, ["1"], {"values": {"queue": "none", "size": "1"}}),
        (1, ["1"], {"values": {"queue": "fast", "size": "NaN"}}),
    ):
        before = len(jobs.told)
        jobs.ask(act, keys, **more)
        await eventually(lambda before=before: len(jobs.told) == before + 1)
    for nothing in (2, -1, True, "0", None):
        jobs.ask(nothing, ["1"])
    for _ in range(2):  # the second is half a double click
        jobs.ask(0, ["2"])
    await eventually(lambda: "Job stopped: Job 2" in jobs.told)
    assert [[row["id"] for row in asked.rows] for asked in jobs.asked] == [[2]]
    jobs.ask(1, ["2"], values={"queue": "slow", "size": "12.5"})
    await eventually(lambda: len(jobs.asked) == 2)
    assert str(jobs.asked[1].values["size"]) == "12.5"
    assert not [said for said in jobs.told if "did not work" in said][8:]


async def test_several_rows_are_one_step_and_one_refusal_takes_all_back(jobs: Jobs, server: Server) -> None:
    jobs.ask(0, ["1", "2"])
    await eventually(lambda: "2 jobs stopped: " in jobs.told)
    seen: list[str] = []
    jobs.session.on_pending(lambda: seen.append("".join(str(jobs.rows[key][1])[0] for key in ("3", "4", "5"))))
    jobs.ask(0, ["3", "4", "5"])
    await eventually(lambda: any("job 4 is needed. Take another." in said for said in jobs.told))
    assert set(seen) == {"ddd", "ooo"} and seen[-1] == "ooo"
    assert not jobs.session.pending


async def refused(connection: asyncpg.Connection, sql: str) -> str:
    """What PostgreSQL says to a statement, and that it changes nothing."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        status = await connection.execute(sql)
        return NOBODYS if status.endswith(" 0") else status
    except asyncpg.PostgresError as error:
        return str(error)
    finally:
        await transaction.rollback()


OPEN = """
WITH lead AS (
    INSERT INTO calls.calls (account_id, campaign_id, caller) SELECT account_id, id, 'Somebody' FROM calls.campaigns
    WHERE id IN (SELECT min(id) FROM calls.campaigns GROUP BY account_id) RETURNING id, account_id
)
INSERT INTO calls.auctions (account_id, call_id, floor, ends_at)
SELECT account_id, id, 14, now() + interval '1 hour' FROM lead;
"""
BID = """INSERT INTO calls.bids (account_id, auction_id, buyer_id, amount)
         SELECT {account}, max(id), 1, {amount} FROM calls.auctions"""
RIGHTS = {
    "earnings": [
        ("UPDATE earnings.assets SET status = 'retired' WHERE owner_id = 2", NOBODYS),
        ("UPDATE earnings.assets SET status = 'paused' WHERE status = 'active'", "UPDATE"),
        ("UPDATE earnings.assets SET status = 'draft' WHERE status = 'active'", "decided by the marketplace"),
        ("UPDATE earnings.assets SET earned = 1", "permission denied"),
        ("UPDATE earnings.simulation SET is_on = false WHERE owner_id = 2", NOBODYS),
    ],
    "outreach": [
        ("UPDATE outreach.campaigns SET status = 'paused' WHERE user_id = 2", NOBODYS),
        ("UPDATE outreach.campaigns SET user_id = 2 WHERE user_id = 1", "row-level security"),
        ("UPDATE outreach.connections SET withdrawn_at = now() WHERE user_id = 2", NOBODYS),
        ("UPDATE outreach.connections SET withdrawn_at = now() WHERE state = 'pending'", "UPDATE"),
    ],
    "calls": [
        (BID.format(account=1, amount=13), "too low"),
        (BID.format(account=1, amount=20), "INSERT"),
        (BID.format(account=2, amount=20), "row-level security"),
        ("INSERT INTO calls.bids (account_id, auction_id, buyer_id, amount) VALUES (1, {foreign}, 1, 99)", "violates"),
        ("UPDATE calls.auctions SET best_bid = 1", "permission denied"),
        ("UPDATE calls.alerts SET acknowledged_at = now() WHERE account_id = 2", NOBODYS),
        ("UPDATE calls.alerts SET message = 'fine'", "permission denied"),
    ],
    "storefront": [
        ("INSERT INTO storefront.orders (shop_id, customer_id) SELECT 1, max(id) FROM storefront.customers", "INSERT"),
        ("INSERT INTO storefront.orders (shop_id, customer_id) VALUES (2, {foreign})", "row-level security"),
        ("INSERT INTO storefront.orders (shop_id, customer_id) VALUES (1, {foreign})", "foreign key"),
        ("UPDATE storefront.orders SET total = 0", "permission denied"),
        ("UPDATE storefront.orders SET cancelled_at = now() WHERE shop_id = 2", NOBODYS),
        ("""INSERT INTO storefront.order_items (order_id, product_id, shop_id, quantity, price)
            SELECT (SELECT max(id) FROM storefront.orders), id, 1, 1, 0.01 FROM storefront.products LIMIT 1""",
         "price is not that of the product"),
        ("""INSERT INTO storefront.downloads (shop_id, customer_id, product_id, bytes)
            SELECT 1, (SELECT max(id) FROM storefront.customers), id, 1 FROM storefront.products LIMIT 1""",
         "not the size"),
        ("DELETE FROM storefront.favourites WHERE shop_id = 2", NOBODYS),
        ("UPDATE storefront.downloads SET bytes = 1", "permission denied"),
    ],
}  # fmt: skip
FOREIGN = {
    "calls": "SELECT max(id) FROM calls.auctions WHERE account_id = 2",
    "storefront": "SELECT max(id) FROM storefront.customers WHERE shop_id = 2",
}


@pytest.mark.parametrize("app", RIGHTS)
async def test_members_may_do_what_their_page_offers_and_nothing_with_others_rows(
    app: str, app_database: Callable[[str], str]
) -> None:
    connection = await asyncpg.connect(app_database(app))
    if app == "calls":
        await connection.execute(OPEN)
    foreign = await connection.fetchval(FOREIGN[app]) if app in FOREIGN else None
    await connection.execute(f"SET ROLE {app}_member; SELECT set_config('app.user_id', '1', false)")
    for sql, said in RIGHTS[app]:
        assert said in await refused(connection, sql.replace("{foreign}", str(foreign))), sql
    await connection.close()


async def test_a_refusal_of_a_trigger_is_told_in_its_own_words(app_database: Callable[[str], str]) -> None:
    dsn = app_database("calls")
    scope = dashboard.Scope(role="calls_member", settings={"app.user_id": "1"})
    async with dashboard.connect(dsn) as live:
        with pytest.raises(WriteRefused, match=r"The database refuses: the bid of 0\.10 .*\."):
            await live.write(BID.format(account=1, amount="0.1"), scope=scope)
