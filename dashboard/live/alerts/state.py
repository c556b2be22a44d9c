"""What follows from what a rule finds and what was known of it; nothing here waits, asks or tells.

An instance begins when its finding is met: pending while it has not held long enough, else firing. It ends when the
finding fails or is gone. Where it is not known whether it holds, it stays as it is.

Firing instances are told in notices, one for all that fire together for the same audience, and the next one of a rule
to an audience not before its interval is over: a storm of a thousand rows is two messages, not a thousand. What ends
before it was told is never told. What still fires when a rule's `repeat` is over is told again, as the same notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from dashboard.postgres.scope import Scope

from .rule import SEVERITIES, Finding, Rule, Severity

LINES = 10
"""Instances that a notice names; beyond, it says how many there are."""
MOST = 1_000
"""Instances of one rule; one that finds more cannot be evaluated."""
FAULT = "!"
"""How fingerprints of a rule's own trouble begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One thing a rule has found: since when, whether it was told, and in which notice."""

    fingerprint: str
    state: Literal["pending", "firing"]
    since: datetime
    text: str
    severity: Severity
    labels: Mapping[str, str]
    audience: Scope | None
    is_told: bool = False
    notice: UUID | None = None

    @property
    def is_fault(self) -> bool:
        """Whether it is the rule's own trouble."""
        return self.fingerprint.startswith(FAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What people are told at once."""

    id: UUID
    title: str
    lines: list[str]
    instances: int
    severity: Severity
    is_event: bool
    labels: Mapping[str, str]
    audience: Scope | None
    fired_at: datetime
    is_fault: bool = False
    """Whether it tells of the rule's own trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What changes: instances that are new or have moved on, those that have ended, and notices new and told again."""

    changed: list[Instance]
    ended: list[Instance]
    notices: list[Notice]
    repeats: list[Notice]
    """Notices that are told again, with what is left of them."""
    next_at: datetime | None
    """When something follows by itself."""


def step(
    rule: Rule,
    known: Mapping[str, Instance],
    found: Mapping[str, Finding],
    latest: Mapping[Scope | None, datetime],
    now: datetime,
    *,
    told_at: Mapping[UUID, datetime] | None = None,
    is_quiet: bool = False,
) -> Step:
    """Move a rule's instances on.

    Parameters
    ----------
    latest
        When each audience was last told of this rule.
    told_at
        When each notice was last told.
    is_quiet
        What is found counts as told: a rule over events begins with those to come.
    """
    changed: dict[str, Instance] = {}
    for fingerprint, finding in found.items():
        before = known.get(fingerprint)
        if finding.met:
            after = _held(before or _begun(finding, now, is_told=is_quiet), rule, now)
            if after != before:
                changed[fingerprint] = after
    ended = [one for key, one in known.items() if key not in found or found[key].met is False]
    gone = {one.fingerprint for one in ended}
    present = [one for key, one in {**known, **changed}.items() if key not in gone]
    notices, told, due = _notices(rule, present, latest, now)
    repeats, again = _repeats(rule, present, told_at or {}, now)
    if rule.repeat is not None:
        again += [now + rule.repeat for _ in notices]
    changed |= told
    pending = [one.since + _hold(rule, one) for one in present if one.state == "pending"]
    return Step(
        changed=list(changed.values()), ended=ended, notices=notices, repeats=repeats,
        next_at=min([*pending, *due, *again], default=None),
    )  # fmt: skip


def latest_after(latest: Mapping[Scope | None, datetime], notices: Sequence[Notice]) -> dict[Scope | None, datetime]:
    """When each audience was last told of a rule, which its own trouble does not hold up."""
    return {**latest, **{one.audience: one.fired_at for one in notices if not one.is_fault}}


def fault(name: str, text: str) -> Finding:
    """A rule's own trouble, for those who look after it."""
    return Finding(fingerprint=FAULT + name, met=True, text=text, severity="warning", labels={}, audience=None)


def kept(instance: Instance) -> Finding:
    """A finding that leaves an instance as it is."""
    return Finding(
        fingerprint=instance.fingerprint, met=None, text=instance.text, severity=instance.severity,
        labels=instance.labels, audience=instance.audience,
    )  # fmt: skip


def _begun(finding: Finding, now: datetime, *, is_told: bool) -> Instance:
    return Instance(
        fingerprint=finding.fingerprint, state="pending", since=now, text=finding.text, severity=finding.severity,
        labels=finding.labels, audience=finding.audience, is_told=is_told,
    )  # fmt: skip


def _held(instance: Instance, rule: Rule, now: datetime) -> Instance:
    is_long = now - instance.since >= _hold(rule, instance)
    return replace(instance, state="firing") if instance.state == "pending" and is_long else instance


def _hold(rule: Rule, instance: Instance) -> timedelta:
    return timedelta() if instance.is_fault else rule.when.hold


def _notices(
    rule: Rule, present: list[Instance], latest: Mapping[Scope | None, datetime], now: datetime
) -> tuple[list[Notice], dict[str, Instance], list[datetime]]:
    waiting: dict[tuple[Scope | None, bool], list[Instance]] = {}
    for one in present:
        if one.state == "firing" and not one.is_told:
            waiting.setdefault((one.audience, one.is_fault), []).append(one)
    notices: list[Notice] = []
    told: dict[str, Instance] = {}
    due: list[datetime] = []
    for (audience, is_fault), members in waiting.items():
        may_be_told = latest[audience] + rule.interval if audience in latest and not is_fault else now
        if may_be_told > now:
            due.append(may_be_told)
            continue
        notice = _notice(rule, members, audience, now)
        notices.append(notice)
        told |= {one.fingerprint: replace(one, is_told=True, notice=notice.id) for one in members}
    return notices, told, due


def _repeats(
    rule: Rule, present: list[Instance], told_at: Mapping[UUID, datetime], now: datetime
) -> tuple[list[Notice], list[datetime]]:
    """Notices to be told again, and when the others (and these once more) will be."""
    if rule.repeat is None or rule.is_event:
        return [], []
    firing: dict[UUID, list[Instance]] = {}
    for one in present:
        if one.state == "firing" and one.notice is not None and one.notice in told_at:
            firing.setdefault(one.notice, []).append(one)
    is_due = {key: told_at[key] + rule.repeat <= now for key in firing}
    repeats = [
        replace(_notice(rule, members, members[0].audience, now), id=key)
        for key, members in firing.items()
        if is_due[key]
    ]
    return repeats, [(now if is_due[key] else told_at[key]) + rule.repeat for key in firing]


def _notice(rule: Rule, members: list[Instance], audience: Scope | None, now: datetime) -> Notice:
    is_fault = members[0].is_fault
    name = f"{rule.title} cannot be watched" if is_fault else rule.title
    count = len(members)
    lines = [one.text for one in members[:LINES]] + ([f"and {count - LINES} more"] if count > LINES else [])
    return Notice(
        id=uuid4(),
        title=name if count == 1 else f"{name} ({count})",
        lines=[] if lines == [name] else lines,
        instances=count,
        severity=max((one.severity for one in members), key=SEVERITIES.index),
        is_event=rule.is_event and not is_fault,
        labels=members[0].labels if count == 1 else {},
        audience=audience,
        fired_at=now,
        is_fault=is_fault,
    )
