"""What stands on the page of one owner: every view asks as that owner, and PostgreSQL decides what it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.apps.frame import scope_of, session_of
from dashboard.apps.statements import statements
from dashboard.views import Chart, Feed, Progress, Switch, Table, Tile
from dashboard.views.acts import Act, Asked
from dashboard.views.zone import days_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dashboard.live import Live, LiveQuery
    from dashboard.live.write import Write
    from dashboard.views import Selection, View

SQL = statements(__package__ or "dashboard.apps.earnings", "queries")
STATUSES = ("draft", "review", "active", "paused", "retired")
PAID = {kind: f"**${{amount:,.2f}}** {kind}, {{asset}}" for kind in ("click fee", "commission", "licence")}
STORY = {
    "impression": "**{asset}** shown for {campaign}",
    "click": "**{asset}** clicked for {campaign}",
    "conversion": "Sale of **${amount:,.2f}** after {asset}, {campaign}",
    "attribution": "**${amount:,.2f}** attributed to {asset}, {campaign}",
    "earning": "**${amount:,.2f}** earned by {asset}",
}


class Board:
    """The views of one owner's page; a click on a source, a kind of event or a status narrows the others."""

    def __init__(self, live: Live, owner: int, selection: Selection) -> None:
        self._live = live
        self._selection = selection
        self._owner = owner
        self._scope = scope_of("earnings_member", owner)
        self._session = session_of(live, "earnings", self._scope, "earnings.assets", "earnings.simulation")

    def _query(self, name: str, *parameters: Any, priority: Any = "medium", is_daily: bool = False) -> LiveQuery:
        if not is_daily:
            return self._session.query(SQL[name], self._owner, *parameters, priority=priority)
        scope = days_of(self._selection.zone, self._scope)
        return self._live.query(SQL[name], self._owner, *parameters, scope=scope, priority=priority)

    def _chosen(self, name: str, *fields: str, **given: Any) -> Any:
        """A query that takes what is selected of these fields."""
        chosen = self._selection
        return chosen.query(lambda: self._query(name, *(chosen[field] for field in fields), **given))

    def tiles(self) -> list[View]:
        """What was earned today and ever, and what it came from."""
        today = self._chosen("events_today", is_daily=True)
        return [
            Tile(
                self._chosen("today", "source", priority="high", is_daily=True),
                title="Earned today",
                format="${:,.2f}",
                comparison="yesterday",
                change="absolute",
                caption="vs. yesterday",
                sparkline=self._chosen("by_day", "source", priority="low", is_daily=True),
            ),
            Tile(
                self._query("total", priority="high"),
                title="Earned in all",
                column="total",
                format="${:,.2f}",
                caption="line: last 14 days",
                sparkline=self._chosen("growth", priority="low", is_daily=True),
            ),
            Tile(
                today,
                title="Impressions today",
                comparison="impressions_yesterday",
                change="absolute",
                caption="vs. yesterday",
                sparkline=self._query("impressions_by_hour", priority="low"),
                select={"kind": "impression"},
            ),
            Tile(
                today,
                title="Click rate today",
                column="clicked",
                format="{:.1%}",
                comparison="clicked_yesterday",
                change="points",
                caption="vs. yesterday",
                select={"kind": "click"},
            ),
        ]

    def chart(self) -> View:
        """Earnings over time."""
        chosen = self._selection

        def ask() -> LiveQuery:
            return self._query("over_time", chosen.span.step, chosen.span.steps, chosen.span.until, is_daily=True)

        return Chart(
            chosen.query(ask, title=lambda: f"Earnings per {chosen.span.per}, by kind"),
            x="at",
            y="earned",
            by="source",
            kind="bar",
            height=220,
            unit="$",
            select="source",
        )

    def ticker(self) -> View:
        """The latest five earnings."""
        return Feed(
            self._chosen("ticker", "source", "status", priority="critical"),
            title="Latest earnings",
            caption="the last five",
            format=PAID,
            time="at",
            category="source",
            select="source",
            limit=5,
        )

    def feed(self) -> View:
        """Everything that happens to the owner's assets; the reader may make it stand still."""
        return Feed(
            self._chosen("feed", "kind", "status", priority="high"),
            title="Activity",
            format=STORY,
            time="at",
            limit=10,
            pause=True,
            select="kind",
            span=8,
        )

    def statistics(self) -> View:
        """How many events of each kind there were, each beside all others."""
        return Progress(
            self._query("statistics"),
            title="Events by kind",
            caption="since the beginning",
            label="kind",
            value="events",
            category="kind",
            select="kind",
        )

    def assets_by_status(self) -> View:
        """How many assets are in which status."""
        return Progress(
            self._query("assets_by_status"),
            title="Assets by status",
            label="status",
            value="assets",
            category="status",
            select="status",
        )

    def assets(self) -> View:
        """All assets, the best first, and what their owner may do with them."""
        return Table(
            self._chosen("assets", "status"),
            title="Assets",
            columns=["name", "status", "records", "payments", "earned", "last earning"],
            below={"name": "category"},
            tags=["status"],
            select={"status": "status"},
            formats={"earned": "${:,.2f}"},
            page_size=10,
            acts=[
                Act("Pause", self._becoming("paused"), when={"status": ("active",)}, done="paused"),
                Act("Resume", self._becoming("active"), when={"status": ("paused",)}, done="active again"),
                Act("Hand in", self._becoming("review"), when={"status": ("draft",)}, done="handed in for review"),
                Act("Take back", self._becoming("draft"), when={"status": ("review",)}, done="a draft again"),
                Act("Retire", self._becoming("retired"), when={"status": ("active", "paused")}, done="retired"),
            ],
            choose=True,
            things=("asset", "assets"),
        )

    def switch(self) -> View:
        """The owner's own simulation, on or off."""
        return Switch(self._query("simulation", priority="critical"), self._turn, title="Simulation", column="is_on")

    def _becoming(self, status: str) -> Callable[[Asked], Awaitable[Write]]:
        """Give assets another status, as long as they have the one that was seen."""

        async def change(asked: Asked) -> Write:
            assets = await self._session.table("earnings.assets")
            return self._session.submit(
                [assets.updating(row["id"], {"status": status}, seen={"status": row["status"]}) for row in asked.rows]
            )

        return change

    async def _turn(self, wanted: bool) -> None:
        simulation = await self._session.table("earnings.simulation")
        await simulation.update(self._owner, {"is_on": wanted})
