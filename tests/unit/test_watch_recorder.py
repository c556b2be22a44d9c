"""What a page of `watch` is told of the changes of a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.apps.watch.examine import Watched
from dashboard.apps.watch.recorder import KEPT, Log, Recorder
from dashboard.errors import DashboardError, PrivilegeError
from dashboard.live.query import Subscription
from dashboard.postgres.log import Change
from tests.waiting import eventually

NOW = dt.datetime(2026, 3, 1, 12, 0, 30, tzinfo=dt.UTC)


class Told:
    """Stands in for a `ChangeStream` that may tell everything, or nothing."""

    def __init__(self, live: Ticking, relation: int) -> None:
        self.live, self.relation = live, relation

    def subscribe(self, callback: Callable[[Any], None], refused: Callable[[DashboardError], None]) -> Subscription:
        def take(tick: Any) -> None:
            changes = tuple(change for change in tick.changes if change.relation == self.relation)
            uncounted = tick.flooded.get(self.relation, 0)
            if self.live.refusal:
                refused(self.live.refusal)
            elif changes or uncounted:
                callback(SimpleNamespace(changes=changes, uncounted=uncounted, at=tick.at))

        return self.live.on_tick(take)


class Ticking:
    """Stands in for a `Live`: ticks when it is told to."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Any], None]] = []
        self.close: Callable[[], None] = lambda: None
        self.refusal: DashboardError | None = None

    def tick(self, tick: Any) -> None:
        for callback in self.callbacks:
            callback(tick)

    def changes(self, name: str) -> Told:
        return Told(self, int(name))

    def on_tick(self, callback: Callable[[Any], None]) -> Subscription:
        self.callbacks.append(callback)
        return Subscription(lambda: self.callbacks.remove(callback))

    def on_close(self, callback: Callable[[], None]) -> None:
        self.close = callback


def watched(oid: int) -> Watched:
    return Watched(
        name=str(oid),
        label="t",
        oid=oid,
        columns=("id", "v"),
        key=("id",),
        time=None,
        category=None,
        step="minute",
        since=None,
        rows="",
        latest="",
        over_time=None,
    )


def change(seq: int, op: str = "I", relation: int = 1, at: dt.datetime = NOW) -> Change:
    old = f'{{"id": {seq}, "v": 1}}' if op in "UD" else None
    new = f'{{"id": {seq}, "v": 2}}' if op in "UI" else None
    return Change(seq, 1, at, relation, op, old, new)


def tick(*changes: Change, flooded: dict[int, int] | None = None, at: dt.datetime = NOW) -> SimpleNamespace:
    return SimpleNamespace(changes=list(changes), flooded=flooded or {}, at=at)


@pytest.fixture
async def live() -> Any:
    return Ticking()


@pytest.fixture
async def recorder(live: Any) -> Any:
    found = Recorder.on(live)
    yield found
    found.close()


def lines(log: Log) -> list[str]:
    rows = (
        dict(zip(("at", "kind", "change"), log.latest.state.rows[key], strict=True)) for key in log.latest.state.keys
    )
    return ["".join(text for _, text in log.format(row)) for row in rows]


def counted(log: Log) -> Iterator[tuple[str, int]]:
    return ((row[1], row[2]) for row in log.by_second.state.rows.values() if row[2])


async def test_changes_are_told_newest_first_each_table_its_own(live: Any, recorder: Recorder) -> None:
    one, other = recorder.log(watched(1)), recorder.log(watched(2))
    live.tick(tick(change(1), change(2, "U"), change(3, "D", relation=2)))
    assert lines(one) == ["updated id 2: v 1 → 2", "inserted id 1: v 2"]
    assert lines(other) == ["deleted id 3: v 1"]
    assert one.totals.state.rows == {0: (1, 1, 0, 0)}


async def test_changes_are_counted_by_the_second(live: Any, recorder: Recorder) -> None:
    log = recorder.log(watched(1))
    live.tick(tick(*(change(n) for n in range(10)), change(10, "U"), change(11, "T")))
    log.pass_time(NOW.timestamp() + 1.5)
    assert sorted(counted(log)) == [("inserted", 10), ("updated", 1)], "a table that is read anew is no row deleted"
    assert log.rate.state.rows == {0: (11 / 5,)}
    assert list(log.pace.state.rows.values())[-1] == (NOW, 11)


async def test_the_rate_falls_when_nothing_happens(live: Any, recorder: Recorder) -> None:
    log = recorder.log(watched(1))
    live.tick(tick(change(1), at=NOW))
    told: list[object] = []
    log.rate.subscribe(lambda query, _: told.append(query.state.rows[0][0]))
    log.pass_time(NOW.timestamp() + 60)
    assert told == [0]


async def test_a_flood_is_counted_though_it_is_not_listed(live: Any, recorder: Recorder) -> None:
    log = recorder.log(watched(1))
    live.tick(tick(flooded={1: 100_000, 9: 5}))
    log.pass_time(NOW.timestamp() + 1)
    assert lines(log) == ["100,000 rows at once, too many to be listed"]
    assert list(counted(log)) == [("in bulk", 100_000)]
    assert log.totals.state.rows == {0: (0, 0, 0, 100_000)}


async def test_what_may_not_be_told_any_more_is_gone_and_the_reason_stands_there(live: Any, recorder: Recorder) -> None:
    log = recorder.log(watched(1))
    live.tick(tick(change(1)))
    live.refusal = PrivilegeError("Row-level security applies to this role.", sql="t")
    live.tick(tick(change(2)))
    log.pass_time(NOW.timestamp() + 1)
    assert lines(log) == []
    assert {source.error for source in (log.latest, log.rate, log.totals, log.by_second)} == {live.refusal}
    live.refusal = None
    live.tick(tick(change(3)))
    assert lines(log) == ["inserted id 3: v 2"]


async def test_only_the_latest_are_kept(live: Any, recorder: Recorder) -> None:
    log = recorder.log(watched(1))
    live.tick(tick(*(change(n) for n in range(5_000))))
    assert len(log.latest.state.keys) == KEPT
    assert log.latest.state.keys[0] == 4_999
    assert log.totals.state.rows == {0: (5_000, 0, 0, 0)}


async def test_time_passes_by_itself(live: Any, recorder: Recorder) -> None:
    log = recorder.log(watched(1))
    before = log.by_second.state
    await eventually(lambda: log.by_second.state is not before, timeout=3)


async def test_it_ends_with_its_live(live: Any) -> None:
    first = Recorder.on(live)
    assert Recorder.on(live) is first
    live.close()
    assert live.callbacks == []
    assert Recorder.on(live) is not first
    live.close()
