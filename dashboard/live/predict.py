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

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp

from dashboard.live.answer import Answer
from dashboard.live.effect import Effect, Provisional
from dashboard.live.evaluate import Unknown
from dashboard.live.frame import Key, LiveFrame
from dashboard.live.lens import Image, Lens, lens_of
from dashboard.live.plans import Sums
from dashboard.live.step import Part, fold_part, key_of
from dashboard.live.sums import SumColumn, added, sum_columns
from dashboard.postgres.reading import Row

Look = Callable[[Effect], Image | None]
"""What is known of the row that an effect changes, before it does; None: nothing."""


def predicted(answer: Answer, effects: Sequence[Effect], look: Look) -> LiveFrame | None:
    """The answer with these effects, in their order; None where they make no difference that can be told."""
    if answer.source is None or answer.plan is None or not answer.is_ready:
        return None
    lens = lens_of(answer.source)
    if lens is None:
        return None
    own = [effect for effect in effects if effect.relation == lens.relation.oid]
    if not own:
        return None
    state = answer.state
    frame = LiveFrame(state.columns, state.keys, [state.rows[key] for key in state.keys])
    is_changed = (_rowed if lens.tells_rows else _summed)(frame, answer, lens, own, look)
    return frame if is_changed else None


def _rowed(frame: LiveFrame, answer: Answer, lens: Lens, effects: Sequence[Effect], look: Look) -> bool:
    assert answer.source is not None and answer.plan is not None
    takes_new = answer.plan.kind == "rows"
    is_changed = False
    for effect in effects:
        part = _part(frame, lens, effect, look, takes_new=takes_new)
        if part is not None and fold_part(frame, part, answer.sort_key):
            is_changed = True
    limit = answer.source.shape.limit
    if limit is not None and len(frame.keys) > limit:
        for key in frame.keys[limit:]:
            del frame.rows[key]
        del frame.keys[limit:]
    return is_changed


def _part(frame: LiveFrame, lens: Lens, effect: Effect, look: Look, *, takes_new: bool) -> Part | None:
    """What one effect does to the rows that are shown."""
    key, old = _found(frame, lens, effect)
    if effect.op == "delete":
        return Part(rows={}, gone=frozenset((key,)))
    before = {} if effect.op == "insert" else look(effect) or {}
    known = lens.image(old) if old is not None else {}
    image = {**before, **known, **effect.expected, **effect.key, **effect.values}
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


def _summed(frame: LiveFrame, answer: Answer, lens: Lens, effects: Sequence[Effect], look: Look) -> bool:
    columns = _sums(answer, lens)
    if columns is None:
        return False
    parts: list[tuple[int, Row]] = []
    for effect in effects:
        try:
            parts += _signed(columns, lens, effect, look(effect))
        except Unknown:
            continue
    if not parts:
        return False
    if isinstance(answer.plan, Sums):
        part = answer.plan.adjusted(parts)
    else:
        part = _adjusted(frame, answer, lens, columns, parts)
    return part is not None and bool(fold_part(frame, part, answer.sort_key))


def _sums(answer: Answer, lens: Lens) -> Sequence[SumColumn] | None:
    """What each column adds up; None where it is something else, or rows are not simply added up."""
    if isinstance(answer.plan, Sums):
        return answer.plan.sums
    root = lens.tree.root
    if len(lens.levels) > 1 or lens.has_joins or root.find(exp.Window):
        return None
    if any(root.args.get(name) for name in ("having", "distinct", "limit", "offset")):
        return None
    return sum_columns(root, [column.type for column in answer.columns])


def _adjusted(
    frame: LiveFrame, answer: Answer, lens: Lens, columns: Sequence[SumColumn], parts: Sequence[tuple[int, Row]]
) -> Part | None:
    """The groups with these rows added, or taken away, from what is shown of them."""
    assert answer.source is not None
    places = answer.source.shape.key
    found: dict[Key, Row] = {}
    for sign, part in parts:
        key = key_of(part, places) if places else next(iter(frame.keys), None)
        old = found.get(key, frame.rows.get(key))
        if old is None and (sign < 0 or not places):
            return None
        before = old or (None,) * len(columns)
        found[key] = tuple(
            now if column.role == "group" else _zero(column, added(was, now, sign))
            for column, was, now in zip(columns, before, part[: len(columns)], strict=True)
        )
    counts = [place for place, projection in enumerate(lens.tree.root.selects) if _counts_rows(projection.unalias())]
    empty = frozenset(key for key, row in found.items() if places and any(row[place] == 0 for place in counts))
    return Part(rows={key: row for key, row in found.items() if key not in empty}, gone=empty)


def _zero(column: SumColumn, value: Any) -> Any:
    return 0 if value is None and column.zero else value


def _counts_rows(expression: exp.Expr) -> bool:
    return isinstance(expression, exp.Count) and isinstance(expression.this, exp.Star)


def _signed(columns: Sequence[SumColumn], lens: Lens, effect: Effect, before: Image | None) -> list[tuple[int, Row]]:
    """What one row adds to the sums, after and before."""
    found: list[tuple[int, Row]] = []
    if effect.op in ("update", "delete"):
        if before is None:
            raise Unknown
        if lens.shows(before):
            found.append((-1, _term(columns, lens, before)))
    elif effect.op == "upsert":
        raise Unknown
    if effect.op != "delete":
        after = {**(before or {}), **effect.expected, **effect.values}
        if lens.shows(after):
            found.append((1, _term(columns, lens, after)))
    return found


def _term(columns: Sequence[SumColumn], lens: Lens, image: Image) -> Row:
    """The row that the query would give for this one row alone, hidden counts included."""
    values: list[Any] = []
    hidden: list[Any] = [1]
    for column, projection in zip(columns, lens.tree.root.selects, strict=True):
        expression = projection.unalias()
        if column.role == "group":
            values.append(lens.value(expression, image))
            continue
        counts = _is_counted(lens, expression, image)
        call = expression.find(exp.Count if column.role == "count" else exp.Sum)
        assert call is not None
        term = 1 if isinstance(call.this, exp.Star) else lens.value(call.this, image)
        if column.role == "count":
            values.append(int(counts and term is not None))
        else:
            values.append(_number(term) if counts else None)
            hidden.append(int(counts and term is not None))
    return (*values, *hidden)


def _is_counted(lens: Lens, expression: exp.Expr, image: Image) -> bool:
    """Whether a FILTER lets the row in."""
    within = expression.find(exp.Filter)
    return within is None or lens.value(within.expression.this, image) is True


def _number(value: Any) -> Any:
    if value is None or isinstance(value, int | Decimal):
        return value
    raise Unknown
