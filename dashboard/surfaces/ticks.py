"""The last ticks of a `Live`, as rows: what each of them changed and what it cost."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar

from dashboard.live import Column
from dashboard.views.source import Source

if TYPE_CHECKING:
    from dashboard.live import Live
    from dashboard.live.hub import Tick

KEPT = 200
COLUMNS = {
    "tick": "int8", "at": "timestamptz", "changes": "int8", "queries": "int8", "upserted": "int8", "removed": "int8",
    "cost": "float8", "read": "text",
}  # fmt: skip


class Ticks:
    """Ticks in which something happened, from when somebody asked for them first; the latest stay."""

    _of: ClassVar[dict[Live, Ticks]] = {}

    def __init__(self, live: Live) -> None:
        self._live = live
        self._rows: deque[tuple[Any, ...]] = deque(maxlen=KEPT)
        self.source = Source(live, "ticks", [Column(*column) for column in COLUMNS.items()], self._show)
        live.hub.on_tick.append(self._note)
        live.on_close(self._end)

    @classmethod
    def of(cls, live: Live) -> Ticks:
        """Those of this `Live`."""
        if live not in cls._of:
            cls._of[live] = cls(live)
        return cls._of[live]

    def _end(self) -> None:
        self._of.pop(self._live, None)

    def _note(self, tick: Tick) -> None:
        changes = len(tick.changes) + sum(tick.flooded.values())
        if not changes and not tick.deltas:
            return
        deltas = [delta for _, delta in tick.deltas]
        upserted, removed = sum(len(one.keys) for one in deltas), sum(len(one.removed_keys) for one in deltas)
        read = "on" if tick.resumed else "anew"
        row = (self._live.hub.ticks, tick.at, changes, len(deltas), upserted, removed, tick.cost * 1000, read)
        self._rows.append(row)
        if self.source.is_seen:
            self._show()

    def _show(self) -> None:
        rows = list(reversed(self._rows))
        self.source.fill([row[0] for row in rows], rows)
