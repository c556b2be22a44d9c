"""How many of a reader's changes wait on disk for the database, told to their page as a whole.

A page that shows a session's query hears it without asking for it; ``status.js`` and ``banner.js`` say it. Which rows
these are stands in `SessionQuery.pending`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from dashboard.errors import NotNow

if TYPE_CHECKING:
    from dashboard.live import Subscription
    from dashboard.live.session import Session

    from .channel import Channel

MOST_OPEN = 200
"""Changes of one reader that may wait for PostgreSQL's word; a page that sends more is no person's."""

_waiting: WeakKeyDictionary[Channel, _Waiting] = WeakKeyDictionary()


def check_room(session: Session, begun: int = 0) -> None:
    """Refuse one more change where too many are open, those included that were `begun` and are not made yet.

    Raises
    ------
    NotNow
        As many are open as may be.
    """
    if begun + len(session.pending) >= MOST_OPEN:
        raise NotNow(f"{MOST_OPEN} changes of yours are not stored yet.", "Make this one when some of them are.")


def tell_waiting(channel: Channel, session: Session) -> None:
    """Tell a page from now on how many changes of this session wait, with those of its other sessions."""
    _waiting.setdefault(channel, _Waiting(channel)).add(session)


class _Waiting:
    """The sessions of one page, and what it was told of them."""

    def __init__(self, channel: Channel) -> None:
        self._channel = ref(channel)
        self._sessions: WeakKeyDictionary[Session, Subscription] = WeakKeyDictionary()
        self._known: int | None = None  # none ever was

    def add(self, session: Session) -> None:
        channel = self._channel()
        if session in self._sessions or channel is None:
            return
        if not self._sessions:
            channel.watch(self._watched)
        self._sessions[session] = session.on_pending(self._count)
        self._count()

    def _count(self) -> None:
        channel = self._channel()
        if channel is None or not channel.bindings:
            for subscription in self._sessions.values():
                subscription.close()
            return
        kept = sum(write.state == "kept" for session in self._sessions for write in session.pending)
        if kept != (self._known or 0):
            self._known = kept
            channel.tell({"kept": kept})

    def _watched(self, is_there: bool) -> None:
        channel = self._channel()
        if is_there and channel is not None and self._known is not None:
            channel.tell({"kept": self._known})
