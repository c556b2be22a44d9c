"""What a simulation has still to do: things that follow from others, after about so many steps.

Steps, not seconds: a slow and a fast simulation tell the same story, and a seed makes it again.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Awaitable, Callable

TRIES = 8


class Agenda:
    """What is due, and when; `chance` is the simulation's own."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._step = 0
        self._due: list[tuple[int, int, str]] = []  # step, subject, what

    def __bool__(self) -> bool:
        return bool(self._due)

    def add(self, what: str, subject: int, *, wait: float, chance: float = 1.0) -> None:
        """Note, with probability `chance`, what is to be done in about `wait` steps."""
        if self._chance.random() < chance:
            self.put(what, subject, steps=1 + int(self._chance.expovariate(1 / wait)))

    def put(self, what: str, subject: int, *, steps: int) -> None:
        """Note what is to be done after exactly so many steps."""
        heapq.heappush(self._due, (self._step + steps, subject, what))

    def holds(self, subject: int) -> bool:
        """Whether something is noted about it."""
        return any(subject == known for _, known, _ in self._due)

    def next(self) -> tuple[str, int] | None:
        """Take one step; return what is due and whom it is about, or None."""
        self._step += 1
        return self.soonest() if self._due and self._due[0][0] <= self._step else None

    def soonest(self) -> tuple[str, int]:
        """Return what comes next, due or not; there has to be something."""
        _, subject, what = heapq.heappop(self._due)
        return what, subject


async def something(step: Callable[[], Awaitable[int]]) -> int:
    """Take steps until one has changed something, so that a simulation keeps its rate; not for ever."""
    for _ in range(TRIES):
        if made := await step():
            return made
    return 0
