"""One step of a write: a statement of the user's, or a typed change of one row; plain values that a disk can keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dashboard.live.effect import Effect
from dashboard.postgres.writable import WritableTable

Op = Literal["statement", "insert", "update", "delete", "upsert"]
Policy = Literal["ask", "mine", "theirs", "merge"]
POLICIES: tuple[Policy, ...] = ("ask", "mine", "theirs", "merge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is to be done.

    Parameters
    ----------
    op
        ``statement`` runs `sql` with `parameters`; the others change one row of `table`.
    table
        Its quoted name.
    key
        The row, by the columns of the table's key.
    values
        What is written, by column.
    seen
        What the person saw, by column; compared with what is there before it is written. None compares nothing.
    policy
        What to do where the two differ: ``ask`` refuses with a `Conflict`, ``mine`` writes, ``theirs`` leaves the
        row, ``merge`` writes those columns that nobody else has changed.
    effects
        What is known beforehand of the rows it changes.
    facts
        Of the table, while they are at hand.
    """

    op: Op
    sql: str = ""
    parameters: tuple[Any, ...] = ()
    table: str = ""
    key: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] | None = None
    policy: Policy = "ask"
    effects: tuple[Effect, ...] = ()
    facts: WritableTable | None = field(default=None, compare=False, repr=False)

    def also(self, *effects: Effect) -> Command:
        """The same, which is known to change other rows too; see `Table.changed`."""
        return replace(self, effects=(*self.effects, *effects))

    @property
    def text(self) -> str:
        """What it does, for a message or the log."""
        return self.sql or f"{self.op} {self.table}"
