"""The last minutes of one strand: what a reader steps back through.

Of every few seconds the last picture is kept, so that at the end of each such slot the page is seen as it was, all
views at the same moment. Kept are bytes, packed; the memory of a strand is bounded in time and in size.
"""

from __future__ import annotations

import zlib
from collections import deque
from typing import Any

from . import codec

SLOT = 5_000
"""Milliseconds of which one picture is kept."""
KEPT = 60
BYTES = 500_000


class History:
    """Pictures of the past, each with the time (ms) from which on it was true."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, bytes]] = deque(maxlen=KEPT)
        self._size = 0

    def pass_on(self, began: float, picture: dict[str, Any], now: float) -> None:
        """A picture that was true since `began` gives way to another; keep it if it was the last of its slot."""
        if began // SLOT >= now // SLOT or picture.get("state") == "loading":
            return
        packed = zlib.compress(codec.dumps(picture), 1)
        if len(self._kept) == KEPT:
            self._forget()
        self._kept.append((began, packed))
        self._size += len(packed)
        while self._size > BYTES:
            self._forget()

    @property
    def oldest(self) -> float | None:
        """From when on there is something; None where there is nothing yet."""
        return self._kept[0][0] if self._kept else None

    def at(self, moment: float) -> bytes | None:
        """The picture that was true at a moment, as JSON, or the oldest known; None where there is none."""
        found = next((packed for began, packed in reversed(self._kept) if began <= moment), None)
        if found is None and self._kept:
            found = self._kept[0][1]
        return None if found is None else zlib.decompress(found)

    def _forget(self) -> None:
        self._size -= len(self._kept.popleft()[1])
