"""A query drawn in one shape, once for all who look at it.

A *shape* is a pure function from queries to a *picture*: what a view shows, as plain JSON. A *strand* keeps the
latest picture of one shape of one set of queries, numbers it, and encodes the step from the picture before.
Sessions that show the same query in the same shape follow the same strand, and get the same bytes.

The step is the difference of two pictures, not a translation of database deltas: many ticks between two flushes
fold into one step by themselves, and a step can never say anything else than what the pictures say. A strand that
nobody can see does not listen to its queries.
"""

from __future__ import annotations

import itertools
import secrets
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from dashboard.errors import (
    CaptureError,
    ConnectError,
    ConnectionLost,
    DashboardError,
    LoginRefused,
    NotNow,
    PrivilegeError,
)
from dashboard.live import LiveQuery

from . import codec
from .history import History

if TYPE_CHECKING:
    from dashboard.live import Delta

Picture = dict[str, Any]
Queries = tuple["LiveQuery", ...]

#: What is in trouble: who asks, what is asked, or the connection to PostgreSQL. The network is the browser's to tell.
Fault = Literal["authentication", "data", "live"]
#: Steps kept for those who come back after a short cut.
STEPS = 64
_names = (f"{secrets.token_hex(4)}.{n}" for n in itertools.count())


class Shape(ABC):
    """How queries become a picture. A frozen dataclass: equal shapes of equal queries share their bytes."""

    @abstractmethod
    def draw(self, queries: Queries) -> Picture:
        """The picture of these queries now; all of them have had their first answer."""

    def difference(self, old: Picture, new: Picture) -> Picture | None:
        """The step from one picture to the next; None where the new picture is the smallest step."""
        return None


class Follower(Protocol):
    """Who is told when a strand has a new picture."""

    def flush(self, messages: dict[tuple[int, ...], bytes], moved: Sequence[Strand] = ()) -> None:
        """Bring this follower up to date."""


class Strand:
    """The pictures of one shape of some queries; shared by all sessions (see :func:`strand`)."""

    _all: ClassVar[dict[object, Strand]] = {}

    def __init__(self, key: object, queries: Queries, shape: Shape, priority: str) -> None:
        self.name = next(_names)
        self.key, self.queries, self.shape, self.priority = key, queries, shape, priority
        self.version = 0
        self.since_when = 0.0  # from when on (ms) the picture has been true
        self.history = History()
        self.flushed = 0.0
        self.cost = 0.0  # seconds that the last picture took
        self.followers: set[Follower] = set()
        self.picture: Picture = {"state": "loading"}
        self._whole: tuple[int, bytes] | None = None
        self._steps: deque[bytes] = deque(maxlen=STEPS)  # the last one leads to `version`
        self._subscriptions: list[Any] = []
        self._uses = 0
        self._drawn_at: tuple[str, ...] = ()
        self._is_due = False

    def follow(self, follower: Follower) -> None:
        """Tell `follower` of new pictures from now on."""
        self.followers.add(follower)
        if not self._subscriptions:
            resume(self.queries)
            self._subscriptions = [query.subscribe(self._moved) for query in self.queries]
            self.refresh()

    def unfollow(self, follower: Follower) -> None:
        """Do not; the last one who leaves lets the queries rest."""
        self.followers.discard(follower)
        if not self.followers and self._subscriptions:
            for subscription in self._subscriptions:
                subscription.close()
            self._subscriptions = []
            rest(self.queries)

    def hold(self) -> None:
        """Count one more view that shows this strand."""
        self._uses += 1

    def release(self) -> None:
        """Count one less; without any, the strand is forgotten."""
        self._uses -= 1
        if self._uses <= 0:
            self._all.pop(self.key, None)

    @property
    def snapshots(self) -> tuple[str, ...]:
        """At which its picture is true: one, more if a query of it is behind, none for what comes from no SELECT."""
        return self._drawn_at if self._is_due else self._now()

    def refresh(self) -> bool:
        """Draw the queries as they are now; True when that changed the picture."""
        self._drawn_at, self._is_due = self._now(), False
        new = self._draw()
        if new == self.picture:
            return False
        now = self._moment()
        self.history.pass_on(self.since_when, self.picture, now)
        old, self.picture, self.since_when = self.picture, new, now
        self.version += 1
        step = self.shape.difference(old["body"], new["body"]) if _steady(old, new) else None
        if step is None:
            self._steps.clear()
        else:
            head = {"strand": self.name, "version": self.version, "from": self.version - 1, "step": step}
            self._steps.append(codec.dumps(head))
        return True

    def since(self, version: int | None) -> list[bytes]:
        """What brings a page from `version` (None: nothing yet) to the newest picture."""
        behind = len(self._steps) + 1 if version is None else self.version - version
        if behind == 0:
            return []
        if behind == 1 and self._steps:
            return [self._steps[-1]]
        if 0 < behind <= len(self._steps):
            steps = list(itertools.islice(self._steps, len(self._steps) - behind, None))
            if sum(map(len, steps)) <= len(self._encoded()):
                return steps
        return [self._encoded()]

    def past(self, moment: float) -> bytes:
        """What it showed at a moment (ms), for a page that steps back."""
        picture = None if self.since_when <= moment else self.history.at(moment)
        head = codec.dumps({"strand": self.name, "version": None})
        return head[:-1] + b',"picture":' + (picture or codec.dumps(self.picture)) + b"}"

    def _now(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(query.offset) for query in self.queries if query.offset is not None))

    def _moment(self) -> float:
        known = (codec.magnitude(query.at) for query in self.queries)
        return max((moment for moment in known if moment is not None), default=time.time() * 1000)

    def _encoded(self) -> bytes:
        if self._whole is None or self._whole[0] != self.version:
            head = {"strand": self.name, "version": self.version, "picture": self.picture}
            self._whole = (self.version, codec.dumps(head))
        return self._whole[1]

    def _draw(self) -> Picture:
        error = next((query.error for query in self.queries if query.error is not None), None)
        if error is not None:
            return {**self.picture, "state": "error", "text": str(error), "fault": fault_of(error)}
        if not all(query.is_ready for query in self.queries):
            return {**self.picture, "state": "loading"}
        try:
            return {"state": "ready", "body": self.shape.draw(self.queries)}
        except Exception as broken:  # a user's format or a column that is gone: this view's trouble, nobody else's
            return {**self.picture, "state": "error", "text": _sentence(broken), "fault": "data"}

    def _moved(self, query: LiveQuery, delta: Delta | None) -> None:
        from .pulse import Pulse

        self._is_due = True
        Pulse.here().mark(self)


def strand(queries: Queries, shape: Shape, priority: str) -> Strand:
    """The one strand of these queries in this shape; of a session's, that of everybody unless it is ahead."""
    queries = in_own_hands(queries)
    key = (tuple(_identity(query) for query in queries), shape, priority)
    known = Strand._all.get(key)
    if known is None:
        return Strand._all.setdefault(key, Strand(key, queries, shape, priority))
    rest(query for query in queries if query not in known.queries)
    return known


def in_own_hands(queries: Queries) -> Queries:
    """The same queries, for a view alone, which lets them rest without asking who else holds them."""
    return tuple(query.shared() if isinstance(query, LiveQuery) else query for query in queries)


def rest(queries: Iterable[LiveQuery]) -> None:
    """Have PostgreSQL asked no more for what nobody sees; a query with subscribers of its own goes on."""
    for query in queries:
        if isinstance(query, LiveQuery) and not query.is_subscribed:
            query.pause()


def resume(queries: Iterable[LiveQuery]) -> None:
    """Follow again."""
    for query in queries:
        if isinstance(query, LiveQuery):
            query.resume()


def keyed_difference(old: Picture, new: Picture) -> Picture | None:
    """The step between two pictures of `rows` by key in an `order`: changed rows, and the order when it changed."""
    if any(bool(old[name] != new[name]) for name in new if name not in ("rows", "order")):
        return None
    step: Picture = {"rows": {key: row for key, row in new["rows"].items() if old["rows"].get(key) != row}}
    if old["order"] != new["order"]:
        step["order"] = new["order"]
    return step


def fault_of(error: DashboardError) -> Fault:
    """Of which kind an error is."""
    if isinstance(error, LoginRefused | PrivilegeError):
        return "authentication"
    if isinstance(error, ConnectError | ConnectionLost | CaptureError | NotNow):
        return "live"
    return "data"


def _steady(old: Picture, new: Picture) -> bool:
    return bool(old["state"] == new["state"] == "ready")


def _identity(query: LiveQuery) -> object:
    scope = query.scope
    drawn = None if scope is None else (scope.role, tuple(sorted(scope.settings.items())))
    session = getattr(query, "session", None)
    return (id(query.live), query.sql, repr(query.parameters), drawn, session and id(session))


def _sentence(broken: Exception) -> str:
    if isinstance(broken, KeyError):
        return f"The query has no column {broken.args[0]!r}."
    return f"{type(broken).__name__}: {broken}"
