"""What a shop is told of: each step of an order, and downloads that fail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dashboard.apps.statements import statements
from dashboard.live.alerts import Above
from dashboard.postgres.scope import Scope

if TYPE_CHECKING:
    from dashboard.live import Live

SQL = statements(__package__ or "dashboard.apps.storefront", "alerts")
SHOP = Scope(role="storefront_member", settings={"app.user_id": "{shop_id}"})


def declare(live: Live) -> None:
    """Watch for them."""
    live.alert(
        live.query(SQL["orders"], scope=Scope()),
        name="storefront: orders",
        title="Order updated",
        severity="{severity}",
        labels=["id", "status"],
        summary="Order {id} of {customer} is {status} (€ {total:,.2f})",
        audience=SHOP,
        is_event=True,
    )
    live.alert(
        live.query(SQL["failed"], scope=Scope()),
        name="storefront: downloads",
        title="Downloads fail",
        when=Above("downloads", 3, hold=timedelta(seconds=30)),
        labels=["shop_id"],
        summary="{downloads} downloads failed within 10 minutes",
        audience=SHOP,
    )
