"""Live queries: answers of SELECTs that follow the database, and the ticks that move them."""

from dashboard.live.delta import Delta
from dashboard.live.frame import Key, LiveFrame
from dashboard.live.hub import Tick
from dashboard.live.live import Live
from dashboard.live.presence import Presence, join
from dashboard.live.query import LiveQuery, Priority, Subscription
from dashboard.live.session import Session
from dashboard.live.session_query import SessionQuery
from dashboard.live.shared import connect
from dashboard.live.stream import Batch, ChangeStream
from dashboard.live.topic import Topic
from dashboard.live.topics import Message
from dashboard.live.write import Receipt, Write
from dashboard.postgres.reading import Column
from dashboard.postgres.scope import Scope
from dashboard.postgres.status import Status

__all__ = [
    "Batch",
    "ChangeStream",
    "Column",
    "Delta",
    "Key",
    "Live",
    "LiveFrame",
    "LiveQuery",
    "Message",
    "Presence",
    "Priority",
    "Receipt",
    "Scope",
    "Session",
    "SessionQuery",
    "Status",
    "Subscription",
    "Tick",
    "Topic",
    "Write",
    "connect",
    "join",
]
