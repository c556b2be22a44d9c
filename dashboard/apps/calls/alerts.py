"""What an account is told of: the system's alerts until somebody acknowledges them, payments, and callers who wait."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dashboard.apps.statements import statements
from dashboard.live.alerts import Above
from dashboard.postgres.scope import Scope

if TYPE_CHECKING:
    from dashboard.live import Live

SQL = statements(__package__ or "dashboard.apps.calls", "alerts")
ACCOUNT = Scope(role="calls_member", settings={"app.user_id": "{account_id}"})


def declare(live: Live) -> None:
    """Watch for them."""
    live.alert(
        live.query(SQL["system"], scope=Scope()),
        name="calls: system",
        title="System alert",
        severity="{severity}",
        labels=["id"],
        summary="{message}",
        audience=ACCOUNT,
    )
    live.alert(
        live.query(SQL["paid"], scope=Scope()),
        name="calls: payment",
        title="Payment received",
        severity="info",
        labels=["id"],
        summary="{buyer} paid € {amount:,.2f}",
        audience=ACCOUNT,
        is_event=True,
    )
    live.alert(
        live.query(SQL["waiting"], scope=Scope()),
        name="calls: waiting",
        title="Callers wait",
        when=Above("callers", 8, hold=timedelta(seconds=30)),
        labels=["account_id"],
        summary="{callers} callers have waited for half a minute",
        audience=ACCOUNT,
    )
