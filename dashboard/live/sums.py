"""Counts and sums that are kept up from the changed rows alone.

A count or an exact sum over old and new rows is linear: what it was, plus the changed rows' part now, minus their
part before. Each sum needs a count of its non-NULL terms beside it (the sum of none is NULL, not 0) and each group
the number of its rows (a group of none is gone), so these are selected along, hidden, at the end of the list.
Floating-point sums are left out: adding and subtracting in another order drifts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Literal

from sqlglot import exp

_EXACT = Context(prec=200_000)  # more digits than numeric can hold: no addition is ever rounded
_EXACT_TYPES = frozenset({"int8", "numeric"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SumColumn:
    """How one selected column is kept up.

    Parameters
    ----------
    role
        ``group``: it identifies the group. ``count``, ``sum``: it adds up.
    terms
        Place, among the hidden columns, of a sum's number of non-NULL terms.
    zero
        A sum without terms is shown as 0, as ``coalesce(sum(…), 0)`` says, and not as NULL.
    """

    role: Literal["group", "count", "sum"]
    terms: int = 0
    zero: bool = False


def sum_columns(tree: exp.Select, types: Sequence[str]) -> tuple[SumColumn, ...] | None:
    """What each selected column adds up; None if one of them is neither a group nor a count or exact sum."""
    group = tree.args.get("group")
    groups = group.expressions if group else []
    columns: list[SumColumn] = []
    hidden = 0
    for projection, kind in zip(tree.selects, types, strict=True):
        expression = projection.unalias()
        if expression in groups:
            columns.append(SumColumn(role="group"))
            continue
        zero, expression = _empty(expression)
        inner = expression.this if isinstance(expression, exp.Filter) else expression
        if isinstance(inner, exp.Count) and not zero and not isinstance(inner.this, exp.Distinct):
            if inner.expressions:
                return None
            columns.append(SumColumn(role="count"))
        elif isinstance(inner, exp.Sum) and kind in _EXACT_TYPES and not isinstance(inner.this, exp.Distinct):
            hidden += 1
            columns.append(SumColumn(role="sum", terms=hidden, zero=zero))
        else:
            return None
    return tuple(columns)


def hidden_columns(written: exp.Select, columns: Sequence[SumColumn]) -> str:
    """SQL of the hidden columns: the group's number of rows, then the number of terms of each sum."""
    parts = ["count(*)"]
    for projection, column in zip(written.selects, columns, strict=True):
        if column.role != "sum":
            continue
        counted = projection.unalias().copy()
        _, counted = _empty(counted)
        total = counted.find(exp.Sum)
        assert total is not None
        count = exp.Count(this=total.this.copy(), big_int=True)
        counted = count if counted is total else _replaced(counted, total, count)
        parts.append(counted.sql(dialect="postgres"))
    return ", ".join(parts)


def _replaced(tree: exp.Expr, old: exp.Expr, new: exp.Expr) -> exp.Expr:
    old.replace(new)
    return tree


def _empty(expression: exp.Expr) -> tuple[bool, exp.Expr]:
    """(True, the sum) for ``coalesce(sum(…), 0)``; (False, expression) for anything else."""
    if isinstance(expression, exp.Coalesce) and len(expression.expressions) == 1:
        constant = expression.expressions[0]
        if isinstance(constant, exp.Literal) and not constant.is_string and float(constant.name) == 0:
            return True, expression.this
    return False, expression


def added(old: Any, part: Any, sign: int) -> Any:
    """`old` plus `sign` times `part`, exactly; NULL counts as nothing."""
    if part is None:
        return old
    part = part if sign > 0 else -part if isinstance(part, int) else part.copy_negate()
    if old is None:
        return part
    if isinstance(old, int) and isinstance(part, int):
        return old + part
    return _EXACT.add(Decimal(old), Decimal(part))
