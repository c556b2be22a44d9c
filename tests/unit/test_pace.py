"""When changes come."""

from __future__ import annotations

import itertools
import random

import pytest

from dashboard.apps.pace import moments


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- nothing to keep secret


@pytest.mark.parametrize("rate", [0.5, 2, 50])
def test_changes_come_at_the_rate_that_was_asked_for(rate: float) -> None:
    seconds = 20_000
    made = sum(1 for _ in itertools.takewhile(lambda at: at < seconds, moments(rate, seeded(1))))
    assert made / seconds == pytest.approx(rate, rel=0.06)


def test_changes_come_in_bursts() -> None:
    seconds = 5_000
    per_second = [0] * seconds
    for at in itertools.takewhile(lambda at: at < seconds, moments(10, seeded(1))):
        per_second[int(at)] += 1
    mean = sum(per_second) / seconds
    spread = sum((n - mean) ** 2 for n in per_second) / seconds
    assert spread > 2 * mean, "a plain Poisson process spreads as much as its mean"


def test_moments_never_go_back() -> None:
    first = list(itertools.islice(moments(3, seeded(2)), 2_000))
    assert first == sorted(first)


def test_the_same_seed_gives_the_same_moments() -> None:
    one, other = (list(itertools.islice(moments(3, seeded(9)), 50)) for _ in range(2))
    assert one == other
