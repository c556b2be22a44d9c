"""What stands on the page of one shop, tab by tab: every view asks as that shop, and PostgreSQL decides what it sees.

How soon a change has to be seen is chosen by what somebody would do about it: an order that waits is critical, what
customers just did is high, lists are medium, how it all went lately is low.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dashboard.apps.frame import place, scope_of, session_of
from dashboard.apps.statements import statements
from dashboard.views.zone import days_of

from . import customers
from .counter import Counter

if TYPE_CHECKING:
    from dashboard.live import Live, LiveQuery
    from dashboard.views import Selection, View

SQL = statements(__package__ or "dashboard.apps.storefront", "queries")
LANES = {"pending": "To be paid", "paid": "To be shipped", "shipped": "On the way"}
KINDS = ("favourite", "order", "download")
ORDERED = ("pending", "paid", "shipped", "delivered", "cancelled")
DOWNLOADED = ("queued", "running", "done", "failed")
MONTH = dt.timedelta(days=30)


class Board:
    """The views of one shop's page; a click on a category, a kind or a status narrows the others."""

    def __init__(self, live: Live, shop: int, selection: Selection) -> None:
        self._live = live
        self._selection = selection
        self._scope = scope_of("storefront_member", shop)
        self._session = session_of(
            live,
            "storefront",
            self._scope,
            "storefront.orders",
            "storefront.downloads",
            "storefront.products",
            "storefront.favourites",
        )
        self._counter = Counter(self._session, shop)

    def _query(self, name: str, *parameters: Any, priority: Any = "medium", is_daily: bool = False) -> LiveQuery:
        if not is_daily:
            return self._session.query(SQL[name], *parameters, priority=priority)
        scope = days_of(self._selection.zone, self._scope)
        return self._live.query(SQL[name], *parameters, scope=scope, priority=priority)

    def _chosen(self, name: str, *fields: str, **given: Any) -> Any:
        """A query that takes what is selected of these fields."""
        chosen = self._selection
        return chosen.query(lambda: self._query(name, *(chosen[field] for field in fields), **given))

    def _today(self, name: str, by_day: str, title: str, **given: Any) -> Any:
        from dashboard.views import Tile

        history = self._chosen(by_day, "category", priority="low", is_daily=True)
        today = self._chosen(name, "category", priority="high", is_daily=True)
        shown = {"comparison": "yesterday", "caption": "vs. yesterday", "sparkline": history} | given
        return Tile(today, title=title, **shown)

    def overview(self) -> Sequence[Any]:
        """The day so far, what customers do, what sells, and whether all this is true now."""
        from dashboard.views import Chart, Feed, Progress, Status, Table, Tile

        chosen = self._selection
        return [
            self._today("revenue", "revenue_by_day", "Revenue today", format="€ {:,.2f}"),
            self._today("orders_today", "orders_by_day", "Orders today", change="absolute"),
            self._today("favourites_today", "favourites_by_day", "Favourites today", change="absolute"),
            Tile(
                self._chosen("downloads_under_way", "category", priority="high"),
                title="Downloads under way",
                caption="now",
            ),
            Chart(
                self._query("activity_by_hour", priority="low"),
                title="What customers do, per hour",
                x="at",
                y="activities",
                by="kind",
                kind="area",
                select="kind",
            ),
            Feed(
                self._chosen("activities", "kind", priority="high"),
                title="Live",
                caption="newest first",
                format="**{customer}** {description}",
                time="happened_at",
                limit=9,
                pause=True,
                select="kind",
            ),
            (
                Table(
                    chosen.query(lambda: self._query("best_sellers", MONTH, chosen["category"], priority="low")),
                    title="Best sellers, 30 days",
                    columns=["name", "pieces", "revenue", "share"],
                    below={"name": "category"},
                    formats={"revenue": "€ {:,.2f}"},
                    cells={"share": "bar"},
                    select={"category": "category"},
                    page_size=6,
                ),
                8,
            ),
            (
                place(
                    Progress(
                        self._query("by_category", MONTH, priority="low"),
                        title="Revenue by category, 30 days",
                        value="revenue",
                        format="€ {:,.0f}",
                        category="category",
                        select="category",
                    ),
                    Status(self._live, title="Connection", variant="full", controls=True),
                ),
                4,
            ),
        ]

    def favourites(self, all_customers: Any) -> Sequence[Any]:
        """What customers would like to have."""
        from dashboard.views import Chart, Feed, Table, Tile

        chosen = self._selection
        return [
            Tile(
                self._chosen("all_favourites", "category", priority="high"),
                title="Favourites",
                span=6,
                caption="of all customers",
            ),
            self._today("favourites_today", "favourites_by_day", "Added today", change="absolute", span=6),
            Chart(
                chosen.query(lambda: self._query("favourites_over_time", 30, priority="low", is_daily=True)),
                title="Added per day, by category",
                x="at",
                y="favourites",
                by="category",
                kind="bar",
                select="category",
            ),
            Feed(
                self._chosen("latest_favourites", "category", priority="high"),
                title="Latest",
                caption="newest first",
                format="**{customer}** likes **{product}**",
                time="added_at",
                limit=9,
            ),
            Table(
                self._chosen("liked", "category"),
                title="Most liked",
                columns=["name", "category", "price", "likes", "latest"],
                formats={"price": "€ {:,.2f}"},
                tags=["category"],
                select={"category": "category"},
            ),
            (all_customers, 12),
        ]

    def customers(self, opened: Callable[[object], object]) -> View:
        """All customers; a click opens one."""
        return customers.table(self._chosen("customers", "category"), opened)

    def customer(self, number: int, closed: Callable[[object], object]) -> View:
        """What can be done for a customer."""
        return customers.details(self._query, self._counter, number, closed)

    def orders(self, all_orders: Any) -> Sequence[Any]:
        """What has to be done, and every order there ever was."""
        from dashboard.views import Lanes

        return [
            self._today("orders_today", "orders_by_day", "Orders today", change="absolute", span=6),
            self._today("revenue", "revenue_by_day", "Revenue today", format="€ {:,.2f}", span=6),
            Lanes(
                self._chosen("under_way", "category", priority="critical"),
                title="Under way",
                caption="since when",
                by="status",
                lanes=LANES,
                time="since",
                format="**{customer}**, {country}",
                select="order",
                below="order {id} · pieces: {items} · € {total:,.2f}",
            ),
            (all_orders, 12),
        ]

    def all_orders(self, opened: Callable[[object], object]) -> View:
        """Every order there ever was; a click opens one."""
        from dashboard.views import Table

        table = Table(
            self._chosen("orders", "category", "order"),
            title="All orders",
            columns={
                "id": "Order",
                "customer": "Customer",
                "status": "Status",
                "items": "Pieces",
                "total": "Total",
                "placed": "Placed",
            },
            formats={"id": "{}", "total": "€ {:,.2f}"},
            tags=["status"],
            tones={"pending": "warn", "cancelled": "bad"},
            select={"status": "order"},
            acts=self._counter.orders(),
            choose=True,
            things=("order", "orders"),
            scroll=True,
        )
        table.on("select", opened)
        return table

    def order(self, number: int, closed: Callable[[object], object], said: View) -> View:
        """What was bought, and what is said about it."""
        from dashboard.views import Group, Table, Tile

        one = self._query("order", number)
        group = Group(
            Tile(one, title="Status", column="status", format="{}", span=4),
            Tile(one, title="Pieces", column="items", span=4),
            Tile(one, title="Total", column="total", format="€ {:,.2f}", span=4),
            Table(
                self._query("order_items", number),
                title="Bought",
                columns=["product", "category", "quantity", "price"],
                formats={"price": "€ {:,.2f}"},
                tags=["category"],
                search=False,
                page_size=6,
                span=6,
            ),
            (said, 6),
            query=one,
            missing="There is no such order among yours.",
            caption="order",
        )
        group.on("close", closed)
        return group

    def downloads(self) -> Sequence[Any]:
        """Files on their way to those who bought them."""
        from dashboard.views import Chart, Table, Tile

        return [
            Tile(
                self._chosen("downloads_under_way", "category", priority="high"),
                title="Under way",
                caption="now",
                span=4,
            ),
            Tile(
                self._chosen("download_success", "category"),
                title="Completed, 7 days",
                format="{:.1%}",
                comparison="week_before",
                change="points",
                caption="vs. week before",
                span=4,
            ),
            Tile(
                self._chosen("gigabytes", "category", priority="high", is_daily=True),
                title="Sent today",
                format="{:,.1f}",
                unit="GB",
                comparison="yesterday",
                change="absolute",
                caption="vs. yesterday",
                span=4,
            ),
            Table(
                self._chosen("downloads", "category", "download", priority="high"),
                title="Downloads",
                columns=["file", "customer", "status", "progress", "megabytes", "asked"],
                formats={"megabytes": "{:,.1f} MB"},
                tags=["status"],
                tones={"failed": "bad"},
                select={"status": "download"},
                cells={"progress": "bar"},
                acts=self._counter.downloads(),
                choose=True,
                things=("download", "downloads"),
            ),
            Chart(
                self._chosen("downloads_by_hour", "category", priority="low"),
                title="Downloads per hour",
                x="at",
                y="downloads",
                by="outcome",
                kind="bar",
                select="download",
                span=12,
            ),
        ]
