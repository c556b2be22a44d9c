"""Editing the rows of a table where they stand: cells, a form for new rows, deletion.

    session = live.session()
    contacts = session.query("SELECT id, name, stage FROM contacts ORDER BY name")
    dashboard.Table(contacts, edit=Editing(session, "contacts", ["name", "stage"], create=["name"], delete=True))

What a reader changes is compared with what they saw of it, and shows in the next frame. The browser names rows by their
keys and cells by the query's columns; what may be changed is declared here, and a row can only be named that the reader
has been shown. A value that does not fit is told where it was entered; what the database refuses, by `outcome`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboard.errors import DashboardError, NotNow, ViewError
from dashboard.live import LiveQuery

from . import codec
from .entering import Choices, Unfit, entered, fitting, is_free, kind_of, label, named, offered
from .guest import guest
from .outcome import follow, resume
from .toast import toast
from .viewer import viewer
from .waiting import check_room

if TYPE_CHECKING:
    from dashboard.live.session import Session
    from dashboard.live.write import Write
    from dashboard.postgres.writable import WritableTable

    from .channel import Binding

MOST_NOTED = 50
"""Rows of a page that are remembered as they were when somebody began to edit them."""


class Editing:
    """What a reader may change of a table's rows.

    Parameters
    ----------
    session
        In which they write; the table's query must be of it.
    table
        The table whose rows the query shows, as one writes it in SQL; the query must select its key.
    columns
        Columns of the query that can be changed.
    choices
        What can be chosen in a column: a list, or a query of values, and of labels if it has a second column. Of an
        enum PostgreSQL tells it.
    create
        Columns that are asked for of a new row; None: none can be made. All others have their defaults, or are `given`.
    given
        What a new row has besides, by column of the table.
    delete
        Whether rows can be deleted.
    thing
        What a row is called: ``"contact"``.
    names
        Columns of the table by that of the query, where they differ.
    hints
        A few words on what fits, by column: ``{"country": "two letters, as in DE"}``.
    """

    def __init__(
        self,
        session: Session,
        table: str,
        columns: Sequence[str],
        *,
        choices: Choices | None = None,
        create: Sequence[str] | None = None,
        given: Mapping[str, Any] | None = None,
        delete: bool = False,
        thing: str = "row",
        names: Mapping[str, str] | None = None,
        hints: Mapping[str, str] | None = None,
    ) -> None:
        self.session = session
        self.columns = tuple(columns)
        self.thing = thing
        self.labels: dict[str, str] = {}
        self._name = table
        self._table = session.table(table)
        self._choices = dict(choices or {})
        self._create = None if create is None else tuple(create)
        self._given = dict(given or {})
        self._delete = delete
        self._names = dict(names or {})
        self._hints = dict(hints or {})
        self._tasks: set[asyncio.Task[None]] = set()

    def join(self, query: object, labels: Mapping[str, str]) -> None:
        """Be the editing of a table of this query, whose columns are called so.

        Raises
        ------
        ViewError
            What is written in the session would not show in the query.
        """
        if isinstance(query, LiveQuery) and getattr(query, "session", None) is not self.session:
            raise ViewError("The table's query is not of the session that edits it.", "Ask it there: session.query(…).")
        self.labels = dict(labels)

    def options(self) -> dict[str, Any]:
        """What the browser needs to know at once; the rest it asks for."""
        return {
            "columns": list(self.columns), "create": self._create is not None, "delete": self._delete,
            "thing": self.thing, "guest": guest().secret if viewer() is None else "",
        }  # fmt: skip

    def heard(self, binding: Binding, message: Any) -> None:
        """The reader edits: ``{"event": "row", "value": {"do": …}}``."""
        value = message.get("value") if isinstance(message, dict) and message.get("event") == "row" else None
        if not isinstance(value, dict):
            return
        if value.get("do") == "open":
            self._note(binding, str(value.get("key")))
            return
        try:
            check_room(self.session, len(self._tasks))
        except NotNow as error:
            tell(binding, "unfit", {"id": value.get("id"), "problems": {"": str(error)}})
            return
        work = self._told(binding) if value.get("do") == "fields" else self._done(binding, value)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told(self, binding: Binding) -> None:
        """Tell the browser how each column is entered, and follow what earlier pages have left."""
        try:
            facts = (await self._table).facts
            self._check(binding)
            fields = [await self._field(facts, name) for name in dict.fromkeys((*self.columns, *(self._create or ())))]
        except DashboardError as error:
            toast(binding, str(error), title=f"{self.thing.capitalize()} cannot be edited now", tone="warn", key="edit")
            return
        tell(binding, "fields", {"fields": fields, "confirm": facts.cascades})
        resume(binding, self.session, facts.quoted, **self._manner(binding, "saved"))

    def _check(self, binding: Binding) -> None:
        selected = [] if binding.strand is None else [one.name for one in binding.strand.queries[0].columns]
        lacking = [name for name in self.columns if selected and name not in selected]
        if lacking:
            raise ViewError(f"The query does not select {lacking[0]}.", "Select what is to be edited, or leave it out.")

    async def _field(self, facts: WritableTable, name: str) -> dict[str, Any]:
        column = facts.column(self._of(name))
        kind = "choice" if name in self._choices or column.labels else kind_of(column)
        choices = [list(one) for one in await offered(self._choices.get(name, column.labels))]
        return {
            "name": name, "label": self.labels.get(name, label(name)), "hint": self._hints.get(name, ""),
            "kind": kind, "choices": choices, "whole": column.base in ("int2", "int4", "int8"),
            "required": column.required, "default": column.has_default, "most": column.length,
            "isAsked": name in (self._create or ()) and column.insertable,
            "isEdited": name in self.columns and column.updatable and not column.computed,
        }  # fmt: skip

    async def _done(self, binding: Binding, value: Mapping[str, Any]) -> None:
        """Do it, and say so once the page has been sent what it shows then."""
        answer: dict[str, Any] = {"id": value.get("id")}
        try:
            facts = await self._facts()
            write, done = self._written(binding, facts, value)
        except Unfit as error:
            tell(binding, "unfit", {**answer, "problems": error.problems})
        except DashboardError as error:
            tell(binding, "unfit", {**answer, "problems": {"": str(error)}})
        else:
            follow(binding, self.session, write, of=self._named(binding, value, write), **self._manner(binding, done))
            asyncio.get_running_loop().call_soon(tell, binding, "saved", answer)

    async def _facts(self) -> WritableTable:
        """What is known of the table; to ask again would keep the person waiting while the database is away."""
        try:
            return self._table.facts
        except NotNow:
            return (await self._table).facts

    def _written(self, binding: Binding, facts: WritableTable, value: Mapping[str, Any]) -> tuple[Write, str]:
        do = value.get("do")
        told = value.get("values")
        given = told if isinstance(told, dict) else {}
        if do == "create" and self._create is not None:
            return self._table.insert({**self._new(facts, given), **self._given}), "created"
        row = self._shown(binding, str(value.get("key"))) or self._noted(binding, str(value.get("key")))
        if row is None:
            raise NotNow("This row is not on the page any more.", "Look for it, then try again.")
        if do == "delete" and self._delete:
            return self._table.delete(self._key(facts, row)), "deleted"
        if do != "save":
            raise NotNow(f"This {self.thing} cannot be changed like this.", "Load the page again.")
        values = fitting(facts, given, {name: self._of(name) for name in self.columns}, self.labels)
        seen = value.get("seen")
        known = {
            self._of(name): self._seen(binding, str(value.get("key")), name, cell)
            for name, cell in (seen.items() if isinstance(seen, dict) else ())
            if self._of(name) in values
        }
        return self._table.update(self._key(facts, row), values, seen=known), "saved"

    def _new(self, facts: WritableTable, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new row, as far as it was entered: what was left empty is the database's to choose, where it can."""
        asked = {name: self._of(name) for name in self._create or ()}
        left = {name for name in asked if entered(given.get(name)) is None and is_free(facts, asked[name])}
        return fitting(facts, {name: given.get(name) for name in asked if name not in left}, asked, self.labels)

    def _key(self, facts: WritableTable, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = {self._of(name): value for name, value in row.items()}
        if not facts.key or any(shown.get(name) is None for name in facts.key):
            raise ViewError(
                f"This {self.thing} cannot be told from others, or is not stored yet.",
                f"Wait a moment; the query has to select {', '.join(facts.key) or 'a key'}.",
            )
        return {name: shown[name] for name in facts.key}

    def _seen(self, binding: Binding, key: str, name: str, cell: Any) -> Any:
        """What the person saw in a cell, exactly: the browser was given it rounded to what JSON carries."""
        for row in (self._shown(binding, key), self._noted(binding, key)):
            if row is not None and codec.cell(row.get(name)) == cell:
                return row[name]
        return cell

    def _note(self, binding: Binding, key: str) -> None:
        """Somebody begins to edit a row, which may leave the page meanwhile."""
        row = self._shown(binding, key)
        noted = binding.choice.setdefault("edited", {})
        if row is not None:
            noted[key] = row
            for old in list(noted)[:-MOST_NOTED]:
                del noted[old]

    def _noted(self, binding: Binding, key: str) -> dict[str, Any] | None:
        row: dict[str, Any] | None = binding.choice.get("edited", {}).get(key)
        return row

    def _shown(self, binding: Binding, key: str) -> dict[str, Any] | None:
        """A row of the reader's page, by the query's columns."""
        page = None if binding.strand is None else binding.strand.queries[0]
        if page is None:
            return None
        row = next((row for known, row in page.state.rows.items() if codec.key_text(known) == key), None)
        names = [column.name for column in page.columns]
        return None if row is None else dict(zip(names, row, strict=True))

    def _named(self, binding: Binding, value: Mapping[str, Any], write: Write) -> str:
        """What the reader calls the row: as it was before this write."""
        row = self._noted(binding, str(value.get("key"))) or self._shown(binding, str(value.get("key")))
        first = next(iter(self.labels or self.columns), "")
        if row is None:
            row = {name: written for name, written in write.commands[0].values.items() if isinstance(written, str)}
        return named(row, self.thing, first)

    def _manner(self, binding: Binding, done: str) -> dict[str, Any]:
        labels = {self._of(name): self.labels.get(name, label(name)) for name in (*self.columns, *(self._create or ()))}
        title = self.thing.capitalize()
        return {"title": title, "done": done, "labels": labels, "edit": lambda write: self._reopen(binding, write)}

    def _reopen(self, binding: Binding, write: Write) -> None:
        """Open what was refused again, with what was typed."""
        command = write.commands[0]
        queried = {self._of(name): name for name in (*self.columns, *(self._create or ()))}
        values = {queried[name]: codec.cell(value) for name, value in command.values.items() if name in queried}
        key = tuple(command.key.values())
        named = codec.key_text(key[0] if len(key) == 1 else key) if command.op == "update" else None
        told = write.error if isinstance(write.error, DashboardError) else None
        columns = [queried[name] for name in getattr(told, "columns", ()) if name in queried]
        problems = {column: str(told) for column in columns[:1]} or {"": str(told)}
        seen = {queried[name]: codec.cell(value) for name, value in (command.seen or {}).items() if name in queried}
        if command.op in ("insert", "update"):
            tell(binding, "edit", {"key": named, "values": values, "seen": seen, "problems": problems})

    def _of(self, name: str) -> str:
        return self._names.get(name, name)


def tell(binding: Binding, event: str, value: Any) -> None:
    """Say something to one view on one page that is no picture."""
    channel = binding.channel
    channel.tell({"said": [{"view": binding.name, "token": channel.token, "event": event, "value": value}]})
