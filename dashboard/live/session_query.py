"""A live query as one session sees it: what is true, and the session's own writes on top while these are open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from typing_extensions import override

from dashboard.live.delta import Delta
from dashboard.live.frame import Key, LiveFrame
from dashboard.live.lens import lens_of
from dashboard.live.pending import pending_rows
from dashboard.live.query import LiveQuery, Priority, Subscription
from dashboard.live.step import Whole, fold_whole

if TYPE_CHECKING:
    from dashboard.live.answer import Answer
    from dashboard.live.session import Session
    from dashboard.live.write import State


class SessionQuery(LiveQuery):
    """A query of a session; see `LiveQuery`. `frame` and deltas include the session's open writes."""

    def __init__(self, session: Session, answer: Answer, priority: Priority) -> None:
        super().__init__(session.live, answer, priority)
        self.session = session
        self._callbacks: list[Callable[[LiveQuery, Delta | None], None]] = []
        self._listening: Subscription | None = None
        self._shown: LiveFrame | None = None

    @property
    @override
    def state(self) -> LiveFrame:
        """The rows as exact Python values under their keys."""
        return self.session.overlay.frame(self._answer) or self._answer.state

    @property
    def is_ahead(self) -> bool:
        """Whether it shows something that others do not see yet, if only that a row has a pending write."""
        return self.session.overlay.frame(self._answer) is not None or bool(self.pending)

    @property
    def pending(self) -> Mapping[Key, State]:
        """The rows shown that have writes of this session which PostgreSQL has not decided yet, by key.

        The state is ``waiting`` or ``sent`` while a write is on its way, and ``kept`` while it waits on disk for the
        database to be back. Keys are those of `state`, a new row's provisional one included. Empty for queries that do
        not show a table's rows under its key, and for plain statements whose rows cannot be told. When it may have
        changed, `Session.on_pending` tells.
        """
        source = self._answer.source
        lens = lens_of(source) if source is not None and self.session.overlay else None
        if lens is None or not lens.tells_rows:
            return {}
        return pending_rows(self.session.overlay.writes, lens, self.state.rows)

    @override
    def shared(self) -> LiveQuery:
        """The same query as everybody sees it; itself while it shows more."""
        return self if self.is_ahead else LiveQuery(self.live, self._answer, self.priority)

    @override
    def ask(self, sql: str, *parameters: object, priority: Priority | None = None) -> LiveQuery:
        """Another query of the same session."""
        return self.session.query(sql, *parameters, priority=priority or self.priority)

    @override
    def subscribe(self, callback: Callable[[LiveQuery, Delta | None], None]) -> Subscription:
        """Call `callback(query, delta)` after each tick, or write of the session, that changed what it shows."""
        if self._listening is None:
            self._listening = super().subscribe(self._moved)
            self._shown = self.session.overlay.frame(self._answer)
        self._callbacks.append(callback)

        def end() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)
            if not self._callbacks and self._listening is not None:
                listening, self._listening = self._listening, None
                listening.close()

        return Subscription(end)

    def refresh(self) -> None:
        """The session's writes have changed: tell what that changes here."""
        ahead = self.session.overlay.frame(self._answer)
        if self._listening is not None and (self._shown is not None or ahead is not None):
            self._advance(ahead)

    def _moved(self, _query: LiveQuery, delta: Delta | None) -> None:
        """What is true has changed."""
        ahead = self.session.overlay.frame(self._answer)
        if delta is None or (self._shown is None and ahead is None):
            self._tell(delta)
        elif self._shown is None or delta.replaced:
            self._shown = ahead
            self._tell(self._whole())
        else:
            self._advance(ahead)

    def _advance(self, ahead: LiveFrame | None) -> None:
        """Show something else than before, and tell the difference."""
        before, after = self._shown or self._answer.state, ahead or self._answer.state
        self._shown = ahead
        step = None if before is after else self._step(before, after)
        if step is not None:
            self._tell(step)

    def _step(self, before: LiveFrame, after: LiveFrame) -> Delta | None:
        was = LiveFrame(before.columns, before.keys, [before.rows[key] for key in before.keys])
        difference = fold_whole(was, Whole(keys=list(after.keys), rows=[after.rows[key] for key in after.keys]))
        offset, at = self.live.hub.moment_of(self._answer)
        if not difference or offset is None or at is None:
            return None
        keys = tuple(after.keys) if difference.moved else difference.upserted
        return Delta(
            columns=after.columns,
            keys=keys,
            rows=tuple(after.rows[key] for key in keys),
            removed_keys=difference.removed,
            replaced=False,
            offset=offset,
            at=at,
        )

    def _tell(self, delta: Delta | None) -> None:
        for callback in list(self._callbacks):
            callback(self, delta)
