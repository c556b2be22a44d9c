"""What a reader can do with the rows of a table: with one of them, or with several as one step.

    async def pause(asked: Asked) -> Write:
        assets = await session.table("assets")
        return session.submit([
            assets.updating(row["id"], {"status": "paused"}, seen={"status": row["status"]}) for row in asked.rows
        ])

    Table(session.query(…), acts=[Act("Pause", pause, when={"status": ("active",)}, done="paused")], choose=True)

What may be done with which row is declared by values of its columns, so that the picture that says so is drawn once for
all readers, and so that the server can check what a browser sends: it names an act and keys, and gets nowhere but with
acts that were declared, on rows that this reader's own query holds, where they are possible. Who may write what is
PostgreSQL's to decide all the same. What becomes of the write is told by :mod:`.outcome`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any

from dashboard.errors import ConnectError, ConnectionLost, DashboardError, NotNow, ViewError
from dashboard.live import SessionQuery
from dashboard.live.effect import Provisional

from . import codec
from .editing import tell
from .entering import named
from .guest import guest
from .outcome import follow, resume
from .toast import toast
from .viewer import viewer
from .waiting import check_room

if TYPE_CHECKING:
    from dashboard.live import LiveQuery
    from dashboard.live.write import Write

    from .channel import Binding

MOST = 500
"""Rows that one act may concern."""
MOST_OPEN = 20
"""Acts of one page that may be on their way."""
LONGEST = 200
"""Characters of what is entered."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is asked before an act is done.

    Parameters
    ----------
    name, label
        What the act calls it, and what the reader sees.
    start
        Column whose value stands there at first; empty for none.
    options
        Column that lists what may be chosen; empty for a number.
    unit
        Said beside it.
    least
        Of a number: below it nothing is taken; None for no bound.
    """

    name: str
    label: str
    start: str = ""
    options: str = ""
    unit: str = ""
    least: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader wants done.

    Parameters
    ----------
    rows
        The rows as the reader's query holds them, by column.
    values
        What was entered.
    on
        Of a toggle: what it is to be.
    """

    rows: Sequence[Row]
    values: Mapping[str, Any] = field(default_factory=dict)
    on: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """With which rows an act is possible, and how it stands: the part of an act that all readers share."""

    when: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    pressed: str = ""
    entries: tuple[Entry, ...] = ()

    def allows(self, row: Row) -> bool:
        """Whether it is possible with a row."""
        return all(row.get(name) in values for name, values in self.when)

    def mark(self, row: Row) -> str:
        """How it stands in a row: ``-`` not possible, ``o`` possible, ``x`` a toggle that is on."""
        return "-" if not self.allows(row) else "x" if self.pressed and row.get(self.pressed) else "o"

    def starts(self, row: Row) -> list[list[Any]]:
        """What its entries begin with in a row, and what they offer."""
        if not self.allows(row):
            return []
        return [
            [codec.cell(row.get(one.start)), [str(value) for value in row.get(one.options) or ()]]
            for one in self.entries
        ]


@dataclass(frozen=True)
class Act:
    """Something that can be done with rows.

    Parameters
    ----------
    label
        What its button says.
    do
        Makes the write, given what was asked; a `DashboardError` is told to the reader.
    when
        Values by column, with which a row must agree; by default it is possible with every row.
    pressed
        Of a toggle: the column that says whether it is on.
    entries
        What is asked beforehand; such an act is for one row at a time.
    icon
        Shown instead of the label.
    done
        What was done, in the message to the reader: ``"paused"``.
    undone
        The same where a toggle was turned off.
    undo
        Whether it may be taken back by whoever did it.
    many
        Whether it may be done with several rows at once, where these can be chosen.
    """

    label: str
    do: Callable[[Asked], Awaitable[Write]]
    _: KW_ONLY
    when: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    pressed: str = ""
    entries: tuple[Entry, ...] = ()
    icon: str = ""
    done: str = "saved"
    undone: str = ""
    undo: bool = True
    many: bool = True

    @property
    def rule(self) -> Rule:
        """Its part that all readers share."""
        return Rule(tuple((name, tuple(values)) for name, values in self.when.items()), self.pressed, self.entries)

    @property
    def is_for_many(self) -> bool:
        """Whether it may be done with several rows at once."""
        return self.many and not self.entries

    def options(self) -> dict[str, Any]:
        """What the browser needs to know of it."""
        entries = [
            [one.name, one.label, bool(one.options), one.unit, None if one.least is None else str(one.least)]
            for one in self.entries
        ]
        return {
            "label": self.label, "icon": self.icon, "toggle": bool(self.pressed), "many": self.is_for_many,
            "entries": entries,
        }  # fmt: skip


def marks(rules: Sequence[Rule], key: object, row: Row, state: str | None = None) -> list[Any]:
    """How all acts stand in a row, for the browser, and the state of what is being written to it.

    A row that PostgreSQL has not stored yet has to wait.
    """
    if is_new(key):
        return ["-" * len(rules), [[] for rule in rules if rule.entries], state]
    return ["".join(rule.mark(row) for rule in rules), [rule.starts(row) for rule in rules if rule.entries], state]


class Acting:
    """What the readers of a view do.

    Parameters
    ----------
    acts
        All there are.
    things
        What one row is called, and several.
    choose
        Whether several may be chosen.
    named_by
        Column whose value tells the reader which row it is.
    """

    def __init__(self, acts: Sequence[Act], things: tuple[str, str], choose: bool, named_by: str = "") -> None:
        self.acts = tuple(acts)
        self._named_by = named_by
        self._things = things
        self._choose = choose
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: dict[str, Write | None] = {}  # by what was asked, until PostgreSQL has decided

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once; a guest's browser, by what it is known again."""
        secret = guest().secret if self.acts and viewer() is None else ""
        return {"acts": [act.options() for act in self.acts], "choose": self._choose, "guest": secret}

    def resume(self, binding: Binding, query: LiveQuery | None) -> None:
        """A page is there: what became of this reader's acts since the last one is told."""
        if self.acts and isinstance(query, SessionQuery):
            resume(binding, query.session, None)

    def heard(self, binding: Binding, query: LiveQuery | None, message: Any) -> None:
        """The reader does something: `{"event": "act", "value": {"act", "keys", "values", "on"}}`."""
        if not isinstance(message, dict) or message.get("event") != "act" or not isinstance(message.get("value"), dict):
            return
        value = message["value"]
        number = value.get("act")
        if type(number) is not int or not 0 <= number < len(self.acts):
            return
        asked = repr([binding.name, number, value.get("keys"), value.get("values"), value.get("on")])
        if not self._is_under_way(asked):
            self._under_way[asked] = None
            task = asyncio.get_running_loop().create_task(self._done(binding, query, self.acts[number], value, asked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _is_under_way(self, asked: str) -> bool:
        """Whether the very same is being done: a second click on a button does nothing twice."""
        self._under_way = {name: write for name, write in self._under_way.items() if write is None or write.is_open}
        return asked in self._under_way

    async def _done(
        self, binding: Binding, query: LiveQuery | None, act: Act, value: Mapping[str, Any], name: str
    ) -> None:
        one, several = self._things
        try:
            if not isinstance(query, SessionQuery):
                raise ViewError("Nothing can be done with these rows.", "Ask for them in a session: session.query(…).")
            if len(self._tasks) > MOST_OPEN:
                raise NotNow("Too much is on its way.", "Wait a moment, then try again.")
            check_room(query.session)
            asked = self._asked(binding, act, value)
            write = self._under_way[name] = await act.do(asked)
            what = one.capitalize() if len(asked.rows) == 1 else f"{len(asked.rows):,} {several}"
            of = named(asked.rows[0], one, self._named_by) if len(asked.rows) == 1 else ""
            done = act.done if asked.on else act.undone or act.done
            again = partial(_reopen, binding, value) if act.entries else None
            follow(binding, query.session, write, title=what, of=of, done=done, undo=act.undo, edit=again)
        except DashboardError as error:
            is_away = isinstance(error, ConnectError | ConnectionLost)
            text = "The database does not answer. Try again when it is back." if is_away else str(error)
            toast(binding, text, title=f"{act.label} did not work", tone="bad", key=f"act {act.label}")
        finally:
            if self._under_way.get(name) is None:
                self._under_way.pop(name, None)

    def _asked(self, binding: Binding, act: Act, value: Mapping[str, Any]) -> Asked:
        """What was asked for, if it may be.

        Raises
        ------
        NotNow
            It may not.
        """
        keys = value.get("keys")
        most = MOST if self._choose and act.is_for_many else 1
        if not isinstance(keys, list) or not 0 < len(keys) <= most:
            raise NotNow(f"This is possible with at most {most:,} rows at once.", "Choose fewer.")
        known = rows_shown(binding)
        rule = act.rule
        rows = [known[key] for key in dict.fromkeys(map(str, keys)) if key in known]
        if len(rows) < len(set(map(str, keys))):
            raise NotNow("Some of it is not on this page any more.", "Choose again.")
        if not all(rule.allows(row) for row in rows):
            raise NotNow("This is not possible any more: it has changed meanwhile.", "Look at it again.")
        given = value.get("values")
        values = {one.name: _entered(one, given if isinstance(given, dict) else {}, rows[0]) for one in act.entries}
        return Asked(rows=rows, values=values, on=not act.pressed or value.get("on") is True)


def _reopen(binding: Binding, value: Mapping[str, Any], write: Write) -> None:
    """Ask again for what was refused, with what was entered and why it did not go."""
    key = str(value["keys"][0])
    tell(binding, "act", {"act": value["act"], "key": key, "values": value.get("values"), "problem": str(write.error)})


def rows_shown(binding: Binding) -> dict[str, Row]:
    """The rows that this reader's page of a query holds, by key as the browser knows it."""
    if binding.strand is None or not binding.strand.queries:
        return {}
    page = binding.strand.queries[0]
    names = [column.name for column in page.columns]
    rows = ((key, row) for key, row in page.state.rows.items() if not is_new(key))
    return {codec.key_text(key): dict(zip(names, row, strict=True)) for key, row in rows}


def is_new(key: object) -> bool:
    """Whether a row has only the key that stands in until PostgreSQL gives it one."""
    return any(isinstance(part, Provisional) for part in (key if isinstance(key, tuple) else (key,)))


def _entered(entry: Entry, given: Mapping[str, Any], row: Row) -> Any:
    """What was entered, if it is one of the options, or a number."""
    text = str(given.get(entry.name, "")).strip()
    if len(text) > LONGEST:
        raise NotNow(f"{entry.label} is too long.", f"At most {LONGEST} characters are taken.")
    if entry.options:
        if text not in [str(one) for one in row.get(entry.options) or ()]:
            raise NotNow(f"{text or 'Nothing'} cannot be chosen as {entry.label}.", "Choose one that is offered.")
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise NotNow(f"{entry.label} must be a number.", "Enter one, for example 12.50.")
    if entry.least is not None and number < entry.least:
        raise NotNow(f"{entry.label} {number} is too little.", f"At least {entry.least} is taken.")
    return number
