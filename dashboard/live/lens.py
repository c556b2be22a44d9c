"""A query as one of its tables sees it: which columns show up where, and on what condition. Pure.

Only for the table that drives the query: each row of the answer is a row of it, or each is added up from rows of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp

from dashboard.live.evaluate import Unknown, evaluate
from dashboard.live.frame import Key
from dashboard.live.plans import Source
from dashboard.live.step import key_of
from dashboard.live.tree import Doubt, Tree
from dashboard.postgres.reading import Row

Image = Mapping[str, Any]
"""A row of the table, by column; columns of which nothing is known are missing."""


class Lens:
    """How rows of its driving table show up in a query.

    Raises
    ------
    Doubt
        That cannot be told.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tree = Tree(source.statement, source.relations)
        self.mention, self.relation = self.tree.driving()
        root = self.tree.root
        if len(root.selects) != len(source.columns):
            raise Doubt("Its columns cannot be told apart.")
        self.levels = list(self.tree.levels())
        self.columns = [self._column(projection.unalias()) for projection in root.selects]
        self.is_grouped = any(
            level.args.get("group") or level.args.get("distinct") or level.find(exp.AggFunc) for level in self.levels
        )
        self.has_joins = len(self.tree.relations) > 1

    def _column(self, expression: exp.Expr) -> str | None:
        """The table's column that an expression of the outer level is; None if it is computed, or another's."""
        traced = self.tree.trace(self.tree.root, expression)
        return traced[1] if traced is not None and traced[0] == self.mention else None

    @property
    def tells_rows(self) -> bool:
        """Whether rows of the answer are found by the table's key."""
        return not self.is_grouped and bool(self.relation.key) and set(self.relation.key) <= set(self.columns)

    def key(self, values: Image) -> Key:
        """The key under which the answer has the row of these key values."""
        row = tuple(values[name] for name in self.relation.key)
        return key_of(row, range(len(row)))

    def image(self, row: Row) -> dict[str, Any]:
        """What a row of the answer tells of the table's row."""
        return {name: value for name, value in zip(self.columns, row, strict=True) if name is not None}

    def row(self, image: Image, old: Row | None) -> Row:
        """The answer's row for a table's row; what is computed stays as it was."""
        was = old if old is not None else (None,) * len(self.columns)
        return tuple(
            image[name] if name is not None and name in image else before
            for name, before in zip(self.columns, was, strict=True)
        )

    def shows(self, image: Image) -> bool:
        """Whether a table's row is in the answer.

        Raises
        ------
        Unknown
            Only PostgreSQL can tell.
        """
        doubtful = False
        for level, condition in self._conditions():
            try:
                if self.value(condition, image, level) is not True:
                    return False
            except Unknown:
                doubtful = True
        if doubtful:
            raise Unknown
        return True

    def _conditions(self) -> Iterator[tuple[exp.Select, exp.Expr]]:
        for level in self.levels:
            where = level.args.get("where")
            if where is not None:
                terms = where.this.flatten() if isinstance(where.this, exp.And) else (where.this,)
                for term in terms:
                    yield level, term

    def value(self, node: exp.Expr, image: Image, level: exp.Select | None = None) -> Any:
        """What an expression of a level is for a table's row."""

        def resolve(column: exp.Column) -> Any:
            traced = self.tree.trace(level or self.tree.root, column)
            if traced is None or traced[0] != self.mention or traced[1] not in image:
                raise Unknown
            return image[traced[1]]

        return evaluate(node, resolve, self.source.parameters)


def lens_of(source: Source) -> Lens | None:
    """The lens of a query, made once; None where there is none."""
    if source.lens is None:
        try:
            source.lens = Lens(source)
        except Doubt:
            source.lens = False
    return source.lens or None  # type: ignore[return-value]  # a Lens, which plans does not know
