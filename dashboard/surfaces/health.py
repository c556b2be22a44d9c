"""`/health`: whether this process shows what is true now, for whoever restarts it or sends it visitors.

It runs no page and opens no session. A stranger learns one word; who may read the figures learns why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from dashboard.errors import DashboardError
from dashboard.postgres.connection import public_name
from dashboard.postgres.health import Standing
from dashboard.settings import settings
from dashboard.surfaces.readers import Answering

if TYPE_CHECKING:
    from dashboard.live import Live
    from dashboard.surfaces.probe import Found

FOLLOWING = ("live", "polling")


class LogHealth(BaseModel):
    """The change log: `bytes` with its indexes, `rows` as the planner estimates, `horizon` a transaction's number."""

    bytes: int
    rows: int
    oldest: datetime | None
    horizon: int
    rotated_at: datetime | None
    overdue: bool


class DatabaseHealth(BaseModel):
    """One database that is followed; `lag` in seconds, `problem` empty where there is none."""

    database: str
    state: Literal["connecting", "live", "polling", "reconnecting", "offline"]
    since: datetime
    lag: float | None
    leader: Literal["this process", "another", "nobody", "unknown"]
    followers: int | None
    log: LogHealth | None
    problem: str


class Health(BaseModel):
    """The answer: ``ok`` when every database answers and is followed."""

    status: Literal["ok", "failing"]
    databases: list[DatabaseHealth]


class HealthAnswer(Answering):
    """Answers `/health` with 200 or 503."""

    async def get(self) -> None:
        """Tell the state; details only to those who may read them."""
        report = health_of(await self.probe.look())
        self.set_status(200 if report.status == "ok" else 503)
        is_trusted = self.refusal() is None
        self.answer(
            report.model_dump_json(include=None if is_trusted else {"status"}), "application/json; charset=utf-8"
        )


def health_of(found: Mapping[Live, Found]) -> Health:
    """Judge what the databases said."""
    databases = [_database(live, said) for live, said in found.items()]
    is_well = all(one.state in FOLLOWING and not isinstance(said, DashboardError)
                  for one, said in zip(databases, found.values(), strict=True))  # fmt: skip
    return Health(status="ok" if is_well else "failing", databases=databases)


def _database(live: Live, said: Found) -> DatabaseHealth:
    status = live.status
    seen = said if isinstance(said, Standing) else None
    return DatabaseHealth(
        database=public_name(live.dsn),
        state=status.state,
        since=status.since,
        lag=status.lag,
        leader="this process" if live.leads else _leader(seen),
        followers=len(seen.health.followers) if seen else None,
        log=_log(seen) if seen else None,
        problem=status.reason if seen else str(said),
    )


def _leader(seen: Standing | None) -> Literal["another", "nobody", "unknown"]:
    if seen is None:
        return "unknown"
    return "another" if any(one.leads for one in seen.health.followers) else "nobody"


def _log(seen: Standing) -> LogHealth | None:
    log = seen.log
    if log is None:
        return None
    return LogHealth(
        bytes=log.bytes,
        rows=log.rows,
        oldest=log.oldest,
        horizon=log.horizon,
        rotated_at=log.rotated_at,
        overdue=log.is_overdue(settings().log_retention),
    )
