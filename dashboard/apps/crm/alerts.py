"""What a member is told of: a contact that became a customer or a partner, and e-mails that bounce."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dashboard.apps.statements import statements
from dashboard.live.alerts import Above
from dashboard.postgres.scope import Scope

if TYPE_CHECKING:
    from dashboard.live import Live

SQL = statements(__package__ or "dashboard.apps.crm", "alerts")
MEMBER = Scope(role="crm_member", settings={"app.user_id": "{member_id}"})


def declare(live: Live) -> None:
    """Watch for them."""
    live.alert(
        live.query(SQL["won"], scope=Scope()),
        name="crm: won",
        title="A contact won",
        severity="info",
        labels=["id"],
        summary="{description}",
        audience=MEMBER,
        is_event=True,
    )
    live.alert(
        live.query(SQL["bounced"], scope=Scope()),
        name="crm: bounced",
        title="E-mails bounce",
        when=Above("share", 0.1, hold=timedelta(minutes=1)),
        labels=["member_id"],
        summary="{share:.0%} of the e-mails of a day bounced ({bounced})",
        audience=MEMBER,
    )
