"""Outreach: invitations sent campaign by campaign, and what comes of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dashboard.apps.app import App
from dashboard.apps.loading import load_app

from .simulate import Sender

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live

TABLES = (
    "outreach.users",
    "outreach.campaigns",
    "outreach.connections",
    "outreach.messages",
    "outreach.logs",
    "outreach.import_status",
    "outreach.comments",
)
SAMPLES = ("users", "campaigns", "connections", "messages", "imports")


def _page(live: Live) -> Viewable:
    from .page import page

    return page(live)


APP = App(
    name="outreach",
    title="Outreach",
    summary="Campaigns of invitations, who accepts and who replies, and imports under way, each user seeing their own.",
    tables=TABLES,
    api=("outreach.campaigns", "outreach.connections", "outreach.messages", "outreach.logs", "outreach.import_status"),
    load=partial(load_app, app="outreach", samples=SAMPLES, commented=("outreach.campaigns", "user_id")),
    actor=Sender,
    adds="an invitation",
    page=_page,
    role="outreach_member",
    members="outreach.users",
)
