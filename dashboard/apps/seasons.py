"""When people are busy: by the hour, by the weekday, and more from week to week. For sample rows.

Pure: it deals in seconds from a Monday 00:00, before it or after.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HOUR, DAY, WEEK = 3_600, 86_400, 604_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """The rhythm of a business.

    Parameters
    ----------
    hours, weekdays
        How busy each is, as weights; weekdays begin with Monday.
    first, last
        Seconds from Monday: where the rows begin and end.
    growth
        Weeks in which business grows to 2.7 times.
    """

    hours: Sequence[float]
    weekdays: Sequence[float]
    first: float
    last: float
    growth: float = 7.0

    def busy(self, at: float) -> float:
        """How busy it is at `at`, from 0 to 1."""
        day, second = divmod(at, DAY)
        hour, within = divmod(second, HOUR)
        here, there = self.hours[int(hour)], self.hours[(int(hour) + 1) % 24]
        weekday = self.weekdays[int(day) % 7] / max(self.weekdays)
        growth = math.exp((at - self.last) / (self.growth * WEEK))
        return (here + (there - here) * within / HOUR) / max(self.hours) * weekday * growth

    def times(self, chance: random.Random, count: int) -> Iterator[int]:
        """About `count` times in order, dense where it is busy."""
        mean = sum(self.busy(self.first + n * HOUR) for n in range(self._hours())) / self._hours()
        rate, at = count / (self.last - self.first) / mean, self.first
        while (at := at + chance.expovariate(rate)) < self.last:
            if chance.random() < self.busy(at):
                yield int(at)

    def later(self, chance: random.Random, at: float, wait: float) -> int:
        """A time after `at`, about `wait` seconds, when somebody is at work."""
        at += chance.expovariate(1 / wait)
        while chance.random() > self.busy(at) * 2:
            at += HOUR * chance.random()
        return int(at)

    def _hours(self) -> int:
        return int((self.last - self.first) / HOUR)
