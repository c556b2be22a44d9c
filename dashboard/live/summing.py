"""Counts and sums as they will be when open writes are done: a row's part before is taken away, its part now is added.

What each row adds is worked out in this process, from what is known of the row before (`before`); where that is not
enough, the row is left out, and PostgreSQL tells in the tick that contains the write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlglot import exp

from dashboard.live.answer import Answer
from dashboard.live.effect import Effect
from dashboard.live.evaluate import Unknown
from dashboard.live.frame import Key, LiveFrame
from dashboard.live.lens import Image, Lens
from dashboard.live.plans import Sums
from dashboard.live.step import Part, fold_part, key_of
from dashboard.live.sums import SumColumn, added, sum_columns
from dashboard.postgres.reading import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """What a column adds for one row: a value of it, where a FILTER lets it in; None counts the row itself."""

    column: SumColumn
    value: exp.Expr | None
    condition: exp.Expr | None


def summing(answer: Answer, lens: Lens) -> Summing | None:
    """The counts and sums of an answer; None where it is something else, or rows are not simply added up."""
    if isinstance(answer.plan, Sums):
        return Summing(answer, lens, answer.plan.sums)
    root = lens.tree.root
    if len(lens.levels) > 1 or lens.has_joins or root.find(exp.Window):
        return None
    if any(root.args.get(name) for name in ("having", "distinct", "limit", "offset")):
        return None
    columns = sum_columns(root, [column.type for column in answer.columns])
    return None if columns is None else Summing(answer, lens, columns)


class Summing:
    """The counts and sums of one answer, and what effects add to them."""

    def __init__(self, answer: Answer, lens: Lens, columns: Sequence[SumColumn]) -> None:
        self._answer, self._lens, self._columns = answer, lens, columns
        expressions = [projection.unalias() for projection in lens.tree.root.selects]
        self._terms = [_term(column, one) for column, one in zip(columns, expressions, strict=True)]
        self._counts = [place for place, one in enumerate(expressions) if _counts_rows(one)]
        self._parts: list[tuple[int, Row]] = []
        self._found: dict[Key, Row | None] = {}

    def add(self, effect: Effect, before: Image | None) -> bool:
        """Take note of what an effect adds; whether that can be told."""
        try:
            parts = self._signed(effect, before)
        except Unknown:
            return False
        self._parts += parts
        return bool(parts)

    def shown(self) -> LiveFrame | None:
        """The answer with all that was added; None where that makes no difference, or cannot be told."""
        state = self._answer.state
        frame = LiveFrame(state.columns, state.keys, [state.rows[key] for key in state.keys])
        plan = self._answer.plan
        parts, self._parts = self._parts, []
        part = plan.adjusted(parts, self._found) if isinstance(plan, Sums) else self._adjusted(frame, parts)
        return frame if part is not None and fold_part(frame, part, self._answer.sort_key) else None

    def _adjusted(self, frame: LiveFrame, parts: Sequence[tuple[int, Row]]) -> Part | None:
        """The groups with these rows added, or taken away, from what is shown of them."""
        assert self._answer.source is not None
        places = self._answer.source.shape.key
        for sign, part in parts:
            key = key_of(part, places) if places else next(iter(frame.keys), None)
            old = self._found.get(key, frame.rows.get(key))
            if old is None and (sign < 0 or not places):
                self._found[key] = None  # for good: nothing can be added to what is not known
                continue
            self._found[key] = self._sum(old or (None,) * len(self._columns), part, sign)
        found = {key: row for key, row in self._found.items() if row is not None}
        if len(found) < len(self._found):
            return None
        empty = frozenset(
            key for key, row in found.items() if places and any(row[place] == 0 for place in self._counts)
        )
        return Part(rows={key: row for key, row in found.items() if key not in empty}, gone=empty)

    def _sum(self, row: Row, part: Row, sign: int) -> Row:
        return tuple(
            now if column.role == "group" else _zero(column, added(was, now, sign))
            for column, was, now in zip(self._columns, row, part[: len(self._columns)], strict=True)
        )

    def _signed(self, effect: Effect, before: Image | None) -> list[tuple[int, Row]]:
        """What one row adds to the sums, after and before."""
        found: list[tuple[int, Row]] = []
        if effect.op in ("update", "delete"):
            if before is None:
                raise Unknown
            if self._lens.shows(before):
                found.append((-1, self._row(before)))
        elif effect.op == "upsert":
            raise Unknown
        if effect.op != "delete":
            after = {**(before or {}), **effect.expected, **effect.values}
            if self._lens.shows(after):
                found.append((1, self._row(after)))
        return found

    def _row(self, image: Image) -> Row:
        """The row that the query would give for this one row alone, hidden counts included."""
        values: list[Any] = []
        hidden: list[Any] = [1]
        for term in self._terms:
            value = 1 if term.value is None else self._lens.value(term.value, image)
            if term.column.role == "group":
                values.append(value)
                continue
            counts = term.condition is None or self._lens.value(term.condition, image) is True
            if term.column.role == "count":
                values.append(int(counts and value is not None))
            else:
                values.append(_number(value) if counts else None)
                hidden.append(int(counts and value is not None))
        return (*values, *hidden)


def _term(column: SumColumn, expression: exp.Expr) -> _Term:
    if column.role == "group":
        return _Term(column=column, value=expression, condition=None)
    call = expression.find(exp.Count if column.role == "count" else exp.Sum)
    within = expression.find(exp.Filter)
    assert call is not None
    value = None if isinstance(call.this, exp.Star) else call.this
    return _Term(column=column, value=value, condition=None if within is None else within.expression.this)


def _zero(column: SumColumn, value: Any) -> Any:
    return 0 if value is None and column.zero else value


def _counts_rows(expression: exp.Expr) -> bool:
    return isinstance(expression, exp.Count) and isinstance(expression.this, exp.Star)


def _number(value: Any) -> Any:
    if value is None or isinstance(value, int | Decimal):
        return value
    raise Unknown
