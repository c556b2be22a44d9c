"""What a `Live` offers of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, cast

from dashboard.errors import AlertError, NotForYou
from dashboard.postgres.scope import Scope, scope_here

from .alerts import Alerts
from .rule import Condition, Rows, Rule

if TYPE_CHECKING:
    from dashboard.live.live import Live
    from dashboard.live.query import LiveQuery


class Alerting:
    """Rules over live queries; the part of `dashboard.live.Live` that has them."""

    @cached_property
    def alerts(self) -> Alerts:
        """The alerts of this database: contact points, preferences, silences, and the rules that are watched here."""
        return Alerts(cast("Live", self))

    def alert(
        self,
        query: LiveQuery,
        *,
        name: str,
        title: str = "",
        when: Condition | None = None,
        severity: str = "warning",
        labels: Sequence[str] = (),
        summary: str = "",
        audience: Scope | None = None,
        to: Sequence[str] = (),
        is_event: bool = False,
        interval: timedelta = timedelta(seconds=30),
        repeat: timedelta | None = None,
    ) -> Rule:
        """Tell people when this query says so, and when it says so no more.

        Parameters
        ----------
        query
            What is judged: by default as the connection's own role, which sees all rows that anybody is to be told of.
            It never depends on who looks. So in a page of people who log in, where a query is asked in the scope of
            whoever looks, a rule's has to name ``scope=Scope()``; better, declare the rule in a file that is read when
            the server starts (``dashboard serve … --alerts FILE.py``), and is watched from then on.
        name
            Names the rule in this database: of all processes that know it, one watches it.
        title
            What people read first; the name by default.
        when
            `Rows()` (any row), `Above("column", limit)` or `Below`, each with a `hold`.
        severity
            info, warning or critical; or a template such as ``"{severity}"``.
        labels
            Columns that tell instances apart; without any, the rule is one instance.
        summary
            One line for each instance: a template with columns in braces, ``{rows}`` is how many rows meet it.
        audience
            Whom it concerns, as they look: a role, and settings whose values may name columns
            (``{"app.user_id": "{account_id}"}``). None: those who look after the database, operators among them.
        to
            Contact points that are told in any case.
        is_event
            Instances are events: they are told once and have no end. What is there when the rule is first watched
            counts as told.
        interval
            The least time between two notices of this rule to one audience; what fires meanwhile is one notice.
        repeat
            After which time they are told again of what still fires, and so on; None: never.

        Raises
        ------
        AlertError
            It cannot be such a rule.
        """
        if query.scope not in (None, Scope()) and _is_for_a_viewer():
            raise AlertError(
                f"The rule {name!r} would look with the eyes of whoever opens this page first.",
                "Declare it in a file of its own, `dashboard serve … --alerts FILE.py`, "
                "or name the scope of its query: scope=dashboard.Scope() sees all rows.",
            )
        for what, given in (("labels", labels), ("to", to)):
            if isinstance(given, str):
                raise AlertError(f"{what} of {name} is one text.", f"Give a list: {what}=[{given!r}].")
        rule = Rule(
            query=query, name=name, title=title or name, when=when or Rows(), severity=severity, labels=tuple(labels),
            summary=summary, audience=audience, to=tuple(to), is_event=is_event, interval=interval, repeat=repeat,
        )  # fmt: skip
        self.alerts.add(rule)
        return rule


def _is_for_a_viewer() -> bool:
    """Whether this code runs for a page of somebody who logged in."""
    try:
        return scope_here() is not None
    except NotForYou:
        return False
