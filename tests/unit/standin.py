"""A `Live` without a database: the interface that the views stand on, moved by hand.

`query.put({key: row, …})`, `query.drop(key, …)` and `query.fail(error)` say what a database would have said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass
class Frame:
    columns: tuple[Column, ...] = ()
    rows: dict[Any, tuple[Any, ...]] = field(default_factory=dict)
    order: Callable[[tuple[Any, ...]], Any] | None = None
    version: int = 0

    @property
    def keys(self) -> list[Any]:
        if self.order is None:
            return list(self.rows)
        return sorted(self.rows, key=lambda key: self.order(self.rows[key]))  # type: ignore[misc]

    @property
    def frame(self) -> pd.DataFrame:
        names = [column.name for column in self.columns]
        return pd.DataFrame([self.rows[key] for key in self.keys], columns=names)


@dataclass(frozen=True)
class Delta:
    keys: tuple[Any, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    removed_keys: tuple[Any, ...] = ()
    replaced: bool = False
    offset: str = ""
    at: dt.datetime | None = None


class Subscription:
    def __init__(self, callbacks: list[Any], callback: Any) -> None:
        self.callbacks, self.callback = callbacks, callback
        callbacks.append(callback)

    def close(self) -> None:
        if self.callback in self.callbacks:
            self.callbacks.remove(self.callback)


@dataclass
class State:
    state: str = "live"
    since: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    lag: float | None = 0.012
    reason: str = ""
    error: Any = None


class Query:
    def __init__(self, live: StandIn, sql: str, parameters: tuple[Any, ...], scope: Any, priority: str) -> None:
        self.live, self.sql, self.parameters, self.scope, self.priority = live, sql, parameters, scope, priority
        self.state = Frame()
        self.is_ready = False
        self.error: Any = None
        self.offset = "1:1:"
        self.at: dt.datetime | None = None
        self.callbacks: list[Any] = []

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.state.columns

    @property
    def frame(self) -> pd.DataFrame:
        return self.state.frame

    def ask(self, sql: str, *parameters: Any, priority: str = "medium") -> Query:
        return self.live.query(sql, *parameters, scope=self.scope, priority=priority)

    def subscribe(self, callback: Any) -> Subscription:
        return Subscription(self.callbacks, callback)

    def answer(
        self,
        columns: Mapping[str, str],
        rows: Iterable[tuple[Any, ...]],
        order: Callable[[tuple[Any, ...]], Any] | None = None,
    ) -> Query:
        """The first answer; a row's key is its first value."""
        named = tuple(Column(name, type_name) for name, type_name in columns.items())
        self.state = Frame(named, {row[0]: row for row in rows}, order)
        self.is_ready, self.error, self.at = True, None, dt.datetime.now(dt.UTC)
        self._tell(None)
        return self

    def put(self, *rows: tuple[Any, ...]) -> None:
        self.state.rows.update({row[0]: row for row in rows})
        self._tell(Delta(keys=tuple(row[0] for row in rows), rows=tuple(rows)))

    def replace(self, *rows: tuple[Any, ...]) -> None:
        self.state.rows = {row[0]: row for row in rows}
        self._tell(Delta(replaced=True))

    def drop(self, *keys: Any) -> None:
        for key in keys:
            del self.state.rows[key]
        self._tell(Delta(removed_keys=keys))

    def fail(self, error: Exception | None) -> None:
        self.error = error
        self._tell(None)

    def _tell(self, delta: Delta | None) -> None:
        self.state.version += 1
        self.at = dt.datetime.now(dt.UTC)
        for callback in list(self.callbacks):
            callback(self, delta)


class StandIn:
    """`Live`, answering from a function instead of a database."""

    def __init__(self, respond: Callable[[Query], None] | None = None) -> None:
        self.dsn = "standin"
        self.status = State()
        self.queries: list[Query] = []
        self.respond = respond
        self.status_callbacks: list[Any] = []
        self.tick_callbacks: list[Any] = []

    def query(self, sql: str, *parameters: Any, scope: Any = None, priority: str = "medium") -> Query:
        for query in self.queries:
            if (query.sql, query.parameters, query.scope) == (sql, parameters, scope):
                return query
        query = Query(self, sql, parameters, scope, priority)
        self.queries.append(query)
        if self.respond is not None:
            self.respond(query)
        return query

    def on_status(self, callback: Any) -> Subscription:
        return Subscription(self.status_callbacks, callback)

    def on_tick(self, callback: Any) -> Subscription:
        return Subscription(self.tick_callbacks, callback)

    def become(self, state: str, lag: float | None = None, reason: str = "") -> None:
        self.status = State(state, lag=lag, reason=reason)
        for callback in list(self.status_callbacks):
            callback(self.status)
