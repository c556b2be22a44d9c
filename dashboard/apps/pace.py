"""When the next change comes: by chance, at a rate, and in bursts, as people work.

A Poisson process whose rate changes between calm and busy, so that its mean stays what was asked for. Pure:
it deals in seconds from the start and knows no clock.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

CALM, BUSY = (0.7, 12.0), (2.2, 3.0)  # times the rate; seconds it lasts on average. 0.7 · 12 + 2.2 · 3 = 15


def moments(rate: float, chance: random.Random) -> Iterator[float]:
    """Yield the times of changes, in seconds from the start, `rate` of them a second on average."""
    now, end, speed = 0.0, chance.expovariate(1 / CALM[1]), CALM
    while True:
        following = now + chance.expovariate(rate * speed[0])
        if following < end:
            now = following
            yield now
        else:
            speed = BUSY if speed is CALM else CALM
            now, end = end, end + chance.expovariate(1 / speed[1])
