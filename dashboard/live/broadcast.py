"""What a `Live` says and hears beside the rows: messages on topics, in the same stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from dashboard.live.topic import Topic
from dashboard.postgres.offset import Offset
from dashboard.postgres.scope import Scope, scope_here

if TYPE_CHECKING:
    from dashboard.live.live import Live
    from dashboard.live.opening import Opening


class Broadcast:
    """Sending and hearing messages; the part of `dashboard.live.Live` that does."""

    def opening(self) -> Opening:
        """The connections beside the ticks."""
        raise NotImplementedError

    def topic(self, name: str, *, scope: Scope | None = None, since: Offset | str | None = None) -> Topic:
        """What is said on a topic, as far as `scope` may hear it (as in `query`).

        Parameters
        ----------
        since
            From where on; None: from now on. A program that is to lose nothing over its restart keeps
            ``message.since.text`` once it has dealt with a message, and gives it here: what it hears again, it knows by
            `Message.seq`.

        Raises
        ------
        MessageError
            Name or `since` is none.
        """
        return Topic(cast("Live", self), name, scope_here() if scope is None else scope, since)

    async def broadcast(self, topic: str, payload: Any, *, audience: Scope | None = None) -> None:
        """Say something to all who listen to a topic, in every process; ``SELECT dashboard.emit(…)`` does it in SQL.

        Parameters
        ----------
        payload
            Any JSON value, of any size.
        audience
            Who may hear it: those who have this role's privileges, and these settings in their scope; None: all.

        Raises
        ------
        MessageError
            Topic, payload or audience is none.
        CaptureError
            Capture is not installed, or this role may not send.
        ConnectError, ConnectionLost
            The database cannot be reached; or not any more, then it may have been said.
        """
        await self.opening().emit(topic, payload, audience)
