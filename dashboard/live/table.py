"""One table to write to: values are checked against its columns before anything is shown or sent.

contacts = await session.table("contacts")
write = contacts.update(17, {"phone": "0171"}, seen={"phone": "0170"})     # shown at once
receipt = await write                                                      # PostgreSQL has it
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dashboard.errors import NotAWrite, NotNow
from dashboard.live.command import POLICIES, Command, Op, Policy
from dashboard.live.effect import Effect
from dashboard.live.values import coerced
from dashboard.live.write import Progress, Write
from dashboard.postgres.writable import WritableTable

Values = Mapping[str, Any]
Submit = Callable[[Sequence[Command], Progress | None], Write]


class Table:
    """A table, in the scope of whoever writes.

    Its columns are asked of PostgreSQL when it is awaited, or when something is written first.

    Parameters
    ----------
    name
        As one writes it in SQL.
    submit
        Takes the commands.
    known, ask
        Give what is known of it, at once or after asking.
    """

    def __init__(
        self,
        name: str,
        submit: Submit,
        known: Callable[[], WritableTable | None],
        ask: Callable[[], Any],
    ) -> None:
        self.name = name
        self._submit = submit
        self._known = known
        self._ask = ask

    def __await__(self) -> Generator[Any, None, Table]:
        async def ready() -> Table:
            await self._ask()
            return self

        return ready().__await__()

    @property
    def facts(self) -> WritableTable:
        """Its columns and key.

        Raises
        ------
        NotNow
            They have not been asked for.
        """
        found = self._known()
        if found is None:
            raise NotNow(f"The columns of {self.name} are not known yet.", "Await the table first.")
        return found

    def insert(self, values: Values) -> Write:
        """Write a new row.

        Raises
        ------
        NotAWrite
            A column is not there, or cannot take its value. So for all below.
        """
        return self._submit([self.inserting(values)], None)

    def insert_many(self, rows: Iterable[Values], *, progress: Progress | None = None) -> Write:
        """Write many new rows, all or none; `progress` is called with how many of how many are done."""
        return self._submit([self.inserting(values) for values in rows], progress)

    def update(
        self,
        key: Any,
        values: Values,
        *,
        seen: Values | None = None,
        guard: Values | None = None,
        policy: Policy = "ask",
    ) -> Write:
        """Change a row.

        Parameters
        ----------
        key
            Of the row: a value, a tuple in the key's order, or a mapping by column.
        values
            The columns to change.
        seen
            What the person saw; of it, the columns to change are compared with what is there. Who changes other
            columns of the same row is not in the way.
        guard
            What must be there besides, in columns that are not changed.
        policy
            What to do where it is not: see `Command`.
        """
        return self._submit([self.updating(key, values, seen=seen, guard=guard, policy=policy)], None)

    def delete(self, key: Any, *, seen: Values | None = None, policy: Policy = "ask") -> Write:
        """Delete a row; if `seen` is given, only as it was seen."""
        return self._submit([self.deleting(key, seen=seen, policy=policy)], None)

    def upsert(self, values: Values) -> Write:
        """Write a new row, or change the one that has its key."""
        return self._submit([self.upserting(values)], None)

    def inserting(self, values: Values, *, expected: Values | None = None) -> Command:
        """The command behind `insert`; `expected` is what the database will make of it (see `Effect`)."""
        table = self.facts
        checked = self._checked(values, table)
        for column in table.columns.values():
            if column.required and not column.has_default and not column.computed and column.name not in checked:
                raise NotAWrite(f"{column.name} of {table.name} must be given.", "Give it a value.", sql=table.quoted)
        full = _with_defaults(table, checked)
        key = {name: full[name] for name in table.key if full.get(name) is not None}
        key = key if len(key) == len(table.key) else {}
        return self._command("insert", table, values=checked, effect=Effect(
            relation=table.oid, op="insert", key=key, values=full, expected=expected or {}
        ))  # fmt: skip

    def updating(
        self,
        key: Any,
        values: Values,
        *,
        seen: Values | None = None,
        guard: Values | None = None,
        policy: Policy = "ask",
        expected: Values | None = None,
    ) -> Command:
        """The command behind `update`; `expected` is what the database will make of it (see `Effect`)."""
        table = self.facts
        row, checked = self._key(key, table), self._checked(values, table)
        if not checked:
            raise NotAWrite(f"There is nothing to change in {table.name}.", "Name a column.", sql=table.quoted)
        for name in (*checked, *(seen or ())):
            if table.column(name).always and name in checked:
                raise NotAWrite(
                    f"{name} of {table.name} is given by the database alone.", "Leave it out.", sql=table.quoted
                )
        compared = {name: value for name, value in (seen or {}).items() if name in checked} | dict(guard or {})
        return self._command(
            "update", table, key=row, values=checked, seen=_seen(table, compared), policy=policy,
            effect=Effect(relation=table.oid, op="update", key=row, values=checked, expected=expected or {}),
        )  # fmt: skip

    def deleting(self, key: Any, *, seen: Values | None = None, policy: Policy = "ask") -> Command:
        """The command behind `delete`."""
        table = self.facts
        row = self._key(key, table)
        return self._command(
            "delete", table, key=row, seen=_seen(table, seen or {}), policy=policy,
            effect=Effect(relation=table.oid, op="delete", key=row),
        )  # fmt: skip

    def upserting(self, values: Values) -> Command:
        """The command behind `upsert`."""
        table = self.facts
        checked = self._checked(values, table)
        row = self._key({name: checked.get(name) for name in table.key}, table)
        return self._command(
            "upsert", table, values=checked, effect=Effect(relation=table.oid, op="upsert", key=row, values=checked)
        )

    def changed(self, key: Any, expected: Values) -> Effect:
        """What a write to another table makes of a row of this one, to be shown with it (`Command.also`)."""
        return Effect(relation=self.facts.oid, op="update", key=self._key(key, self.facts), expected=dict(expected))

    def _command(
        self, op: Op, table: WritableTable, *, effect: Effect, key: Values | None = None, values: Values | None = None,
        seen: Values | None = None, policy: Policy = "ask",
    ) -> Command:  # fmt: skip
        if policy not in POLICIES:
            raise NotAWrite(f"There is no policy {policy!r}.", f"It is one of {', '.join(POLICIES)}.", sql=table.quoted)
        return Command(
            op=op,
            table=table.quoted,
            key=key or {},
            values=values or {},
            seen=seen,
            policy=policy,
            effects=(effect,),
            facts=table,
        )

    def _checked(self, values: Values, table: WritableTable) -> dict[str, Any]:
        for name in values:
            if table.column(name).computed:
                raise NotAWrite(
                    f"{name} of {table.name} is computed by the database.", "Leave it out.", sql=table.quoted
                )
        return {name: coerced(table, name, value) for name, value in values.items()}

    def _key(self, key: Any, table: WritableTable) -> dict[str, Any]:
        if not table.key:
            raise NotAWrite(
                f"{table.name} has no key, so no row of it can be named.", "Write it with SQL.", sql=table.quoted
            )
        parts = key if isinstance(key, tuple) else (key,)
        is_whole = isinstance(key, Mapping) or len(parts) == len(table.key)
        given = key if isinstance(key, Mapping) else dict(zip(table.key, parts, strict=False))
        if not is_whole or given.keys() != set(table.key) or any(value is None for value in given.values()):
            raise NotAWrite(
                f"The key of {table.name} is {', '.join(table.key)}.", "Give a value for each.", sql=table.quoted
            )
        return {name: coerced(table, name, given[name]) for name in table.key}


def _seen(table: WritableTable, seen: Values) -> dict[str, Any] | None:
    return {name: _as_seen(table, name, value) for name, value in seen.items()} or None


def _as_seen(table: WritableTable, name: str, value: Any) -> Any:
    """What was seen, as the driver gives it; what would not be taken any more may have been there before."""
    is_taken = value is not None and value == value  # not NaN
    return coerced(table, name, value) if is_taken else value


_CLOCK = frozenset({"now()", "CURRENT_TIMESTAMP", "clock_timestamp()", "statement_timestamp()"})


def _with_defaults(table: WritableTable, values: Values) -> dict[str, Any]:
    """The row as it will be stored, as far as that can be told; the key's own default cannot."""
    found = dict(values)
    for column in table.columns.values():
        if column.name in found or column.computed:
            continue
        if not column.has_default:
            found[column.name] = None
        elif column.default in _CLOCK and column.base == "timestamptz":
            found[column.name] = dt.datetime.now(dt.UTC)
        elif column.default is not None:
            known, value = _constant(column.default)
            if known:
                found[column.name] = coerced(table, column.name, value)
    return found


def _constant(text: str) -> tuple[bool, Any]:
    """Whether a default is a constant, and which: ``'lead'::text``, ``0``, ``true``."""
    if text in ("true", "false"):
        return True, text == "true"
    if text.startswith("'") and "'::" in text:
        literal, _, kind = text[1:].rpartition("'::")
        is_text = kind in ("text", "character varying", "bpchar") or "(" in kind
        return (True, literal.replace("''", "'")) if is_text and "'" not in literal.replace("''", "") else (False, None)
    try:
        return True, int(text) if text.lstrip("-").isdecimal() else Decimal(text)
    except ArithmeticError:
        return False, None
