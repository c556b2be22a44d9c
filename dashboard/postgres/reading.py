"""What a live query asks of PostgreSQL while a snapshot is open, always in its own scope.

The SQL of the user is wrapped, never rewritten; this module knows how to run it and what it touched, and nothing
of why.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dashboard.errors import QueryError
from dashboard.postgres.connection import Connection, allow, translated
from dashboard.postgres.scope import Scope, entered
from dashboard.settings import settings
from dashboard.sql import load

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer: its name and PostgreSQL's name of its type (``int8``, ``timestamptz``, ``text``)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What the catalogue says of a table, as one scope sees it; fields as in ``sql/relations.sql``."""

    name: str
    oid: int
    kind: str
    schema: str
    relation: str
    partition: bool
    secured: bool
    inherited: bool
    captured: bool
    policies_look_elsewhere: bool
    columns: tuple[str, ...]
    types: tuple[str, ...]
    unfaithful: tuple[str, ...]
    lenient: bool
    bytewise: tuple[bool, ...]
    key: tuple[str, ...]

    @property
    def quoted(self) -> str:
        """Its name with its schema, as SQL."""
        return f"{quoted(self.schema)}.{quoted(self.relation)}"


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a function by its name: it is volatile, may read tables, returns many rows."""

    volatile: bool
    opaque: bool
    many: bool


class Fingerprints(dict[int, str]):
    """By relation (oid), and under 0 for what stands behind all: a value that changes when its schema does."""

    def of(self, relations: Iterable[int]) -> Fingerprints:
        """Those of some relations, with what stands behind all."""
        return Fingerprints((relation, self.get(relation, "")) for relation in (0, *relations))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What a query reads without naming it: the clock, or tables that cannot be told."""

    clock: bool
    opaque: bool


class Reading:
    """An open snapshot on `connection`, and the questions a live query may put to it.

    Questions are answered in the scope that `within` has entered.

    Parameters
    ----------
    hurried
        Statements that take long are broken off already.
    """

    def __init__(self, connection: Connection, *, hurried: bool = False) -> None:
        self.connection = connection
        self._hurried = hurried

    @asynccontextmanager
    async def within(self, scope: Scope | None, *, guarded: bool = False) -> AsyncIterator[None]:
        """Answer the block's questions in `scope`.

        Parameters
        ----------
        scope
            None is the connection's own role.
        guarded
            Give the block a savepoint even without a scope: an error in it leaves the transaction usable, and
            the locks it took are released at its end.
        """
        async with entered(self.connection, scope, guarded=guarded):
            yield

    async def rows(self, sql: str, *parameters: Any) -> list[Row]:
        """Run a SELECT; rows as tuples of Python values.

        Raises
        ------
        QueryError
            It has more rows than are kept of one answer: memory is bounded, whatever somebody asks for.
        """
        most = settings().max_rows
        with translated(sql):
            records = await self.connection.fetch_at_most(most + 1, sql, *parameters)
        if len(records) > most:
            raise QueryError(
                f"The answer has more than {most:,} rows.",
                "Count or group them, add a LIMIT, show them as a Table, or raise DASHBOARD_MAX_ROWS.",
                sql=sql,
            )
        return [tuple(record) for record in records]

    async def batches(self, sql: str, *parameters: Any, size: int) -> AsyncIterator[list[Row]]:
        """Run a SELECT; its rows in batches, of which only one is here at a time."""
        with translated(sql):
            cursor = await self.connection.cursor(sql, *parameters)
            while records := await cursor.fetch(size):
                yield [tuple(record) for record in records]

    async def columns(self, sql: str) -> tuple[Column, ...]:
        """Names and types of the columns `sql` would return; parses and plans it, does not run it."""
        with translated(sql):
            prepared = await self.connection.prepare(sql, name="" if self.connection.pooled else None)
            return tuple(Column(a.name, str(a.type.name)) for a in prepared.get_attributes())

    async def relations(self, names: Sequence[str]) -> dict[str, Relation]:
        """The tables behind names as written in SQL; unknown names are left out."""
        with translated():
            found = await self.connection.fetch(load("relations"), list(names))
        return {row["name"]: _relation(row) for row in found}

    async def readable(self, relations: Sequence[int]) -> dict[int, frozenset[str]]:
        """The columns this role may read, by table (oid); tables of which it may read nothing are left out."""
        with translated():
            found = await self.connection.fetch(load("readable"), list(relations))
        return {row["relation"]: frozenset(row["columns"]) for row in found}

    async def functions(self, names: Sequence[str]) -> dict[str, Traits]:
        """Traits of functions by name; overloads count together, at their worst."""
        with translated():
            found = await self.connection.fetch(load("functions"), list(names)) if names else []
        return {row["name"]: Traits(row["volatile"], row["opaque"], row["many"]) for row in found}

    async def locked(self) -> frozenset[int]:
        """Oids of the relations this transaction has read so far (partitions as their root, no catalogues)."""
        with translated():
            return frozenset(row["relation"] for row in await self.connection.fetch(load("locked_relations")))

    async def behind(self, relations: Sequence[int], clock: str) -> Behind:
        """What stands behind relations (oids) in views, policies and functions; `clock` matches SQL that reads it."""
        with translated():
            row = (await self.connection.fetch(load("behind"), list(relations), clock))[0]
        return Behind(clock=row["clock"] or row["opaque"], opaque=row["opaque"])

    async def uncaptured(self, relations: Sequence[int]) -> list[str]:
        """Names of those among `relations` (oids) whose changes the log does not see."""
        with translated():
            return [row["name"] for row in await self.connection.fetch(load("uncaptured"), list(relations))]

    async def fingerprints(self, relations: Sequence[int]) -> Fingerprints:
        """Values that change with the schema, policies, grants or capture behind `relations` (oids)."""
        with translated():
            rows = await self.connection.fetch(load("fingerprint"), list(relations))
        return Fingerprints((row["relation"], row["fingerprint"]) for row in rows)

    async def hurry(self, seconds: float) -> None:
        """Break off statements that take longer, until the snapshot is closed or `take_time`."""
        if not self._hurried:
            await allow(self.connection, seconds)
            self._hurried = True

    async def take_time(self) -> None:
        """Let statements take as long as the connection lets them."""
        if self._hurried:
            await allow(self.connection, None)
            self._hurried = False

    async def forget_plans(self) -> None:
        """Drop what the driver remembers of types and statements: the schema has changed."""
        with translated():
            await self.connection.reload_schema_state()


def _relation(row: Any) -> Relation:
    values = dict(row)
    for name in ("columns", "types", "unfaithful", "bytewise", "key"):
        values[name] = tuple(values[name] or ())
    return Relation(**values)
