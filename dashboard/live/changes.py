"""The changes of one tick, as plans ask for them. Shared by all queries, each question answered once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import cached_property
from typing import Any
from uuid import UUID

from dashboard.live.step import without_nan
from dashboard.postgres.log import Change, Window
from dashboard.postgres.reading import Reading, Relation, quoted

_AT_HAND: dict[str, Callable[[str], Hashable]] = {
    "smallint": int,
    "integer": int,
    "bigint": int,
    "text": str,
    "character varying": str,
    "uuid": UUID,
}
TOO_MANY = 2_000
"""Changed rows of one table in one tick from which reading the whole answer again is the cheaper way."""


class Changes:
    """What happened between two snapshots, by table.

    Parameters
    ----------
    window
        The log's rows.
    standby
        The server is a hot standby, whose snapshots overlap: the same change may come twice.
    reading
        The open snapshot, for values that only PostgreSQL can read from an image.
    """

    def __init__(self, window: Window, reading: Reading, *, standby: bool = False) -> None:
        self.window = window
        self.standby = standby
        self.reading = reading
        self._keys: dict[int, list[tuple[Hashable, ...]]] = {}

    @cached_property
    def by_relation(self) -> dict[int, list[Change]]:
        """Changes of each table (oid), in their order; flooded tables are missing here."""
        found: dict[int, list[Change]] = {}
        for change in self.window.changes:
            found.setdefault(change.relation, []).append(change)
        return found

    @cached_property
    def relations(self) -> frozenset[int]:
        """Tables (oid) that changed at all."""
        return frozenset(self.by_relation) | frozenset(self.window.flooded)

    @cached_property
    def wholesale(self) -> frozenset[int]:
        """Tables that were truncated, or changed too much to be followed row by row."""
        truncated = {change.relation for change in self.window.changes if change.op == "T"}
        many = {relation for relation, changes in self.by_relation.items() if len(changes) > TOO_MANY}
        return frozenset(self.window.flooded) | truncated | many

    def images(self, relation: int, side: str) -> list[str]:
        """JSON texts of the rows before (``old``) or after (``new``)."""
        texts = (change.old_text if side == "old" else change.new_text for change in self.by_relation.get(relation, ()))
        return [text for text in texts if text is not None]

    async def keys(self, relation: Relation) -> list[tuple[Hashable, ...]]:
        """Keys of changed rows, before and after, as PostgreSQL's values."""
        if relation.oid not in self._keys:
            self._keys[relation.oid] = await self._read_keys(relation)
        return self._keys[relation.oid]

    async def _read_keys(self, relation: Relation) -> list[tuple[Hashable, ...]]:
        types = [relation.types[relation.columns.index(name)] for name in relation.key]
        if not _AT_HAND.keys() >= set(types):
            return await self._ask_keys(relation)
        converts = [_AT_HAND[kind] for kind in types]
        images = _images(self.by_relation.get(relation.oid, ()))
        texts = {tuple(_text(image.get(name)) for name in relation.key) for image in images}
        return [
            tuple(None if text is None else convert(text) for text, convert in zip(key, converts, strict=True))
            for key in texts
        ]

    async def _ask_keys(self, relation: Relation) -> list[tuple[Hashable, ...]]:
        """Keys whose types only PostgreSQL can read from an image exactly, numeric and timestamps for example."""
        columns = ", ".join(f"r.{quoted(name)}" for name in relation.key)
        row = f"jsonb_populate_record(NULL::{relation.quoted}, image) AS r"
        images = self.images(relation.oid, "old") + self.images(relation.oid, "new")
        rows = await self.reading.rows(f"SELECT {columns} FROM unnest($1::jsonb[]) AS image, {row}", images)
        return list(dict.fromkeys(without_nan(row) for row in rows))


def _images(changes: Iterable[Change]) -> Iterable[Any]:
    for change in changes:
        if change.old is not None:
            yield change.old
        if change.new is not None:
            yield change.new


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
