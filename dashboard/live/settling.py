"""Who waits for the answers to be current: `Live.caught_up`.

A tick that began after the call settles it, unless it left answers behind: those that are dear to read and are being
read aside. Each of these is waited for once, in a reading that began after the call; otherwise steady writes would
keep the caller for ever.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dashboard.errors import Closed
from dashboard.live.answer import Answer


@dataclass(slots=True)
class _Waiting:
    future: asyncio.Future[None]
    tick: int
    behind: set[Answer]


class Settling:
    """Futures of callers that wait."""

    def __init__(self) -> None:
        self._new: list[asyncio.Future[None]] = []
        self._waiting: list[_Waiting] = []

    def __bool__(self) -> bool:
        return bool(self._new)

    def ask(self) -> asyncio.Future[None]:
        """A future that is done when all answers are as new as this call."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._new.append(future)
        return future

    def begin(self) -> list[asyncio.Future[None]]:
        """Those who asked before the tick that begins now; give them back with `ask_again` if it fails."""
        asked, self._new = self._new, []
        return asked

    def ask_again(self, asked: list[asyncio.Future[None]]) -> None:
        """The tick did not come about."""
        self._new = asked + self._new

    def wants(self, answer: Answer) -> bool:
        """Whether somebody waits for this answer, so that it must not rest."""
        return any(answer in waiting.behind for waiting in self._waiting)

    def ticked(self, asked: list[asyncio.Future[None]], tick: int, behind: set[Answer]) -> None:
        """Tick number `tick` has been published, all but `behind` are current."""
        for waiting in self._waiting:
            waiting.behind &= behind
        self._waiting += [_Waiting(future, tick, set(behind)) for future in asked]
        self._settle()

    def read(self, answer: Answer, tick: int) -> None:
        """An answer was read aside, beginning right after tick number `tick`; or it failed, or left."""
        for waiting in self._waiting:
            if tick >= waiting.tick:
                waiting.behind.discard(answer)
        self._settle()

    def _settle(self) -> None:
        for waiting in self._waiting:
            if not waiting.behind and not waiting.future.done():
                waiting.future.set_result(None)
        self._waiting = [waiting for waiting in self._waiting if waiting.behind and not waiting.future.done()]

    def close(self) -> None:
        """There will be no more ticks."""
        for future in [*self._new, *(waiting.future for waiting in self._waiting)]:
            if not future.done():
                future.set_exception(Closed("This Live was closed."))
        self.forget()

    def forget(self) -> None:
        """The event loop has ended, and with it all who waited."""
        self._new, self._waiting = [], []
