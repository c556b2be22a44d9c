"""Several writes as one: one transaction, one step on the page, one refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboard.live.command import Command
from dashboard.live.table import Table
from dashboard.live.write import Progress, Receipt, Write

if TYPE_CHECKING:
    from dashboard.live.writing import Writing
    from dashboard.postgres.scope import Scope


class Batch:
    """What is collected in the block of `Session.batch` or `Live.batch`.

    Attributes
    ----------
    commands
        So far.
    receipt
        After the block.
    """

    def __init__(self, live: Writing, scope: Scope | None) -> None:
        self.commands: list[Command] = []
        self.receipt: Receipt | None = None
        self._live = live
        self._scope = scope

    async def write(self, sql: str, *parameters: Any, whole_table: bool = False) -> None:
        """Add a statement."""
        self.commands.append(await self._live.command(sql, parameters, self._scope, whole_table=whole_table))

    async def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Add new rows of a table."""
        to = await self._table(table)
        self.commands += [to.inserting(values) for values in rows]

    async def update(self, table: str, key: Any, values: Mapping[str, Any], **how: Any) -> None:
        """Add a change of a row; see `Table.update`."""
        self.commands.append((await self._table(table)).updating(key, values, **how))

    async def delete(self, table: str, key: Any, **how: Any) -> None:
        """Add the deletion of a row; see `Table.delete`."""
        self.commands.append((await self._table(table)).deleting(key, **how))

    async def upsert(self, table: str, values: Mapping[str, Any]) -> None:
        """Add a row that is new, or changes the one with its key."""
        self.commands.append((await self._table(table)).upserting(values))

    async def _table(self, name: str) -> Table:
        return await self._live.table_for(name, self._scope, _collected)


def _collected(commands: Sequence[Command], progress: Progress | None) -> Write:
    raise AssertionError("a batch is written as a whole")
