"""What a simulation has still to do: things that follow from others, after about so many steps.

Steps, not seconds: a slow and a fast simulation tell the same story, and a seed makes it again.
"""

from __future__ import annotations

import heapq
import random


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
            step = self._step + 1 + int(self._chance.expovariate(1 / wait))
            heapq.heappush(self._due, (step, subject, what))

    def next(self) -> tuple[str, int] | None:
        """Take one step; return what is due and whom it is about, or None."""
        self._step += 1
        if self._due and self._due[0][0] <= self._step:
            _, subject, what = heapq.heappop(self._due)
            return what, subject
        return None
