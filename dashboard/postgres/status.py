"""How a follower is doing, as a value that can be watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboard.errors import DashboardError

State = Literal["connecting", "live", "polling", "reconnecting", "offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """State of the connection to the log.

    Parameters
    ----------
    state
        ``connecting`` for the first time; ``live``: the database wakes us; ``polling``: it is asked at
        intervals; ``reconnecting`` after a cut; ``offline``: reconnecting has failed for long.
    since
        When this state began, by this machine's clock.
    lag
        Seconds between the oldest change of the last tick and that tick; None before the first.
    reason
        Why it is not ``live``, as a sentence; empty when it is.
    error
        What went wrong last, while it is not connected.
    """

    state: State
    since: datetime
    lag: float | None = None
    reason: str = ""
    error: DashboardError | None = None
