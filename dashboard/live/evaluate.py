"""The value of an expression for one row, worked out here where that is certain.

Only what PostgreSQL and Python answer alike: comparisons of numbers, times, truth values and identifiers, equality of
texts, AND, OR and NOT with their three values, IN, BETWEEN, coalesce, CASE, sums and differences of whole numbers and
numerics. For all else there is no answer (`Unknown`), and whoever asked has to wait for PostgreSQL's.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlglot import exp

Resolve = Callable[[exp.Column], Any]


class Unknown(Exception):
    """Only PostgreSQL can tell."""


def evaluate(node: exp.Expr, resolve: Resolve, parameters: Sequence[Any]) -> Any:
    """The value of `node`; `resolve` gives a column's, or raises `Unknown`."""
    return _Evaluation(resolve, parameters).of(node)


class _Evaluation:
    def __init__(self, resolve: Resolve, parameters: Sequence[Any]) -> None:
        self.resolve = resolve
        self.parameters = parameters

    def of(self, node: exp.Expr) -> Any:
        if isinstance(node, exp.Column):
            return self.resolve(node)
        if isinstance(node, exp.Paren | exp.Alias):
            return self.of(node.this)
        for kinds, evaluated in _KINDS:
            if isinstance(node, kinds):
                value = evaluated(self, node)
                return value if value is None or not node.args.get("negate") else not value
        raise Unknown

    def constant(self, node: exp.Expr) -> Any:
        if isinstance(node, exp.Null):
            return None
        if isinstance(node, exp.Boolean):
            return bool(node.this)
        if isinstance(node, exp.Parameter):
            if not node.name.isdecimal() or int(node.name) > len(self.parameters):
                raise Unknown
            return self.parameters[int(node.name) - 1]
        if node.is_string:
            return node.name
        return int(node.name) if node.is_int else Decimal(node.name)

    def both(self, node: exp.Expr) -> Any:
        decides = isinstance(node, exp.Or)
        left, right = self.perhaps(node.this), self.perhaps(node.expression)
        if left is decides or right is decides:
            return decides
        if Unknown in (left, right):
            raise Unknown
        if left is None or right is None:
            return None
        return not decides if isinstance(left, bool) and isinstance(right, bool) else _unknown()

    def perhaps(self, node: exp.Expr) -> Any:
        """The value, or `Unknown` itself: the other side may decide."""
        try:
            return self.of(node)
        except Unknown:
            return Unknown

    def no(self, node: exp.Expr) -> Any:
        value = self.of(node.this)
        return None if value is None else not value if isinstance(value, bool) else _unknown()

    def negative(self, node: exp.Expr) -> Any:
        value = self.of(node.this)
        return None if value is None else -value if _is_exact(value) else _unknown()

    def compared(self, node: exp.Expr) -> Any:
        return _compared(_COMPARE[type(node)], self.of(node.this), self.of(node.expression))

    def among(self, node: exp.Expr) -> Any:
        if node.args.get("query") or node.args.get("unnest") or not node.expressions:
            raise Unknown
        value = self.of(node.this)
        found = [_compared(operator.eq, value, self.of(one)) for one in node.expressions]
        return True if True in found else None if None in found else False

    def between(self, node: exp.Expr) -> Any:
        value = self.of(node.this)
        low = _compared(operator.ge, value, self.of(node.args["low"]))
        high = _compared(operator.le, value, self.of(node.args["high"]))
        return False if low is False or high is False else None if low is None or high is None else True

    def identical(self, node: exp.Expr) -> Any:
        value, other = self.of(node.this), self.of(node.expression)
        if other is None or isinstance(other, bool):
            return value is other
        raise Unknown

    def distinct(self, node: exp.Expr) -> Any:
        value, other = self.of(node.this), self.of(node.expression)
        equal = value is other if value is None or other is None else _compared(operator.eq, value, other)
        return equal if isinstance(node, exp.NullSafeEQ) else not equal

    def first(self, node: exp.Expr) -> Any:
        for one in (node.this, *node.expressions):
            if (value := self.of(one)) is not None:
                return value
        return None

    def case(self, node: exp.Expr) -> Any:
        if node.this is not None:
            raise Unknown
        for when in node.args["ifs"]:
            if self.of(when.this) is True:
                return self.of(when.args["true"])
        default = node.args.get("default")
        return None if default is None else self.of(default)

    def computed(self, node: exp.Expr) -> Any:
        left, right = self.of(node.this), self.of(node.expression)
        if left is None or right is None:
            return None
        if not (_is_exact(left) and _is_exact(right)):
            raise Unknown
        return left + right if isinstance(node, exp.Add) else left - right

    def cast(self, node: exp.Expr) -> Any:
        """A cast of a value that is of that type already."""
        value = self.of(node.this)
        kinds = _CASTS.get(node.args["to"].this)
        if value is None or (kinds is not None and isinstance(value, kinds) and not node.args["to"].expressions):
            return value
        raise Unknown


def _compared(compare: Callable[[Any, Any], Any], left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    if (isinstance(left, str) and isinstance(right, UUID)) or (isinstance(left, UUID) and isinstance(right, str)):
        left, right = str(left), str(right).lower()
    if isinstance(left, str) and isinstance(right, str):
        return bool(compare(left, right)) if compare in (operator.eq, operator.ne) else _unknown()
    if not _are_alike(left, right):
        raise Unknown
    return bool(compare(left, right))


def _are_alike(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool)
    if isinstance(left, dt.datetime) and isinstance(right, dt.datetime):
        return (left.tzinfo is None) == (right.tzinfo is None)
    numbers = int | float | Decimal
    if isinstance(left, numbers) and isinstance(right, numbers):
        return left == left and right == right  # NaN equals itself in PostgreSQL
    return type(left) is type(right) and isinstance(left, UUID | dt.date)


def _is_exact(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and value == value


def _unknown() -> Any:
    raise Unknown


_COMPARE: dict[type[exp.Expr], Callable[[Any, Any], Any]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}
_INTEGER = exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.SMALLINT
_CASTS: dict[Any, Any] = {
    **dict.fromkeys(_INTEGER, int),
    exp.DataType.Type.TEXT: str,
    exp.DataType.Type.BOOLEAN: bool,
    exp.DataType.Type.UUID: UUID,
}
_KINDS: tuple[tuple[Any, Callable[[_Evaluation, exp.Expr], Any]], ...] = (
    ((exp.Null, exp.Boolean, exp.Parameter, exp.Literal), _Evaluation.constant),
    ((exp.And, exp.Or), _Evaluation.both),
    (exp.Not, _Evaluation.no),
    (exp.Neg, _Evaluation.negative),
    (tuple(_COMPARE), _Evaluation.compared),
    (exp.In, _Evaluation.among),
    (exp.Between, _Evaluation.between),
    (exp.Is, _Evaluation.identical),
    ((exp.NullSafeEQ, exp.NullSafeNEQ), _Evaluation.distinct),
    (exp.Coalesce, _Evaluation.first),
    (exp.Case, _Evaluation.case),
    ((exp.Add, exp.Sub), _Evaluation.computed),
    (exp.Cast, _Evaluation.cast),
)
