"""A rule as one process watches it: its query, what is known of its instances, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from dashboard.errors import AlertError
from dashboard.postgres import alerts
from dashboard.postgres.connection import Connection
from dashboard.postgres.scope import Scope

from .rule import Finding, Rule, findings
from .state import FAULT, MOST, Instance, Notice, Step, fault, kept, latest_after, step

if TYPE_CHECKING:
    from dashboard.live.query import Subscription

PATIENCE = timedelta(seconds=5)
"""How long a rule's trouble lasts before it is told."""


class Watch:
    """A rule that this process holds.

    Parameters
    ----------
    moved
        Called when its query has moved.
    """

    def __init__(self, rule: Rule, moved: Callable[[], None]) -> None:
        self.rule = rule
        self.next_at: datetime | None = None
        self.missing: tuple[str, ...] = ()
        self.has_begun = False
        self._term = -1
        self._is_due = True
        self._is_loaded = False
        self._known: dict[str, Instance] = {}
        self._latest: dict[Scope | None, datetime] = {}
        self._told_at: dict[UUID, datetime] = {}
        self._troubled_since: dict[str, datetime] = {}
        self._tell = moved
        query = rule.query
        self._query = query.live.query(query.sql, *query.parameters, scope=query.scope or Scope())
        self._subscription: Subscription | None = self._query.subscribe(self._moved)

    def close(self) -> None:
        """Watch it no more."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
            self._query.close()

    def hold(self, held: alerts.Held) -> None:
        """What PostgreSQL says of the rule, each time it is held on."""
        self.has_begun = held.has_begun
        if held.term != self._term:  # others may have moved it
            self._term = held.term
            self.forget()
        if held.missing != self.missing:
            self.missing = held.missing
            self._is_due = True

    def forget(self) -> None:
        """What was known may be wrong: it is read again."""
        self._is_loaded = False
        self._is_due = True

    async def load(self, connection: Connection) -> None:
        """Read what is known of its instances."""
        if self._is_loaded:
            return
        known = [_instance(row) for row in await alerts.instances(connection, self.rule.name)]
        self._known = {one.fingerprint: one for one in known}
        self._latest = {
            alerts.scope_of(row["role"], row["settings"]): row["at"]
            for row in await alerts.latest(connection, self.rule.name)
        }
        self._told_at = await alerts.told(connection, self.rule.name)
        self._is_loaded = True

    def is_due(self, now: datetime) -> bool:
        """Whether something may follow."""
        return self._is_due or (self.next_at is not None and self.next_at <= now)

    def look(self, now: datetime) -> Step | None:
        """What follows now; None while the query's first answer is not in."""
        self._is_due = False
        query = self._query
        if not query.is_ready and query.error is None:
            return None
        found, wait = self._found(now)
        is_quiet = self.rule.is_event and not self.has_begun
        following = step(self.rule, self._known, found, self._latest, now, told_at=self._told_at, is_quiet=is_quiet)
        self.next_at = min((at for at in (following.next_at, wait) if at is not None), default=None)
        return following

    def adopt(self, following: Step) -> None:
        """It was noted."""
        self.has_begun = True
        self._known |= {one.fingerprint: one for one in following.changed}
        for one in following.ended:
            self._known.pop(one.fingerprint, None)
        self._latest = latest_after(self._latest, following.notices)
        present = {one.notice for one in self._known.values()}
        self._told_at |= {notice.id: notice.fired_at for notice in (*following.notices, *following.repeats)}
        self._told_at = {key: at for key, at in self._told_at.items() if key in present}

    def _found(self, now: datetime) -> tuple[dict[str, Finding], datetime | None]:
        """What the rule finds, and when to look again for its troubles' sake. Trouble resolves nothing."""
        found: dict[str, Finding] = {}
        troubles: dict[str, str] = {}
        try:
            if self._query.error is not None:
                raise self._query.error
            state, columns = self._query.state, [column.name for column in self._query.columns]
            found = findings(self.rule, columns, [state.rows[key] for key in state.keys])
            if sum(finding.met is not False for finding in found.values()) > MOST:
                raise AlertError(f"It finds more than {MOST:,} instances.", "Narrow its query.")
        except Exception as error:  # the rule's own trouble, not the others'
            troubles["query"] = str(error)
            found = {key: kept(one) for key, one in self._known.items() if not one.is_fault}
        if self.missing:
            troubles["contacts"] = f"There is no contact point {' or '.join(self.missing)}."
        self._troubled_since = {name: self._troubled_since.get(name, now) for name in troubles}
        waits = [since + PATIENCE for since in self._troubled_since.values() if since + PATIENCE > now]
        lasting = {name: text for name, text in troubles.items() if self._troubled_since[name] + PATIENCE <= now}
        faults = [fault(name, text) for name, text in lasting.items()]
        young = [self._known[FAULT + name] for name in troubles if name not in lasting and FAULT + name in self._known]
        return found | {one.fingerprint: one for one in [*faults, *map(kept, young)]}, min(waits, default=None)

    def _moved(self, *_: object) -> None:
        self._is_due = True
        self._tell()


def rows_of(rule: Rule, following: Step) -> dict[str, list[dict[str, Any]]]:
    """Notices, such as are told again, and instances, as the tables take them."""
    return {
        "notices": [_notice_row(rule, one) for one in following.notices],
        "repeats": [_notice_row(rule, one) for one in following.repeats],
        "changed": [_instance_row(one) for one in following.changed],
    }


def _notice_row(rule: Rule, notice: Notice) -> dict[str, Any]:
    role, settings = alerts.owner(notice.audience)
    return {
        "id": notice.id, "rule": rule.name, "title": notice.title, "lines": notice.lines,
        "instances": notice.instances, "severity": notice.severity, "is_event": notice.is_event,
        "labels": dict(notice.labels), "contacts": list(rule.to), "role": role,
        "settings": orjson.loads(settings), "fired_at": notice.fired_at, "is_fault": notice.is_fault,
    }  # fmt: skip


def _instance_row(instance: Instance) -> dict[str, Any]:
    role, settings = alerts.owner(instance.audience)
    return {
        "fingerprint": instance.fingerprint, "state": instance.state, "since": instance.since,
        "is_told": instance.is_told, "notice": instance.notice, "text": instance.text,
        "severity": instance.severity, "labels": dict(instance.labels), "role": role,
        "settings": orjson.loads(settings),
    }  # fmt: skip


def _instance(row: Any) -> Instance:
    notice: UUID | None = row["notice"]
    return Instance(
        fingerprint=row["fingerprint"], state=row["state"], since=row["since"], text=row["text"],
        severity=row["severity"], labels=orjson.loads(row["labels"]),
        audience=alerts.scope_of(row["role"], row["settings"]), is_told=row["is_told"], notice=notice,
    )  # fmt: skip
