"""What is known of a row before a write changes it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.live.answer import Answer
from dashboard.live.effect import Effect
from dashboard.live.lens import lens_of

Image = Mapping[str, Any]


class Before:
    """Rows as answers of one snapshot have them, changed by the effects that were asked for so far.

    Parameters
    ----------
    answers
        All of them true at the same snapshot.
    """

    def __init__(self, answers: Iterable[Answer]) -> None:
        lenses = ((answer, lens_of(answer.source)) for answer in answers if answer.source is not None)
        self._answers = [(answer, lens) for answer, lens in lenses if lens is not None and lens.tells_rows]
        self._rows: dict[tuple[int, tuple[Any, ...]], Image | None] = {}

    def of(self, effect: Effect) -> Image | None:
        """The row before this effect, by column; None if nothing is known. Ask for each effect once, in their order."""
        if not effect.key:
            return None
        row = (effect.relation, tuple(effect.key.values()))
        before = self._rows[row] if row in self._rows else self._there(effect)
        if effect.op == "delete" or (effect.op == "update" and before is None):
            self._rows[row] = None
            return before
        after = {**(before or {}), **effect.expected, **effect.values}
        renamed = (effect.relation, tuple(effect.values.get(name, value) for name, value in effect.key.items()))
        self._rows[row] = None
        self._rows[renamed] = after
        return before

    def _there(self, effect: Effect) -> Image | None:
        found: dict[str, Any] | None = None
        for answer, lens in self._answers:
            row = answer.state.rows.get(lens.key(effect.key)) if lens.relation.oid == effect.relation else None
            if row is not None:
                found = {**(found or {}), **lens.image(row)}
        return found
