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
        self.has_joins = len(self.tree.relations) > 1
        self.is_grouped = any(_adds_up(level) for level in self.levels) and not self._has_group_for_each_row()

    def _column(self, expression: exp.Expr) -> str | None:
        """The table's column that an expression of the outer level is; None if it is computed, or another's."""
        traced = self.tree.trace(self.tree.root, expression)
        return traced[1] if traced is not None and traced[0] == self.mention else None

    def _has_group_for_each_row(self) -> bool:
        """Whether what is added up are rows of other tables, for each row of this one."""
        *outer, level = self.levels
        group = level.args.get("group")
        if not self.has_joins or group is None or any(_adds_up(one) for one in outer):
            return False
        if any(level.args.get(name) for name in ("having", "distinct")) or set(group.args) - {"expressions"}:
            return False
        by = [self.tree.trace(level, expression) for expression in group.expressions]
        return by == [(self.mention, name) for name in self.relation.key] and len(by) == 1

    @property
    def tells_rows(self) -> bool:
        """Whether rows of the answer are found by the table's key."""
        return not self.is_grouped and bool(self.relation.key) and set(self.relation.key) <= set(self.columns)

    def has_all(self, expected: Image) -> bool:
        """Whether what a new row shows of other tables is among what is expected."""
        columns = zip(self.columns, self.source.columns, strict=True)
        return not self.has_joins or all(name is not None or column.name in expected for name, column in columns)

    def key(self, values: Image) -> Key:
        """The key under which the answer has the row of these key values."""
        row = tuple(values[name] for name in self.relation.key)
        return key_of(row, range(len(row)))

    def image(self, row: Row) -> dict[str, Any]:
        """What a row of the answer tells of the table's row."""
        return {name: value for name, value in zip(self.columns, row, strict=True) if name is not None}

    def row(self, image: Image, old: Row | None, expected: Image) -> Row:
        """The answer's row for a table's row; what is computed and cannot be told stays as it was."""
        was = old if old is not None else (None,) * len(self.columns)
        return tuple(self._cell(place, image, before, expected) for place, before in enumerate(was))

    def _cell(self, place: int, image: Image, before: Any, expected: Image) -> Any:
        name = self.columns[place]
        if name is not None and name in image:
            return image[name]
        try:
            return self.value(self.tree.root.selects[place].unalias(), image)
        except Unknown:
            return expected.get(self.source.columns[place].name, before)

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
        within = level or self.tree.root

        def resolve(column: exp.Column) -> Any:
            traced = self.tree.trace(within, column)
            if traced is None and (behind := self.tree.behind(within, column)) is not None:
                return self.value(behind[1], image, behind[0])
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


def _adds_up(level: exp.Select) -> bool:
    return bool(level.args.get("group") or level.args.get("distinct") or level.find(exp.AggFunc))
