"""What a typed write must know of a table: its columns with their types and bounds, and its key."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.errors import NotAWrite, RelationNotFound
from dashboard.postgres.connection import Connection, translated
from dashboard.postgres.reading import Reading, quoted
from dashboard.sql import load


@dataclass(frozen=True, slots=True, kw_only=True)
class WritableColumn:
    """One column; fields as in ``sql/writable.sql``."""

    name: str
    type: str
    base: str
    length: int | None
    precision: int | None
    scale: int | None
    required: bool
    has_default: bool
    computed: bool
    always: bool
    default: str | None
    labels: tuple[str, ...]
    readable: bool
    insertable: bool = True
    updatable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WritableTable:
    """One table, as a scope's role sees it."""

    oid: int
    schema: str
    name: str
    columns: dict[str, WritableColumn]
    key: tuple[str, ...]
    cascades: bool
    deletable: bool = True

    @property
    def quoted(self) -> str:
        """Its name with its schema, as SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    def column(self, name: str) -> WritableColumn:
        """One of its columns.

        Raises
        ------
        NotAWrite
            There is none of that name.
        """
        found = self.columns.get(name)
        if found is None:
            raise NotAWrite(
                f"{self.name} has no column {name!r}.", f"It has {', '.join(self.columns)}.", sql=self.quoted
            )
        return found


async def writable(connection: Connection, name: str) -> WritableTable:
    """What there is to know of a table, by its name as one writes it in SQL.

    Raises
    ------
    RelationNotFound
        There is none of that name, or this role may not look into its schema.
    """
    with translated(name):
        rows = await connection.fetch(load("writable"), name)
    relation = (await Reading(connection).relations([name])).get(name)
    if not rows or relation is None:
        raise RelationNotFound(
            f"There is no table {name}.",
            'Check its spelling and schema; a name with capitals needs quotes, as in sales."Order".',
            relation=name,
        )
    fields = [field for field in WritableColumn.__slots__ if field not in ("name", "labels")]
    columns = {
        row["column"]: WritableColumn(
            name=row["column"], labels=tuple(row["labels"] or ()), **{field: row[field] for field in fields}
        )
        for row in rows
    }
    first = rows[0]
    return WritableTable(
        oid=first["relation"],
        schema=first["schema"],
        name=first["name"],
        columns=columns,
        key=relation.key,
        cascades=first["cascades"],
        deletable=first["deletable"],
    )
