"""What following costs: counted as it happens, added up when somebody asks.

A tick adds a handful of numbers, however many queries are open, and an answer counts only its own runs. Everything
that has to be computed (a mean, a percentile, a rate) is computed for whoever looks, from the last seconds that are
kept here.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

KEPT = 300
"""Seconds of which the figures are kept."""
RATED = 5
"""Whole seconds over which a rate is taken."""
WINDOW = 60
"""Seconds of ticks of which mean and percentile are told; at most `MOST` ticks."""
MOST = 4096
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds, in seconds, of the buckets in which ticks are counted by their cost; one more is without bound."""

Condition = Literal["awake", "resting", "error"]


@dataclass(slots=True)
class Second:
    """What happened in one second: `cost`, `slowest` and `lag` in seconds, `at` in seconds since 1970."""

    at: int
    ticks: int = 0
    changes: int = 0
    cost: float = 0.0
    slowest: float = 0.0
    lag: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What ticks cost, in seconds; None where there was none."""

    last: float | None
    mean: float | None
    p99: float | None


class Figures:
    """Ticks and changes of one database.

    Parameters
    ----------
    clock
        Seconds since 1970.

    Attributes
    ----------
    ticks, changes, cost
        Since the beginning; `cost` in seconds.
    buckets
        Ticks by their cost: up to each of `BOUNDS`, and beyond.
    ended
        What answers had spent that are no longer open.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.ticks = 0
        self.changes = 0
        self.cost = 0.0
        self.ended = Spent()
        self.buckets = [0] * (len(BOUNDS) + 1)
        self._clock = clock
        self._costs: deque[tuple[int, float]] = deque(maxlen=MOST)
        self._seconds: deque[Second] = deque(maxlen=KEPT)

    def ticked(self, changes: int, lag: float, cost: float) -> None:
        """Count a tick: its changes, the age of the oldest of them, and what it cost (seconds)."""
        now = int(self._clock())
        self.ticks += 1
        self.changes += changes
        self.cost += cost
        self.buckets[bisect_left(BOUNDS, cost)] += 1
        self._costs.append((now, cost))
        if not self._seconds or self._seconds[-1].at < now:
            self._seconds.append(Second(now))
        second = self._seconds[-1]
        second.ticks += 1
        second.changes += changes
        second.cost += cost
        second.slowest = max(second.slowest, cost)
        second.lag = max(second.lag, lag)

    def seconds(self) -> Iterator[Second]:
        """The last whole seconds since the first tick, oldest first; those without a tick are there, with zeros."""
        now = int(self._clock())
        counted = {second.at: second for second in self._seconds}
        for at in range(max(now - KEPT, min(counted, default=now)), now):
            yield counted.get(at) or Second(at)

    def rate(self) -> float:
        """Changes a second, over the last whole seconds."""
        now = int(self._clock())
        return sum(second.changes for second in self._seconds if now - RATED <= second.at < now) / RATED

    def worst_lag(self) -> float | None:
        """Age, in seconds, of the oldest change of any tick of the last minute; None where none brought changes."""
        since = int(self._clock()) - WINDOW
        return max((second.lag for second in self._seconds if second.at > since and second.changes), default=None)

    def tick_cost(self) -> Cost:
        """What the ticks of the last minute cost."""
        since = int(self._clock()) - WINDOW
        costs = sorted(cost for at, cost in self._costs if at > since)
        return Cost(
            last=self._costs[-1][1] if self._costs else None,
            mean=sum(costs) / len(costs) if costs else None,
            p99=costs[min(len(costs) - 1, int(len(costs) * 0.99))] if costs else None,
        )


@dataclass(slots=True)
class Spent:
    """How often an answer was read, as a whole or only what changed, and the seconds both took."""

    whole_runs: int = 0
    whole_seconds: float = 0.0
    step_runs: int = 0
    step_seconds: float = 0.0

    def ran(self, seconds: float, *, whole: bool) -> None:
        """Count one run."""
        if whole:
            self.whole_runs += 1
            self.whole_seconds += seconds
        else:
            self.step_runs += 1
            self.step_seconds += seconds

    def add(self, other: Spent) -> None:
        """Add what another answer has spent."""
        self.whole_runs += other.whole_runs
        self.whole_seconds += other.whole_seconds
        self.step_runs += other.step_runs
        self.step_seconds += other.step_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuery:
    """One answer as the monitor sees it; its parameters and rows stay with those who may see them.

    Parameters
    ----------
    number
        Its name in this process.
    plan, reason
        How it is kept true and why so; empty until it was read.
    priority
        The most urgent of those who use it.
    rows
        How many it has.
    problem
        Why it cannot be brought up to date.
    """

    number: int
    sql: str
    role: str
    plan: str
    reason: str
    priority: str
    rows: int
    spent: Spent
    condition: Condition
    problem: str
