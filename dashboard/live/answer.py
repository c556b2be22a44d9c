"""One query's answer, shared by all who ask the same: same SQL, same parameters, same scope.

An answer is opened (described, planned, read for the first time in a snapshot of its own), advanced by the hub
from tick to tick, and opened anew when the schema, a policy or a grant behind it changes or after it failed. What
a tick finds out is kept aside until the hub publishes the tick: all answers move at one moment, from one snapshot
to the next.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dashboard.errors import DashboardError, QueryError
from dashboard.live.changes import Changes
from dashboard.live.delta import Delta
from dashboard.live.figures import OpenQuery, Spent
from dashboard.live.frame import LiveFrame
from dashboard.live.ordering import sort_key
from dashboard.live.plans import Groups, NotUnique, Plan, Rerun, Rows, Source, Sums
from dashboard.live.shape import Shape, shape_of
from dashboard.live.statement import CLOCK, statement_of
from dashboard.live.step import Difference, Part, SortKey, Whole, fold_part, fold_whole
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Column, Fingerprints, Reading
from dashboard.postgres.scope import Scope

Identity = tuple[str, tuple[Any, ...], Scope | None]
LEAST_URGENT = 3
"""Urgency of what is asked with low priority; critical is 0."""
_numbers = itertools.count(1)


@dataclass(slots=True, kw_only=True)
class Opened:
    """What opening a query found: its columns, plan, what it reads, and its first answer."""

    columns: tuple[Column, ...]
    source: Source
    plan: Plan
    relations: frozenset[int]
    fingerprints: Fingerprints
    whole: Whole
    cost: float
    polled: str = ""


class Answer:
    """The answer of one query, and how it is kept true.

    Parameters
    ----------
    sql, parameters, scope
        The query. Errors in its text are raised here, those PostgreSQL finds when it is opened.
    """

    def __init__(self, sql: str, parameters: Sequence[Any], scope: Scope | None) -> None:
        self.identity: Identity = (sql, tuple(_frozen(value) for value in parameters), scope)
        self.statement = statement_of(sql)
        self.parameters = tuple(parameters)
        self.scope = scope
        self.state = LiveFrame(())
        self.plan: Plan | None = None
        self.source: Source | None = None
        self.relations: frozenset[int] = frozenset()
        self.fingerprints = Fingerprints()
        self.cost = 0.0
        self.urgency = LEAST_URGENT
        self.number = next(_numbers)
        self.spent = Spent()
        self.polled = ""
        self.error: DashboardError | None = None
        self.offset: Offset | None = None
        self.at: datetime | None = None
        self.is_ready = False
        self.sort_key: SortKey | None = None
        self._found: Whole | Part | None = None
        self._opened: Opened | None = None
        self._refused: DashboardError | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of the answer; empty until it is known."""
        return self.state.columns

    @property
    def depends_on_clock(self) -> bool:
        """Whether time alone can change the answer, or changes come unseen, so that it is read at intervals."""
        return bool(self.polled) or (self.source is not None and self.source.shape.clock)

    @property
    def is_outdated(self) -> bool:
        """Whether it has to be opened before it can be read: it never was, it failed, or its schema has changed."""
        return not self.is_ready or self.error is not None or not self.fingerprints

    @property
    def opaque(self) -> bool:
        """Whether any change, of any table, may matter."""
        return self.source is not None and self.source.shape.opaque

    def figures(self, priority: str, *, is_awake: bool) -> OpenQuery:
        """How it does, for the monitor."""
        return OpenQuery(
            number=self.number,
            sql=self.statement.sql,
            role=(self.scope.role or "") if self.scope else "",
            plan=self.plan.kind if self.plan else "",
            reason=self.plan.reason if self.plan else "",
            priority=priority,
            rows=len(self.state.keys),
            spent=self.spent,
            condition="error" if self.error is not None else "awake" if is_awake else "resting",
            problem=str(self.error or ""),
        )

    async def open(self, reading: Reading) -> None:
        """Describe, plan and read the query in the open snapshot; `publish` makes the result current."""
        started = time.perf_counter()
        try:
            self._opened = await opened(self, reading)
        finally:
            self.spent.ran(time.perf_counter() - started, whole=True)
        self._found = self._opened.whole

    async def advance(self, reading: Reading, changes: Changes | None) -> None:
        """Find out the answer in the open snapshot; None for `changes` reads it anew."""
        assert self.plan is not None and self.source is not None
        self._opened = None
        started = time.perf_counter()
        is_whole = changes is None or self.needs_whole(changes)
        try:
            if changes is None or is_whole:
                self._found = await self.plan.whole(reading)
            else:
                self._found = await self.plan.advance(reading, changes, self.state)
        finally:
            elapsed = time.perf_counter() - started
            self.spent.ran(elapsed, whole=is_whole)
        if isinstance(self._found, Whole):
            self.cost = elapsed

    def needs_whole(self, changes: Changes) -> bool:
        """Whether these changes cannot be followed row by row, so that everything is read again."""
        if self.plan is None or self.source is None or self.source.shape.relation is None or self.plan.kind == "rerun":
            return True
        if changes.standby and self.plan.kind == "sums":
            return True  # a change that comes twice must not be added twice
        relation = self.source.shape.relation.oid
        return changes.relations & self.relations != {relation} or relation in changes.wholesale

    def discard(self) -> None:
        """Forget what the last call found; the tick it belonged to did not come about."""
        self._found = self._opened = self._refused = None

    def refuse(self, error: DashboardError) -> None:
        """PostgreSQL refused the query: keep what there was, and say so when the tick is published."""
        self._found, self._opened, self._refused = None, None, error

    def publish(self, offset: Offset, at: datetime) -> Delta | None:
        """Make what was found current; the delta, or None when nothing that is shown has changed."""
        found, fresh, self.error = self._found, self._opened, self._refused
        self.discard()
        if self.error is not None:
            return None
        self.offset, self.at = offset, at
        if found is None:
            return None
        replaced = not self.is_ready
        if fresh is not None:
            replaced = replaced or fresh.columns != self.state.columns
            self._take(fresh)
        difference = self._fold(found)
        assert self.plan is not None
        self.plan.folded()
        self.is_ready = True
        if not difference and not replaced:
            return None
        return self._delta(difference, replaced)

    def _take(self, fresh: Opened) -> None:
        self.source, self.plan, self.polled = fresh.source, fresh.plan, fresh.polled
        self.relations, self.fingerprints, self.cost = fresh.relations, fresh.fingerprints, fresh.cost
        order = fresh.source.shape.order
        self.sort_key = sort_key(order) if order else None
        if fresh.columns != self.state.columns:
            version = self.state.version
            self.state = LiveFrame(fresh.columns)
            self.state.version = version + 1

    def _fold(self, found: Whole | Part) -> Difference:
        if isinstance(found, Whole):
            return fold_whole(self.state, found)
        return fold_part(self.state, found, self.sort_key)

    def _delta(self, difference: Difference, replaced: bool) -> Delta:
        assert self.offset is not None and self.at is not None
        keys = tuple(self.state.keys) if replaced or difference.moved else difference.upserted
        return Delta(
            columns=self.columns,
            keys=keys,
            rows=tuple(self.state.rows[key] for key in keys),
            removed_keys=() if replaced else difference.removed,
            replaced=replaced,
            offset=self.offset,
            at=self.at,
        )


def _frozen(value: Any) -> Any:
    """A parameter as part of an identity; of a kind that cannot be compared, it is like itself alone."""
    if isinstance(value, list | tuple):
        return (type(value), *(_frozen(part) for part in value))
    try:
        hash(value)
    except TypeError:
        return (type(value), id(value))
    return (type(value), value)


async def opened(answer: Answer, reading: Reading) -> Opened:
    """Describe, plan and read a query from nothing, in the open snapshot and the scope that was entered.

    What it reads is told by the locks it takes, so nothing else may have been read in this savepoint.
    """
    statement = answer.statement
    columns = await reading.columns(statement.sql)
    if not columns:
        raise QueryError("This SELECT returns no columns.", "Name at least one.", sql=statement.sql)
    relations = await reading.relations([table.name for table in statement.tables])
    functions = await reading.functions(sorted(statement.functions | statement.operators))
    shape = shape_of(statement, answer.parameters, columns, relations, functions)
    source = Source(statement, answer.parameters, columns, shape, relations)
    plan = _plan(source)
    started = time.perf_counter()
    try:
        whole = await plan.whole(reading)
    except NotUnique as error:
        plan = Rerun(source, error.message)
        whole = await plan.whole(reading)
    cost = time.perf_counter() - started
    read = await reading.locked() | {relation.oid for relation in relations.values()}
    if shape != (known := await _looked_behind(shape, reading, sorted(read))):
        source = Source(statement, answer.parameters, columns, known, relations)
        plan = Rerun(source, known.reason)
        whole = plan.identified(whole.rows)
    polled = ""
    if unseen := await reading.uncaptured(sorted(read)):
        polled = f"Read at intervals, because {', '.join(unseen)} has no capture; `dashboard install` makes it live."
        plan = Rerun(source, polled)
        whole = plan.identified(whole.rows)
    return Opened(
        columns=columns,
        source=source,
        plan=plan,
        relations=read,
        fingerprints=(await reading.fingerprints(sorted(read))).of(read),
        whole=whole,
        cost=cost,
        polled=polled,
    )


async def _looked_behind(shape: Shape, reading: Reading, relations: Sequence[int]) -> Shape:
    """The shape, with what views, policies and functions do out of sight of the query's text."""
    behind = await reading.behind(relations, CLOCK)
    if not (behind.clock or behind.opaque):
        return shape
    reason = shape.reason
    if shape.kind != "rerun":
        reason = "A view, a policy or a function behind it depends on the clock, or may read other tables."
    return replace(
        shape, kind="rerun", reason=reason, clock=shape.clock or behind.clock, opaque=shape.opaque or behind.opaque
    )


def _plan(source: Source) -> Plan:
    match source.shape.kind:
        case "rows":
            return Rows(source)
        case "groups":
            return Groups(source)
        case "sums":
            return Sums(source)
        case _:
            return Rerun(source, source.shape.reason)
