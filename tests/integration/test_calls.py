"""The call tracking's tables: whose rows an account sees, what the database refuses and derives, what is simulated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from dashboard import apps
from dashboard.postgres.server import Server
from tests.seats import rows_stay_with_their_member
from tests.waiting import eventually

CALLS = apps.find("calls")
OWNED = ("agents", "campaigns", "calls", "auctions", "bids", "payments", "alerts", "events")
NEW_CALL = """INSERT INTO calls.calls (account_id, campaign_id, caller) VALUES (1, 1, 'Änne Weiß') RETURNING id"""


@pytest.fixture
def calls_database(app_database: Callable[[str], str]) -> str:
    return app_database("calls")


@pytest.fixture
async def owner(calls_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(calls_database)
    yield connection
    await connection.close()


async def view_as(connection: asyncpg.Connection, account: object) -> None:
    await connection.execute("SET ROLE calls_member")
    await connection.execute("SELECT set_config('app.user_id', $1, false)", str(account))


async def a_lead(connection: asyncpg.Connection, seconds: int = 60) -> int:
    """Have a call end, and open the auction of its lead, which is sold for 14 at least."""
    call = await connection.fetchval(NEW_CALL)
    agent = await connection.fetchval("SELECT min(id) FROM calls.agents WHERE account_id = 1")
    await connection.execute("UPDATE calls.calls SET answered_at = now(), agent_id = $2 WHERE id = $1", call, agent)
    await connection.execute("UPDATE calls.calls SET ended_at = now() WHERE id = $1", call)
    return int(
        await connection.fetchval(
            """INSERT INTO calls.auctions (account_id, call_id, floor, ends_at)
               VALUES (1, $1, 14, now() + make_interval(secs => $2)) RETURNING id""",
            call,
            seconds,
        )
    )


async def bid(connection: asyncpg.Connection, auction: int, amount: float) -> None:
    await connection.execute(
        "INSERT INTO calls.bids (account_id, auction_id, buyer_id, amount) VALUES (1, $1, 1, $2::float8)",
        auction,
        amount,
    )


@pytest.mark.parametrize("table", OWNED)
async def test_each_account_sees_only_its_own_rows(owner: asyncpg.Connection, table: str) -> None:
    count = f"SELECT account_id, count(*) FROM calls.{table} GROUP BY 1"
    everything = dict(await owner.fetch(count))
    for account in (1, 2, 4):
        await view_as(owner, account)
        seen = dict(await owner.fetch(count))
        await owner.execute("RESET ROLE")
        assert seen == {account: everything[account]}


async def test_without_a_setting_nobody_sees_anything(owner: asyncpg.Connection) -> None:
    await owner.execute("SET ROLE calls_member")
    for nobody in ("never set", "set to nothing"):
        for table in CALLS.tables:
            assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0, (nobody, table)
        await owner.execute("SELECT set_config('app.user_id', '', false)")


async def test_every_table_has_row_security_and_is_followed(owner: asyncpg.Connection) -> None:
    tables = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'calls'::regnamespace AND relkind = 'r'"
    assert sorted(row[0] for row in await owner.fetch(tables)) == sorted(CALLS.tables)
    assert await owner.fetch(f"{tables} AND NOT relrowsecurity") == []


async def test_an_account_acknowledges_its_own_alerts_and_changes_nothing_else_of_them(
    owner: asyncpg.Connection,
) -> None:
    await owner.execute(
        "INSERT INTO calls.alerts (account_id, severity, message) VALUES (1, 'info', 'x'), (2, 'info', 'x')"
    )
    await view_as(owner, 1)
    assert await owner.execute("UPDATE calls.alerts SET acknowledged_at = now() WHERE message = 'x'") == "UPDATE 1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("UPDATE calls.alerts SET message = 'y'")


async def test_the_state_of_a_call_follows_from_its_times_and_is_told(owner: asyncpg.Connection) -> None:
    call = await owner.fetchval(NEW_CALL)
    agent = await owner.fetchval("SELECT id FROM calls.agents WHERE account_id = 1 ORDER BY id LIMIT 1")
    states = [await owner.fetchval("SELECT state::text FROM calls.calls WHERE id = $1", call)]
    for change in (
        f"answered_at = now(), agent_id = {agent}",
        "held_at = now()",
        "held_at = NULL",
        "ended_at = answered_at + interval '83 seconds'",
    ):
        await owner.execute(f"UPDATE calls.calls SET {change} WHERE id = $1", call)
        states.append(await owner.fetchval("SELECT state::text FROM calls.calls WHERE id = $1", call))
    assert states == ["ringing", "active", "on hold", "active", "ended"]
    told = await owner.fetch("SELECT description FROM calls.events WHERE subject = 'Änne Weiß' ORDER BY id")
    assert [row[0] for row in told] == [
        "calls about Home solar, spring",
        "speaks with Maud Bennett",
        "waits for Maud Bennett",
        "speaks with Maud Bennett",
        "ended after 1:23",
    ]


@pytest.mark.parametrize(
    "change", ["held_at = now()", "answered_at = now()", "answered_at = started_at - interval '1 s', agent_id = 1"]
)
async def test_states_that_cannot_be_are_refused(owner: asyncpg.Connection, change: str) -> None:
    call = await owner.fetchval(NEW_CALL)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(f"UPDATE calls.calls SET {change} WHERE id = $1", call)


async def test_a_call_is_answered_by_an_agent_of_its_own_account(owner: asyncpg.Connection) -> None:
    call = await owner.fetchval(NEW_CALL)
    foreign = await owner.fetchval("SELECT id FROM calls.agents WHERE account_id = 2 LIMIT 1")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute("UPDATE calls.calls SET answered_at = now(), agent_id = $2 WHERE id = $1", call, foreign)


async def test_bids_rise_until_the_auction_ends(owner: asyncpg.Connection) -> None:
    auction = await a_lead(owner)
    with pytest.raises(asyncpg.CheckViolationError, match="too low"):
        await bid(owner, auction, 13.99)
    await bid(owner, auction, 14)
    await bid(owner, auction, 15.5)
    for low in (15.5, 15):
        with pytest.raises(asyncpg.CheckViolationError, match="too low"):
            await bid(owner, auction, low)
    row = await owner.fetchrow("SELECT best_bid, bids, history FROM calls.auctions WHERE id = $1", auction)
    assert [float(row["best_bid"]), row["bids"], [float(one) for one in row["history"]]] == [15.5, 2, [14, 15.5]]
    await owner.execute("UPDATE calls.auctions SET ends_at = opened_at + interval '1 us' WHERE id = $1", auction)
    with pytest.raises(asyncpg.CheckViolationError, match="too late"):
        await bid(owner, auction, 20)


async def test_a_sold_lead_owes_a_payment_and_a_failed_one_raises_an_alert(owner: asyncpg.Connection) -> None:
    auction = await a_lead(owner)
    await bid(owner, auction, 21.4)
    await owner.execute("UPDATE calls.auctions SET state = 'sold' WHERE id = $1", auction)
    payment = await owner.fetchrow("SELECT id, amount, status::text FROM calls.payments WHERE auction_id = $1", auction)
    assert (float(payment["amount"]), payment["status"]) == (21.4, "pending")
    await owner.execute("UPDATE calls.payments SET status = 'failed', settled_at = now() WHERE id = $1", payment["id"])
    alert = await owner.fetchrow("SELECT severity::text, message FROM calls.alerts ORDER BY id DESC LIMIT 1")
    assert tuple(alert) == ("critical", "Payment of 21.40 by Alder Energy failed")


async def test_a_lead_without_a_bid_cannot_be_sold(owner: asyncpg.Connection) -> None:
    auction = await a_lead(owner)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE calls.auctions SET state = 'sold' WHERE id = $1", auction)


async def test_the_sample_ends_now_and_somebody_is_on_the_telephone(owner: asyncpg.Connection) -> None:
    row = await owner.fetchrow(
        """SELECT (SELECT count(*) FROM calls.calls) AS calls,
                  (SELECT count(*) FROM calls.calls WHERE ended_at IS NULL) AS going_on,
                  (SELECT avg((state = 'missed')::int)::float8 FROM calls.calls) AS missed,
                  (SELECT count(*) FROM calls.events WHERE happened_at > now()) AS future,
                  (SELECT max(happened_at) FROM calls.events) AS latest, now() AS now"""
    )
    assert 7_000 < row["calls"] < 12_900
    assert 5 < row["going_on"] < 40
    assert 0.05 < row["missed"] < 0.2
    assert row["future"] == 0
    assert (row["now"] - row["latest"]).total_seconds() < 300


async def test_all_that_is_derived_is_so_in_the_sample(owner: asyncpg.Connection) -> None:
    wrong = """
        SELECT count(*) FROM calls.auctions auction
        WHERE row(best_bid, bids) IS DISTINCT FROM (
                  SELECT row(max(amount), count(*)::integer) FROM calls.bids bid WHERE bid.auction_id = auction.id)
           OR (state = 'sold') <> EXISTS (SELECT FROM calls.payments payment WHERE payment.auction_id = auction.id)"""
    assert await owner.fetchval(wrong) == 0


async def test_loading_again_touches_nothing(owner: asyncpg.Connection, calls_database: str) -> None:
    await owner.execute("DELETE FROM calls.alerts")
    assert not await CALLS.load(calls_database)
    assert await owner.fetchval("SELECT count(*) FROM calls.alerts") == 0


async def simulated(dsn: str, changes: int, seed: int = 0) -> None:
    simulation = CALLS.simulate(dsn, rate=5_000, seed=seed)
    running = asyncio.ensure_future(simulation.run())
    await eventually(lambda: simulation.written >= changes or running.done(), timeout=30)
    simulation.stop()
    await running


async def test_the_simulation_tells_whole_stories(owner: asyncpg.Connection, calls_database: str) -> None:
    last = await owner.fetchval("SELECT max(id) FROM calls.calls")
    await simulated(calls_database, 1_500)
    states = dict(await owner.fetch("SELECT state::text, count(*) FROM calls.calls WHERE id > $1 GROUP BY 1", last))
    assert states["ended"] > 50
    assert states["missed"] > 3
    auctions = "SELECT state::text, count(*) FROM calls.auctions WHERE call_id > $1 GROUP BY 1"
    assert dict(await owner.fetch(auctions, last))["sold"] > 20
    settled = (
        "SELECT count(*) FROM calls.payments WHERE status <> 'pending' AND settled_at > now() - interval '1 minute'"
    )
    assert await owner.fetchval(settled) > 10
    at_once = "SELECT count(*) FROM calls.calls WHERE ended_at IS NULL AND agent_id IS NOT NULL GROUP BY agent_id"
    assert {row[0] for row in await owner.fetch(at_once)} <= {1}


async def test_the_same_seed_tells_the_same_story(app_database: Callable[[str], str]) -> None:
    stories = []
    for _ in range(2):
        dsn = app_database("calls")
        connection = await asyncpg.connect(dsn)
        last = await connection.fetchval("SELECT max(id) FROM calls.events")
        await simulated(dsn, 300, seed=7)
        told = "SELECT kind::text, subject FROM calls.events WHERE id > $1 ORDER BY id LIMIT 120"
        stories.append([tuple(row) for row in await connection.fetch(told, last)])
        await connection.close()
    assert stories[0] == stories[1]


async def test_the_page_shows_who_is_logged_in_their_own_rows_only(
    server: Server, app_database: Callable[[str], str]
) -> None:
    rename = "UPDATE calls.campaigns SET name = '{secret}' WHERE account_id = 1"
    await rows_stay_with_their_member(server, app_database("calls"), "calls", rename)
