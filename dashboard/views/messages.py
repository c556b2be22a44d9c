"""What was said on topics, as rows: any view that shows rows shows messages."""

from __future__ import annotations

import itertools
import json
import weakref
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from dashboard.errors import ViewError
from dashboard.live import Column

from .source import Source

if TYPE_CHECKING:
    from dashboard.live import Message, Subscription, Topic


class Messages(Source):
    """The latest messages of some topics, newest first, from when they were first looked at.

    Columns are `at`, `kind` (the topic) and the `fields`. It listens as long as a view holds it, looked at or not.

    Parameters
    ----------
    *topics
        What to listen to; all in one scope.
    fields
        What to take from a payload that is an object: name and PostgreSQL's name of the type (``text``, ``int8``,
        ``float8``, ``bool``). What is missing there is NULL.
    key
        A field that says what a message is about: of all about the same, the latest stays. None keeps them all.
    keep
        How many.
    """

    def __init__(
        self, *topics: Topic, fields: Mapping[str, str] | None = None, key: str | None = None, keep: int = 50
    ) -> None:
        if not topics or any(topic.live is not topics[0].live or topic.scope != topics[0].scope for topic in topics):
            raise ViewError(
                "Messages come from no topic, or from several scopes.", "Give topics of one Live and scope."
            )
        fields = dict(fields or {})
        if {"at", "kind"} & fields.keys():
            raise ViewError("A field of messages cannot be called at or kind.", "These are the time and the topic.")
        columns = [Column("at", "timestamptz"), Column("kind", "text"), *(Column(*field) for field in fields.items())]
        super().__init__(topics[0].live, "messages", columns, self._listen)
        self.scope = topics[0].scope
        self.parameters = (tuple(topic.name for topic in topics), tuple(fields.items()), key, keep)
        self._topics, self._fields, self._key, self._keep = topics, tuple(fields), key, keep
        self._rows: dict[Hashable, tuple[object, ...]] = {}
        self._listening: list[Subscription] = []

    def _listen(self) -> None:
        if self._listening:
            return
        take = weakref.WeakMethod(self._take)

        def pass_on(message: Message) -> None:
            method = take()
            if method is not None:
                method(message)

        self._listening = [topic.subscribe(pass_on) for topic in self._topics]
        for subscription in self._listening:
            weakref.finalize(self, subscription.close)

    def _take(self, message: Message) -> None:
        said = message.payload if isinstance(message.payload, dict) else {}
        about = message.seq if self._key is None or self._key not in said else str(said[self._key])
        row = (message.at, message.topic, *(_plain(said.get(name)) for name in self._fields))
        others = ((known, old) for known, old in self._rows.items() if known != about)
        self._rows = dict(itertools.chain([(about, row)], itertools.islice(others, self._keep - 1)))
        self.fill(self._rows, self._rows.values())


def _plain(value: Any) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
