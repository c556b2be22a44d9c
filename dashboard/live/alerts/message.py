"""The words of a message: plain text, whatever its channel makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from .rule import SEVERITIES, Severity, clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a message tells of one notice: that it fired (or still does: `is_repeat`), or that it is resolved."""

    event: Literal["fired", "resolved"]
    title: str
    lines: Sequence[str]
    severity: Severity
    fired_at: datetime
    resolved_at: datetime | None
    is_repeat: bool = False


def severity_of(parts: Sequence[Part]) -> Severity:
    """The gravest of what fired; info where all is resolved."""
    return max((part.severity for part in parts if part.event == "fired"), key=SEVERITIES.index, default="info")


def subject(parts: Sequence[Part]) -> str:
    """One line for all."""
    fired = [part for part in parts if part.event == "fired"]
    word: str = severity_of(parts) if fired else "resolved"
    if fired and all(part.is_repeat for part in fired):
        word += ", still"
    titles = list(dict.fromkeys(part.title for part in fired or parts))
    more = f" and {len(titles) - 3} more" if len(titles) > 3 else ""
    return clean(f"[{word}] {', '.join(titles[:3])}{more}", 200)


def body(parts: Sequence[Part]) -> str:
    """All of it, each notice a paragraph."""
    return "\n\n".join(_paragraph(part) for part in parts)


def _paragraph(part: Part) -> str:
    word = f"{part.severity}{', still' if part.is_repeat else ''}" if part.event == "fired" else "resolved"
    times = [f"since {_time(part.fired_at)}"]
    if part.event == "resolved" and part.resolved_at is not None:
        times.append(f"until {_time(part.resolved_at)}")
    return "\n".join([f"{word.upper()}: {part.title}", *(f"- {line}" for line in part.lines), " ".join(times)])


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
