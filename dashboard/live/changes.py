"""The changes of one tick, as plans ask for them. Shared by all queries, each question answered once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from dashboard.postgres.log import Change, Window
from dashboard.postgres.reading import Reading, Relation

_AT_HAND = {
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
        images = _images(self.by_relation.get(relation.oid, ()))
        texts = {tuple(_text(image.get(name)) for name in relation.key): None for image in images}
        types = [relation.types[relation.columns.index(name)] for name in relation.key]
        columns = [await self._typed([key[place] for key in texts], kind) for place, kind in enumerate(types)]
        return list(dict.fromkeys(zip(*columns, strict=True)))

    async def _typed(self, texts: Sequence[str | None], kind: str) -> list[Any]:
        convert = _AT_HAND.get(kind)
        if convert is not None:
            return [None if text is None else convert(text) for text in texts]
        rows = await self.reading.rows(f"SELECT unnest($1::text[]::{kind}[])", texts)
        return [row[0] for row in rows]


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
