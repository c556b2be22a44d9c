"""The four ways to bring an answer up to date, all ending in the same answer.

Each plan wraps the user's SQL:

* rows: ``SELECT * FROM (<sql>) q WHERE key = ANY(changed keys)``; PostgreSQL pushes the condition inside.
* groups: the same text over the changed rows alone tells which groups they are in; these are read again.
* sums: the same text over the changed rows alone, after minus before, is what the counts and sums change by.
* rerun: the text itself.

The changed rows come from the log's images through ``jsonb_populate_record`` in a CTE that stands in for the table.
Neither keys nor sums depend on the order of changes within a transaction, which a user's own triggers can invert.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp
from typing_extensions import override

from dashboard.errors import DashboardError
from dashboard.live.changes import Changes
from dashboard.live.frame import Key, LiveFrame
from dashboard.live.ordering import sort_key
from dashboard.live.shape import Kind, Shape
from dashboard.live.statement import Statement
from dashboard.live.step import Part, RowIdentity, Whole, key_of, settled, window_of
from dashboard.live.sums import added, hidden_columns
from dashboard.postgres.reading import Column, Reading, Relation, Row


class NotUnique(DashboardError):
    """What was taken for a key is not one in this answer: only a re-run can tell its rows apart."""


class Plan(ABC):
    """How one query is brought up to date; `kind` and `reason` are shown to the user."""

    kind: Kind
    reason: str

    @abstractmethod
    async def whole(self, reading: Reading) -> Whole:
        """The answer in the open snapshot, from nothing."""

    async def advance(self, reading: Reading, changes: Changes, frame: LiveFrame) -> Whole | Part:
        """The answer in the open snapshot, from `frame` and what changed since. Must not alter `frame`."""
        return await self.whole(reading)

    def folded(self) -> None:  # noqa: B027 - most plans keep nothing
        """What the last call found was accepted: the next `advance` starts from there."""


class Source:
    """A query as all plans know it: statement, parameters, columns, shape."""

    def __init__(
        self,
        statement: Statement,
        parameters: Sequence[Any],
        columns: Sequence[Column],
        shape: Shape,
        relations: Mapping[str, Relation],
    ) -> None:
        self.statement = statement
        self.relations = relations
        self.lens: object = None  # made by `lens_of`; False where there is none
        self.parameters = tuple(parameters)
        self.columns = tuple(columns)
        self.shape = shape
        self.next = len(self.parameters) + 1

    async def all(self, reading: Reading) -> list[Row]:
        """The user's SELECT as it is."""
        return settled(await reading.rows(self.statement.sql, *self.parameters), self.columns)

    async def some(self, reading: Reading, sql: str, condition: str, *values: Any) -> list[Row]:
        """Rows of `sql` for which `condition` on q.c0, q.c1, … holds."""
        names = ", ".join(f"c{place}" for place in range(len(self.columns)))
        wrapped = f"SELECT * FROM (\n{sql}\n) AS q({names}) WHERE {condition}"
        return settled(await reading.rows(wrapped, *self.parameters, *values), self.columns)

    def over_changes(self, place: int, hidden: str = "") -> str | None:
        """The user's SQL reading, in place of its driving table, the row images in parameter `place` (jsonb[])."""
        table, relation = self.shape.table, self.shape.relation
        assert table is not None and relation is not None
        text = self.statement.reading(table, "dashboard_changed")
        if text is not None and hidden:
            text = self.statement.with_columns(hidden, text)
        if text is None:
            return None
        row = f"jsonb_populate_record(NULL::{relation.quoted}, image) AS changed_row"
        images = f"unnest(${place}::jsonb[]) AS image, {row}"
        return f"WITH dashboard_changed AS (SELECT changed_row.* FROM {images})\nSELECT * FROM (\n{text}\n) AS q"


class Rerun(Plan):
    """Read everything again."""

    kind: Kind = "rerun"

    def __init__(self, source: Source, reason: str) -> None:
        self.source = source
        self.reason = reason
        self._identity = RowIdentity(source.shape.key)

    @override
    async def whole(self, reading: Reading) -> Whole:
        return self.identified(await self.source.all(reading))

    def identified(self, rows: Sequence[Row]) -> Whole:
        """Rows under their keys."""
        return Whole(keys=self._identity.keys(rows), rows=rows)


class _Keyed(Plan):
    """Rows of the answer under the values of some of its columns."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.reason = source.shape.reason
        self._key = source.shape.key

    @override
    async def whole(self, reading: Reading) -> Whole:
        rows = await self.source.all(reading)
        return Whole(keys=self._keys(rows), rows=rows)

    def _part(self, wanted: set[Key], rows: Sequence[Row]) -> Part:
        """What became of the keys `wanted`, when `rows` are those that are there."""
        keys = self._keys(rows)
        return Part(rows=dict(zip(keys, rows, strict=True)), gone=frozenset(wanted.difference(keys)))

    def _keys(self, rows: Sequence[Row]) -> list[Key]:
        keys = [key_of(row, self._key) for row in rows]
        if len(set(keys)) != len(keys):
            raise NotUnique("Rows of the answer share a key, as a join to several rows makes them.")
        return keys


class Rows(_Keyed):
    """Read changed keys again."""

    kind: Kind = "rows"

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._unlimited = source.statement.sql
        if source.shape.limit is not None:
            self._unlimited = source.statement.without_limit() or source.statement.sql
        self._sort_key = sort_key(source.shape.order)

    @override
    async def advance(self, reading: Reading, changes: Changes, frame: LiveFrame) -> Whole | Part:
        relation = self.source.shape.relation
        assert relation is not None
        changed = await changes.keys(relation)
        wanted: set[Key] = {key[0] if len(key) == 1 else key for key in changed}
        part = self._part(wanted, await self._read(reading, changed))
        if self.source.shape.limit is None:
            return part
        return window_of(frame, part, self._sort_key, self.source.shape.limit) or await self.whole(reading)

    async def _read(self, reading: Reading, changed: Sequence[tuple[Any, ...]]) -> list[Row]:
        first = self.source.next
        if len(self._key) == 1:
            condition = f"q.c{self._key[0]} = ANY (${first})"
            return await self.source.some(reading, self._unlimited, condition, [key[0] for key in changed])
        relation = self.source.shape.relation
        assert relation is not None
        types = [relation.types[relation.columns.index(name)] for name in relation.key]
        arrays = ", ".join(f"${first + nth}::{kind}[]" for nth, kind in enumerate(types))
        condition = f"({', '.join(f'q.c{place}' for place in self._key)}) IN (SELECT * FROM unnest({arrays}))"
        return await self.source.some(
            reading, self._unlimited, condition, *(list(part) for part in zip(*changed, strict=True))
        )


class Groups(_Keyed):
    """Read the groups of changed rows again."""

    kind: Kind = "groups"

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._touched = source.over_changes(source.next)

    @override
    async def advance(self, reading: Reading, changes: Changes, frame: LiveFrame) -> Whole | Part:
        relation = self.source.shape.relation
        assert relation is not None
        if self._touched is None:
            return await self.whole(reading)
        images = changes.images(relation.oid, "old") + changes.images(relation.oid, "new")
        touched = await reading.rows(self._touched, *self.source.parameters, images)
        groups = [tuple(row[place] for place in self._key) for row in settled(touched, self.source.columns)]
        if not groups:
            return Part(rows={})
        condition, values = self._condition(groups)
        rows = await self.source.some(reading, self.source.statement.sql, condition, *values)
        return self._part({key_of(row, self._key) for row in touched}, rows)

    def _condition(self, groups: Sequence[tuple[Any, ...]]) -> tuple[str, list[list[Any]]]:
        """Each column among its values: with several columns more groups than needed, which is harmless."""
        terms, values = [], []
        for nth, place in enumerate(self._key):
            known = list(dict.fromkeys(group[nth] for group in groups if group[nth] is not None))
            term = f"q.c{place} = ANY (${self.source.next + nth})"
            if any(group[nth] is None for group in groups):
                term = f"({term} OR q.c{place} IS NULL)"
            terms.append(term)
            values.append(known)
        return " AND ".join(terms), values


class Sums(Plan):
    """Add what the changed rows add."""

    kind: Kind = "sums"

    def __init__(self, source: Source) -> None:
        self.source = source
        self.reason = source.shape.reason
        self._key = source.shape.key
        self.sums = source.shape.sums
        tree = source.statement.tree
        assert isinstance(tree, exp.Select)
        hidden = hidden_columns(tree, self.sums)
        self._full = source.statement.with_columns(hidden)
        self._plus = source.over_changes(source.next, hidden)
        self._minus = source.over_changes(source.next + 1, hidden)
        self._totals: dict[Key, Row] = {}
        self._found: dict[Key, Row | None] = {}
        self._afresh = True

    @override
    async def whole(self, reading: Reading) -> Whole:
        if self._full is None or self._plus is None:
            raise NotUnique("Hidden counts cannot be selected along with this text.")
        rows = await reading.rows(self._full, *self.source.parameters)
        totals = {self._key_of(row): row for row in settled(rows, self.source.columns)}
        self._found, self._afresh = dict(totals), True
        return Whole(keys=list(totals), rows=[self._shown(row) for row in totals.values()])

    @override
    async def advance(self, reading: Reading, changes: Changes, frame: LiveFrame) -> Whole | Part:
        relation = self.source.shape.relation
        assert relation is not None
        parts = f"SELECT 1 AS sign, p.* FROM ({self._plus}) p UNION ALL SELECT -1, m.* FROM ({self._minus}) m"
        images = changes.images(relation.oid, "new"), changes.images(relation.oid, "old")
        found: dict[Key, Row | None] = {}
        for sign, *part in await reading.rows(parts, *self.source.parameters, *images):
            key = self._key_of(tuple(part))
            found[key] = self._added(found.get(key) or self._totals.get(key), tuple(part), sign)
        if not all(row is not None and _finite(row) for row in found.values()):
            return await self.whole(reading)  # nothing can be taken away from NaN
        self._found, self._afresh = self._without_empty(found), False
        return self._part(self._found)

    def adjusted(self, parts: Sequence[tuple[int, Row]], found: dict[Key, Row | None]) -> Part | None:
        """What adding these rows (by their sign: or taking them away) would make of the sums; keeps nothing of it.

        Parameters
        ----------
        found
            The groups changed by the parts before; these are put into it too.
        """
        for sign, part in parts:
            key = self._key_of(part)
            found[key] = self._added(found.get(key) or self._totals.get(key), part, sign)
        if not all(row is not None and _finite(row) for row in found.values()):
            return None
        return self._part(self._without_empty(found))

    def _without_empty(self, found: dict[Key, Row | None]) -> dict[Key, Row | None]:
        """A group without rows is gone."""
        width = len(self.source.columns)
        if not self._key:
            return found
        return {key: row if row is not None and row[width] else None for key, row in found.items()}

    def _part(self, found: dict[Key, Row | None]) -> Part:
        rows = {key: self._shown(row) for key, row in found.items() if row is not None}
        return Part(rows=rows, gone=frozenset(found.keys() - rows.keys()))

    def _added(self, old: Row | None, part: Row, sign: int) -> Row:
        grouped = [column.role == "group" for column in self.sums] + [False] * (len(part) - len(self.sums))
        if old is None:
            old = tuple(value if group else None for value, group in zip(part, grouped, strict=True))
        pairs = zip(old, part, grouped, strict=True)
        return tuple(was if group else added(was, is_, sign) for was, is_, group in pairs)

    def _shown(self, row: Row) -> Row:
        width = len(self.source.columns)
        return tuple(
            self._empty(place) if column.role == "sum" and not row[width + column.terms] else value
            for place, (column, value) in enumerate(zip(self.sums, row[:width], strict=True))
        )

    def _empty(self, place: int) -> Any:
        if not self.sums[place].zero:
            return None
        return Decimal(0) if self.source.columns[place].type == "numeric" else 0

    def _key_of(self, row: Row) -> Key:
        return key_of(row, self._key) if self._key else 0

    @override
    def folded(self) -> None:
        if self._afresh:
            self._totals = {}
        for key, row in self._found.items():
            if row is None:
                self._totals.pop(key, None)
            else:
                self._totals[key] = row
        self._found, self._afresh = {}, False


def _finite(row: Row) -> bool:
    return all(value.is_finite() for value in row if isinstance(value, Decimal)) and not any(
        value != value for value in row
    )
