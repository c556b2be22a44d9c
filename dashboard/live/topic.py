"""A topic, as its listener holds it: ``async for message in live.topic("orders")``."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dashboard.errors import CaptureError, Closed
from dashboard.live.query import Subscription
from dashboard.live.topics import Listener, Message
from dashboard.postgres.messages import checked
from dashboard.postgres.offset import Offset
from dashboard.postgres.scope import Scope

if TYPE_CHECKING:
    from dashboard.live.live import Live

ROOM = 100
"""Messages kept for an iterator that is slower than who speaks; the others wait for it in the log."""


class Topic:
    """What is said on a topic, as far as a scope may hear it. Made by `Live.topic`.

    Promises
    --------
    1. Messages come in the order of the log, each once, after the deltas of the tick that brought it; what was rolled
       back is never heard.
    2. Whether a scope may hear one, PostgreSQL decides, in that tick's snapshot.
    3. After a cut, and for an iterator that was slow, it goes on where it was. Where the log had rotated past that, the
       next message has `Message.gap`.
    """

    def __init__(self, live: Live, name: str, scope: Scope | None, since: Offset | str | None = None) -> None:
        self.live = live
        self.name = checked(name)
        self.scope = scope
        self._since = Offset.read(since) if isinstance(since, str) else since

    async def ready(self) -> Topic:
        """Make sure that it can be heard; what is said from now on waits for the first who listens.

        Raises
        ------
        CaptureError
            There is no log, or this process may not read it.
        QueryError
            The scope is not one that this process may take.
        ConnectError
            The database cannot be reached.
        """
        if not await self.live.opening().may_listen(self.scope):
            raise CaptureError(
                "Nothing can be heard here: capture is not installed, is of another version, or not ours to read.",
                "Run `dashboard install`; `dashboard doctor` says what to grant.",
            )
        if self._since is None:
            await self.live.ticked()
            self._since = self.live.hub.offset
        return self

    def subscribe(self, callback: Callable[[Message], None], missed: Callable[[], None] = lambda: None) -> Subscription:
        """Call `callback(message)` for each message from now on; on the event loop, it must not block.

        Parameters
        ----------
        missed
            Called when messages may have been missed, before the next one.
        """
        return self._listen(Listener(self.name, self.scope, callback, missed))

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Messages from now on, or from `ready` on; see it for what is raised.

        Raises
        ------
        Closed
            The `Live` was closed.
        """
        await self.ready()
        waiting: deque[Message] = deque()
        news, gap = asyncio.Event(), False

        def take(message: Message) -> None:
            waiting.append(message)
            news.set()

        def miss() -> None:
            nonlocal gap
            gap = True

        listener = Listener(self.name, self.scope, take, miss, lambda: len(waiting) < ROOM)
        listening = self._listen(listener)
        closed = self.live.on_close(news.set)
        try:
            while True:
                await news.wait()
                news.clear()
                while waiting:
                    message, missed, gap = waiting.popleft(), gap, False
                    yield replace(message, gap=True) if missed else message
                if self.live.is_closed:
                    raise Closed("This Live was closed.")
                if self.live.hub.topics.is_behind(listener):
                    self.live.look()
        finally:
            closed.close()
            listening.close()

    def _listen(self, listener: Listener) -> Subscription:
        listener.offset, self._since = self._since, None
        topics = self.live.hub.topics
        topics.listen(listener)
        self.live.look()
        return Subscription(lambda: topics.leave(listener))
