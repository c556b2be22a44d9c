"""Call tracking: calls by state, leads that buyers bid for, payments and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.app import App

from .load import load
from .simulate import Floor

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live

TABLES = (
    "calls.accounts",
    "calls.buyers",
    "calls.agents",
    "calls.campaigns",
    "calls.calls",
    "calls.auctions",
    "calls.bids",
    "calls.payments",
    "calls.alerts",
    "calls.events",
)


def _page(live: Live) -> Viewable:
    from .page import page

    return page(live)


def _alerts(live: Live) -> None:
    from .alerts import declare

    declare(live)


APP = App(
    name="calls",
    title="Calls",
    summary="Calls by state with running timers, live bidding for the leads, payments and alerts of each account.",
    tables=TABLES,
    api=(
        "calls.buyers",
        "calls.campaigns",
        "calls.calls",
        "calls.auctions",
        "calls.bids",
        "calls.payments",
        "calls.alerts",
        "calls.events",
    ),
    load=load,
    actor=Floor,
    adds="a call",
    page=_page,
    alerts=_alerts,
    role="calls_member",
    members="calls.accounts",
)
