"""One attempt at a tick: answers are brought up to date in an open snapshot, and nothing is published.

The first attempt runs all answers of a scope in one go, which is fast. PostgreSQL ends the transaction at the first
error; then the tick is attempted again with a savepoint around each answer, so that the one that fails fails alone.

No answer may hold up the others: a statement that takes longer than `PATIENCE`, because it is slow or waits for a
lock, is broken off and the answer put aside, to be read on a connection of its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from dashboard.errors import ConnectionLost, DashboardError, QueryError
from dashboard.live.answer import Answer
from dashboard.live.changes import Changes
from dashboard.postgres.reading import Fingerprints, Reading
from dashboard.postgres.scope import Scope

PATIENCE = 0.5
"""Seconds after which a statement that holds up a tick is broken off, to be run aside."""
SHARE = 0.3
"""Seconds of a tick in which answers are opened anew; what is left then is opened aside."""
_CANCELLED = "57014"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Work:
    """What a tick has to do to each answer.

    Parameters
    ----------
    joined
        Followed from this tick on.
    advanced
        Brought up to date, with what has changed; None reads them anew.
    reopened
        Planned and read from nothing.
    aside
        Sent away, to be read on a connection of their own.
    behind
        Left as they are, because they rest or the tick has no time for them.
    spent
        Seconds that the re-runs among `advanced` took last.
    """

    joined: set[Answer] = field(default_factory=set)
    advanced: dict[Answer, Changes | None] = field(default_factory=dict)
    reopened: set[Answer] = field(default_factory=set)
    aside: set[Answer] = field(default_factory=set)
    behind: set[Answer] = field(default_factory=set)
    spent: float = 0.0

    @property
    def done(self) -> set[Answer]:
        """Answers that this tick brings up to date."""
        return self.reopened | set(self.advanced)

    def put_aside(self, answer: Answer) -> None:
        """Have an answer read on a connection of its own instead."""
        answer.discard()
        self.reopened.discard(answer)
        self.advanced.pop(answer, None)
        self.aside.add(answer)


class Refused(Exception):
    """PostgreSQL refused something in a transaction that cannot go on: attempt the tick again."""


class Attempt:
    """Does the work of a tick in an open snapshot."""

    def __init__(self, reading: Reading, work: Work) -> None:
        self.reading = reading
        self.work = work
        self.read: list[Answer] = []

    async def run(self, *, guarded: bool) -> None:
        """Do it; answers keep what was found out to themselves until they are published.

        Raises
        ------
        Refused
            An answer failed, and the transaction with it. Not if `guarded`.
        """
        work = self.work
        if work.done:  # even one changed row may stand behind a lock
            await self.reading.hurry(PATIENCE)
        try:
            await self._reopen_all()
            for scope, answers in _by_scope(work.advanced):
                if guarded:
                    for answer in answers:
                        await self._guarded(answer)
                else:
                    async with self.reading.within(scope):
                        for answer in answers:
                            await self._unguarded(answer)
        except BaseException:
            for answer in work.done:
                answer.discard()
            raise

    async def _reopen_all(self) -> None:
        end = time.perf_counter() + SHARE
        for answer in tuple(self.work.reopened):
            answer.fingerprints = Fingerprints()  # whoever reads it next has to open it
            if time.perf_counter() < end:
                await self._reopen(answer)
            else:
                self.work.put_aside(answer)

    async def _unguarded(self, answer: Answer) -> None:
        try:
            await answer.advance(self.reading, self.work.advanced[answer])
        except ConnectionLost:
            raise
        except Exception as error:
            if _is_late(error):
                answer.cost = max(answer.cost, PATIENCE)
            raise Refused from error
        self.read.append(answer)

    async def _guarded(self, answer: Answer) -> None:
        """Advance an answer in a savepoint; if it fails, the schema may have changed: open it anew."""
        try:
            async with self.reading.within(answer.scope, guarded=True):
                await answer.advance(self.reading, self.work.advanced[answer])
        except ConnectionLost:
            raise
        except Exception as error:
            if _is_late(error):
                self._is_late(answer)
                return
            await self.reading.forget_plans()
            await self._reopen(answer)
            return
        self.read.append(answer)

    async def _reopen(self, answer: Answer) -> None:
        self.work.reopened.add(answer)
        try:
            async with self.reading.within(answer.scope, guarded=True):
                await answer.open(self.reading)
        except ConnectionLost:
            raise
        except Exception as error:
            if _is_late(error):
                self._is_late(answer)
            else:
                answer.refuse(told(error, answer))
            return
        self.read.append(answer)

    def _is_late(self, answer: Answer) -> None:
        answer.cost = max(answer.cost, PATIENCE)
        self.work.put_aside(answer)


def told(error: Exception, answer: Answer) -> DashboardError:
    """What is told of an error of this query; one that nobody foresaw is this query's alone, too."""
    if isinstance(error, DashboardError):
        return error
    _log.error("Following %s failed", answer.statement.sql, exc_info=error)
    return QueryError(
        f"Following this query failed: {error!r}.", "Please report this, with its SQL.", sql=answer.statement.sql
    )


def _is_late(error: Exception) -> bool:
    return isinstance(error, QueryError) and error.sqlstate == _CANCELLED


def _by_scope(answers: Iterable[Answer]) -> list[tuple[Scope | None, list[Answer]]]:
    grouped: dict[Scope | None, list[Answer]] = {}
    for answer in answers:
        grouped.setdefault(answer.scope, []).append(answer)
    return list(grouped.items())
