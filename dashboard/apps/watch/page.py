"""The page of `dashboard watch`: one table at a time, the others beside it in the header.

Which table is shown stands in the address (``?table=2``), so that a page reads one table only, and a link leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import panel as pn

from dashboard.views import Chart, Feed, Page, Table, Tile
from dashboard.views.figure import few_ticks

from .examine import Watched
from .recorder import Log, Recorder
from .tally import BULK, KINDS

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live
    from dashboard.views import View

LINES = 8  # of the feed


def page(live: Live, tables: Sequence[Watched]) -> Viewable:
    """Build the page for one session."""
    place = _asked(len(tables))
    table = tables[place]
    logs = [Recorder.on(live).log(each) for each in tables]  # all are counted from the first page on
    log = logs[place]
    views = [*_tiles(live, table, log), _changes(log), _feed(log)]
    if table.over_time is not None:
        views.append(_over_time(table, log))
    shown = Page(
        *views,
        _rows(live, table),
        live=live,
        title=table.label,
        navigation={other.label: f"?table={number}" for number, other in enumerate(tables, start=1)},
        active=table.label,
        colours={"kind": (*KINDS, BULK)},
        note="" if table.key else "This table has no primary key.",
    )
    return shown.__panel__()


def _asked(number: int) -> int:
    """The place of the table that the address names; the first when it names none."""
    asked = (pn.state.session_args or {}).get("table", [b""])[0].decode(errors="replace")
    return int(asked) - 1 if asked.isdecimal() and len(asked) <= 6 and 1 <= int(asked) <= number else 0


def _tiles(live: Live, table: Watched, log: Log) -> list[View]:
    since = f"since {log.began.astimezone():%H:%M}"
    counts: list[View] = [
        Tile(log.totals.query, column=kind, title=kind.capitalize(), caption=since, span=2) for kind in (*KINDS, BULK)
    ]
    return [
        Tile(
            log.rate.query,
            title="Changes per second",
            format="{:,.1f}",
            sparkline=log.pace.query,
            caption="last 5 s",
            span=2,
        ),
        Tile(live.query(table.rows, priority="high"), title="Rows", caption="in the table", span=2),
        *counts,
    ]


def _changes(log: Log) -> View:
    return Chart(
        log.by_second.query,
        title="Changes over time",
        caption="per second",
        x="second",
        y="changes",
        by="kind",
        kind="area",
        height=220,
        figure=few_ticks,
    )


def _feed(log: Log) -> View:
    return Feed(
        log.latest.query,
        title="What changed",
        caption="newest first",
        format=log.format,
        category="kind",
        limit=LINES,
        seen=False,
    )


def _over_time(table: Watched, log: Log) -> View:
    by = "" if table.category is None else f" and {table.category}"
    return Chart(
        log.lately.source.query,
        title=f"Rows by {table.time}{by}",
        caption=f"per {table.step}",
        x="at",
        y="rows",
        by=None if table.category is None else "category",
        kind="bar",
        height=220,
        span=12,
    )


def _rows(live: Live, table: Watched) -> View:
    tags = [] if table.category is None else [table.category]
    return Table(live.query(table.latest), title="Rows", tags=tags, page_size=15)
