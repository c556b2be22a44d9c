"""How far back a page looks, and in which steps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

LONGEST = dt.timedelta(days=3660)
MOST_STEPS = 72
_STEPS = (
    (dt.timedelta(seconds=10), "10 seconds"),
    (dt.timedelta(minutes=1), "minute"),
    (dt.timedelta(minutes=5), "5 minutes"),
    (dt.timedelta(minutes=15), "quarter of an hour"),
    (dt.timedelta(hours=1), "hour"),
    (dt.timedelta(hours=6), "quarter of a day"),
    (dt.timedelta(days=1), "day"),
    (dt.timedelta(days=7), "week"),
    (dt.timedelta(days=30), "30 days"),
    (dt.timedelta(days=91), "quarter"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time.

    Parameters
    ----------
    slug, label
        What the address and the page call it.
    step, steps
        How long one step is, and how many there are.
    per
        One step in words, as in "calls per hour".
    until
        Its end; None: now, and it moves on.
    """

    slug: str
    label: str
    step: dt.timedelta
    steps: int
    per: str
    until: dt.datetime | None = None


SPANS = (
    Span(slug="1h", label="1 h", step=dt.timedelta(minutes=1), steps=60, per="minute"),
    Span(slug="24h", label="24 h", step=dt.timedelta(hours=1), steps=24, per="hour"),
    Span(slug="7d", label="7 d", step=dt.timedelta(hours=6), steps=28, per="quarter of a day"),
    Span(slug="30d", label="30 d", step=dt.timedelta(days=1), steps=30, per="day"),
)


def custom(text: str) -> Span | None:
    """The span that ``2026-11-01T00:00Z..2026-11-05T12:00Z`` names; None where that is none."""
    first, dots, last = text.partition("..")
    try:
        start, end = (dt.datetime.fromisoformat(part) for part in (first, last)) if dots else (None, None)
    except ValueError:
        return None
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return None
    if start.tzinfo is None:
        start, end = start.replace(tzinfo=dt.UTC), end.replace(tzinfo=dt.UTC)
    if not dt.timedelta(0) < end - start <= LONGEST or start.year < 1900:
        return None
    step, per = next(((step, per) for step, per in _STEPS if (end - start) / step <= MOST_STEPS), _STEPS[-1])
    steps = -((start - end) // step)
    return Span(slug=text, label="custom", step=step, steps=steps, per=per, until=end - dt.timedelta(microseconds=1))
