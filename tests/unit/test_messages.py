"""Messages as rows: newest first, one for each thing, whatever the payload is."""

from __future__ import annotations

import datetime as dt
import gc
import itertools
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

import dashboard
from dashboard.errors import ViewError
from dashboard.live import Live, Message, Subscription, Topic
from tests.unit.standin import StandIn

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


class Said:
    """A topic on which a test speaks."""

    numbers = itertools.count(1)

    def __init__(self, live: Live, name: str, scope: dashboard.Scope | None = None) -> None:
        self.live, self.name, self.scope = live, name, scope
        self.callbacks: list[Callable[[Message], None]] = []

    def subscribe(self, callback: Callable[[Message], None]) -> Subscription:
        self.callbacks.append(callback)
        return Subscription(lambda: self.callbacks.remove(callback))

    def say(self, payload: Any) -> None:
        for callback in self.callbacks:
            number = next(self.numbers)
            text = json.dumps(payload)
            nowhere = cast("Any", None)
            callback(Message(topic=self.name, text=text, at=NOON, offset=nowhere, since=nowhere, seq=number, xid=1))


@pytest.fixture
def live() -> Live:
    return cast("Live", StandIn())


def rows(messages: dashboard.Messages) -> list[tuple[Any, ...]]:
    return [messages.state.rows[key][1:] for key in messages.state.keys]


def heard(*topics: Said, **options: Any) -> dashboard.Messages:
    """Return messages that a view looks at."""
    messages = dashboard.Messages(*cast("list[Topic]", topics), **options)
    messages.subscribe(lambda *_: None)
    return messages


def test_of_all_about_the_same_the_latest_stays_in_front(live: Live) -> None:
    imports, news = Said(live, "imports"), Said(live, "news")
    messages = heard(imports, news, fields={"done": "int8"}, key="id", keep=3)
    imports.say({"id": 1, "done": 10})
    imports.say({"id": 2, "done": 5})
    news.say({"done": 0})
    imports.say({"id": 1, "done": 20})
    assert rows(messages) == [("imports", 20), ("news", 0), ("imports", 5)]
    news.say({"done": 1})
    assert rows(messages) == [("news", 1), ("imports", 20), ("news", 0)]


def test_a_payload_of_another_form_is_a_row_too(live: Live) -> None:
    topic = Said(live, "t")
    messages = heard(topic, fields={"text": "text"}, key="id")
    for payload in (None, "words", [1], {"text": {"deep": [1]}}, {"id": {"a": 1}, "text": None}):
        topic.say(payload)
    assert rows(messages) == [("t", None), ("t", '{"deep": [1]}'), ("t", None), ("t", None), ("t", None)]


def test_it_listens_from_the_first_look_until_nobody_holds_it(live: Live) -> None:
    topic = Said(live, "t")
    messages = dashboard.Messages(cast("Topic", topic))
    assert not topic.callbacks
    messages.subscribe(lambda *_: None).close()
    messages.subscribe(lambda *_: None)
    assert len(topic.callbacks) == 1
    del messages
    gc.collect()
    assert not topic.callbacks


def test_topics_of_two_scopes_and_fields_that_hide_others_are_refused(live: Live) -> None:
    def topic(scope: dashboard.Scope | None) -> Topic:
        return cast("Topic", Said(live, "t", scope))

    with pytest.raises(ViewError, match="one Live and scope"):
        dashboard.Messages(topic(None), topic(dashboard.Scope(role="r")))
    with pytest.raises(ViewError, match="one Live and scope"):
        dashboard.Messages()
    with pytest.raises(ViewError, match="the time and the topic"):
        dashboard.Messages(topic(None), fields={"at": "text"})
