"""A network marketing CRM: members, their contacts, and what they do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.app import App

from .load import load
from .simulate import Team

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live

TABLES = (
    "crm.members",
    "crm.member_profiles",
    "crm.contacts",
    "crm.email_templates",
    "crm.sent_emails",
    "crm.email_clicks",
    "crm.member_activities",
    "crm.comments",
)


def _page(live: Live) -> Viewable:
    from .page import page

    return page(live)


def _alerts(live: Live) -> None:
    from .alerts import declare

    declare(live)


APP = App(
    name="crm",
    title="CRM",
    summary="Contacts, e-mails and activities of a network marketing team, each member seeing their own.",
    tables=TABLES,
    api=(
        "crm.contacts",
        "crm.email_templates",
        "crm.sent_emails",
        "crm.email_clicks",
        "crm.member_activities",
        "crm.member_profiles",
    ),
    load=load,
    actor=Team,
    adds="a contact",
    page=_page,
    alerts=_alerts,
    role="crm_member",
    members="crm.members",
)
