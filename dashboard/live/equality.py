"""The columns of its table that a WHERE clause holds equal to a value: what the hub routes changes by.

Pure. A value is compared as text with the JSON of row images, so it is brought to the one form that PostgreSQL writes
for its column's type; a value without such a form is not routed by, which is only slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlglot import exp

from dashboard.live.statement import TableName
from dashboard.live.tree import Tree
from dashboard.postgres.reading import Relation

_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_TEXTS = frozenset({"text", "character varying"})


def equalities(tree: Tree, table: TableName, relation: Relation, parameters: Sequence[object]) -> list[tuple[str, str]]:
    """Column and value, as text, of each equality that every row of the answer fulfils."""
    found = []
    for level in tree.levels():
        for condition in _conditions(level):
            for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
                traced = tree.trace(level, one)
                if traced is None or traced[0] is not table or traced[1] in relation.unfaithful:
                    continue
                kind = relation.types[relation.columns.index(traced[1])]
                text = _canonical(_value(other, parameters), kind)
                if text is not None:
                    found.append((traced[1], text))
    return found


def _conditions(level: exp.Select) -> Iterator[exp.EQ]:
    where = level.args.get("where")
    if where is None:
        return
    parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    for part in parts:
        if isinstance(part, exp.EQ):
            yield part


def _value(expression: exp.Expr, parameters: Sequence[object]) -> object:
    if isinstance(expression, exp.Parameter) and expression.this.name.isdigit():
        place = int(expression.this.name) - 1
        return parameters[place] if place < len(parameters) else None
    if isinstance(expression, exp.Literal):
        return expression.name
    return None


def _canonical(value: object, kind: str) -> str | None:
    try:
        if kind in _INTEGERS and isinstance(value, int | str) and not isinstance(value, bool):
            return str(int(value))
        if kind in _TEXTS and isinstance(value, str):
            return value
        if kind == "uuid" and isinstance(value, str | UUID):
            return str(UUID(str(value)))
        if kind == "boolean" and isinstance(value, bool):
            return routing_text(value)
    except ValueError:
        return None
    return None


def routing_text(value: object) -> str | None:
    """A value of a row image as it is compared; None for kinds that are not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return str(value)
    return None
