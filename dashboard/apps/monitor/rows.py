"""What the monitor shows, as rows: pure functions of figures that are counted elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.live.figures import Figures, OpenQuery, Second
    from dashboard.postgres.health import Standing
    from dashboard.postgres.rotation import LogStatus
    from dashboard.views.channel import Channel
    from dashboard.views.traffic import Traffic, Visit

Row = tuple[Any, ...]
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Numbers that only grow, at one moment; two of them make rates. `cpu` and `at` in seconds."""

    at: float
    cpu: float
    messages: int
    flushed: int
    sent_bytes: int
    skipped: int

    def rates(self, before: Reading | None) -> Row:
        """Share of a processor, messages, views and kilobytes a second, and what was skipped meanwhile."""
        if before is None or self.at <= before.at:
            return (None,) * 5
        elapsed = self.at - before.at
        return (
            (self.cpu - before.cpu) / elapsed,
            (self.messages - before.messages) / elapsed,
            (self.flushed - before.flushed) / elapsed,
            (self.sent_bytes - before.sent_bytes) / elapsed / 1000,
            self.skipped - before.skipped,
        )


def ticking(figures: Figures) -> Row:
    """Changes a second, then the 99th percentile of the ticks' cost and the worst lag in ms."""
    times = (figures.tick_cost().p99, figures.worst_lag())
    return (figures.rate(), *(None if each is None else each * 1000 for each in times))


def changes(seconds: Iterable[Second]) -> Iterator[Row]:
    """Changes by second."""
    return ((_moment(second.at), second.changes) for second in seconds)


def slowest(seconds: Iterable[Second]) -> Iterator[Row]:
    """The slowest tick of each second, in ms."""
    return ((_moment(second.at), second.slowest * 1000) for second in seconds)


def costs(seconds: Iterable[Second]) -> Iterator[Row]:
    """Mean and slowest tick of each second that had any, in ms."""
    for second in seconds:
        if second.ticks:
            yield _moment(second.at), "slowest", second.slowest * 1000
            yield _moment(second.at), "mean", second.cost / second.ticks * 1000


def queries(opened: Iterable[OpenQuery]) -> Iterator[tuple[int, Row]]:
    """Open queries under their numbers."""
    for query in opened:
        spent = query.spent
        runs, seconds = spent.whole_runs + spent.step_runs, spent.whole_seconds + spent.step_seconds
        said = query.problem or query.reason
        as_whom = f"As {query.role}. " if query.role else ""
        yield (
            query.number,
            (
                _bare(query.sql),
                as_whom + said,
                query.plan or "–",
                query.priority,
                query.rows,
                runs,
                seconds / runs * 1000 if runs else None,
                seconds,
                spent.whole_runs,
                query.condition,
            ),
        )


def followers(seen: Standing) -> Iterator[tuple[int, Row]]:
    """Who follows the log, under the number of the server's process."""
    for each in seen.health.followers:
        yield each.pid, (str(each.pid), "leads" if each.leads else "follows", each.role, each.address, each.since)


def log(status: LogStatus) -> Row:
    """Size in MB, minutes that it reaches back and since it was rotated, and the horizon."""

    def minutes(since: dt.datetime | None) -> float | None:
        return None if since is None else (status.at - since).total_seconds() / 60

    return (status.bytes / MEGABYTE, minutes(status.oldest), minutes(status.rotated_at), status.horizon)


def slots(status: LogStatus) -> Iterator[tuple[int, Row]]:
    """The log's partitions and their sizes in MB."""
    for slot, size in enumerate(status.slot_bytes):
        yield slot, (f"Partition {slot + 1}", "in use" if slot == status.slot else "", size / MEGABYTE)


def visits(traffic: Traffic, open_pages: Sequence[Channel]) -> Iterator[tuple[int, Row]]:
    """Pages that are open or were, the newest first; of an open one the time since, of another how long it was."""
    channels = {id(channel.visit): channel for channel in open_pages if channel.visit is not None}
    known: dict[int, Visit] = {id(visit): visit for visit in traffic.visits}
    known |= {number: channel.visit for number, channel in channels.items() if channel.visit is not None}
    for number, visit in sorted(known.items(), key=lambda entry: entry[1].began, reverse=True):
        presence = channels[number].presence if number in channels else "left"
        how_long = visit.began if visit.left is None else _lasted(visit.left - visit.began)
        yield number, (visit.page, visit.user or "not logged in", visit.began, how_long, presence)


def pages(traffic: Traffic, open_pages: Sequence[Channel]) -> Iterator[tuple[str, Row]]:
    """How often each page was opened, and how many of it are open."""
    for page, opened in traffic.opened.most_common():
        now = sum(1 for channel in open_pages if channel.page == page and channel.carrier is not None)
        yield page, (page, f"{now} open" if now else "", opened)


def _bare(sql: str) -> str:
    """An SQL text without the comment above it."""
    lines = sql.strip().splitlines()
    while len(lines) > 1 and lines[0].lstrip().startswith("--"):
        del lines[0]
    return "\n".join(lines)


def _moment(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)


def _lasted(time: dt.timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
