"""`dashboard doctor`: what is installed, who follows, how far behind, what is wrong and how to mend it.

Asking (`examine`) and judging (`findings`) are apart: the judgement is a plain function of what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dashboard.postgres.alerts import AlertsStatus, alerts_status
from dashboard.postgres.capture import grants
from dashboard.postgres.captured import CapturedTable, CaptureStatus, capture_status
from dashboard.postgres.health import FollowerSeen, Health, health
from dashboard.postgres.rotation import LogStatus, log_status
from dashboard.settings import Settings
from dashboard.surfaces.connecting import connected

Weight = Literal["good", "note", "bad"]
SIGNS: dict[Weight, str] = {"good": "ok", "note": "note", "bad": "WRONG"}
LONG_TRANSACTION = 300.0  # seconds; from here on the log cannot shrink and offsets grow
FULL_QUEUE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, and what to do about it."""

    weight: Weight
    sentence: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{SIGNS[self.weight]:>5}  {self.sentence}" + (f"\n       {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found in a database; `log` and `alerts` are None where there are none, or they may not be read."""

    capture: CaptureStatus
    health: Health
    log: LogStatus | None
    grants: str
    alerts: AlertsStatus | None


async def examine(dsn: str) -> Examination:
    """Look at a database.

    Raises
    ------
    ConnectError
        It cannot be reached.
    """
    async with connected(dsn, "doctor") as connection:
        capture = await capture_status(connection)
        found = await health(connection, [table.oid for table in capture.tables])
        readable = capture.installed and found.may_read_log
        return Examination(
            capture=capture,
            health=found,
            log=await log_status(connection) if readable else None,
            grants=await grants(connection, found.role) if capture.installed and not readable else "",
            alerts=await alerts_status(connection),
        )


def findings(seen: Examination, wanted: Settings) -> Iterator[Finding]:
    """Judge what was found, in the order in which one would mend it."""
    yield from _server(seen.health)
    if not seen.capture.installed:
        yield Finding(
            weight="bad",
            sentence="No table is captured here: queries are read at intervals instead of following changes.",
            remedy="dashboard install DSN TABLE…",
        )
        return
    yield from _capture(seen)
    if seen.log is not None:
        yield from _log(seen.log, wanted)
    yield from _following(seen.health, wanted)
    if seen.alerts is not None:
        yield from _alerts(seen.alerts)


def _server(found: Health) -> Iterator[Finding]:
    where = f"PostgreSQL {found.version.split()[0]}, database {found.database}, as {found.role}"
    yield Finding(weight="good", sentence=f"{where}.")
    if found.standby:
        yield Finding(weight="note", sentence="The server is a hot standby: it cannot wake anybody, so it is polled.")
    if found.pooled:
        yield Finding(
            weight="note",
            sentence="A connection pooler stands before the server: it is polled.",
            remedy="Give dashboard the server's own address, or a pool in session mode.",
        )
    if found.notification_queue > FULL_QUEUE:
        yield Finding(
            weight="bad",
            sentence=f"PostgreSQL's notification queue is {found.notification_queue:.0%} full.",
            remedy="A client listens and never reads: find it in pg_stat_activity by its old transaction.",
        )
    if (found.oldest_transaction or 0) > LONG_TRANSACTION:
        yield Finding(
            weight="bad",
            sentence=f"A transaction has been open and idle for {_duration(found.oldest_transaction)}.",
            remedy="End it: the log cannot be emptied behind it. idle_in_transaction_session_timeout prevents it.",
        )


def _capture(seen: Examination) -> Iterator[Finding]:
    if not seen.capture.current:
        yield Finding(
            weight="bad",
            sentence="Capture was installed by another version of dashboard, or functions of it were dropped.",
            remedy=f"As {seen.capture.owner}: dashboard install DSN TABLE… brings all of it up to date.",
        )
    if not seen.health.may_read_log:
        yield Finding(
            weight="bad",
            sentence=f"The role {seen.health.role} may not read the log.",
            remedy=f"As {seen.capture.owner}: {' '.join(seen.grants.split())} "
            "-- then it sees the rows of every captured table, those that policies hide too.",
        )
    for table in seen.capture.tables:
        yield _table(table)
    for name in seen.health.unreadable:
        yield Finding(
            weight="bad",
            sentence=f"The role {seen.health.role} may not read {name}.",
            remedy=f"GRANT SELECT ON {name} TO {seen.health.role};",
        )


def _table(table: CapturedTable) -> Finding:
    if not table.faults:
        return Finding(weight="good", sentence=f"{table.name} is captured.")
    states = ", ".join(sorted({f"{fault.name} on {fault.table} is {fault.state}" for fault in table.faults}))
    owners = ", ".join(sorted({fault.owner for fault in table.faults}))
    return Finding(
        weight="bad",
        sentence=f"{table.name} is not captured completely: {states}.",
        remedy=f"As {owners}: dashboard install DSN '{table.name}'",
    )


def _log(log: LogStatus, wanted: Settings) -> Iterator[Finding]:
    size = f"{log.bytes / 2**20:.1f} MB"
    reach = f", back to {log.oldest:%Y-%m-%d %H:%M:%S}" if log.oldest else ""
    if log.is_overdue(wanted.log_retention):
        yield Finding(
            weight="bad",
            sentence=f"The log holds {size}{reach}: it should have been rotated long ago.",
            remedy="Run a dashboard on this database: the process that leads rotates the log.",
        )
    else:
        yield Finding(weight="good", sentence=f"The log holds {size}{reach}, and rotates.")
    if log.bytes > 2 * wanted.log_size * 2**20:
        yield Finding(
            weight="bad",
            sentence=f"The log is larger than DASHBOARD_LOG_SIZE allows ({wanted.log_size} MB).",
            remedy="Something holds it: look for old transactions and for sessions that lock it.",
        )
    if not log.has_doorbell:
        yield Finding(
            weight="note",
            sentence="Transactions can be prepared here, so writers do not ring: the log is read at heartbeats.",
            remedy="max_prepared_transactions = 0 brings changes at once, if nothing needs it.",
        )


def _following(found: Health, wanted: Settings) -> Iterator[Finding]:
    if not found.followers:
        yield Finding(weight="note", sentence="Nobody follows this database now.")
        return
    if not any(seen.leads for seen in found.followers) and not found.standby:
        yield Finding(
            weight="bad",
            sentence="Nobody leads: the log does not rotate, and followers wake at heartbeats only.",
            remedy="If this lasts longer than some seconds, the role may lack rights on the log; see above.",
        )
    for seen in found.followers:
        yield _follower(seen, found.latest_change, wanted)


def _follower(seen: FollowerSeen, latest_change: float | None, wanted: Settings) -> Finding:
    part = "leads" if seen.leads else "follows"
    since = f" since {seen.since:%Y-%m-%d %H:%M:%S}" if seen.since else ""
    who = f"{seen.role} from {seen.address} (pid {seen.pid}) {part}{since}"
    if seen.silent_for is None:
        return Finding(weight="good", sentence=f"{who}; how far behind, only pg_read_all_stats may see.")
    behind = max(seen.silent_for - latest_change, 0.0) if latest_change is not None else 0.0
    if seen.silent_for > 3 * wanted.heartbeat + 5:
        return Finding(
            weight="bad",
            sentence=f"{who}, but has been silent for {_duration(seen.silent_for)}.",
            remedy="Its process is stopped or cut off; end it there, or with pg_terminate_backend.",
        )
    return Finding(weight="good", sentence=f"{who}, {_duration(behind)} behind.")


def _alerts(found: AlertsStatus) -> Iterator[Finding]:
    watched = found.rules - len(found.unwatched)
    yield Finding(weight="good", sentence=f"Alerts: {watched} of {found.rules} rules are watched.")
    if found.unwatched:
        yield Finding(
            weight="note",
            sentence=f"Nobody watches the rules {', '.join(found.unwatched)}.",
            remedy="Run what declares them; of one that is not wanted any more: DELETE FROM dashboard_alerts.rule.",
        )
    for problem in found.unsent:
        yield Finding(
            weight="bad",
            sentence=f"Alerts were not sent to {problem}.",
            remedy="dashboard alerts try DSN NAME; then `dashboard alerts contact` with the right address.",
        )


def _duration(seconds: float | None) -> str:
    seconds = seconds or 0.0
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min"
