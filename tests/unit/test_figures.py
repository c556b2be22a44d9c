"""What ticks and runs are counted as, by a clock that stands still until it is told to move."""

from __future__ import annotations

import pytest

from dashboard.live.figures import BOUNDS, KEPT, MOST, Figures, Spent


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def figures(clock: Clock) -> Figures:
    return Figures(clock)


def test_ticks_are_counted_in_the_second_they_fall_into(figures: Figures, clock: Clock) -> None:
    figures.ticked(3, 0.5, 0.01)
    figures.ticked(1, 0.2, 0.03)
    clock.now += 2
    figures.ticked(0, 0.0, 0.001)
    clock.now += 1
    first, idle, last = list(figures.seconds())[-3:]
    assert (first.ticks, first.changes, first.lag, first.slowest) == (2, 4, 0.5, 0.03)
    assert first.cost == pytest.approx(0.04)
    assert (idle.at, idle.ticks, idle.changes) == (1_001, 0, 0)
    assert last.ticks == 1
    assert (figures.ticks, figures.changes) == (3, 4)


def test_the_second_that_is_not_over_is_not_told(figures: Figures, clock: Clock) -> None:
    figures.ticked(5, 0.0, 0.01)
    assert sum(second.changes for second in figures.seconds()) == 0
    assert figures.rate() == 0
    clock.now += 1
    assert sum(second.changes for second in figures.seconds()) == 5
    assert figures.rate() == 1


def test_old_seconds_are_forgotten(figures: Figures, clock: Clock) -> None:
    for _ in range(2 * KEPT):
        figures.ticked(1, 0.0, 0.001)
        clock.now += 1
    seconds = list(figures.seconds())
    assert len(seconds) == KEPT
    assert all(second.changes == 1 for second in seconds)


def test_a_clock_that_goes_back_loses_no_tick(figures: Figures, clock: Clock) -> None:
    figures.ticked(1, 0.0, 0.001)
    clock.now -= 30
    figures.ticked(1, 0.0, 0.001)
    clock.now += 31
    assert sum(second.changes for second in figures.seconds()) == 2


def test_the_cost_of_ticks_is_told_of_the_last_minute(figures: Figures, clock: Clock) -> None:
    figures.ticked(0, 0.0, 9.0)
    clock.now += 61
    for _ in range(99):
        figures.ticked(0, 0.0, 0.01)
    figures.ticked(0, 0.0, 0.5)
    figures.ticked(0, 0.0, 0.02)
    cost = figures.tick_cost()
    assert cost.last == 0.02
    assert cost.p99 == 0.02
    assert cost.mean == pytest.approx(1.51 / 101)


def test_the_cost_of_no_tick_is_unknown(figures: Figures) -> None:
    cost = figures.tick_cost()
    assert (cost.last, cost.mean, cost.p99) == (None, None, None)


def test_ticks_fall_into_buckets_by_their_cost(figures: Figures) -> None:
    figures.ticked(0, 0.0, BOUNDS[0])
    figures.ticked(0, 0.0, 0.002)
    figures.ticked(0, 0.0, 100.0)
    assert figures.buckets == [1, 1, *[0] * (len(BOUNDS) - 2), 1]


def test_what_is_kept_is_bounded(figures: Figures) -> None:
    for _ in range(2 * MOST):
        figures.ticked(0, 0.0, 0.001)
    assert len(figures._costs) == MOST
    assert len(figures._seconds) == 1


def test_runs_are_told_apart_and_added_up() -> None:
    spent, total = Spent(), Spent()
    spent.ran(0.5, whole=True)
    spent.ran(0.1, whole=False)
    spent.ran(0.1, whole=False)
    total.add(spent)
    total.add(spent)
    assert (total.whole_runs, total.step_runs) == (2, 4)
    assert total.whole_seconds == 1.0
    assert total.step_seconds == pytest.approx(0.4)
