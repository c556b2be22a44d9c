"""Counting changes by the second. Pure: the caller says what time it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

KINDS = ("inserted", "updated", "deleted")
BULK = "in bulk"  # too many to be listed: nobody knows which kind they were
KEPT = 120  # seconds
WINDOW = 5  # seconds over which a rate is taken


class Tally:
    """How many changes of each kind there were in each of the last seconds."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, dict[str, int]]] = deque()

    def add(self, second: int, kind: str, number: int = 1) -> None:
        """Count changes; what comes late is counted where it belongs while that second is kept."""
        for there, counts in reversed(self._seconds):
            if there == second:
                counts[kind] = counts.get(kind, 0) + number
                return
            if there < second:
                break
        self._seconds.append((second, {kind: number}))
        if len(self._seconds) > 1 and self._seconds[-2][0] > second:
            self._seconds = deque(sorted(self._seconds, key=lambda entry: entry[0]))

    def forget(self, now: int) -> None:
        """Drop what is older than is kept."""
        while self._seconds and self._seconds[0][0] <= now - KEPT:
            self._seconds.popleft()

    def rate(self, now: int) -> float:
        """Changes a second, over the last whole seconds."""
        return sum(sum(counts.values()) for at, counts in self._seconds if now - WINDOW <= at < now) / WINDOW

    def rows(self, now: int) -> Iterator[tuple[int, str, int]]:
        """Each kept second with each kind, oldest first; seconds without changes are there, with 0."""
        counted: Mapping[int, Mapping[str, int]] = dict(self._seconds)
        kinds = (*KINDS, BULK) if any(BULK in counts for counts in counted.values()) else KINDS
        for second in range(now - KEPT + 1, now + 1):
            counts = counted.get(second, {})
            for kind in kinds:
                yield second, kind, counts.get(kind, 0)
