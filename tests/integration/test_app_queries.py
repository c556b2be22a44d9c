"""What the pages of calls and storefront ask: kept true by the cheapest plan there is, and read by an index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

import dashboard
from dashboard import apps
from dashboard.apps.statements import statements
from tests.statements import nothing_selected

HOUR, MONTH = dt.timedelta(hours=1), dt.timedelta(days=30)
CUSTOMER = 15
PARAMETERS: dict[str, tuple[Any, ...]] = {
    "calls_over_time": (None, HOUR, 24, None),
    "best_sellers": (MONTH, None),
    "by_category": (MONTH,),
    "favourites_over_time": (30,),
    "order": (1,),
    "order_items": (1,),
    **dict.fromkeys(("customer", "shelf", "customer_orders", "customer_downloads"), (CUSTOMER,)),
}
INCREMENTAL = {
    "calls": {
        **dict.fromkeys(("going_on", "events", "bidding", "bids", "payments", "alerts", "buyers", "log"), "rows"),
    },
    "storefront": {
        **dict.fromkeys(("activities", "latest_favourites", "under_way", "orders", "order", "order_items"), "rows"),
        **dict.fromkeys(("customer", "customer_orders", "customer_downloads", "shelf"), "rows"),
        **dict.fromkeys(("liked", "customers"), "groups"),
    },
}
OF_THE_OWNER = {"accounts", "shops"}
MOMENTARY = {"bidding", "going_on"}  # whether anybody calls or bids right now depends on the hour


@pytest.mark.parametrize("app", ["calls", "storefront"])
async def test_each_query_has_the_cheapest_plan_that_there_is(app: str, app_database: Callable[[str], str]) -> None:
    scope = dashboard.Scope(role=f"{app}_member", settings={"app.user_id": "1"})
    async with dashboard.connect(app_database(app)) as live:
        await live.install(*apps.find(app).tables)
        plans = {}
        for name, sql in statements(f"dashboard.apps.{app}", "queries").items():
            if name in OF_THE_OWNER:
                continue
            query = await live.query(sql, *PARAMETERS.get(name, nothing_selected(sql, 0)), scope=scope)
            assert query.plan is not None
            assert query.state.keys or name in MOMENTARY, f"{name} shows nothing of the sample"
            plans[name] = query.plan.kind
    assert {name: kind for name, kind in plans.items() if kind != "rerun"} == INCREMENTAL[app]


@pytest.mark.parametrize(
    ("app", "name", "index"),
    [
        ("calls", "on_the_line", "calls_by_state"),
        ("calls", "calls_today", "calls_by_time"),
        ("calls", "sales", "payments_by_time"),
        ("calls", "events", "events_by_time"),
        ("calls", "bids", "bids_by_time"),
        ("storefront", "orders_today", "orders_by_time"),
        ("storefront", "revenue", "orders_by_payment"),
        ("storefront", "downloads_under_way", "downloads_under_way"),
        ("storefront", "activities", "activities_by_time"),
        ("storefront", "latest_favourites", "favourites_by_time"),
    ],
)
async def test_what_is_asked_at_every_change_is_read_by_an_index(
    app: str, name: str, index: str, app_database: Callable[[str], str]
) -> None:
    connection = await asyncpg.connect(app_database(app))
    await connection.execute(f"SET ROLE {app}_member; SELECT set_config('app.user_id', '1', false)")
    await connection.execute("SET enable_seqscan = off")  # the sample is small: what matters is that it can be done
    sql = statements(f"dashboard.apps.{app}", "queries")[name]
    explained = await connection.fetch(f"EXPLAIN {sql}", *nothing_selected(sql, 0))
    await connection.close()
    assert index in "\n".join(row[0] for row in explained)
