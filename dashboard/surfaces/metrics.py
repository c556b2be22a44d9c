"""`/metrics`: the monitor's figures in Prometheus' text format.

They are of this process; a fleet is added up by whoever reads them. Nothing is measured here: figures that are
counted anyway are written down, and the log's are those that `/health` asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from dashboard.live.figures import BOUNDS, Spent
from dashboard.postgres.connection import public_name
from dashboard.postgres.health import Standing
from dashboard.postgres.status import State
from dashboard.surfaces.readers import Answering
from dashboard.views.channel import Channel
from dashboard.views.traffic import TRAFFIC

if TYPE_CHECKING:
    from dashboard.live import Live
    from dashboard.surfaces.probe import Found

Gauge, Count = GaugeMetricFamily, CounterMetricFamily


class MetricsAnswer(Answering):
    """Answers `/metrics`."""

    async def get(self) -> None:
        """Write the figures down for those who may read them."""
        if refused := self.refusal():
            self.set_status(refused)
            if refused == 401:
                self.set_header("WWW-Authenticate", "Bearer")
            self.answer("Set DASHBOARD_METRICS_TOKEN and send it as a bearer token.\n", "text/plain; charset=utf-8")
            return
        found = await self.probe.look()
        encode, kind = choose_encoder(self.request.headers.get("Accept", ""))
        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        registry.register(Figures(found))
        self.answer(encode(registry), kind)


class Figures(Collector):
    """The figures of the databases, the queries and the pages of this process."""

    def __init__(self, found: Mapping[Live, Found]) -> None:
        self._found = {name: (live, said) for name, live, said in _named(found)}

    def collect(self) -> Iterable[Metric]:
        """All families, each with its databases."""
        lives = {name: live for name, (live, _) in self._found.items()}
        yield from _connections(lives)
        yield from _ticks(lives)
        yield from _queries(lives)
        yield from _logs({name: said for name, (_, said) in self._found.items() if isinstance(said, Standing)})
        yield from _pages()


def _named(found: Mapping[Live, Found]) -> Iterator[tuple[str, Live, Found]]:
    """Each database under a name of its own, without scheme, password and options."""
    names = Counter[str]()
    for live, said in found.items():
        name = public_name(live.dsn).rpartition("//")[2].partition("?")[0]
        names[name] += 1
        yield (name if names[name] == 1 else f"{name}#{names[name]}"), live, said


def _connections(lives: Mapping[str, Live]) -> Iterator[Metric]:
    state = Gauge("dashboard_connection", "1 for the state the connection is in.", labels=["database", "state"])
    lag = Gauge("dashboard_lag_seconds", "Age of the oldest change of the last tick.", labels=["database"])
    leads = Gauge("dashboard_leader", "Whether this process rings for the others.", labels=["database"])
    for name, live in lives.items():
        for each in get_args(State):
            state.add_metric([name, each], float(live.status.state == each))
        if live.status.lag is not None:
            lag.add_metric([name], live.status.lag)
        leads.add_metric([name], float(live.leads))
    yield from (state, lag, leads)


def _ticks(lives: Mapping[str, Live]) -> Iterator[Metric]:
    changes = Count("dashboard_changes", "Changes that were followed.", labels=["database"])
    ticks = HistogramMetricFamily("dashboard_tick_seconds", "Ticks, by what they cost.", labels=["database"])
    for name, live in lives.items():
        figures = live.hub.figures
        changes.add_metric([name], figures.changes)
        bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
        ticks.add_metric([name], list(zip(bounds, accumulate(figures.buckets), strict=True)), figures.cost)
    yield from (changes, ticks)


def _queries(lives: Mapping[str, Live]) -> Iterator[Metric]:
    number = Gauge("dashboard_queries", "Open queries.", labels=["database", "state", "plan"])
    rows = Gauge("dashboard_query_rows", "Rows of all open queries.", labels=["database"])
    runs = Count("dashboard_query_runs", "Reads of PostgreSQL for queries.", labels=["database", "kind"])
    seconds = Count("dashboard_query_seconds", "Seconds these reads took.", labels=["database", "kind"])
    for name, live in lives.items():
        opened = live.open_queries()
        for (condition, plan), count in Counter((query.condition, query.plan or "none") for query in opened).items():
            number.add_metric([name, condition, plan], count)
        rows.add_metric([name], sum(query.rows for query in opened))
        spent = Spent()
        for each in (live.hub.figures.ended, *(query.spent for query in opened)):
            spent.add(each)
        runs.add_metric([name, "whole"], spent.whole_runs)
        runs.add_metric([name, "changed"], spent.step_runs)
        seconds.add_metric([name, "whole"], spent.whole_seconds)
        seconds.add_metric([name, "changed"], spent.step_seconds)
    yield from (number, rows, runs, seconds)


def _logs(seen: Mapping[str, Standing]) -> Iterator[Metric]:
    size = Gauge("dashboard_log_bytes", "Size of the change log, with its indexes.", labels=["database"])
    oldest = Gauge("dashboard_log_oldest_timestamp_seconds", "Since when the log has all changes.", labels=["database"])
    horizon = Gauge("dashboard_log_horizon", "Largest transaction that was rotated away.", labels=["database"])
    rotated = Gauge("dashboard_log_rotated_timestamp_seconds", "When the log was rotated last.", labels=["database"])
    followers = Gauge("dashboard_followers", "Processes that follow the database.", labels=["database"])
    for name, each in seen.items():
        followers.add_metric([name], len(each.health.followers))
        if each.log is None:
            continue
        size.add_metric([name], each.log.bytes)
        horizon.add_metric([name], each.log.horizon)
        if each.log.oldest is not None:
            oldest.add_metric([name], each.log.oldest.timestamp())
        if each.log.rotated_at is not None:
            rotated.add_metric([name], each.log.rotated_at.timestamp())
    yield from (size, oldest, horizon, rotated, followers)


def _pages() -> Iterator[Metric]:
    pages = Gauge("dashboard_pages", "Open pages.", labels=["state"])
    states = Counter(channel.presence for channel in Channel.all())
    for state in ("seen", "hidden", "away"):
        pages.add_metric([state], states[state])
    opened = Count("dashboard_pages_opened", "Pages that were opened.", labels=["page"])
    for page, number in TRAFFIC.opened.items():
        opened.add_metric([page], number)
    yield from (pages, opened)
    yield Count("dashboard_messages", "Messages sent to pages.", value=TRAFFIC.messages)
    yield Count("dashboard_message_bytes", "Bytes of these messages.", value=TRAFFIC.sent_bytes)
    yield Count("dashboard_views_flushed", "Pictures and steps of views in these messages.", value=TRAFFIC.flushed)
    yield Count("dashboard_flushes_skipped", "Messages not sent as a page could take no more.", value=TRAFFIC.skipped)
