"""Who is here, on which page and record; and by standing on a page, it says that its reader is.

A reader is present from when the page's channel is there until it is cut, with a moment's grace, because a page that is
loaded again or comes back after a short cut has not left. They are seen by those who see what they see: by default,
whoever looks in the same scope.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from typing_extensions import override

from dashboard.live.presence import Presence, join
from dashboard.postgres.scope import Scope, scope_here

from . import codec
from .strand import Picture, Queries, Shape, keyed_difference
from .view import View
from .viewer import viewer

if TYPE_CHECKING:
    from dashboard.live import Live

    from .channel import Binding

GRACE = 1.5
"""Seconds that a reader whose page was cut is still here, because it may come back."""
_SQL = "SELECT id, person, name, page, record, since FROM dashboard.presence ORDER BY since, id LIMIT 500"


@dataclass(frozen=True)
class HereShape(Shape):
    """The picture of who is here: `rows` by key (`person`, `name`, `page`, `record`, `since`) in an `order`."""

    @override
    def draw(self, queries: Queries) -> Picture:
        state = queries[0].state
        rows = {}
        for key in state.keys:
            _, person, name, page, record, since = state.rows[key]
            at = codec.magnitude(since)
            rows[codec.key_text(key)] = {"person": person, "name": name, "page": page, "record": record, "since": at}
        return {"order": list(rows), "rows": rows}

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        return keyed_difference(old, new)


def person_of(login: str) -> str:
    """How others are told who somebody is: the same everywhere, and not their login."""
    return hashlib.sha256(login.encode()).hexdigest()[:16]


class Here(View):
    """Who is here, as initials that open to names and places.

    Parameters
    ----------
    live
        The database in which they meet.
    page, record
        What this page is called, and what on it its reader looks at; see `look_at`.
    name
        What its reader is called where nobody has to log in, or what gives that.
    scope
        In whose eyes it is asked who is here; None as for a query.
    among
        Who may see this reader; None: who has the page's scope.
    """

    kind: ClassVar[str] = "here"
    is_content: ClassVar[bool] = False
    default_span: ClassVar[int] = 3

    def __init__(
        self,
        live: Live,
        *,
        page: str,
        record: str | None = None,
        name: str | Callable[[], Awaitable[str]] = "Guest",
        scope: Scope | None = None,
        among: Scope | None = None,
        **params: Any,
    ) -> None:
        super().__init__(live.query(_SQL, scope=scope, priority="high"), **{"title": "Here now", **params})
        who = viewer()
        self._live, self._page, self._record = live, page, record
        self._name = name if who is None else who.name
        self._person = uuid4().hex if who is None else person_of(who.login)
        self._among = among or scope or scope_here() or Scope()
        self._presence: Presence | None = None
        self._is_there = False
        self._coming: asyncio.Task[None] | None = None
        self._leaving: asyncio.TimerHandle | None = None

    def look_at(self, record: str | None) -> None:
        """The reader looks at a record of the page, or at the page itself again."""
        self._record = record
        if self._presence is not None:
            self._presence.move(record)

    def bind(self, binding: Binding) -> None:
        """The view stands on a page now."""
        super().bind(binding)
        if binding.channel.page:
            binding.channel.watch(self._attend)

    def shape(self, binding: Binding) -> HereShape:
        """How its queries become a picture."""
        return HereShape()

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        return {**super().options(), "me": self._person, "page": self._page}

    def _attend(self, is_there: bool) -> None:
        self._is_there = is_there
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        loop = asyncio.get_running_loop()
        if is_there and self._presence is None:
            self._coming = loop.create_task(self._come(), context=contextvars.Context())
        elif not is_there and self._presence is not None:
            self._leaving = loop.call_later(GRACE, self._leave)

    async def _come(self) -> None:
        if not isinstance(self._name, str):
            self._name = await self._name()  # and let go of what it was found out with
        if self._is_there and self._presence is None:
            self._presence = join(
                self._live,
                name=self._name,
                page=self._page,
                person=self._person,
                record=self._record,
                among=self._among,
            )

    def _leave(self) -> None:
        presence, self._presence = self._presence, None
        if presence is not None:
            presence.leave()
