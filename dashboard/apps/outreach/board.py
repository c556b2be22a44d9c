"""What stands on the page of one user: every view asks as that user, and PostgreSQL decides what it sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dashboard.apps.frame import place, scope_of, session_of
from dashboard.apps.statements import statements
from dashboard.views import Feed, Group, Messages, Notices, Progress, Table, Tile
from dashboard.views.zone import days_of

from .deeds import Deeds

if TYPE_CHECKING:
    from dashboard.live import Live, LiveQuery
    from dashboard.views import Selection, View

SQL = statements(__package__ or "dashboard.apps.outreach", "queries")
STATUSES = ("draft", "active", "paused", "completed")
STATES = ("pending", "accepted", "replied", "declined", "withdrawn")
TOLD = dict.fromkeys(
    ("invitation", "acceptance", "message", "reply", "refusal", "campaign", "import"), "{description}"
)  # every kind reads as the database says it; their order is that of their colours


class Board:
    """The views of one user's page; a click on a status, a state or a kind of activity narrows the others."""

    def __init__(self, live: Live, user: int, selection: Selection) -> None:
        self._live = live
        self._selection = selection
        self._user = user
        self._scope = scope_of("outreach_member", user)
        self._session = session_of(live, "outreach", self._scope, "outreach.campaigns", "outreach.connections")
        self._deeds = Deeds(self._session)

    def _query(self, name: str, *parameters: Any, priority: Any = "medium", is_daily: bool = False) -> LiveQuery:
        if not is_daily:
            return self._session.query(SQL[name], self._user, *parameters, priority=priority)
        scope = days_of(self._selection.zone, self._scope)
        return self._live.query(SQL[name], self._user, *parameters, scope=scope, priority=priority)

    def _chosen(self, name: str, *fields: str | int, **given: Any) -> Any:
        """A query that takes what is selected of these fields, or numbers as they are."""
        chosen = self._selection
        return chosen.query(
            lambda: self._query(name, *(one if isinstance(one, int) else chosen[one] for one in fields), **given)
        )

    def tiles(self) -> list[View]:
        """How it goes: what was sent, who accepts, who replies, what is still to come."""
        rates = self._chosen("rates", "status")
        return [
            Tile(
                self._chosen("invitations", "status", priority="high", is_daily=True),
                title="Invitations today",
                comparison="yesterday",
                change="absolute",
                caption="vs. yesterday",
                sparkline=self._chosen("invitations_by_day", "status", priority="low", is_daily=True),
            ),
            Tile(
                rates,
                title="Acceptance rate",
                column="accepted",
                format="{:.1%}",
                caption="of all invited",
                sparkline=self._chosen("accepted_by_week", "status", priority="low", is_daily=True),
            ),
            Tile(
                rates,
                title="Reply rate",
                column="replied",
                format="{:.1%}",
                caption="of those who accepted",
                sparkline=self._chosen("replied_by_week", "status", priority="low", is_daily=True),
            ),
            Tile(
                self._chosen("people_remaining", "status", priority="high"),
                title="People still to import",
                column="remaining",
                caption="in all imports",
            ),
        ]

    def campaigns(self, opened: Callable[[object], object]) -> View:
        """All campaigns, and what can be done with them; a click opens one."""
        table = Table(
            self._chosen("campaigns", "status"),
            title="Campaigns",
            columns=["name", "status", "people", "invited", "accepted", "replied", "acceptance rate", "changed"],
            below={"name": "audience"},
            tags=["status"],
            cells={"acceptance rate": "bar"},
            select={"status": "status"},
            page_size=8,
            acts=self._deeds.campaigns(),
            choose=True,
            things=("campaign", "campaigns"),
        )
        table.on("select", opened)
        return table

    def states(self) -> View:
        """Connections by state."""
        return Progress(
            self._chosen("states", "status"),
            title="Connections by state",
            label="state",
            value="connections",
            category="state",
            select="state",
        )

    def activity(self) -> View:
        """What happened last."""
        return Feed(
            self._chosen("activity", "status", "state", "kind", priority="high"),
            title="Recent activity",
            format=TOLD,
            time="at",
            limit=12,
            pause=True,
            span=8,
            select="kind",
            legend=True,
        )

    def connections(self) -> View:
        """Who was invited, the latest first."""
        return Table(
            self._chosen("connections", "status", "state"),
            title="All connections",
            columns=["name", "campaign", "state", "country", "invited", "answered"],
            below={"name": "headline"},
            tags=["state"],
            select={"state": "state"},
            page_size=8,
            acts=self._deeds.connections(),
            choose=True,
            things=("invitation", "invitations"),
        )

    def imports(self) -> View:
        """Imports under way, and those that ended last."""
        return Progress(
            self._chosen("imports", "status", priority="high"),
            title="Imports",
            caption="people imported",
            label="source",
            below="campaign",
            value="done",
            total="total",
        )

    def notices(self) -> View:
        """What has just been said: how imports go on, and campaigns that begin, pause or end."""
        told = self._messages("importStatusUpdate", "campaignUpdate", key="importId")
        return Notices(told, title="Notices", format="{message}")

    def now(self) -> View:
        """Whom something has just happened to, from when the page is open."""
        told = self._messages("activityUpdate", "connectionUpdate", key="connectionId")
        return Feed(told.query, title="Just now", format="{message}", limit=4, priority="high")

    def _messages(self, *topics: str, key: str) -> Messages:
        heard = (self._live.topic(name, scope=self._scope) for name in topics)
        return Messages(*heard, fields={"message": "text"}, key=key)

    def campaign(self, number: int, closed: Callable[[object], object], said: View) -> View:
        """Everything about one campaign, and what is said about it."""
        rates = self._query("campaign_rates", number)
        group = Group(
            Tile(self._query("campaign", number), title="Status", column="status", format="{}"),
            Tile(rates, title="Invited", column="invited"),
            Tile(rates, title="Accepted", column="accepted", format="{:.1%}"),
            Tile(rates, title="Replied", column="replied", format="{:.1%}"),
            (place(self._progress(number), self._states_of(number)), 4),
            Feed(
                self._chosen("campaign_activity", number, "kind", priority="high"),
                title="Activity of this campaign",
                format=TOLD,
                time="at",
                limit=8,
                span=8,
                select="kind",
            ),
            Table(
                self._chosen("campaign_connections", number, "state"),
                title="Connections",
                columns=["name", "state", "country", "invited", "answered"],
                below={"name": "headline"},
                tags=["state"],
                select={"state": "state"},
                page_size=5,
                acts=self._deeds.connections(),
                choose=True,
                things=("invitation", "invitations"),
            ),
            said,
            query=self._query("campaign", number),
            missing="There is no such campaign among yours.",
            caption="campaign",
        )
        group.on("close", closed)
        return group

    def _progress(self, number: int) -> View:
        return Progress(
            self._query("campaign_progress", number),
            title="People invited",
            label="source",
            value="done",
            total="total",
        )

    def _states_of(self, number: int) -> View:
        return Progress(
            self._query("campaign_states", number),
            title="Connections by state",
            label="state",
            value="connections",
            category="state",
            select="state",
        )
