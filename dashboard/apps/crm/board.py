"""What stands on the CRM's page for one member: every view asks as that member, and PostgreSQL decides what it sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dashboard.apps.frame import scope_of, session_of
from dashboard.apps.statements import statements
from dashboard.views.zone import days_of

if TYPE_CHECKING:
    from dashboard.live import Live, LiveQuery
    from dashboard.views import Selection, View

SQL = statements(__package__ or "dashboard.apps.crm", "queries")
KINDS = {"calls": ["call"], "e-mails": ["email"], "meetings": ["meeting"], "contacts": ["contact", "stage", "note"]}
STAGES = ("lead", "prospect", "customer", "partner", "inactive")
STATUSES = ("sent", "delivered", "opened", "clicked", "bounced")
WHO = ("stage", "source")  # which contacts are meant


class Board:
    """The views of one member's page; a click on a kind, a stage, a source or a status narrows the others."""

    def __init__(self, live: Live, member: int, selection: Selection) -> None:
        self._live = live
        self._selection = selection
        self._member = member
        self._scope = scope_of("crm_member", member)
        self._session = session_of(live, "crm", self._scope, "crm.contacts")

    def _query(self, name: str, *parameters: Any, priority: Any = "medium", is_daily: bool = False) -> LiveQuery:
        if is_daily:
            scope = days_of(self._selection.zone, self._scope)
            return self._live.query(SQL[name], *parameters, scope=scope, priority=priority)
        return self._session.query(SQL[name], *parameters, priority=priority)

    def _chosen(self, name: str, *fields: str, **given: Any) -> Any:
        """A query that takes what is selected of these fields."""
        chosen = self._selection
        return chosen.query(lambda: self._query(name, *(self._value(field) for field in fields), **given))

    def _value(self, field: str) -> Any:
        value = self._selection[field]
        return KINDS.get(value or "") if field == "kind" else value

    def tiles(self) -> list[View]:
        """Four numbers: what there is, and how today compares with yesterday."""
        from dashboard.views import Tile

        return [
            Tile(
                self._chosen("contacts", *WHO, priority="high"),
                title="Contacts",
                comparison=self._chosen("contacts_yesterday", *WHO),
                sparkline=self._chosen("contacts_by_day", *WHO, priority="low", is_daily=True),
                caption="vs. yesterday",
            ),
            Tile(
                self._chosen("emails", *WHO, priority="high", is_daily=True),
                title="E-mails today",
                comparison="yesterday",
                sparkline=self._chosen("emails_by_day", *WHO, priority="low", is_daily=True),
                change="absolute",
                caption="vs. yesterday",
                select={"kind": "e-mails"},
            ),
            Tile(
                self._chosen("open_rate", *WHO),
                title="Open rate, 7 days",
                format="{:.1%}",
                comparison="week_before",
                change="points",
                sparkline=self._chosen("open_rate_by_day", *WHO, priority="low", is_daily=True),
                caption="vs. week before",
            ),
            Tile(
                self._chosen("activities", *WHO, "kind", priority="high", is_daily=True),
                title="Activities today",
                comparison="yesterday",
                change="absolute",
                sparkline=self._chosen("activities_by_hour", *WHO, "kind", priority="low"),
                caption="vs. yesterday",
            ),
        ]

    def chart(self) -> View:
        """Activity over time."""
        from dashboard.views import Chart

        chosen = self._selection

        def ask() -> LiveQuery:
            who, span = (chosen["stage"], chosen["source"]), chosen.span
            return self._query("activity_over_time", *who, span.step, span.steps, span.until, is_daily=True)

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

        return Feed(
            self._chosen("feed", *WHO, "kind", priority="high"),
            title="Activity",
            caption="newest first",
            format=line,
            time="created_at",
            limit=10,
            seen=True,
            select="kind",
        )

    def stages(self) -> View:
        """How many contacts are in which stage."""
        from dashboard.views import Progress

        return Progress(
            self._chosen("contacts_by_stage", "source"),
            title="Contacts by stage",
            label="stage",
            value="contacts",
            category="stage",
            select="stage",
        )

    def statuses(self) -> View:
        """What became of the e-mails."""
        from dashboard.views import Progress

        return Progress(
            self._chosen("emails_by_status", *WHO),
            title="E-mails by status, 30 days",
            label="status",
            value="emails",
            category="status",
            select="status",
        )

    def emails(self) -> View:
        """All e-mails, with whether they were opened, clicked and replied to."""
        from dashboard.views import Table

        return Table(
            self._chosen("email_list", *WHO, "status"),
            title="E-mails",
            columns=["contact", "status", "subject", "sent", "opened", "clicked", "replied"],
            below={"contact": "email"},
            tags=["status"],
            tones={"bounced": "bad"},
            select={"status": "status"},
            page_size=8,
            span=8,
        )

    def templates(self) -> View:
        """How each template does: of what was sent and delivered, how much was opened, clicked and replied to."""
        from dashboard.views import Table

        return Table(
            self._chosen("templates", *WHO),
            title="Templates",
            columns=["template", "sent", "delivered", "opened", "clicked", "replied"],
            below={"template": "subject"},
            formats=dict.fromkeys(("delivered", "clicked", "replied"), "{:.1%}"),
            cells={"opened": "bar"},
            search=False,
            page_size=8,
            span=7,
        )

    def team(self) -> View:
        """How much each of the team did."""
        from dashboard.views import Table

        return Table(
            self._query("team"),
            title="Team, last 24 hours",
            columns=["member", "calls", "e-mails", "meetings", "contacts"],
            search=False,
            page_size=8,
            span=5,
        )

    def contacts(self, opened: Callable[[object], object]) -> View:
        """All contacts, whoever was busy last first; a click opens one."""
        from dashboard.views import Editing, Table

        entered = ["name", "email", "phone", "country", "source", "stage", "score"]
        table = Table(
            self._chosen("contact_list", *WHO),
            title="Contacts",
            columns=["name", "stage", "source", "country", "score", "last activity"],
            below={"name": "email"},
            tags=["stage"],
            select={"stage": "stage", "source": "source"},
            page_size=10,
            edit=Editing(
                self._session,
                "crm.contacts",
                entered,
                choices={"source": self._query("sources", priority="low")},
                create=entered[:-1],
                given={"member_id": self._member},
                delete=True,
                thing="contact",
                hints={"country": "two letters, as in DE", "score": "0 to 100"},
            ),
        )
        table.on("select", opened)
        return table

    def contact(self, number: int, closed: Callable[[object], object], said: View) -> View:
        """Everything about one contact: how to reach them, what was done, what became of e-mails, and what is said."""
        from dashboard.views import Feed, Group, Table, Tile

        one, emails = self._query("contact", number), self._query("contact_emails", number)
        group = Group(
            Tile(one, title="Stage", column="stage", format="{}"),
            Tile(one, title="Score", column="score", caption="of 100"),
            Tile(emails, title="E-mails sent", column="sent"),
            Tile(emails, title="Opened", column="opened", format="{:.0%}", caption="of those delivered"),
            Feed(
                self._query("contact_activities", number, priority="high"),
                title="Activity with this contact",
                format="{description}",
                time="created_at",
                limit=8,
                span=5,
            ),
            Table(
                self._query("contact_email_list", number),
                title="E-mails to this contact",
                columns=["subject", "status", "sent", "opened", "clicked", "replied"],
                tags=["status"],
                tones={"bounced": "bad"},
                search=False,
                page_size=6,
                span=7,
            ),
            said,
            query=one,
            missing="There is no such contact among yours.",
            caption="contact",
        )
        group.on("close", closed)
        return group


def line(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An activity as it reads in the feed: the contact's name stands out."""
    text, name = str(row["description"]), row["contact"]
    if not name or name not in text:
        return [("", text)]
    before, name, after = text.partition(name)
    return [piece for piece in (("", before), ("b", name), ("", after)) if piece[1]]
