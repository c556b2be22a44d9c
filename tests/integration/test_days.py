"""A day is the reader's: the same statement counts from their midnight, whatever the server's zone."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import dashboard
from dashboard import apps
from dashboard.apps.statements import statements
from dashboard.live.live import Live
from dashboard.postgres.server import Server
from dashboard.views.zone import days_of, is_zone
from tests.conftest import psql

SQL = statements("dashboard.apps.crm", "queries")
MEMBER = dashboard.Scope(role="crm_member", settings={"app.user_id": "1"})
DAY = dt.timedelta(days=1)
LATE = "INSERT INTO crm.member_activities (member_id, kind, description, created_at) VALUES (1, 'note', 'Late', '{0}')"


async def days(live: Live, zone: str, until: dt.datetime) -> dict[dt.datetime, int]:
    """Activities by day, the last three days until a time."""
    given = (None, None, DAY, 3, until)
    query = await live.query(SQL["activity_over_time"], *given, scope=days_of(zone, MEMBER)).ready()
    found: dict[dt.datetime, int] = {}
    for at, _, number in query.state.rows.values():
        local = at.astimezone(ZoneInfo(zone))
        found[local] = found.get(local, 0) + number
    return dict(sorted(found.items()))


@pytest.mark.parametrize(
    ("zone", "until"),
    [
        ("Asia/Kolkata", dt.datetime(2025, 6, 3, 23, 59)),
        ("America/St_Johns", dt.datetime(2025, 6, 3, 0, 0)),
        ("Europe/Berlin", dt.datetime(2025, 10, 26, 23, 30)),  # this day has 25 hours
        ("Europe/Berlin", dt.datetime(2025, 3, 31, 12, 0)),  # the one before has 23
    ],
)
async def test_bins_begin_at_the_readers_midnight(
    server: Server, crm_database: str, zone: str, until: dt.datetime
) -> None:
    until = until.replace(tzinfo=ZoneInfo(zone))
    psql(server, LATE.format(until.isoformat()), crm_database)
    async with dashboard.connect(crm_database) as live:
        await live.install(*apps.find("crm").tables)
        found = await days(live, zone, until)
    midnight = until.replace(hour=0, minute=0)
    assert list(found) == [midnight - 2 * DAY, midnight - DAY, midnight]  # of wall clocks: Python adds days as they do
    assert list(found.values()) == [0, 0, 1]


async def test_readers_of_one_zone_share_an_answer(crm_database: str) -> None:
    async with dashboard.connect(crm_database) as live:
        await live.install(*apps.find("crm").tables)

        async def ask(zone: str | None) -> Any:
            return await live.query(SQL["emails_by_day"], None, None, scope=days_of(zone, MEMBER)).ready()

        kept = [await ask("Asia/Tokyo"), await ask("Asia/Tokyo"), await ask("Asia/Kolkata"), await ask(None)]
        assert len(live.hub.answers) == 3
        assert kept[0].frame.equals(kept[1].frame)
        assert not kept[0].frame.equals(kept[2].frame)


@pytest.mark.parametrize(
    "name", ["", "Europe", "Mars/Base", "../../etc/passwd", "/etc/localtime", "x" * 300, "a\0b", "UTC'; --"]
)
def test_what_is_no_zone_is_not_asked_for(name: str) -> None:
    assert not is_zone(name)
    assert is_zone("Asia/Kolkata")
