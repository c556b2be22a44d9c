"""An earnings marketplace: data owners see what the use of their assets earns, as it happens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dashboard.apps.app import App
from dashboard.apps.loading import load_app

from .simulate import Market

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live

TABLES = (
    "earnings.owners",
    "earnings.assets",
    "earnings.campaigns",
    "earnings.events",
    "earnings.earnings",
    "earnings.tallies",
    "earnings.simulation",
)
SAMPLES = ("owners", "assets", "campaigns", "uses", "latest", "licences")


def _page(live: Live) -> Viewable:
    from .page import page

    return page(live)


APP = App(
    name="earnings",
    title="Earnings",
    summary="What data assets earn on a marketplace, from the impression to the payment, each owner seeing their own.",
    tables=TABLES,
    api=("earnings.assets", "earnings.campaigns", "earnings.events", "earnings.earnings"),
    load=partial(load_app, app="earnings", samples=SAMPLES),
    actor=Market,
    adds="an earning",
    page=_page,
    role="earnings_member",
    members="earnings.owners",
)
