"""What of change capture is in a database: captured tables, their triggers, and what is wrong with them.

The catalogue is the only memory. ``sql/triggers.sql`` compares what should be there with what is, and says
the statement that makes the two equal; installing, taking away, following a table's new partitions and
telling what is wrong are four uses of its answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, Literal

from dashboard.postgres.connection import Connection, translated
from dashboard.sql import load

LOG = ("schema", "write_key", "rotate", "messages", "reading", "presence")
"""Files of SQL that make the log."""

_COMMENT = "change capture of the Python package dashboard, "

State = Literal["complete", "missing", "disabled", "altered", "surplus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One capture trigger: as it is, against what it should be.

    Parameters
    ----------
    table
        Quoted name of the table it stands on; for a partition not the table that was captured.
    statement
        What makes it complete; None where it is.
    """

    table: str
    name: str
    state: State
    owned: bool
    owner: str
    statement: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedTable:
    """A table whose changes are logged, under the oid that the log gives it.

    Parameters
    ----------
    oid
        Of the root, for a partitioned table.
    name
        Quoted and with its schema.
    """

    oid: int
    name: str
    triggers: tuple[Trigger, ...]

    @property
    def faults(self) -> tuple[Trigger, ...]:
        """Triggers that are missing, disabled, altered or too many."""
        return tuple(trigger for trigger in self.triggers if trigger.state != "complete")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureStatus:
    """What is installed in a database.

    Parameters
    ----------
    installed
        Whether there is a log.
    current
        Whether its functions are all there and those of this version of the package; install brings them up to date.
    owner
        The role that owns the log, None where there is none.
    """

    installed: bool
    current: bool
    owner: str | None
    tables: tuple[CapturedTable, ...]


@cache
def mark() -> str:
    """Return the comment on our schema; it changes with the SQL that makes the log."""
    return _COMMENT + hashlib.sha256("".join(map(load, LOG)).encode()).hexdigest()[:12]


def is_marked(comment: str | None) -> bool:
    """Whether a schema's comment says that it is ours, of this version or another."""
    return (comment or "").startswith(_COMMENT)


async def triggers(
    connection: Connection, tables: Sequence[int] | None = None, *, captured: bool = True
) -> list[tuple[int, str, Trigger]]:
    """Compare triggers with what they should be, each behind its captured table's oid and name.

    Parameters
    ----------
    tables
        Oids of tables to capture; None: those that are captured.
    captured
        False: no trigger should be there.
    """
    rows = await connection.fetch(load("triggers"), tables, captured)
    return [
        (
            row["root"],
            row["root_name"],
            Trigger(
                table=row["name"],
                name=row["trigger"],
                state=row["state"],
                owned=row["owned"],
                owner=row["owner"],
                statement=row["statement"],
            ),
        )
        for row in rows
    ]


async def captured_tables(connection: Connection) -> list[CapturedTable]:
    """Return the tables whose changes are logged."""
    found = await triggers(connection)
    return [
        CapturedTable(oid=oid, name=name, triggers=tuple(trigger for _, _, trigger in group))
        for (oid, name), group in groupby(found, key=lambda row: row[:2])
    ]


async def here(connection: Connection) -> Any:
    """Return what ``sql/capturing.sql`` says of this database, its log and this role."""
    return await connection.fetchrow(load("capturing"))


async def capture_status(connection: Connection) -> CaptureStatus:
    """Tell which tables are captured, and what is wrong with each."""
    with translated():
        place = await here(connection)
        return CaptureStatus(
            installed=place["has_log"],
            current=place["has_log"] and place["has_functions"] and place["comment"] == mark(),
            owner=place["owner"],
            tables=tuple(await captured_tables(connection)) if place["has_log"] else (),
        )
