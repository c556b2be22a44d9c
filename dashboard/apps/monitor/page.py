"""The monitor's page: whether all is well at a glance, then what it costs, then who causes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.apps.frame import bell
from dashboard.postgres.scope import Scope
from dashboard.views import Chart, Page, Progress, Status, Table, Tile
from dashboard.views.figure import few_ticks
from dashboard.views.traffic import KEPT

from .observer import Observer

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live
    from dashboard.views import View

NOTE = f"All figures are of this server process, since it started; of visits it remembers the last {KEPT}."


def page(live: Live) -> Viewable:
    """Build the page for one session."""
    seen = Observer.on(live)
    shown = Page(
        Status(live, variant="full", title="Connection", span=4),
        *_tiles(seen),
        *_charts(seen),
        _queries(seen),
        *_log(seen),
        *_usage(seen),
        live=live,
        title="Monitor",
        alerts=bell(live, Scope()),
        active="Monitor",
        note=NOTE,
    )
    return shown.__panel__()


def _tiles(seen: Observer) -> list[View]:
    now = seen.now.query

    def tile(column: str, title: str, **options: Any) -> View:
        return Tile(now, column=column, title=title, **{"span": 3, **options})

    return [
        tile("rate", "Changes per second", format="{:,.1f}", sparkline=seen.changes.query, caption="last 5 s", span=4),
        tile(
            "p99", "Tick, 99th percentile", format="{:,.1f}", unit="ms", sparkline=seen.slowest.query,
            caption="last minute", thresholds={250: "warn", 1000: "bad"}, span=4,
        ),
        tile("lag", "Lag", format="{:,.0f}", unit="ms", caption="worst of a minute", thresholds={1000: "warn"}),
        tile("awake", "Queries followed", format="{:,.0f}", caption="awake now"),
        tile("seen", "Pages seen", format="{:,.0f}", caption="in the foreground"),
        tile("views", "Views flushed", format="{:,.1f}", unit="/s", caption="to all pages"),
        tile("skipped", "Skipped", format="{:,.0f}", unit="/s", caption="pages that lag", thresholds={1: "warn"}),
        tile("kilobytes", "Sent", format="{:,.1f}", unit="kB/s", caption="through channels"),
        tile("cpu", "Processor", format="{:.1%}", caption="of one core", thresholds={0.7: "warn", 0.95: "bad"}),
        tile("memory", "Memory", format="{:,.0f}", unit="MB", caption="of this process"),
    ]  # fmt: skip


def _charts(seen: Observer) -> list[View]:
    return [
        Chart(
            seen.changes.query, title="Changes per second", caption="last 5 minutes", x="second", y="changes",
            kind="area", height=200, span=6, figure=few_ticks,
        ),
        Chart(
            seen.costs.query, title="Cost of ticks", caption="last 5 minutes", x="second", y="ms", by="kind",
            unit=" ms", height=200, span=6, figure=few_ticks,
        ),
    ]  # fmt: skip


def _queries(seen: Observer) -> View:
    columns = {
        "sql": "Query", "plan": "Plan", "state": "State", "priority": "Priority", "rows": "Rows", "runs": "Runs",
        "whole": "In full", "mean": "Per run", "time": "Time spent",
    }  # fmt: skip
    return Table(
        seen.queries.query, title="Open queries", columns=columns, below={"sql": "reason"}, cells={"sql": "code"},
        tags=["plan", "state"], tones={"error": "bad"}, flash=False, sort="-time",
        formats={"mean": "{:,.1f} ms", "time": "{:,.2f} s"},
    )  # fmt: skip


def _log(seen: Observer) -> list[View]:
    def tile(column: str, title: str, **options: Any) -> View:
        return Tile(seen.log.query, column=column, title=title, span=3, **options)

    return [
        tile("size", "Change log", format="{:,.1f}", unit="MB", caption="with its indexes"),
        tile("reach", "Reaches back", format="{:,.0f}", unit="min", caption="to its oldest change"),
        tile("rotated", "Since last rotation", format="{:,.0f}", unit="min", caption="the log is emptied by parts"),
        tile("horizon", "Horizon", format="{:,}", caption="last transaction forgotten"),
        Progress(
            seen.slots.query, title="Partitions of the log", value="size", label="partition", below="use",
            format="{:,.1f} MB", span=4,
        ),
        Table(
            seen.followers.query, title="Followers", caption="as PostgreSQL sees them",
            tags=["part"], search=False, span=8, page_size=8,
        ),
    ]  # fmt: skip


def _usage(seen: Observer) -> list[View]:
    return [
        Progress(
            seen.pages.query, title="Pages opened", value="opened", label="page", below="open", format="{:,} ×", span=4
        ),
        Table(
            seen.visits.query, title="Visits", tags=["page", "state"], flash=False, cells={"stayed": "timer"},
            page_size=10, span=8,
            columns={"page": "Page", "reader": "Reader", "opened": "Opened", "stayed": "For", "state": "State"},
        ),
    ]  # fmt: skip
