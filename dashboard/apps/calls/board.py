"""What stands on the page of one account: every view asks as that account, and PostgreSQL decides what it sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dashboard.apps.frame import scope_of, session_of
from dashboard.apps.statements import statements
from dashboard.views.zone import days_of

from .desk import Desk

if TYPE_CHECKING:
    from dashboard.live import Live, LiveQuery
    from dashboard.views import Selection, View

SQL = statements(__package__ or "dashboard.apps.calls", "queries")
EVENTS = ("call", "bid", "payment", "alert")
OUTCOMES = ("answered", "missed")
LANES = {"ringing": "Ringing", "active": "Speaking", "on hold": "On hold"}
TONES = {"critical": "bad", "warning": "warn", "info": "plain"}


class Board:
    """The views of one account's page; a click on a campaign, an outcome or a kind of event narrows the others."""

    def __init__(self, live: Live, account: int, selection: Selection) -> None:
        self._live = live
        self._selection = selection
        self._scope = scope_of("calls_member", account)
        self._session = session_of(live, "calls", self._scope, "calls.bids", "calls.auctions", "calls.alerts")
        self._desk = Desk(self._session, account, self._query("buyers", priority="low"))

    def _query(self, name: str, *parameters: Any, priority: Any = "medium", is_daily: bool = False) -> LiveQuery:
        if not is_daily:
            return self._session.query(SQL[name], *parameters, priority=priority)
        scope = days_of(self._selection.zone, self._scope)
        return self._live.query(SQL[name], *parameters, scope=scope, priority=priority)

    def _chosen(self, name: str, *fields: str, **given: Any) -> Any:
        """A query that takes what is selected of these fields."""
        chosen = self._selection
        return chosen.query(lambda: self._query(name, *(chosen[field] for field in fields), **given))

    def tiles(self) -> list[View]:
        """Four numbers: what goes on, and how today compares with yesterday."""
        from dashboard.views import Tile

        return [
            Tile(
                self._chosen("on_the_line", "campaign", priority="critical"),
                title="On the line",
                caption="calls by hour",
                sparkline=self._chosen("calls_by_hour", "campaign", priority="low"),
            ),
            Tile(
                self._chosen("calls_today", "campaign", priority="high", is_daily=True),
                title="Calls today",
                comparison="yesterday",
                change="absolute",
                caption="vs. yesterday",
            ),
            Tile(
                self._chosen("answered", "campaign"),
                title="Answered, 24 h",
                format="{:.1%}",
                comparison="day_before",
                change="points",
                sparkline=self._chosen("answered_by_day", "campaign", priority="low", is_daily=True),
                caption="vs. day before",
            ),
            Tile(
                self._chosen("sales", "campaign", priority="high", is_daily=True),
                title="Leads sold today",
                format="€ {:,.2f}",
                comparison="yesterday",
                change="percent",
                sparkline=self._chosen("sales_by_hour", "campaign", priority="low"),
                caption="vs. yesterday",
            ),
        ]

    def lanes(self) -> View:
        """All calls that go on, by state, each with its clock."""
        from dashboard.views import Lanes

        return Lanes(
            self._chosen("going_on", "campaign", priority="critical"),
            title="Calls by state",
            caption="since when, mm:ss",
            by="state",
            lanes=LANES,
            time="since",
            format="**{caller}**",
            below=about,
            shares=[1, 2, 1],
            height=3,
            nothing="nobody",
        )

    def chart(self) -> View:
        """Calls over time, answered and missed."""
        from dashboard.views import Chart

        chosen = self._selection

        def ask() -> LiveQuery:
            span = chosen.span
            given = (span.step, span.steps, span.until)
            return self._query("calls_over_time", chosen["campaign"], *given, priority="low", is_daily=True)

        over_time = chosen.query(ask, title=lambda: f"Calls per {chosen.span.per}")
        return Chart(over_time, x="at", y="calls", by="outcome", kind="bar", select="outcome")

    def feed(self) -> View:
        """What happened last."""
        from dashboard.views import Feed

        return Feed(
            self._chosen("events", "kind", priority="high"),
            title="Live",
            caption="newest first",
            format="**{subject}** {description}",
            time="happened_at",
            limit=9,
            pause=True,
            select="kind",
        )

    def bidding(self) -> View:
        """Leads that are bid for now: the best bid, how it came about, the time that is left; and one may bid."""
        from dashboard.views import Table

        return Table(
            self._chosen("bidding", "campaign", priority="critical"),
            title="Live bidding",
            columns={"lead": "Lead", "best": "Best bid", "leader": "Highest bidder", "bids": "Bids",
                     "history": "History", "ends_at": "Time left"},
            below={"lead": "campaign"},
            select={"campaign": "campaign"},
            formats={"best": "€ {:,.2f}"},
            cells={"history": "line", "ends_at": "countdown"},
            page_size=6,
            search=False,
            acts=self._desk.bids(),
            things=("bid", "bids"),
        )  # fmt: skip

    def bids(self) -> View:
        """The latest bids."""
        from dashboard.views import Feed

        return Feed(
            self._chosen("bids", "campaign", priority="high"),
            title="Bids",
            caption="newest first",
            format="**{buyer}** bids **€ {amount:,.2f}** for {lead}",
            time="placed_at",
            limit=8,
        )

    def payments(self) -> View:
        """What buyers owe and paid."""
        from dashboard.views import Table

        return Table(
            self._chosen("payments", "campaign"),
            title="Payments",
            columns=["buyer", "lead", "status", "amount", "when"],
            formats={"amount": "€ {:,.2f}"},
            tags=["status"],
            tones={"pending": "warn", "failed": "bad"},
            page_size=6,
        )

    def alerts(self) -> View:
        """What is wrong; to mark it as seen is to acknowledge it, for everybody."""
        from dashboard.views import Feed

        feed = Feed(
            self._query("alerts", priority="high"),
            title="Alerts",
            caption="open ones first",
            format="**{severity}** {message}",
            category="severity",
            tones=TONES,
            time="raised_at",
            seen="acknowledged",
            limit=7,
        )
        feed.on("seen", lambda keys: self._desk.acknowledge(feed, keys))
        return feed

    def log(self) -> View:
        """All calls there ever were, as one list."""
        from dashboard.views import Table

        return Table(
            self._chosen("log", "campaign", "outcome"),
            title="All calls",
            columns=["caller", "campaign", "agent", "state", "duration", "started"],
            tags=["state"],
            tones={"ringing": "warn", "missed": "bad"},
            select={"campaign": "campaign"},
            scroll=True,
        )


def about(row: Mapping[str, Any]) -> str:
    """What a call is about, and who has it."""
    return " · ".join(str(part) for part in (row["campaign"], row["agent"]) if part)
