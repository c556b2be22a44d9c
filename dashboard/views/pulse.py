"""When pictures go out: deadlines, not timers.

A change after a rest goes out at once; the next one waits until the strand's deadline after the last. So a quiet page
shows a change within the tick that brought it, and a busy one costs at most 1/deadline messages. A picture that takes
long to draw waits longer: no strand takes more than one part in `SHARE` of the loop's time. Whatever is due within
`SLACK` of a flush goes along with it, in one message per page, from one state of all frames: nothing here awaits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Literal
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from .strand import Follower, Strand

#: Seconds between two pictures of one strand, by priority.
Priority = Literal["critical", "high", "medium", "low"]
DEADLINES: dict[str, float] = {"critical": 0.0, "high": 0.05, "medium": 0.15, "low": 0.5}
PRIORITIES = tuple(DEADLINES)
SLACK = 0.03
SHARE = 10


class Pulse:
    """The deadlines of one event loop."""

    _by_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Pulse]] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: dict[Strand, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.flushes = 0

    @classmethod
    def here(cls) -> Pulse:
        """The pulse of the running loop."""
        loop = asyncio.get_running_loop()
        pulse = cls._by_loop.get(loop)
        if pulse is None:
            pulse = cls._by_loop[loop] = cls(loop)
        return pulse

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be sent."""
        return not self._due

    def mark(self, strand: Strand) -> None:
        """A query of this strand has moved."""
        if strand not in self._due:
            pause = max(DEADLINES[strand.priority], strand.cost * SHARE)
            self._due[strand] = max(self._loop.time(), strand.flushed + pause)
            self._arrange()

    def flush(self) -> None:
        """Send what is due."""
        self._timer = None
        now = self._loop.time()
        due = [strand for strand, when in self._due.items() if when <= now + SLACK]
        for strand in due:
            del self._due[strand]
            strand.flushed = now
        send([strand for strand in due if self._refresh(strand)])
        self.flushes += 1
        self._arrange()

    def _refresh(self, strand: Strand) -> bool:
        began = self._loop.time()
        is_new = strand.refresh()
        strand.cost = self._loop.time() - began
        return is_new

    def _arrange(self) -> None:
        if not self._due:
            return
        first = min(self._due.values())
        if self._timer is not None:
            if self._timer.when() <= first:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(first, self.flush)


def send(strands: Iterable[Strand]) -> None:
    """Bring all who follow these strands up to date; equal messages are put together once."""
    moved: dict[Follower, list[Strand]] = {}
    for strand in strands:
        for follower in strand.followers:
            moved.setdefault(follower, []).append(strand)
    messages: dict[tuple[int, ...], bytes] = {}
    for follower, theirs in moved.items():
        follower.flush(messages, theirs)
