"""Whether what the page shows is true now: the database's connection, and the page's own.

The first is the state of `Live`; the second only the browser knows, and says itself when its channel is cut. A page
that is kept as a file has neither, and there it is not seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import param
from typing_extensions import override

from . import codec
from .strand import Picture, Queries, Shape, fault_of
from .view import View

if TYPE_CHECKING:
    from dashboard.live import Live

VARIANTS = ("compact", "full", "minimal")


class LinkState:
    """The state of a `Live`, as a query: something that moves and can be drawn."""

    sql, parameters, scope, priority = "the state of the connection", (), None, "low"
    is_ready, error, offset, columns = True, None, None, ()

    def __init__(self, live: Live) -> None:
        self.live = live

    @property
    def at(self) -> dt.datetime | None:
        """Nothing here belongs to a snapshot."""
        return None

    def subscribe(self, callback: Callable[[Any, None], None]) -> Subscriptions:
        """Call with every new state, and with every tick: the lag moves."""
        tell = self.live.on_status(lambda *_: callback(self, None))
        return Subscriptions(tell, self.live.on_tick(lambda *_: callback(self, None)))


class Subscriptions:
    """Several subscriptions as one."""

    def __init__(self, *each: Any) -> None:
        self._each = each

    def close(self) -> None:
        """End all."""
        for one in self._each:
            one.close()


@dataclass(frozen=True)
class StatusShape(Shape):
    """A status's picture: `link` (as `Status.state`), `lag` in ms, `since`, `reason`, and the kind of `fault`."""

    @override
    def draw(self, queries: Queries) -> Picture:
        status = queries[0].live.status
        return {
            "link": status.state,
            "lag": None if status.lag is None else _rounded(status.lag * 1000),
            "since": codec.magnitude(status.since),
            "reason": str(status.reason or ""),
            "fault": "live" if status.error is None else fault_of(status.error),
        }


class Status(View):
    """The state of the connection: compact (a pill), full (with since, lag and reason) or minimal (a dot)."""

    variant: Any = param.Selector(default="compact", objects=list(VARIANTS), doc="How much it says.")

    controls = param.Boolean(default=False, doc="Whether the reader may disconnect the page, and reconnect it.")

    kind: ClassVar[str] = "status"
    is_content: ClassVar[bool] = False
    default_span: ClassVar[int] = 3

    def __init__(self, live: Live, **params: Any) -> None:
        super().__init__(**{"priority": "low", **params})
        self.live = live

    def queries(self) -> Queries:
        """The queries it shows."""
        return (LinkState(self.live),)  # type: ignore[return-value]  # of a query it has what a strand needs

    def shape(self, binding: Any) -> StatusShape:
        """How its queries become a picture."""
        return StatusShape()

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        return {**super().options(), "variant": self.variant, "controls": self.controls}


def _rounded(milliseconds: float) -> float:
    return round(milliseconds) if milliseconds < 100 else round(milliseconds, -1 if milliseconds < 1000 else -2)
