"""From when on a report looks, as the address of a page says it."""

from __future__ import annotations

import datetime as dt
import re

from dashboard.errors import SettingsError
from dashboard.views.span import SPANS, custom

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def span_since(text: str, now: dt.datetime) -> str:
    """The span of a page's address that begins at `text` (``24h``, ``7d``, ``2026-11-01``) and ends now.

    Raises
    ------
    SettingsError
        It is no time, or lies not before now.
    """
    if any(span.slug == text for span in SPANS):
        return text
    try:
        begin = _before(text, now) or dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise _wrong(text) from error
    if begin.tzinfo is None:
        begin = begin.replace(tzinfo=dt.UTC)
    first, last = (moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ") for moment in (begin, now))
    span = f"{first}..{last}"
    if custom(span) is None:
        raise _wrong(text)
    return span


def _before(text: str, now: dt.datetime) -> dt.datetime | None:
    parts = re.fullmatch(r"(\d{1,5})([hdw])", text)
    return None if parts is None else now - dt.timedelta(**{_UNITS[parts[2]]: int(parts[1])})


def _wrong(text: str) -> SettingsError:
    return SettingsError(f"{text!r} is no time that a report can begin at.", "Write 24h, 7d, 2w or 2026-11-01T08:00.")
