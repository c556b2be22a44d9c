"""Which rows of an answer have writes that PostgreSQL has not decided yet, and what these wait for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dashboard.live.effect import Effect, Provisional
from dashboard.live.frame import Key

if TYPE_CHECKING:
    from dashboard.live.lens import Lens
    from dashboard.live.write import State, Write


def pending_rows(writes: Iterable[Write], lens: Lens, shown: Mapping[Key, object]) -> dict[Key, State]:
    """Rows with open writes among those that are shown, by key.

    A row with several is ``kept`` if one of them is, for that is what it waits for; else as the last of them.
    """
    found: dict[Key, State] = {}
    for write in writes:
        if not write.is_open or write.is_found:
            continue
        for effect in write.effects:
            if effect.relation != lens.relation.oid:
                continue
            key = _key(lens, effect)
            if key in shown and found.get(key) != "kept":
                found[key] = write.state
    return found


def _key(lens: Lens, effect: Effect) -> Key:
    """The key under which the answer shows the written row; an update may have changed it."""
    if effect.key:
        return lens.key({**effect.key, **effect.values})
    width = len(lens.relation.key)
    return Provisional(effect.number) if width == 1 else (Provisional(effect.number),) * width
