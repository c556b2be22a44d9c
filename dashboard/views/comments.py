"""What people say about a record: a thread that all who see the record see and write.

A comment is a row, written by the session of its author: it shows at once, in every other page with the tick that
contains it, and what PostgreSQL refuses comes back to where it was written, with the reason. The page names a comment
before it sends it, so that one sent twice over a bad connection is still one.

Who speaks, and what they are called, is told to PostgreSQL by the settings ``app.person`` and ``app.person_name`` of
the session's scope, for the policies of the table; ``apps/comments.sql`` makes such a table. Where nobody has to log in
it is a browser that speaks (:mod:`.guest`), and is called as the page says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from typing_extensions import override

from dashboard.errors import DashboardError, ViewError
from dashboard.postgres.scope import Scope, scope_here

from . import codec
from .ahead import show
from .guest import guest
from .here import person_of
from .strand import Picture, Queries, Shape, keyed_difference
from .toast import toast
from .view import View
from .viewer import viewer

if TYPE_CHECKING:
    from dashboard.live import Live

    from .channel import Binding

LONGEST = 4000
"""Characters of one comment."""
MOST = 200
"""Comments shown of one record, the latest."""
MOST_OPEN = 20
"""Writes of one page that may be on their way."""
NAME = 200
"""Characters of a name."""
REFUSED = {
    "say": "This comment was not kept",
    "edit": "This change was not kept",
    "delete": "This comment was not deleted",
}  # what a reader can do, and what they are told where it was refused


@dataclass(frozen=True)
class Returned:
    """What was refused: which comment, what was to be done, its text, and why not."""

    deed: str
    id: str
    text: str
    problem: str


@dataclass(frozen=True)
class CommentsShape(Shape):
    """A thread: `rows` by key (`person`, `name`, `body`, `at`, `edited`) in an `order`, and what was `returned`."""

    returned: Returned | None

    @override
    def draw(self, queries: Queries) -> Picture:
        state = queries[0].state
        rows = {}
        for key in reversed(state.keys):
            _, author, name, body, at, edited = state.rows[key]
            rows[codec.key_text(key)] = {
                "person": person_of(author), "name": name, "body": body, "at": codec.magnitude(at),
                "edited": None if edited is None else codec.magnitude(edited),
            }  # fmt: skip
        back = self.returned
        told = None if back is None else {"deed": back.deed, "id": back.id, "text": back.text, "problem": back.problem}
        return {"order": list(rows), "rows": rows, "returned": told}

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        return keyed_difference(old, new)


class Comments(View):
    """The comments of one record, oldest first, and a place to write one.

    Parameters
    ----------
    live
        Where they are.
    table
        A table with the columns `id` (uuid), `record`, `author`, `name`, `body`, `created_at` and `edited_at`.
    record
        Key of the record.
    scope
        In whose eyes; None: of whoever looks.
    name
        What its reader is called where nobody has to log in, or what gives that.
    """

    kind: ClassVar[str] = "comments"
    is_content: ClassVar[bool] = False

    def __init__(
        self,
        live: Live,
        table: str,
        record: int,
        *,
        scope: Scope | None = None,
        name: str | Callable[[], Awaitable[str]] = "Guest",
        **params: Any,
    ) -> None:
        super().__init__(**{"title": "Comments", **params})
        who = viewer()
        self._table_name, self._record = table, record
        if who is None:
            speaker = guest()
            self._name, self._author, self._secret = name, speaker.author, speaker.secret
        else:
            self._name, self._author, self._secret = who.name.strip()[:NAME] or who.login, who.login, ""
        seen_as = scope or scope_here() or Scope()
        called = {} if who is None else {"app.person_name": str(self._name)}
        settings = {**seen_as.settings, "app.person": self._author, **called}
        self._session = live.session(scope=Scope(role=seen_as.role, settings=settings))
        self._query = self._session.query(
            f"SELECT id, author, name, body, created_at, edited_at FROM {table} "
            f"WHERE record = $1 ORDER BY created_at DESC, id DESC LIMIT {MOST}",
            record,
            priority="high",
        )
        self._tasks: set[asyncio.Task[None]] = set()

    @override
    def shape(self, binding: Binding) -> CommentsShape:
        return CommentsShape(binding.choice.get("returned"))

    @override
    def options(self) -> dict[str, Any]:
        own = {"me": person_of(self._author), "place": f"{self._table_name} {self._record}", "longest": LONGEST}
        return {**super().options(), **own, "guest": self._secret}

    @override
    def receive(self, binding: Binding, message: Any) -> None:
        """The reader says something, changes what they said, or takes it back."""
        super().receive(binding, message)
        value = message.get("value") if isinstance(message, dict) else None
        if not isinstance(value, dict) or message.get("event") not in REFUSED:
            return
        deed, name, text = message["event"], str(value.get("id", "")), str(value.get("text", ""))
        if len(self._tasks) >= MOST_OPEN:
            self._return(binding, Returned(deed, name, text, "Too much is on its way. Wait a moment, then try again."))
            return
        self._return(binding, None)
        task = asyncio.get_running_loop().create_task(self._done(binding, deed, name, text, value.get("seen")))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _done(self, binding: Binding, deed: str, name: str, text: str, seen: object) -> None:
        try:
            await self._do(deed, name, text, seen)
        except DashboardError as error:
            self._return(binding, Returned(deed, name, text, str(error)))
            toast(binding, str(error), title=REFUSED[deed], tone="bad", key="comment")

    async def _do(self, deed: str, name: str, text: str, seen: object) -> None:
        try:
            key = UUID(name)
        except ValueError:
            raise ViewError("This comment has no name.", "Load the page again.") from None
        if deed != "delete" and not text.strip():
            raise ViewError("There is nothing in this comment.", "Write a word.")
        table = await self._session.table(self._table_name)
        if deed == "say":
            called = self._name if isinstance(self._name, str) else await self._name()
            said = {"record": self._record, "author": self._author, "name": called[:NAME], "body": text.strip()}
            await table.insert({"id": key, **said})
        elif deed == "edit":
            await table.update(key, {"body": text.strip()}, seen={"body": seen} if isinstance(seen, str) else None)
        else:
            await table.delete(key)

    def _return(self, binding: Binding, returned: Returned | None) -> None:
        if binding.choice.get("returned") == returned:
            return
        binding.choice["returned"] = returned
        if binding.strand is not None:  # the page may have gone meanwhile
            show(binding, self.queries(), self.shape(binding), self.urgency())
