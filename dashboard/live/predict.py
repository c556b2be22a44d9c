"""An answer as it will be when a session's open writes are done, worked out here, before PostgreSQL has answered.

* Rows: the row of the written key gets the values that were written; it leaves where the WHERE says so, and keeps to
  ORDER BY and LIMIT where the plan knows these. A new row enters where its WHERE can be told, and what it shows of
  other tables is expected.
* Counts and sums: the row's part before is taken away and its part now is added.
* All else waits for PostgreSQL, which is a tick after COMMIT.

What cannot be told (a trigger's doing, a default that is computed) is left as it is or as NULL: the tick that contains
the write replaces all of this by PostgreSQL's own answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.live.answer import Answer
from dashboard.live.before import Before
from dashboard.live.effect import Effect, Provisional
from dashboard.live.evaluate import Unknown
from dashboard.live.frame import Key, LiveFrame
from dashboard.live.lens import Image, Lens, lens_of
from dashboard.live.step import Part, fold_part
from dashboard.live.summing import Summing, summing
from dashboard.postgres.reading import Row


class Prediction:
    """One answer with effects on top, to which more can be added while all else stays as it is.

    Parameters
    ----------
    before
        What is known of rows before the first effect.
    """

    def __init__(self, answer: Answer, before: Before) -> None:
        self.frame: LiveFrame | None = None
        self._answer = answer
        self._before = before
        self._lens = lens_of(answer.source) if answer.source is not None and answer.is_ready else None
        self._rows: LiveFrame | None = None
        self._sums: Summing | None = None
        if self._lens is not None and not self._lens.tells_rows:
            self._sums = summing(answer, self._lens)

    def add(self, effects: Sequence[Effect]) -> None:
        """Put more effects on top, in their order; `frame` is None while none makes a difference that can be told."""
        lens, is_changed = self._lens, False
        if lens is None or (self._sums is None and not lens.tells_rows):
            return
        for effect in effects:
            before = self._before.of(effect)
            if effect.relation == lens.relation.oid:
                own = self._sums.add(effect, before) if self._sums is not None else self._put(lens, effect, before)
                is_changed = own or is_changed
        if is_changed:
            self.frame = self._sums.shown() if self._sums is not None else self._shown()

    def _put(self, lens: Lens, effect: Effect, before: Image | None) -> bool:
        """Change the rows by one effect; whether that makes a difference."""
        assert self._answer.plan is not None
        if self._rows is None:
            self._rows = _copied(self._answer.state)
        part = _part(self._rows, lens, effect, before, takes_new=self._answer.plan.kind == "rows")
        return part is not None and bool(fold_part(self._rows, part, self._answer.sort_key))

    def _shown(self) -> LiveFrame:
        assert self._rows is not None and self._answer.source is not None
        return _copied(self._rows, self._answer.source.shape.limit)


def _copied(frame: LiveFrame, limit: int | None = None) -> LiveFrame:
    keys = frame.keys[:limit]
    return LiveFrame(frame.columns, keys, [frame.rows[key] for key in keys])


def _part(frame: LiveFrame, lens: Lens, effect: Effect, known: Image | None, *, takes_new: bool) -> Part | None:
    """What one effect does to the rows that are shown."""
    key, old = _found(frame, lens, effect)
    if effect.op == "delete":
        return Part(rows={}, gone=frozenset((key,)))
    before = {} if effect.op == "insert" else known or {}
    shown = lens.image(old) if old is not None else {}
    image = {**before, **shown, **effect.expected, **effect.key, **effect.values}
    try:
        is_shown = lens.shows(image)
    except Unknown:
        is_shown = old is not None  # it stays until PostgreSQL says otherwise
    if not is_shown:
        return Part(rows={}, gone=frozenset((key,)))
    is_known = effect.op != "update" or (bool(before) and _is_whole(lens, image))  # else it may not be there at all
    if old is None and not (takes_new and is_known and lens.has_all(effect.expected)):
        return None
    row = lens.row(image, old, effect.expected)
    return Part(rows={_renamed(lens, effect, image, key): row}, gone=_left(lens, effect, image, key))


def _found(frame: LiveFrame, lens: Lens, effect: Effect) -> tuple[Key, Row | None]:
    if effect.key:
        key = lens.key(effect.key)
        return key, frame.rows.get(key)
    number = Provisional(effect.number)
    width = len(lens.relation.key)
    return (number if width == 1 else (number,) * width), None


def _renamed(lens: Lens, effect: Effect, image: Image, key: Key) -> Key:
    """The key afterwards: an update may change it."""
    if effect.op == "update" and set(lens.relation.key) <= image.keys():
        return lens.key(image)
    return key


def _left(lens: Lens, effect: Effect, image: Image, key: Key) -> frozenset[Key]:
    renamed = _renamed(lens, effect, image, key)
    return frozenset((key,)) if renamed != key else frozenset()


def _is_whole(lens: Lens, image: Image) -> bool:
    return all(name is None or name in image for name in lens.columns)
