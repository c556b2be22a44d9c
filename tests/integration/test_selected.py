"""What a reader selects is asked of PostgreSQL: the parts of a whole, each selected, are the whole."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import asyncpg
import pytest

from dashboard.apps.statements import statements
from tests.statements import nothing_selected

#: By app and what tells the parts: the place of its parameter, and the statements that take it and can be added up.
PARTS = {
    ("crm", "SELECT unnest(enum_range(NULL::crm.stage))::text"): (
        0,
        "contacts contacts_yesterday contacts_by_day emails emails_by_day email_list contact_list",
    ),
    ("crm", "SELECT DISTINCT source FROM crm.contacts"): (
        1,
        "contacts contacts_by_day emails emails_by_day email_list contact_list",
    ),
    ("crm", "SELECT unnest(enum_range(NULL::crm.email_status))::text"): (2, "email_list"),
    ("outreach", "SELECT unnest(enum_range(NULL::outreach.campaign_status))::text"): (
        1,
        "invitations invitations_by_day campaigns connections",
    ),
    ("outreach", "SELECT unnest(enum_range(NULL::outreach.connection_state))::text"): (2, "connections"),
    ("calls", "SELECT name FROM calls.campaigns"): (
        0,
        "on_the_line going_on calls_today calls_by_hour sales sales_by_hour bidding payments log",
    ),
    ("earnings", "SELECT unnest(enum_range(NULL::earnings.earning_kind))::text"): (1, "today"),
    ("earnings", "SELECT unnest(enum_range(NULL::earnings.asset_status))::text"): (1, "assets"),
    ("storefront", "SELECT DISTINCT category FROM storefront.products"): (
        0,
        "revenue revenue_by_day favourites_today favourites_by_day all_favourites liked downloads_under_way downloads"
        " downloads_by_hour gigabytes",
    ),
    ("storefront", "SELECT unnest(enum_range(NULL::storefront.order_status))::text"): (1, "orders"),
    ("storefront", "SELECT unnest(enum_range(NULL::storefront.download_status))::text"): (1, "downloads"),
}


def added(rows: list[asyncpg.Record]) -> Decimal:
    """Return all that can be added up; ids make sure that the very rows are meant."""
    numbers = (value for row in rows for value in row.values() if isinstance(value, int | Decimal))
    return sum((Decimal(number) for number in numbers), Decimal())


@pytest.mark.parametrize(("app", "values"), PARTS, ids=lambda given: given.split(".")[-1].strip(")"))
async def test_the_parts_are_the_whole(app: str, values: str, app_database: Callable[[str], str]) -> None:
    place, names = PARTS[app, values]
    known = statements(f"dashboard.apps.{app}", "queries")
    connection = await asyncpg.connect(app_database(app))
    await connection.execute(f"SET ROLE {app}_member; SELECT set_config('app.user_id', '1', false)")
    parts = [row[0] for row in await connection.fetch(values)]
    moments = connection.transaction(isolation="repeatable_read", readonly=True)
    await moments.start()  # one snapshot, and one now()
    moved = 0
    for name in names.split():
        viewer = [1] if app in ("earnings", "outreach") else []  # whom these statements name as well
        given = [*viewer, *nothing_selected(known[name], len(viewer))]
        whole = added(await connection.fetch(known[name], *given))
        each = []
        for value in [*parts, "no such thing"]:
            given[place] = value
            each.append(added(await connection.fetch(known[name], *given)))
        assert sum(each) == whole, name
        moved += each[-1] == 0 and any(each)
    await connection.close()
    assert moved, "nothing of the sample is selected by any of them"
