"""Who listens to which topic, and what each tick brings them.

Messages are read in the tick's own snapshot and told after its deltas: whoever hears that an import has ended finds its
rows. Who listens has a position, an offset like the hub's. Most are where the hub is, and only a tick with a message
on their topic asks PostgreSQL anything. One who cannot take more, or could not be served, stays behind: the log is
his queue, and he goes on from his own offset; only when the log has rotated past it is there a gap, and he is told.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import orjson

from dashboard.errors import QueryError
from dashboard.postgres.log import LogReader, Window
from dashboard.postgres.messages import Spoken, heard
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Reading
from dashboard.postgres.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Message:
    """What was said on a topic.

    Parameters
    ----------
    text
        The payload as JSON text; see `payload`.
    at
        When it was said, by the server's clock.
    offset
        The snapshot that brought it: every frame is at it, or will be.
    since
        Who listens from there on hears this message and all after it, and before it at most those of its tick.
    seq, xid
        Its place in the log, and the transaction that said it.
    gap
        Messages before this one may have been missed: the log no longer had them.
    """

    topic: str
    text: str
    at: datetime
    offset: Offset
    since: Offset
    seq: int
    xid: int
    gap: bool = False

    @cached_property
    def payload(self) -> Any:
        """What was said, any JSON value; shared by all who hear it, so it is not to be changed.

        jsonb holds more than Python reads: numbers of thousands of digits are decimals, and what is nested too deep
        to be read stays `text`.
        """
        try:
            return orjson.loads(self.text)
        except orjson.JSONDecodeError:
            pass
        try:
            return json.loads(self.text, parse_int=_whole)
        except RecursionError:
            return self.text


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < sys.int_info.default_max_str_digits else Decimal(digits)


class Listener:
    """One who listens: the topic, in whose eyes, and what is called.

    Parameters
    ----------
    take
        Called with each message, in the order of the log, whatever their topics.
    missed
        Called when some may have been missed, before the next one.
    has_room
        Whether it can take more; if not, it is served later.
    """

    def __init__(
        self,
        topic: str,
        scope: Scope | None,
        take: Callable[[Message], None],
        missed: Callable[[], None],
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        self.topic, self.scope, self.take, self.missed, self.has_room = topic, scope, take, missed, has_room
        self.offset: Offset | None = None
        self.seen: dict[int, int] = {}


News = dict[Listener, tuple[list[Message], bool]]
Told = tuple[Listener, Message | None]
"""What to tell whom; None: that something was missed."""


class Topics:
    """All who listen in one process.

    A listener is with the hub (`_with`, by topic), whose offset is then his, or behind, with an offset of his own.
    """

    def __init__(self) -> None:
        self._with: dict[str, set[Listener]] = {}
        self._behind: set[Listener] = set()
        self._offset: Offset | None = None

    def listen(self, listener: Listener) -> None:
        """Tell it what is said from its offset on; where it has none, after the next tick."""
        self._behind.add(listener)

    def leave(self, listener: Listener) -> None:
        """Tell it no more."""
        self._behind.discard(listener)
        self._part(listener)

    def is_behind(self, listener: Listener) -> bool:
        """Whether it may have more to hear than it was told."""
        return listener in self._behind

    async def read(self, reader: LogReader, reading: Reading, window: Window) -> News:
        """What this tick brings whom. Nothing is told yet, and nothing lost if the tick is not published."""
        news: News = {}
        asked: dict[Offset, list[Listener]] = {}
        for listener in self._concerned(window) if reader.has_log else ():
            offset = listener.offset if listener in self._behind else self._offset
            if not listener.has_room():
                continue
            if offset is None or not window.resumes(offset):
                news[listener] = ([], offset is not None)
            else:
                asked.setdefault(offset, []).append(listener)
        for offset, listeners in asked.items():
            with suppress(QueryError):  # they stay behind
                news |= await _ask(reading, window, offset, listeners)
        return news

    def published(self, news: News, window: Window) -> list[Told]:
        """The tick has become current. Who has no news of it stays behind; returned is what to tell the others."""
        gaps: list[Told] = []
        said: list[tuple[Listener, Message]] = []
        for listener in self._concerned(window):
            if listener not in news:
                if self._part(listener):
                    listener.offset = self._offset
                    self._behind.add(listener)
                continue
            messages, gap = news[listener]
            self._behind.discard(listener)
            self._with.setdefault(listener.topic, set()).add(listener)
            heard = listener.seen | {message.seq: message.xid for message in messages}
            listener.seen = {seq: xid for seq, xid in heard.items() if xid >= window.offset.xmax}
            gaps += [(listener, None)] if gap else []
            said += [(listener, message) for message in messages]
        self._offset = window.offset
        return [*gaps, *sorted(said, key=lambda one: one[1].seq)]

    def _concerned(self, window: Window) -> list[Listener]:
        topics: Iterable[str] = tuple(self._with) if window.broken or window.topics is None else window.topics
        return [*self._behind, *(listener for topic in topics for listener in self._with.get(topic, ()))]

    def _part(self, listener: Listener) -> bool:
        some = self._with.get(listener.topic, set())
        if listener not in some:
            return False
        some.discard(listener)
        if not some:
            del self._with[listener.topic]
        return True


async def _ask(reading: Reading, window: Window, since: Offset, listeners: list[Listener]) -> News:
    scopes = list(dict.fromkeys(listener.scope for listener in listeners))
    topics = sorted({listener.topic for listener in listeners})
    await reading.take_time()
    async with reading.within(None, guarded=True):
        spoken = await heard(reading.connection, since, topics, scopes)
    if spoken is None:
        return {listener: ([], True) for listener in listeners}
    messages = [(one, _message(one, window.offset, since)) for one in spoken]
    return {listener: (_theirs(listener, scopes.index(listener.scope), messages), False) for listener in listeners}


def _message(spoken: Spoken, offset: Offset, since: Offset) -> Message:
    return Message(
        topic=spoken.topic, text=spoken.payload or "null", at=spoken.at, offset=offset, since=since, seq=spoken.seq,
        xid=spoken.xid,
    )  # fmt: skip


def _theirs(listener: Listener, place: int, messages: list[tuple[Spoken, Message]]) -> list[Message]:
    """Those it may hear and has not heard yet: on a hot standby, windows overlap."""
    return [
        message
        for spoken, message in messages
        if spoken.topic == listener.topic and place in spoken.viewers and spoken.seq not in listener.seen
    ]
