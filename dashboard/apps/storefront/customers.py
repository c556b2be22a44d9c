"""The customers of a shop, and what it can do for one of them: favourites, orders, files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.live import LiveQuery
    from dashboard.views import View

    from .counter import Counter

Told = Callable[[object], object]


def table(query: Any, opened: Told) -> View:
    """All customers, those who like most first; a click opens one."""
    from dashboard.views import Table

    shown = {"name": "Customer", "country": "Country", "favourites": "Favourites", "latest": "Latest"}
    customers = Table(query, title="Customers", columns=shown, below={"name": "email"}, page_size=8)
    customers.on("select", opened)
    return customers


def details(ask: Callable[..., LiveQuery], counter: Counter, number: int, closed: Told) -> View:
    """Everything about one customer."""
    from dashboard.views import Group

    group = Group(
        _shelf(ask("shelf", number, priority="high"), counter, number),
        _orders(ask("customer_orders", number, priority="high"), counter),
        _downloads(ask("customer_downloads", number, priority="high"), counter),
        query=ask("customer", number),
        missing="There is no such customer among yours.",
        caption="customer",
    )
    group.on("close", closed)
    return group


def _shelf(query: LiveQuery, counter: Counter, number: int) -> View:
    from dashboard.views import Table

    return Table(
        query,
        title="For this customer",
        columns={"name": "Product", "category": "Category", "price": "Price"},
        formats={"price": "€ {:,.2f}"},
        tags=["category"],
        acts=counter.shelf(number),
        choose=True,
        things=("product", "products"),
        page_size=10,
    )


def _orders(query: LiveQuery, counter: Counter) -> View:
    from dashboard.views import Table

    return Table(
        query,
        title="Orders of this customer",
        columns={"id": "Order", "status": "Status", "total": "Total", "placed": "Placed"},
        formats={"id": "{}", "total": "€ {:,.2f}"},
        tags=["status"],
        tones={"pending": "warn", "cancelled": "bad"},
        acts=counter.orders(),
        choose=True,
        things=("order", "orders"),
        page_size=5,
        search=False,
        span=6,
    )


def _downloads(query: LiveQuery, counter: Counter) -> View:
    from dashboard.views import Table

    return Table(
        query,
        title="Files for this customer",
        columns=["file", "status", "progress"],
        tags=["status"],
        tones={"failed": "bad"},
        cells={"progress": "bar"},
        acts=counter.downloads(),
        choose=True,
        things=("download", "downloads"),
        page_size=5,
        search=False,
        span=6,
    )
