"""When one page gets its news: at once, every so often, not now, or from the past.

What waits is nowhere queued: the page keeps the versions it has, and gets the step to the newest when its time has
come. Views that say how the page itself does (its status, its buttons) never wait; nor does what the reader just asked
to see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .strand import Strand

INTERVALS = (0.0, 5.0, 60.0)
"""Seconds between two looks of a page that a reader may choose from; 0: at once."""
PATIENCE = 0.25
"""Seconds between two messages that only say how much waits."""


class Pacing:
    """What one page's reader chose; `flush` sends what may go, `tell` says what waits."""

    def __init__(self, flush: Callable[[], None], tell: Callable[[dict[str, Any]], None]) -> None:
        self._flush, self._tell = flush, tell
        self.interval = 0.0
        self.is_paused = False
        self.past: float | None = None  # the moment shown, in ms
        self.held: frozenset[str] = frozenset()  # names of views that stand still
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._told: object = None
        self._telling: asyncio.TimerHandle | None = None

    @property
    def is_plain(self) -> bool:
        """Whether all goes out at once."""
        return not (self.is_paused or self.interval or self.held)

    def choose(self, said: Mapping[str, Any]) -> None:
        """Take what the reader chose."""
        if said.get("pace") in INTERVALS:
            self.interval, self._next = float(said["pace"]), 0.0
        if isinstance(said.get("paused"), bool):
            self.is_paused, self.past, self._told = said["paused"], None, None
        if isinstance(said.get("held"), list):
            self.held = frozenset(str(name) for name in said["held"])
        if "replay" in said and self.is_paused:
            past = said["replay"]
            self.past = float(past) if isinstance(past, int | float) else None

    def admits(self) -> bool:
        """Whether it is time for news now; if not, and time will come, a flush is arranged."""
        if self.is_paused:
            return False
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self.interval and now < self._next:
            if self._timer is None:
                self._timer = loop.call_at(self._next, self._ring)
            return False
        self._next = now + self.interval
        return True

    def say(self, waiting: int, strands: Iterable[Strand]) -> None:
        """Tell a paused page how much waits, and how far back it may look."""
        if not self.is_paused or self._telling is not None:
            return
        known = [strand.history.oldest for strand in strands if strand.history.oldest is not None]
        news = {"waiting": waiting, "oldest": min(known, default=None)}
        if news == self._told:
            return
        self._told = news
        self._tell(news)
        self._telling = asyncio.get_running_loop().call_later(PATIENCE, self._again)

    def close(self) -> None:
        """The page has gone."""
        for timer in (self._timer, self._telling):
            if timer is not None:
                timer.cancel()

    def _ring(self) -> None:
        self._timer = None
        self._flush()

    def _again(self) -> None:
        self._telling = None
        self._flush()


def most_behind(strands: Sequence[Strand], got: Mapping[str, int | None]) -> int:
    """How many changes wait: those of the view that changed most."""
    behind = (strand.version - known for strand in strands if (known := got.get(strand.name)) is not None)
    return max(behind, default=0)
