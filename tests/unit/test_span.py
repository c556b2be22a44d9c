"""How far back a page looks, as an address names it."""

from __future__ import annotations

import datetime as dt

import pytest

from dashboard.views.span import LONGEST, custom


def test_a_stretch_of_time_gets_steps_that_can_be_told_apart() -> None:
    span = custom("2026-11-01T00:00Z..2026-11-05T12:00Z")
    assert span is not None
    assert (span.step, span.steps, span.per) == (dt.timedelta(hours=6), 18, "quarter of a day")
    assert span.until == dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC) - dt.timedelta(microseconds=1)


def test_days_without_a_zone_are_taken_in_utc() -> None:
    span = custom("2026-11-01..2026-11-02")
    assert span is not None
    assert span.until == dt.datetime(2026, 11, 2, tzinfo=dt.UTC) - dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        "", "..", "24h", "2026-11-05..2026-11-01", "2026-11-01..", "x..y", "2026-11-01..2026-11-01",
        "0001-01-01..9999-12-31", "1066-01-01..1066-02-01", "2026-11-01T00:00Z..2026-11-02",
    ],
)  # fmt: skip
def test_what_is_no_stretch_of_time_is_none(text: str) -> None:
    assert custom(text) is None


def test_the_longest_stretch_has_few_steps() -> None:
    start = dt.date(2016, 12, 1)
    span = custom(f"{start}..{start + LONGEST}")
    assert span is not None
    assert span.steps <= 72
