"""What stands on the CRM's page for one member: every view asks as that member, and PostgreSQL decides what it sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dashboard.apps.frame import scope_of
from dashboard.apps.statements import statements

if TYPE_CHECKING:
    from dashboard.live import Live, LiveQuery
    from dashboard.views import Selection, View

SQL = statements(__package__ or "dashboard.apps.crm", "queries")
KINDS = {"calls": ["call"], "e-mails": ["email"], "meetings": ["meeting"], "contacts": ["contact", "stage", "note"]}
STAGES = ("lead", "prospect", "customer", "partner", "inactive")


class Board:
    """The views of one member's page; a click on a kind of activity or a stage narrows the others."""

    def __init__(self, live: Live, member: int, selection: Selection) -> None:
        self._live = live
        self._selection = selection
        self._scope = scope_of("crm_member", member)

    def _query(self, name: str, *parameters: Any, priority: Any = "medium") -> LiveQuery:
        return self._live.query(SQL[name], *parameters, scope=self._scope, priority=priority)

    def tiles(self) -> list[View]:
        """Four numbers: what there is, and how today compares with yesterday."""
        from dashboard.views import Tile

        return [
            Tile(
                self._query("contacts", priority="high"),
                title="Contacts",
                comparison=self._query("contacts_yesterday"),
                sparkline=self._query("contacts_by_day", priority="low"),
                caption="vs. yesterday",
            ),
            Tile(
                self._query("emails", priority="high"),
                title="E-mails today",
                comparison="yesterday",
                sparkline=self._query("emails_by_day", priority="low"),
                change="absolute",
                caption="vs. yesterday",
            ),
            Tile(
                self._query("open_rate"),
                title="Open rate, 7 days",
                format="{:.1%}",
                comparison="week_before",
                change="points",
                sparkline=self._query("open_rate_by_day", priority="low"),
                caption="vs. week before",
            ),
            Tile(
                self._query("activities", priority="high"),
                title="Activities today",
                comparison="yesterday",
                change="absolute",
                sparkline=self._query("activities_by_hour", priority="low"),
                caption="vs. yesterday",
            ),
        ]

    def chart(self) -> View:
        """Activity over time."""
        from dashboard.views import Chart

        chosen = self._selection

        def ask() -> LiveQuery:
            return self._query("activity_over_time", chosen.span.step, chosen.span.steps, chosen.span.until)

        return Chart(
            chosen.query(ask, title=lambda: f"Activity per {chosen.span.per}, by kind"),
            x="at",
            y="activities",
            by="kind",
            kind="line",
            select="kind",
        )

    def feed(self) -> View:
        """The latest activities; what is new since the reader last looked is counted."""
        from dashboard.views import Feed

        chosen = self._selection

        def ask() -> LiveQuery:
            return self._query("feed", KINDS.get(chosen["kind"] or ""), chosen["stage"], priority="high")

        return Feed(
            chosen.query(ask),
            title="Activity",
            caption="newest first",
            format=line,
            time="created_at",
            limit=10,
            seen=True,
        )

    def table(self) -> View:
        """All contacts, whoever was busy last first."""
        from dashboard.views import Table

        return Table(
            self._selection.query(lambda: self._query("contact_list", self._selection["stage"])),
            title="Contacts",
            columns=["name", "stage", "source", "country", "score", "last activity"],
            below={"name": "email"},
            tags=["stage"],
            select={"stage": "stage"},
            page_size=10,
        )


def line(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An activity as it reads in the feed: the contact's name stands out."""
    text, name = str(row["description"]), row["contact"]
    if not name or name not in text:
        return [("", text)]
    before, name, after = text.partition(name)
    return [piece for piece in (("", before), ("b", name), ("", after)) if piece[1]]
